/* SPDX-License-Identifier: MIT */
#include "addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "driver.h"
#include "fixtures.h"
#include "host.h"
#include "unit.h"

#define ENTRIES 3

static struct loop loop;
static struct log server_log;
static struct watch watch;
static struct host host;
static struct connections connections;
static struct plugin plugin;
static struct config_listener listeners[ENTRIES];
static struct config_entry config_entries[ENTRIES];
static struct config config;
static struct entry entries[ENTRIES];
static struct addresses addresses;
static struct errors errors;

static ssize_t use_all(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return (ssize_t)size;
}

static struct entry_parts shared(void)
{
    return (struct entry_parts){
        .name = "nobody",
        .protocol = &plugin.protocol,
        .limits = &config_entries[0].limits,
        .host = &host.table,
        .connections = &connections,
        .loop = &loop,
        .watch = &watch,
        .log = &server_log,
    };
}

static void listen_at(size_t index, const char *text)
{
    const char *why = "";
    const char *hint;
    int error = address_parse(&listeners[index].address, text, fixtures_root,
                              &why, &hint);

    ck_assert_msg(error == 0, "%s: %s", text, why);
    listeners[index].text = text;
}

/* Three entries, each at an address of its own. */
static void set_up_entries(void)
{
    static const char *const names[ENTRIES] = {"one", "two", "three"};
    static const char *const texts[ENTRIES] = {"unix:1", "unix:2", "unix:3"};
    struct entry_parts parts = shared();

    for (size_t i = 0; i < ENTRIES; i++) {
        listeners[i] = (struct config_listener){
            .backlog = 16, .mode = -1, .entry = i, .is_first = true};
        config_entries[i] = (struct config_entry){
            .name = names[i],
            .plugin = &plugin,
            .limits = {.input = 65536, .output = 65536},
            .listeners = &listeners[i],
            .listener_count = 1,
        };
        listen_at(i, texts[i]);
        parts.name = names[i];
        ck_assert_int_eq(entry_init(&entries[i], &parts), 0);
    }
}

static void set_up(void)
{
    const struct connections_parts parts = {
        .connection_size = sizeof(struct connection),
        .extra_size = sizeof(struct extra),
        .loop = &loop,
        .log = &server_log,
        .host = &host.table,
    };

    fixtures_begin();
    host_init(&host);
    plugin.protocol =
        (berth_protocol)BERTH_PROTOCOL_INIT(.name = "sink", .on_data = use_all);
    config = (struct config){.entries = config_entries,
                             .entry_count = ENTRIES,
                             .listener_count = ENTRIES};
    errors_init(&errors);
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
    watch_init(&watch, 0, NULL);
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(connections_init(&connections, &parts), 0);
    set_up_entries();
}

static void tear_down(void)
{
    addresses_close(&addresses);
    driver_kill_all(&connections);
    addresses_fini(&addresses);
    for (size_t i = 0; i < ENTRIES; i++) {
        entry_fini(&entries[i]);
    }
    connections_fini(&connections);
    loop_close(&loop);
    log_close(&server_log);
    errors_fini(&errors);
    fixtures_end();
}

static void begin(void)
{
    const struct entry_parts parts = shared();

    ck_assert_int_eq(addresses_init(&addresses, &config, &parts, &errors), 0);
}

/* Returns a descriptor, or -errno. */
static int dial(size_t index)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const struct address *to = &listeners[index].address;

    if (connect(fd, (const struct sockaddr *)&to->storage, to->size) < 0) {
        int error = -errno;

        (void)close(fd);
        return error;
    }
    return fd;
}

static bool is_logged(const char *text)
{
    size_t size;
    char *log = fixtures_read(fixtures_path("log"), &size);
    bool is_there = memmem(log, size, text, strlen(text)) != NULL;

    free(log);
    return is_there;
}

