/* SPDX-License-Identifier: MIT */
/*
 * The contract between Berth and a protocol: all that a protocol includes.
 *
 * A protocol is a shared object that exports one data symbol made by
 * BERTH_PROTOCOL(). This is a whole one:
 *
 *     #include <berth/protocol.h>
 *
 *     static ssize_t on_data(berth_conn *c, char *data, size_t size)
 *     {
 *         return berth_write(c, data, size);
 *     }
 *
 *     BERTH_PROTOCOL(.name = "echo", .summary = "sends back what it receives",
 *                    .on_data = on_data);
 *
 * Nothing is linked: the functions below reach the server through the
 * connection or the entry that they are given, so that a plugin has no
 * undefined symbols (link it with -Wl,-z,defs to prove it).
 *
 * Conventions, everywhere in this file:
 * - A result of type int is 0 or -errno; one of type ssize_t a count or -errno.
 * - Sizes are bytes, times are milliseconds.
 * - Callbacks and functions run on the one thread of the worker that owns the
 *   connection, so no locks are needed. Only berth_post(), berth_entry_post()
 *   and the job given to berth_work() concern other threads.
 * - No berth_ function calls the plugin back before it returns. From any
 *   callback, any connection of the same worker may be written to, paused or
 *   closed; that connection's own callbacks come later, in this turn of the
 *   event loop or in the next.
 *
 * Callbacks of one connection follow one grammar:
 *
 *     on_open (on_data | on_drain | on_timer | on_stop | posted)*
 *     on_end? (on_drain | on_timer | on_stop | posted)* on_close
 *
 * After berth_close(), berth_finish(), berth_abort() or a negative result only
 * releases and on_close follow.
 *
 * Compatibility: structs, tables and enumerations only grow at their end, and
 * what is here never changes its meaning. A plugin that was built with an
 * older header always loads. One that was built with a newer header loads
 * unless it uses what this server lacks; the refusal says what it needs.
 */
#ifndef BERTH_PROTOCOL_H
#define BERTH_PROTOCOL_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
/* Tables are written by naming some members: g++ -Wextra would have them all,
   gcc does not mind. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
extern "C" {
#endif

/* The major version of the contract; part of the exported symbol's name. */
#define BERTH_ABI 1u

typedef struct berth_host berth_host;

/*
 * An entry: one item of the list `protocols:` in server.yaml, running in one
 * worker. It lives from init to fini. The rest of the struct is the server's.
 */
typedef struct berth_entry {
    const berth_host *host;
    void *local;          /* the plugin's: local_size bytes, zeroed before init;
                             NULL if local_size is 0 */
    const void *settings; /* settings_size bytes, filled from the option table
                             before init; never changes; NULL if the size is 0 */
    const char *name;     /* as in server.yaml; unique in the server */
} berth_entry;

/*
 * A connection: one accepted byte stream, owned by one worker for life. Valid
 * from on_open until on_close returns. The rest of the struct is the server's.
 */
typedef struct berth_conn {
    const berth_host *host;
    void *state;        /* the plugin's: state_size bytes, zeroed before
                           on_open; NULL if state_size is 0 */
    berth_entry *entry; /* the entry that serves it now */
} berth_conn;

/*
 * Names a connection from any thread and for any length of time: it is never
 * dangling, it can only name something that is gone. Copy it freely; what is
 * in it is the server's. Made by berth_ref_of().
 */
typedef struct berth_ref {
    const berth_host *host;
    void *owner;
    uint64_t id;
} berth_ref;

/* Runs once when the bytes that were lent are no longer needed. */
typedef void berth_release_fn(void *arg);
/* Runs on the connection's worker; c is NULL if the connection is gone. */
typedef void berth_post_fn(berth_conn *c, void *arg);
/* Runs on the entry's worker. */
typedef void berth_entry_fn(berth_entry *entry, void *arg);
/* Runs on a thread of the pool; touches nothing but settings and arg. */
typedef void berth_job_fn(void *arg);

