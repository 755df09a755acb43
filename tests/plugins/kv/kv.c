/* SPDX-License-Identifier: MIT */
/*
 * Values under keys, as the guide in protocols/README.md makes it step by step.
 *
 * A frame is a length of 4 bytes, big-endian, and so many bytes. A request has
 * in its frame what is asked, the length of the key (1 byte), the key and the
 * value: 'S' sets, 'G' gets, 'D' deletes, 'W' writes all of it to a file. An
 * answer has '+' and the value, '-' where there is no such key, or '!' and what
 * is wrong.
 */
#include <berth/protocol.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

#define HEAD 4 /* bytes of a length */
#define KEY_MAX 255
#define VALUE_MAX 60000
#define REQUEST_MAX (2 + KEY_MAX + VALUE_MAX) /* below limits.input, 64 KiB */

struct settings {
    uint32_t max_value;
    int32_t capacity;
    uint32_t ttl;
    uint32_t idle;
    const char *file;
};

static const berth_option options[] = {
    {.name = "max_value",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max_value),
     .fallback = "4KiB",
     .max = VALUE_MAX,
     .help = "longest value"},
    {.name = "capacity",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, capacity),
     .fallback = "1000",
     .min = 1,
     .max = 100000,
     .help = "so many keys, and no more"},
    {.name = "ttl",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, ttl),
     .fallback = "1h",
     .min = 1,
     .max = 604800000, /* a week */
     .help = "time after which a key is forgotten"},
    {.name = "idle",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, idle),
     .fallback = "1m",
     .min = 1,
     .max = 604800000, /* a week */
     .help = "time that a client may take for its next request"},
    {.name = "file",
     .type = BERTH_PATH,
     BERTH_FIELD(struct settings, file),
     .max = 4000,
     .help = "where 'W' writes to; it is read at the start"},
    BERTH_OPTIONS_END,
};

struct local {
    struct store store;
    bool is_saving;
};

struct state {
    bool is_saving;  /* its request is a job's by now */
    bool is_leaving; /* the server stops, or a newer one has taken over */
};

struct request {
    char kind;
    struct key key;
    const char *value;
    size_t value_size;
};

static size_t get_length(const char *data)
{
    const unsigned char *byte = (const unsigned char *)data;

    return (size_t)byte[0] << 24 | (size_t)byte[1] << 16 |
           (size_t)byte[2] << 8 | byte[3];
}

static void put_length(char *data, size_t length)
{
    for (int i = HEAD - 1; i >= 0; i--) {
        data[i] = (char)(length & 0xff);
        length >>= 8;
    }
}

static void reply(berth_conn *c, char status, const char *data, size_t size)
{
    char head[HEAD + 1];

    put_length(head, 1 + size);
    head[HEAD] = status;
    berth_write(c, head, sizeof(head));
    berth_write(c, data, size);
}

static void tell(berth_conn *c, int error)
{
    const char *text = error == 0 ? "" : strerror(-error);

    reply(c, error == 0 ? '+' : '!', text, strlen(text));
}

static bool read_request(struct request *request, const char *data, size_t size)
{
    if (size < 2 || size - 2 < (unsigned char)data[1]) {
        return false;
    }
    request->kind = data[0];
    request->key.bytes = data + 2;
    request->key.size = (unsigned char)data[1];
    request->value = data + 2 + request->key.size;
    request->value_size = size - 2 - request->key.size;
    return true;
}

static void on_tick(berth_entry *entry)
{
    struct local *local = entry->local;
    uint64_t now_ms = berth_now(entry, BERTH_MONOTONIC);
    uint64_t next_ms = store_expire(&local->store, now_ms);

    /* 0 is never. */
    (void)berth_tick(entry, next_ms == STORE_NEVER ? 0 : next_ms - now_ms);
}

static int set(berth_entry *entry, const struct request *request)
{
    const struct settings *settings = entry->settings;
    struct local *local = entry->local;
    uint64_t expires_ms = STORE_NEVER;
    int error;

    if (request->value_size > settings->max_value) {
        return -EMSGSIZE;
    }
    if (settings->ttl > 0) {
        expires_ms = berth_now(entry, BERTH_MONOTONIC) + settings->ttl;
    }
    error = store_set(&local->store, &request->key, request->value,
                      request->value_size, expires_ms);
    on_tick(entry); /* it may be the first one */
    return error;
}

