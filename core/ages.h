/* SPDX-License-Identifier: MIT */
/*
 * How old things are that have rising numbers, without a time in each: now and
 * then it is noted which number was given when. Notes become fewer the older
 * they are, so that an age is right to a sixteenth of it, or a second.
 */
#ifndef BERTH_AGES_H
#define BERTH_AGES_H

#include <stdint.h>

#define AGES_LEVELS 24 /* notes of each are twice as far apart */
#define AGES_NOTES 32  /* of a level */

struct ages_note {
    uint64_t number;
    uint64_t ms;
};

struct ages {
    uint64_t second; /* of the last note, and one */
    uint64_t counts[AGES_LEVELS];
    struct ages_note notes[AGES_LEVELS][AGES_NOTES]; /* rings */
};

/* The long way of ages_note(). */
void ages_take(struct ages *ages, uint64_t number, uint64_t now_ms);

/* The number is given now; numbers and times only rise. A zeroed struct has no
   notes. */
static inline void
ages_note(struct ages *ages, uint64_t number, uint64_t now_ms)
{
    if (now_ms / 1000 + 1 != ages->second) {
        ages_take(ages, number, now_ms);
    }
}

/* How many ms ago it was given, at most; 0 if nothing is known of it. */
uint64_t ages_find(const struct ages *ages, uint64_t number, uint64_t now_ms);

#endif
