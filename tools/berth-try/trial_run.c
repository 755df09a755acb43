/* SPDX-License-Identifier: MIT */
/* Which manners a transcript is tried in. */
#include "trial.h"

#include "course.h"
#include "mutant.h"

/* Places at which a NUL is put, or the end, in a long transcript. */
#define PLACES_MAX ((size_t)256)
/* Cuts at which the kernel takes a byte at a time, too: that takes a turn of the
   loop for each byte of the answer. */
#define TRICKLES_MAX ((size_t)4)
#define ZEROS_MAX ((size_t)32)

/* Level- and edge-triggered, each with both kernels that move on, or with the
   one that takes all. */
static void
try_both(struct course *course, struct manner manner, bool has_trickle)
{
    for (int mode = 0; mode < (has_trickle ? 4 : 2); mode++) {
        manner.trigger = mode % 2 == 0 ? SELECTOR_LEVEL : SELECTOR_EDGE;
        manner.kernel = mode < 2 ? MANNER_TAKES_ALL : MANNER_TAKES_ONE;
        course_run(course, &manner);
    }
}

static bool has_window(const struct transcript *transcript)
{
    for (size_t i = 0; i < transcript->count; i++) {
        if (transcript->steps[i].kind == STEP_WINDOW) {
            return true;
        }
    }
    return false;
}

/* Besides, with a kernel that waits, and with a high mark of one byte; but not
   where the transcript says itself when the peer reads. */
static void try_pressure(struct course *course, struct manner manner)
{
    if (has_window(&course->script->transcript)) {
        return;
    }
    for (int mode = 0; mode < 8; mode++) {
        manner.trigger = mode % 2 == 0 ? SELECTOR_LEVEL : SELECTOR_EDGE;
        manner.kernel = mode < 4   ? MANNER_WAITS
                        : mode < 6 ? MANNER_TAKES_ONE
                                   : MANNER_TAKES_ALL;
        manner.is_tight = mode >= 2;
        course_run(course, &manner);
    }
}

static void try_strict(struct course *course)
{
    size_t sent = course->script->transcript.sent;

    try_both(course, (struct manner){.kind = MANNER_WHOLE}, true);
    for (size_t cut = 1; cut < sent; cut++) {
        try_both(course, (struct manner){.kind = MANNER_SPLIT, .number = cut},
                 cut % (1 + (sent / TRICKLES_MAX)) == 0);
    }
    try_both(course, (struct manner){.kind = MANNER_BYTES}, true);
    try_pressure(course, (struct manner){.kind = MANNER_WHOLE});
    try_pressure(course, (struct manner){.kind = MANNER_BYTES});
}

/* From `first` to `last`, at most so many of them. */
static void try_places(struct course *course,
                       enum manner_kind kind,
                       size_t first,
                       size_t last,
                       size_t most)
{
    size_t step = (last - first + most) / most;

    for (size_t place = first; place <= last; place += step) {
        struct manner manner = {.kind = kind, .number = place};

        course_run(course, &manner);
    }
}

static void try_changed(struct course *course)
{
    const struct transcript *transcript = &course->script->transcript;
    size_t numbers = mutant_count_numbers(transcript);

    try_places(course, MANNER_END, 0, transcript->sent, PLACES_MAX);
    if (transcript->sent == 0) {
        return;
    }
    try_places(course, MANNER_ZERO, 1, transcript->sent, ZEROS_MAX);
    for (size_t i = 0; i < numbers && i < ZEROS_MAX; i++) {
        for (size_t k = 0; manner_number(k) != NULL; k++) {
            struct manner manner = {
                .kind = MANNER_NUMBER, .number = i, .choice = k};

            course_run(course, &manner);
        }
    }
    for (size_t i = 0; i < course->trial->options->randoms; i++) {
        struct manner manner = {.kind = MANNER_RANDOM, .number = i};

        course_run(course, &manner);
    }
}

static void try_allocations(struct course *course, enum manner_kernel kernel)
{
    struct manner manner = {.kind = MANNER_ALLOC, .kernel = kernel};

    do {
        manner.number++;
        course_run(course, &manner);
    } while (course->tried == manner.number);
}

static void try_contract(struct course *course)
{
    const struct manner repeat = {.kind = MANNER_REPEAT};
    const struct manner again = {.kind = MANNER_AGAIN};
    size_t sent = course->script->transcript.sent;
    const size_t places[] = {0, sent / 2, sent == 0 ? 0 : sent - 1};

    try_allocations(course, MANNER_TAKES_ALL);
    try_allocations(course, MANNER_WAITS);
    course_run(course, &repeat);
    course_run(course, &again);
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; manner_flood(k) != '\0'; k++) {
            struct manner manner = {
                .kind = MANNER_FLOOD, .number = places[i], .choice = k};

            course_run(course, &manner);
        }
    }
}

void trial_run(const struct trial *trial)
{
    struct course course = {
        .trial = trial,
        .script = trial->script,
        .board = trial->board,
    };
    const struct manner *only = trial->options->only;
    const struct manner whole = {.kind = MANNER_WHOLE};

    if (only != NULL) {
        if (only->kind != MANNER_WHOLE) {
            course_warm_up(&course, only);
        }
        course_run(&course, only);
        return;
    }
    course_warm_up(&course, &whole);
    try_strict(&course);
    try_changed(&course);
    try_contract(&course);
}