enum {
    COUNT_GETS,
    COUNT_HITS,
    COUNT_SAVES,
    COUNT_LOST
};

static const berth_counter counters[] = {
    [COUNT_GETS] = {.name = "gets", .help = "keys that were asked for"},
    [COUNT_HITS] = {.name = "hits", .help = "keys that were there"},
    [COUNT_SAVES] = {.name = "saves", .help = "files that were written"},
    [COUNT_LOST] = {.name = "lost", .help = "files that were not written"},
    BERTH_COUNTERS_END,
};

static void get(berth_conn *c, const struct request *request)
{
    struct local *local = c->entry->local;
    const struct item *item = store_get(&local->store, &request->key);

    berth_count(c->entry, COUNT_GETS, 1);
    if (item == NULL) {
        reply(c, '-', "", 0);
        return;
    }
    berth_count(c->entry, COUNT_HITS, 1);
    reply(c, '+', item->bytes + item->key.size, item->value_size);
}

/* What a job needs, and nothing that another thread changes. */
struct save {
    berth_entry *entry; /* not for the job */
    const char *path;   /* of the settings */
    int error;
    size_t count;
    struct item *items[];
};

static bool write_item(const struct item *item, FILE *file)
{
    size_t size = item->key.size + item->value_size;
    char head[HEAD + 2];

    put_length(head, 2 + size);
    head[HEAD] = 'S';
    head[HEAD + 1] = (char)item->key.size;
    return fwrite(head, 1, sizeof(head), file) == sizeof(head) &&
           fwrite(item->bytes, 1, size, file) == size;
}

static int write_items(const struct save *save, FILE *file)
{
    for (size_t i = 0; i < save->count; i++) {
        if (!write_item(save->items[i], file)) {
            return -errno;
        }
    }
    return fflush(file) == 0 && fsync(fileno(file)) == 0 ? 0 : -errno;
}

/* On a thread of the pool. Whoever reads the file finds the old or the new. */
static void write_file(void *arg)
{
    struct save *save = arg;
    char path[PATH_MAX];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s.new", save->path);
    file = fopen(path, "we");
    if (file == NULL) {
        save->error = -errno;
        return;
    }
    save->error = write_items(save, file);
    if (fclose(file) != 0 && save->error == 0) {
        save->error = -errno;
    }
    if (save->error == 0 && rename(path, save->path) != 0) {
        save->error = -errno;
    }
}

static void forget(struct save *save)
{
    for (size_t i = 0; i < save->count; i++) {
        item_drop(save->items[i]);
    }
    free(save);
}

static void wait_for_request(berth_conn *c)
{
    const struct settings *settings = c->entry->settings;
    const struct state *state = c->state;

    if (state->is_leaving && !state->is_saving) {
        berth_close(c); /* the client asks the newer one */
        return;
    }
    /* A client that waits for us is not idle. */
    (void)berth_deadline(c, state->is_saving ? 0 : settings->idle);
}

/* On the worker again; c is NULL if the client did not wait. */
static void tell_saved(berth_conn *c, void *arg)
{
    struct save *save = arg;
    struct local *local = save->entry->local;

    local->is_saving = false;
    berth_count(save->entry, save->error == 0 ? COUNT_SAVES : COUNT_LOST, 1);
    if (c != NULL) {
        struct state *state = c->state;

        state->is_saving = false;
        tell(c, save->error);
        wait_for_request(c);
        berth_resume(c);
    }
    forget(save);
}

static int begin_save(berth_conn *c)
{
    const struct settings *settings = c->entry->settings;
    struct local *local = c->entry->local;
    struct state *state = c->state;
    struct save *save;
    int error;

    if (settings->file == NULL || local->is_saving) {
        return settings->file == NULL ? -ENOTSUP : -EBUSY;
    }
    save = malloc(sizeof(*save) + local->store.count * sizeof(struct item *));
    if (save == NULL) {
        return -ENOMEM;
    }
    *save = (struct save){.entry = c->entry, .path = settings->file};
    save->count = store_take(&local->store, save->items);
    error = berth_work(c, write_file, tell_saved, save);
    if (error < 0) {
        forget(save);
        return error;
    }
    local->is_saving = state->is_saving = true;
    berth_pause(c); /* the answer comes first, then the next request */
    return 0;
}

