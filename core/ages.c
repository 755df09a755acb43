/* SPDX-License-Identifier: MIT */
#include "ages.h"

#include <stddef.h>

static const struct ages_note *
note_of(const struct ages *ages, size_t level, uint64_t index)
{
    return &ages->notes[level][index % AGES_NOTES];
}

/* A level has a note for each of its steps, of so many seconds. */
void ages_take(struct ages *ages, uint64_t number, uint64_t now_ms)
{
    const uint64_t second = now_ms / 1000 + 1;

    for (size_t level = 0; level < AGES_LEVELS; level++) {
        if (ages->counts[level] > 0 &&
            second >> level == ages->second >> level) {
            break; /* so it is in those above */
        }
        ages->notes[level][ages->counts[level]++ % AGES_NOTES] =
            (struct ages_note){number, now_ms};
    }
    ages->second = second;
}

/* The last note of the level that is not behind the number; NULL: all are. */
static const struct ages_note *
find_note(const struct ages *ages, size_t level, uint64_t number)
{
    const uint64_t count = ages->counts[level];
    const uint64_t oldest = count > AGES_NOTES ? count - AGES_NOTES : 0;

    for (uint64_t i = count; i > oldest; i--) {
        const struct ages_note *note = note_of(ages, level, i - 1);

        if (note->number <= number) {
            return note;
        }
    }
    return NULL;
}

uint64_t ages_find(const struct ages *ages, uint64_t number, uint64_t now_ms)
{
    for (size_t level = 0; level < AGES_LEVELS; level++) {
        const struct ages_note *note = find_note(ages, level, number);

        if (note != NULL) {
            return now_ms - note->ms;
        }
    }
    return 0;
}
