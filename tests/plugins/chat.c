/* SPDX-License-Identifier: MIT */
/*
 * A chat: what a client says goes to all others of the entry, in this worker.
 *
 * A client sends lines that end with "\n". The first one is its name, 1 to 32
 * small letters and digits; it may try again. With a name it is a member: each
 * further line goes to all other members as "NAME: LINE", up to a NUL. Lines
 * that begin with "* " are the server's:
 *
 *     * welcome, * full or * choose another name
 *     * NAME joined, * NAME left, * you missed N lines
 *
 * A member that does not read holds up nobody and costs no memory beyond the
 * high mark. A line that finds no room is dropped for it, and so are those that
 * follow until its output has drained; then it is told how many they were.
 */
#include <berth/protocol.h>

#include <string.h>

#define NAME_LONGEST 32
#define LINE_LONGEST 8192

struct settings {
    uint32_t max_line;
    int32_t max_members;
};

/* The state of a connection. */
struct member {
    berth_conn *conn;
    struct member *next;
    unsigned long missed;        /* lines, since there was no room */
    char name[NAME_LONGEST + 1]; /* "": not a member yet */
};

struct local {
    struct member *first;
    int32_t count;
};

enum {
    LINES,
    DROPPED
};

static const berth_option options[] = {
    {.name = "max_line",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max_line),
     .fallback = "1000",
     .min = 1,
     .max = LINE_LONGEST,
     .help = "longest line, without its end; a longer one ends its client"},
    {.name = "max_members",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, max_members),
     .fallback = "1000",
     .min = 1,
     .max = 100000,
     .help = "how many may have a name at once, in each worker"},
    BERTH_OPTIONS_END,
};

static const berth_counter counters[] = {
    [LINES] = {.name = "lines", .help = "lines that members have said"},
    [DROPPED] = {.name = "dropped", .help = "lines that found no room"},
    BERTH_COUNTERS_END,
};

/* A room of 0 promises on_drain, any other may be overdrawn: so a line is
   written whole or not at all. */
static void deliver(struct member *to, const char *text, size_t size)
{
    if (to->missed > 0 || berth_room(to->conn) == 0) {
        to->missed++;
        berth_count(to->conn->entry, DROPPED, 1);
    } else {
        berth_write(to->conn, text, size);
    }
}

/* To all members but this one. */
__attribute__((format(printf, 2, 3))) static void
tell_others(const berth_conn *c, const char *format, ...)
{
    const struct local *local = c->entry->local;
    char text[NAME_LONGEST + sizeof(": \n") + LINE_LONGEST];
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (struct member *to = local->first; to != NULL; to = to->next) {
        if (to->conn != c) {
            deliver(to, text, (size_t)size);
        }
    }
}

/* Is it well formed, and has nobody else taken it? */
static bool is_free(const struct local *local, const char *name)
{
    const struct member *to = local->first;
    size_t size = strlen(name);

    while (to != NULL && strcmp(to->name, name) != 0) {
        to = to->next;
    }
    return to == NULL && size > 0 && size <= NAME_LONGEST &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == size;
}

static void join(berth_conn *c, const char *name)
{
    const struct settings *settings = c->entry->settings;
    struct local *local = c->entry->local;
    struct member *member = c->state;

    if (local->count == settings->max_members) {
        berth_write(c, "* full\n", 7);
        berth_close(c);
    } else if (!is_free(local, name)) {
        berth_write(c, "* choose another name\n", 22);
    } else {
        member->conn = c;
        memcpy(member->name, name, strlen(name));
        member->next = local->first;
        local->first = member;
        local->count++;
        berth_write(c, "* welcome\n", 10);
        tell_others(c, "* %s joined\n", member->name);
    }
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    const struct member *member = c->state;
    char *end = memchr(data, '\n', size);
    size_t length = end == NULL ? size : (size_t)(end - data);

    if (length > settings->max_line) {
        return -EMSGSIZE;
    }
    if (end == NULL) {
        return 0;
    }
    *end = '\0';
    if (member->name[0] == '\0') {
        join(c, data);
    } else {
        berth_count(c->entry, LINES, 1);
        tell_others(c, "%s: %s\n", member->name, data);
    }
    return (ssize_t)length + 1;
}

static void on_drain(berth_conn *c)
{
    struct member *member = c->state;
    char note[64];

    if (member->missed > 0) {
        (void)snprintf(note, sizeof(note), "* you missed %lu lines\n",
                       member->missed);
        berth_write(c, note, strlen(note));
        member->missed = 0;
    }
}

static void on_close(berth_conn *c, int why)
{
    const struct member *member = c->state;
    struct local *local = c->entry->local;
    struct member **link = &local->first;

    (void)why;
    while (*link != NULL && *link != member) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = member->next;
        local->count--;
        tell_others(c, "* %s left\n", member->name);
    }
}

BERTH_PROTOCOL(.name = "chat",
               .summary = "sends what a client says to all others",
               .state_size = sizeof(struct member),
               .local_size = sizeof(struct local),
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .on_data = on_data,
               .on_drain = on_drain,
               .on_close = on_close);
