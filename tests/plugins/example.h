/* SPDX-License-Identifier: MIT */
/*
 * An example of this folder, loaded as it was built, with settings as in
 * server.yaml, and served by a simulator:
 *
 *     example_begin("chat", "{max_line: 10}", &(struct example_options){0});
 *     peer = simulator_connect(&simulator);
 *     ...
 *     example_end();
 */
#ifndef BERTH_EXAMPLE_H
#define BERTH_EXAMPLE_H

#include <check.h>
#include <string.h>

#include "arena.h"
#include "document.h"
#include "error.h"
#include "fixtures.h"
#include "plugin.h"
#include "settings.h"
#include "simulator.h"

struct example_options {
    enum selector_trigger trigger;
    uint64_t output_limit; /* limits.output; 0: its default */
};

static struct simulator simulator;
static struct plugin *example_plugin;
static struct document *example_document;
static struct arena example_arena; /* the settings */

static inline void *example_fill_settings(const char *yaml)
{
    struct errors errors;
    struct settings_source source = {
        .folder = "/", .errors = &errors, .arena = &example_arena};
    struct settings_input input = {.table = example_plugin->options};
    void *settings;

    errors_init(&errors);
    ck_assert_int_eq(document_parse(yaml, strlen(yaml), "settings", &errors,
                                    &example_document),
                     0);
    settings =
        arena_alloc(&example_arena, example_plugin->protocol.settings_size);
    ck_assert_ptr_nonnull(settings);
    input.node = example_document->root;
    ck_assert_int_eq(settings_apply(&source, &input, settings), 0);
    errors_fini(&errors);
    return settings;
}

static inline void example_begin(const char *name,
                                 const char *settings,
                                 const struct example_options *options)
{
    struct limits limits = {
        .input = 65536,
        .output = options->output_limit == 0 ? 1048576 : options->output_limit,
        .idle_ms = 300000,
        .stall_ms = 30000,
    };
    struct simulator_parts parts = {
        .limits = &limits,
        .trigger = options->trigger,
    };
    struct plugin_refusal refusal;
    char path[PATH_MAX];

    fixtures_find(name, path);
    ck_assert_msg(plugin_load(path, &example_plugin, &refusal) == 0, "%s",
                  refusal.text);
    arena_init(&example_arena);
    parts.protocol = &example_plugin->protocol;
    parts.counter_count = example_plugin->counter_count;
    parts.settings = example_fill_settings(settings);
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
}

static inline void example_end(void)
{
    simulator_fini(&simulator);
    document_free(example_document);
    arena_fini(&example_arena);
    plugin_free(example_plugin);
}

static inline struct peer *example_connect(void)
{
    struct peer *peer = simulator_connect(&simulator);

    ck_assert_ptr_nonnull(peer);
    return peer;
}

static inline void example_send(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
}

/* These bytes have come since the last look, and no others. */
static inline void example_expect(struct peer *peer, const char *text)
{
    size_t size;
    const char *bytes = peer_take(peer, &size);

    ck_assert_msg(size == strlen(text) && memcmp(bytes, text, size) == 0,
                  "expected \"%s\", got \"%.*s\"", text, (int)size, bytes);
}

#endif
