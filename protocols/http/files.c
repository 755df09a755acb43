/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "attribute.h"
#include "cache.h"
#include "facts.h"
#include "file.h"
#include "found.h"
#include "mime.h"
#include "path.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

struct files {
    const struct files_settings *settings;
    struct file_root root;
    struct cache *cache;
    struct mime *mime;
};

/* A request on its way to an answer. */
struct job {
    struct files *files;
    berth_conn *c;
    const struct http_request *request;
    struct path path;
};

/* ------------------------------------------------------------- begin, end */

static int refuse_root(const struct files_settings *settings,
                       int number,
                       berth_error *error)
{
    return berth_refuse(error, "root", number, "%s: %s", settings->root,
                        strerror(-number));
}

static int read_types(struct files *files, berth_error *error)
{
    const char *file = files->settings->mime_types;
    const int result = file == NULL ? 0 : mime_new(file, &files->mime);

    if (result < 0) {
        return berth_refuse(error, "mime_types", result, "%s: %s", file,
                            strerror(-result));
    }
    return 0;
}

static void tell_of_links(berth_entry *entry, const struct files *files)
{
    if (!files->root.has_openat2 && files->root.links == FILE_LINKS_INSIDE) {
        berth_entry_log(entry, BERTH_WARNING,
                        "no symbolic link below root is followed: openat2(2) "
                        "is missing or forbidden here");
    }
}

int files_new(berth_entry *entry,
              const struct files_settings *settings,
              berth_error *error,
              struct files **files)
{
    struct files *made = calloc(1, sizeof(*made));
    int result = -ENOMEM;

    if (made == NULL) {
        return berth_refuse(error, "root", -ENOMEM, "no memory");
    }
    made->settings = settings;
    result = file_root_open(&made->root, settings->root,
                            (enum file_links)settings->symlinks);
    if (result < 0) {
        result = refuse_root(settings, result, error);
        goto root_failed;
    }
    result = read_types(made, error);
    if (result < 0) {
        goto types_failed;
    }
    result =
        cache_new(settings->cache_size, settings->cache_file, &made->cache);
    if (result < 0) {
        result = berth_refuse(error, "cache_size", result, "no memory");
        goto cache_failed;
    }
    tell_of_links(entry, made);
    *files = made;
    return 0;

cache_failed:
    mime_free(made->mime);
types_failed:
    file_root_close(&made->root);
root_failed:
    free(made);
    return result;
}

void files_free(struct files *files)
{
    if (files == NULL) {
        return;
    }
    cache_free(files->cache);
    mime_free(files->mime);
    file_root_close(&files->root);
    free(files);
}

/* ----------------------------------------------------------------- refusing */

static int answer_status(const struct job *job, unsigned status)
{
    return http_answer_status(job->c, job->request, status, NULL, 0);
}

/* The status that tells of an error. What may not be seen is not there, but for
   what the system's administrator would look for in vain. */
static unsigned status_of(int error)
{
    switch (error) {
    case -EINVAL:
        return 400;
    case -EACCES:
    case -EPERM:
    case -ELOOP: /* links */
    case -EXDEV:
    case -ENXIO: /* neither a file nor a directory */
    case -ENODEV:
        return 403;
    case -ENOENT:
    case -ENOTDIR:
    case -EISDIR:
    case -ENAMETOOLONG:
        return 404;
    case -EAGAIN:
    case -EMFILE:
    case -ENFILE:
    case -ENOMEM:
        return 503;
    default:
        return 500;
    }
}

static int answer_error(const struct job *job, int error)
{
    const unsigned status = status_of(error);

    if (status >= 500) {
        berth_log(job->c, BERTH_WARNING, "%.*s: %s", (int)job->path.size,
                  job->path.text, strerror(-error));
    }
    return answer_status(job, status);
}

static int answer_method(const struct job *job)
{
    const struct http_header allow = {
        .name = http_span_of("Allow"),
        .value = http_span_of("GET, HEAD, OPTIONS"),
    };
    const bool is_asked = job->request->method == HTTP_METHOD_OPTIONS;

    return http_answer_status(job->c, job->request, is_asked ? 204 : 405,
                              &allow, 1);
}

/* To the same path with a slash behind it. It begins with one slash, so that
   it cannot name another host. */
