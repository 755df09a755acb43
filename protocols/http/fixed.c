/* SPDX-License-Identifier: MIT */
#include "fixed.h"

#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "local.h"
#include "persistence.h"
#include "render.h"

size_t fixed_room(const struct http_answer *answer, struct http_span common)
{
    return render_measure(answer, common) + 2;
}

/* All but the body, at the place for it. */
static void make_head(struct fixed *fixed,
                      const struct http_answer *answer,
                      struct http_span common,
                      char *place)
{
    static const char no_date[DATE_SIZE] = "";
    char *at = render_head(place, answer, common, no_date);

    *fixed = (struct fixed){
        .answer = {.status = answer->status, .size = answer->size},
        .bytes = place,
        .head_size = (size_t)(at - place),
        .size = (size_t)(at - place) + 2,
        .date_offset = render_date_offset(answer->status),
    };
    (void)render_bytes(at, http_span_of("\r\n"));
}

int fixed_init(struct fixed *fixed,
               const struct http_answer *answer,
               struct http_span common,
               const char *body)
{
    const size_t body_size = render_has_body(answer->status) ? answer->size : 0;
    char *place = malloc(fixed_room(answer, common) + body_size);

    if (place == NULL) {
        return -ENOMEM;
    }
    make_head(fixed, answer, common, place);
    (void)render_bytes(place + fixed->size,
                       (struct http_span){body, body_size});
    fixed->size += body_size;
    return 0;
}

void fixed_place(struct fixed *fixed,
                 const struct http_answer *answer,
                 struct http_span common,
                 char *body,
                 bool is_whole)
{
    make_head(fixed, answer, common, body - fixed_room(answer, common));
    fixed->bytes = memmove(body - fixed->size, fixed->bytes, fixed->size);
    fixed->size += is_whole ? answer->size : 0;
}

void fixed_fini(struct fixed *fixed)
{
    free(fixed->bytes);
}

/* What differs is between head and body. */
COLD static int write_parts(struct fixed *fixed,
                            berth_conn *c,
                            const struct http_request *request)
{
    struct http_span end = persistence_line(request);
    size_t body_offset = fixed->head_size + 2;
    ssize_t written = berth_write(c, fixed->bytes, fixed->head_size);

    if (written >= 0) {
        written = berth_write(c, end.data, end.size);
    }
    if (written >= 0 && !request->is_head) {
        written = berth_write(c, fixed->bytes + body_offset,
                              fixed->size - body_offset);
    }
    return written < 0 ? (int)written : 0;
}

int fixed_write(struct fixed *fixed,
                berth_conn *c,
                const struct http_request *request)
{
    struct http_local *local = c->entry->local;
    const char *date = date_clock_text(&local->clock, c->entry);
    ssize_t written;

    if (fixed->second != local->clock.second) {
        fixed->second = local->clock.second;
        memcpy(fixed->bytes + fixed->date_offset, date, DATE_SIZE);
    }
    access_write(&local->access, c, request, &fixed->answer);
    if (request->is_head || !request->keep_alive || request->minor == 0) {
        return write_parts(fixed, c, request);
    }
    written = berth_write(c, fixed->bytes, fixed->size);
    return written < 0 ? (int)written : 0;
}
