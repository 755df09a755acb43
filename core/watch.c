/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "attribute.h"

/* Looks without a callback before the thread sleeps until there is one. */
#define QUIET_LOOKS 16

static uint64_t read_clock_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t read_clock_ms(void)
{
    return read_clock_ns() / 1000000;
}

void watch_init(struct watch *watch, uint64_t slow_ms, struct crumb *crumb)
{
    *watch = (struct watch){.slow_ms = slow_ms};
    watch->crumb = crumb == NULL ? &watch->own : crumb;
}

COLD void watch_begin_sample(struct watch *watch)
{
    watch->sampled_ns = read_clock_ns();
}

/* seen is stored last: who reads it finds the time that belongs to it. */
static void note(struct watch *watch, uint64_t sequence)
{
    if (atomic_load_explicit(&watch->seen, memory_order_relaxed) != sequence) {
        atomic_store_explicit(&watch->seen_ms, read_clock_ms(),
                              memory_order_relaxed);
        atomic_store_explicit(&watch->seen, sequence, memory_order_release);
    }
}

COLD uint64_t watch_measure(const struct watch *watch,
                            uint64_t sequence,
                            struct histogram *times)
{
    uint64_t took_ms;

    if (watch_is_sampled(sequence)) {
        histogram_add(times, read_clock_ns() - watch->sampled_ns);
    }
    if (atomic_load_explicit(&watch->seen, memory_order_relaxed) != sequence) {
        return 0;
    }
    atomic_thread_fence(memory_order_acquire); /* pairs with note() */
    took_ms = read_clock_ms() -
              atomic_load_explicit(&watch->seen_ms, memory_order_relaxed);
    return took_ms >= watch->slow_ms ? took_ms : 0;
}

COLD void watch_ring(struct watch *watch)
{
    atomic_store_explicit(&watch->is_asleep, false, memory_order_relaxed);
    (void)sem_post(&watch->bell);
}

/* Until the time has come or the bell rings. */
static void wait_ms(struct watch *watch, uint64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)sem_clockwait(&watch->bell, CLOCK_MONOTONIC, &until);
}

/* A turn that begins at the very moment may go unnoticed: to rule that out
   would cost the worker a memory fence. The next one rings. */
static void sleep_until_rung(struct watch *watch, uint64_t sequence)
{
    atomic_store(&watch->is_asleep, true);
    if (atomic_load(&watch->crumb->sequence) == sequence) {
        (void)sem_wait(&watch->bell);
    }
    atomic_store(&watch->is_asleep, false);
}

static void *look_on(void *arg)
{
    struct watch *watch = arg;
    uint64_t look_ms = (watch->slow_ms + WATCH_LOOKS - 1) / WATCH_LOOKS;
    uint64_t last = 0;
    int quiet = 0;

    while (!atomic_load(&watch->is_stopped)) {
        uint64_t sequence =
            atomic_load_explicit(&watch->crumb->sequence, memory_order_relaxed);

        if (sequence % 2 != 0) {
            note(watch, sequence);
        }
        quiet = sequence == last && sequence % 2 == 0 ? quiet + 1 : 0;
        last = sequence;
        if (quiet < QUIET_LOOKS) {
            wait_ms(watch, look_ms);
        } else {
            sleep_until_rung(watch, sequence);
            quiet = 0;
        }
    }
    return NULL;
}

/* Signals are for the worker's thread. */
static int start_thread(struct watch *watch)
{
    sigset_t all;
    sigset_t before;
    int error;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&watch->thread, NULL, look_on, watch);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

int watch_start(struct watch *watch)
{
    int error;

    if (watch->slow_ms == 0) {
        return 0;
    }
    if (sem_init(&watch->bell, 0, 0) < 0) {
        return -errno;
    }
    error = start_thread(watch);
    if (error < 0) {
        (void)sem_destroy(&watch->bell);
        return error;
    }
    (void)pthread_setname_np(watch->thread, "berth-watch");
    watch->is_started = true;
    return 0;
}

void watch_stop(struct watch *watch)
{
    if (!watch->is_started) {
        return;
    }
    atomic_store(&watch->is_stopped, true);
    (void)sem_post(&watch->bell);
    (void)pthread_join(watch->thread, NULL);
    (void)sem_destroy(&watch->bell);
    watch->is_started = false;
}
