/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stats.h"
#include "worker_process.h"

static struct stats *make(unsigned slots)
{
    struct stats *stats = NULL;

    ck_assert_int_eq(stats_new(slots, &stats), 0);
    return stats;
}

static struct account *open_account(struct stats *stats, const char *name)
{
    const struct account_label label = {.name = name, .protocol = "p"};
    struct account *account = stats_open_account(stats, &label);

    ck_assert_ptr_nonnull(account);
    return account;
}

/* All accounts of the name, added up. */
struct sum {
    const char *name;
    size_t accounts;
    uint64_t generation;
    struct account_view view;
};

static int
add_up(void *arg, const struct account_view *view, uint64_t generation)
{
    struct sum *sum = arg;

    if (strcmp(view->name, sum->name) == 0) {
        sum->accounts++;
        sum->generation = generation;
        sum->view.worker = view->worker;
        account_view_add(&sum->view, view);
    }
    return 0;
}

static struct sum sum_of(const struct stats *stats, const char *name)
{
    struct sum sum = {.name = name};

    ck_assert_int_eq(stats_visit(stats, add_up, &sum), 0);
    return sum;
}

/* --------------------------------------------------------------- the region */

START_TEST(facts_are_kept)
{
    struct stats *stats = make(1);

    ck_assert_uint_gt(stats_get(stats, STATS_STARTED_MS), 0);
    ck_assert_uint_eq(stats_get(stats, STATS_RELOADS), 0);
    stats_set(stats, STATS_RELOADS, 3);
    ck_assert_uint_eq(stats_get(stats, STATS_RELOADS), 3);
    stats_free(stats);
    stats_free(NULL);
}
END_TEST

START_TEST(the_descriptor_ends_with_an_exec)
{
    struct stats *stats = make(1);

    ck_assert_int_eq(fcntl(stats_fd(stats), F_GETFD), FD_CLOEXEC);
    stats_free(stats);
}
END_TEST

START_TEST(it_is_adopted_with_all_that_was_counted)
{
    struct stats *stats = make(3);
    struct stats *adopted = NULL;
    int fd = dup(stats_fd(stats));
    int slot = stats_claim(stats, 5, 2);

    stats_set(stats, STATS_GENERATION, 7);
    ck_assert_int_eq(stats_own(stats, (unsigned)slot), 0);
    account_raise(open_account(stats, "a"), ACCOUNT_SENT, 11);
    stats_free(stats);
    ck_assert_int_eq(stats_adopt(fd, &adopted), 0);
    ck_assert_int_eq(stats_fd(adopted), fd);
    ck_assert_uint_eq(stats_get(adopted, STATS_GENERATION), 7);
    ck_assert_uint_eq(sum_of(adopted, "a").view.values[ACCOUNT_SENT], 11);
    ck_assert_uint_eq(sum_of(adopted, "a").view.worker, 5);
    ck_assert_uint_eq(sum_of(adopted, "a").generation, 2);
    stats_free(adopted);
}
END_TEST

START_TEST(what_is_none_is_not_adopted)
{
    struct stats *adopted = NULL;
    struct stats *stats = make(2);
    int fd = memfd_create("no-stats", MFD_CLOEXEC);
    int copy = dup(stats_fd(stats));
    char *base;

    ck_assert_int_eq(stats_adopt(-1, &adopted), -EPROTO);
    ck_assert_int_eq(stats_adopt(fd, &adopted), -EPROTO);
    ck_assert_int_eq(ftruncate(fd, lseek(copy, 0, SEEK_END)), 0);
    ck_assert_int_eq(stats_adopt(fd, &adopted), -EPROTO); /* all zero */
    ck_assert_int_eq(ftruncate(fd, lseek(copy, 0, SEEK_END) + 1), 0);
    ck_assert_int_eq(stats_adopt(fd, &adopted), -EPROTO);
    base = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    base[8] ^= 64; /* the layout */
    ck_assert_int_eq(stats_adopt(copy, &adopted), -EPROTO);
    base[8] ^= 64;
    ck_assert_int_eq(stats_adopt(copy, &adopted), 0);
    (void)munmap(base, 4096);
    stats_free(adopted);
    stats_free(stats);
    (void)close(fd);
}
END_TEST

