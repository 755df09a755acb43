/* SPDX-License-Identifier: MIT */
#include "selector.h"

#include <errno.h>
#include <unistd.h>

int selector_open(struct selector *selector)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    selector->fd = fd;
    return 0;
}

void selector_close(struct selector *selector)
{
    (void)close(selector->fd);
    selector->fd = -1;
}

static int control(const struct selector *selector,
                   int operation,
                   int fd,
                   struct epoll_event *event)
{
    return epoll_ctl(selector->fd, operation, fd, event) < 0 ? -errno : 0;
}

static struct epoll_event
make_event(uint32_t events, enum selector_trigger trigger, void *tag)
{
    return (struct epoll_event){
        .events = events | (trigger == SELECTOR_EDGE ? (uint32_t)EPOLLET : 0),
        .data.ptr = tag,
    };
}

int selector_register(const struct selector *selector,
                      int fd,
                      uint32_t events,
                      enum selector_trigger trigger,
                      void *tag)
{
    struct epoll_event event = make_event(events, trigger, tag);

    return control(selector, EPOLL_CTL_ADD, fd, &event);
}

int selector_modify(const struct selector *selector,
                    int fd,
                    uint32_t events,
                    enum selector_trigger trigger,
                    void *tag)
{
    struct epoll_event event = make_event(events, trigger, tag);

    return control(selector, EPOLL_CTL_MOD, fd, &event);
}

int selector_unregister(const struct selector *selector, int fd)
{
    return control(selector, EPOLL_CTL_DEL, fd, NULL);
}

int selector_wait(const struct selector *selector,
                  struct epoll_event *reports,
                  int count,
                  int timeout_ms)
{
    int ready = epoll_wait(selector->fd, reports, count, timeout_ms);

    if (ready < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    return ready;
}