/* Answers of sniff: do these first bytes belong to this protocol? */
enum berth_verdict {
    BERTH_NO = 0,
    BERTH_YES = 1,
    BERTH_MORE = 2, /* cannot tell yet: ask again with more bytes */
};

/* Results of on_end. */
enum berth_end {
    BERTH_CLOSE = 0, /* send what is queued, then close */
    BERTH_KEEP = 1,  /* go on writing; the plugin closes when it is done */
};

/* Why on_stop is called. */
enum berth_stop {
    BERTH_RELOAD = 1, /* newer workers take the new connections */
    BERTH_EXIT = 2,   /* the server ends */
};

/* What on_close is given as `why`, besides -errno. */
enum berth_why {
    BERTH_DONE = 0,     /* closed by the plugin, or after the peer finished */
    BERTH_SWITCHED = 1, /* berth_switch_to(): another protocol has it now */
    BERTH_STOPPED = 2,  /* drain_timeout passed, or the server was told to end
                           at once */
};

/* Clocks for berth_now(). */
enum berth_clock {
    BERTH_MONOTONIC = 0, /* milliseconds since some fixed moment */
    BERTH_REALTIME = 1,  /* milliseconds since 1970-01-01 UTC */
};

/* Levels for berth_log(), most urgent first. */
enum berth_level {
    BERTH_ERROR = 0,
    BERTH_WARNING = 1,
    BERTH_INFO = 2,
    BERTH_DEBUG = 3,
};

/* What berth_get() can tell. Unknown numbers give -ENOENT. */
enum berth_what {
    BERTH_GET_ID = 1,       /* a number, unique while the worker lives */
    BERTH_GET_PEER = 2,     /* address and port: "192.0.2.1:40000",
                               "[2001:db8::1]:40000", "unix:" */
    BERTH_GET_PEER_IP = 3,  /* address alone: "192.0.2.1"; -ENOENT for unix */
    BERTH_GET_LOCAL = 4,    /* the address that the peer connected to */
    BERTH_GET_LISTENER = 5, /* the listener's address as in server.yaml */
    BERTH_GET_ARG = 6,      /* the bytes given to berth_switch_to(); -ENOENT
                               if the connection was not switched here, or
                               with no bytes */
    BERTH_GET_TLS = 7,      /* the TLS version; -ENOENT without TLS */
};

/* Forms of what berth_metrics() tells. */
enum berth_metrics_format {
    BERTH_METRICS_PROMETHEUS = 1, /* its text format, version 0.0.4 */
    BERTH_METRICS_SUMMARY = 2,    /* for people: a line for the server, and one
                                     for each entry */
};

/* ---------------------------------------------------------------- settings */

/*
 * Types of options, with what the server stores in the plugin's struct. The
 * width of the member is checked when the plugin is loaded.
 */
enum berth_type {
    BERTH_BOOL = 1,     /* true or false          bool                       */
    BERTH_INT = 2,      /* decimal                int32_t, int64_t           */
    BERTH_SIZE = 3,     /* 64KiB, 64kB, 65536     uint32_t, uint64_t: bytes  */
    BERTH_DURATION = 4, /* 30s, 1m30s, 250ms      uint32_t, uint64_t: ms     */
    BERTH_STRING = 5,   /* text without NUL       const char *               */
    BERTH_PATH = 6,     /* relative to the file   const char *, absolute     */
    BERTH_ENUM = 7,     /* one of `choices`       int32_t: its index         */
    BERTH_LIST = 8,     /* scalars                berth_list of values       */
    BERTH_MAPPINGS = 9, /* list of mappings       berth_list of structs      */
    BERTH_MAPPING = 10, /* strings to strings     berth_list of berth_pair   */
    BERTH_GROUP = 11,   /* a mapping of options   a struct within the struct */
};

