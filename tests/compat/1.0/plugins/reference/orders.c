/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <stdlib.h>

/* ------------------------------------------------------------------- output */

static void on_release(void *arg)
{
    berth_count((berth_entry *)arg, RELEASED, 1);
}

static ssize_t do_writev(berth_conn *c)
{
    char one[] = "one ";
    char two[] = "two\n";
    struct iovec iov[2];

    iov[0].iov_base = one;
    iov[0].iov_len = 4;
    iov[1].iov_base = two;
    iov[1].iov_len = 4;
    return berth_writev(c, iov, 2);
}

static ssize_t do_owned(berth_conn *c)
{
    return berth_write_owned(c, "lent\n", 5, on_release, c->entry);
}

static ssize_t do_file(berth_conn *c)
{
    return berth_sendfile(c, fileno(local_of(c->entry)->file), 2, 5, on_release,
                          c->entry);
}

static ssize_t do_reserve(berth_conn *c)
{
    char *room = berth_reserve(c, 100);

    if (room == NULL) {
        return -ENOMEM;
    }
    memcpy(room, "in place\n", 9);
    return berth_commit(c, 9);
}

/* As much as there is room for. */
static ssize_t do_fill(berth_conn *c)
{
    char dots[512];

    memset(dots, '.', sizeof(dots));
    state_of(c)->is_filling = true;
    while (berth_room(c) > 0) {
        (void)berth_write(c, dots, sizeof(dots));
    }
    berth_pause(c);
    return 0;
}

/* ------------------------------------------------------------ flow and time */

static void resume(berth_conn *c, void *arg)
{
    (void)arg;
    if (c != NULL) {
        say(c, "resumed\n");
        berth_resume(c);
    }
}

static ssize_t do_pause(berth_conn *c)
{
    berth_pause(c);
    return berth_post(berth_ref_of(c), resume, NULL);
}

static ssize_t do_shutdown(berth_conn *c)
{
    say(c, "shut down\n");
    state_of(c)->is_shut = true;
    berth_shutdown(c);
    return 0;
}

static ssize_t do_close(berth_conn *c)
{
    say(c, "closed\n");
    berth_close(c);
    return 0;
}

static ssize_t do_abort(berth_conn *c)
{
    berth_abort(c);
    return 0;
}

static ssize_t do_fail(berth_conn *c)
{
    say(c, "failed\n");
    return -EPROTO;
}

static ssize_t do_deadline(berth_conn *c)
{
    return berth_deadline(c, 20);
}

static ssize_t do_tick(berth_conn *c)
{
    local_of(c->entry)->waiting = c;
    return berth_tick(c->entry, 20);
}

static ssize_t do_now(berth_conn *c)
{
    const uint64_t now = berth_now(c->entry, BERTH_MONOTONIC);

    say(c, now == berth_now(c->entry, BERTH_MONOTONIC) ? "steady\n" : "?\n");
    /* Later than 1990. */
    say(c, berth_now(c->entry, BERTH_REALTIME) > 631152000000 ? "now\n"
                                                              : "then\n");
    return 0;
}

/* ---------------------------------------------------------------- switching */

static ssize_t do_switch(berth_conn *c)
{
    const int result = berth_switch_to(c, "other", "from afar", 9);

    if (result == -ENOENT) {
        say(c, "no other\n");
        return 0;
    }
    return result;
}

static int second_on_open(berth_conn *c)
{
    char arg[16] = "";

    (void)berth_get(c, BERTH_GET_ARG, arg, sizeof(arg) - 1);
    say(c, "second ");
    say(c, arg);
    say(c, "\n");
    return 0;
}

static ssize_t second_on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

static const berth_protocol second =
    BERTH_PROTOCOL_INIT(.name = "second",
                        .on_open = second_on_open,
                        .on_data = second_on_data);

static ssize_t do_become(berth_conn *c)
{
    return berth_switch_protocol(c, &second, "here", 4);
}

/* ---------------------------------------------------------- asking, telling */

static void say_what(berth_conn *c, const char *name, enum berth_what what)
{
    char text[256];

    if (berth_get(c, what, text, sizeof(text)) == -ENOENT) {
        (void)snprintf(text, sizeof(text), "none");
    }
    say(c, name);
    say(c, " ");
    say(c, text);
    say(c, "\n");
}

static ssize_t do_get(berth_conn *c)
{
    say_what(c, "id", BERTH_GET_ID);
    say_what(c, "peer", BERTH_GET_PEER);
    say_what(c, "peer ip", BERTH_GET_PEER_IP);
    say_what(c, "local", BERTH_GET_LOCAL);
    say_what(c, "listener", BERTH_GET_LISTENER);
    say_what(c, "tls", BERTH_GET_TLS);
    say_what(c, "nothing", (enum berth_what)0);
    return 0;
}

