/* SPDX-License-Identifier: MIT */
/*
 * A key-value store: a subset of RESP2. A command is used piece by piece, so
 * that limits.input does not bound a value, and kept as it came. A SET is what
 * is stored: it ends with what answers a GET. That is sent from where it lies,
 * with a reference, so that the key may be set again or deleted meanwhile.
 */
#include <berth/protocol.h>

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 3
#define WORD_MAX (1 << 20)
#define HEAD_MAX 24 /* "$18446744073709551615\r\n" */

/* "*3\r\n", then "$5\r\n", the bytes and "\r\n" of each word. */
struct command {
    size_t references;
    size_t size, filled;    /* bytes: all, and those that have come */
    size_t ends[WORDS_MAX]; /* of the words, in bytes */
    char bytes[];           /* and a NUL */
};

static void drop(void *arg)
{
    struct command *command = arg;

    if (command != NULL && --command->references == 0) {
        free(command);
    }
}

/* With its length before it no key is the beginning of another. */
static int compare_keys(const void *one, const void *other)
{
    const struct command *a = one, *b = other;
    size_t size = (a->ends[1] < b->ends[1] ? a : b)->ends[1] - a->ends[0];

    return memcmp(a->bytes + a->ends[0], b->bytes + b->ends[0], size);
}

/* Whatever has the key of this command. Returns whether there was such. */
static bool forget(void **store, const struct command *command)
{
    struct command **place = tfind(command, store, compare_keys);
    struct command *old = place == NULL ? NULL : *place;

    tdelete(command, store, compare_keys);
    drop(old);
    return old != NULL;
}

static bool set(void **store, struct command *command)
{
    (void)forget(store, command);
    if (tsearch(command, store, compare_keys) == NULL) {
        return false;
    }
    command->references++;
    return true;
}

static void say(berth_conn *c, const char *text)
{
    berth_write(c, text, strlen(text));
}

static void get(berth_conn *c, const struct command *command)
{
    struct command **place = tfind(command, c->entry->local, compare_keys);
    struct command *hit = place == NULL ? NULL : *place;

    if (hit == NULL) {
        say(c, "$-1\r\n");
    } else if (berth_write_owned(c, hit->bytes + hit->ends[1],
                                 hit->size - hit->ends[1], drop, hit) >= 0) {
        hit->references++; /* until it is sent */
    }
}

static bool begins(const struct command *command, const char *text)
{
    return strncasecmp(command->bytes, text, strlen(text)) == 0;
}

static void obey(berth_conn *c, struct command *command)
{
    void **store = c->entry->local;

    if (begins(command, "*1\r\n$4\r\nPING\r\n")) {
        say(c, "+PONG\r\n");
    } else if (begins(command, "*2\r\n$3\r\nGET\r\n")) {
        get(c, command);
    } else if (begins(command, "*2\r\n$3\r\nDEL\r\n")) {
        say(c, forget(store, command) ? ":1\r\n" : ":0\r\n");
    } else if (begins(command, "*3\r\n$3\r\nSET\r\n")) {
        say(c, set(store, command) ? "+OK\r\n" : "-ERR no room for it\r\n");
    } else {
        say(c, "-ERR unknown command, or wrong number of arguments\r\n");
    }
}

static ssize_t fill(berth_conn *c, const char *data, size_t size)
{
    struct command **place = c->state, *command = *place;
    size_t left = command->size - command->filled;
    size_t used = size < left ? size : left;

    memcpy(command->bytes + command->filled, data, used);
    command->filled += used;
    if (used < left) {
        return (ssize_t)used;
    }
    if (strcmp(command->bytes + command->size - 2, "\r\n") != 0) {
        return -EPROTO;
    }
    obey(c, command);
    drop(command);
    *place = NULL;
    return (ssize_t)used;
}

/* Adds "*3\r\n", or "$5\r\n" and its word. Returns the number, -EAGAIN if it has
   not come, or another -errno. */
static ssize_t measure(struct command *command, const char *data, size_t size)
{
    size_t at = command->size;
    size_t max = at == 0 ? WORDS_MAX : WORD_MAX;
    char head[HEAD_MAX];
    size_t number;

    if (at >= size ||
        (size - at < HEAD_MAX && memchr(data + at, '\n', size - at) == NULL)) {
        return -EAGAIN;
    }
    number = strtoul(data + at + 1, NULL, 10);
    (void)snprintf(head, HEAD_MAX, "%c%zu\r\n", at == 0 ? '*' : '$', number);
    if (strncmp(data + at, head, strlen(head)) != 0 ||
        (at > 0 && strncmp(data + at - 2, "\r\n", 2) != 0)) {
        return -EPROTO;
    }
    command->size += strlen(head) + (at == 0 ? 0 : number + 2);
    return number > max ? -EMSGSIZE : (ssize_t)number;
}

/* Once all has come but the bytes of the last word. */
static ssize_t begin(berth_conn *c, const char *data, size_t size)
{
    struct command **place = c->state, command = {.references = 1};
    ssize_t count = measure(&command, data, size);
    ssize_t number = count;

    for (ssize_t i = 0; i < count && number >= 0; i++) {
        number = measure(&command, data, size);
        command.ends[i] = command.size;
    }
    if (number < 0) {
        return number == -EAGAIN ? 0 : number;
    }
    *place = malloc(sizeof(command) + command.size + 1);
    if (*place == NULL) {
        return -ENOMEM;
    }
    **place = command;
    (*place)->bytes[command.size] = '\0';
    return fill(c, data, size);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct command **place = c->state;
    ssize_t used = (*place == NULL ? begin : fill)(c, data, size);

    if (used < 0) {
        say(c, used == -EPROTO ? "-ERR malformed\r\n" : "-ERR too large\r\n");
    }
    return used;
}

static void on_close(berth_conn *c, int why)
{
    (void)why;
    drop(*(struct command **)c->state);
}

static void fini(berth_entry *entry)
{
    tdestroy(*(void **)entry->local, drop);
}

BERTH_PROTOCOL(.name = "resp",
               .summary = "stores values under keys",
               .state_size = sizeof(struct command *), /* it comes; or NULL */
               .local_size = sizeof(void *), /* a tree: see tsearch(3) */
               .fini = fini,
               .on_data = on_data,
               .on_close = on_close);
