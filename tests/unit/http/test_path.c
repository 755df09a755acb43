/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

struct good {
    const char *target, *path;
    bool is_directory;
};

static int parse(const char *target, bool has_dot_files, struct path *path)
{
    return path_parse(target, strlen(target), has_dot_files, path);
}

static void check_error(const char *target, int expected)
{
    static struct path path;
    const int error = parse(target, false, &path);

    ck_assert_msg(error == expected, "%s: %d", target, error);
}

/* Whether there is one; then it leads to the same path. */
static bool check_short_way(const char *target, const struct path *path)
{
    static struct path other;

    if (strpbrk(target, "%\\?#") != NULL || strstr(target, "//") != NULL ||
        strstr(target, "/.") != NULL) {
        return false;
    }
    path_take_plain(target, strlen(target), &other);
    ck_assert_uint_eq(other.size, path->size);
    ck_assert_mem_eq(other.text, path->text, path->size);
    ck_assert_int_eq(other.is_directory, path->is_directory);
    return true;
}

static void check_one(const struct good *good)
{
    static struct path path;
    const int error = parse(good->target, false, &path);

    ck_assert_msg(error == 0, "%s: %d", good->target, error);
    ck_assert_str_eq(path.text, good->path);
    ck_assert_uint_eq(path.size, strlen(path.text));
    ck_assert_msg(path.is_directory == good->is_directory, "%s", good->target);
    (void)check_short_way(good->target, &path);
}

static void check_good(const struct good *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_one(&cases[i]);
    }
}

START_TEST(reads_paths)
{
    static const struct good cases[] = {
        {"/", "", true},
        {"/?", "", true},
        {"/?a/../b", "", true},
        {"/a", "a", false},
        {"/a?b=/c/", "a", false},
        {"/a/", "a", true},
        {"/a/?b", "a", true},
        {"/a/b.html", "a/b.html", false},
        {"/a+b:c@d;e=f,g~!$&'()*", "a+b:c@d;e=f,g~!$&'()*", false},
        {"/a.", "a.", false},
        {"/a..", "a..", false},
    };

    check_good(cases, COUNT_OF(cases));
}
END_TEST

START_TEST(decodes_once)
{
    static const struct good cases[] = {
        {"/a%20b", "a b", false},       {"/%61", "a", false},
        {"/%C3%a4", "\xc3\xa4", false}, {"/%3f%23%25", "?#%", false},
        {"/%2561", "%61", false},       {"/%252e%252e/a", "%2e%2e/a", false},
        {"/%0a", "\n", false},
    };

    check_good(cases, COUNT_OF(cases));
}
END_TEST

START_TEST(resolves_dot_segments)
{
    static const struct good cases[] = {
        {"/.", "", true},
        {"/./", "", true},
        {"/a/.", "a", true},
        {"/a/..", "", true},
        {"/a/../", "", true},
        {"/./a", "a", false},
        {"/a/./b", "a/b", false},
        {"/a/../b", "b", false},
        {"/a/b/..", "a", true},
        {"/a/b/../c", "a/c", false},
        {"/a/b/../../c", "c", false},
        {"/a/%2e%2e/b", "b", false},
        {"/a/.%2E/b", "b", false},
        {"/%2e/b", "b", false},
        {"/a/..?/../..", "", true},
        {"/.a/../b", "b", false},
    };

    check_good(cases, COUNT_OF(cases));
}
END_TEST

START_TEST(refuses_what_climbs_above_the_root)
{
    static const char *const cases[] = {
        "/..",        "/../",
        "/../a",      "/a/../..",
        "/a/../../a", "/%2e%2e",
        "/%2e%2e/a",  "/.%2e/a",
        "/./../a",    "/a/b/../../../etc/passwd",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_error(cases[i], -EINVAL);
    }
}
END_TEST

START_TEST(refuses_what_is_no_path)
{
    static const char *const cases[] = {
        "",     "*",      "a",       "?",     "http://a/b", "/%",
        "/%4",  "/%zz",   "/%4g",    "/%g4",  "/a%",        "/%%41",
        "/%00", "/a%00b", "/%00/",   "/a\\b", "/..\\a",     "/a#b",
        "/%-1", "/% 1",   "/%u0041", "/%4?1", "/%/41",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_error(cases[i], -EINVAL);
    }
}
END_TEST

START_TEST(refuses_a_raw_nul)
{
    static struct path path;

    ck_assert_int_eq(path_parse("/a\0b", 4, false, &path), -EINVAL);
}
END_TEST

START_TEST(serves_no_such_names)
{
    static const char *const cases[] = {
        "//",   "//a",     "/a//",          "/a//b",  "/a//../b", "/a%2fb",
        "/%2F", "/..%2fa", "/a/%2e%2e%2fb", "/a%5Cb", "/..%5ca",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_error(cases[i], -ENOENT);
    }
}
END_TEST

