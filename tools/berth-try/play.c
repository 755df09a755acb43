/* SPDX-License-Identifier: MIT */
#include "play.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "memory.h"
#include "pages.h"
#include "pool.h"

/* A little longer than limits.idle by default, and than lingering. */
#define OUT_MS ((uint64_t)340000)

/* --------------------------------------------------------- the server turns */

static void run(struct play *play)
{
    const enum memory_side side = memory_enter(MEMORY_CORE);

    play->board->heartbeat++;
    simulator_run(&play->simulator);
    (void)memory_enter(side);
}

/* What comes of a job that has ended meanwhile is waited for, too. */
static void rest_without_gate(struct play *play)
{
    const enum memory_side side = memory_enter(MEMORY_CORE);

    simulator_settle(&play->simulator);
    (void)memory_enter(side);
}

/* Jobs run while the server rests, all of them; then it goes on. */
static void rest(struct play *play)
{
    run(play);
    if (!judge_has_gate()) {
        rest_without_gate(play);
        return;
    }
    while (pool_unfinished(play->simulator.pool) > 0) {
        judge_open_gate();
        while (pool_unfinished(play->simulator.pool) > 0) {
            (void)sched_yield();
        }
        judge_close_gate();
        run(play);
    }
}

/* A kernel that was closed takes all that waits, then is closed again. */
void play_settle(struct play *play)
{
    rest(play);
    if (play->manner->kernel == MANNER_WAITS && play->peer != NULL) {
        play->peer->write_most = SIZE_MAX;
        play->peer->reported = 0;
        rest(play);
        play->peer->write_most = 0;
    }
}

static void pass_time(struct play *play, uint64_t ms)
{
    const enum memory_side side = memory_enter(MEMORY_CORE);

    simulator_wait(&play->simulator, ms);
    (void)memory_enter(side);
}

/* ------------------------------------------------------------- what differs */

static void
differ_in_bytes(const struct play *play, const struct step *step, size_t left)
{
    const struct bytes *received = &play->peer->received;
    const char *got = left == 0 ? "" : received->data + received->taken;
    size_t same = 0;

    while (same < step->size && same < left && got[same] == step->bytes[same]) {
        same++;
    }
    finding_detail_bytes(play->board, "expected", step->bytes, step->size,
                         same);
    finding_detail_bytes(play->board, "got", got, left, same);
    finding_end(play->board, FINDING_DIFFERENCE,
                same == left ? "bytes are missing: %zu of %zu came"
                             : "other bytes came, from byte %zu of %zu on",
                same, step->size);
}

static void expect_bytes(struct play *play, const struct step *step)
{
    struct bytes *received = &play->peer->received;
    size_t left = received->size - received->taken;

    if (left < step->size || memcmp(received->data + received->taken,
                                    step->bytes, step->size) != 0) {
        differ_in_bytes(play, step, left);
    }
    received->taken += step->size;
}

static void expect_nothing(const struct play *play, const char *before)
{
    const struct bytes *received = &play->peer->received;
    size_t left = received->size - received->taken;

    if (left > 0) {
        finding_detail_bytes(play->board, "got",
                             received->data + received->taken, left, 0);
        finding_end(play->board, FINDING_DIFFERENCE,
                    "bytes came that are not expected before %s", before);
    }
}

static const char *name_why(int why)
{
    const char *name = why < 0 ? strerrorname_np(-why) : NULL;

    if (name != NULL) {
        return name;
    }
    return why == BERTH_STOPPED ? "STOPPED" : "0";
}

static void expect_closed(const struct play *play, const struct step *step)
{
    const struct peer *peer = play->peer;

    if (peer->closes != 1) {
        finding_end(play->board, FINDING_DIFFERENCE,
                    "the connection is not closed");
    }
    if (peer->why != step->why) {
        finding_detail(play->board, "expected", "closed %s",
                       name_why(step->why));
        finding_detail(play->board, "got", "closed %s", name_why(peer->why));
        finding_end(play->board, FINDING_DIFFERENCE,
                    "the connection is closed for another reason");
    }
}