/* Flags of options. */
enum berth_option_flag {
    BERTH_REQUIRED = 1, /* must be given; a fallback is then an example, which
                           --print-default-config shows */
    BERTH_NONE = 2,     /* `none` may be given: stored as 0 (INT, SIZE,
                           DURATION) or NULL (STRING, PATH), whatever the range */
    BERTH_SECRET = 4,   /* never printed */
    BERTH_AUTO = 8,     /* `auto` may be given: stored as -1 (INT), whatever
                           the range */
};

/*
 * One option of a table. A table ends with BERTH_OPTIONS_END. Strings live as
 * long as the plugin. Write the members in this order (C++ insists).
 */
typedef struct berth_option {
    const char *name;
    uint32_t type;          /* enum berth_type */
    uint32_t flags;         /* enum berth_option_flag, or-ed; 0 is fine */
    uint32_t offset, width; /* the member to fill: BERTH_FIELD() */
    const char *fallback;   /* the default as one would write it in YAML; NULL:
                               zero, NULL or empty. Lists, mappings and groups
                               have none: they start empty */
    int64_t min, max; /* of the value (INT, SIZE, DURATION), or of the number
                         of bytes (STRING, PATH) or items (LIST, MAPPINGS,
                         MAPPING); both 0: what the type and width can hold;
                         a min alone wants max = INT64_MAX */
    const char *const *choices;       /* ENUM: names, the last one NULL */
    const struct berth_option *items; /* LIST: one option, of a scalar type:
                                         name, offset and width are unused;
                                         MAPPINGS, GROUP: a table */
    uint32_t item_size; /* MAPPINGS: size of the struct that `items` fills */
    const char *help;   /* one line, no full stop */
} berth_option;

/* The member of the settings struct that an option fills. */
#define BERTH_FIELD(type_, member_)                                            \
    .offset = (uint32_t)offsetof(type_, member_),                              \
    .width = (uint32_t)sizeof(((type_ *)0)->member_)

/* The last element of an option table, and of a counter table. */
#define BERTH_OPTIONS_END                                                      \
    {                                                                          \
        .name = NULL                                                           \
    }
#define BERTH_COUNTERS_END BERTH_OPTIONS_END

/*
 * Items of LIST, MAPPINGS and MAPPING, in the order of the file; items is NULL
 * if there are none. LIST stores bool, int64_t (INT), uint64_t (SIZE,
 * DURATION), int32_t (ENUM) or const char * (STRING, PATH).
 */
typedef struct berth_list {
    size_t count;
    const void *items;
} berth_list;

/* An item of a MAPPING. */
typedef struct berth_pair {
    const char *key;
    const char *value;
} berth_pair;

/* A counter of the plugin: see berth_count(). */
typedef struct berth_counter {
    const char *name; /* [a-z][a-z0-9_]*, up to 64 characters */
    const char *help; /* one line, no full stop */
} berth_counter;

/*
 * Filled by init when it fails. An option that is named here, as a path like
 * "root" or "routes[2].path", is shown with its place in server.yaml; of a
 * mapping "headers[2]" is the third value, whatever its key is. berth_refuse()
 * fills it.
 */
typedef struct berth_error {
    size_t size;        /* of this struct; set by the server */
    const char *option; /* NULL: none in particular; must outlive init, as
                           constants and what is in local do */
    char text[256];     /* what is wrong, and what to do */
} berth_error;

/* ---------------------------------------------------------------- protocol */

/*
 * A protocol. Bounds: state_size and settings_size 16 MiB, local_size 256 MiB,
 * 256 counters, 256 options in a table; settings_size and options go together.
 * The macro BERTH_PROTOCOL() fills the first four members. Write
 * the others in this order (C++ insists); what is left out is 0 or NULL, which
 * is always allowed, but for name and on_data. All of it must be constant: it
 * is read before the plugin runs.
 */
