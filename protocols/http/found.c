/* SPDX-License-Identifier: MIT */
#include "found.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer.h"
#include "attribute.h"
#include "condition.h"
#include "fixed.h"
#include "local.h"
#include "range.h"

/* The core copies less than this even if it is lent. */
#define LEND_SIZE 4096
/* A smaller part of a file is read: the answers that wait for a peer who does
   not read would hold a descriptor each, and there may be many small ones. */
#define READ_SIZE 16384

/* Who asked for what. */
struct task {
    berth_conn *c;
    const struct http_request *request;
};

/* What an answer has besides its type and size. */
struct fields {
    struct http_header list[4];
    size_t count;
    char range[RANGE_TEXT_MAX];
};

static int send_copy(const struct task *task,
                     const struct http_answer *answer,
                     struct copy *copy,
                     uint64_t first)
{
    const char *bytes = copy->bytes + first;

    if (answer->size < LEND_SIZE) {
        return http_answer_copy(task->c, task->request, answer, bytes);
    }
    copy_hold(copy);
    return http_answer_owned(task->c, task->request, answer, bytes,
                             copy_release, copy);
}

static void close_file(void *arg)
{
    (void)close((int)(intptr_t)arg);
}

/* Takes the file over. */
static int send_file(const struct task *task,
                     const struct http_answer *answer,
                     int fd,
                     uint64_t first)
{
    struct http_part part = {.fd = fd, .offset = first};

    return http_answer_file(task->c, task->request, answer, part, close_file,
                            (void *)(intptr_t)fd);
}