static void save(berth_conn *c)
{
    int error = begin_save(c);

    if (error < 0) {
        tell(c, error);
    }
}

static void obey(berth_conn *c, const char *data, size_t size)
{
    struct local *local = c->entry->local;
    struct request request;

    on_tick(c->entry); /* nobody gets what has expired */
    if (!read_request(&request, data, size)) {
        tell(c, -EBADMSG);
    } else if (request.kind == 'S') {
        tell(c, set(c->entry, &request));
    } else if (request.kind == 'G') {
        get(c, &request);
    } else if (request.kind == 'D') {
        reply(c, store_delete(&local->store, &request.key) ? '+' : '-', "", 0);
    } else if (request.kind == 'W') {
        save(c);
    } else {
        tell(c, -ENOSYS);
    }
    wait_for_request(c);
}

/* Of several protocols at one address: no request is that long. */
static enum berth_verdict sniff(const char *data, size_t size)
{
    (void)size;
    return data[0] == '\0' ? BERTH_YES : BERTH_NO;
}

static int on_open(berth_conn *c)
{
    wait_for_request(c);
    return 0;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    size_t length;

    if (size < HEAD) {
        return 0;
    }
    length = get_length(data);
    if (length > 2 + KEY_MAX + settings->max_value) {
        tell(c, -EMSGSIZE);
        return -EMSGSIZE;
    }
    if (size - HEAD < length) {
        return 0; /* call me when there is more */
    }
    obey(c, data + HEAD, length);
    return (ssize_t)(HEAD + length);
}

/* A request must be whole. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return size == 0 ? BERTH_CLOSE : -EPROTO;
}

/* Returns 1, 0 at the end of the file, or -errno. */
static int read_item(berth_entry *entry, FILE *file)
{
    char data[REQUEST_MAX];
    struct request request;
    size_t size = fread(data, 1, HEAD, file);
    int error;

    if (size == 0 && ferror(file) == 0) {
        return 0;
    }
    if (size < HEAD || (size = get_length(data)) > sizeof(data) ||
        fread(data, 1, size, file) < size ||
        !read_request(&request, data, size) || request.kind != 'S') {
        return -EBADMSG;
    }
    error = set(entry, &request);
    return error < 0 ? error : 1;
}

static int read_file(berth_entry *entry, const char *path)
{
    FILE *file = fopen(path, "re");
    int result = 1;

    if (file == NULL) {
        return errno == ENOENT ? 0 : -errno; /* nothing was written yet */
    }
    while (result > 0) {
        result = read_item(entry, file);
    }
    (void)fclose(file);
    return result;
}

static int init(berth_entry *entry, berth_error *error)
{
    const struct settings *settings = entry->settings;
    struct local *local = entry->local;
    int result = 0;

    store_init(&local->store, (size_t)settings->capacity);
    if (settings->file != NULL) {
        result = read_file(entry, settings->file);
    }
    if (result < 0) {
        store_fini(&local->store);
        return berth_refuse(error, "file", result, "%s", strerror(-result));
    }
    return 0;
}

static void fini(berth_entry *entry)
{
    struct local *local = entry->local;

    store_fini(&local->store);
}

static void on_stop(berth_conn *c, int reason)
{
    struct state *state = c->state;

    (void)reason;
    state->is_leaving = true;
    wait_for_request(c);
}

BERTH_PROTOCOL(.name = "kv",
               .version = "1.0",
               .summary = "stores values under keys",
               .state_size = sizeof(struct state),
               .local_size = sizeof(struct local),
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .init = init,
               .fini = fini,
               .on_tick = on_tick,
               .sniff = sniff,
               .on_open = on_open,
               .on_data = on_data,
               .on_end = on_end,
               .on_stop = on_stop);