typedef struct berth_protocol {
    uint32_t size;         /* sizeof(berth_protocol) */
    uint32_t abi;          /* BERTH_ABI */
    uint32_t option_size;  /* sizeof(berth_option) */
    uint32_t counter_size; /* sizeof(berth_counter) */

    const char *name;    /* [a-z][a-z0-9_-]*, at most 32 characters */
    const char *version; /* shown by --list; free text */
    const char *summary; /* one line, no full stop */

    size_t state_size;           /* bytes for each connection; 0: none */
    size_t local_size;           /* bytes for each entry and worker; 0: none */
    size_t settings_size;        /* bytes of the struct that `options` fills */
    const berth_option *options; /* NULL: takes no settings */
    const berth_counter *counters; /* NULL: none */

    /*
     * An entry begins: once per entry and worker, before its first connection;
     * also under --check and in two generations at once, so it takes no
     * resource that only one can hold (a port, a lock file). Returns 0, or
     * -errno after filling *error: the entry does not start, fini is not
     * called. Blocking is fine here. berth_tick(), berth_entry_log(),
     * berth_count() and berth_now() may be called.
     */
    int (*init)(berth_entry *entry, berth_error *error);
    /* An entry ends: after its last connection, job and release. */
    void (*fini)(berth_entry *entry);
    /* The entry's own deadline passed: see berth_tick(). */
    void (*on_tick)(berth_entry *entry);
    /*
     * Several entries listen on one address: does a connection that begins
     * with data[0..size), size > 0, belong here? A pure function of its
     * arguments. NULL answers BERTH_NO.
     */
    enum berth_verdict (*sniff)(const char *data, size_t size);

    /*
     * A connection was made. Returns 0, or -errno to close it; what was
     * written before is sent even then.
     */
    int (*on_open)(berth_conn *c);
    /*
     * Bytes were received. data[0..size), size > 0, are all bytes not yet
     * used: contiguous, writable, followed by a NUL, valid until the callback
     * returns; what the callback changes in the part that it does not use is
     * still changed when it is offered again.
     *
     * Returns how many bytes were used, from the front:
     * - all of them: fine;
     * - fewer: called again at once with the rest, unless the callback closed,
     *   paused or switched the connection, or its queued output is above the
     *   high mark; then after resume, by the new protocol, or at the low mark,
     *   without waiting for new bytes;
     * - 0: called again when more has come, or after resume. If limits.input
     *   bytes wait and the connection is not paused, it is closed with
     *   -EMSGSIZE: larger messages must be used piece by piece;
     * - -errno: closes: what was written before is sent, then the peer reads
     *   the end of the stream;
     * - more than size: a bug; the connection is aborted and the plugin named.
     */
    ssize_t (*on_data)(berth_conn *c, char *data, size_t size);
    /*
     * The peer finished sending (a half-close: it may still read). Comes once,
     * after on_data had its chance, not while the connection is paused or
     * above the high mark. data[0..size), possibly empty, is what on_data left
     * unused, valid and writable as there.
     *
     * Returns BERTH_CLOSE, BERTH_KEEP (call berth_close() or berth_shutdown()
     * when the last answer is written) or -errno. NULL: BERTH_CLOSE.
     */
    int (*on_end)(berth_conn *c, char *data, size_t size);
    /*
     * There is room again: berth_room() had come down to 0, or queued output
     * was above the high mark, and now it is at or below the low mark. At most
     * once in a turn of the event loop.
     */
    void (*on_drain)(berth_conn *c);
    /* The deadline passed (berth_deadline()). NULL: closes, -ETIMEDOUT. */
    void (*on_timer)(berth_conn *c);
    /*
     * The server drains, for the reason given (enum berth_stop); at most once
     * for each reason; right after on_open if it drains already. The plugin
     * finishes what it is doing and closes; at drain_timeout the server does.
     * NULL: on BERTH_EXIT what the kernel holds is delivered, then the
     * connection is closed as by berth_close(); on BERTH_RELOAD nothing.
     */
    void (*on_stop)(berth_conn *c, int reason);
    /*
     * The connection is over: exactly once for every on_open, also for one
     * that failed; the last call. why: enum berth_why, else -errno. What was
     * queued has been sent, unless the connection broke or was aborted.
     * Functions that write or change the connection do nothing here.
     */
    void (*on_close)(berth_conn *c, int why);

    /*
     * Log files were rotated, and the server was told to open its own anew: in
     * every worker, at any time between init and fini. A plugin that writes to
     * such a file opens it again by its name; if that fails it keeps the old
     * one and says so with berth_entry_log(). NULL: it has no such files.
     */
    void (*on_reopen)(berth_entry *entry);
} berth_protocol;

