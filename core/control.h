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

#include "address.h"
#include "control_request.h"
#include "log.h"
#include "loop.h"

/* So many clients are served at once; the others wait. */
#define CONTROL_CLIENTS_MAX 16

struct control;

/*
 * Binds (mode 0600 from the first moment; see socket_open()) and begins to
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

#endif
