/* SPDX-License-Identifier: MIT */
/*
 * A request to the server: the words of a line, who asks, and the answer that
 * is being made. It knows nothing of sockets.
 */
#ifndef BERTH_CONTROL_REQUEST_H
#define BERTH_CONTROL_REQUEST_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "control_answer.h"
#include "list.h"
#include "table.h"

/* The longest line of a request, with its newline. */
#define CONTROL_LINE_MAX 4096
/* The most words of a request, its format included. */
#define CONTROL_WORDS_MAX 32

/*
 * Takes the answer: bytes[0..size), to be freed; NULL: there was no memory for
 * it. client: of control_request_new().
 */
typedef void control_deliver(void *client, char *bytes, size_t size);

/* Valid until it is ended, also when its client has left meanwhile. */
struct control_request {
    char **argv; /* the words, NULL behind them; argv[0]: the command */
    int argc;    /* at least 1 */
    enum table_format format;
    uid_t uid; /* who asks, as the kernel says */
    pid_t pid;

    struct control_answer answer; /* by the functions below */
    control_deliver *deliver;     /* the rest is control_client.c's */
    void *client;                 /* NULL: it has left */
    struct list link;
    size_t length; /* of what has come of the line */
    char line[CONTROL_LINE_MAX];
    char *words[CONTROL_WORDS_MAX + 1];
};

/*
 * Called once for each request, by the loop. It ends the request with
 * control_end() or control_fail(), before it returns or at any later time.
 */
typedef void control_handler(void *owner, struct control_request *request);

/* ------------------------------------------------------------- the answer */

/* Where the answer is printed to, until the request is ended. */
static inline FILE *control_stream(struct control_request *request)
{
    return control_answer_stream(&request->answer);
}

__attribute__((format(printf, 2, 3))) void
control_print(struct control_request *request, const char *format, ...);

/*
 * Tables, in the format that was asked for: see control_answer.h. What is
 * printed by control_print() comes before them.
 */
static inline void control_table(struct control_request *request,
                                 const char *name,
                                 const struct table_column *columns,
                                 size_t count)
{
    control_answer_table(&request->answer, name, columns, count);
}

static inline void control_row(struct control_request *request,
                               const struct table_value *values)
{
    control_answer_row(&request->answer, values);
}

static inline void control_record(struct control_request *request,
                                  const char *name,
                                  const struct table_column *columns,
                                  size_t count,
                                  const struct table_value *values)
{
    control_answer_record(&request->answer, name, columns, count, values);
}

/*
 * Ends the request, and gives the answer: see control_answer_finish(). error is
 * 0 or -errno; message may be NULL, and may have several lines.
 */
void control_end(struct control_request *request,
                 int error,
                 const char *message);

/* Ends it with an error and a message. */
__attribute__((format(printf, 2, 3))) void
control_fail(struct control_request *request, const char *format, ...);

/* -------------------------------------------------------- for control_client.c */

/* A request whose line is still to come; NULL: no memory. */
struct control_request *control_request_new(control_deliver *deliver,
                                            void *client);

/* Frees it without an answer. NULL is fine. */
void control_request_free(struct control_request *request);

/*
 * Makes words of line[0..length), without its newline, and begins the answer. A
 * line that fills its room is too long. Returns 0, or -EINVAL: *why says what
 * is wrong with the line, and the request can be ended with that; or -ENOMEM:
 * it can only be freed.
 */
int control_request_read(struct control_request *request, const char **why);

#endif