/* -------------------------------------------------------------------- host */

/*
 * The server's functions. Do not call them by hand: the functions below are
 * the interface. The table only grows at its end, and `size` tells how far.
 */
struct berth_host {
    size_t size;

    ssize_t (*write)(berth_conn *c, const void *data, size_t size);
    ssize_t (*writev)(berth_conn *c, const struct iovec *iov, int count);
    ssize_t (*write_owned)(berth_conn *c,
                           const void *data,
                           size_t size,
                           berth_release_fn *release,
                           void *arg);
    int (*sendfile)(berth_conn *c,
                    int fd,
                    uint64_t offset,
                    uint64_t size,
                    berth_release_fn *release,
                    void *arg);
    char *(*reserve)(berth_conn *c, size_t size);
    int (*commit)(berth_conn *c, size_t size);
    size_t (*room)(const berth_conn *c);

    void (*pause)(berth_conn *c);
    void (*resume)(berth_conn *c);
    void (*shutdown)(berth_conn *c);
    void (*close)(berth_conn *c);
    void (*abort)(berth_conn *c);

    int (*deadline)(berth_conn *c, uint64_t ms);
    int (*tick)(berth_entry *entry, uint64_t ms);
    uint64_t (*now)(const berth_entry *entry, enum berth_clock clock);

    int (*switch_to)(berth_conn *c,
                     const char *entry,
                     const berth_protocol *protocol,
                     const void *arg,
                     size_t size);
    ssize_t (*get)(const berth_conn *c,
                   enum berth_what what,
                   void *buffer,
                   size_t size);

    void (*log)(berth_conn *c,
                enum berth_level level,
                const char *format,
                va_list args);
    void (*entry_log)(berth_entry *entry,
                      enum berth_level level,
                      const char *format,
                      va_list args);
    void (*count)(berth_entry *entry, unsigned counter, uint64_t n);

    berth_ref (*ref_of)(berth_conn *c);
    int (*post)(berth_ref ref, berth_post_fn *fn, void *arg);
    int (*entry_post)(berth_entry *entry, berth_entry_fn *fn, void *arg);
    int (*work)(berth_conn *c,
                berth_job_fn *job,
                berth_post_fn *done,
                void *arg);
    int (*entry_work)(berth_entry *entry,
                      berth_job_fn *job,
                      berth_entry_fn *done,
                      void *arg);
    void (*record)(berth_entry *entry, const char *format, va_list args);
    ssize_t (*metrics)(const berth_entry *entry,
                       enum berth_metrics_format format,
                       char *buffer,
                       size_t size);
    void (*finish)(berth_conn *c);
};

/* ------------------------------------------------------------------ output */

/*
 * Sends data[0..size), in the order of the calls: all of it or nothing. The
 * bytes are copied or sent before the function returns; the caller keeps them.
 *
 * Returns size, or -errno: -EPIPE after berth_shutdown() or once the
 * connection ends, -ENOBUFS if more than limits.output bytes were still queued
 * when the last attempt to send them ended, -ENOMEM, or what the kernel said.
 * A failed write ends the connection (on_close is given the same error), so
 * the result may be ignored.
 *
 * What is written while the bytes of one read are handled leaves in one system
 * call; what is written from elsewhere leaves in one call for each connection
 * at the turn's end. Any size is fine in one callback; a loop that produces
 * must ask berth_room().
 */
static inline ssize_t berth_write(berth_conn *c, const void *data, size_t size)
{
    return c->host->write(c, data, size);
}

/*
 * As berth_write(), from several places at once. count: 0 to 1024 (IOV_MAX);
 * -EINVAL beyond.
 */
