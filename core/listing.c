/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <string.h>

#include "ages.h"
#include "connection.h"

static const char *describe_wait(const struct connection *c)
{
    if (c->phase == CONNECTION_LINGERING) {
        return "the peer's end";
    }
    if (connection_has_left(c)) {
        return "the peer to read";
    }
    if (c->phase == CONNECTION_CLOSING) {
        return "its last bytes to leave";
    }
    if ((c->flags & CONNECTION_PAUSED) != 0) {
        return "its protocol";
    }
    if ((c->flags & CONNECTION_STARTED) == 0) {
        return "the first byte";
    }
    return (c->flags & CONNECTION_PEER_ENDED) != 0 ? "its protocol"
                                                   : "the next bytes";
}

/* What was tallied, or else what the kernel has counted. */
static void fill_traffic(const struct connection *c, struct listing_row *row)
{
    const struct tally *tally = connection_tally(c);
    struct stream_traffic traffic;

    row->bytes_in = -1;
    row->bytes_out = -1;
    if (tally != NULL) {
        row->bytes_in = (int64_t)tally->bytes_in;
        row->bytes_out = (int64_t)tally->bytes_out;
    } else if (c->stream.ops->traffic != NULL &&
               c->stream.ops->traffic(&c->stream, &traffic) == 0) {
        row->bytes_in = (int64_t)traffic.received;
        row->bytes_out = (int64_t)traffic.sent;
    }
}

static void write_one(void *object, void *arg)
{
    const struct connection *c = object;
    struct listing_row row = {.number = 0};
    const struct connections *all;

    if (c->phase == CONNECTION_DEAD) {
        return;
    }
    all = connection_all(c);
    row.number = connection_serial(c);
    row.age_ms = (int64_t)ages_find(&all->ages, row.number, all->loop->now_ms);
    row.queued = (int64_t)connection_queued(c);
    fill_traffic(c, &row);
    connection_peer_text(c, row.peer, sizeof(row.peer));
    (void)snprintf(row.entry, sizeof(row.entry), "%s",
                   connection_entry(c)->head.name);
    (void)snprintf(row.waits, sizeof(row.waits), "%s", describe_wait(c));
    (void)fwrite(&row, sizeof(row), 1, arg);
}

void listing_write(struct connections *all, FILE *stream)
{
    slab_visit(&all->slab, write_one, stream);
}

struct search {
    uint64_t number;
    struct connection *found;
};

static void compare(void *object, void *arg)
{
    struct connection *c = object;
    struct search *search = arg;

    if (c->phase != CONNECTION_DEAD && connection_serial(c) == search->number) {
        search->found = c;
    }
}

struct connection *listing_find(struct connections *all, uint64_t number)
{
    struct search search = {.number = number};

    slab_visit(&all->slab, compare, &search);
    return search.found;
}