START_TEST(nobody_can_make_it_shorter)
{
    struct stats *stats = make(1);

    ck_assert_int_lt(ftruncate(stats_fd(stats), 0), 0);
    stats_free(stats);
}
END_TEST

/* ----------------------------------------------------------------- the slots */

START_TEST(slots_are_claimed_until_there_are_none)
{
    struct stats *stats = make(2);

    ck_assert_int_eq(stats_claim(stats, 0, 1), 0);
    ck_assert_int_eq(stats_claim(stats, 1, 1), 1);
    ck_assert_int_eq(stats_claim(stats, 2, 1), -ENOSPC);
    stats_retire(stats, 0);
    ck_assert_int_eq(stats_claim(stats, 2, 1), 0);
    stats_discard(stats, 1);
    ck_assert_int_eq(stats_claim(stats, 3, 1), 1);
    stats_free(stats);
}
END_TEST

static void count_some(struct stats *stats, const void *arg)
{
    struct account *account = open_account(stats, "a");

    (void)arg;
    account_raise(account, ACCOUNT_ACCEPTED, 5);
    account_raise(account, ACCOUNT_CLOSED + ACCOUNT_ENDED, 3);
    account_count(&account->open, 3); /* one lingers */
    account_count(&account->queued, 100);
}

START_TEST(what_a_worker_counts_all_see)
{
    struct stats *stats = make(3);
    struct sum sum;

    ck_assert_int_eq(stats_claim(stats, 0, 1), 0);
    ck_assert_int_eq(stats_claim(stats, 7, 4), 1);
    ck_assert_int_eq(worker_process_run(stats, 1, count_some, NULL), 0);
    sum = sum_of(stats, "a");
    ck_assert_uint_eq(sum.accounts, 1);
    ck_assert_uint_eq(sum.generation, 4);
    ck_assert_uint_eq(sum.view.worker, 7);
    ck_assert_uint_eq(sum.view.open, 3);
    ck_assert_uint_eq(sum.view.values[ACCOUNT_ACCEPTED], 5);
    stats_free(stats);
}
END_TEST

START_TEST(no_number_goes_down_when_a_worker_dies_or_leaves)
{
    struct stats *stats = make(2);
    uint64_t moves = stats_moves(stats);
    struct sum sum;

    ck_assert_int_eq(stats_claim(stats, 7, 4), 0);
    ck_assert_int_eq(worker_process_run(stats, 0, count_some, NULL), 0);
    stats_reset(stats, 0);
    ck_assert_uint_ne(stats_moves(stats), moves);
    ck_assert_uint_eq(stats_moves(stats) % 2, 0);
    sum = sum_of(stats, "a");
    ck_assert_uint_eq(sum.view.values[ACCOUNT_ACCEPTED], 5);
    ck_assert_uint_eq(sum.view.values[ACCOUNT_CLOSED + ACCOUNT_ENDED], 3);
    ck_assert_uint_eq(sum.view.values[ACCOUNT_CLOSED + ACCOUNT_CRASHED], 2);
    ck_assert_uint_eq(sum.view.open, 0);
    ck_assert_uint_eq(sum.view.queued, 0);
    ck_assert_uint_eq(sum.view.worker, 7);
    ck_assert_uint_eq(sum.generation, 0);
    ck_assert_int_eq(worker_process_run(stats, 0, count_some, NULL),
                     0); /* its successor */
    stats_retire(stats, 0);
    sum = sum_of(stats, "a");
    ck_assert_uint_eq(sum.accounts, 1);
    ck_assert_uint_eq(sum.view.values[ACCOUNT_ACCEPTED], 10);
    ck_assert_uint_eq(sum.view.values[ACCOUNT_CLOSED + ACCOUNT_STOPPED], 2);
    ck_assert_uint_eq(sum.view.open, 0);
    stats_free(stats);
}
END_TEST

