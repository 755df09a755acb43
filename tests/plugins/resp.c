/* SPDX-License-Identifier: MIT */
/*
 * A key-value store: a subset of RESP2. A value is used piece by piece as it
 * arrives, so that limits.input does not bound it, and sent from where it lies,
 * with a reference, so that it may be overwritten or deleted meanwhile.
 */
#include <berth/protocol.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "resp_store.h"

#define WORDS_MAX 3
#define KEY_MAX 512 /* of the command's name, too */
#define HEAD_MAX 24 /* "$18446744073709551615\r\n" */
#define END_SIZE 2  /* "\r\n" */

struct settings {
    uint32_t max_value;
    int64_t max_keys;
};

struct state {
    size_t count;  /* words of the command that arrives; 0: none does */
    size_t index;  /* of the word that arrives */
    size_t filled; /* bytes of that one */
    struct blob *words[WORDS_MAX]; /* with the "\r\n" behind them */
};

static void say(berth_conn *c, const char *text)
{
    berth_write(c, text, strlen(text));
}

static void set(berth_conn *c, struct blob *key, struct blob *value)
{
    const struct settings *settings = c->entry->settings;
    int error = store_set(c->entry->local, key, value, settings->max_keys);

    say(c, error == 0 ? "+OK\r\n" : "-ERR no room for it\r\n");
}

static void get(berth_conn *c, const struct blob *key)
{
    struct blob *value = store_get(c->entry->local, key);
    char head[HEAD_MAX];

    if (value == NULL) {
        say(c, "$-1\r\n");
        return;
    }
    (void)snprintf(head, sizeof(head), "$%zu\r\n", value->size - END_SIZE);
    say(c, head);
    if (berth_write_owned(c, value->bytes, value->size, blob_drop,
                          blob_keep(value)) < 0) {
        blob_drop(value); /* not taken over */
    }
}

static void obey(berth_conn *c, const struct state *state)
{
    struct blob *const *words = state->words;

    if (state->count == 1 && blob_is(words[0], "PING\r\n")) {
        say(c, "+PONG\r\n");
    } else if (state->count == 2 && blob_is(words[0], "GET\r\n")) {
        get(c, words[1]);
    } else if (state->count == 2 && blob_is(words[0], "DEL\r\n")) {
        say(c, store_delete(c->entry->local, words[1]) ? ":1\r\n" : ":0\r\n");
    } else if (state->count == 3 && blob_is(words[0], "SET\r\n")) {
        set(c, words[1], words[2]);
    } else {
        say(c, "-ERR unknown command, or wrong number of arguments\r\n");
    }
}

static void end_command(berth_conn *c, int why)
{
    struct state *state = c->state;

    (void)why;
    for (size_t i = 0; i < WORDS_MAX; i++) {
        blob_drop(state->words[i]);
    }
    *state = (struct state){.count = 0};
}

/* "*3\r\n" or "$5\r\n": its size; 0: not all of it has come; or -errno. */
static ssize_t
read_head(const char *data, size_t size, char kind, size_t max, size_t *number)
{
    char *rest;

    if (data[0] == kind && size < HEAD_MAX &&
        memchr(data, '\n', size) == NULL) {
        return 0;
    }
    *number = strtoul(data + 1, &rest, 10);
    if (data[0] != kind || !isdigit((uint8_t)data[1]) ||
        rest - data > HEAD_MAX - END_SIZE || strncmp(rest, "\r\n", 2) != 0) {
        return -EPROTO;
    }
    return *number > max ? -EMSGSIZE : rest + END_SIZE - data;
}

static ssize_t begin_word(berth_conn *c, const char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    size_t max = state->index < 2 ? KEY_MAX : settings->max_value;
    size_t length = 0;
    ssize_t used = read_head(data, size, '$', max, &length);

    if (used > 0) {
        state->words[state->index] = blob_new(length + END_SIZE);
        used = state->words[state->index] == NULL ? -ENOMEM : used;
    }
    return used;
}

static ssize_t fill_word(berth_conn *c, const char *data, size_t size)
{
    struct state *state = c->state;
    struct blob *word = state->words[state->index];
    size_t left = word->size - state->filled;
    size_t used = size < left ? size : left;

    memcpy(word->bytes + state->filled, data, used);
    state->filled += used;
    if (used < left) {
        return (ssize_t)used;
    }
    if (memcmp(word->bytes + word->size - END_SIZE, "\r\n", END_SIZE) != 0) {
        return -EPROTO;
    }
    state->filled = 0;
    if (++state->index == state->count) {
        obey(c, state);
        end_command(c, 0);
    }
    return (ssize_t)used;
}

/* One step: the server calls again at once with what is left. */
static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct state *state = c->state;
    ssize_t used;

    if (state->count == 0) {
        used = read_head(data, size, '*', WORDS_MAX, &state->count);
    } else if (state->words[state->index] == NULL) {
        used = begin_word(c, data, size);
    } else {
        used = fill_word(c, data, size);
    }
    if (used < 0) {
        say(c, used == -EPROTO ? "-ERR malformed\r\n" : "-ERR too large\r\n");
    }
    return used;
}

static void fini(berth_entry *entry)
{
    store_clear(entry->local);
}

static enum berth_verdict sniff(const char *data, size_t size)
{
    return size > 0 && data[0] == '*' ? BERTH_YES : BERTH_NO;
}

static const berth_option options[] = {
    {.name = "max_value",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max_value),
     .fallback = "1MiB",
     .help = "largest value"},
    {.name = "max_keys",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, max_keys),
     .fallback = "1000",
     .max = INT32_MAX,
     .help = "keys at once"},
    BERTH_OPTIONS_END,
};

BERTH_PROTOCOL(.name = "resp",
               .summary = "stores values under keys",
               .state_size = sizeof(struct state),
               .local_size = sizeof(struct store),
               .settings_size = sizeof(struct settings),
               .options = options,
               .fini = fini,
               .sniff = sniff,
               .on_data = on_data,
               .on_close = end_command);
