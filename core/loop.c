/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <limits.h>
#include <time.h>

#include "attribute.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)

static uint64_t read_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / NS_PER_MS);
}

uint64_t loop_monotonic_ms(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_MONOTONIC);
}

uint64_t loop_monotonic_ns(void *arg)
{
    struct timespec now;

    (void)arg;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000 * NS_PER_MS) + (uint64_t)now.tv_nsec;
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
    loop->ready = 0;
    loop->real_ms = 0;
    loop->now_ms = clock(clock_arg);
    loop->is_busy = false;
    loop->clock = clock;
    loop->wall = loop_wall_ms;
    loop->clock_arg = clock_arg;
    loop->brief = loop_monotonic_ns;
    spin_init(&loop->spin, 0);
    loop->end = end;
    loop->end_arg = end_arg;
    timer_wheel_init(&loop->wheel, loop->now_ms);
    return 0;
}

void loop_close(struct loop *loop)
{
    selector_close(&loop->selector);
}

void loop_busy_poll(struct loop *loop, uint64_t us)
{
    spin_init(&loop->spin, us * NS_PER_US);
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

static int ask(struct loop *loop, int timeout_ms)
{
    return selector_wait(&loop->selector, loop->reports, LOOP_REPORTS,
                         timeout_ms);
}

/* The processor's other thread may go on meanwhile. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Asks until something is ready or spin_ns are over; never past a timer. */
static int ask_repeatedly(struct loop *loop,
                          int timeout_ms,
                          uint64_t now_ns,
                          uint64_t spin_ns)
{
    uint64_t end_ns = now_ns + spin_ns;
    int ready = ask(loop, 0);

    if (timeout_ms >= 0 && (uint64_t)timeout_ms * NS_PER_MS < spin_ns) {
        end_ns = now_ns + ((uint64_t)timeout_ms * NS_PER_MS);
    }
    while (ready == 0 && loop->brief(loop->clock_arg) < end_ns) {
        relax();
        ready = ask(loop, 0);
    }
    return ready;
}

/* The wait where busy_poll is on. One that does not wait is none: it only ends
   one that has begun. */
static COLD int wait_briefly(struct loop *loop, int timeout_ms)
{
    struct spin *spin = &loop->spin;
    const uint64_t now_ns = loop->brief(loop->clock_arg);
    const uint64_t spin_ns = timeout_ms == 0 ? 0 : spin_begin(spin, now_ns);
    const int ready = spin_ns == 0
                          ? ask(loop, timeout_ms)
                          : ask_repeatedly(loop, timeout_ms, now_ns, spin_ns);

    spin_end(spin, loop->brief(loop->clock_arg), ready > 0);
    return ready;
}

/* The turn, with what is ready. */
static void serve(struct loop *loop, int ready)
{
    loop->ready = ready;
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
    const int timeout_ms = choose_timeout(loop);
    int ready;

    loop->turn++;
    ready = spin_is_used(&loop->spin) ? wait_briefly(loop, timeout_ms)
                                      : ask(loop, timeout_ms);
    serve(loop, ready);
    return ready < 0 ? ready : 0;
}

void loop_turn_blind(struct loop *loop)
{
    loop->turn++;
    serve(loop, 0);
}
