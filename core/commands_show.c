/* SPDX-License-Identifier: MIT */
/* What is told of the server, its entries and its workers. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buckets.h"
#include "columns.h"

static struct generation *generation_of(struct list *link)
{
    return CONTAINER_OF(link, struct generation, link);
}

static struct table_value word(const char *text)
{
    return (struct table_value){.text = text};
}

static struct table_value number(uint64_t value)
{
    return (struct table_value){.number = (int64_t)value};
}

/* ------------------------------------------------------------------- status */

/* Sums over accounts: of one entry, of one worker, or of all. */
struct sums {
    const char *entry;   /* NULL: any */
    int64_t worker;      /* -1: any */
    uint64_t generation; /* with a worker */
    struct account_view view;
};

static int
add_up(void *arg, const struct account_view *view, uint64_t generation)
{
    struct sums *sums = arg;

    if (generation != STATS_TRIAL &&
        (sums->entry == NULL || strcmp(view->name, sums->entry) == 0) &&
        (sums->worker < 0 || (view->worker == (uint32_t)sums->worker &&
                              generation == sums->generation))) {
        account_view_add(&sums->view, view);
    }
    return 0;
}

static const char *describe_reload(const struct stats *stats)
{
    if (stats_get(stats, STATS_RELOADED_MS) == 0) {
        return NULL;
    }
    return stats_get(stats, STATS_RELOAD_OK) != 0 ? "ok" : "failed";
}

static size_t count_workers(const struct commands *commands)
{
    size_t count = 0;

    for (struct list *link = commands->generations->next;
         link != commands->generations; link = link->next) {
        count += generation_processes(generation_of(link));
    }
    return count;
}

static size_t count_old(const struct commands *commands)
{
    size_t count = 0;

    for (struct list *link = commands->generations->next;
         link != commands->generations; link = link->next) {
        count += generation_of(link)->state == GENERATION_STOPPING ? 1 : 0;
    }
    return count;
}

void commands_show_status(const struct commands *commands,
                          struct control_request *request,
                          const char *name)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    const struct generation *current = *commands->current;
    const struct stats *stats = commands->stats;
    const uint64_t up_ms =
        loop_real_ms(commands->loop) - stats_get(stats, STATS_STARTED_MS);
    struct sums sums = {.worker = -1};
    struct table_value values[COLUMNS_STATUS_COUNT];
    const struct table_column *columns;
    size_t count;

    (void)stats_visit(stats, add_up, &sums);
    values[COLUMNS_STATUS_VERSION] = word(BERTH_VERSION);
    values[COLUMNS_STATUS_PID] = number((uint64_t)getpid());
    values[COLUMNS_STATUS_STATE] = word(commands->ops->state(commands->owner));
    values[COLUMNS_STATUS_UPTIME] = number(up_ms / 1000);
    values[COLUMNS_STATUS_CONFIG] =
        word(current == NULL ? NULL : current->top->source);
    values[COLUMNS_STATUS_GENERATION] =
        number(current == NULL ? 0 : current->number);
    values[COLUMNS_STATUS_OLD] = number(count_old(commands));
    values[COLUMNS_STATUS_RELOADS] = number(stats_get(stats, STATS_RELOADS));
    values[COLUMNS_STATUS_FAILED] =
        number(stats_get(stats, STATS_RELOADS_FAILED));
    values[COLUMNS_STATUS_LAST_RELOAD] = word(describe_reload(stats));
    values[COLUMNS_STATUS_WORKERS] = number(count_workers(commands));
    values[COLUMNS_STATUS_CRASHES] = number(sums.view.values[ACCOUNT_CRASHES]);
    values[COLUMNS_STATUS_OPEN] = number(sums.view.open);
    values[COLUMNS_STATUS_ACCEPTED] =
        number(sums.view.values[ACCOUNT_ACCEPTED]);
    values[COLUMNS_STATUS_LOG] = word(levels[commands->log->level]);
    columns = columns_get(COLUMNS_STATUS, &count);
    control_record(request, name, columns, count, values);
}

/* ------------------------------------------------------------------ entries */

/* Real addresses, as far as there is room; the caller frees it. */
static char *list_addresses(const struct generation *generation, size_t entry)
{
    const struct report *report = &generation->report;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < report->listener_count; i++) {
        char address[ADDRESS_TEXT_MAX];

        if (generation->shards[i] != NULL &&
            index_set_has(&report->listeners[i].entries, entry)) {
            (void)address_format(&generation->shards[i]->sockets[0].address,
                                 address, sizeof(address));
            (void)fprintf(stream, "%s%s", ftell(stream) == 0 ? "" : " ",
                          address);
        }
    }
    (void)fclose(stream);
    return text;
}

static char *list_times(const struct histogram_sum *times)
{
    struct buckets buckets = {.count = 0};
    size_t length;
    char *text;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        buckets_add(&buckets, histogram_bound_ns(i), times->counts[i]);
    }
    length = buckets_format(&buckets, NULL, 0);
    text = malloc(length + 1);
    if (text != NULL) {
        (void)buckets_format(&buckets, text, length + 1);
    }
    return text;
}

