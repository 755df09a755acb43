/* SPDX-License-Identifier: MIT */
/* Where plugins are: looked up by name, or listed. None is loaded here. */
#include "plugin.h"

#include "arena.h"
#include "suggest.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ------------------------------------------------------------------ listing */

struct file {
    const char *name; /* without the folder */
    const char *path;
    size_t folder; /* its place in the order of the folders */
    struct file *next;
};

struct listing {
    struct arena arena;
    struct file *files;
    size_t count;
};

static bool is_plugin_name(const char *name)
{
    size_t length = strlen(name);

    return length > 3 && name[0] != '.' &&
           strcmp(name + length - 3, ".so") == 0;
}

static bool is_regular_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* A path that is too long is that of no file. */
__attribute__((format(printf, 2, 3))) static bool
format_path(char path[PATH_MAX], const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(path, PATH_MAX, format, args);
    va_end(args);
    return length >= 0 && length < PATH_MAX;
}

static int add_file(struct listing *listing,
                    const char *path,
                    const char *name,
                    size_t folder)
{
    struct file *file = arena_alloc(&listing->arena, sizeof(*file));
    char *path_copy = arena_text(&listing->arena, path, strlen(path));

    if (file == NULL || path_copy == NULL) {
        return -ENOMEM;
    }
    *file = (struct file){
        .name = path_copy + strlen(path) - strlen(name),
        .path = path_copy,
        .folder = folder,
        .next = listing->files,
    };
    listing->files = file;
    listing->count++;
    return 0;
}

static int list_folder(struct listing *listing, const char *path, size_t folder)
{
    DIR *stream = opendir(path);
    const struct dirent *entry;
    int result = 0;

    if (stream == NULL) {
        return errno == ENOMEM ? -ENOMEM : 0;
    }
    while (result == 0 && (entry = readdir(stream)) != NULL) {
        char full[PATH_MAX];

        if (is_plugin_name(entry->d_name) &&
            format_path(full, "%s/%s", path, entry->d_name) &&
            is_regular_file(full)) {
            result = add_file(listing, full, entry->d_name, folder);
        }
    }
    (void)closedir(stream);
    return result;
}

static int compare_files(const void *a, const void *b)
{
    const struct file *one = *(const struct file *const *)a;
    const struct file *other = *(const struct file *const *)b;
    int order = strcmp(one->name, other->name);

    if (order != 0) {
        return order;
    }
    return one->folder < other->folder ? -1 : one->folder > other->folder;
}

static int
tell_sorted(struct listing *listing, plugin_list_fn *callback, void *arg)
{
    struct file **sorted =
        arena_array(&listing->arena, listing->count, sizeof(struct file *));
    struct file *file = listing->files;
    int result = 0;

    if (sorted == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < listing->count; i++) {
        sorted[i] = file;
        file = file->next;
    }
    qsort(sorted, listing->count, sizeof(struct file *), compare_files);
    for (size_t i = 0; i < listing->count && result == 0; i++) {
        if (i == 0 || strcmp(sorted[i]->name, sorted[i - 1]->name) != 0) {
            result = callback(arg, sorted[i]->path, sorted[i]->name);
        }
    }
    return result;
}

int plugin_list(const struct plugin_path *path,
                plugin_list_fn *callback,
                void *arg)
{
    struct listing listing = {.count = 0};
    int result = 0;

    arena_init(&listing.arena);
    for (size_t i = 0; i < path->count && result == 0; i++) {
        result = list_folder(&listing, path->folders[i], i);
    }
    if (result == 0) {
        result = tell_sorted(&listing, callback, arg);
    }
    arena_fini(&listing.arena);
    return result;
}

/* ------------------------------------------------------------------ finding */

/* The plugin nearest to a name that was not found. */
struct nearest {
    const char *name;
    unsigned distance;
    char text[NAME_MAX + 1];
};

static int compare_name(void *arg, const char *path, const char *name)
{
    struct nearest *nearest = arg;
    char stem[NAME_MAX + 1];
    unsigned distance;

    (void)path;
    (void)snprintf(stem, sizeof(stem), "%.*s", (int)strlen(name) - 3, name);
    distance = suggest_distance(nearest->name, stem);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        (void)snprintf(nearest->text, sizeof(nearest->text), "%s", name);
    }
    return 0;
}

/* before: what stands before the name in the hint, of that length. */
static void suggest_name(const char *name,
                         const struct plugin_path *path,
                         const char *before,
                         size_t before_length,
                         struct plugin_refusal *refusal)
{
    char stem[NAME_MAX + 1];
    struct nearest nearest = {.name = stem, .distance = SUGGEST_FAR};
    size_t length = strlen(name) - (is_plugin_name(name) ? 3 : 0);

    (void)snprintf(stem, sizeof(stem), "%.*s", (int)length, name);
    (void)plugin_list(path, compare_name, &nearest);
    if (nearest.distance < SUGGEST_FAR && before_length < 200) {
        (void)snprintf(refusal->hint, sizeof(refusal->hint),
                       "did you mean '%.*s%s'?", (int)before_length, before,
                       nearest.text);
    }
}

