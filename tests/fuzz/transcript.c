/* SPDX-License-Identifier: MIT */
/*
 * Transcripts: any text is read or refused with its place; what a peer of the
 * echo protocol sees does not depend on how its bytes arrive, on how much a
 * write takes or on the trigger. The bytes are the file.
 */
#include "transcript.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "fuzz.h"
#include "plugin.h"
#include "simulator.h"

/* What is beyond these is not played: it takes long and finds nothing. */
#define STEPS_MAX 64
#define SENT_MAX 4096
#define WAIT_MAX_MS 86400000

/* How the peer's bytes arrive. */
struct manner {
    size_t piece; /* so many at a time */
    size_t write_most;
    enum selector_trigger trigger;
};

/* What the peer has seen when a step is done. */
struct sight {
    size_t received;
    uint64_t hash; /* of what was received */
    int closes, why;
    bool has_end, is_closed, is_closed_by_reset;
};

/* Those of server.yaml but one: a stall is noticed up to a quarter too late,
   and how late depends on the writes. */
static const struct limits limits = {
    .input = 65536,
    .output = 1048576,
    .idle_ms = 300000,
};

struct play {
    struct simulator simulator;
    struct peer *peer;
    const struct manner *manner;
};

/* FNV-1a */
static uint64_t hash_bytes(const struct bytes *bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < bytes->size; i++) {
        hash = (hash ^ (unsigned char)bytes->data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static struct sight look(const struct peer *peer)
{
    return (struct sight){
        .received = peer->received.size,
        .hash = hash_bytes(&peer->received),
        .closes = peer->closes,
        .why = peer->why,
        .has_end = peer->has_end,
        .is_closed = peer->is_closed,
        .is_closed_by_reset = peer->is_closed_by_reset,
    };
}

static bool is_same(const struct sight *a, const struct sight *b)
{
    return a->received == b->received && a->hash == b->hash &&
           a->closes == b->closes && a->why == b->why &&
           a->has_end == b->has_end && a->is_closed == b->is_closed &&
           a->is_closed_by_reset == b->is_closed_by_reset;
}

static void send_pieces(struct play *play, const struct step *step)
{
    size_t piece;

    for (size_t at = 0; at < step->size; at += piece) {
        piece = step->size - at;
        if (piece > play->manner->piece) {
            piece = play->manner->piece;
        }
        peer_send(play->peer, step->bytes + at, piece);
        simulator_run(&play->simulator);
    }
}

static void act(struct play *play, const struct step *step)
{
    switch (step->kind) {
    case STEP_SEND:
        send_pieces(play, step);
        break;
    case STEP_END:
        peer_finish(play->peer);
        break;
    case STEP_RESET:
        peer_reset(play->peer);
        break;
    case STEP_WAIT:
        if (step->number <= WAIT_MAX_MS) {
            simulator_wait(&play->simulator, step->number);
        }
        break;
    case STEP_STOP:
        driver_stop_all(&play->simulator.connections, (int)step->number);
        break;
    case STEP_WINDOW:
        play->peer->window = (size_t)step->number;
        break;
    default:
        break;
    }
    simulator_run(&play->simulator);
}

/* Plays it, and writes down what is seen after each step, or (is_check)
   compares with what was. */
static void play_in_manner(const struct transcript *transcript,
                           const struct plugin *plugin,
                           const struct manner *manner,
                           struct sight *sights,
                           bool is_check)
{
    struct play play = {.manner = manner};
    struct simulator_parts parts = {
        .protocol = &plugin->protocol,
        .limits = &limits,
        .trigger = manner->trigger,
    };

    FUZZ_REQUIRE(simulator_init(&play.simulator, &parts) == 0, "no simulator");
    play.peer = simulator_connect(&play.simulator);
    FUZZ_REQUIRE(play.peer != NULL, "no connection");
    play.peer->write_most = manner->write_most;
    simulator_run(&play.simulator);
    for (size_t i = 0; i < transcript->count; i++) {
        struct sight sight;

        act(&play, &transcript->steps[i]);
        sight = look(play.peer);
        FUZZ_REQUIRE(!is_check || is_same(&sight, &sights[i]),
                     "line %zu: pieces of %zu, writes of %zu, trigger %d: %zu "
                     "bytes, why %d; before: %zu bytes, why %d",
                     transcript->steps[i].line, manner->piece,
                     manner->write_most, manner->trigger, sight.received,
                     sight.why, sights[i].received, sights[i].why);
        sights[i] = sight;
    }
    simulator_fini(&play.simulator);
}

static void play_in_all_manners(const struct transcript *transcript,
                                const struct plugin *plugin)
{
    static const struct manner manners[] = {
        {SIZE_MAX, SIZE_MAX, SELECTOR_LEVEL},
        {SIZE_MAX, SIZE_MAX, SELECTOR_EDGE},
        {1, SIZE_MAX, SELECTOR_LEVEL},
        {1, SIZE_MAX, SELECTOR_EDGE},
        {SIZE_MAX, 1, SELECTOR_LEVEL},
        {SIZE_MAX, 1, SELECTOR_EDGE},
        {7, 3, SELECTOR_LEVEL},
        {7, 3, SELECTOR_EDGE},
    };
    struct sight sights[STEPS_MAX];

    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        play_in_manner(transcript, plugin, &manners[i], sights, i > 0);
    }
}

static const struct plugin *load_echo(void)
{
    static struct plugin *plugin;
    struct plugin_refusal refusal;

    if (plugin == NULL) {
        FUZZ_REQUIRE(plugin_load(FUZZ_ECHO, &plugin, &refusal) == 0, "%s: %s",
                     FUZZ_ECHO, refusal.text);
        fuzz_silence();
    }
    return plugin;
}

static void check_steps(const struct transcript *transcript)
{
    size_t sent = 0;

    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        FUZZ_REQUIRE(step->line > 0 && (i == 0 || step->line > step[-1].line),
                     "a step of line %zu", step->line);
        sent += step->kind == STEP_SEND ? step->size : 0;
    }
    FUZZ_REQUIRE(sent == transcript->sent, "%zu bytes are %zu", sent,
                 transcript->sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct plugin *plugin = load_echo();
    struct transcript transcript;
    int error;

    fuzz_file(data, size);
    error = transcript_read(&transcript, fuzz_path());
    if (error != 0) {
        FUZZ_REQUIRE(error == -EINVAL && transcript.steps == NULL, "result %d",
                     error);
        return 0;
    }
    check_steps(&transcript);
    if (transcript.count <= STEPS_MAX && transcript.sent <= SENT_MAX) {
        play_in_all_manners(&transcript, plugin);
    }
    transcript_fini(&transcript);
    return 0;
}
