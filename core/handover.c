/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "json.h"

static struct shards *shards_of(struct list *link)
{
    return CONTAINER_OF(link, struct shards, link);
}

static struct generation *generation_of(struct list *link)
{
    return CONTAINER_OF(link, struct generation, link);
}

/* ------------------------------------------------------------------ writing */

/* Texts may be any bytes, which JSON may not. */
static void
put_bytes(struct json *json, const char *key, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    char *text = malloc(2 * size + 1);

    if (text == NULL) {
        return; /* a reader misses it */
    }
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    text[2 * size] = '\0';
    json_key_text(json, key, text);
    free(text);
}

static void put_text(struct json *json, const char *key, const char *text)
{
    put_bytes(json, key, text, strlen(text));
}

static void put_address(struct json *json, const struct address *address)
{
    put_bytes(json, "address", &address->storage, address->size);
    json_key_number(json, "both_families", address->both_families);
}

static void put_shards(struct json *json, const struct shards *shards)
{
    json_begin(json, '{');
    put_address(json, &shards->asked);
    json_key_begin(json, "sockets", '[');
    for (size_t i = 0; i < shards->count; i++) {
        json_number(json, shards->sockets[i].fd);
    }
    json_end(json, ']');
    json_end(json, '}');
}

static void put_file(struct json *json, const struct snapshot_file *file)
{
    json_begin(json, '{');
    json_key_number(json, "kind", file->kind);
    put_text(json, "name", file->name);
    put_text(json, "path", file->path);
    json_key_number(json, "fd", file->fd);
    json_end(json, '}');
}

static void put_files(struct json *json, const struct snapshot *snapshot)
{
    json_key_begin(json, "files", '[');
    for (size_t i = 0; i < snapshot_count(snapshot); i++) {
        put_file(json, snapshot_at(snapshot, i));
    }
    json_end(json, ']');
}

static void put_entries(struct json *json, const struct report *report)
{
    json_key_begin(json, "entries", '[');
    for (size_t i = 0; i < report->entry_count; i++) {
        json_begin(json, '{');
        json_key_number(json, "workers", report->entries[i].workers);
        json_key_number(json, "plugin", report->entries[i].plugin);
        put_text(json, "name", report->entries[i].name);
        put_text(json, "protocol", report->entries[i].protocol);
        json_end(json, '}');
    }
    json_end(json, ']');
}

/* The number of the address among all. */
static int64_t number_of(const struct handover *handover,
                         const struct shards *shards)
{
    int64_t number = 0;

    for (struct list *link = handover->addresses->next;
         link != handover->addresses && shards_of(link) != shards;
         link = link->next) {
        number++;
    }
    return number;
}

static void put_listener(struct json *json,
                         const struct handover *handover,
                         const struct generation *generation,
                         size_t index)
{
    const struct report_listener *listener =
        &generation->report.listeners[index];

    json_begin(json, '{');
    json_key_number(json, "shards",
                    generation->shards[index] == NULL
                        ? -1
                        : number_of(handover, generation->shards[index]));
    json_key_number(json, "backlog", listener->backlog);
    json_key_number(json, "mode", listener->mode);
    json_key_number(json, "workers", listener->workers);
    put_bytes(json, "entries", &listener->entries, sizeof(listener->entries));
    put_text(json, "name", listener->name);
    put_text(json, "text", listener->text);
    json_end(json, '}');
}

/* One that has stopped accepting has none any more. */
static void put_listeners(struct json *json,
                          const struct handover *handover,
                          const struct generation *generation)
{
    json_key_begin(json, "listeners", '[');
    for (size_t i = 0;
         generation->shards != NULL && i < generation->report.listener_count;
         i++) {
        put_listener(json, handover, generation, i);
    }
    json_end(json, ']');
}