static ssize_t do_log(berth_conn *c)
{
    berth_log(c, BERTH_ERROR, "an error %d", 1);
    berth_log(c, BERTH_WARNING, "a warning %d", 2);
    berth_log(c, BERTH_INFO, "an info %d", 3);
    berth_log(c, BERTH_DEBUG, "a debug %d", 4);
    berth_entry_log(c->entry, BERTH_INFO, "of entry %s", c->entry->name);
    berth_record(c->entry, "a record of %s", c->entry->name);
    say(c, "logged\n");
    return 0;
}

static ssize_t do_metrics(berth_conn *c)
{
    char text[8];

    if (berth_metrics(c->entry, BERTH_METRICS_PROMETHEUS, text, sizeof(text)) >
            0 &&
        berth_metrics(c->entry, BERTH_METRICS_SUMMARY, NULL, 0) > 0) {
        say(c, "counted\n");
    } else {
        say(c, "nothing is counted\n");
    }
    return 0;
}

/* ------------------------------------------------------------ other threads */

/* A job and its result. */
struct errand {
    berth_ref ref;
    const struct settings *settings;
    uint64_t result;
};

/* Nothing is read until an answer that comes later is written: so the order
   does not depend on how the lines arrive. */
static ssize_t wait_for(berth_conn *c, int result)
{
    if (result == 0) {
        berth_pause(c);
    }
    return result;
}

static void posted(berth_conn *c, void *arg)
{
    if (c != NULL) {
        say(c, (const char *)arg);
        berth_resume(c);
    }
}

static ssize_t do_post(berth_conn *c)
{
    static char text[] = "posted\n";

    return wait_for(c, berth_post(berth_ref_of(c), posted, text));
}

static void entry_posted(berth_entry *entry, void *arg)
{
    berth_conn *c = local_of(entry)->waiting;

    if (c != NULL) {
        say(c, (const char *)arg);
        berth_resume(c);
    }
}

static ssize_t do_entry_post(berth_conn *c)
{
    static char text[] = "posted to the entry\n";

    local_of(c->entry)->waiting = c;
    return wait_for(c, berth_entry_post(c->entry, entry_posted, text));
}

static void job(void *arg)
{
    struct errand *errand = (struct errand *)arg;

    errand->result = errand->settings->bytes + 1;
}

static void done(berth_conn *c, void *arg)
{
    struct errand *errand = (struct errand *)arg;

    if (c != NULL && c->entry->settings == errand->settings) {
        say_number(c, "worked", (int64_t)errand->result);
        berth_resume(c);
    }
    free(errand);
}

static void entry_done(berth_entry *entry, void *arg)
{
    struct errand *errand = (struct errand *)arg;

    (void)entry;
    if (berth_post(errand->ref, done, errand) != 0) {
        free(errand);
    }
}

static ssize_t begin_errand(berth_conn *c, bool is_the_entrys)
{
    struct errand *errand = (struct errand *)calloc(1, sizeof(*errand));
    int result;

    if (errand == NULL) {
        return -ENOMEM;
    }
    errand->ref = berth_ref_of(c);
    errand->settings = settings_of(c->entry);
    result = is_the_entrys ? berth_entry_work(c->entry, job, entry_done, errand)
                           : berth_work(c, job, done, errand);
    if (result != 0) {
        free(errand);
    }
    return wait_for(c, result);
}

static ssize_t do_work(berth_conn *c)
{
    return begin_errand(c, false);
}

static ssize_t do_entry_work(berth_conn *c)
{
    return begin_errand(c, true);
}

/* ------------------------------------------------------------------- orders */

static const struct order {
    const char *name;
    ssize_t (*obey)(berth_conn *c);
} orders[] = {
    {"abort", do_abort},
    {"become", do_become},
    {"close", do_close},
    {"deadline", do_deadline},
    {"entry-post", do_entry_post},
    {"entry-work", do_entry_work},
    {"fail", do_fail},
    {"file", do_file},
    {"fill", do_fill},
    {"get", do_get},
    {"log", do_log},
    {"metrics", do_metrics},
    {"now", do_now},
    {"owned", do_owned},
    {"pause", do_pause},
    {"post", do_post},
    {"reserve", do_reserve},
    {"settings", do_settings},
    {"shutdown", do_shutdown},
    {"switch", do_switch},
    {"tick", do_tick},
    {"work", do_work},
    {"writev", do_writev},
};

ssize_t obey(berth_conn *c, const char *line, size_t length)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (strlen(orders[i].name) == length &&
            memcmp(orders[i].name, line, length) == 0) {
            return orders[i].obey(c);
        }
    }
    /* What is no word comes back, behind what on_open left in the state. */
    (void)berth_write(c, &state_of(c)->joined, 1);
    (void)berth_write(c, line, length);
    return berth_write(c, "\n", 1);
}
