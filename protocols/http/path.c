/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <errno.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes what follows a %; returns the byte or -errno. */
static int decode_escape(const char *at, const char *end)
{
    int high, low;

    if (end - at < 2) {
        return -EINVAL;
    }
    high = hex_value(at[0]);
    low = hex_value(at[1]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
        return -EINVAL;
    }
    low += high * 16;
    /* A name has no slash in it, and a backslash is a slash to others. */
    return low == '/' || low == '\\' ? -ENOENT : low;
}

/* Takes a byte of a name from *at, be it escaped or not; returns it or
   -errno. */
static int take_byte(const char **at, const char *end)
{
    const char c = *(*at)++;
    int byte = (unsigned char)c;

    if (c == '%') {
        byte = decode_escape(*at, end);
        *at += byte < 0 ? 0 : 2;
    } else if (c == '\\' || c == '#' || c == '\0') {
        byte = -EINVAL;
    }
    return byte;
}

/*
 * Appends the decoded name at *at, up to a slash, a query or the end. Returns 0
 * or -errno.
 */
static int append_name(const char **at, const char *end, struct path *path)
{
    const size_t limit = path->size + PATH_NAME_MAX < PATH_SIZE_MAX - 1
                             ? path->size + PATH_NAME_MAX
                             : PATH_SIZE_MAX - 1;

    while (*at < end && **at != '/' && **at != '?') {
        const int byte = take_byte(at, end);

        if (byte < 0) {
            return byte;
        }
        if (path->size == limit) {
            return -ENAMETOOLONG;
        }
        path->room[path->size++] = (char)byte;
    }
    return 0;
}

/* Removes the last name and the slash before it. */
static void remove_name(struct path *path)
{
    while (path->size > 0 && path->room[--path->size] != '/') {
    }
}

/* The name from begin on is a dot segment: resolves it. Returns 0 or
   -errno. */
static int resolve(struct path *path, size_t begin)
{
    const bool is_up = path->size - begin == 2;

    path->is_directory = true;
    path->size = begin == 0 ? 0 : begin - 1;
    if (!is_up) {
        return 0;
    }
    if (path->size == 0) {
        return -EINVAL;
    }
    remove_name(path);
    return 0;
}

static bool is_dot_segment(const char *name, size_t size)
{
    return name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.'));
}

/* Takes the name that begins at *at into the path. Returns 0 or -errno. */
static int take_name(const char **at, const char *end, struct path *path)
{
    size_t begin;
    int error;

    if (path->size == PATH_SIZE_MAX - 1) {
        return -ENAMETOOLONG;
    }
    if (path->size > 0) {
        path->room[path->size++] = '/';
    }
    begin = path->size;
    error = append_name(at, end, path);
    if (error < 0) {
        return error;
    }
    path->is_directory = false;
    if (is_dot_segment(path->room + begin, path->size - begin)) {
        return resolve(path, begin);
    }
    return 0;
}

void path_take_plain(const char *target, size_t size, struct path *path)
{
    path->is_directory = target[size - 1] == '/';
    path->size = size < 2 ? 0 : size - (path->is_directory ? 2 : 1);
    path->text = target + 1;
}

static bool has_dot_name(const struct path *path)
{
    return path->text[0] == '.' || strstr(path->text, "/.") != NULL;
}

int path_parse(const char *target,
               size_t size,
               bool has_dot_files,
               struct path *path)
{
    const char *at = target;
    const char *end = target + size;

    if (size == 0 || *at != '/') {
        return -EINVAL;
    }
    path->text = path->room;
    path->size = 0;
    while (at < end && *at == '/') {
        int error;

        at++;
        path->is_directory = true;
        if (at == end || *at == '?') {
            break;
        }
        if (*at == '/') {
            return -ENOENT;
        }
        error = take_name(&at, end, path);
        if (error < 0) {
            return error;
        }
    }
    path->room[path->size] = '\0';
    return !has_dot_files && has_dot_name(path) ? -ENOENT : 0;
}
