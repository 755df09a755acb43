/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include <errno.h>
#include <stdlib.h>

#include "connection.h"
#include "unit.h"

#define MANY 1000

static struct loop loop;
static struct log server_log = {.fd = -1};
static struct connections all;
static const berth_host host = {.size = sizeof(host)};

static void set_up(void)
{
    const struct connections_parts parts = {
        .connection_size = sizeof(struct connection),
        .extra_size = sizeof(struct extra),
        .loop = &loop,
        .log = &server_log,
        .host = &host,
        .trigger = SELECTOR_EDGE,
    };

    ck_assert_int_eq(connections_init(&all, &parts), 0);
}

static void tear_down(void)
{
    connections_fini(&all);
}

START_TEST(they_are_what_they_were_made_of)
{
    ck_assert_ptr_eq(all.loop, &loop);
    ck_assert_ptr_eq(all.log, &server_log);
    ck_assert_ptr_eq(all.host, &host);
    ck_assert_int_eq(all.trigger, SELECTOR_EDGE);
    ck_assert_ptr_null(all.current);
    ck_assert_uint_eq(all.open, 0);
    ck_assert_uint_eq(all.pending.count, 0);
}
END_TEST

START_TEST(the_buffers_do_not_overlap)
{
    ck_assert(all.cork > all.buffer + ENTRY_READ_SIZE);
    all.buffer[ENTRY_READ_SIZE] = '\0';
    all.cork[CONNECTIONS_CORK_SIZE - 1] = 'x';
}
END_TEST

START_TEST(there_is_a_place_in_the_queues_for_each)
{
    static struct connection *taken[MANY];

    for (size_t i = 0; i < MANY; i++) {
        taken[i] = connections_take(&all);
        ck_assert_ptr_nonnull(taken[i]);
        ck_assert_uint_ge(all.queue_capacity, i + 1);
    }
    for (size_t i = 0; i < MANY; i++) {
        connections_queue(&all, taken[i]);
    }
    ck_assert_uint_eq(all.pending.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_ptr_eq(all.pending.items[i], taken[i]);
        connections_give(&all, taken[i]);
    }
    ck_assert_uint_eq(all.released, MANY);
    ck_assert_uint_eq(all.slab.used, 0);
}
END_TEST

static struct address parse(const char *text)
{
    struct address address;
    const char *why;
    const char *hint;

    ck_assert_int_eq(address_parse(&address, text, NULL, &why, &hint), 0);
    return address;
}

START_TEST(a_peer_is_counted_once_for_each_connection)
{
    struct entry entry = {.limits = {.connections_per_ip = 2}};
    struct entry other = {.limits = {.connections_per_ip = 1}};
    struct address peer = parse("127.0.0.1:1");
    uint32_t first = CONNECTIONS_NO_PEER;
    uint32_t second = CONNECTIONS_NO_PEER;
    uint32_t third = CONNECTIONS_NO_PEER;

    ck_assert_int_eq(connections_enter_peer(&all, &entry, &peer, &first), 0);
    ck_assert_uint_ne(first, CONNECTIONS_NO_PEER);
    /* To another entry: it is there already. */
    ck_assert_int_eq(connections_enter_peer(&all, &other, &peer, &first), 0);
    ck_assert_int_eq(connections_enter_peer(&all, &entry, &peer, &second), 0);
    ck_assert_int_eq(connections_enter_peer(&all, &entry, &peer, &third),
                     -EDQUOT);
    ck_assert_uint_eq(third, CONNECTIONS_NO_PEER);
    ck_assert_int_eq(connections_enter_peer(&all, &other, &peer, &second),
                     -EDQUOT);
    peers_leave(&all.peers, first);
    ck_assert_int_eq(connections_enter_peer(&all, &other, &peer, &second), 0);
    peers_leave(&all.peers, second);
    ck_assert_uint_eq(all.peers.count, 0);
}
END_TEST

START_TEST(without_a_limit_or_an_address_nobody_is_counted)
{
    struct entry free_entry = {.limits = {.connections_per_ip = 0}};
    struct entry entry = {.limits = {.connections_per_ip = 1}};
    struct address peer = parse("127.0.0.1:1");
    struct address path = parse("unix:/tmp/x");
    uint32_t slot = CONNECTIONS_NO_PEER;

    ck_assert_int_eq(connections_enter_peer(&all, &free_entry, &peer, &slot),
                     0);
    ck_assert_int_eq(connections_enter_peer(&all, &entry, &path, &slot), 0);
    ck_assert_uint_eq(slot, CONNECTIONS_NO_PEER);
}
END_TEST

START_TEST(entries_are_found_by_their_names)
{
    struct entry entries[2] = {{.head = {.name = "one"}},
                               {.head = {.name = "two"}}};

    all.entries = entries;
    all.entry_count = 2;
    ck_assert_ptr_eq(connections_find_entry(&all, "two"), &entries[1]);
    ck_assert_ptr_eq(connections_find_entry(&all, "one"), &entries[0]);
    ck_assert_ptr_null(connections_find_entry(&all, "on"));
    ck_assert_ptr_null(connections_find_entry(&all, ""));
}
END_TEST

UNIT_MAIN_WITH("connections",
               set_up,
               tear_down,
               they_are_what_they_were_made_of,
               the_buffers_do_not_overlap,
               there_is_a_place_in_the_queues_for_each,
               a_peer_is_counted_once_for_each_connection,
               without_a_limit_or_an_address_nobody_is_counted,
               entries_are_found_by_their_names)
