/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"

#define TEXT_MAX 65536

static struct loop loop;
static struct log server_log;
static struct errors errors;
static char path[PATH_MAX];
static struct plugin_path plugin_path;
static struct list addresses;
static struct list generations;
static struct stats *stats;
static int control[2];
static struct handover handover;

/* --------------------------------------------------------------- the old one */

static struct generation_parts make_parts(uint32_t number)
{
    static const struct generation_ops ops; /* nothing happens to it */

    return (struct generation_parts){
        .owner = &handover,
        .ops = &ops,
        .loop = &loop,
        .log = &server_log,
        .stats = stats,
        .number = number,
        .errors = &errors,
        .source = {.path = path, .folders = {.plugins = &plugin_path}},
    };
}

static void set_up(void)
{
    static const char yaml[] = "protocols: [{plugin: echo}]\n";

    fixtures_begin();
    errors_init(&errors);
    fixtures_write("server.yaml", yaml, sizeof(yaml) - 1);
    (void)snprintf(path, sizeof(path), "%s", fixtures_path("server.yaml"));
    ck_assert_int_eq(log_open(&server_log, NULL, LOG_ERROR, LOG_LOGFMT), 0);
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(stats_new(2, &stats), 0);
    ck_assert_int_eq(channel_pair(control), 0);
    list_init(&addresses);
    list_init(&generations);
    handover = (struct handover){
        .addresses = &addresses,
        .generations = &generations,
        .generation_count = 9,
        .control = control[0],
        .stats = stats,
    };
}

static void tear_down(void)
{
    while (!list_is_empty(&generations)) {
        struct generation *generation =
            CONTAINER_OF(generations.next, struct generation, link);

        generation_kill(generation);
        generation_free(generation);
    }
    while (!list_is_empty(&addresses)) {
        struct shards *shards =
            CONTAINER_OF(addresses.next, struct shards, link);

        list_remove(&shards->link);
        shards_close(shards);
    }
    errors_fini(&errors);
    stats_free(stats);
    loop_close(&loop);
    (void)close(control[0]);
    (void)close(control[1]);
    fixtures_end();
}

static struct shards *listen_at(const char *text)
{
    struct address address;
    const struct socket_parts parts = {
        .address = &address, .backlog = 16, .mode = -1};
    struct shards *shards;
    const char *why;
    const char *hint;
    const char *step;

    ck_assert_int_eq(address_parse(&address, text, fixtures_root, &why, &hint),
                     0);
    ck_assert_int_eq(shards_open(&parts, 2, &shards, &step), 0);
    list_append(&addresses, &shards->link);
    return shards;
}

static void add_entry(struct report *report, const char *name, uint32_t plugin)
{
    struct report_entry *entry = &report->entries[report->entry_count++];

    entry->workers = 2;
    entry->plugin = plugin;
    (void)snprintf(entry->name, sizeof(entry->name), "%s", name);
    (void)snprintf(entry->protocol, sizeof(entry->protocol), "echo");
}

static void
add_listener(struct generation *generation, struct shards *shards, size_t entry)
{
    struct report *report = &generation->report;
    const size_t i = report->listener_count++;
    struct report_listener *listener = &report->listeners[i];

    listener->backlog = 77;
    listener->mode = 0640;
    listener->workers = 1;
    index_set_add(&listener->entries, entry);
    (void)snprintf(listener->name, sizeof(listener->name), "\"a\"+b");
    (void)snprintf(listener->text, sizeof(listener->text), "text");
    generation->workers[i] = 1;
    generation->shards[i] = shards;
    if (shards != NULL) {
        shards->users++;
    }
}

/* With two entries and room for two listeners; its workers are to be made. */
static struct generation *add_generation(uint32_t number)
{
    const struct generation_parts parts = make_parts(number);
    struct generation *generation;

