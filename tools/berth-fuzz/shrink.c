/* SPDX-License-Identifier: MIT */
#include "shrink.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "berth-try/play.h"
#include "loop.h"

#define TRIES_MAX ((size_t)2000)
#define TIME_MAX_MS 20000
#define HANGS_MS 3000u

/* Of the process: where it writes what came. */
static struct hunt_board *record;

static void see_step(const struct play *play, size_t step)
{
    const struct bytes *received = &play->peer->received;
    size_t size =
        received->size < HUNT_SEEN_MAX ? received->size : HUNT_SEEN_MAX;

    if (step > FEED_STEPS_MAX) {
        return;
    }
    if (size > record->seen) {
        memcpy(record->bytes + record->seen, received->data + record->seen,
               size - record->seen);
        record->seen = size;
    }
    record->after[step] = size;
    record->steps = step + 1;
}

static void run_inside(const struct trial *trial)
{
    attempt_enter(trial);
    record->steps = 0;
    record->seen = 0;
    trial_run(trial);
}

/* Tries one. Returns 1, 0 and the board, or -errno. */
static int try_alone(const struct shrink *shrink,
                     const uint8_t *bytes,
                     size_t size,
                     struct finding_board **board)
{
    struct trial_options options = shrink->hunt->options->trial;
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    struct script script;
    struct feed input;
    int result = attempt == NULL ? -ENOMEM : feed_decode(&input, bytes, size);

    if (result < 0) {
        free(attempt);
        return result;
    }
    script = hunt_script(shrink->hunt, &input);
    record = shrink->hunt->board;
    options.only = &input.manner;
    options.see_step = see_step;
    options.is_verbose = false;
    attempt->trial.script = &script;
    attempt->trial.options = &options;
    attempt->trial.run = run_inside;
    attempt->hangs_ms = HANGS_MS;
    result = attempt_run(attempt);
    if (result == 0) {
        *board = attempt->trial.board;
    } else if (result > 0) {
        finding_board_free(attempt->trial.board);
    }
    feed_fini(&input);
    free(attempt);
    return result;
}

/* Calls are counted anew each time, sizes and places differ. */
static bool is_same(const struct finding_board *one,
                    const struct finding_board *other)
{
    const char *a = one->text;
    const char *b = other->text;

    while (*a != '\0' && *b != '\0') {
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (*a != *b) {
            return false;
        }
        a += *a != '\0';
        b += *b != '\0';
    }
    return one->rule == other->rule && *a == *b;
}

static void take_over(struct shrink *shrink, struct finding_board *board)
{
    finding_board_free(shrink->board);
    shrink->board = board;
}

int shrink_repeat(struct shrink *shrink)
{
    struct finding_board *board;
    int result = try_alone(shrink, shrink->input, shrink->size, &board);

    if (result == 0) {
        take_over(shrink, board);
        return 1;
    }
    return result < 0 ? result : 0;
}

/* ----------------------------------------------------------------- shrinking */

struct work {
    struct shrink *shrink;
    uint64_t end_ms;
    uint8_t input[FEED_MAX]; /* what is tried */
    size_t size;
};

static bool may_go_on(const struct work *work)
{
    return work->shrink->tries < TRIES_MAX &&
           loop_monotonic_ms(NULL) < work->end_ms && !hunt_is_interrupted;
}

/* Is the same found with what is tried? Then that is the input. */
static bool is_found(struct work *work)
{
    struct shrink *shrink = work->shrink;
    struct finding_board *board;

    shrink->tries++;
    if (try_alone(shrink, work->input, work->size, &board) != 0) {
        return false;
    }
    if (!is_same(board, shrink->board)) {
        finding_board_free(board);
        return false;
    }
    take_over(shrink, board);
    memcpy(shrink->input, work->input, work->size);
    shrink->size = work->size;
    return true;
}

/* Leaves out pieces of that size, wherever that can be. */
static void leave_out_pieces(struct work *work, size_t piece)
{
    struct shrink *shrink = work->shrink;
    size_t at = 0;

    while (at < shrink->size && may_go_on(work)) {
        size_t left = shrink->size - at;
        size_t some = piece < left ? piece : left;

        work->size = shrink->size - some;
        memcpy(work->input, shrink->input, at);
        memcpy(work->input + at, shrink->input + at + some, left - some);
        if (!is_found(work)) {
            at += some;
        }
    }
}

/* Leaves out bytes, large pieces first. Returns whether any could be. */
static bool leave_out(struct work *work)
{
    const struct shrink *shrink = work->shrink;
    size_t before = shrink->size;

    for (size_t piece = before; piece > 0; piece /= 2) {
        leave_out_pieces(work, piece);
    }
    return shrink->size < before;
}

/* Where any byte would do, it is one that can be read. */
static void make_readable(struct work *work)
{
    struct shrink *shrink = work->shrink;

    for (size_t i = 0; i < shrink->size && may_go_on(work); i++) {
        if (isalpha(shrink->input[i]) != 0) {
            continue;
        }
        work->size = shrink->size;
        memcpy(work->input, shrink->input, shrink->size);
        work->input[i] = 'a';
        (void)is_found(work);
    }
}

void shrink_run(struct shrink *shrink)
{
    struct work work = {
        .shrink = shrink,
        .end_ms = loop_monotonic_ms(NULL) + TIME_MAX_MS,
    };
    struct finding_board *board;

    while (leave_out(&work)) {
    }
    make_readable(&work);
    /* Once more, for what came. */
    if (try_alone(shrink, shrink->input, shrink->size, &board) == 0) {
        take_over(shrink, board);
    }
}
