/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>

#include "path.h"
#include "tree.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

/* The three ways in which a path is opened. */
enum way {
    BY_OPENAT2,
    BY_OPENAT2_WITHOUT_LINKS,
    BY_NAMES,
    WAYS
};

/* What is beside the root must never be seen. */
static void make_site(void)
{
    tree_make();
    tree_add_folder("root");
    tree_add_folder("root/a");
    tree_add_folder("root/a/b");
    tree_add_folder("beside");
    tree_write("secret", "secret");
    tree_write("beside/secret", "secret");
    tree_write("root/file", "file");
    tree_write("root/a/file", "file of a");
    tree_write("root/a/b/file", "file of b");
    tree_link("root/inside", "a/file");
    tree_link("root/a/up", "../file");
    tree_link("root/folder", "a/b");
    tree_link("root/outside", "../secret");
    tree_link("root/a/outside", "../../secret");
    tree_link("root/beside", "../beside");
    tree_link("root/absolute", "/etc/passwd");
    tree_link("root/slash", "/");
    tree_link("root/self", tree_path("root/file"));
    tree_link("root/loop", "loop");
    tree_link("root/dangling", "nothing");
    tree_link("root/proc", "/proc/self/root");
}

static struct file_root open_root(enum way way)
{
    struct file_root root;

    ck_assert_int_eq(file_root_open(&root, tree_path("root"),
                                    way == BY_OPENAT2_WITHOUT_LINKS
                                        ? FILE_LINKS_NONE
                                        : FILE_LINKS_INSIDE),
                     0);
    if (way == BY_NAMES) {
        root.has_openat2 = false;
    }
    return root;
}

/* Returns 0 or -errno; the file must have that text. */
static int
read_path(const struct file_root *root, const char *path, const char *expected)
{
    struct file file = {.fd = -1};
    char text[64] = "";
    const int error = file_open(root, path, &file);

    if (error < 0) {
        ck_assert_int_eq(file.fd, -1);
        return error;
    }
    ck_assert_int_ge(read(file.fd, text, sizeof(text) - 1), 0);
    ck_assert_int_eq(close(file.fd), 0);
    ck_assert_msg(strcmp(text, expected) == 0, "%s: %s", path, text);
    return 0;
}

/* Runs a check for each way. */
static void in_all_ways(void (*check)(const struct file_root *root,
                                      enum way way))
{
    for (int way = 0; way < WAYS; way++) {
        struct file_root root = open_root((enum way)way);

        check(&root, (enum way)way);
        file_root_close(&root);
    }
}

static void check_files(const struct file_root *root, enum way way)
{
    (void)way;
    ck_assert_int_eq(read_path(root, "file", "file"), 0);
    ck_assert_int_eq(read_path(root, "a/file", "file of a"), 0);
    ck_assert_int_eq(read_path(root, "a/b/file", "file of b"), 0);
    ck_assert_int_eq(read_path(root, "nothing", ""), -ENOENT);
    ck_assert_int_eq(read_path(root, "nothing/file", ""), -ENOENT);
    ck_assert_int_eq(read_path(root, "file/file", ""), -ENOTDIR);
}

START_TEST(opens_files)
{
    in_all_ways(check_files);
}
END_TEST

static void check_links(const struct file_root *root, enum way way)
{
    const int expected = way == BY_OPENAT2 ? 0 : -ELOOP;
    const int through = way == BY_OPENAT2 ? 0
                        : way == BY_NAMES ? -ENOTDIR
                                          : -ELOOP;

    ck_assert_int_eq(read_path(root, "inside", "file of a"), expected);
    ck_assert_int_eq(read_path(root, "a/up", "file"), expected);
    ck_assert_int_eq(read_path(root, "folder/file", "file of b"), through);
}

START_TEST(follows_links_inside_if_asked)
{
    in_all_ways(check_links);
}
END_TEST

static void check_outside(const struct file_root *root, enum way way)
{
    static const char *const paths[] = {
        "outside",   "a/outside",        "beside/secret",
        "absolute",  "slash/etc/passwd", "self",
        "loop",      "proc/etc/passwd",  "a/../../secret",
        "../secret", "/etc/passwd",      "a/b/../../../secret"};

    (void)way;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const int error = read_path(root, paths[i], "");

        ck_assert_msg(error == -EXDEV || error == -ELOOP || error == -ENOTDIR,
                      "%s: %d", paths[i], error);
    }
}

START_TEST(follows_no_link_to_the_outside)
{
    in_all_ways(check_outside);
}
END_TEST

static void check_folders(const struct file_root *root, enum way way)
{
    (void)way;
    ck_assert_int_eq(read_path(root, "a", ""), -EISDIR);
    ck_assert_int_eq(read_path(root, "a/b", ""), -EISDIR);
}