static void expect_state(const struct play *play, const struct step *step)
{
    const struct peer *peer = play->peer;

    if (step->kind == STEP_CLOSED) {
        expect_closed(play, step);
    } else if (step->kind == STEP_EOF) {
        if (!peer->has_end || peer->is_closed_by_reset) {
            finding_end(play->board, FINDING_DIFFERENCE,
                        "the peer does not read the end of the stream");
        }
    } else if (peer->has_end || peer->closes != 0) {
        finding_detail(play->board, "got", "closed %s", name_why(peer->why));
        finding_end(play->board, FINDING_DIFFERENCE,
                    "the connection has ended");
    }
}

/* ------------------------------------------------------------- what is done */

/* How much of the next `left` bytes is sent at once. */
static size_t next_piece(const struct play *play, size_t left)
{
    const struct manner *manner = play->manner;

    if (play->is_byte_wise) {
        return left < 1 ? left : 1;
    }
    if (manner->kind == MANNER_SPLIT && manner->number > play->sent &&
        manner->number < play->sent + left) {
        return manner->number - play->sent;
    }
    return left;
}

static void finish(struct play *play)
{
    if (!play->has_ended) {
        play->has_ended = true;
        peer_finish(play->peer);
    }
}

/* Whole, the end comes with the last bytes. */
static void finish_in_time(struct play *play)
{
    if (play->sent < play->end_at) {
        return;
    }
    if (play->is_byte_wise) {
        play_settle(play);
    }
    finish(play);
}

void play_send(struct play *play, const char *bytes, size_t size)
{
    while (size > 0 && !play->has_ended) {
        size_t most = play->end_at - play->sent;
        size_t piece = next_piece(play, size < most ? size : most);

        if (piece > 0) {
            peer_send(play->peer, bytes, piece);
        }
        play->sent += piece;
        bytes += piece;
        size -= piece;
        finish_in_time(play);
        play_settle(play);
    }
}

static void act(struct play *play, const struct step *step)
{
    struct simulator *simulator = &play->simulator;

    switch (step->kind) {
    case STEP_SEND:
        play_send(play, step->bytes, step->size);
        return;
    case STEP_END:
        finish(play);
        break;
    case STEP_RESET:
        play->has_ended = true;
        peer_reset(play->peer);
        break;
    case STEP_WAIT:
        pass_time(play, step->number);
        break;
    case STEP_STOP:
        driver_stop_all(&simulator->connections, (int)step->number);
        break;
    case STEP_WINDOW:
        play->peer->window =
            step->number < play->most ? (size_t)step->number : play->most;
        play->peer->reported = 0;
        break;
    default:
        break;
    }
    play_settle(play);
}

static bool is_act(const struct step *step)
{
    return step->kind != STEP_EXPECT && step->kind != STEP_EOF &&
           step->kind != STEP_OPEN && step->kind != STEP_CLOSED;
}

static void expect(struct play *play, const struct step *step)
{
    if (step->kind == STEP_EXPECT) {
        expect_bytes(play, step);
    } else {
        expect_state(play, step);
    }
}

/* What came and was not expected by the time of an act is a difference. */
static void check_step(const struct play *play, size_t index)
{
    const struct step *step = &play->transcript->steps[index];

    if (is_act(step) && index > 0 && !is_act(step - 1)) {
        expect_nothing(play, "this line");
    }
}

static void see(const struct play *play, size_t step)
{
    if (play->see != NULL) {
        play->see(play, step);
    }
}

void play_transcript(struct play *play, bool is_strict)
{
    const struct transcript *transcript = play->transcript;

    play_settle(play);
    see(play, 0);
    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        play->board->line = step->line;
        if (step->kind == STEP_CUT) {
            return;
        }
        if (is_strict) {
            check_step(play, i);
        }
        if (is_act(step)) {
            act(play, step);
        } else if (is_strict) {
            expect(play, step);
        }
        see(play, i + 1);
    }
    if (is_strict) {
        expect_nothing(play, "the end");
    }
    play->board->line = 0;
}

