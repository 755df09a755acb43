/* SPDX-License-Identifier: MIT */
/*
 * The control socket: a unix socket that takes commands and gives answers. It
 * knows nothing of what is commanded: that is its owner's handler.
 *
 * A connection is one request, a line of at most 4 KiB:
 *
 *     [json|tsv] COMMAND [ARGUMENT]...
 *
 * and its answer: the line "ok", then what is to be told, until the end of the
 * stream; or "error MESSAGE", where the message may go on in further lines.
 *
 * Only root and the user of this process are obeyed, whatever the socket's
 * mode; others are told so. Nobody is waited for: not for a request (10 s), nor
 * for a client that does not read its answer (10 s without progress).
 */
#ifndef BERTH_CONTROL_H
#define BERTH_CONTROL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "address.h"
#include "log.h"
#include "loop.h"
#include "table.h"

/* The longest line of a request, with its newline. */
#define CONTROL_LINE_MAX 4096
/* The most words of a request. */
#define CONTROL_WORDS_MAX 32
/* So many clients are served at once; the others wait. */
#define CONTROL_CLIENTS_MAX 16
/* The most bytes of an answer; a longer one becomes an error. */
#define CONTROL_ANSWER_MAX ((size_t)16 << 20)

struct control;

/* A request, valid until control_end(), also when its client has left. */
struct control_request {
    char **argv; /* the words, NULL behind them; argv[0]: the command */
    int argc;    /* at least 1 */
    enum table_format format;
    uid_t uid; /* who asks, as the kernel says */
    pid_t pid;
};

/*
 * Called once for each request, by the loop. It ends the request with
 * control_end() or control_fail(), before it returns or at any later time.
 */
typedef void control_handler(void *owner, struct control_request *request);

/*
 * Binds (mode 0600 from the first moment; see socket_bind()) and begins to
 * accept. Returns 0 or -errno of bind(2): -EADDRINUSE if another server has
 * the path, -EINVAL if address is no unix socket. loop and log must outlive it.
 */
int control_open(struct loop *loop,
                 const struct address *address,
                 struct log *log,
                 control_handler *handler,
                 void *owner,
                 struct control **control);

/*
 * The same with a socket that is bound already: the one that control_fd() told
 * before this process began to run another program. Takes fd over if it
 * succeeds, and makes it close-on-exec.
 */
int control_adopt(struct loop *loop,
                  int fd,
                  struct log *log,
                  control_handler *handler,
                  void *owner,
                  struct control **control);

/* The listening socket, close-on-exec. */
int control_fd(const struct control *control);

/* Where it listens. */
const struct address *control_address(const struct control *control);

/*
 * Closes and removes the path, if it is still ours. Clients that wait see the
 * end of the stream; their requests are still to be ended by the owner. Not
 * while the loop hands out reports: at a turn's end or when it turns no more.
 * NULL is fine.
 */
void control_close(struct control *control);

/*
 * In a child process just forked: closes what was inherited, and frees it with
 * all requests, without a word to the clients, to the path or to the loop,
 * which are the parent's. NULL is fine.
 */
void control_forget(struct control *control);

/* ------------------------------------------------------------- the answer */

/* Where the answer is printed to, until the request is ended. */
FILE *control_stream(struct control_request *request);

__attribute__((format(printf, 2, 3))) void
control_print(struct control_request *request, const char *format, ...);

/*
 * Begins a table of columns[0..count), in the format that was asked for; it
 * ends where the next one begins, or the request ends. An answer that is one
 * table has no name. If there are several, each has one: in JSON they are
 * members of an object, in TSV the line "# NAME" comes before, for people an
 * empty line between. What is printed by control_print() comes before all
 * tables.
 */
void control_table(struct control_request *request,
                   const char *name,
                   const struct table_column *columns,
                   size_t count);

/* A row of the table that was begun. */
void control_row(struct control_request *request,
                 const struct table_value *values);

/* A table of one row, see table_print_record(). */
void control_record(struct control_request *request,
                    const char *name,
                    const struct table_column *columns,
                    size_t count,
                    const struct table_value *values);

/*
 * Ends the request. error 0: the answer is ok; a message is added to it (where
 * JSON was asked for and nothing was printed, as {"message": ...}). Else -errno:
 * the answer is the message, or what errno says, and what was printed follows.
 * message may be NULL, and may have several lines.
 */
void control_end(struct control_request *request,
                 int error,
                 const char *message);

/* Ends it with an error and a message. */
__attribute__((format(printf, 2, 3))) void
control_fail(struct control_request *request, const char *format, ...);

#endif
