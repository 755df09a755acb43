/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <errno.h>
#include <stdlib.h>

#include "attribute.h"

/* A mark below the cap leaves room for what one callback writes. */
#define HIGH_MARK_SHARE 4
#define LOW_MARK_SHARE 4

COLD static void measure_call(const struct entry *entry, uint64_t sequence)
{
    const struct log_subject subject = {.entry = entry->head.name};
    const uint64_t ms =
        watch_measure(entry->watch, sequence, &entry->account->times);

    if (ms == 0) {
        return;
    }
    LOG(entry->log, LOG_WARNING, &subject,
        "%s of plugin '%s' took %llu ms, and all connections waited "
        "(slow_callback)",
        crumb_callback_name(entry->watch->crumb->callback),
        entry->service.protocol->name, (unsigned long long)ms);
}

void entry_begin_call(const struct entry *entry, enum crumb_callback callback)
{
    account_raise(entry->account, ACCOUNT_CALLBACKS, 1);
    watch_enter(entry->watch, (struct crumb_place){
                                  .entry = entry->number,
                                  .callback = callback,
                              });
}

void entry_begin_release(const struct entry *entry, uint64_t connection)
{
    account_raise(entry->account, ACCOUNT_CALLBACKS, 1);
    watch_enter(entry->watch, (struct crumb_place){
                                  .connection = connection,
                                  .entry = entry->number,
                                  .callback = CRUMB_RELEASE,
                              });
}

void entry_end_call(const struct entry *entry)
{
    const uint64_t sequence = watch_leave(entry->watch);

    if (sequence != 0) {
        measure_call(entry, sequence);
    }
}

static void tell_tick(struct source *source)
{
    struct entry *entry = CONTAINER_OF(source, struct entry, source);

    entry_begin_call(entry, CRUMB_ON_TICK);
    entry->service.protocol->on_tick(&entry->head);
    entry_end_call(entry);
}

static const struct source_ops tick_ops = {.expired = tell_tick};

/* Whoever writes to entry->log need not know of the entry's level. */
static void set_log(struct entry *entry, const struct entry_parts *parts)
{
    entry->log = parts->log;
    if (parts->log_scope != NULL) {
        entry->log_view = log_view(parts->log, parts->log_scope->level);
        entry->log = &entry->log_view;
        entry->logs_access = parts->log_scope->access;
    }
}

/* Where all can see it, or else, also if there is no room, in private. */
static int open_account(struct entry *entry, const struct entry_parts *parts)
{
    const struct account_label label = {
        .name = parts->name,
        .protocol = parts->protocol->name,
        .counters = parts->counters,
        .counter_count = parts->counter_count,
    };

    if (parts->stats != NULL) {
        entry->account = stats_open_account(parts->stats, &label);
    }
    if (entry->account != NULL) {
        entry->number = stats_number(parts->stats, entry->account);
        return 0;
    }
    entry->account = account_new(&label);
    entry->owns_account = true;
    return entry->account == NULL ? -ENOMEM : 0;
}

static void close_account(struct entry *entry)
{
    if (entry->owns_account) {
        free(entry->account);
    }
}

/* What the plugin leaves is kept for it, also while it is held back: who gives
   little for that is not brought more, others as much as may wait to be sent. */
static size_t choose_read_size(const struct entry *entry)
{
    const uint64_t input = entry->limits.input;
    const uint64_t most = input < ENTRY_READ_USUAL || input > entry->high_mark
                              ? input
                              : entry->high_mark;

    return most < ENTRY_READ_SIZE ? (size_t)most : ENTRY_READ_SIZE;
}

int entry_init(struct entry *entry, const struct entry_parts *parts)
{
    size_t local_size = parts->protocol->local_size;
    uint64_t output = parts->limits->output;

    *entry = (struct entry){
        .head = {.host = parts->host,
                 .settings = parts->settings,
                 .name = parts->name},
        .service = {.protocol = parts->protocol},
        .limits = *parts->limits,
        .output_cap = output == 0 ? SIZE_MAX : (size_t)output,
        .high_mark = output == 0 ? SIZE_MAX : (size_t)output / HIGH_MARK_SHARE,
        .connections = parts->connections,
        .loop = parts->loop,
        .watch = parts->watch,
        .counter_count = parts->counter_count,
    };
    set_log(entry, parts);
    entry->read_size = choose_read_size(entry);
    entry->low_mark = entry->high_mark / LOW_MARK_SHARE;
    if (open_account(entry, parts) < 0) {
        return -ENOMEM;
    }
    if (local_size > 0) {
        entry->head.local = calloc(1, local_size);
        if (entry->head.local == NULL) {
            close_account(entry);
            return -ENOMEM;
        }
    }
    source_init(&entry->source, &tick_ops);
    slab_init(&entry->service.states, parts->protocol->state_size + 1);
    return 0;
}

int entry_start(struct entry *entry, berth_error *error)
{
    int result;

    *error = (berth_error){.size = sizeof(*error)};
    if (entry->service.protocol->init == NULL) {
        return 0;
    }
    entry_begin_call(entry, CRUMB_INIT);
    result = entry->service.protocol->init(&entry->head, error);
    entry_end_call(entry);
    return result;
}

void entry_reopen(struct entry *entry)
{
    if (entry->service.protocol->on_reopen != NULL) {
        entry_begin_call(entry, CRUMB_ON_REOPEN);
        entry->service.protocol->on_reopen(&entry->head);
        entry_end_call(entry);
    }
}

void entry_stop(struct entry *entry)
{
    loop_cancel_timer(&entry->source);
    if (entry->service.protocol->fini != NULL) {
        entry_begin_call(entry, CRUMB_FINI);
        entry->service.protocol->fini(&entry->head);
        entry_end_call(entry);
    }
}

static void free_others(struct entry *entry)
{
    while (entry->service.next != NULL) {
        struct entry_service *other = entry->service.next;

        entry->service.next = other->next;
        slab_fini(&other->states);
        free(other);
    }
}

void entry_fini(struct entry *entry)
{
    free_others(entry);
    slab_fini(&entry->service.states);
    free(entry->head.local);
    close_account(entry);
}

static struct entry_service *find_service(struct entry *entry,
                                          const berth_protocol *protocol)
{
    struct entry_service *service = &entry->service;

    while (service != NULL && service->given != protocol) {
        service = service->next;
    }
    return service;
}

int entry_serve(struct entry *entry,
                const berth_protocol *protocol,
                struct entry_service **service,
                struct plugin_refusal *refusal)
{
    struct entry_service *made = find_service(entry, protocol);
    int error;

    if (made == NULL) {
        made = calloc(1, sizeof(*made));
        if (made == NULL) {
            return -ENOMEM;
        }
        error = plugin_adopt(protocol, &made->known, refusal);
        if (error < 0) {
            free(made);
            return error;
        }
        made->given = protocol;
        made->protocol = &made->known;
        slab_init(&made->states, made->known.state_size + 1);
        made->next = entry->service.next;
        entry->service.next = made;
    }
    *service = made;
    return 0;
}
