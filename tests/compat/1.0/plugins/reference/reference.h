/* SPDX-License-Identifier: MIT */
/*
 * A protocol with all of the contract: each callback, each function, each type
 * of option. A line is a word, and what happens is what the word says; most
 * answer with a line. It is C and C++ at once.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <string.h>

#include <berth/protocol.h>

struct route {
    const char *path;
    int32_t status;
};

struct limits {
    uint32_t bytes;
    uint32_t wait_ms;
};

struct settings {
    bool is_loud;
    int32_t number;
    int64_t large;
    uint64_t bytes;
    uint64_t wait_ms;
    const char *text;
    const char *path;
    const char *secret;
    int32_t mood;
    berth_list words;
    berth_list routes;
    berth_list headers;
    struct limits limits;
};

enum counter {
    OPENED,
    CLOSED,
    RELEASED
};

/* What an entry and its worker have. */
struct local {
    berth_entry *entry;
    berth_conn *waiting; /* for on_tick, and what is posted to the entry */
    FILE *file;
};

struct state {
    bool is_filling; /* until on_drain */
    bool is_shut;    /* no more is written */
    char joined;     /* '+' if on_open was called */
};

/* What server.yaml may say, and fills struct settings. */
extern const berth_option options[];

/* Tells all of the settings. */
ssize_t do_settings(berth_conn *c);

/* Does what a line says, without its newline; -errno closes. */
ssize_t obey(berth_conn *c, const char *line, size_t length);

static inline struct state *state_of(const berth_conn *c)
{
    return (struct state *)c->state;
}

static inline struct local *local_of(const berth_entry *entry)
{
    return (struct local *)entry->local;
}

static inline const struct settings *settings_of(const berth_entry *entry)
{
    return (const struct settings *)entry->settings;
}

/* The second protocol of this plugin has no state. */
static inline void say(berth_conn *c, const char *text)
{
    if (c->state == NULL || !state_of(c)->is_shut) {
        (void)berth_write(c, text, strlen(text));
    }
}

static inline void say_number(berth_conn *c, const char *what, int64_t number)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%s %lld\n", what, (long long)number);
    say(c, text);
}

#endif
