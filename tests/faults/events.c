/* SPDX-License-Identifier: MIT */
/* Calls about waiting, and about other threads and processes. */
#include "shim.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

int epoll_create1(int flags)
{
    return plan_fails(CALL_epoll_create1) ? -1 : REAL(epoll_create1)(flags);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    return plan_fails(CALL_epoll_ctl)
               ? -1
               : REAL(epoll_ctl)(epoll, operation, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
    return plan_fails(CALL_epoll_wait)
               ? -1
               : REAL(epoll_wait)(epoll, events, most, timeout_ms);
}

int signalfd(int fd, const sigset_t *signals, int flags)
{
    return plan_fails(CALL_signalfd) ? -1 : REAL(signalfd)(fd, signals, flags);
}

int eventfd(unsigned start, int flags)
{
    return plan_fails(CALL_eventfd) ? -1 : REAL(eventfd)(start, flags);
}

int timerfd_create(clockid_t clock, int flags)
{
    return plan_fails(CALL_timerfd_create) ? -1
                                           : REAL(timerfd_create)(clock, flags);
}

int timerfd_settime(int fd,
                    int flags,
                    const struct itimerspec *due,
                    struct itimerspec *before)
{
    return plan_fails(CALL_timerfd_settime)
               ? -1
               : REAL(timerfd_settime)(fd, flags, due, before);
}

pid_t fork(void)
{
    return plan_fails(CALL_fork) ? -1 : REAL(fork)();
}

/* clone(2) is under it and under fork(); errors are returned. */
int pthread_create(pthread_t *thread,
                   const pthread_attr_t *attributes,
                   void *(*run)(void *),
                   void *arg)
{
    return plan_fails(CALL_pthread_create)
               ? errno
               : REAL(pthread_create)(thread, attributes, run, arg);
}
