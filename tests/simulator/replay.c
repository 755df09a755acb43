/* SPDX-License-Identifier: MIT */
/*
 * replay PLUGIN.so TRANSCRIPT...: replays each transcript against the plugin,
 * with what the peer sends arriving whole, byte by byte, and cut in two at
 * every place; with a kernel that takes all, and one that takes a byte at a
 * time; level- and edge-triggered. Jobs end before the peer goes on. Prints
 * TAP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "document.h"
#include "driver.h"
#include "error.h"
#include "plugin.h"
#include "settings.h"
#include "simulator.h"
#include "transcript.h"

/* How the peer's bytes arrive. */
struct manner {
    size_t cut;        /* a piece ends after so many bytes; 0: nowhere */
    bool is_byte_wise; /* each byte is a piece */
    bool is_trickling; /* each write takes one byte */
    enum selector_trigger trigger;
};

struct replay {
    const struct transcript *transcript;
    const struct manner *manner;
    const char *path;
    struct simulator simulator;
    struct peer *peer;
    size_t sent;
};

static void print_bytes(const char *name, const char *bytes, size_t size)
{
    (void)printf("#   %s \"", name);
    for (size_t i = 0; i < size && i < 200; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (byte == '\n') {
            (void)printf("\\n");
        } else if (byte == '\r') {
            (void)printf("\\r");
        } else if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\') {
            (void)printf("\\x%02x", byte);
        } else {
            (void)putchar(byte);
        }
    }
    (void)printf("\"%s\n", size > 200 ? "..." : "");
}

static int differ(const struct replay *replay, size_t line, const char *what)
{
    const struct manner *manner = replay->manner;

    (void)printf("# %s:%zu: %s\n", replay->path, line, what);
    (void)printf("#   %s, %s%s",
                 manner->trigger == SELECTOR_EDGE ? "edge" : "level",
                 manner->is_byte_wise ? "byte by byte" : "",
                 manner->is_trickling ? ", sent byte by byte" : "");
    if (manner->cut > 0) {
        (void)printf("cut after byte %zu", manner->cut);
    }
    (void)printf("\n");
    return -1;
}

/* Sends a step in the pieces that the manner asks for. */
static void send_pieces(struct replay *replay, const struct step *step)
{
    const struct manner *manner = replay->manner;
    size_t at = 0;

    while (at < step->size) {
        size_t piece = step->size - at;

        if (manner->is_byte_wise) {
            piece = 1;
        } else if (manner->cut > replay->sent &&
                   manner->cut < replay->sent + piece) {
            piece = manner->cut - replay->sent;
        }
        peer_send(replay->peer, step->bytes + at, piece);
        simulator_settle(&replay->simulator);
        at += piece;
        replay->sent += piece;
    }
}

static int expect_bytes(struct replay *replay, const struct step *step)
{
    struct bytes *received = &replay->peer->received;
    size_t left = received->size - received->taken;

    if (left < step->size || memcmp(received->data + received->taken,
                                    step->bytes, step->size) != 0) {
        (void)differ(replay, step->line, "other bytes came");
        print_bytes("expected", step->bytes, step->size);
        print_bytes("got     ",
                    left == 0 ? "" : received->data + received->taken, left);
        return -1;
    }
    received->taken += step->size;
    return 0;
}

static int expect_nothing(const struct replay *replay, size_t line)
{
    const struct bytes *received = &replay->peer->received;

    if (received->size == received->taken) {
        return 0;
    }
    (void)differ(replay, line, "bytes came that were not expected before this");
    print_bytes("got     ", received->data + received->taken,
                received->size - received->taken);
    return -1;
}

static int expect_closed(const struct replay *replay, const struct step *step)
{
    const struct peer *peer = replay->peer;

    if (peer->closes != 1) {
        return differ(replay, step->line, "the connection is not closed");
    }
    if (peer->why != step->why) {
        (void)printf("#   expected why %d, got %d\n", step->why,
                     replay->peer->why);
        return differ(replay, step->line, "closed for another reason");
    }
    return 0;
}

static int expect_state(const struct replay *replay, const struct step *step)
{
    const struct peer *peer = replay->peer;

    switch (step->kind) {
    case STEP_EOF:
        if (!peer->has_end || peer->is_closed_by_reset) {
            return differ(replay, step->line, "the peer does not read the end");
        }
        return 0;
    case STEP_OPEN:
        if (peer->has_end || peer->closes != 0) {
            return differ(replay, step->line, "the connection has ended");
        }
        return 0;
    default:
        return expect_closed(replay, step);
    }
}

static void act(struct replay *replay, const struct step *step)
{
    struct simulator *simulator = &replay->simulator;

    switch (step->kind) {
    case STEP_SEND:
        send_pieces(replay, step);
        return;
    case STEP_END:
        peer_finish(replay->peer);
        break;
    case STEP_RESET:
        peer_reset(replay->peer);
        break;
    case STEP_WAIT:
        simulator_wait(simulator, step->number);
        break;
    case STEP_STOP:
        driver_stop_all(&simulator->connections, (int)step->number);
        break;
    case STEP_WINDOW:
        replay->peer->window = (size_t)step->number;
        break;
    default:
        break;
    }
    simulator_settle(simulator);
}

static bool is_act(const struct step *step)
{
    return step->kind != STEP_EXPECT && step->kind != STEP_EOF &&
           step->kind != STEP_OPEN && step->kind != STEP_CLOSED;
}