static int answer_redirect(const struct job *job)
{
    const struct http_span path = job->request->path;
    const struct http_span query = job->request->query;
    char *text = malloc(path.size + query.size + 2);
    char *at = text;
    struct http_header location = {.name = http_span_of("Location")};
    int result;

    if (text == NULL) {
        return answer_error(job, -ENOMEM);
    }
    at = mempcpy(at, path.data, path.size);
    *at++ = '/';
    if (query.data != NULL) {
        *at++ = '?';
        at = mempcpy(at, query.data, query.size);
    }
    location.value = (struct http_span){text, (size_t)(at - text)};
    result = http_answer_status(job->c, job->request, 301, &location, 1);
    free(text);
    return result;
}

/* ------------------------------------------------------------------ finding */

/* Opens the first file of the list that the directory has. */
static int open_index(const struct job *job, struct file *file, char *name)
{
    static const char *const usual[] = {"index.html"};
    const berth_list *list = &job->files->settings->index;
    const char *const *names = list->count == 0 ? usual : list->items;
    const size_t count = list->count == 0 ? COUNT_OF(usual) : list->count;
    const struct path *path = &job->path;
    int error = -ENOENT;

    for (size_t i = 0; i < count && error == -ENOENT; i++) {
        const int length =
            snprintf(name, PATH_SIZE_MAX, "%.*s%s%s", (int)path->size,
                     path->text, path->size == 0 ? "" : "/", names[i]);

        error = length >= PATH_SIZE_MAX
                    ? -ENAMETOOLONG
                    : file_open(&job->files->root, name, file);
    }
    return error;
}

/* ------------------------------------------------------------------ serving */

/* Opens what the path names. name: the path of what was opened. */
static int open_path(const struct job *job, struct file *file, char *name)
{
    if (job->path.is_directory) {
        return open_index(job, file, name);
    }
    memcpy(name, job->path.text, job->path.size);
    name[job->path.size] = '\0';
    return file_open(&job->files->root, name, file);
}

/* There is no copy that can be trusted. */
APART static int serve_file(const struct job *job, uint64_t now_ms)
{
    const struct cache_time now = {
        .monotonic_ms = now_ms,
        .real_ms = (int64_t)berth_now(job->c->entry, BERTH_REALTIME),
    };
    struct cache *cache = job->files->cache;
    struct file file;
    struct facts facts;
    struct found found;
    char name[PATH_SIZE_MAX];
    const char *type;
    int result = open_path(job, &file, name);

    if (result < 0) {
        cache_drop(cache, &job->path);
        return result == -EISDIR && !job->path.is_directory
                   ? answer_redirect(job)
                   : answer_error(job, result);
    }
    type = mime_find(job->files->mime, name);
    found = (struct found){
        .facts = &facts,
        .copy = cache_take(cache, &job->path, &file, type,
                           found_room(job->c, type), &now),
        .fd = file.fd,
    };
    if (found.copy != NULL) {
        found.facts = &found.copy->facts;
    } else {
        facts_read(&facts, &file.status, type, now.real_ms / 1000);
    }
    result = found_answer(&found, job->c, job->request);
    if (found.fd >= 0) {
        (void)close(found.fd);
    }
    return result;
}

static int serve_path(const struct job *job)
{
    struct files *files = job->files;
    const uint64_t now_ms = berth_now(job->c->entry, BERTH_MONOTONIC);
    struct found found;
    struct copy *copy;

    if (file_root_look(&files->root, now_ms)) {
        cache_clear(files->cache);
    }
    copy = cache_find(files->cache, &job->path, now_ms);
    if (copy == NULL) {
        return serve_file(job, now_ms);
    }
    found = (struct found){.facts = &copy->facts, .copy = copy, .fd = -1};
    return found_answer(&found, job->c, job->request);
}

static int read_path(struct job *job)
{
    const struct http_span text = job->request->path;

    if (job->request->is_plain && text.size <= PATH_NAME_MAX) {
        path_take_plain(text.data, text.size, &job->path);
        return 0;
    }
    return path_parse(text.data, text.size, job->files->settings->has_dot_files,
                      &job->path);
}

bool files_has_method(enum http_method method)
{
    return method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD;
}

int files_serve(struct files *files,
                berth_conn *c,
                const struct http_request *request)
{
    struct job job;
    int error;

    job.files = files;
    job.c = c;
    job.request = request;
    if (!files_has_method(request->method)) {
        return answer_method(&job);
    }
    error = read_path(&job);
    if (error < 0) {
        return answer_status(&job, status_of(error));
    }
    return serve_path(&job);
}