static void put_entry(const struct commands *commands,
                      struct control_request *request,
                      const struct generation *generation,
                      size_t entry)
{
    struct sums sums = {
        .entry = generation->report.entries[entry].name,
        .worker = -1,
    };
    struct table_value values[COLUMNS_ENTRY_COUNT];
    char *addresses = list_addresses(generation, entry);
    char *times;

    (void)stats_visit(commands->stats, add_up, &sums);
    times = list_times(&sums.view.times);
    values[COLUMNS_ENTRY_NAME] = word(sums.entry);
    values[COLUMNS_ENTRY_STATE] =
        word(index_set_has(&generation->aside, entry)     ? "put aside"
             : index_set_has(&generation->drained, entry) ? "draining"
                                                          : "serving");
    values[COLUMNS_ENTRY_LISTEN] = word(addresses);
    values[COLUMNS_ENTRY_OPEN] = number(sums.view.open);
    values[COLUMNS_ENTRY_ACCEPTED] = number(sums.view.values[ACCOUNT_ACCEPTED]);
    values[COLUMNS_ENTRY_IN] = number(sums.view.values[ACCOUNT_RECEIVED]);
    values[COLUMNS_ENTRY_OUT] = number(sums.view.values[ACCOUNT_SENT]);
    values[COLUMNS_ENTRY_CALLBACKS] =
        number(sums.view.values[ACCOUNT_CALLBACKS]);
    values[COLUMNS_ENTRY_QUEUED] = number(sums.view.queued);
    values[COLUMNS_ENTRY_CRASHES] = number(sums.view.values[ACCOUNT_CRASHES]);
    values[COLUMNS_ENTRY_TIMES] = word(times);
    control_row(request, values);
    free(times);
    free(addresses);
}

void commands_show_entries(const struct commands *commands,
                           struct control_request *request,
                           const char *name)
{
    const struct generation *current = *commands->current;
    const struct table_column *columns;
    size_t count;

    columns = columns_get(COLUMNS_ENTRIES, &count);
    control_table(request, name, columns, count);
    for (size_t i = 0; current != NULL && i < current->report.entry_count;
         i++) {
        put_entry(commands, request, current, i);
    }
}

/* ------------------------------------------------------------------ workers */

static const char *describe_state(const struct generation *generation,
                                  const struct member *member)
{
    if (member->pid == 0) {
        return "down";
    }
    if (member->is_stuck) {
        return "stuck";
    }
    if (member->state == MEMBER_STARTING) {
        return "starting";
    }
    return member->state == MEMBER_STOPPED ||
                   generation->state == GENERATION_STOPPING
               ? "draining"
               : "serving";
}

/* ms of processor time; TABLE_NONE: there is no such process. */
static int64_t cpu_ms(pid_t pid)
{
    struct timespec time;
    clockid_t clock;

    if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0 ||
        clock_gettime(clock, &time) < 0) {
        return TABLE_NONE;
    }
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void put_worker(const struct commands *commands,
                       struct control_request *request,
                       const struct generation *generation,
                       const struct member *member)
{
    struct sums sums = {
        .worker = member->number,
        .generation = generation->number,
    };
    struct table_value values[COLUMNS_WORKER_COUNT];
    const bool is_up = member->pid != 0 && member->state != MEMBER_STARTING;

    (void)stats_visit(commands->stats, add_up, &sums);
    values[COLUMNS_WORKER_NUMBER] = number(member->number);
    values[COLUMNS_WORKER_GENERATION] = number(generation->number);
    values[COLUMNS_WORKER_PID] = (struct table_value){
        .number = member->pid == 0 ? TABLE_NONE : member->pid};
    values[COLUMNS_WORKER_STATE] = word(describe_state(generation, member));
    values[COLUMNS_WORKER_UPTIME] = (struct table_value){
        .number =
            is_up
                ? (int64_t)((commands->loop->now_ms - member->ready_ms) / 1000)
                : TABLE_NONE};
    values[COLUMNS_WORKER_OPEN] = number(sums.view.open);
    values[COLUMNS_WORKER_ACCEPTED] =
        number(sums.view.values[ACCOUNT_ACCEPTED]);
    values[COLUMNS_WORKER_CPU] =
        (struct table_value){.number = cpu_ms(member->pid)};
    values[COLUMNS_WORKER_CRASHES] = number(member->crashes);
    control_row(request, values);
}

void commands_show_workers(const struct commands *commands,
                           struct control_request *request,
                           const char *name)
{
    const struct table_column *columns;
    size_t count;

    columns = columns_get(COLUMNS_WORKERS, &count);
    control_table(request, name, columns, count);
    for (struct list *link = commands->generations->next;
         link != commands->generations; link = link->next) {
        const struct generation *generation = generation_of(link);

        for (uint32_t i = 0; i < generation->member_count; i++) {
            put_worker(commands, request, generation, &generation->members[i]);
        }
    }
}