static void put_members(struct json *json, const struct generation *generation)
{
    json_key_begin(json, "members", '[');
    for (uint32_t i = 0; i < generation->member_count; i++) {
        const struct member *member = &generation->members[i];

        json_begin(json, '{');
        json_key_number(json, "pid", member->pid);
        json_key_number(json, "state", (int64_t)member->state);
        json_key_number(json, "slot", member->slot);
        json_key_number(json, "channel", member->channel.fd);
        json_end(json, '}');
    }
    json_end(json, ']');
}

static void put_generation(struct json *json,
                           const struct handover *handover,
                           const struct generation *generation)
{
    json_begin(json, '{');
    json_key_number(json, "number", generation->number);
    json_key_number(json, "current", generation == handover->current);
    json_key_number(json, "stop_told", generation->is_stop_told);
    put_bytes(json, "aside", &generation->aside, sizeof(generation->aside));
    put_bytes(json, "drained", &generation->drained,
              sizeof(generation->drained));
    put_files(json, generation->source.folders.snapshot);
    put_entries(json, &generation->report);
    put_listeners(json, handover, generation);
    put_members(json, generation);
    json_end(json, '}');
}

static void put_all(struct json *json, const struct handover *handover)
{
    json_begin(json, '{');
    json_key_number(json, "version", HANDOVER_VERSION);
    json_key_number(json, "generation_count", handover->generation_count);
    json_key_number(json, "control", handover->control);
    json_key_number(json, "stats", stats_fd(handover->stats));
    json_key_begin(json, "addresses", '[');
    for (struct list *link = handover->addresses->next;
         link != handover->addresses; link = link->next) {
        put_shards(json, shards_of(link));
    }
    json_end(json, ']');
    json_key_begin(json, "generations", '[');
    for (struct list *link = handover->generations->next;
         link != handover->generations; link = link->next) {
        put_generation(json, handover, generation_of(link));
    }
    json_end(json, ']');
    json_end(json, '}');
}

static int write_down(const struct handover *handover)
{
    const int fd = memfd_create("berth-handover", MFD_CLOEXEC);
    struct json json = {.stream = NULL};
    int copy;
    bool is_written;

    if (fd < 0) {
        return -errno;
    }
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    json.stream = copy < 0 ? NULL : fdopen(copy, "w");
    if (json.stream == NULL) {
        (void)close(fd);
        return -ENOMEM;
    }
    put_all(&json, handover);
    is_written = ferror(json.stream) == 0;
    if (fclose(json.stream) != 0 || !is_written) {
        (void)close(fd);
        return -EIO;
    }
    return fd;
}

/* -------------------------------------------------------------- descriptors */

static void set_survival(int fd, bool survives)
{
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, survives ? 0 : FD_CLOEXEC);
    }
}

static void mark_generation(const struct generation *generation, bool survives)
{
    const struct snapshot *snapshot = generation->source.folders.snapshot;

    for (size_t i = 0; i < snapshot_count(snapshot); i++) {
        set_survival(snapshot_at(snapshot, i)->fd, survives);
    }
    for (uint32_t i = 0; i < generation->member_count; i++) {
        set_survival(generation->members[i].channel.fd, survives);
    }
}

static void mark_all(const struct handover *handover, bool survives)
{
    for (struct list *link = handover->addresses->next;
         link != handover->addresses; link = link->next) {
        const struct shards *shards = shards_of(link);

        for (size_t i = 0; i < shards->count; i++) {
            set_survival(shards->sockets[i].fd, survives);
        }
    }
    for (struct list *link = handover->generations->next;
         link != handover->generations; link = link->next) {
        mark_generation(generation_of(link), survives);
    }
    set_survival(handover->control, survives);
    set_survival(stats_fd(handover->stats), survives);
}

int handover_save(const struct handover *handover)
{
    const int fd = write_down(handover);

    if (fd >= 0) {
        mark_all(handover, true);
        set_survival(fd, true);
    }
    return fd;
}

void handover_undo(const struct handover *handover, int fd)
{
    mark_all(handover, false);
    (void)close(fd);
}
