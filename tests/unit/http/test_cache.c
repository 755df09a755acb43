/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <fcntl.h>
#include <time.h>

#include "tree.h"

#define LIMIT 65536
#define FILE_LIMIT 8192
#define ROOM 100
#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

static struct cache *cache;
static struct file_root root;
static struct cache_time now;

/* Any later change of what is there shows: it is an hour later. */
static void set_up(void)
{
    tree_make();
    ck_assert_int_eq(file_root_open(&root, tree_folder, FILE_LINKS_NONE), 0);
    ck_assert_int_eq(cache_new(LIMIT, FILE_LIMIT, &cache), 0);
    now.monotonic_ms = 10000;
    now.real_ms = ((int64_t)time(NULL) + 3600) * 1000;
}

static void tear_down(void)
{
    cache_free(cache);
    file_root_close(&root);
    tree_remove();
}

static struct path path_of(const char *name)
{
    return (struct path){.text = name, .size = strlen(name)};
}

static struct copy *find(const char *name)
{
    const struct path path = path_of(name);

    return cache_find(cache, &path, now.monotonic_ms);
}

/* As a request does it that finds no copy. */
static struct copy *take(const char *name)
{
    const struct path path = path_of(name);
    struct copy *copy;
    struct file file;

    ck_assert_int_eq(file_open(&root, name, &file), 0);
    copy = cache_take(cache, &path, &file, "a/b", ROOM, &now);
    (void)close(file.fd);
    return copy;
}

/* The copy of the file a as one for a path of that size. */
static struct copy *take_as(const char *text, size_t size)
{
    const struct path path = {.text = text, .size = size};
    struct copy *copy;
    struct file file;

    ck_assert_int_eq(file_open(&root, "a", &file), 0);
    copy = cache_take(cache, &path, &file, "a/b", ROOM, &now);
    (void)close(file.fd);
    return copy;
}

static struct copy *find_as(const char *text, size_t size)
{
    const struct path path = {.text = text, .size = size};

    return cache_find(cache, &path, now.monotonic_ms);
}

static void check_copy(const struct copy *copy, const char *text)
{
    ck_assert_ptr_nonnull(copy);
    ck_assert_uint_eq(copy->facts.size, strlen(text));
    ck_assert_mem_eq(copy->bytes, text, strlen(text));
    ck_assert_str_eq(copy->facts.type, "a/b");
}

static void write_sized(const char *name, size_t size)
{
    tree_write(name, "");
    ck_assert_int_eq(truncate(tree_path(name), (off_t)size), 0);
}

START_TEST(finds_what_was_taken)
{
    tree_write("a", "text");
    ck_assert_ptr_null(find("a"));
    check_copy(take("a"), "text");
    check_copy(find("a"), "text");
    ck_assert_ptr_null(find("b"));
    ck_assert_ptr_null(find(""));
}
END_TEST

START_TEST(a_folder_is_another_path)
{
    struct path path = path_of("a");

    tree_write("a", "text");
    (void)take("a");
    path.is_directory = true;
    ck_assert_ptr_null(cache_find(cache, &path, now.monotonic_ms));
}
END_TEST

START_TEST(an_empty_file_has_a_copy)
{
    tree_write("a", "");
    check_copy(take("a"), "");
    check_copy(find("a"), "");
}
END_TEST

START_TEST(trusts_a_copy_for_a_second)
{
    struct copy *copy;

    tree_write("a", "text");
    copy = take("a");
    now.monotonic_ms += 999;
    ck_assert_ptr_eq(find("a"), copy);
    now.monotonic_ms += 1;
    ck_assert_ptr_null(find("a"));
    ck_assert_ptr_eq(take("a"), copy);
    now.monotonic_ms += 999;
    ck_assert_ptr_eq(find("a"), copy);
}
END_TEST

START_TEST(sees_that_a_file_has_changed)
{
    char etag[FACTS_ETAG_MAX];

    tree_write("a", "text");
    memcpy(etag, take("a")->facts.etag, sizeof(etag));
    tree_write("a", "texts");
    check_copy(find("a"), "text");
    now.monotonic_ms += 1000;
    check_copy(take("a"), "texts");
    check_copy(find("a"), "texts");
    ck_assert_str_ne(find("a")->facts.etag, etag);
}
END_TEST

