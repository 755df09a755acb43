/* SPDX-License-Identifier: MIT */
#include "timer.h"

#define DIGIT_BITS 6u
#define DIGIT_MASK 63u

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
    wheel->now_ms = now_ms;
    wheel->next_ms = UINT64_MAX;
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        wheel->filled[level] = 0;
        for (unsigned slot = 0; slot < TIMER_SLOTS; slot++) {
            list_init(&wheel->slots[level][slot]);
        }
    }
}

void timer_init(struct timer *timer)
{
    list_init(&timer->link);
    timer->due_ms = 0;
}

static unsigned digit_of(uint64_t ms, unsigned level)
{
    return (unsigned)(ms >> (level * DIGIT_BITS)) & DIGIT_MASK;
}

/* due_ms is later than now, so that they differ in some digit. */
static void place_timer(struct timer_wheel *wheel, struct timer *timer)
{
    uint64_t differs = timer->due_ms ^ wheel->now_ms;
    unsigned highest = 63u - (unsigned)__builtin_clzll(differs);
    unsigned level = highest / DIGIT_BITS;
    unsigned slot = digit_of(timer->due_ms, level);
    uint64_t start_ms = timer->due_ms >> (level * DIGIT_BITS)
                                             << (level * DIGIT_BITS);

    wheel->filled[level] |= UINT64_C(1) << slot;
    if (start_ms < wheel->next_ms) {
        wheel->next_ms = start_ms;
    }
    list_append(&wheel->slots[level][slot], &timer->link);
}

void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t due_ms)
{
    if (due_ms <= wheel->now_ms) {
        due_ms = wheel->now_ms + 1;
    } else if (due_ms > wheel->now_ms + TIMER_MAX_MS) {
        due_ms = wheel->now_ms + TIMER_MAX_MS;
    }
    list_remove(&timer->link);
    timer->due_ms = due_ms;
    place_timer(wheel, timer);
}

void timer_cancel(struct timer *timer)
{
    list_remove(&timer->link);
    timer->due_ms = 0;
}

/* The first slot after now that may hold timers: notes when it begins. */
static unsigned find_next(struct timer_wheel *wheel)
{
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        unsigned now_slot = digit_of(wheel->now_ms, level);
        uint64_t later =
            wheel->filled[level] & ~((UINT64_C(2) << now_slot) - 1);
        unsigned above = (level + 1) * DIGIT_BITS;

        if (later != 0) {
            uint64_t slot = (uint64_t)__builtin_ctzll(later);

            wheel->next_ms = (wheel->now_ms >> above << above) |
                             (slot << (level * DIGIT_BITS));
            return level;
        }
    }
    wheel->next_ms = UINT64_MAX;
    return 0;
}

int64_t timer_wheel_next(const struct timer_wheel *wheel)
{
    if (wheel->next_ms == UINT64_MAX) {
        return -1;
    }
    return (int64_t)(wheel->next_ms - wheel->now_ms);
}

/* A slot whose time has come: its timers expire or move to lower levels. */
static void
open_slot(struct timer_wheel *wheel, unsigned level, struct list *expired)
{
    unsigned slot = digit_of(wheel->now_ms, level);
    struct list timers;

    wheel->filled[level] &= ~(UINT64_C(1) << slot);
    list_move(&wheel->slots[level][slot], &timers);
    while (!list_is_empty(&timers)) {
        struct timer *timer = CONTAINER_OF(timers.next, struct timer, link);

        list_remove(&timer->link);
        if (timer->due_ms <= wheel->now_ms) {
            list_append(expired, &timer->link);
        } else {
            place_timer(wheel, timer);
        }
    }
}

void timer_wheel_advance(struct timer_wheel *wheel,
                         uint64_t now_ms,
                         timer_expire_fn *expire,
                         void *arg)
{
    struct list expired;

    if (now_ms < wheel->next_ms) {
        if (now_ms > wheel->now_ms) {
            wheel->now_ms = now_ms;
        }
        return;
    }
    list_init(&expired);
    for (;;) {
        unsigned level = find_next(wheel);

        if (wheel->next_ms > now_ms) {
            break;
        }
        wheel->now_ms = wheel->next_ms;
        open_slot(wheel, level, &expired);
    }
    if (now_ms > wheel->now_ms) {
        wheel->now_ms = now_ms;
    }
    while (!list_is_empty(&expired)) {
        struct timer *timer = CONTAINER_OF(expired.next, struct timer, link);

        timer_cancel(timer);
        expire(timer, arg);
    }
}