static inline ssize_t
berth_writev(berth_conn *c, const struct iovec *iov, int count)
{
    return c->host->writev(c, iov, count);
}

/*
 * As berth_write(), but the bytes are lent: they must stay unchanged until
 * release(arg) runs, exactly once, after this callback, whether they were sent
 * or not. release may be NULL (constant data). On -errno nothing was taken
 * over: release does not run.
 */
static inline ssize_t berth_write_owned(berth_conn *c,
                                        const void *data,
                                        size_t size,
                                        berth_release_fn *release,
                                        void *arg)
{
    return c->host->write_owned(c, data, size, release, arg);
}

/*
 * Sends size bytes of the file fd from offset on, after what was written
 * before. The file's own offset is neither used nor changed, so that many
 * connections can share one descriptor. fd must stay open until release(arg)
 * runs (as berth_write_owned()). A file that turns out to be shorter aborts
 * the connection. The bytes count towards the high mark, not towards
 * limits.output. Returns 0, -errno as berth_write(), or, with the connection
 * going on, -EBADF (fd is negative) and -EINVAL (beyond 2^63 bytes).
 */
static inline int berth_sendfile(berth_conn *c,
                                 int fd,
                                 uint64_t offset,
                                 uint64_t size,
                                 berth_release_fn *release,
                                 void *arg)
{
    return c->host->sendfile(c, fd, offset, size, release, arg);
}

/*
 * Room for size contiguous bytes at the end of the output, to be filled in
 * place and then announced by berth_commit(). Valid until the next berth_
 * call on the connection. Returns NULL where berth_write() would fail; the
 * connection then ends.
 */
static inline char *berth_reserve(berth_conn *c, size_t size)
{
    return c->host->reserve(c, size);
}

/*
 * Sends the first size bytes of what berth_reserve() gave; 0 is fine. -EINVAL
 * if they are more than were reserved.
 */
static inline int berth_commit(berth_conn *c, size_t size)
{
    return c->host->commit(c, size);
}

/*
 * How many bytes may be written before the output's high mark is reached; what
 * this callback wrote counts, sent or not. 0 promises that on_drain or
 * on_close will be called. It is advice: a write beyond it succeeds.
 */
static inline size_t berth_room(const berth_conn *c)
{
    return c->host->room(c);
}

/* ------------------------------------------------------------- flow, ending */

/*
 * No on_data and no on_end until berth_resume(). A flag, not a count, and the
 * plugin's own: the server's back-pressure neither sets nor lifts it. The peer
 * is held back by TCP.
 */
static inline void berth_pause(berth_conn *c)
{
    c->host->pause(c);
}

/*
 * Lifts berth_pause(). Bytes that wait are offered later in this turn or in
 * the next, also those that on_data has already seen.
 */
static inline void berth_resume(berth_conn *c)
{
    c->host->resume(c);
}

/*
 * No more will be written: once the queue is sent the peer reads the end of
 * the stream. Receiving goes on; once the peer has finished too, the server
 * closes.
 */
static inline void berth_shutdown(berth_conn *c)
{
    c->host->shutdown(c);
}

/*
 * Ends the connection: what is queued is sent, then on_close comes. The peer
 * reads all of it and then the end of the stream, never a reset, because the
 * server goes on discarding what still arrives for a while.
 */
static inline void berth_close(berth_conn *c)
{
    c->host->close(c);
}

/*
 * As berth_close(), where the protocol says that the peer sends no more, as
 * "Connection: close" of an HTTP client does: the server does not wait for the
 * peer's end, which spares it much of what a short connection costs. If it has
 * received more than was used, it waits nevertheless. A peer that sends later
 * may read a reset instead of the answer. Where the running server is too old
 * for it, this is berth_close().
 */
static inline void berth_finish(berth_conn *c)
{
    if (c->host->size < offsetof(berth_host, finish) + sizeof(void *)) {
        c->host->close(c);
    } else {
        c->host->finish(c);
    }
}

/*
 * Ends the connection at once: what is queued is dropped, the peer reads a
 * reset. on_close is given -ECONNABORTED.
 */
