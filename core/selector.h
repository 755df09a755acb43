/* SPDX-License-Identifier: MIT */
/*
 * The selector: which of many file descriptors are ready? A thin layer over
 * epoll(7): mechanism only, the loop decides what to do.
 *
 * Level-triggered: reported for as long as it is ready. Edge-triggered:
 * reported once when it becomes ready; the owner reads or writes until EAGAIN
 * (or knows otherwise that nothing is left) before it can expect a report.
 */
#ifndef BERTH_SELECTOR_H
#define BERTH_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* Interests and reports, or-ed. ERROR and HANGUP are always reported. */
enum selector_event {
    SELECTOR_READ = EPOLLIN,
    SELECTOR_WRITE = EPOLLOUT,
    SELECTOR_URGENT = EPOLLPRI,          /* TCP urgent data arrived */
    SELECTOR_PEER_END = EPOLLRDHUP,      /* the peer finished sending */
    SELECTOR_ERROR = EPOLLERR,           /* broken: see SO_ERROR */
    SELECTOR_HANGUP = EPOLLHUP,          /* both directions have ended */
    SELECTOR_EXCLUSIVE = EPOLLEXCLUSIVE, /* of the processes that watch it one
                                            is woken; never modified after */
};

enum selector_trigger {
    SELECTOR_LEVEL = 0,
    SELECTOR_EDGE = 1
};

struct selector {
    int fd;
};

/* 0 or -errno of epoll_create1(2). */
int selector_open(struct selector *selector);
void selector_close(struct selector *selector);

/*
 * Begins to watch fd; tag comes back with each report. Returns 0 or -errno of
 * epoll_ctl(2): -ENOMEM, -ENOSPC (fs.epoll.max_user_watches).
 */
int selector_register(const struct selector *selector,
                      int fd,
                      uint32_t events,
                      enum selector_trigger trigger,
                      void *tag);

/* Changes what is watched; 0 keeps only errors and hang-ups. */
int selector_modify(const struct selector *selector,
                    int fd,
                    uint32_t events,
                    enum selector_trigger trigger,
                    void *tag);

/* close(2) does this too, where no other descriptor shares the file. */
int selector_unregister(const struct selector *selector, int fd);

/*
 * Waits up to timeout_ms (-1: for ever) and fills reports[0..count). Returns
 * how many, 0 also when a signal came, or -errno.
 */
int selector_wait(const struct selector *selector,
                  struct epoll_event *reports,
                  int count,
                  int timeout_ms);

#endif
