/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <string.h>

#include "local.h"
#include "persistence.h"
#include "render.h"

static bool has_body(const struct http_request *request,
                     const struct http_answer *answer)
{
    return answer->size > 0 && render_has_body(answer->status) &&
           (request == NULL || !request->is_head);
}

/* The head, in place at the end of what is queued. */
static int write_head(berth_conn *c,
                      const struct http_request *request,
                      const struct http_answer *answer)
{
    struct http_local *local = c->entry->local;
    struct http_span end = persistence_line(request);
    char *begin =
        berth_reserve(c, render_measure(answer, local->common) + end.size);
    char *at;

    if (begin == NULL) {
        return -EPIPE; /* the connection ends with the true reason */
    }
    at = render_head(begin, answer, local->common,
                     date_clock_text(&local->clock, c->entry));
    at = render_bytes(at, end);
    access_write(&local->access, c, request, answer);
    return berth_commit(c, (size_t)(at - begin));
}

int http_answer_copy(berth_conn *c,
                     const struct http_request *request,
                     const struct http_answer *answer,
                     const void *body)
{
    int error = write_head(c, request, answer);
    ssize_t written;

    if (error < 0 || !has_body(request, answer)) {
        return error;
    }
    written = berth_write(c, body, answer->size);
    return written < 0 ? (int)written : 0;
}

static void release_now(berth_release_fn *release, void *arg)
{
    if (release != NULL) {
        release(arg);
    }
}

int http_answer_owned(berth_conn *c,
                      const struct http_request *request,
                      const struct http_answer *answer,
                      const void *body,
                      berth_release_fn *release,
                      void *arg)
{
    int error = write_head(c, request, answer);
    ssize_t written;

    if (error < 0 || !has_body(request, answer)) {
        release_now(release, arg);
        return error;
    }
    written = berth_write_owned(c, body, answer->size, release, arg);
    if (written < 0) {
        release_now(release, arg);
        return (int)written;
    }
    return 0;
}

int http_answer_file(berth_conn *c,
                     const struct http_request *request,
                     const struct http_answer *answer,
                     struct http_part part,
                     berth_release_fn *release,
                     void *arg)
{
    int error = write_head(c, request, answer);

    if (error < 0 || !has_body(request, answer)) {
        release_now(release, arg);
        return error;
    }
    error = berth_sendfile(c, part.fd, part.offset, answer->size, release, arg);
    if (error < 0) {
        release_now(release, arg);
    }
    return error;
}

int http_answer_status(berth_conn *c,
                       const struct http_request *request,
                       unsigned status,
                       const struct http_header *fields,
                       size_t field_count)
{
    char text[64] = "";
    struct http_answer answer = {
        .status = status,
        .fields = fields,
        .field_count = field_count,
    };

    if (render_has_body(status)) {
        answer.type = "text/plain; charset=utf-8";
        answer.size = (uint64_t)snprintf(text, sizeof(text), "%u %s\n", status,
                                         http_status_text(status));
    }
    return http_answer_copy(c, request, &answer, text);
}
