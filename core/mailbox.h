/* SPDX-License-Identifier: MIT */
/*
 * A mailbox: how other threads reach a loop. Any thread sends letters, the
 * loop's thread delivers them, each exactly once.
 *
 * A turn delivers what is in the box when the box has its turn. What is sent
 * meanwhile, and whatever the loop's own thread sends in a turn, comes in the
 * next one: so a letter that sends a letter keeps nobody waiting, and nothing
 * is delivered inside of the call that sent it.
 *
 * The order in which letters were accepted is the order in which they are
 * delivered.
 */
#ifndef BERTH_MAILBOX_H
#define BERTH_MAILBOX_H

#include <stdbool.h>

#include "loop.h"

struct mailbox;

/* Embedded in what the sender wants to be delivered. From mailbox_send() until
   deliver is called it is the mailbox's; deliver may free it. */
struct letter {
    struct letter *next; /* the mailbox's */
    void (*deliver)(struct letter *letter);
};

/*
 * To be called on the thread that turns the loop. The loop is borrowed until
 * mailbox_close(). Returns 0 and a new *mailbox, or -errno.
 */
int mailbox_open(struct loop *loop, struct mailbox **mailbox);

/*
 * From any thread. Returns 0: the letter will be delivered. -ESHUTDOWN after
 * mailbox_shut(), or what eventfd(2) said: it was not accepted and stays the
 * sender's. The first letter of a batch wakes the loop, the others cost no
 * system call.
 */
int mailbox_send(struct mailbox *mailbox, struct letter *letter);

/* From any thread: is there anything that was not delivered yet? */
bool mailbox_is_empty(struct mailbox *mailbox);

/* On the loop's thread: from now on nothing is accepted. What was accepted is
   still delivered, by the loop's turns or by mailbox_deliver_rest(). */
void mailbox_shut(struct mailbox *mailbox);

/* On the loop's thread, after mailbox_shut(): delivers at once what is left. */
void mailbox_deliver_rest(struct mailbox *mailbox);

/*
 * On the loop's thread, between two turns: shuts it, delivers what is left, and
 * gives the descriptor back. The memory goes when nobody holds the mailbox any
 * more. NULL is fine.
 */
void mailbox_close(struct mailbox *mailbox);

/*
 * For a thread that may send after mailbox_close(): until it lets go, the
 * mailbox is there to say -ESHUTDOWN. Returns the mailbox.
 */
struct mailbox *mailbox_hold(struct mailbox *mailbox);
void mailbox_let_go(struct mailbox *mailbox);

#endif
