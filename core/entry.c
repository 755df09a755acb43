/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <errno.h>
#include <stdlib.h>

/* A mark below the cap leaves room for what one callback writes. */
#define HIGH_MARK_SHARE 4
#define LOW_MARK_SHARE 4

static void tell_tick(struct source *source)
{
    struct entry *entry = CONTAINER_OF(source, struct entry, source);

    entry->protocol->on_tick(&entry->head);
}

static const struct source_ops tick_ops = {.expired = tell_tick};

int entry_init(struct entry *entry, const struct entry_parts *parts)
{
    size_t local_size = parts->protocol->local_size;
    uint64_t output = parts->limits->output;

    *entry = (struct entry){
        .head = {.host = parts->host,
                 .settings = parts->settings,
                 .name = parts->name},
        .protocol = parts->protocol,
        .limits = *parts->limits,
        .output_cap = output == 0 ? SIZE_MAX : (size_t)output,
        .high_mark = output == 0 ? SIZE_MAX : (size_t)output / HIGH_MARK_SHARE,
        .connections = parts->connections,
        .loop = parts->loop,
        .log = parts->log,
        .listeners = parts->listeners,
        .listener_count = parts->listener_count,
        .counter_count = parts->counter_count,
    };
    entry->read_size = parts->limits->input < ENTRY_READ_SIZE
                           ? (size_t)parts->limits->input
                           : ENTRY_READ_SIZE;
    entry->low_mark = entry->high_mark / LOW_MARK_SHARE;
    entry->counters = calloc(parts->counter_count + 1, sizeof(uint64_t));
    if (entry->counters == NULL) {
        return -ENOMEM;
    }
    if (local_size > 0) {
        entry->head.local = calloc(1, local_size);
        if (entry->head.local == NULL) {
            free(entry->counters);
            return -ENOMEM;
        }
    }
    source_init(&entry->source, &tick_ops);
    slab_init(&entry->states, parts->protocol->state_size + 1);
    return 0;
}

int entry_start(struct entry *entry, berth_error *error)
{
    *error = (berth_error){.size = sizeof(*error)};
    if (entry->protocol->init == NULL) {
        return 0;
    }
    return entry->protocol->init(&entry->head, error);
}

void entry_stop(struct entry *entry)
{
    loop_cancel_timer(&entry->source);
    if (entry->protocol->fini != NULL) {
        entry->protocol->fini(&entry->head);
    }
}

void entry_fini(struct entry *entry)
{
    slab_fini(&entry->states);
    free(entry->head.local);
    free(entry->counters);
}