static bool read_part(int fd, char *bytes, size_t size, uint64_t first)
{
    size_t used = 0;

    while (used < size) {
        const ssize_t got =
            pread(fd, bytes + used, size - used, (off_t)(first + used));

        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        used += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* A file that has become shorter since it was opened is one to ask for again. */
static int send_read(const struct task *task,
                     const struct http_answer *answer,
                     int fd,
                     uint64_t first)
{
    char bytes[READ_SIZE];

    if (!task->request->is_head && !read_part(fd, bytes, answer->size, first)) {
        return http_answer_status(task->c, task->request, 503, NULL, 0);
    }
    return http_answer_copy(task->c, task->request, answer, bytes);
}

/* Sends what was found, from a byte on: answer->size bytes. */
static int send_found(const struct task *task,
                      const struct http_answer *answer,
                      struct found *found,
                      uint64_t first)
{
    const int fd = found->fd;

    if (found->copy != NULL) {
        return send_copy(task, answer, found->copy, first);
    }
    if (answer->size < READ_SIZE) {
        return send_read(task, answer, fd, first);
    }
    found->fd = -1;
    return send_file(task, answer, fd, first);
}

static void add_field(struct fields *fields,
                      const char *name,
                      const char *value,
                      size_t size)
{
    fields->list[fields->count++] = (struct http_header){
        .name = http_span_of(name), .value = {value, size}};
}

static void add_etag(struct fields *fields, const struct facts *facts)
{
    add_field(fields, "ETag", facts->etag, facts->etag_size);
}

static void add_date(struct fields *fields, const struct facts *facts)
{
    add_field(fields, "Last-Modified", facts->date, DATE_SIZE);
}

static int answer_not_modified(const struct task *task,
                               const struct facts *facts)
{
    struct fields fields = {.count = 0};

    add_etag(&fields, facts);
    return http_answer_status(task->c, task->request, 304, fields.list,
                              fields.count);
}

static int answer_unsatisfiable(const struct task *task,
                                const struct facts *facts)
{
    struct fields fields = {.count = 0};
    const size_t size = range_format(NULL, facts->size, fields.range);

    add_field(&fields, "Content-Range", fields.range, size);
    return http_answer_status(task->c, task->request, 416, fields.list,
                              fields.count);
}

static struct http_answer describe_whole(struct fields *fields,
                                         const struct facts *facts)
{
    fields->count = 0;
    add_date(fields, facts);
    add_etag(fields, facts);
    add_field(fields, "Accept-Ranges", "bytes", 5);
    return (struct http_answer){
        .status = 200,
        .type = facts->type,
        .size = facts->size,
        .fields = fields->list,
        .field_count = fields->count,
    };
}

size_t found_room(const berth_conn *c, const char *type)
{
    const struct http_local *local = c->entry->local;
    const struct facts longest = {.type = type, .etag_size = FACTS_ETAG_MAX};
    struct fields fields;
    const struct http_answer answer = describe_whole(&fields, &longest);

    return fixed_room(&answer, local->common);
}

/* Lets a copy keep its answer, in the room before its bytes. */
COLD static bool attach_answer(const struct task *task, struct copy *copy)
{
    const struct http_local *local = task->c->entry->local;
    struct fields fields;
    const struct http_answer answer = describe_whole(&fields, &copy->facts);
    struct fixed *fixed = malloc(sizeof(*fixed));

    if (fixed == NULL) {
        return false;
    }
    fixed_place(fixed, &answer, local->common, copy->bytes,
                answer.size < LEND_SIZE);
    copy->attached = fixed;
    copy->detach = free;
    return true;
}

/* The bytes are large enough to be lent. */
static int answer_lent(const struct task *task, struct copy *copy)
{
    int error = fixed_write(copy->attached, task->c, task->request);
    ssize_t written;

    if (error < 0 || task->request->is_head) {
        return error;
    }
    copy_hold(copy);
    written = berth_write_owned(task->c, copy->bytes, copy->facts.size,
                                copy_release, copy);
    if (written < 0) {
        copy_release(copy);
        return (int)written;
    }
    return 0;
}

/* By the answer that the copy keeps: all there is to do is to write. */
static int answer_again(const struct task *task, struct copy *copy)
{
    return copy->facts.size < LEND_SIZE
               ? fixed_write(copy->attached, task->c, task->request)
               : answer_lent(task, copy);
}

APART static int answer_anew(const struct task *task, struct found *found)
{
    struct fields fields;
    const struct http_answer answer = describe_whole(&fields, found->facts);

    return send_found(task, &answer, found, 0);
}

static inline int answer_whole(const struct task *task, struct found *found)
{
    struct copy *copy = found->copy;

    if (copy != NULL && (copy->attached != NULL || attach_answer(task, copy))) {
        return answer_again(task, copy);
    }
    return answer_anew(task, found);
}

/* With If-Range, the client has the type and the date already (RFC 9110,
   section 15.3.7). */
static int answer_part(const struct task *task,
                       struct found *found,
                       const struct range *range,
                       bool is_known)
{
    struct fields fields = {.count = 0};
    struct http_answer answer = {
        .status = 206,
        .type = is_known ? NULL : found->facts->type,
        .size = range->size,
        .fields = fields.list,
    };
    const size_t size = range_format(range, found->facts->size, fields.range);

    if (!is_known) {
        add_date(&fields, found->facts);
        add_field(&fields, "Accept-Ranges", "bytes", 5);
    }
    add_etag(&fields, found->facts);
    add_field(&fields, "Content-Range", fields.range, size);
    answer.field_count = fields.count;
    return send_found(task, &answer, found, range->first);
}

static int answer_range(const struct task *task,
                        struct found *found,
                        const struct condition *condition)
{
    const struct http_span text = condition_range(condition);
    struct range range;

    if (text.data == NULL || task->request->method != HTTP_METHOD_GET) {
        return answer_whole(task, found);
    }
    switch (range_parse(text.data, text.size, found->facts->size, &range)) {
    case RANGE_PART:
        return answer_part(task, found, &range,
                           condition->if_range == VERDICT_TRUE);
    case RANGE_UNSATISFIABLE:
        return answer_unsatisfiable(task, found->facts);
    case RANGE_WHOLE:
        break;
    }
    return answer_whole(task, found);
}

static struct condition read_condition(const struct task *task,
                                       const struct validators *validators)
{
    const struct http_request *request = task->request;
    struct condition condition;

    condition_init(&condition, validators);
    for (size_t i = 0; i < request->header_count; i++) {
        condition_add(&condition, &request->headers[i]);
    }
    return condition;
}

APART static int answer_conditional(const struct task *task,
                                    struct found *found)
{
    const struct facts *facts = found->facts;
    const struct validators validators = {
        .etag = {facts->etag, facts->etag_size},
        .modified = facts->modified,
        .now = (int64_t)(berth_now(task->c->entry, BERTH_REALTIME) / 1000),
    };
    const struct condition condition = read_condition(task, &validators);

    switch (condition_decide(&condition, true)) {
    case CONDITION_NOT_MODIFIED:
        return answer_not_modified(task, facts);
    case CONDITION_FAILED:
        return http_answer_status(task->c, task->request, 412, NULL, 0);
    case CONDITION_HOLDS:
        break;
    }
    return answer_range(task, found, &condition);
}

static bool may_have_condition(const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (condition_may_be(&request->headers[i])) {
            return true;
        }
    }
    return false;
}

int found_answer(struct found *found,
                 berth_conn *c,
                 const struct http_request *request)
{
    const struct task task = {.c = c, .request = request};

    return may_have_condition(request) ? answer_conditional(&task, found)
                                       : answer_whole(&task, found);
}