/* A hint that grows; empty when not all of it fits. */
struct names {
    char *text;
    size_t size;
    size_t length;
};

static int add_name(void *arg, const char *path, const char *name)
{
    struct names *names = arg;

    (void)path;
    names->length += (size_t)snprintf(
        names->text + names->length, names->size - names->length, "%s%.*s",
        names->length == 0 ? "the plugins there are " : ", ",
        (int)strlen(name) - 3, name);
    if (names->length >= names->size) {
        names->text[0] = '\0';
        return -ENOBUFS;
    }
    return 0;
}

static void suggest_all(const struct plugin_path *path,
                        struct plugin_refusal *refusal)
{
    struct names names = {refusal->hint, sizeof(refusal->hint), 0};

    (void)plugin_list(path, add_name, &names);
}

/* A file that stands where paths are relative to, named without a slash. */
static void
suggest_path(const char *name, const char *base, struct plugin_refusal *refusal)
{
    const char *folder = base == NULL ? "." : base;
    char path[PATH_MAX];

    if (format_path(path, "%s/%s", folder, name) && is_regular_file(path)) {
        (void)snprintf(refusal->hint, sizeof(refusal->hint),
                       "a path needs a slash: './%s'", name);
    }
}

/* "'x' is in none of: /a, /b", as far as it fits. */
static void tell_folders(const char *name,
                         const struct plugin_path *path,
                         struct plugin_refusal *refusal)
{
    size_t size = sizeof(refusal->text);
    size_t length = (size_t)snprintf(
        refusal->text, size,
        path->count == 0 ? "there is no folder of plugins to find '%.64s' in"
                         : "there is no '%.64s' in",
        name);

    for (size_t i = 0; i < path->count && length < size; i++) {
        length +=
            (size_t)snprintf(refusal->text + length, size - length, "%s %s",
                             i == 0 ? "" : ",", path->folders[i]);
    }
}

static int refuse_name(const char *name,
                       const char *base,
                       const struct plugin_path *path,
                       struct plugin_refusal *refusal)
{
    refusal->path[0] = '\0';
    refusal->hint[0] = '\0';
    tell_folders(name, path, refusal);
    suggest_path(name, base, refusal);
    if (refusal->hint[0] == '\0') {
        suggest_name(name, path, "", 0, refusal);
    }
    if (refusal->hint[0] == '\0') {
        suggest_all(path, refusal);
    }
    return -ENOENT;
}

/* A file of another name in the folder where this one is not. */
static void suggest_neighbour(const char *name,
                              const char *tried,
                              struct plugin_refusal *refusal)
{
    const char *base = strrchr(tried, '/');
    const char *slash = strrchr(name, '/');
    char folder[PATH_MAX];
    const char *const folders[] = {folder};
    const struct plugin_path path = {.folders = folders, .count = 1};

    if (base != NULL && slash != NULL &&
        format_path(folder, "%.*s", (int)(base - tried) + 1, tried)) {
        suggest_name(base + 1, &path, name, (size_t)(slash - name) + 1,
                     refusal);
    }
}

static int
refuse_path(const char *name, const char *tried, struct plugin_refusal *refusal)
{
    char path[PATH_MAX];

    (void)snprintf(refusal->path, sizeof(refusal->path), "%s", tried);
    (void)snprintf(refusal->text, sizeof(refusal->text),
                   "there is no such file");
    refusal->hint[0] = '\0';
    if (format_path(path, "%s.so", tried) && is_regular_file(path)) {
        (void)snprintf(refusal->hint, sizeof(refusal->hint),
                       "did you mean '%.400s.so'?", name);
    } else {
        suggest_neighbour(name, tried, refusal);
    }
    return -ENOENT;
}

static bool take_path(const char *path, char *found, size_t size)
{
    size_t length = strlen(path);

    if (length >= size) {
        return false;
    }
    memcpy(found, path, length + 1);
    return true;
}

static int find_path(const char *name,
                     const char *base,
                     char *found,
                     size_t size,
                     struct plugin_refusal *refusal)
{
    bool is_whole = name[0] == '/' || base == NULL;
    char path[PATH_MAX];
    struct stat status;

    if (!format_path(path, "%s%s%s", is_whole ? "" : base, is_whole ? "" : "/",
                     name) ||
        stat(path, &status) != 0 || !take_path(path, found, size)) {
        return refuse_path(name, path, refusal);
    }
    return 0;
}

static bool
find_in_folder(const char *folder, const char *name, char *found, size_t size)
{
    char path[PATH_MAX];

    if (format_path(path, "%s/%s.so", folder, name) && is_regular_file(path)) {
        return take_path(path, found, size);
    }
    return format_path(path, "%s/%s", folder, name) && is_regular_file(path) &&
           take_path(path, found, size);
}

int plugin_find(const char *name,
                const char *base,
                const struct plugin_path *path,
                char *found,
                size_t size,
                struct plugin_refusal *refusal)
{
    if (strchr(name, '/') != NULL) {
        return find_path(name, base, found, size, refusal);
    }
    for (size_t i = 0; i < path->count; i++) {
        if (find_in_folder(path->folders[i], name, found, size)) {
            return 0;
        }
    }
    return refuse_name(name, base, path, refusal);
}
