/* SPDX-License-Identifier: MIT */
#include "course.h"

#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "memory.h"
#include "mutant.h"
#include "play.h"

/* What the peer of a changed transcript reads at most: a number that was
   changed may ask for any number of bytes. */
#define BLIND_WINDOW ((size_t)262144)
/* The same where that takes a turn for each byte. */
#define TRICKLE_WINDOW ((size_t)4096)
#define COMPARED_MAX ((size_t)32)
/* Rounds of the same messages: this many, or this many bytes. */
#define ROUNDS_MAX ((size_t)512)
#define ROUNDS_BYTES ((size_t)131072)
#define ROUNDS_WINDOW ((size_t)67108864)
#define CONNECTIONS 16
#define FLOOD_PIECE ((size_t)65536)

/* --------------------------------------------------------- a run of a server */

/* Where it costs little, or where someone wants to know. */
static bool must_guard(const struct course *course, const struct manner *manner)
{
    return course->is_guarded || course->trial->options->only != NULL ||
           manner->kind == MANNER_WHOLE ||
           (manner->kind == MANNER_BYTES && !manner->is_tight &&
            manner->kernel == MANNER_TAKES_ALL);
}

static void begin(struct course *course,
                  struct play *play,
                  const struct transcript *transcript,
                  const struct manner *manner)
{
    *play = (struct play){
        .script = course->script,
        .transcript = transcript,
        .manner = manner,
        .board = course->board,
        .is_verbose = course->trial->options->is_verbose,
        .is_guarded = must_guard(course, manner),
        .is_byte_wise = manner->kind == MANNER_BYTES || manner->is_byte_wise,
        .most = SIZE_MAX,
        .end_at = SIZE_MAX,
    };
}

/* What is left is a leak only if it is left each time: libraries keep things
   that are made once. */
static void look_for_leaks(struct course *course)
{
    struct memory_count count = memory_count();

    course->has_leaked = count.blocks > 0;
    for (uint32_t i = 0; i < 32; i++) {
        count = memory_count_of(i);
        course->leaked[i] = count.bytes;
        course->leaked_blocks[i] = count.blocks;
    }
}

static void end(struct course *course, struct play *play)
{
    play_end(play);
    look_for_leaks(course);
}

static void must_begin(struct course *course, struct play *play)
{
    if (play_begin(play) < 0) {
        finding_end(course->board, FINDING_INIT, "init refuses: %s",
                    play->simulator.refusal);
    }
    if (play_connect(play) < 0) {
        finding_end(course->board, FINDING_CRASH, "no memory");
    }
}

/* ---------------------------------------------- held against the transcript */

static void run_strict(struct course *course, const struct manner *manner)
{
    struct play play;

    begin(course, &play, &course->script->transcript, manner);
    must_begin(course, &play);
    play_transcript(&play, true);
    end(course, &play);
}

/* ------------------------------------------------- held against each other */

struct outcome {
    char *bytes;
    size_t size;
    int why;
    bool is_closed;
};

static void take_outcome(struct outcome *outcome, struct play *play)
{
    struct bytes *received = &play->peer->received;

    *outcome = (struct outcome){
        .bytes = received->data,
        .size = received->size,
        .why = play->peer->why,
        .is_closed = play->peer->closes > 0,
    };
    *received = (struct bytes){.data = NULL};
}

static void
play_blind(struct course *course, struct play *play, struct outcome *outcome)
{
    play->most =
        play->manner->kernel == MANNER_TAKES_ONE || play->manner->is_tight
            ? TRICKLE_WINDOW
            : BLIND_WINDOW;
    must_begin(course, play);
    play_transcript(play, false);
    judge_check_memory("that sent no more than this");
    play_out(play);
    take_outcome(outcome, play);
    end(course, play);
}

static const char *name_end(const struct outcome *outcome)
{
    const char *name = outcome->why < 0 ? strerrorname_np(-outcome->why) : "0";

    return !outcome->is_closed ? "not at all" : name == NULL ? "?" : name;
}

static void compare(struct course *course,
                    const struct outcome *whole,
                    const struct outcome *pieces)
{
    size_t least = whole->size < pieces->size ? whole->size : pieces->size;
    size_t same = 0;

    while (same < least && whole->bytes[same] == pieces->bytes[same]) {
        same++;
    }
    if (!judge_minds(FINDING_MANNER)) {
        return;
    }
    if (same < whole->size || same < pieces->size) {
        finding_detail_bytes(course->board, "whole", whole->bytes, whole->size,
                             same);
        finding_detail_bytes(course->board, "bytewise", pieces->bytes,
                             pieces->size, same);
        finding_end(course->board, FINDING_MANNER,
                    "the answer depends on how the bytes arrive, whole or one "
                    "by one; they differ from byte %zu on",
                    same);
    }
    if (whole->is_closed != pieces->is_closed || whole->why != pieces->why) {
        finding_end(course->board, FINDING_MANNER,
                    "the end depends on how the bytes arrive: whole closed %s, "
                    "one by one closed %s",
                    name_end(whole), name_end(pieces));
    }
}

