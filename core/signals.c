/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "list.h"

static void fill_set(sigset_t *set, const int *numbers)
{
    (void)sigemptyset(set);
    for (; *numbers != 0; numbers++) {
        (void)sigaddset(set, *numbers);
    }
}

void signals_block(const int *numbers)
{
    sigset_t set;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    fill_set(&set, numbers);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static void read_signals(struct source *source, uint32_t events)
{
    struct signals *signals = CONTAINER_OF(source, struct signals, source);
    struct signalfd_siginfo info;

    (void)events;
    while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        signals->handler(signals->owner, info.ssi_signo);
    }
}

static const struct source_ops signals_ops = {.ready = read_signals};

int signals_open(struct signals *signals,
                 struct loop *loop,
                 const int *numbers,
                 signals_fn *handler,
                 void *owner)
{
    sigset_t set;
    int error;

    fill_set(&set, numbers);
    *signals = (struct signals){
        .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
        .handler = handler,
        .owner = owner,
    };
    if (signals->fd < 0) {
        return -errno;
    }
    source_init(&signals->source, &signals_ops);
    error = selector_register(&loop->selector, signals->fd, SELECTOR_READ,
                              SELECTOR_LEVEL, &signals->source);
    if (error < 0) {
        signals_close(signals);
    }
    return error;
}

void signals_close(struct signals *signals)
{
    if (signals->fd >= 0) {
        (void)close(signals->fd);
        signals->fd = -1;
    }
}
