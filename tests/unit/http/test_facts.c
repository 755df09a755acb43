/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <string.h>

#include "unit.h"

#define NOW INT64_C(784111777)

static struct stat some_file(void)
{
    return (struct stat){
        .st_dev = 1,
        .st_ino = 0xabc,
        .st_size = 255,
        .st_mtim = {.tv_sec = 2, .tv_nsec = 1},
        .st_ctim = {.tv_sec = NOW - 10, .tv_nsec = 500000000},
    };
}

static struct facts read_facts(const struct stat *status)
{
    struct facts facts;

    facts_read(&facts, status, "a/b", NOW);
    ck_assert_uint_eq(facts.etag_size, strlen(facts.etag));
    return facts;
}

START_TEST(says_what_an_answer_needs)
{
    const struct stat status = some_file();
    const struct facts facts = read_facts(&status);

    ck_assert_uint_eq(facts.size, 255);
    ck_assert_str_eq(facts.type, "a/b");
    ck_assert_int_eq(facts.modified, 2);
    ck_assert_mem_eq(facts.date, "Thu, 01 Jan 1970 00:00:02 GMT", DATE_SIZE);
    ck_assert_str_eq(facts.etag, "\"abc-ff-77359401\"");
}
END_TEST

START_TEST(nothing_is_modified_in_the_future)
{
    struct stat status = some_file();
    struct facts facts;

    status.st_mtim.tv_sec = NOW + 1;
    facts = read_facts(&status);
    ck_assert_int_eq(facts.modified, NOW);
    ck_assert_mem_eq(facts.date, "Sun, 06 Nov 1994 08:49:37 GMT", DATE_SIZE);
}
END_TEST

START_TEST(the_largest_numbers_fit)
{
    struct stat status = some_file();
    struct facts facts;

    memset(&status.st_ino, 0xff, sizeof(status.st_ino));
    status.st_size = INT64_MAX;
    status.st_mtim.tv_sec = -1;
    facts = read_facts(&status);
    ck_assert_int_eq(facts.modified, -1);
    ck_assert_uint_lt(facts.etag_size, FACTS_ETAG_MAX);
    ck_assert_int_eq(facts.etag[facts.etag_size - 1], '"');
}
END_TEST

START_TEST(another_file_or_time_gives_another_etag)
{
    struct stat changed[] = {some_file(), some_file(), some_file(), some_file(),
                             some_file()};
    const size_t count = sizeof(changed) / sizeof(changed[0]);

    changed[1].st_ino++;
    changed[2].st_size++;
    changed[3].st_mtim.tv_sec++;
    changed[4].st_mtim.tv_nsec++;
    for (size_t i = 0; i < count; i++) {
        const struct facts one = read_facts(&changed[i]);

        for (size_t k = 0; k < count; k++) {
            const struct facts other = read_facts(&changed[k]);

            ck_assert_int_eq(strcmp(one.etag, other.etag) == 0, i == k);
            ck_assert_int_eq(facts_is_same(&changed[i], &changed[k]), i == k);
        }
    }
}
END_TEST

START_TEST(any_change_is_a_change)
{
    const struct stat before = some_file();
    struct stat after = before;

    ck_assert(facts_is_same(&before, &after));
    after.st_ctim.tv_nsec++;
    ck_assert(!facts_is_same(&before, &after));
    after = before;
    after.st_dev++;
    ck_assert(!facts_is_same(&before, &after));
    after = before;
    after.st_atim.tv_sec++;
    ck_assert(facts_is_same(&before, &after));
}
END_TEST

START_TEST(a_file_settles_after_a_while)
{
    const struct stat status = some_file();
    const int64_t changed_ms = ((NOW - 10) * 1000) + 500;

    ck_assert(!facts_is_settled(&status, changed_ms - 1000));
    ck_assert(!facts_is_settled(&status, changed_ms));
    ck_assert(!facts_is_settled(&status, changed_ms + 1999));
    ck_assert(facts_is_settled(&status, changed_ms + 2000));
}
END_TEST

UNIT_MAIN("http.facts",
          says_what_an_answer_needs,
          nothing_is_modified_in_the_future,
          the_largest_numbers_fit,
          another_file_or_time_gives_another_etag,
          any_change_is_a_change,
          a_file_settles_after_a_while)