START_TEST(sees_that_a_file_was_replaced)
{
    tree_write("a", "one");
    (void)take("a");
    tree_write("b", "two");
    ck_assert_int_eq(rename(tree_path("b"), tree_path("a")), 0);
    now.monotonic_ms += 1000;
    check_copy(take("a"), "two");
}
END_TEST

/* Its times would not tell: it was changed a moment ago. */
START_TEST(reads_anew_what_has_just_changed)
{
    struct copy *copy;

    tree_write("a", "text");
    now.real_ms = (int64_t)time(NULL) * 1000;
    copy = take("a");
    copy_hold(copy);
    now.monotonic_ms += 1000;
    ck_assert_ptr_ne(take("a"), copy);
    check_copy(copy, "text");
    copy_release(copy);
}
END_TEST

START_TEST(what_is_held_outlives_the_cache)
{
    struct copy *copy;

    tree_write("a", "text");
    copy = take("a");
    copy_hold(copy);
    copy_hold(copy);
    tree_write("a", "other");
    now.monotonic_ms += 1000;
    check_copy(take("a"), "other");
    check_copy(copy, "text");
    copy_release(copy);
    cache_clear(cache);
    ck_assert_ptr_null(find("a"));
    check_copy(copy, "text");
    copy_release(copy);
}
END_TEST

static void count_call(void *attached)
{
    ++*(int *)attached;
}

START_TEST(what_is_attached_goes_with_the_copy)
{
    const struct path path = path_of("a");
    struct copy *copy;
    int calls = 0;

    tree_write("a", "text");
    copy = take("a");
    ck_assert_ptr_null(copy->attached);
    copy->attached = &calls;
    copy->detach = count_call;
    copy_hold(copy);
    cache_drop(cache, &path);
    ck_assert_int_eq(calls, 0);
    copy_release(copy);
    ck_assert_int_eq(calls, 1);
    ck_assert_ptr_null(take("a")->attached);
}
END_TEST

START_TEST(the_room_before_the_bytes_is_the_users)
{
    struct copy *copy;

    tree_write("a", "text");
    tree_write("b", "more");
    copy = take("a");
    (void)take("b");
    memset(copy->bytes - ROOM, 'x', ROOM);
    now.monotonic_ms += 1000;
    ck_assert_ptr_eq(take("a"), copy);
    check_copy(find("a"), "text");
    ck_assert_int_eq(copy->bytes[-1], 'x');
    ck_assert_int_eq(copy->bytes[-ROOM], 'x');
    check_copy(take("b"), "more");
}
END_TEST

/* Also where their sizes are the same: the hash takes eight bytes at once. */
START_TEST(tells_paths_apart_at_each_byte)
{
    char name[41];
    struct copy *copies[40];

    tree_write("a", "text");
    memset(name, 'a', sizeof(name));
    for (size_t i = 1; i < COUNT_OF(copies); i++) {
        copies[i] = take_as(name, i);
    }
    for (size_t i = 1; i < COUNT_OF(copies); i++) {
        ck_assert_ptr_eq(find_as(name, i), copies[i]);
        for (size_t k = 0; k < i; k++) {
            name[k] = 'b';
            ck_assert_ptr_null(find_as(name, i));
            name[k] = 'a';
        }
    }
}
END_TEST

START_TEST(drops_a_copy)
{
    const struct path path = path_of("a");

    tree_write("a", "text");
    (void)take("a");
    cache_drop(cache, &path);
    ck_assert_ptr_null(find("a"));
    ck_assert_uint_eq(cache_bytes(cache), 0);
    cache_drop(cache, &path);
}
END_TEST

START_TEST(copies_no_large_file)
{
    write_sized("a", FILE_LIMIT);
    ck_assert_ptr_nonnull(take("a"));
    write_sized("b", FILE_LIMIT + 1);
    ck_assert_ptr_null(take("b"));
    ck_assert_ptr_null(find("b"));
}
END_TEST

