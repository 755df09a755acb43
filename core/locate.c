/* SPDX-License-Identifier: MIT */
#include "locate.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel puts behind the path of a program that was removed. */
static const char removed[] = " (deleted)";

int locate_program(char *path, size_t size)
{
    char link[PATH_MAX];
    ssize_t count = readlink("/proc/self/exe", link, sizeof(link) - 1);
    size_t length;

    if (count < 0) {
        return -errno;
    }
    length = (size_t)count;
    if (length >= sizeof(removed) && memcmp(link + length - strlen(removed),
                                            removed, strlen(removed)) == 0) {
        length -= strlen(removed);
    }
    if (length >= size) {
        return -ENAMETOOLONG;
    }
    memcpy(path, link, length);
    path[length] = '\0';
    return 0;
}

/* The length of PREFIX in PREFIX/bin/berth; 0 if the prefix is the root. */
static size_t measure_prefix(const char *program)
{
    size_t length = strlen(program);

    for (int levels = 0; levels < 2; levels++) {
        while (length > 0 && program[length - 1] != '/') {
            length--;
        }
        length -= length > 0 ? 1 : 0;
    }
    return length;
}

static bool is_length_fine(int length, size_t size)
{
    return length >= 0 && (size_t)length < size;
}

static int copy_path(const char *text, char *path, size_t size)
{
    size_t length = strlen(text);

    if (length >= size) {
        return -ENAMETOOLONG;
    }
    memcpy(path, text, length + 1);
    return 0;
}

int locate_system_config(const char *program, char *path, size_t size)
{
    size_t length = measure_prefix(program);
    bool is_usr = length == 4 && memcmp(program, "/usr", 4) == 0;
    char text[PATH_MAX];
    int written = snprintf(text, sizeof(text), "%.*s/etc/berth/server.yaml",
                           is_usr ? 0 : (int)length, program);

    if (!is_length_fine(written, sizeof(text))) {
        return -ENAMETOOLONG;
    }
    return copy_path(text, path, size);
}

static bool is_there(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int locate_config(const char *program, char *path, size_t size)
{
    char text[PATH_MAX];
    int result;

    if (is_there("./server.yaml")) {
        return copy_path("./server.yaml", path, size);
    }
    result = locate_system_config(program, text, sizeof(text));
    if (result != 0) {
        return result;
    }
    return is_there(text) ? copy_path(text, path, size) : -ENOENT;
}

/* A pattern of glob(3) that begins with the prefix as it is. */
static bool
format_pattern(const char *program, const char *rest, char pattern[PATH_MAX])
{
    size_t prefix = measure_prefix(program);
    size_t length = 0;

    for (size_t i = 0; i < prefix && length + 2 < PATH_MAX; i++) {
        if (strchr("*?[\\", program[i]) != NULL) {
            pattern[length++] = '\\';
        }
        pattern[length++] = program[i];
    }
    return is_length_fine(
        snprintf(pattern + length, PATH_MAX - length, "%s", rest),
        PATH_MAX - length);
}

static int find_folders(const char *program, glob_t *found)
{
    static const char *const patterns[] = {"/plugins", "/lib*/berth",
                                           "/lib/*/berth"};

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        char pattern[PATH_MAX];

        if (format_pattern(program, patterns[i], pattern) &&
            glob(pattern, i == 0 ? 0 : GLOB_APPEND, NULL, found) ==
                GLOB_NOSPACE) {
            return -ENOMEM;
        }
    }
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int copy_folders(const glob_t *found, struct locate_folders *folders)
{
    const char **items =
        arena_array(&folders->arena, found->gl_pathc, sizeof(*items));
    size_t count = 0;

    if (items == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < found->gl_pathc; i++) {
        const char *path = found->gl_pathv[i];

        if (!is_folder(path)) {
            continue;
        }
        items[count] = arena_text(&folders->arena, path, strlen(path));
        if (items[count] == NULL) {
            return -ENOMEM;
        }
        count++;
    }
    folders->items = items;
    folders->count = count;
    return 0;
}

int locate_plugins(const char *program, struct locate_folders *folders)
{
    struct locate_folders made = {.count = 0};
    glob_t found = {.gl_pathc = 0};
    int result = find_folders(program, &found);

    arena_init(&made.arena);
    if (result == 0) {
        result = copy_folders(&found, &made);
    }
    globfree(&found);
    if (result != 0) {
        arena_fini(&made.arena);
        return result;
    }
    *folders = made;
    return 0;
}

void locate_folders_fini(struct locate_folders *folders)
{
    arena_fini(&folders->arena);
    folders->items = NULL;
    folders->count = 0;
}