void play_out(struct play *play)
{
    finish(play);
    play_settle(play);
    if (play->peer->closes == 0) {
        pass_time(play, OUT_MS);
        play_settle(play);
    }
}

/* --------------------------------------------------------- begin and end */

/* The high mark of each entry, but not what is kept. */
static void tighten(struct simulator *simulator)
{
    for (size_t i = 0; i < simulator->entry_count; i++) {
        simulator->entries[i].high_mark = 1;
        simulator->entries[i].low_mark = 0;
    }
}

/* Those of server.yaml besides, to be switched to. */
static int add_others(struct play *play)
{
    const struct subject *subject = play->script->subject;
    const struct config *config = subject->config;
    size_t count = config == NULL ? 0 : config->entry_count;
    size_t used = 1;

    for (size_t i = 0; i < count && used < SIMULATOR_ENTRIES_MAX; i++) {
        const struct config_entry *entry = &config->entries[i];
        struct judge_protocol *protocol = &play->protocols[used];
        const struct simulator_parts parts = {
            .protocol = &protocol->seen,
            .name = entry->name,
            .settings = entry->settings,
            .counter_count = entry->plugin->counter_count,
        };
        int error;

        if (entry == subject->entry) {
            continue;
        }
        judge_wrap(protocol, &entry->plugin->protocol);
        used++;
        error = simulator_add_entry(&play->simulator, &parts);
        if (error < 0) {
            return error;
        }
    }
    return 0;
}

/* What one run's connections lay in, the next one's do. */
static struct slab_store *get_store(void)
{
    static struct slab_store store;

    if (store.blocks.next == NULL) {
        slab_store_init(&store);
    }
    return &store;
}

int play_begin(struct play *play)
{
    const struct script *script = play->script;
    const struct subject *subject = script->subject;
    const struct simulator_parts parts = {
        .protocol = &play->protocols[0].seen,
        .name = subject->entry == NULL ? NULL : subject->entry->name,
        .settings = script->settings,
        .counter_count = subject->plugin->counter_count,
        .limits = &script->limits,
        .trigger = play->manner->trigger,
        .log_level = play->is_verbose ? LOG_DEBUG : LOG_ERROR,
        .log_path = play->is_verbose ? NULL : "/dev/null",
        .threads = 1,
        .wall_ms = script->transcript.time_ms,
        .adapt = judge_adapt,
        .reallocate = memory_reallocate,
        .store = get_store(),
    };
    int error;

    play->peer = NULL;
    play->sent = 0;
    play->has_ended = false;
    memory_begin();
    pages_guard(play->is_guarded);
    judge_begin_run();
    judge_wrap(&play->protocols[0], &subject->plugin->protocol);
    error = simulator_init(&play->simulator, &parts);
    if (error == 0) {
        error = add_others(play);
    }
    if (error < 0) {
        simulator_fini(&play->simulator);
        judge_end_run();
        return error;
    }
    if (play->manner->is_tight) {
        tighten(&play->simulator);
    }
    play->board->runs++;
    return 0;
}

int play_connect(struct play *play)
{
    const enum memory_side side = memory_enter(MEMORY_CORE);
    struct peer *peer = simulator_prepare(&play->simulator);

    play->peer = peer;
    play->sent = 0;
    play->has_ended = false;
    if (peer != NULL) {
        peer->window = play->most;
        peer->write_most = play->manner->kernel == MANNER_TAKES_ONE ? 1
                           : play->manner->kernel == MANNER_WAITS   ? 0
                                                                    : SIZE_MAX;
        simulator_open(peer);
    }
    (void)memory_enter(side);
    return peer == NULL ? -ENOMEM : 0;
}

/* From here on jobs run as they come: whoever submits one still does so while
   all ends. */
void play_end(struct play *play)
{
    const enum memory_side side = memory_enter(MEMORY_CORE);

    play->peer = NULL;
    driver_kill_all(&play->simulator.connections);
    rest(play);
    simulator_fini(&play->simulator);
    (void)memory_enter(side);
    judge_end_run();
}
