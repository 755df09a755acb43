/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "listing.h"
#include "metrics.h"

/* Who does not answer for so long, stuck perhaps, is not waited for. */
#define PATIENCE_MS 2000

/* A request that was passed on to workers. */
struct asked {
    struct list link;
    struct commands *commands;
    struct control_request *request;
    struct source source; /* its timer: patience */
    uint64_t number;
    size_t waiting;         /* answers that are still to come */
    struct index_set owing; /* from the workers of these slots */
    int64_t sum;            /* of what they said */
    int error;              /* the last one */
    bool is_listing;        /* connections; else one result is all */
};

static struct asked *asked_of(struct list *link)
{
    return CONTAINER_OF(link, struct asked, link);
}

static struct generation *generation_of(struct list *link)
{
    return CONTAINER_OF(link, struct generation, link);
}

/* ---------------------------------------------------------------- answering */

static void finish(struct asked *asked, const char *message)
{
    list_remove(&asked->link);
    loop_cancel_timer(&asked->source);
    control_end(asked->request, asked->error, message);
    free(asked);
}

static void finish_well(struct asked *asked)
{
    char message[64];

    if (asked->error < 0) {
        finish(asked,
               asked->error == -ENOENT ? "there is no such connection" : NULL);
    } else if (asked->is_listing) {
        finish(asked, NULL);
    } else {
        (void)snprintf(message, sizeof(message),
                       "%" PRId64 " connection%s to finish", asked->sum,
                       asked->sum == 1 ? "" : "s");
        finish(asked,
               strcmp(asked->request->argv[0], "drain") == 0 ? message : NULL);
    }
}

static void lose_patience(struct source *source)
{
    struct asked *asked = CONTAINER_OF(source, struct asked, source);
    char message[96];

    (void)snprintf(message, sizeof(message),
                   "%zu worker%s did not answer within 2 s", asked->waiting,
                   asked->waiting == 1 ? "" : "s");
    asked->error = -ETIMEDOUT; /* also of a list: it is not whole */
    finish(asked, message);
}

static void count_answer(struct asked *asked, size_t slot)
{
    index_set_remove(&asked->owing, slot);
    if (--asked->waiting == 0) {
        finish_well(asked);
    }
}

static const struct source_ops asked_ops = {.expired = lose_patience};

static void put_row(struct asked *asked,
                    const struct member *member,
                    const struct listing_row *row)
{
    struct table_value values[COLUMNS_CONNECTION_COUNT];
    char id[48];

    (void)snprintf(id, sizeof(id), "%ld.%" PRIu64, (long)member->pid,
                   row->number);
    values[COLUMNS_CONNECTION_ID] = (struct table_value){.text = id};
    values[COLUMNS_CONNECTION_ENTRY] = (struct table_value){.text = row->entry};
    values[COLUMNS_CONNECTION_PEER] = (struct table_value){.text = row->peer};
    values[COLUMNS_CONNECTION_AGE] =
        (struct table_value){.number = row->age_ms / 1000};
    values[COLUMNS_CONNECTION_IN] = (struct table_value){
        .number = row->bytes_in < 0 ? TABLE_NONE : row->bytes_in};
    values[COLUMNS_CONNECTION_OUT] = (struct table_value){
        .number = row->bytes_out < 0 ? TABLE_NONE : row->bytes_out};
    values[COLUMNS_CONNECTION_QUEUED] =
        (struct table_value){.number = row->queued};
    values[COLUMNS_CONNECTION_WAITS] = (struct table_value){.text = row->waits};
    control_row(asked->request, values);
}

/* A worker wrote it, and so perhaps a plugin: texts are cut where they have to
   end. */
static void take_rows(struct asked *asked, const struct member *member, int fd)
{
    FILE *stream = fdopen(fd, "r");
    struct listing_row row;

    if (stream == NULL) {
        (void)close(fd);
        return;
    }
    rewind(stream); /* its offset is the writer's */
    while (fread(&row, sizeof(row), 1, stream) == 1) {
        row.entry[sizeof(row.entry) - 1] = '\0';
        row.peer[sizeof(row.peer) - 1] = '\0';
        row.waits[sizeof(row.waits) - 1] = '\0';
        put_row(asked, member, &row);
    }
    (void)fclose(stream);
}

static struct asked *find_asked(struct commands *commands, uint64_t number)
{
    for (struct list *link = commands->asked.next; link != &commands->asked;
         link = link->next) {
        if (asked_of(link)->number == number) {
            return asked_of(link);
        }
    }
    return NULL;
}

