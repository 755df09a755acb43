/* SPDX-License-Identifier: MIT */
/*
 * The simulator: the server's connection logic over streams that are no
 * sockets, with a clock that the caller turns. What happens depends on nothing
 * but the calls below: no time passes and no byte moves by itself.
 *
 * A peer is the other end of one connection: it sends, reads as much as its
 * window lets it, finishes, or resets.
 */
#ifndef BERTH_SIMULATOR_H
#define BERTH_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "connection.h"
#include "entry.h"
#include "host.h"
#include "limit.h"
#include "list.h"
#include "log.h"
#include "loop.h"

/* A peer that reads whatever comes. */
#define PEER_READS_ALL SIZE_MAX

/* Bytes that grow at the end and are taken from the front. */
struct bytes {
    char *data;
    size_t size, capacity;
    size_t taken;
};

#define SIMULATOR_ENTRIES_MAX 8

struct simulator {
    struct loop loop;
    struct log log;
    struct connections connections;
    struct host host;
    struct mailbox *mailbox;
    struct pool *pool;
    struct watch watch; /* never started: nothing is slow */
    union {
        struct entry entry; /* the first: connections begin there */
        struct entry entries[SIMULATOR_ENTRIES_MAX];
    };
    size_t entry_count;
    struct limits limits;
    /* Those under test, seen through a recorder of on_close. */
    berth_protocol protocols[SIMULATOR_ENTRIES_MAX];
    const berth_protocol *originals[SIMULATOR_ENTRIES_MAX];
    char refusal[256]; /* what an init said */
    struct list peers;
    uint64_t now_ms;
    uint64_t wall_ms; /* of the wall clock at the beginning */
    void *(*reallocate)(void *block, size_t size); /* for its own use */
};

struct peer {
    struct list link;
    struct simulator *simulator;
    struct connection *connection; /* NULL when it is over */
    struct source *source;         /* whom the events are reported to */
    uint32_t watched;              /* events, or STREAM_NONE */
    size_t watches;                /* how often that changed: epoll_ctl(2) */
    uint32_t reported;             /* edge-triggered: those already reported */
    struct bytes sent;             /* to the server */
    struct bytes received;         /* from it */
    size_t window;                 /* bytes that it still reads */
    size_t write_most;             /* bytes that one write takes at most */
    size_t writes;                 /* system calls that wrote would have been */
    bool is_corked; /* the last write said that more follows at once */
    size_t reads;
    int fail_write;          /* -errno of the next write; 0: none */
    int fail_read;           /* the same of the next read */
    int watch_error;         /* -errno of the next watch; 0: none */
    bool is_finished;        /* it finished sending */
    bool is_reset;           /* it reset the connection */
    bool has_end;            /* the server finished sending */
    bool is_closed;          /* the server closed the stream */
    bool is_closed_by_reset; /* with RST */
    int switches;            /* how many on_close(SWITCHED) there were */
    int closes;              /* and how many others */
    int why;                 /* of the last one of these */
};

/* The wall clock at the beginning, unless the parts say: Sun, 06 Nov 1994 08:49:37 GMT. */
#define SIMULATOR_WALL_MS UINT64_C(784111777000)

/* What a simulation is made of; what is left out is 0 or NULL. */
struct simulator_parts {
    const berth_protocol *protocol;
    const char *name; /* of the entry; NULL: as the protocol's */
    const void *settings;
    size_t counter_count;
    const struct limits *limits; /* NULL: the defaults of server.yaml */
    enum selector_trigger trigger;
    enum log_level log_level;
    const char *log_path; /* NULL: stderr */
    size_t threads;       /* at most so many run jobs; 0: two */
    uint64_t wall_ms;     /* of the wall clock; 0: SIMULATOR_WALL_MS */
    /* Changes the table of functions that the plugin is given; NULL: nobody
       does. */
    void (*adapt)(berth_host *table);
    /* What the peers' bytes lie in, so that it can be told from what the server
       needs; NULL: realloc(3). Without memory the simulator aborts. */
    void *(*reallocate)(void *block, size_t size);
    struct slab_store *store; /* of blocks for connections; NULL: none */
};

/* Begins, and runs the plugin's init. Returns 0 or -errno; if it was init's,
   simulator_fini() is due all the same. */
int simulator_init(struct simulator *simulator,
                   const struct simulator_parts *parts);

/* Another entry, to be switched to; named after its protocol, with the same
   limits. Runs its init. Returns 0 or -errno. */
int simulator_add(struct simulator *simulator,
                  const berth_protocol *protocol,
                  const void *settings);

/* The same, of the parts' protocol, name, settings and counters. */
int simulator_add_entry(struct simulator *simulator,
                        const struct simulator_parts *parts);

/* To be told by the on_close of a protocol that a connection was switched to
   within its plugin: the simulator does not see it by itself. */
void simulator_note_close(const berth_conn *c, int why);

/* Ends all connections, runs fini, frees everything, the peers too. */
void simulator_fini(struct simulator *simulator);

/* A new connection; the peer lives until simulator_fini(). NULL: no memory. */
struct peer *simulator_connect(struct simulator *simulator);

/* The same in two steps, so that the peer can be told before what it reads and
   what the kernel takes. Where there is no memory for the connection, opening
   leaves a peer that was reset. */
struct peer *simulator_prepare(struct simulator *simulator);
void simulator_open(struct peer *peer);

/* One turn of the loop. Returns whether anything was left to do. */
bool simulator_turn(struct simulator *simulator);

/* Turns until nothing is left to do; at most a million, then aborts: a server
   that never comes to rest is a bug. */
void simulator_run(struct simulator *simulator);

/* Waits until another thread has posted something or a job is done, then runs.
   For ever, if nothing comes. */
void simulator_await(struct simulator *simulator);

/* Runs until there is nothing left to do and no job is left either, as long as
   those take. A job that waits for the test never ends here. */
void simulator_settle(struct simulator *simulator);

/* Lets time pass, each timer at its time, running as it goes. */
void simulator_wait(struct simulator *simulator, uint64_t ms);

/* The peer's acts; none of them runs the server. */
void peer_send(struct peer *peer, const void *data, size_t size);
void peer_finish(struct peer *peer);
void peer_reset(struct peer *peer);

/* What it has received and not yet taken; takes it. */
const char *peer_take(struct peer *peer, size_t *size);

#endif
