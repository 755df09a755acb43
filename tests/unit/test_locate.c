/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "locate.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/berth-locate-XXXXXX";
static char program[64];

static int remove_one(const char *path,
                      const struct stat *status,
                      int kind,
                      struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void make_root(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    (void)snprintf(program, sizeof(program), "%s/bin/berth", root);
}

static void remove_root(void)
{
    ck_assert_int_eq(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Makes all folders of a path below the root, or below another folder. */
static void make_folders(const char *base, const char *below)
{
    char path[PATH_MAX];
    size_t start = strlen(base) + 1;

    (void)snprintf(path, sizeof(path), "%s/%s/", base, below);
    for (char *slash = strchr(path + start, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

static void make_file(const char *below)
{
    char path[PATH_MAX];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", root, below);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
}

static void enter_folder(const char *below)
{
    char path[PATH_MAX];

    make_folders(root, below);
    (void)snprintf(path, sizeof(path), "%s/%s", root, below);
    ck_assert_int_eq(chdir(path), 0);
}

START_TEST(the_program_is_this_test)
{
    char path[PATH_MAX];
    char small[4] = "abc";
    const char *name;

    ck_assert_int_eq(locate_program(path, sizeof(path)), 0);
    ck_assert_int_eq(path[0], '/');
    name = strrchr(path, '/') + 1;
    ck_assert_str_eq(name, program_invocation_short_name);
    ck_assert_int_eq(locate_program(small, sizeof(small)), -ENAMETOOLONG);
    ck_assert_str_eq(small, "abc");
}
END_TEST

START_TEST(usr_has_its_configuration_in_etc)
{
    static const struct {
        const char *program, *config;
    } cases[] = {
        {"/usr/bin/berth", "/etc/berth/server.yaml"},
        {"/usr/sbin/berth", "/etc/berth/server.yaml"},
        {"/usr/local/bin/berth", "/usr/local/etc/berth/server.yaml"},
        {"/opt/berth/bin/berth", "/opt/berth/etc/berth/server.yaml"},
        {"/usr2/bin/berth", "/usr2/etc/berth/server.yaml"},
        {"/bin/berth", "/etc/berth/server.yaml"},
        {"/berth", "/etc/berth/server.yaml"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[PATH_MAX];

        ck_assert_int_eq(
            locate_system_config(cases[i].program, path, sizeof(path)), 0);
        ck_assert_str_eq(path, cases[i].config);
    }
}
END_TEST

START_TEST(a_path_is_never_cut)
{
    char path[22] = "untouched";

    ck_assert_int_eq(locate_system_config("/usr/bin/berth", path, sizeof(path)),
                     -ENAMETOOLONG);
    ck_assert_str_eq(path, "untouched");
    enter_folder("etc/berth");
    make_file("etc/berth/server.yaml");
    ck_assert_int_eq(locate_config(program, path, 13), -ENAMETOOLONG);
    enter_folder("empty");
    ck_assert_int_eq(locate_config(program, path, 13), -ENAMETOOLONG);
    ck_assert_str_eq(path, "untouched");
}
END_TEST

START_TEST(the_working_directory_comes_first)
{
    char path[PATH_MAX];
    char expected[PATH_MAX];

    enter_folder("etc/berth");
    make_file("etc/berth/server.yaml");
    ck_assert_int_eq(locate_config(program, path, sizeof(path)), 0);
    ck_assert_str_eq(path, "./server.yaml");
    enter_folder("empty");
    ck_assert_int_eq(locate_config(program, path, sizeof(path)), 0);
    (void)snprintf(expected, sizeof(expected), "%s/etc/berth/server.yaml",
                   root);
    ck_assert_str_eq(path, expected);
}
END_TEST

START_TEST(no_configuration_is_no_error_of_the_system)
{
    char path[PATH_MAX] = "untouched";

    enter_folder("empty");
    ck_assert_int_eq(locate_config(program, path, sizeof(path)), -ENOENT);
    ck_assert_str_eq(path, "untouched");
}
END_TEST

/* Something is there, if not what one hopes for: reading it will tell. */
START_TEST(a_configuration_that_is_odd_is_not_passed_over)
{
    char path[PATH_MAX];

    enter_folder("here/server.yaml");
    enter_folder("here");
    ck_assert_int_eq(locate_config(program, path, sizeof(path)), 0);
    ck_assert_int_eq(rmdir("server.yaml"), 0);
    ck_assert_int_eq(symlink("server.yaml", "server.yaml"), 0);
    ck_assert_int_eq(locate_config(program, path, sizeof(path)), 0);
    ck_assert_str_eq(path, "./server.yaml");
}
END_TEST

static void check_path(const char *path, const char *base, const char *below)
{
    char expected[PATH_MAX];

    (void)snprintf(expected, sizeof(expected), "%s/%s", base, below);
    ck_assert_str_eq(path, expected);
}

static void
check_folders(const char *base, const char *const *expected, size_t count)
{
    struct locate_folders folders;
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/bin/berth", base);
    ck_assert_int_eq(locate_plugins(path, &folders), 0);
    ck_assert_uint_eq(folders.count, count);
    for (size_t i = 0; i < count; i++) {
        check_path(folders.items[i], base, expected[i]);
    }
    locate_folders_fini(&folders);
    ck_assert_uint_eq(folders.count, 0);
}

START_TEST(plugins_of_a_build_come_before_installed_ones)
{
    static const char *const expected[] = {
        "plugins", "lib/berth", "lib64/berth", "lib/some-linux-gnu/berth"};

    make_folders(root, "lib/some-linux-gnu/berth");
    make_folders(root, "lib64/berth");
    make_folders(root, "lib/berth");
    make_folders(root, "plugins");
    make_folders(root, "share/berth");
    check_folders(root, expected, 4);
}
END_TEST

START_TEST(folders_that_are_missing_are_left_out)
{
    static const char *const expected[] = {"lib/berth"};

    check_folders(root, NULL, 0);
    make_file("plugins");
    make_folders(root, "lib/berth");
    check_folders(root, expected, 1);
}
END_TEST

START_TEST(a_prefix_is_no_pattern)
{
    static const char *const expected[] = {"plugins"};
    char base[PATH_MAX];

    make_folders(root, "a[b]*?\\c/plugins");
    make_folders(root, "ab/plugins");
    (void)snprintf(base, sizeof(base), "%s/a[b]*?\\c", root);
    check_folders(base, expected, 1);
    (void)snprintf(base, sizeof(base), "%s/a*", root);
    check_folders(base, NULL, 0);
}
END_TEST

START_TEST(a_prefix_that_is_too_long_has_no_plugins)
{
    static char long_program[2 * PATH_MAX];
    struct locate_folders folders;

    memset(long_program, '[', sizeof(long_program) - 1);
    long_program[0] = '/';
    (void)snprintf(long_program + sizeof(long_program) - 16, 16, "/bin/berth");
    ck_assert_int_eq(locate_plugins(long_program, &folders), 0);
    ck_assert_uint_eq(folders.count, 0);
    locate_folders_fini(&folders);
}
END_TEST

UNIT_MAIN_WITH("locate",
               make_root,
               remove_root,
               the_program_is_this_test,
               usr_has_its_configuration_in_etc,
               a_path_is_never_cut,
               the_working_directory_comes_first,
               no_configuration_is_no_error_of_the_system,
               a_configuration_that_is_odd_is_not_passed_over,
               plugins_of_a_build_come_before_installed_ones,
               folders_that_are_missing_are_left_out,
               a_prefix_is_no_pattern,
               a_prefix_that_is_too_long_has_no_plugins)
