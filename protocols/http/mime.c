/* SPDX-License-Identifier: MIT */
#include "mime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))
#define FILE_SIZE_MAX (1 << 20)
#define TYPE_SIZE_MAX 128
#define CHARSET "; charset=utf-8"
#define UNKNOWN "application/octet-stream"
#define BLANKS " \t\r\v\f"

struct type {
    const char *extension;
    const char *type;
};

/* The text of the file becomes names and types in place; types of text are
   given their charset in memory of their own. */
struct mime {
    struct type *types; /* sorted by extension */
    size_t count, capacity;
    char **texts; /* that were allocated */
    size_t text_count, text_capacity;
    char *content;
};

/* Sorted by extension: what a site is made of. It comes before the system's
   file, so that a site is served alike on all machines. */
static const struct type common[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avif", "image/avif"},
    {"bin", UNKNOWN},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/plain" CHARSET},
    {"css", "text/css" CHARSET},
    {"csv", "text/csv" CHARSET},
    {"doc", "application/msword"},
    {"eot", "application/vnd.ms-fontobject"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h", "text/plain" CHARSET},
    {"htm", "text/html" CHARSET},
    {"html", "text/html" CHARSET},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar" CHARSET},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript" CHARSET},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"log", "text/plain" CHARSET},
    {"m4a", "audio/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown" CHARSET},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript" CHARSET},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"text", "text/plain" CHARSET},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain" CHARSET},
    {"vtt", "text/vtt" CHARSET},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

static int compare(const void *left, const void *right)
{
    const struct type *a = left;
    const struct type *b = right;

    return strcasecmp(a->extension, b->extension);
}

/* Room for one more: returns the array, moved perhaps, or NULL. */
static void *grow(void *items, size_t count, size_t *capacity, size_t width)
{
    void *larger;

    if (count < *capacity) {
        return items;
    }
    larger = reallocarray(items, *capacity * 2 + 64, width);
    if (larger != NULL) {
        *capacity = *capacity * 2 + 64;
    }
    return larger;
}

/* The type with its charset, in memory that mime frees; NULL: there is none. */
static const char *add_charset(struct mime *mime, const char *type)
{
    const size_t size = strlen(type);
    char **texts = grow(mime->texts, mime->text_count, &mime->text_capacity,
                        sizeof(*texts));
    char *text;

    if (texts == NULL) {
        return NULL;
    }
    mime->texts = texts;
    text = malloc(size + sizeof(CHARSET));
    if (text == NULL) {
        return NULL;
    }
    memcpy(text, type, size);
    memcpy(text + size, CHARSET, sizeof(CHARSET));
    mime->texts[mime->text_count++] = text;
    return text;
}

static int add(struct mime *mime, const char *extension, const char *type)
{
    struct type *types =
        grow(mime->types, mime->count, &mime->capacity, sizeof(*types));

    if (types == NULL) {
        return -ENOMEM;
    }
    mime->types = types;
    mime->types[mime->count++] = (struct type){extension, type};
    return 0;
}

/* A type becomes a header's value: nothing but visible ASCII, and one slash
   inside. */
static bool is_type(const char *text)
{
    const char *slash = strchr(text, '/');
    size_t size = 0;

    for (; text[size] != '\0'; size++) {
        if (text[size] < '!' || text[size] > '~') {
            return false;
        }
    }
    return size <= TYPE_SIZE_MAX && slash != NULL && slash != text &&
           slash[1] != '\0' && strchr(slash + 1, '/') == NULL;
}

static int read_line(struct mime *mime, char *line)
{
    char *rest = NULL;
    const char *type = strtok_r(line, BLANKS, &rest);
    const char *extension;
    int error = 0;

    if (type == NULL || !is_type(type)) {
        return 0;
    }
    extension = strtok_r(NULL, BLANKS, &rest);
    if (extension != NULL && strncasecmp(type, "text/", 5) == 0) {
        type = add_charset(mime, type);
        if (type == NULL) {
            return -ENOMEM;
        }
    }
    while (extension != NULL && error == 0) {
        error = add(mime, extension, type);
        extension = strtok_r(NULL, BLANKS, &rest);
    }
    return error;
}

static int read_lines(struct mime *mime)
{
    char *rest = mime->content;
    char *line;
    int error = 0;

    while (error == 0 && (line = strsep(&rest, "\n")) != NULL) {
        char *comment = strchr(line, '#');

        if (comment != NULL) {
            *comment = '\0';
        }
        error = read_line(mime, line);
    }
    return error;
}

/* All of an open file, with a NUL behind it. */
static int read_content(int fd, char **content)
{
    struct stat status;
    size_t size, used = 0;
    ssize_t got;
    char *text;

    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode)) {
        return -EINVAL;
    }
    if (status.st_size > FILE_SIZE_MAX) {
        return -EFBIG;
    }
    size = (size_t)status.st_size;
    text = malloc(size + 1);
    if (text == NULL) {
        return -ENOMEM;
    }
    do {
        got = read(fd, text + used, size - used);
        used += got > 0 ? (size_t)got : 0;
    } while ((got < 0 && errno == EINTR) || (got > 0 && used < size));
    if (got < 0) {
        const int error = -errno;

        free(text);
        return error;
    }
    text[used] = '\0';
    *content = text;
    return 0;
}

static int open_content(const char *file, char **content)
{
    /* A FIFO would wait for its writer. */
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error;

    if (fd < 0) {
        return -errno;
    }
    error = read_content(fd, content);
    (void)close(fd);
    return error;
}

int mime_new(const char *file, struct mime **mime)
{
    struct mime *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL) {
        return -ENOMEM;
    }
    error = open_content(file, &made->content);
    if (error == 0) {
        error = read_lines(made);
    }
    if (error < 0 && error != -ENOENT) {
        mime_free(made);
        return error;
    }
    if (made->count > 0) {
        qsort(made->types, made->count, sizeof(*made->types), compare);
    }
    *mime = made;
    return 0;
}

void mime_free(struct mime *mime)
{
    if (mime == NULL) {
        return;
    }
    for (size_t i = 0; i < mime->text_count; i++) {
        free(mime->texts[i]);
    }
    free(mime->texts);
    free(mime->types);
    free(mime->content);
    free(mime);
}

static const char *
find(const struct type *types, size_t count, const char *extension)
{
    const struct type key = {.extension = extension};
    const struct type *found =
        count == 0 ? NULL
                   : bsearch(&key, types, count, sizeof(*types), compare);

    return found == NULL ? NULL : found->type;
}

const char *mime_find(const struct mime *mime, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    const char *type;

    /* A name that begins with its only dot has no extension. */
    if (dot == NULL || dot == name) {
        return UNKNOWN;
    }
    type = find(common, COUNT_OF(common), dot + 1);
    if (type == NULL && mime != NULL) {
        type = find(mime->types, mime->count, dot + 1);
    }
    return type == NULL ? UNKNOWN : type;
}