START_TEST(hides_dot_files_unless_asked)
{
    static const char *const cases[] = {
        "/.git", "/.git/config", "/a/.b", "/a/.b/c", "/%2egit",
        "/...",  "/a/...",       "/.a/",  "/..a",
    };
    static struct path path;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_error(cases[i], -ENOENT);
        ck_assert_int_eq(parse(cases[i], true, &path), 0);
    }
    ck_assert_int_eq(parse("/..", true, &path), -EINVAL);
}
END_TEST

/* A target of names of the given length, so many of them. */
static char *make_target(size_t length, size_t count)
{
    char *target = malloc(((length + 1) * count) + 1);
    char *at = target;

    ck_assert_ptr_nonnull(target);
    for (size_t i = 0; i < count; i++) {
        *at++ = '/';
        memset(at, 'a', length);
        at += length;
    }
    *at = '\0';
    return target;
}

START_TEST(bounds_names)
{
    static struct path path;
    char *longest = make_target(PATH_NAME_MAX, 2);
    char *longer = make_target(PATH_NAME_MAX + 1, 1);

    ck_assert_int_eq(parse(longest, false, &path), 0);
    ck_assert_uint_eq(path.size, (2 * PATH_NAME_MAX) + 1);
    check_error(longer, -ENAMETOOLONG);
    free(longest);
    free(longer);
}
END_TEST

START_TEST(bounds_paths)
{
    static struct path path;

    /* 4,095 bytes and a NUL; "a/a/.../a" has an odd length. */
    for (size_t count = 2040; count < 2056; count++) {
        char *target = make_target(1, count);
        const int error = parse(target, false, &path);

        ck_assert_int_eq(error, count <= 2048 ? 0 : -ENAMETOOLONG);
        free(target);
    }
    for (size_t length = 250; length <= PATH_NAME_MAX; length++) {
        char *target = make_target(length, 17);

        check_error(target, -ENAMETOOLONG);
        free(target);
    }
}
END_TEST

START_TEST(a_long_target_may_be_a_short_path)
{
    static struct path path;
    static char target[20000];

    for (size_t i = 0; i < sizeof(target); i++) {
        target[i] = "/a/.."[i % 5];
    }
    ck_assert_int_eq(path_parse(target, sizeof(target), false, &path), 0);
    ck_assert_str_eq(path.text, "");
}
END_TEST

static bool is_inside(const struct path *path)
{
    const char *name = path->text;

    if (path->size == 0) {
        return true;
    }
    while (true) {
        const size_t size = strcspn(name, "/");

        if (size == 0 || (size == 1 && name[0] == '.') ||
            (size == 2 && memcmp(name, "..", 2) == 0)) {
            return false;
        }
        if (name[size] == '\0') {
            return true;
        }
        name += size + 1;
    }
}

static void put_together(char *target, size_t size)
{
    static const char *const pieces[] = {
        "/",    "/",   ".",   "..",  "a",   "%2e", "%2E%2e",
        "%2f",  "%5c", "\\",  "%",   "%00", "?",   "//",
        "/../", "/a/", "/./", "%61", " ",   "~",   "\xff"};
    size_t length = 1;

    (void)snprintf(target, size, "/");
    for (long k = random() % 12; k > 0; k--) {
        length += (size_t)snprintf(target + length, size - length, "%s",
                                   pieces[(size_t)random() % COUNT_OF(pieces)]);
    }
}

/* Whatever is put together of these: a path that is taken stays inside. */
START_TEST(nothing_taken_leaves_the_root)
{
    static struct path path;
    int taken = 0;
    int short_ways = 0;

    srandom(1);
    for (int i = 0; i < 200000; i++) {
        char target[128];

        put_together(target, sizeof(target));
        if (parse(target, i % 2 == 0, &path) == 0) {
            taken++;
            ck_assert_msg(is_inside(&path), "%s: %s", target, path.text);
            ck_assert_uint_eq(path.size, strlen(path.text));
            short_ways += check_short_way(target, &path);
        }
    }
    ck_assert_int_gt(taken, 1000);
    ck_assert_int_gt(short_ways, 100);
}
END_TEST

UNIT_MAIN("http.path",
          reads_paths,
          decodes_once,
          resolves_dot_segments,
          refuses_what_climbs_above_the_root,
          refuses_what_is_no_path,
          refuses_a_raw_nul,
          serves_no_such_names,
          hides_dot_files_unless_asked,
          bounds_names,
          bounds_paths,
          a_long_target_may_be_a_short_path,
          nothing_taken_leaves_the_root)
