/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int push(int fd, enum report_type type, const void *data, size_t size)
{
    const struct channel_message message = channel_compose(type, data, size);

    return channel_push(fd, &message);
}

static int push_file(int fd, const struct snapshot_file *file)
{
    char names[CHANNEL_MESSAGE_MAX];
    const size_t name = strlen(file->name) + 1;
    const size_t path = strlen(file->path) + 1;
    struct channel_message message;

    if (name + path > sizeof(names)) {
        return -ENAMETOOLONG;
    }
    memcpy(names, file->name, name);
    memcpy(names + name, file->path, path);
    message = channel_compose(REPORT_FILE, names, name + path);
    message.fd = file->fd;
    return channel_push(fd, &message);
}

static int push_files(int fd, const struct snapshot *snapshot)
{
    int error = 0;

    for (size_t i = 0; i < snapshot_count(snapshot) && error == 0; i++) {
        const struct snapshot_file *file = snapshot_at(snapshot, i);

        if (file->kind == SNAPSHOT_PLUGIN) {
            error = push_file(fd, file);
        }
    }
    return error;
}

static uint32_t workers_of(const struct config_entry *entry)
{
    return entry->keys.workers < 0 ? 0 : (uint32_t)entry->keys.workers;
}

static uint32_t find_plugin(const struct config *config,
                            const struct plugin *plugin)
{
    uint32_t first = 0;

    while (config->entries[first].plugin != plugin) {
        first++;
    }
    return first;
}

static void join_names(const struct config *config,
                       const struct config_listener *first,
                       char *text,
                       size_t size)
{
    size_t length = 0;

    for (; first != NULL && length < size; first = first->next) {
        length += (size_t)snprintf(text + length, size - length, "%s%s",
                                   length == 0 ? "" : "+",
                                   config->entries[first->entry].name);
    }
}

static int push_listener(int fd,
                         const struct config *config,
                         const struct config_listener *listener,
                         const struct config_entry *entry)
{
    struct report_listener report = {
        .address = listener->address,
        .backlog = listener->backlog,
        .mode = listener->mode,
        .workers = workers_of(entry),
    };

    for (const struct config_listener *one = listener; one != NULL;
         one = one->next) {
        index_set_add(&report.entries, one->entry);
    }

    join_names(config, listener, report.name, sizeof(report.name));
    (void)snprintf(report.text, sizeof(report.text), "%s", listener->text);
    return push(fd, REPORT_LISTENER, &report, sizeof(report));
}

static int push_entry(int fd,
                      const struct config *config,
                      const struct config_entry *entry)
{
    struct report_entry report = {
        .workers = workers_of(entry),
        .plugin = find_plugin(config, entry->plugin),
    };
    int error;

    (void)snprintf(report.name, sizeof(report.name), "%s", entry->name);
    (void)snprintf(report.protocol, sizeof(report.protocol), "%s",
                   entry->plugin->protocol.name);
    error = push(fd, REPORT_ENTRY, &report, sizeof(report));
    for (size_t i = 0; i < entry->listener_count && error == 0; i++) {
        if (entry->listeners[i].is_first) {
            error = push_listener(fd, config, &entry->listeners[i], entry);
        }
    }
    return error;
}

static int push_text(int fd, const char *text, size_t size)
{
    int error = 0;

    while (size > 0 && error == 0) {
        const size_t piece =
            size < CHANNEL_MESSAGE_MAX ? size : CHANNEL_MESSAGE_MAX;

        error = push(fd, REPORT_TEXT, text, piece);
        text += piece;
        size -= piece;
    }
    return error;
}

int report_send(int fd,
                const struct config *config,
                const struct snapshot *snapshot,
                const char *text,
                size_t text_size)
{
    int error = push_text(fd, text, text_size);

    if (error == 0 && config != NULL) {
        error = push_files(fd, snapshot);
        for (size_t i = 0; i < config->entry_count && error == 0; i++) {
            error = push_entry(fd, config, &config->entries[i]);
        }
    }
    if (error == 0) {
        error = push(fd, config == NULL ? REPORT_BAD : REPORT_GOOD, NULL, 0);
    }
    return error;
}