void commands_take_result(struct commands *commands,
                          const struct member *member,
                          const struct crew_result *result,
                          int fd)
{
    struct asked *asked = find_asked(commands, result->request);

    if (asked != NULL && asked->is_listing && fd >= 0) {
        take_rows(asked, member, fd);
    } else if (fd >= 0) {
        (void)close(fd);
    }
    if (asked == NULL || !index_set_has(&asked->owing, (size_t)member->slot)) {
        return;
    }
    if (result->result < 0) {
        asked->error = (int)result->result;
    } else {
        asked->sum += result->result;
    }
    count_answer(asked, (size_t)member->slot);
}

/* Its connections are gone with it. */
void commands_lose_worker(struct commands *commands, int slot)
{
    struct list *link = commands->asked.next;

    while (link != &commands->asked) {
        struct asked *asked = asked_of(link);

        link = link->next; /* it may be answered now */
        if (slot >= 0 && index_set_has(&asked->owing, (size_t)slot)) {
            count_answer(asked, (size_t)slot);
        }
    }
}

/* -------------------------------------------------------------------- asking */

static struct asked *begin_asking(struct commands *commands,
                                  struct control_request *request,
                                  bool is_listing)
{
    struct asked *asked = calloc(1, sizeof(*asked));

    if (asked == NULL) {
        control_end(request, -ENOMEM, NULL);
        return NULL;
    }
    *asked = (struct asked){
        .commands = commands,
        .request = request,
        .number = ++commands->last,
        .is_listing = is_listing,
    };
    list_append(&commands->asked, &asked->link);
    source_init(&asked->source, &asked_ops);
    loop_set_timer(commands->loop, &asked->source, PATIENCE_MS);
    return asked;
}

static void ask(struct asked *asked,
                struct member *member,
                enum crew_order order,
                uint64_t subject)
{
    const struct crew_request request = {
        .request = asked->number,
        .subject = subject,
    };
    const struct channel_message message =
        channel_compose(order, &request, sizeof(request));
    int error;

    if (member->state == MEMBER_AWAY || member->state == MEMBER_STARTING ||
        member->slot < 0) {
        return;
    }
    error = order == CREW_DRAIN ? member_order(member, &message)
                                : member_send(member, &message);
    if (error == 0) {
        asked->waiting++;
        index_set_add(&asked->owing, (size_t)member->slot);
    }
}

static void ask_generation(struct asked *asked,
                           struct generation *generation,
                           enum crew_order order,
                           uint64_t subject)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        ask(asked, &generation->members[i], order, subject);
    }
}

static void ask_for_connections(struct commands *commands,
                                struct control_request *request)
{
    struct asked *asked = begin_asking(commands, request, true);
    const struct table_column *columns;
    size_t count;

    if (asked == NULL) {
        return;
    }
    columns = columns_get(COLUMNS_CONNECTIONS, &count);
    control_table(request, NULL, columns, count);
    for (struct list *link = commands->generations->next;
         link != commands->generations; link = link->next) {
        ask_generation(asked, generation_of(link), CREW_CONNECTIONS, 0);
    }
    if (asked->waiting == 0) {
        finish_well(asked);
    }
}

static struct member *find_member(const struct commands *commands, long pid)
{
    for (struct list *link = commands->generations->next;
         link != commands->generations; link = link->next) {
        struct member *member =
            generation_find(generation_of(link), (pid_t)pid);

        if (member != NULL) {
            return member;
        }
    }
    return NULL;
}

/* "4711.17": a process and a number; false: it is something else. */
static bool read_id(const char *text, long *pid, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    *pid = strtol(text, &end, 10);
    if (*pid <= 0 || *pid > INT_MAX || *end != '.' ||
        !isdigit((unsigned char)end[1])) {
        return false;
    }
    *number = strtoull(end + 1, &end, 10);
    return *end == '\0';
}

static void close_connection(struct commands *commands,
                             struct control_request *request)
{
    struct member *member = NULL;
    struct asked *asked;
    uint64_t number;
    long pid;

    if (!read_id(request->argv[1], &pid, &number)) {
        control_fail(request,
                     "'%s' is no connection: as in 4711.17, which "
                     "`connections` shows",
                     request->argv[1]);
        return;
    }
    member = find_member(commands, pid);
    if (member == NULL) {
        control_fail(request, "there is no worker %ld", pid);
        return;
    }
    asked = begin_asking(commands, request, false);
    if (asked == NULL) {
        return;
    }
    ask(asked, member, CREW_CLOSE, number);
    if (asked->waiting == 0) {
        asked->error = -EAGAIN;
        finish(asked, "the worker takes no orders");
    }
}

/* ------------------------------------------------------------------ ordering */

static void drain_entry(struct commands *commands,
                        struct control_request *request)
{
    struct generation *current = *commands->current;
    const char *name = request->argv[1];
    struct asked *asked;
    size_t entry = 0;