static inline void berth_abort(berth_conn *c)
{
    c->host->abort(c);
}

/* -------------------------------------------------------------------- time */

/*
 * on_timer comes ms milliseconds from now, or at the first chance after; 0:
 * never. One deadline for each connection: a new one replaces it, and when it
 * has passed it is gone. Setting it for each message is cheap. At most
 * 2,147,483,647 ms (24 days), -EINVAL beyond.
 */
static inline int berth_deadline(berth_conn *c, uint64_t ms)
{
    return c->host->deadline(c, ms);
}

/* The same for the entry: on_tick comes. -EINVAL also if it has no on_tick. */
static inline int berth_tick(berth_entry *entry, uint64_t ms)
{
    return entry->host->tick(entry, ms);
}

/*
 * The time of this turn of the event loop, in milliseconds: constant while a
 * callback runs. Costs no system call.
 */
static inline uint64_t berth_now(const berth_entry *entry,
                                 enum berth_clock clock)
{
    return entry->host->now(entry, clock);
}

/* ---------------------------------------------------------------- switching */

/*
 * Hands the connection to another entry of server.yaml, found by its name. arg
 * is copied, for berth_get(c, BERTH_GET_ARG, ...). After this callback:
 * on_close(BERTH_SWITCHED) of the old protocol; then, with zeroed state, no
 * deadline and not paused, on_open of the new one, which is then offered the
 * bytes not yet used. A negative result of this callback wins over the switch.
 * -ENOENT: no such entry; -EDQUOT: it has as many connections as its limits
 * allow; -EPIPE: already closing; -ENOMEM. When on_end switches, the next
 * protocol is told the end, too.
 */
static inline int
berth_switch_to(berth_conn *c, const char *entry, const void *arg, size_t size)
{
    return c->host->switch_to(c, entry, NULL, arg, size);
}

/*
 * The same to another protocol of this plugin, under the same entry: local and
 * settings stay. *protocol must be constant and is made by
 * BERTH_PROTOCOL_INIT(); of its members those that concern a connection are
 * used: name, state_size, on_open to on_close. -EINVAL: it is broken, -ENOTSUP:
 * it needs a newer server; the log says why.
 */
static inline int berth_switch_protocol(berth_conn *c,
                                        const berth_protocol *protocol,
                                        const void *arg,
                                        size_t size)
{
    return c->host->switch_to(c, NULL, protocol, arg, size);
}

/* ------------------------------------------------------------ asking, telling */

/*
 * Writes what was asked to buffer[0..size), as snprintf does: at most size
 * bytes with the NUL (BERTH_GET_ARG: no NUL), and returns the full length
 * without it. -ENOENT: there is no such thing here.
 */
static inline ssize_t
berth_get(const berth_conn *c, enum berth_what what, void *buffer, size_t size)
{
    return c->host->get(c, what, buffer, size);
}

/*
 * A line in the server's log, with entry, connection and peer. No newline is
 * needed; control characters are escaped; each level's lines of an entry are
 * limited in rate. May be called where the worker's thread runs.
 */
__attribute__((format(printf, 3, 4))) static inline void
berth_log(berth_conn *c, enum berth_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    c->host->log(c, level, format, args);
    va_end(args);
}

/* The same for the entry, where there is no connection. */
__attribute__((format(printf, 3, 4))) static inline void berth_entry_log(
    berth_entry *entry, enum berth_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    entry->host->entry_log(entry, level, format, args);
    va_end(args);
}

/*
 * The same for a line that is a record, such as of a request that was answered:
 * written at level info, whatever the entry's level is, and not limited in
 * rate. Nothing happens where the running server is too old for it.
 */
__attribute__((format(printf, 2, 3))) static inline void
berth_record(berth_entry *entry, const char *format, ...)
{
    va_list args;

    if (entry->host->size < offsetof(berth_host, record) + sizeof(void *)) {
        return;
    }
    va_start(args, format);
    entry->host->record(entry, format, args);
    va_end(args);
}