/* What came and was not expected by the time of an act is a difference. */
static int play_step(struct replay *replay, size_t index)
{
    const struct step *step = &replay->transcript->steps[index];
    bool follows_expectation = index > 0 && !is_act(step - 1);

    if (step->kind == STEP_EXPECT) {
        return expect_bytes(replay, step);
    }
    if (!is_act(step)) {
        return expect_state(replay, step);
    }
    if (follows_expectation && expect_nothing(replay, step->line) < 0) {
        return -1;
    }
    act(replay, step);
    return 0;
}

static int play(struct replay *replay)
{
    for (size_t i = 0; i < replay->transcript->count; i++) {
        int result = play_step(replay, i);

        if (result < 0) {
            return result;
        }
    }
    return expect_nothing(replay, 0);
}

/* A transcript with the settings that it asks for. */
struct script {
    const struct plugin *plugin;
    const char *path;
    struct transcript transcript;
    struct arena arena;
    struct document *document; /* texts of the settings lie in it */
    void *settings;
};

/* Fills the plugin's struct as server.yaml would fill it. */
static int fill_settings(struct script *script, struct errors *errors)
{
    const char *given = script->transcript.settings;
    const char *text = given == NULL ? "{}" : given;
    struct settings_source source = {
        .file = script->path,
        .folder = "/",
        .errors = errors,
        .arena = &script->arena,
    };
    struct settings_input input = {.table = script->plugin->options};
    size_t size = script->plugin->protocol.settings_size;
    int error = document_parse(text, strlen(text), script->path, errors,
                               &script->document);

    if (error < 0) {
        return error;
    }
    script->settings = arena_alloc(&script->arena, size);
    if (script->settings == NULL) {
        return -ENOMEM;
    }
    input.node = script->document->root;
    error = settings_apply(&source, &input, script->settings);
    return errors_count(errors) > 0 ? -EINVAL : error;
}

static void script_fini(struct script *script)
{
    transcript_fini(&script->transcript);
    if (script->document != NULL) {
        document_free(script->document);
    }
    arena_fini(&script->arena);
}

static int script_read(struct script *script,
                       const struct plugin *plugin,
                       const char *path)
{
    struct errors errors;
    int error;

    *script = (struct script){.plugin = plugin, .path = path};
    arena_init(&script->arena);
    error = transcript_read(&script->transcript, path);
    if (error < 0) {
        return error;
    }
    errors_init(&errors);
    error = fill_settings(script, &errors);
    errors_print(&errors, stderr);
    errors_fini(&errors);
    if (error < 0) {
        script_fini(script);
    }
    return error;
}

static int play_in_manner(const struct script *script,
                          const struct manner *manner)
{
    const struct plugin *plugin = script->plugin;
    const struct transcript *transcript = &script->transcript;
    struct limits limits = {
        .input = transcript->input == 0 ? 65536 : transcript->input,
        .output = 1048576,
        .idle_ms = 300000,
        .stall_ms = 30000,
    };
    struct simulator_parts parts = {
        .protocol = &plugin->protocol,
        .settings = script->settings,
        .counter_count = plugin->counter_count,
        .limits = &limits,
        .trigger = manner->trigger,
    };
    struct replay replay = {
        .transcript = transcript, .manner = manner, .path = script->path};
    int result;

    if (simulator_init(&replay.simulator, &parts) < 0) {
        return -1;
    }
    replay.peer = simulator_connect(&replay.simulator);
    if (replay.peer == NULL) {
        simulator_fini(&replay.simulator);
        return -1;
    }
    replay.peer->write_most = manner->is_trickling ? 1 : SIZE_MAX;
    simulator_settle(&replay.simulator);
    result = play(&replay);
    simulator_fini(&replay.simulator);
    return result;
}

static int play_pieces(const struct script *script, struct manner manner)
{
    int result = play_in_manner(script, &manner);

    manner.is_byte_wise = true;
    if (result == 0) {
        result = play_in_manner(script, &manner);
    }
    manner.is_byte_wise = false;
    for (size_t cut = 1; cut < script->transcript.sent && result == 0; cut++) {
        manner.cut = cut;
        result = play_in_manner(script, &manner);
    }
    return result;
}

static int play_transcript(const struct plugin *plugin, const char *path)
{
    static const struct manner manners[] = {
        {.trigger = SELECTOR_LEVEL},
        {.trigger = SELECTOR_EDGE},
        {.trigger = SELECTOR_LEVEL, .is_trickling = true},
        {.trigger = SELECTOR_EDGE, .is_trickling = true},
    };
    struct script script;
    int result = 0;

    if (script_read(&script, plugin, path) < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]) && result == 0;
         i++) {
        result = play_pieces(&script, manners[i]);
    }
    script_fini(&script);
    return result;
}

int main(int argc, char **argv)
{
    struct plugin_refusal refusal;
    struct plugin *plugin;
    int failed = 0;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: replay PLUGIN.so TRANSCRIPT...\n");
        return 64;
    }
    if (plugin_load(argv[1], &plugin, &refusal) < 0) {
        (void)fprintf(stderr, "%s: %s\n", argv[1], refusal.text);
        return 1;
    }
    (void)printf("1..%d\n", argc - 2);
    for (int i = 2; i < argc; i++) {
        int result = play_transcript(plugin, argv[i]);

        (void)printf("%s %d - %s\n", result == 0 ? "ok" : "not ok", i - 1,
                     argv[i]);
        failed += result != 0;
    }
    plugin_free(plugin);
    return failed == 0 ? 0 : 1;
}
