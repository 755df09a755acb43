/* SPDX-License-Identifier: MIT */
/*
 * The plugins of tests/plugins as they were built, and a folder for a test's
 * own files.
 */
#ifndef BERTH_FIXTURES_H
#define BERTH_FIXTURES_H

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char fixtures_root[64]; /* of this test */

/* Writes where the plugin NAME.so is: in $BERTH_TEST_PLUGINS, else in
   ../plugins beside the folder of this program. */
static inline void fixtures_find(const char *name, char path[PATH_MAX])
{
    const char *folder = getenv("BERTH_TEST_PLUGINS");
    char program[PATH_MAX / 2] = "";

    if (folder != NULL) {
        (void)snprintf(path, PATH_MAX, "%s/%s.so", folder, name);
    } else {
        ck_assert_int_gt(
            readlink("/proc/self/exe", program, sizeof(program) - 1), 0);
        *strrchr(program, '/') = '\0';
        (void)snprintf(path, PATH_MAX, "%s/../plugins/%s.so", program, name);
    }
    ck_assert_msg(access(path, F_OK) == 0, "%s is not built", path);
}

static inline void fixtures_begin(void)
{
    strcpy(fixtures_root, "/tmp/berth-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixtures_root));
}

static inline int fixtures_remove(const char *path,
                                  const struct stat *status,
                                  int kind,
                                  struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void fixtures_end(void)
{
    ck_assert_int_eq(
        nftw(fixtures_root, fixtures_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A path in the test's folder; valid until the next call. */
static inline const char *fixtures_path(const char *name)
{
    static char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/%s", fixtures_root, name);
    return path;
}

static inline void
fixtures_write(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(fixtures_path(name), "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* All bytes of a file; the caller frees them. */
static inline char *fixtures_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    struct stat status;
    char *bytes;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    *size = (size_t)status.st_size;
    bytes = malloc(*size);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    ck_assert_int_eq(fclose(file), 0);
    return bytes;
}

#endif