/* Byte by byte takes long: the ends of a long transcript are compared at some
   places. */
static bool must_compare(const struct course *course,
                         const struct manner *manner)
{
    size_t sent = course->script->transcript.sent;

    if (course->is_hasty) {
        return false;
    }
    return manner->kind != MANNER_END || course->trial->options->only != NULL ||
           manner->number % (1 + (sent / COMPARED_MAX)) == 0;
}

/* What the peer sends, with its end after so many bytes. */
static void play_to(struct course *course,
                    struct play *play,
                    const struct transcript *transcript,
                    const struct manner *manner,
                    struct outcome *outcome)
{
    begin(course, play, transcript, manner);
    if (manner->kind == MANNER_END) {
        play->end_at = manner->number;
    }
    if (!manner->is_byte_wise) {
        play->see = course->trial->options->see_step;
    }
    play_blind(course, play, outcome);
}

static void play_twice(struct course *course,
                       const struct transcript *transcript,
                       const struct manner *manner)
{
    const struct trial_options *options = course->trial->options;
    struct manner other = *manner;
    struct outcome whole;
    struct outcome pieces;
    struct play play;
    bool has_leaked;

    play_to(course, &play, transcript, manner, &whole);
    if (options->see_end != NULL) {
        options->see_end(whole.bytes, whole.size, whole.why);
    }
    if (!must_compare(course, manner)) {
        free(whole.bytes);
        return;
    }
    has_leaked = course->has_leaked;
    other.is_byte_wise = true;
    other.trigger =
        manner->trigger == SELECTOR_EDGE ? SELECTOR_LEVEL : SELECTOR_EDGE;
    play_to(course, &play, transcript, &other, &pieces);
    course->has_leaked |= has_leaked;
    compare(course, &whole, &pieces);
    free(whole.bytes);
    free(pieces.bytes);
}

static void run_alike(struct course *course, const struct manner *manner)
{
    play_twice(course, &course->script->transcript, manner);
}

static void run_mutant(struct course *course, const struct manner *manner)
{
    struct transcript mutant;

    if (mutant_make(&mutant, &course->script->transcript, manner,
                    course->trial->options->seed) < 0) {
        return;
    }
    play_twice(course, &mutant, manner);
    mutant_free(&mutant);
}

/* ---------------------------------------------- held against the contract */

/* Returns whether there was such an allocation. */
static bool fail_one(struct course *course, const struct manner *manner)
{
    struct play play;

    begin(course, &play, &course->script->transcript, manner);
    play.most = BLIND_WINDOW;
    (void)memory_fail_at(manner->number);
    if (play_begin(&play) == 0) {
        if (play_connect(&play) == 0) {
            play_transcript(&play, false);
            play_out(&play);
        }
        play_end(&play);
    }
    look_for_leaks(course);
    return memory_fail_at(0) >= manner->number;
}

static void run_alloc(struct course *course, const struct manner *manner)
{
    if (memory_is_known()) {
        course->tried = fail_one(course, manner) ? manner->number : 0;
    }
}

/* Memory after 1, 2, 4, 8... times. */
struct growth {
    size_t bytes[16];
    size_t blocks[16];
    size_t count;
};

static void note_growth(struct growth *growth, size_t times)
{
    struct memory_count count;

    if ((times & (times - 1)) != 0 || growth->count == 16) {
        return;
    }
    count = memory_count();
    growth->bytes[growth->count] = count.bytes;
    growth->blocks[growth->count] = count.blocks;
    growth->count++;
}

/* As often as the number of times doubled last, memory grew: that is no table
   that is filled once. Less than `least` may as well be an unfinished message. */
static void judge_growth(struct course *course,
                         const struct growth *growth,
                         size_t least,
                         const char *what)
{
    size_t last = growth->count - 1;
    size_t times;

    if (growth->count < 5 || growth->bytes[last] < least ||
        !judge_minds(FINDING_GROWTH)) {
        return;
    }
    for (size_t i = last - 3; i < last; i++) {
        if (growth->bytes[i + 1] <= growth->bytes[i]) {
            return;
        }
    }
    times = ((size_t)1 << last) - ((size_t)1 << (last - 3));
    finding_end(course->board, FINDING_GROWTH,
                "%s leaves memory behind, without a bound: %zu bytes after "
                "%zu, %zu bytes after %zu; about %zu each",
                what, growth->bytes[last - 3], (size_t)1 << (last - 3),
                growth->bytes[last], (size_t)1 << last,
                (growth->bytes[last] - growth->bytes[last - 3]) / times);
}

static bool is_over(const struct play *play)
{
    return play->peer->closes > 0 || play->peer->has_end || play->has_ended;
}

/* All that the peer sends, at once. */
static void send_all(struct play *play)
{
    for (size_t i = 0; i < play->transcript->count; i++) {
        const struct step *step = &play->transcript->steps[i];

        if (step->kind == STEP_SEND) {
            peer_send(play->peer, step->bytes, step->size);
        }
    }
    play->sent += play->transcript->sent;
    play_settle(play);
    play->peer->received.taken = play->peer->received.size = 0;
    if (play->peer->sent.taken == play->peer->sent.size) {
        play->peer->sent.taken = play->peer->sent.size = 0;
    }
}