    ck_assert_int_eq(generation_new(&parts, &generation), 0);
    list_append(&generations, &generation->link);
    generation->report.entries = calloc(2, sizeof(struct report_entry));
    generation->report.listeners = calloc(2, sizeof(struct report_listener));
    generation->workers = calloc(2, sizeof(uint32_t));
    generation->shards = calloc(2, sizeof(struct shards *));
    generation->state = GENERATION_SERVING;
    add_entry(&generation->report, "one", 0);
    add_entry(&generation->report, "two", 0);
    return generation;
}

/* A process that waits, and the far end of its channel. */
static int hire(struct member *member, enum member_state state, int slot)
{
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(channel_pair(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        for (;;) {
            (void)pause();
        }
    }
    ck_assert_int_eq(member_adopt(member, pid, state, slot, ends[0]), 0);
    return ends[1];
}

static int await_end(pid_t pid)
{
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* ---------------------------------------------------------------- the new one */

/* What the next program finds. */
typedef void look_fn(const struct handover *found);

/* It is a child here, which has the same descriptors. Returns what
   handover_load() does. */
static int load_and_look(int fd, look_fn *look)
{
    struct generation_parts parts = make_parts(0);
    struct list found_addresses;
    struct list found_generations;
    struct handover found = {
        .addresses = &found_addresses,
        .generations = &found_generations,
    };
    int status;
    pid_t pid;

    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int error;

        list_init(&found_addresses);
        list_init(&found_generations);
        parts.stats = NULL;
        loop_close(&loop);
        ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL),
                         0);
        error = handover_load(fd, &parts, &found);
        if (error == 0 && look != NULL) {
            look(&found);
        }
        if (error < 0) {
            ck_assert(list_is_empty(&found_addresses));
            ck_assert(list_is_empty(&found_generations));
        }
        _exit(-error);
    }
    status = await_end(pid);
    ck_assert(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

static struct generation *first_of(const struct handover *found)
{
    return CONTAINER_OF(found->generations->next, struct generation, link);
}

static struct generation *second_of(const struct handover *found)
{
    return CONTAINER_OF(found->generations->next->next, struct generation,
                        link);
}

/* ----------------------------------------------------------------- everything */

static void look_at_old(const struct generation *old)
{
    ck_assert_uint_eq(old->number, 7);
    ck_assert_int_eq(old->state, GENERATION_STOPPING);
    ck_assert(old->is_stop_told);
    ck_assert_uint_eq(old->report.listener_count, 0);
    ck_assert_uint_eq(old->member_count, 1);
    ck_assert_int_eq(old->members[0].pid, 0);
    ck_assert_int_eq(old->members[0].state, MEMBER_AWAY);
    ck_assert_int_eq(old->members[0].slot, -1);
    ck_assert_int_eq(old->members[0].channel.fd, -1);
}

static void look_at_listeners(const struct generation *now)
{
    const struct report *report = &now->report;

    ck_assert_uint_eq(report->listener_count, 2);
    ck_assert_uint_eq(report->listeners[0].backlog, 77);
    ck_assert_int_eq(report->listeners[0].mode, 0640);
    ck_assert_uint_eq(report->listeners[0].workers, 1);
    ck_assert_uint_eq(now->workers[0], 1);
    ck_assert(index_set_has(&report->listeners[0].entries, 1));
    ck_assert(!index_set_has(&report->listeners[0].entries, 0));
    ck_assert_str_eq(report->listeners[0].name, "\"a\"+b");
    ck_assert_str_eq(report->listeners[0].text, "text");
    ck_assert_uint_eq(now->shards[0]->count, 1);
    ck_assert_uint_eq(now->shards[0]->users, 1);
    ck_assert(address_is_path(&now->shards[0]->asked));
    ck_assert_ptr_null(now->shards[1]);
}

static void look_at_now(const struct generation *now)
{
    const struct report *report = &now->report;

    ck_assert_uint_eq(now->number, 8);
    ck_assert_int_eq(now->state, GENERATION_SERVING);
    ck_assert(!now->is_stop_told);
    ck_assert(index_set_has(&now->aside, 0) && !index_set_has(&now->aside, 1));
    ck_assert(index_set_has(&now->drained, 1));
    ck_assert(!index_set_has(&now->drained, 0));
    ck_assert_uint_eq(report->entry_count, 2);
    ck_assert_uint_eq(report->entries[1].workers, 2);
    ck_assert_uint_eq(report->entries[1].plugin, 0);
    ck_assert_str_eq(report->entries[1].name, "two");
    ck_assert_str_eq(report->entries[1].protocol, "echo");
    ck_assert_ptr_nonnull(
        snapshot_find(now->source.folders.snapshot, SNAPSHOT_CONFIG, path));
    ck_assert(snapshot_is_sealed(now->source.folders.snapshot));
    ck_assert_uint_eq(now->member_count, 2);
    ck_assert_int_eq(now->members[0].state, MEMBER_READY);
    ck_assert_int_eq(now->members[0].slot, 1);
    ck_assert_int_eq(now->members[1].state, MEMBER_STOPPED);
}

/* Also that a word goes from here to the worker. */
static void look_at_all(const struct handover *found)
{
    const struct channel_message message = channel_compose(CREW_END, NULL, 0);
    struct generation *now = second_of(found);

    ck_assert_uint_eq(found->generation_count, 9);
    ck_assert_int_eq(found->control, control[0]);
    ck_assert_int_eq(fcntl(found->control, F_GETFD), FD_CLOEXEC);
    ck_assert_uint_eq(stats_get(found->stats, STATS_RELOADS), 5);
    ck_assert_ptr_eq(found->current, now);
    look_at_old(first_of(found));
    look_at_now(now);
    look_at_listeners(now);
    ck_assert_int_eq(member_send(&now->members[0], &message), 0);
}

START_TEST(all_is_found_again)
{
    struct generation *old = add_generation(7);
    struct generation *now = add_generation(8);
    const int slot = stats_claim(stats, 0, 8);
    uint32_t type = 0;
    int far_ends[2];

    (void)listen_at("127.0.0.1:0"); /* nobody's: it is found nevertheless */
    stats_set(stats, STATS_RELOADS, 5);
    old->state = GENERATION_STOPPING;
    old->is_stop_told = true;
    free(old->shards);
    old->shards = NULL;
    ck_assert_int_eq(generation_make_members(old, 1), 0);
    index_set_add(&now->aside, 0);
    index_set_add(&now->drained, 1);
    add_listener(now, listen_at("unix:sock"), 1);
    add_listener(now, NULL, 0);
    ck_assert_int_eq(generation_make_members(now, 2), 0);
    ck_assert_int_eq(slot, 0);
    far_ends[0] = hire(&now->members[0], MEMBER_READY, 1);
    far_ends[1] = hire(&now->members[1], MEMBER_STOPPED, -1);
    handover.current = now;

    ck_assert_int_eq(load_and_look(handover_save(&handover), look_at_all), 0);
    ck_assert_int_eq(read(far_ends[0], &type, sizeof(type)), sizeof(type));
    ck_assert_uint_eq(type, CREW_END);
    generation_kill(now);
    for (int i = 0; i < 2; i++) {
        (void)await_end(now->members[i].pid);
        now->members[i].pid = 0;
        (void)close(far_ends[i]);
    }
    now->members[0].slot = -1;
}
END_TEST

static void look_at_shared(const struct handover *found)
{
    struct generation *one = first_of(found);
    struct generation *two = second_of(found);

    ck_assert_ptr_eq(one->shards[0], two->shards[0]);
    ck_assert_ptr_eq(one->shards[1], two->shards[1]);
    ck_assert_ptr_ne(one->shards[0], one->shards[1]);
    ck_assert_uint_eq(one->shards[0]->users, 2);
    ck_assert_uint_eq(one->shards[0]->count, 2);
    ck_assert_ptr_null(found->current);
    ck_assert_int_eq(found->control, HANDOVER_NONE);
}

START_TEST(shared_addresses_stay_shared)
{
    struct shards *shards[] = {listen_at("127.0.0.1:0"),
                               listen_at("127.0.0.1:0")};

    for (uint32_t number = 1; number <= 2; number++) {
        struct generation *generation = add_generation(number);

        add_listener(generation, shards[0], 0);
        add_listener(generation, shards[1], 1);
        ck_assert_int_eq(generation_make_members(generation, 1), 0);
    }
    handover.control = HANDOVER_NONE;
    ck_assert_int_eq(load_and_look(handover_save(&handover), look_at_shared),
                     0);
}
END_TEST

/* ---------------------------------------------------------------- descriptors */

static void expect_flags(const struct shards *shards, int flags)
{
    ck_assert_int_eq(fcntl(shards->sockets[0].fd, F_GETFD), flags);
    ck_assert_int_eq(fcntl(shards->sockets[1].fd, F_GETFD), flags);
    ck_assert_int_eq(fcntl(control[0], F_GETFD), flags);
    ck_assert_int_eq(fcntl(stats_fd(stats), F_GETFD), flags);
}

START_TEST(descriptors_outlive_an_exec_only_if_there_is_one)
{
    struct generation *generation = add_generation(1);
    struct shards *shards = listen_at("127.0.0.1:0");
    const struct snapshot_file *file =
        snapshot_at(generation->source.folders.snapshot, 0);
    int fd;

    add_listener(generation, shards, 0);
    ck_assert_int_eq(generation_make_members(generation, 1), 0);
    expect_flags(shards, FD_CLOEXEC);
    fd = handover_save(&handover);
    ck_assert_int_ge(fd, 0);
    expect_flags(shards, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
    ck_assert_int_eq(fcntl(file->fd, F_GETFD), 0);
    handover_undo(&handover, fd);
    expect_flags(shards, FD_CLOEXEC);
    ck_assert_int_eq(fcntl(file->fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(the_environment_names_it_once)
{
    ck_assert_int_eq(unsetenv(HANDOVER_VARIABLE), 0);
    ck_assert_int_eq(handover_take(), -1);
    ck_assert_int_eq(setenv(HANDOVER_VARIABLE, "17", 1), 0);
    ck_assert_int_eq(handover_take(), 17);
    ck_assert_ptr_null(getenv(HANDOVER_VARIABLE));
    ck_assert_int_eq(setenv(HANDOVER_VARIABLE, "17 and more", 1), 0);
    ck_assert_int_eq(handover_take(), -1);
    ck_assert_int_eq(setenv(HANDOVER_VARIABLE, "-1", 1), 0);
    ck_assert_int_eq(handover_take(), -1);
}
END_TEST

/* -------------------------------------------------------------------- nonsense */

static int write_text(const char *text, size_t size)
{
    const int fd = memfd_create("handover", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
    return fd;
}

static int load_text(const char *text)
{
    const int fd = write_text(text, strlen(text));
    const int error = load_and_look(fd, NULL);

    (void)close(fd);
    return error;
}

START_TEST(nonsense_is_refused)
{
    ck_assert_int_eq(load_text("nonsense"), -EINVAL);
    ck_assert_int_eq(load_text("{"), -EINVAL);
    ck_assert_int_eq(load_text("[]"), -EINVAL);
    ck_assert_int_lt(load_text(""), 0);
    ck_assert_int_lt(load_and_look(-1, NULL), 0);
}
END_TEST

START_TEST(another_version_is_refused)
{
    ck_assert_int_eq(load_text("{\"version\": 2}"), -ENOTSUP);
    ck_assert_int_eq(load_text("{\"version\": \"1x\"}"), -EINVAL);
}
END_TEST

/* What would be written of a generation with everything but processes. */
static size_t write_sample(char text[TEXT_MAX])
{
    struct generation *generation = add_generation(1);
    ssize_t size;
    int fd;

    add_listener(generation, listen_at("127.0.0.1:0"), 0);
    add_listener(generation, NULL, 1);
    ck_assert_int_eq(generation_make_members(generation, 1), 0);
    handover.current = generation;
    fd = handover_save(&handover);
    ck_assert_int_ge(fd, 0);
    size = pread(fd, text, TEXT_MAX - 1, 0);
    ck_assert_int_gt(size, 0);
    text[size] = '\0';
    (void)close(fd);
    return (size_t)size;
}

/* The sample without its first key of that name. */
static int load_without(const char *sample, const char *key)
{
    static char text[TEXT_MAX];
    char quoted[64];
    char *found;

    (void)snprintf(text, sizeof(text), "%s", sample);
    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", key);
    found = strstr(text, quoted);
    ck_assert_msg(found != NULL, "there is no %s", quoted);
    found[1] = '?';
    return load_text(text);
}

START_TEST(every_key_is_missed)
{
    static const char *const keys[] = {
        "version",       "generation_count",
        "control",       "stats",
        "addresses",     "address",
        "both_families", "sockets",
        "generations",   "number",
        "current",       "stop_told",
        "aside",         "files",
        "kind",          "name",
        "path",          "fd",
        "entries",       "plugin",
        "protocol",      "listeners",
        "shards",        "backlog",
        "mode",          "workers",
        "text",          "members",
        "pid",           "state",
        "slot",          "channel",
    };
    static char sample[TEXT_MAX];

    (void)write_sample(sample);
    ck_assert_int_eq(load_text(sample), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        ck_assert_msg(load_without(sample, keys[i]) < 0, "%s", keys[i]);
    }
}
END_TEST

static void look_for_none(const struct handover *found)
{
    ck_assert(index_set_is_empty(&first_of(found)->drained));
}

START_TEST(earlier_versions_did_not_say_what_is_drained)
{
    static char sample[TEXT_MAX];
    char *found;
    int fd;

    (void)write_sample(sample);
    found = strstr(sample, "\"drained\"");
    ck_assert_ptr_nonnull(found);
    found[1] = '?';
    fd = write_text(sample, strlen(sample));
    ck_assert_int_eq(load_and_look(fd, look_for_none), 0);
    (void)close(fd);
}
END_TEST

START_TEST(workers_of_a_server_that_knows_nothing_are_killed)
{
    struct generation *generation = add_generation(1);
    static char text[TEXT_MAX];
    int far_end;
    int status;
    char *found;
    ssize_t size;
    int fd;

    ck_assert_int_eq(generation_make_members(generation, 1), 0);
    far_end = hire(&generation->members[0], MEMBER_READY, -1);
    handover.current = generation;
    fd = handover_save(&handover);
    size = pread(fd, text, sizeof(text) - 1, 0);
    ck_assert_int_gt(size, 0);
    (void)close(fd);
    found = strstr(text, "\"members\"");
    ck_assert_ptr_nonnull(found);
    found = strstr(found, "\"slot\"");
    ck_assert_ptr_nonnull(found);
    found[1] = '?';
    ck_assert_int_eq(load_text(text), -EINVAL);
    status = await_end(generation->members[0].pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    generation->members[0].pid = 0;
    (void)close(far_end);
}
END_TEST

UNIT_MAIN_WITH("handover",
               set_up,
               tear_down,
               all_is_found_again,
               shared_addresses_stay_shared,
               descriptors_outlive_an_exec_only_if_there_is_one,
               the_environment_names_it_once,
               nonsense_is_refused,
               another_version_is_refused,
               every_key_is_missed,
               earlier_versions_did_not_say_what_is_drained,
               workers_of_a_server_that_knows_nothing_are_killed)
