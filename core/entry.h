/* SPDX-License-Identifier: MIT */
/*
 * An entry of server.yaml, running in this worker: a protocol with its
 * settings and limits, and what its connections share.
 */
#ifndef BERTH_ENTRY_H
#define BERTH_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "account.h"
#include "crumb.h"
#include "limit.h"
#include "log.h"
#include "loop.h"
#include "plugin.h"
#include "slab.h"
#include "stats.h"
#include "watch.h"

/* One read takes up to so much: bulk is the cheaper the more of it leaves in one
   call. */
#define ENTRY_READ_SIZE ((size_t)256 * 1024)
/* The default of limits.input: below it a read takes no more than that. */
#define ENTRY_READ_USUAL ((size_t)64 * 1024)

struct connections; /* connections.h: a layer above */

/*
 * A protocol that an entry serves: the one that its plugin exports, or another
 * one of the same plugin that connections were switched to.
 */
struct entry_service {
    const berth_protocol *protocol;
    struct slab states;
    struct entry_service *next;
    const berth_protocol *given; /* as the plugin named it; NULL: its own */
    berth_protocol known;        /* what this server knows of that */
};

struct entry {
    berth_entry head;             /* what the plugin sees; must be first */
    struct entry_service service; /* the plugin's; behind it the others */
    struct limits limits;
    size_t read_size;  /* what one read takes at most */
    size_t output_cap; /* limits.output */
    size_t high_mark;  /* queued output: above it the peer is not read */
    size_t low_mark;   /* at it reading goes on */
    size_t open;       /* connections, also those that linger */
    struct connections *connections;
    struct loop *loop;
    struct watch *watch;
    struct log *log;          /* the server's, or a view of it */
    struct account *account;  /* what is counted about it */
    uint32_t number;          /* in breadcrumbs; 0: it has none */
    bool owns_account;        /* nobody else sees it */
    size_t counter_count;     /* of the plugin's, in the account */
    struct log log_view;      /* the log at the entry's own level */
    bool logs_access;         /* each connection's end, see access.h */
    bool is_gate;             /* nobody stays: connections are handed on */
    bool is_started;          /* init has run and fini is owed; the owner's */
    bool is_aside;            /* not served any more */
    struct source source;     /* its timer is the plugin's tick */
    struct log_site sites[4]; /* the rate of each level's lines */
};

/* What an entry is made of; all borrowed until entry_fini(). */
struct entry_parts {
    const char *name;
    const berth_protocol *protocol;
    const berth_counter *counters; /* NULL: their names are not known */
    size_t counter_count;
    struct stats *stats; /* where it is counted; NULL: in private */
    const void *settings;
    const struct limits *limits;
    const berth_host *host;
    struct connections *connections;
    struct loop *loop;
    struct watch *watch;
    struct log *log;
    const struct log_scope *log_scope; /* NULL: all that the log takes, and no
                                          access lines */
};

/* Returns 0 or -ENOMEM. */
int entry_init(struct entry *entry, const struct entry_parts *parts);

/* Runs the plugin's init. Returns 0, or its -errno with *error filled. */
int entry_start(struct entry *entry, berth_error *error);

/* Around each call of the plugin about no connection in particular. */
void entry_begin_call(const struct entry *entry, enum crumb_callback callback);
/* The same for a release of what a connection of that number was lent. */
void entry_begin_release(const struct entry *entry, uint64_t connection);
void entry_end_call(const struct entry *entry);

/* So many more connections. */
static inline void entry_add_open(struct entry *entry, int more)
{
    entry->open += (size_t)more;
    atomic_store_explicit(&entry->account->open, entry->open,
                          memory_order_relaxed);
}

/* Log files are opened anew: runs the plugin's on_reopen. */
void entry_reopen(struct entry *entry);

/* Runs the plugin's fini; its connections are gone. */
void entry_stop(struct entry *entry);

void entry_fini(struct entry *entry);

/*
 * The service of another protocol of the plugin, made when it is first asked
 * for. Returns 0 and *service, or -ENOTSUP: it needs a newer server, -EINVAL:
 * it is broken (the refusal says why), or -ENOMEM.
 */
int entry_serve(struct entry *entry,
                const berth_protocol *protocol,
                struct entry_service **service,
                struct plugin_refusal *refusal);

static inline struct entry *entry_of(const berth_conn *c)
{
    return (struct entry *)(void *)c->entry;
}

#endif