    if (current == NULL) {
        control_fail(request, "nothing is served");
        return;
    }
    while (entry < current->report.entry_count &&
           strcmp(current->report.entries[entry].name, name) != 0) {
        entry++;
    }
    if (entry == current->report.entry_count) {
        control_fail(request, "there is no entry '%s'", name);
        return;
    }
    asked = begin_asking(commands, request, false);
    if (asked == NULL) {
        return;
    }
    ask_generation(asked, current, CREW_DRAIN, entry);
    commands->ops->drain(commands->owner, entry);
    if (asked->waiting == 0) {
        finish_well(asked);
    }
}

static void drain(struct commands *commands, struct control_request *request)
{
    if (request->argc > 1) {
        drain_entry(commands, request);
    } else {
        commands->ops->stop(commands->owner);
        control_end(request, 0,
                    "the server finishes its connections, then "
                    "ends");
    }
}

static void set_level(struct commands *commands,
                      struct control_request *request)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(request->argv[1], names[i]) == 0) {
            commands->ops->set_level(commands->owner, (enum log_level)i);
            control_end(request, 0, NULL);
            return;
        }
    }
    control_fail(request, "'%s' is no level: error, warning, info or debug",
                 request->argv[1]);
}

/* A request has one link, of its own; this is another list. */
struct waiting {
    struct list link;
    struct control_request *request;
};

static void reload(struct commands *commands, struct control_request *request)
{
    struct waiting *waiting = calloc(1, sizeof(*waiting));

    if (waiting == NULL) {
        control_end(request, -ENOMEM, NULL);
        return;
    }
    waiting->request = request;
    list_append(&commands->reloads, &waiting->link);
    commands->ops->reload(commands->owner);
}

void commands_end_reload(struct commands *commands,
                         bool is_good,
                         const char *text)
{
    struct list ended;

    list_move(&commands->reloads, &ended);
    while (!list_is_empty(&ended)) {
        struct waiting *waiting =
            CONTAINER_OF(ended.next, struct waiting, link);

        list_remove(&waiting->link);
        if (is_good) {
            control_end(waiting->request, 0, text);
        } else {
            control_end(waiting->request, -EINVAL,
                        text == NULL ? "the reload has failed: see the log"
                                     : text);
        }
        free(waiting);
    }
}

/* Tables have names where there are several: see control_answer.h. */
static void show_status(struct commands *commands,
                        struct control_request *request)
{
    if (request->format == TABLE_TSV) {
        commands_show_status(commands, request, NULL);
    } else {
        commands_show_status(commands, request, "status");
        commands_show_entries(commands, request, "entries");
        commands_show_workers(commands, request, "workers");
    }
    control_end(request, 0, NULL);
}

static void show_entries(struct commands *commands,
                         struct control_request *request)
{
    commands_show_entries(commands, request, NULL);
    control_end(request, 0, NULL);
}

static void show_workers(struct commands *commands,
                         struct control_request *request)
{
    commands_show_workers(commands, request, NULL);
    control_end(request, 0, NULL);
}

static void show_metrics(struct commands *commands,
                         struct control_request *request)
{
    FILE *stream = control_stream(request);
    int error = -ENOMEM;

    if (stream != NULL) {
        error =
            metrics_print(commands->stats, BERTH_METRICS_PROMETHEUS, stream);
    }
    control_end(request, error, error < 0 ? strerror(-error) : NULL);
}

/* ------------------------------------------------------------------ the table */

static const struct command {
    const char *name;
    int least, most; /* words behind it */
    void (*run)(struct commands *commands, struct control_request *request);
} table[] = {
    {"status", 0, 0, show_status},
    {"entries", 0, 0, show_entries},
    {"workers", 0, 0, show_workers},
    {"metrics", 0, 0, show_metrics},
    {"connections", 0, 0, ask_for_connections},
    {"close", 1, 1, close_connection},
    {"reload", 0, 0, reload},
    {"drain", 0, 1, drain},
    {"log", 1, 1, set_level},
};

void commands_handle(void *owner, struct control_request *request)
{
    struct commands *commands = owner;
    const int words = request->argc - 1;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct command *command = &table[i];

        if (strcmp(request->argv[0], command->name) != 0) {
            continue;
        }
        if (words < command->least || words > command->most) {
            control_fail(request, "'%s' takes %s", command->name,
                         command->most == 0    ? "no argument"
                         : command->least == 0 ? "at most one argument"
                                               : "one argument");
        } else {
            command->run(commands, request);
        }
        return;
    }
    control_fail(request, "unknown command '%s'", request->argv[0]);
}

void commands_init(struct commands *commands)
{
    list_init(&commands->asked);
    list_init(&commands->reloads);
    commands->last = 0;
}

void commands_fini(struct commands *commands)
{
    commands_end_reload(commands, false, "the server ends");
    for (struct list *link = commands->asked.next; link != &commands->asked;) {
        struct asked *asked = asked_of(link);

        link = link->next; /* it is about to be freed */
        asked->error = -ESHUTDOWN;
        finish(asked, "the server ends");
    }
}