START_TEST(tells_folders_from_files)
{
    in_all_ways(check_folders);
}
END_TEST

static void check_special(const struct file_root *root, enum way way)
{
    (void)way;
    ck_assert_int_eq(read_path(root, "fifo", ""), -ENXIO);
    ck_assert_int_eq(read_path(root, "socket", ""), -ENXIO);
}

START_TEST(refuses_special_files_without_waiting)
{
    ck_assert_int_eq(mkfifo(tree_path("root/fifo"), 0600), 0);
    ck_assert_int_eq(mknod(tree_path("root/socket"), S_IFSOCK | 0600, 0), 0);
    in_all_ways(check_special);
}
END_TEST

START_TEST(a_root_must_be_a_folder)
{
    struct file_root root;

    ck_assert_int_eq(
        file_root_open(&root, tree_path("secret"), FILE_LINKS_NONE), -ENOTDIR);
    ck_assert_int_eq(
        file_root_open(&root, tree_path("nothing"), FILE_LINKS_NONE), -ENOENT);
}
END_TEST

START_TEST(a_root_may_be_a_link_that_turns)
{
    struct file_root root;

    tree_link("current", "root");
    ck_assert_int_eq(
        file_root_open(&root, tree_path("current"), FILE_LINKS_NONE), 0);
    root.path = tree_path("current");
    ck_assert(!file_root_look(&root, 1000));
    ck_assert_int_eq(unlink(root.path), 0);
    ck_assert_int_eq(symlink("beside", root.path), 0);

    ck_assert(!file_root_look(&root, 1999));
    ck_assert_int_eq(read_path(&root, "file", "file"), 0);
    ck_assert(file_root_look(&root, 2000));
    ck_assert_int_eq(read_path(&root, "file", ""), -ENOENT);
    ck_assert_int_eq(read_path(&root, "secret", "secret"), 0);

    ck_assert_int_eq(unlink(root.path), 0);
    ck_assert(!file_root_look(&root, 3000));
    ck_assert_int_eq(read_path(&root, "secret", "secret"), 0);
    file_root_close(&root);
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

/* Where an open file really is. */
static void check_place(const struct file *file, const char *target)
{
    char link[64];
    char place[256] = "";
    const char *root = tree_path("root/");

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
    ck_assert_int_gt(readlink(link, place, sizeof(place) - 1), 0);
    ck_assert_msg(strncmp(place, root, strlen(root)) == 0, "%s: %s", target,
                  place);
}

static void make_target(char *target, size_t size)
{
    static const char *const pieces[] = {
        "/",       "/",      "/",    "..",      ".",        "a",
        "b",       "file",   "%2e",  "%2e%2e/", "%2f",      "inside",
        "outside", "folder", "self", "slash",   "absolute", "/../",
        "beside",  "secret", "proc", "up",      "etc",      "passwd",
    };
    size_t length = 1;

    (void)snprintf(target, size, "/");
    for (long k = random() % 10; k > 0; k--) {
        length += (size_t)snprintf(target + length, size - length, "%s",
                                   pieces[(size_t)random() % COUNT_OF(pieces)]);
    }
}

static void check_targets(const struct file_root *root, enum way way)
{
    static struct path path;
    int opened = 0;

    srandom(1 + (unsigned)way);
    for (int i = 0; i < 30000; i++) {
        char target[256];
        struct file file;

        make_target(target, sizeof(target));
        if (path_parse(target, strlen(target), true, &path) == 0 &&
            file_open(root, path.text, &file) == 0) {
            opened++;
            check_place(&file, target);
            (void)close(file.fd);
        }
    }
    ck_assert_int_gt(opened, 100);
}

/* Whatever is asked for: what is opened lies below the root. */
START_TEST(nothing_opened_is_outside)
{
    const int before = count_descriptors();

    in_all_ways(check_targets);
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* The same if path_parse() had let something through. */
static void check_raw_paths(const struct file_root *root, enum way way)
{
    srandom(100 + (unsigned)way);
    for (int i = 0; i < 20000; i++) {
        char target[256];
        struct file file;

        make_target(target, sizeof(target));
        if (file_open(root, target + (i % 2), &file) == 0) {
            check_place(&file, target);
            (void)close(file.fd);
        }
    }
}

START_TEST(nothing_opened_is_outside_even_if_the_path_is_raw)
{
    const int before = count_descriptors();

    in_all_ways(check_raw_paths);
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

UNIT_MAIN_WITH("http.file",
               make_site,
               tree_remove,
               opens_files,
               follows_links_inside_if_asked,
               follows_no_link_to_the_outside,
               tells_folders_from_files,
               refuses_special_files_without_waiting,
               a_root_must_be_a_folder,
               a_root_may_be_a_link_that_turns,
               nothing_opened_is_outside,
               nothing_opened_is_outside_even_if_the_path_is_raw)