START_TEST(what_is_discarded_was_never_counted)
{
    struct stats *stats = make(1);

    ck_assert_int_eq(stats_claim(stats, 7, 4), 0);
    ck_assert_int_eq(worker_process_run(stats, 0, count_some, NULL), 0);
    stats_discard(stats, 0);
    ck_assert_uint_eq(sum_of(stats, "a").accounts, 0);
    ck_assert_int_eq(stats_claim(stats, 7, 4), 0);
    ck_assert_uint_eq(sum_of(stats, "a").accounts, 0);
    stats_free(stats);
}
END_TEST

START_TEST(a_crash_counts_for_its_entry)
{
    struct stats *stats = make(1);

    ck_assert_int_eq(stats_claim(stats, 7, 4), 0);
    ck_assert_int_eq(worker_process_run(stats, 0, count_some, NULL), 0);
    stats_crashed(stats, 0, "a");
    stats_crashed(stats, 0, "nobody");
    stats_reset(stats, 0);
    ck_assert_uint_eq(sum_of(stats, "a").view.values[ACCOUNT_CRASHES], 1);
    stats_free(stats);
}
END_TEST

/* ---------------------------------------------------------------- isolation */

static void *others_memory;

static void write_to_others(struct stats *stats, const void *arg)
{
    (void)arg;
    (void)stats;
    (void)signal(SIGSEGV, SIG_DFL);
    *(volatile char *)others_memory = 1;
}

static void set_a_fact(struct stats *stats, const void *arg)
{
    (void)arg;
    (void)signal(SIGSEGV, SIG_DFL);
    stats_set(stats, STATS_RELOADS, 1);
}

START_TEST(a_worker_cannot_write_to_what_is_not_its_own)
{
    struct stats *shared = make(3);
    ck_assert_int_eq(stats_claim(shared, 0, 1), 0);
    ck_assert_int_eq(stats_claim(shared, 1, 1), 1);
    ck_assert_int_eq(stats_claim(shared, 2, 1), 2);
    others_memory = (void *)(uintptr_t)stats_death(shared, 0);
    ck_assert(
        WIFSIGNALED(worker_process_run(shared, 1, write_to_others, NULL)));
    others_memory = (void *)(uintptr_t)stats_death(shared, 2);
    ck_assert(
        WIFSIGNALED(worker_process_run(shared, 1, write_to_others, NULL)));
    ck_assert(WIFSIGNALED(worker_process_run(shared, 1, set_a_fact, NULL)));
    others_memory = (void *)(uintptr_t)stats_death(shared, 1);
    ck_assert_int_eq(worker_process_run(shared, 1, write_to_others, NULL), 0);
    ck_assert_uint_eq(stats_get(shared, STATS_RELOADS), 0);
    stats_free(shared);
}
END_TEST

static void want_none(struct stats *stats, const void *arg)
{
    (void)arg;
    if (stats_fd(stats) >= 0) {
        abort();
    }
}

START_TEST(a_worker_has_no_descriptor_of_it)
{
    struct stats *stats = make(1);

    ck_assert_int_eq(stats_claim(stats, 0, 1), 0);
    ck_assert_int_eq(worker_process_run(stats, 0, want_none, NULL), 0);
    ck_assert_int_ge(stats_fd(stats), 0);
    stats_free(stats);
}
END_TEST

/* -------------------------------------------------------------- breadcrumbs */

static void work_on(struct stats *stats, const void *arg)
{
    struct account *account;

    (void)arg;
    (void)open_account(stats, "first");
    account = open_account(stats, "second");
    (void)crumb_enter(stats_crumb(stats),
                      (struct crumb_place){
                          .connection = 12,
                          .entry = stats_number(stats, account),
                          .callback = CRUMB_ON_TIMER,
                      });
    atomic_store(&stats_own_death(stats)->signal, SIGBUS);
    atomic_store(&stats_own_death(stats)->is_noted, 1);
}