static void run_repeat(struct course *course, const struct manner *manner)
{
    struct growth growth = {.count = 0};
    struct play play;

    begin(course, &play, &course->script->transcript, manner);
    play.most = ROUNDS_WINDOW;
    must_begin(course, &play);
    for (size_t round = 1; round <= ROUNDS_MAX && play.sent < ROUNDS_BYTES &&
                           play.transcript->sent > 0 && !is_over(&play);
         round++) {
        send_all(&play);
        if (!is_over(&play)) {
            note_growth(&growth, round);
        }
    }
    judge_growth(course, &growth, (size_t)course->script->limits.input,
                 "each round of messages");
    end(course, &play);
}

static void run_again(struct course *course, const struct manner *manner)
{
    struct growth growth = {.count = 0};
    struct play play;

    begin(course, &play, &course->script->transcript, manner);
    play.most = ROUNDS_WINDOW;
    must_begin(course, &play);
    for (size_t times = 1; times <= CONNECTIONS; times++) {
        play_transcript(&play, false);
        play_out(&play);
        note_growth(&growth, times);
        if (times < CONNECTIONS && play_connect(&play) < 0) {
            break;
        }
    }
    judge_growth(course, &growth, 0, "each connection that is over");
    end(course, &play);
}

static void flood(struct play *play, char byte, size_t size)
{
    static char piece[FLOOD_PIECE];
    struct bytes *sent = &play->peer->sent;

    memset(piece, byte, sizeof(piece));
    play->end_at = SIZE_MAX;
    for (size_t done = 0; done < size && !is_over(play);
         done += sizeof(piece)) {
        play_send(play, piece, sizeof(piece));
        judge_check_memory("whose peer sends without an end");
        if (sent->taken < sent->size) {
            return; /* the server does not read on */
        }
        sent->taken = sent->size = 0;
    }
}

static void run_flood(struct course *course, const struct manner *manner)
{
    const struct transcript *transcript = &course->script->transcript;
    size_t size = course->trial->options->memory_limit * 3 / 2;
    size_t left = manner->number;
    struct play play;

    begin(course, &play, transcript, manner);
    play.most = BLIND_WINDOW;
    must_begin(course, &play);
    play_settle(&play);
    for (size_t i = 0; i < transcript->count && left > 0; i++) {
        const struct step *step = &transcript->steps[i];

        if (step->kind == STEP_SEND) {
            size_t some = step->size < left ? step->size : left;

            play_send(&play, step->bytes, some);
            left -= some;
        }
    }
    flood(&play, manner_flood(manner->choice), size);
    end(course, &play);
}

/* ----------------------------------------------------------------- a manner */

static void tell_leak(struct course *course)
{
    size_t blocks = 0;
    size_t bytes = 0;

    if (!judge_minds(FINDING_LEAK)) {
        return;
    }
    for (uint32_t i = 0; i < 32; i++) {
        if (course->leaked_blocks[i] > 0) {
            blocks += course->leaked_blocks[i];
            bytes += course->leaked[i];
            finding_detail(course->board, "leaked",
                           "%zu bytes in %zu blocks, allocated in %s",
                           course->leaked[i], course->leaked_blocks[i],
                           crumb_callback_name(i));
        }
    }
    finding_end(course->board, FINDING_LEAK,
                "memory leaks: %zu bytes in %zu blocks are there when all "
                "connections are over and fini has returned. What on_open or "
                "on_data allocates, on_close frees",
                bytes, blocks);
}

typedef void run_fn(struct course *course, const struct manner *manner);

static run_fn *const runs[MANNER_KINDS] = {
    [MANNER_WHOLE] = run_strict,  [MANNER_BYTES] = run_strict,
    [MANNER_SPLIT] = run_strict,  [MANNER_ALIKE] = run_alike,
    [MANNER_END] = run_alike,     [MANNER_ZERO] = run_mutant,
    [MANNER_NUMBER] = run_mutant, [MANNER_RANDOM] = run_mutant,
    [MANNER_ALLOC] = run_alloc,   [MANNER_REPEAT] = run_repeat,
    [MANNER_AGAIN] = run_again,   [MANNER_FLOOD] = run_flood,
};

void course_run(struct course *course, const struct manner *manner)
{
    manner_name(manner, course->board->variant);
    course->has_leaked = false;
    runs[manner->kind](course, manner);
    if (course->has_leaked) {
        runs[manner->kind](course, manner);
    }
    if (course->has_leaked) {
        tell_leak(course);
    }
}

void course_warm_up(struct course *course, const struct manner *manner)
{
    const struct manner whole = {.kind = MANNER_WHOLE};
    struct play play;

    manner_name(manner, course->board->variant);
    begin(course, &play, &course->script->transcript, &whole);
    play.most = BLIND_WINDOW;
    must_begin(course, &play);
    play_transcript(&play, false);
    play_out(&play);
    end(course, &play);
}