/*
 * Adds n to a counter: an index into the protocol's table `counters`. A number
 * outside of the table is ignored.
 */
static inline void berth_count(berth_entry *entry, unsigned counter, uint64_t n)
{
    entry->host->count(entry, counter, n);
}

/*
 * Tells what the whole server counts, of all entries and workers: a text of
 * many lines. Writes it as snprintf does, and returns the full length without
 * the NUL; the next call may find another length. It is the work of some
 * milliseconds where there are many entries and workers. -EINVAL: there is no
 * such form; -ENOENT: nothing is counted here, as below --check; -ENOMEM;
 * -ENOSYS: the running server is too old.
 */
static inline ssize_t berth_metrics(const berth_entry *entry,
                                    enum berth_metrics_format format,
                                    char *buffer,
                                    size_t size)
{
    if (entry->host->size < offsetof(berth_host, metrics) + sizeof(void *)) {
        return -ENOSYS;
    }
    return entry->host->metrics(entry, format, buffer, size);
}

/*
 * For init: fills *error and returns the (negative) number given, so that one
 * can write: return berth_refuse(error, "root", -ENOENT, "no such directory").
 */
__attribute__((format(printf, 4, 5))) static inline int berth_refuse(
    berth_error *error, const char *option, int number, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    error->option = option;
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return number;
}

/* ------------------------------------------------------------ other threads */

/* A reference that may be kept and used anywhere. Begins anew at a switch. */
static inline berth_ref berth_ref_of(berth_conn *c)
{
    return c->host->ref_of(c);
}

/*
 * From any thread: fn(c, arg) runs exactly once on the connection's worker,
 * with c == NULL if the connection is gone. From the worker's own thread: in
 * the next turn. -ESHUTDOWN while the worker ends, -ENOMEM: fn never runs.
 */
static inline int berth_post(berth_ref ref, berth_post_fn *fn, void *arg)
{
    return ref.host->post(ref, fn, arg);
}

/* The same for an entry, which lives as long as its worker. */
static inline int
berth_entry_post(berth_entry *entry, berth_entry_fn *fn, void *arg)
{
    return entry->host->entry_post(entry, fn, arg);
}

/*
 * Runs job(arg) on a thread of the pool, where it may block, then done(c, arg)
 * on the worker, exactly once, with c == NULL if the connection is gone. The
 * job may read settings; never connection, state or local. Jobs of one
 * connection end in any order (pause for order). A worker that ends waits for
 * jobs up to drain_timeout; those that have not begun by then do not run, but
 * their done does. -EAGAIN: the queue is full; -ESHUTDOWN, -ENOMEM, or what
 * pthread_create(3) said.
 */
static inline int
berth_work(berth_conn *c, berth_job_fn *job, berth_post_fn *done, void *arg)
{
    return c->host->work(c, job, done, arg);
}

/* The same without a connection. */
static inline int berth_entry_work(berth_entry *entry,
                                   berth_job_fn *job,
                                   berth_entry_fn *done,
                                   void *arg)
{
    return entry->host->entry_work(entry, job, done, arg);
}

/* ---------------------------------------------------------------- exporting */

/* The members that a protocol does not write itself, and those that it does. */
#define BERTH_PROTOCOL_INIT(...)                                               \
    {                                                                          \
        .size = (uint32_t)sizeof(berth_protocol), .abi = BERTH_ABI,            \
        .option_size = (uint32_t)sizeof(berth_option),                         \
        .counter_size = (uint32_t)sizeof(berth_counter), __VA_ARGS__           \
    }

#ifdef __cplusplus
#define BERTH_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define BERTH_EXPORT extern __attribute__((visibility("default")))
#endif

/* Exports the protocol of this shared object; once in each. */
#define BERTH_PROTOCOL(...)                                                    \
    BERTH_EXPORT const berth_protocol berth_protocol_1;                        \
    const berth_protocol berth_protocol_1 = BERTH_PROTOCOL_INIT(__VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
