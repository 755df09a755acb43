/* SPDX-License-Identifier: MIT */
/*
 * Serving the files below `root`: the handler of all paths that no route takes.
 */
#ifndef HTTP_FILES_H
#define HTTP_FILES_H

#include <berth/protocol.h>

#include "request.h"

/* The part of the settings that is about files. */
struct files_settings {
    const char *root; /* NULL: there are none */
    berth_list index; /* const char *: names; if empty, index.html */
    int32_t symlinks; /* enum file_links */
    bool has_dot_files;
    uint64_t cache_size;
    uint64_t cache_file;
    const char *mime_types; /* NULL: none */
};

/* What an entry has for them. */
struct files;

/*
 * settings live as long as the files; entry is for logging. Returns 0, or
 * -errno after filling *error.
 */
int files_new(berth_entry *entry,
              const struct files_settings *settings,
              berth_error *error,
              struct files **files);
/* After the last release of what was sent. */
void files_free(struct files *files);

/* Whether files are served by that method; all others are answered, too: 405,
   or what is allowed. */
bool files_has_method(enum http_method method);

/* Answers the request. Returns 0 or -errno as the functions of answer.h. */
int files_serve(struct files *files,
                berth_conn *c,
                const struct http_request *request);

#endif