START_TEST(a_file_that_has_grown_large_is_dropped)
{
    write_sized("a", 1);
    (void)take("a");
    write_sized("a", FILE_LIMIT + 1);
    ck_assert_ptr_null(take("a"));
    ck_assert_ptr_null(find("a"));
    ck_assert_uint_eq(cache_bytes(cache), 0);
}
END_TEST

/* What was opened is not what is read. */
START_TEST(copies_nothing_that_changes_meanwhile)
{
    const struct path path = path_of("a");
    struct file file;

    tree_write("a", "text");
    ck_assert_int_eq(file_open(&root, "a", &file), 0);
    ck_assert_int_eq(truncate(tree_path("a"), 2), 0);
    ck_assert_ptr_null(cache_take(cache, &path, &file, "a/b", ROOM, &now));
    ck_assert_int_eq(fstat(file.fd, &file.status), 0);
    file.status.st_mtim.tv_nsec ^= 1;
    ck_assert_ptr_null(cache_take(cache, &path, &file, "a/b", ROOM, &now));
    ck_assert_uint_eq(cache_bytes(cache), 0);
    (void)close(file.fd);
}
END_TEST

START_TEST(stays_within_its_limit)
{
    char name[16];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        write_sized(name, 4000);
        ck_assert_ptr_nonnull(take(name));
        ck_assert_ptr_nonnull(find("0")); /* used again and again: it stays */
        ck_assert_ptr_nonnull(find(name));
        ck_assert_uint_le(cache_bytes(cache), LIMIT);
    }
    ck_assert_ptr_null(find("1"));
    ck_assert_ptr_nonnull(find("38"));
    ck_assert_uint_gt(cache_bytes(cache), LIMIT - (2 * 4000));
}
END_TEST

START_TEST(without_a_limit_nothing_is_copied)
{
    struct cache *none;
    struct file file;
    const struct path path = path_of("a");

    tree_write("a", "");
    ck_assert_int_eq(cache_new(0, FILE_LIMIT, &none), 0);
    ck_assert_int_eq(file_open(&root, "a", &file), 0);
    ck_assert_ptr_null(cache_take(none, &path, &file, "a/b", 0, &now));
    (void)close(file.fd);
    cache_free(none);
    cache_free(NULL);
}
END_TEST

/* Many in few buckets, in any order, against a list of what is there. */
START_TEST(agrees_with_a_model)
{
    char text[300][16];
    char name[16];

    srandom(1);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        (void)snprintf(text[i], sizeof(text[i]), "text %d", i);
        tree_write(name, text[i]);
    }
    for (int k = 0; k < 5000; k++) {
        const int i = (int)(random() % 300);
        struct path path;
        struct copy *copy;

        (void)snprintf(name, sizeof(name), "%d", i);
        path = path_of(name);
        copy = find(name);
        if (random() % 8 == 0) {
            cache_drop(cache, &path);
            ck_assert_ptr_null(find(name));
        } else {
            check_copy(copy == NULL ? take(name) : copy, text[i]);
        }
    }
    ck_assert_uint_le(cache_bytes(cache), LIMIT);
}
END_TEST

UNIT_MAIN_WITH("http.cache",
               set_up,
               tear_down,
               finds_what_was_taken,
               a_folder_is_another_path,
               an_empty_file_has_a_copy,
               trusts_a_copy_for_a_second,
               sees_that_a_file_has_changed,
               sees_that_a_file_was_replaced,
               reads_anew_what_has_just_changed,
               what_is_held_outlives_the_cache,
               what_is_attached_goes_with_the_copy,
               the_room_before_the_bytes_is_the_users,
               tells_paths_apart_at_each_byte,
               drops_a_copy,
               copies_no_large_file,
               a_file_that_has_grown_large_is_dropped,
               copies_nothing_that_changes_meanwhile,
               stays_within_its_limit,
               without_a_limit_nothing_is_copied,
               agrees_with_a_model)