START_TEST(each_address_has_a_listener)
{
    int fd;

    begin();
    ck_assert_uint_eq(addresses.count, ENTRIES);
    ck_assert_uint_eq(addresses.gate_count, 0);
    ck_assert_str_eq(addresses.texts[1], "unix:2");
    ck_assert_int_eq(dial(1), -ENOENT); /* nothing is bound yet */
    ck_assert_int_eq(addresses_open(&addresses, entries), 0);
    ck_assert_int_eq(addresses_start(&addresses), 0);
    ck_assert(is_logged("three: listening on unix:"));
    fd = dial(1);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_uint_eq(entries[1].open, 1);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(entries_at_one_address_have_a_gate)
{
    int fd;

    listeners[0].next = &listeners[2];
    listeners[2].is_first = false;
    begin();
    ck_assert_uint_eq(addresses.count, 2);
    ck_assert_uint_eq(addresses.gate_count, 1);
    ck_assert_uint_eq(errors.count, 1); /* a warning: one is not asked */
    ck_assert_uint_eq(errors_count(&errors), 0);
    ck_assert_int_eq(addresses_open(&addresses, entries), 0);
    ck_assert_int_eq(addresses_start(&addresses), 0);
    ck_assert(is_logged("one+three: listening on unix:"));
    fd = dial(0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_uint_eq(addresses.gates[0].entry.open, 1);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(every_failure_is_told)
{
    fixtures_write("1", "x", 1);
    fixtures_write("3", "x", 1);
    begin();
    ck_assert_int_eq(addresses_open(&addresses, entries), -EEXIST);
    ck_assert_uint_eq(addresses.open_count, 1);
    ck_assert(is_logged("one: cannot bind unix:1: File exists"));
    ck_assert(is_logged("three: cannot bind unix:3: File exists"));
    ck_assert(!is_logged("two: cannot"));
}
END_TEST

/* What a supervisor binds: one socket at each address. */
struct bound {
    struct shards *shards[ENTRIES];
    uint32_t workers[ENTRIES];
    struct addresses_given given;
};

static void bind_all(struct bound *bound, uint32_t worker)
{
    const char *step = "";

    *bound = (struct bound){.workers = {0, 1, 2}};
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct socket_parts parts = {
            .address = &listeners[i].address, .backlog = 16, .mode = -1};

        ck_assert_int_eq(shards_open(&parts, 1, &bound->shards[i], &step), 0);
    }
    bound->given = (struct addresses_given){
        .shards = (const struct shards *const *)bound->shards,
        .workers = bound->workers,
        .count = ENTRIES,
        .worker = worker,
    };
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* The numbers may be another's by now. */
static void forget_all(struct bound *bound)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        shards_forget(bound->shards[i]);
    }
}

START_TEST(what_others_serve_is_closed)
{
    struct bound bound;
    int fds[2];

    begin();
    bind_all(&bound, 1);
    fds[0] = dial(0);
    fds[1] = dial(2);
    ck_assert_int_eq(addresses_adopt(&addresses, entries, &bound.given), 0);
    ck_assert_uint_eq(addresses.open_count, 2);
    ck_assert(is_open(bound.shards[0]->sockets[0].fd));
    ck_assert(!is_open(bound.shards[1]->sockets[0].fd));
    ck_assert(is_open(bound.shards[2]->sockets[0].fd));
    ck_assert_uint_eq(addresses.listeners[1].index, 2);
    ck_assert_uint_eq(addresses.shards[1].workers, 2);
    addresses_finish(&addresses, NULL); /* who waits is accepted there alone */
    ck_assert_uint_eq(entries[0].open, 1);
    ck_assert_uint_eq(entries[1].open, 0);
    ck_assert_uint_eq(entries[2].open, 1);
    forget_all(&bound);
    ck_assert_int_eq(close(fds[0]), 0);
    ck_assert_int_eq(close(fds[1]), 0);
}
END_TEST

START_TEST(what_is_dropped_is_not_adopted)
{
    struct bound bound;

    begin();
    bind_all(&bound, 0);
    shards_close(bound.shards[0]);
    bound.shards[0] = NULL;
    ck_assert_int_eq(addresses_adopt(&addresses, entries, &bound.given), 0);
    ck_assert_uint_eq(addresses.open_count, 2);
    ck_assert_ptr_eq(addresses.listeners[0].entry, &entries[1]);
    shards_forget(bound.shards[1]);
    shards_forget(bound.shards[2]);
}
END_TEST

START_TEST(another_number_of_addresses_is_refused)
{
    struct bound bound;

    begin();
    bind_all(&bound, 0);
    bound.given.count = ENTRIES - 1;
    ck_assert_int_eq(addresses_adopt(&addresses, entries, &bound.given),
                     -EPROTO);
    ck_assert_uint_eq(addresses.open_count, 0);
    for (size_t i = 0; i < ENTRIES; i++) {
        shards_close(bound.shards[i]);
    }
}
END_TEST

START_TEST(closed_ones_are_gone)
{
    begin();
    ck_assert_int_eq(addresses_open(&addresses, entries), 0);
    addresses_close(&addresses);
    ck_assert_int_eq(dial(2), -ENOENT);
    addresses_resume(&addresses); /* of closed ones: nothing */
    addresses_finish(&addresses, NULL);
}
END_TEST

UNIT_MAIN_WITH("addresses",
               set_up,
               tear_down,
               each_address_has_a_listener,
               entries_at_one_address_have_a_gate,
               every_failure_is_told,
               what_others_serve_is_closed,
               what_is_dropped_is_not_adopted,
               another_number_of_addresses_is_refused,
               closed_ones_are_gone)
