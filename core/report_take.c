/* SPDX-License-Identifier: MIT */
/* The other side: the supervisor reads what was sent, and believes nothing. */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys.h"

#define BACKLOG_MAX 65535
#define MODE_MAX 0777

/* ----------------------------------------------------------------- what holds */

static bool is_text(const char *text, size_t size)
{
    return text[0] != '\0' && memchr(text, '\0', size) != NULL;
}

static bool is_listener(const struct report_listener *listener)
{
    return address_is_sound(&listener->address) && listener->backlog >= 1 &&
           listener->backlog <= BACKLOG_MAX && listener->mode >= -1 &&
           listener->mode <= MODE_MAX &&
           listener->workers <= KEYS_WORKERS_MAX &&
           !index_set_is_empty(&listener->entries) &&
           is_text(listener->name, sizeof(listener->name)) &&
           is_text(listener->text, sizeof(listener->text));
}

static bool is_entry(const struct report_entry *entry)
{
    return entry->workers <= KEYS_WORKERS_MAX &&
           entry->plugin < KEYS_ENTRIES_MAX &&
           is_text(entry->name, sizeof(entry->name)) &&
           is_text(entry->protocol, sizeof(entry->protocol));
}

/* Is each plugin named by its first entry? */
static bool are_plugins_sound(const struct report *report)
{
    for (size_t i = 0; i < report->entry_count; i++) {
        const uint32_t plugin = report->entries[i].plugin;

        if (plugin > i || report->entries[plugin].plugin != plugin) {
            return false;
        }
    }
    return true;
}

static bool are_listeners_sound(const struct report *report)
{
    struct index_set all = {.bits = {0}};

    for (size_t i = 0; i < report->entry_count; i++) {
        index_set_add(&all, i);
    }
    for (size_t i = 0; i < report->listener_count; i++) {
        if (!index_set_is_within(&report->listeners[i].entries, &all)) {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------- taking */

/* Room for one more item of items[0..count). */
static void *
make_room(struct report *report, void *items, size_t count, size_t size)
{
    void *more = realloc(items, (count + 1) * size);

    if (more == NULL) {
        report->is_out_of_memory = true;
    }
    return more;
}

static bool take_listener(struct report *report,
                          const struct channel_message *message)
{
    struct report_listener listener;
    struct report_listener *listeners;

    if (message->size != sizeof(listener) ||
        report->listener_count == KEYS_LISTENERS_MAX) {
        return false;
    }
    memcpy(&listener, message->data, sizeof(listener));
    if (!is_listener(&listener)) {
        return false;
    }
    listeners = make_room(report, report->listeners, report->listener_count,
                          sizeof(listener));
    if (listeners != NULL) {
        report->listeners = listeners;
        listeners[report->listener_count++] = listener;
    }
    return true;
}

static bool take_entry(struct report *report,
                       const struct channel_message *message)
{
    struct report_entry entry;
    struct report_entry *entries;

    if (message->size != sizeof(entry) ||
        report->entry_count == KEYS_ENTRIES_MAX) {
        return false;
    }
    memcpy(&entry, message->data, sizeof(entry));
    if (!is_entry(&entry)) {
        return false;
    }
    entries =
        make_room(report, report->entries, report->entry_count, sizeof(entry));
    if (entries != NULL) {
        report->entries = entries;
        entries[report->entry_count++] = entry;
    }
    return true;
}

static bool take_text(struct report *report,
                      const struct channel_message *message)
{
    char *text;

    if (message->size > REPORT_TEXT_MAX - report->text_size ||
        memchr(message->data, '\0', message->size) != NULL) {
        return false;
    }
    text = make_room(report, report->text, report->text_size + message->size,
                     sizeof(*text));
    if (text != NULL) {
        memcpy(text + report->text_size, message->data, message->size);
        report->text = text;
        report->text_size += message->size;
        text[report->text_size] = '\0';
    }
    return true;
}

/* The descriptor is the snapshot's, or still the message's if this fails. */
static bool take_file(struct report *report,
                      struct snapshot *snapshot,
                      const struct channel_message *message)
{
    const char *name = message->data;
    const size_t length = strnlen(name, message->size);
    const char *path = name + length + 1;
    const struct snapshot_file file = {
        .kind = SNAPSHOT_PLUGIN,
        .name = name,
        .path = path,
        .fd = message->fd,
    };

    if (length == 0 || length + 1 >= message->size || path[0] != '/' ||
        strnlen(path, message->size) != message->size - length - 2 ||
        snapshot_count(snapshot) > KEYS_ENTRIES_MAX) {
        return false;
    }
    if (snapshot_add(snapshot, &file) < 0) {
        report->is_out_of_memory = true;
    }
    return true;
}

static bool take_end(struct report *report,
                     const struct channel_message *message)
{
    report->is_good = message->type == REPORT_GOOD;
    report->is_whole = message->size == 0 && are_plugins_sound(report) &&
                       are_listeners_sound(report) &&
                       report->is_good == (report->entry_count > 0);
    return report->is_whole;
}

static bool take(struct report *report, const struct channel_message *message)
{
    switch (message->type) {
    case REPORT_LISTENER:
        return take_listener(report, message);
    case REPORT_ENTRY:
        return take_entry(report, message);
    case REPORT_TEXT:
        return take_text(report, message);
    case REPORT_GOOD:
    case REPORT_BAD:
        return take_end(report, message);
    default:
        return false;
    }
}

void report_take(struct report *report,
                 struct snapshot *snapshot,
                 const struct channel_message *message)
{
    const bool is_file = message->type == REPORT_FILE;

    if (!report_has_ended(report) && is_file &&
        take_file(report, snapshot, message)) {
        return;
    }
    if (message->fd >= 0) {
        (void)close(message->fd);
    }
    if (report_has_ended(report)) {
        return;
    }
    report->is_senseless =
        is_file || message->fd >= 0 || !take(report, message);
}

void report_fini(struct report *report)
{
    free(report->listeners);
    free(report->entries);
    free(report->text);
    *report = (struct report){.text = NULL};
}
