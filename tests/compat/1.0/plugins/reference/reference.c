/* SPDX-License-Identifier: MIT */
#include "reference.h"

static const berth_counter counters[] = {
    {.name = "opened", .help = "calls of on_open"},
    {.name = "closed", .help = "calls of on_close"},
    {.name = "released", .help = "what was lent and came back"},
    BERTH_COUNTERS_END,
};

static int init(berth_entry *entry, berth_error *error)
{
    struct local *local = local_of(entry);

    if (settings_of(entry)->number == 13) {
        return berth_refuse(error, "number", -EINVAL, "%d is refused", 13);
    }
    local->file = tmpfile();
    if (local->file == NULL) {
        return berth_refuse(error, NULL, -errno, "no file");
    }
    if (fputs("a file\n", local->file) < 0 || fflush(local->file) != 0) {
        (void)fclose(local->file);
        return berth_refuse(error, NULL, -EIO, "no room in the file");
    }
    local->entry = entry;
    return 0;
}

static void fini(berth_entry *entry)
{
    (void)fclose(local_of(entry)->file);
}

static enum berth_verdict sniff(const char *data, size_t size)
{
    static const char first[] = "reference";
    const size_t length = strlen(first);

    if (memcmp(data, first, size < length ? size : length) != 0) {
        return BERTH_NO;
    }
    return size < length ? BERTH_MORE : BERTH_YES;
}

static int on_open(berth_conn *c)
{
    char arg[16] = "";

    berth_count(c->entry, OPENED, 1);
    if (local_of(c->entry)->entry != c->entry) {
        return -EPROTO;
    }
    if (berth_get(c, BERTH_GET_ARG, arg, sizeof(arg) - 1) > 0) {
        say(c, "switched ");
        say(c, arg);
        say(c, "\n");
    }
    state_of(c)->joined = '+';
    return 0;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = (const char *)memchr(data, '\n', size);
    ssize_t result;

    if (state_of(c)->is_shut) {
        return (ssize_t)size;
    }
    if (end == NULL) {
        return 0;
    }
    result = obey(c, data, (size_t)(end - data));
    return result < 0 ? result : end + 1 - data;
}

static void on_tick(berth_entry *entry)
{
    if (local_of(entry)->waiting != NULL) {
        say(local_of(entry)->waiting, "tick\n");
    }
}

static void say_the_last(berth_conn *c, void *arg)
{
    (void)arg;
    if (c != NULL) {
        say(c, "the last\n");
        berth_close(c);
    }
}

/* "keep" keeps the connection for a while; anything else is what is left. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    if (size == 4 && memcmp(data, "keep", 4) == 0) {
        return berth_post(berth_ref_of(c), say_the_last, NULL) == 0
                   ? BERTH_KEEP
                   : BERTH_CLOSE;
    }
    if (size > 0) {
        say_number(c, "left", (int64_t)size);
    }
    return BERTH_CLOSE;
}

static void on_drain(berth_conn *c)
{
    if (state_of(c)->is_filling) {
        state_of(c)->is_filling = false;
        say(c, "drained\n");
        berth_resume(c);
    }
}

static void on_timer(berth_conn *c)
{
    say(c, "timer\n");
}

static void on_stop(berth_conn *c, int reason)
{
    if (reason == BERTH_RELOAD) {
        say(c, "a reload\n");
    } else if (reason == BERTH_EXIT) {
        say(c, "the end\n");
        berth_close(c);
    }
}

static const char *name_why(int why)
{
    switch (why) {
    case BERTH_DONE:
        return "done";
    case BERTH_SWITCHED:
        return "switched";
    case BERTH_STOPPED:
        return "stopped";
    default:
        return why < 0 ? strerror(-why) : "?";
    }
}

static void on_close(berth_conn *c, int why)
{
    if (local_of(c->entry)->waiting == c) {
        local_of(c->entry)->waiting = NULL;
    }
    berth_count(c->entry, CLOSED, 1);
    berth_entry_log(c->entry, BERTH_INFO, "over: %s", name_why(why));
}

static void on_reopen(berth_entry *entry)
{
    berth_entry_log(entry, BERTH_INFO, "reopened");
}

BERTH_PROTOCOL(.name = "reference",
               .version = "1.0",
               .summary = "has and does all that there is",
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
               .on_drain = on_drain,
               .on_timer = on_timer,
               .on_stop = on_stop,
               .on_close = on_close,
               .on_reopen = on_reopen);
