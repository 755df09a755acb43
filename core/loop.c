/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <limits.h>
#include <time.h>

static uint64_t read_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / 1000000);
}

uint64_t loop_monotonic_ms(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_MONOTONIC);
}

uint64_t loop_wall_ms(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_REALTIME);
}

uint64_t loop_real_ms(struct loop *loop)
{
    if (loop->real_ms == 0) {
        loop->real_ms = loop->wall(loop->clock_arg);
    }
    return loop->real_ms;
}

int loop_open(struct loop *loop,
              loop_clock_fn *clock,
              void *clock_arg,
              loop_end_fn *end,
              void *end_arg)
{
    int error = selector_open(&loop->selector);

    if (error < 0) {
        return error;
    }
    loop->turn = 0;
    loop->real_ms = 0;
    loop->now_ms = clock(clock_arg);
    loop->is_busy = false;
    loop->clock = clock;
    loop->wall = loop_wall_ms;
    loop->clock_arg = clock_arg;
    loop->end = end;
    loop->end_arg = end_arg;
    timer_wheel_init(&loop->wheel, loop->now_ms);
    return 0;
}

void loop_close(struct loop *loop)
{
    selector_close(&loop->selector);
}

void loop_set_timer(struct loop *loop, struct source *source, uint64_t ms)
{
    if (ms > TIMER_MAX_MS) {
        ms = TIMER_MAX_MS;
    }
    loop_set_due(loop, source, loop->now_ms + ms);
}

static void expire_timer(struct timer *timer, void *arg)
{
    struct source *source = CONTAINER_OF(timer, struct source, timer);

    (void)arg;
    source->ops->expired(source);
}

static int choose_timeout(const struct loop *loop)
{
    int64_t next_ms;

    if (loop->is_busy) {
        return 0;
    }
    next_ms = timer_wheel_next(&loop->wheel);
    return next_ms > INT_MAX ? INT_MAX : (int)next_ms;
}

/* The turn, with what is ready. */
static void serve(struct loop *loop, int ready)
{
    loop->real_ms = 0;
    loop->now_ms = loop->clock(loop->clock_arg);
    for (int i = 0; i < ready; i++) {
        struct source *source = loop->reports[i].data.ptr;

        source->ops->ready(source, loop->reports[i].events);
    }
    timer_wheel_advance(&loop->wheel, loop->now_ms, expire_timer, NULL);
    loop->is_busy = loop->end != NULL && loop->end(loop->end_arg);
}

int loop_turn(struct loop *loop)
{
    int ready;

    loop->turn++;
    ready = selector_wait(&loop->selector, loop->reports, LOOP_REPORTS,
                          choose_timeout(loop));
    serve(loop, ready);
    return ready < 0 ? ready : 0;
}

void loop_turn_blind(struct loop *loop)
{
    loop->turn++;
    serve(loop, 0);
}