START_TEST(it_is_seen_what_a_worker_was_doing)
{
    struct stats *stats = make(1);
    struct stats_doing doing;

    ck_assert_int_eq(stats_claim(stats, 0, 1), 0);
    stats_doing(stats, 0, &doing);
    ck_assert(!doing.in_callback);
    ck_assert_str_eq(doing.entry, "");
    ck_assert_int_eq(worker_process_run(stats, 0, work_on, NULL), 0);
    stats_doing(stats, 0, &doing);
    ck_assert(doing.in_callback);
    ck_assert_uint_eq(doing.connection, 12);
    ck_assert_uint_eq(doing.callback, CRUMB_ON_TIMER);
    ck_assert_str_eq(doing.entry, "second");
    ck_assert_str_eq(doing.protocol, "p");
    ck_assert_int_eq(stats_death(stats, 0)->signal, SIGBUS);
    stats_reset(stats, 0);
    stats_doing(stats, 0, &doing);
    ck_assert(!doing.in_callback);
    ck_assert_uint_eq(stats_death(stats, 0)->is_noted, 0);
    stats_free(stats);
}
END_TEST

/* What a plugin that runs wild leaves: random bytes in the whole beginning. */
static uint64_t seed;

static void scribble(struct stats *stats, const void *arg)
{
    uint64_t *words = (void *)stats_crumb(stats);

    (void)arg;
    for (size_t i = 0; i < 8192; i++) {
        seed = (seed * 6364136223846793005u) + 1442695040888963407u;
        words[i] = seed % 5 == 0 ? seed >> 33 : seed;
    }
}

static void scribble_behind(struct stats *stats, const void *arg)
{
    char *account = (void *)open_account(stats, "a");
    uint64_t *words = (void *)(account + 2048);

    (void)arg;
    count_some(stats, NULL);
    for (size_t i = 0; i < 512; i++) {
        seed = (seed * 6364136223846793005u) + 1442695040888963407u;
        words[i] = seed >> (seed % 64);
    }
}

START_TEST(any_content_of_a_slot_is_survived)
{
    struct stats *stats = make(1);
    struct stats_doing doing;

    ck_assert_int_eq(stats_claim(stats, 3, 1), 0);
    for (int round = 0; round < 100; round++) {
        seed = (uint64_t)round + 1;
        ck_assert_int_eq(
            worker_process_run(stats, 0, round % 2 ? scribble : scribble_behind,
                               NULL),
            0);
        stats_doing(stats, 0, &doing);
        stats_crashed(stats, 0, doing.entry);
        (void)sum_of(stats, "a");
        stats_reset(stats, 0);
        ck_assert_uint_eq(stats_moves(stats) % 2, 0);
    }
    /* What comes after is counted as ever. */
    ck_assert_int_eq(worker_process_run(stats, 0, count_some, NULL), 0);
    ck_assert_uint_ge(sum_of(stats, "a").accounts, 1);
    stats_free(stats);
}
END_TEST

static int stop_at_once(void *arg, const struct account_view *view, uint64_t n)
{
    (void)arg;
    (void)view;
    (void)n;
    return -EIO;
}

START_TEST(a_visitor_can_end_the_walk)
{
    struct stats *stats = make(1);

    ck_assert_int_eq(stats_claim(stats, 3, 1), 0);
    ck_assert_int_eq(worker_process_run(stats, 0, count_some, NULL), 0);
    ck_assert_int_eq(stats_visit(stats, stop_at_once, NULL), -EIO);
    stats_free(stats);
}
END_TEST

UNIT_MAIN("stats",
          facts_are_kept,
          the_descriptor_ends_with_an_exec,
          it_is_adopted_with_all_that_was_counted,
          what_is_none_is_not_adopted,
          nobody_can_make_it_shorter,
          slots_are_claimed_until_there_are_none,
          what_a_worker_counts_all_see,
          no_number_goes_down_when_a_worker_dies_or_leaves,
          what_is_discarded_was_never_counted,
          a_crash_counts_for_its_entry,
          a_worker_cannot_write_to_what_is_not_its_own,
          a_worker_has_no_descriptor_of_it,
          it_is_seen_what_a_worker_was_doing,
          any_content_of_a_slot_is_survived,
          a_visitor_can_end_the_walk)
