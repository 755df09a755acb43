/* SPDX-License-Identifier: MIT */
#include "mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    struct source source;
    struct loop *loop;
    pthread_t thread; /* the loop's */
    int fd;           /* an eventfd: readable exactly while letters wait */
    atomic_size_t holds;
    pthread_mutex_t lock; /* guards all that follows */
    bool is_shut;
    struct letter *first;
    struct letter **last; /* where the next one is appended */
    /* In the turn fresh_turn, what is appended at *fresh and after it has to
       wait for the next turn. */
    struct letter **fresh;
    uint64_t fresh_turn;
};

static bool is_own_thread(const struct mailbox *mailbox)
{
    return pthread_equal(pthread_self(), mailbox->thread) != 0;
}

/* ----------------------------------------------------------------- sending */

static void append(struct mailbox *mailbox, struct letter *letter)
{
    if (is_own_thread(mailbox) && mailbox->fresh_turn != mailbox->loop->turn) {
        mailbox->fresh_turn = mailbox->loop->turn;
        mailbox->fresh = mailbox->last;
    }
    letter->next = NULL;
    *mailbox->last = letter;
    mailbox->last = &letter->next;
}

/* Writing while the lock is held costs a call under it, once for each batch;
   in return no descriptor is written to that was closed meanwhile. */
static int accept_letter(struct mailbox *mailbox, struct letter *letter)
{
    if (mailbox->is_shut) {
        return -ESHUTDOWN;
    }
    if (mailbox->first == NULL && eventfd_write(mailbox->fd, 1) < 0) {
        return -errno;
    }
    append(mailbox, letter);
    return 0;
}

int mailbox_send(struct mailbox *mailbox, struct letter *letter)
{
    int error;

    (void)pthread_mutex_lock(&mailbox->lock);
    error = accept_letter(mailbox, letter);
    (void)pthread_mutex_unlock(&mailbox->lock);
    return error;
}

/* -------------------------------------------------------------- delivering */

bool mailbox_is_empty(struct mailbox *mailbox)
{
    bool is_empty;

    (void)pthread_mutex_lock(&mailbox->lock);
    is_empty = mailbox->first == NULL;
    (void)pthread_mutex_unlock(&mailbox->lock);
    return is_empty;
}

/* Takes out the letters before *end. */
static struct letter *take_until(struct mailbox *mailbox, struct letter **end)
{
    struct letter *rest = *end;
    struct letter *taken;
    eventfd_t count;

    *end = NULL;
    taken = mailbox->first;
    mailbox->first = rest;
    mailbox->fresh = &mailbox->first;
    if (rest == NULL) {
        mailbox->last = &mailbox->first;
    }
    if (rest == NULL && taken != NULL) {
        (void)eventfd_read(mailbox->fd, &count);
    }
    return taken;
}

static struct letter *take_all(struct mailbox *mailbox)
{
    struct letter *taken;

    (void)pthread_mutex_lock(&mailbox->lock);
    taken = take_until(mailbox, mailbox->last);
    (void)pthread_mutex_unlock(&mailbox->lock);
    return taken;
}

static struct letter *take_due(struct mailbox *mailbox)
{
    struct letter *taken;
    bool has_fresh;

    (void)pthread_mutex_lock(&mailbox->lock);
    has_fresh = mailbox->fresh_turn == mailbox->loop->turn;
    taken = take_until(mailbox, has_fresh ? mailbox->fresh : mailbox->last);
    (void)pthread_mutex_unlock(&mailbox->lock);
    return taken;
}

static void deliver_each(struct letter *letter)
{
    while (letter != NULL) {
        struct letter *next = letter->next;

        letter->deliver(letter);
        letter = next;
    }
}

static void deliver_due(struct source *source, uint32_t events)
{
    (void)events;
    deliver_each(take_due(CONTAINER_OF(source, struct mailbox, source)));
}

void mailbox_deliver_rest(struct mailbox *mailbox)
{
    deliver_each(take_all(mailbox));
}

/* -------------------------------------------------------- opening, closing */

static const struct source_ops mailbox_ops = {.ready = deliver_due};

static void init(struct mailbox *mailbox, struct loop *loop, int fd)
{
    source_init(&mailbox->source, &mailbox_ops);
    mailbox->loop = loop;
    mailbox->thread = pthread_self();
    mailbox->fd = fd;
    atomic_init(&mailbox->holds, 1);
    mailbox->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    mailbox->is_shut = false;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    mailbox->fresh = &mailbox->first;
    mailbox->fresh_turn = loop->turn;
}

int mailbox_open(struct loop *loop, struct mailbox **mailbox)
{
    struct mailbox *made = malloc(sizeof(*made));
    int error;
    int fd;

    if (made == NULL) {
        return -ENOMEM;
    }
    fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        error = -errno;
        goto eventfd_failed;
    }
    init(made, loop, fd);
    error = selector_register(&loop->selector, fd, SELECTOR_READ,
                              SELECTOR_LEVEL, &made->source);
    if (error < 0) {
        goto register_failed;
    }
    *mailbox = made;
    return 0;

register_failed:
    (void)close(fd);
eventfd_failed:
    free(made);
    return error;
}

void mailbox_shut(struct mailbox *mailbox)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    mailbox->is_shut = true;
    (void)pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_close(struct mailbox *mailbox)
{
    if (mailbox == NULL) {
        return;
    }
    mailbox_shut(mailbox);
    mailbox_deliver_rest(mailbox);
    (void)close(mailbox->fd);
    mailbox_let_go(mailbox);
}

struct mailbox *mailbox_hold(struct mailbox *mailbox)
{
    (void)atomic_fetch_add(&mailbox->holds, 1);
    return mailbox;
}

/* Counted apart from the lock: whoever lets go last must be the only one that
   could still be inside of an unlock. */
void mailbox_let_go(struct mailbox *mailbox)
{
    if (atomic_fetch_sub(&mailbox->holds, 1) == 1) {
        (void)pthread_mutex_destroy(&mailbox->lock);
        free(mailbox);
    }
}
