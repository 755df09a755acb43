/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include "option.h"

/* What timers can count; nobody waits longer for a peer. */
#define DAYS_24 (INT64_C(24) * 24 * 60 * 60 * 1000)

#define KIB INT64_C(1024)

/* More connections than any kernel holds. */
#define CONNECTIONS_MAX INT64_C(1000000000)

static const berth_option limits[] = {
    {.name = "connections",
     .type = BERTH_INT,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct limits, connections),
     .fallback = "none",
     .min = 1,
     .max = CONNECTIONS_MAX,
     .help =
         "connections open at once; at this number no more are accepted until "
         "one ends"},
    {.name = "connections_per_ip",
     .type = BERTH_INT,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct limits, connections_per_ip),
     .fallback = "none",
     .min = 1,
     .max = CONNECTIONS_MAX,
     .help = "connections open at once from one address; one more is accepted "
             "and closed; unix sockets do not count"},
    {.name = "input",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct limits, input),
     .fallback = "64KiB",
     .min = KIB,
     .max = KIB * KIB * KIB,
     .help = "bytes that a protocol may leave unused, that is, the longest "
             "message that it must see whole; more closes the connection"},
    {.name = "output",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct limits, output),
     .fallback = "1MiB",
     .min = 4 * KIB,
     .max = INT64_MAX,
     .help = "bytes that wait for the peer to take them; more closes the "
             "connection; at a quarter of it the connection is not read any "
             "more, at a sixteenth it is again"},
    {.name = "idle",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct limits, idle_ms),
     .fallback = "5m",
     .min = 1,
     .max = DAYS_24,
     .help = "time without a byte in either direction; then the connection is "
             "closed"},
    {.name = "first_byte",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct limits, first_byte_ms),
     .fallback = "none",
     .min = 1,
     .max = DAYS_24,
     .help = "time from accepting to the first byte received; then the "
             "connection is closed"},
    {.name = "stall",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct limits, stall_ms),
     .fallback = "30s",
     .min = 1,
     .max = DAYS_24,
     .help = "time that output waits while the peer takes none of it; then the "
             "connection is closed"},
    BERTH_OPTIONS_END,
};

/* As BERTH_FIELD, for OPTION_NODE and those behind it. */
#define NODE_FIELD(type_, member_)                                             \
    .offset = (uint32_t)offsetof(type_, member_),                              \
    .width = (uint32_t)sizeof(void *)

/* In the order of enum log_level. */
static const char *const log_levels[] = {
    "error", "warning", "info", "debug", NULL,
};

/* In the order of enum log_format. */
static const char *const log_formats[] = {
    "auto", "text", "logfmt", "json", NULL,
};

/* What is the whole log's comes first; an entry has the keys from this on. */
#define ENTRY_LOG_KEYS 2

static const berth_option log_keys[] = {
    {.name = "format",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct keys_log, format),
     .fallback = "auto",
     .choices = log_formats,
     .help = "auto is text on a terminal and logfmt otherwise"},
    {.name = "file",
     .type = BERTH_PATH,
     BERTH_FIELD(struct keys_log, file),
     .help = "the file that is appended to; stderr if it is not given"},
    {.name = "level",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct keys_log, level),
     .fallback = "info",
     .choices = log_levels,
     .help = "the least urgent messages that are written"},
    {.name = "access",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct keys_log, access),
     .fallback = "false",
     .help =
         "a line for each connection when it has ended, whatever the level"},
    BERTH_OPTIONS_END,
};

static const berth_option listener[] = {
    {.name = "address",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct keys_listener, address),
     .help = "the address, as in 127.0.0.1:8080"},
    {.name = "backlog",
     .type = BERTH_INT,
     BERTH_FIELD(struct keys_listener, backlog),
     .fallback = "4096", /* KEYS_BACKLOG */
     .min = 1,
     .max = 65535,
     .help = "connections that may wait to be accepted; the kernel has a limit "
             "of its own, net.core.somaxconn"},
    {.name = "mode",
     .type = BERTH_STRING,
     BERTH_FIELD(struct keys_listener, mode),
     .help = "permissions of a unix socket's path, in octal, as in \"0660\"; "
             "writing is connecting; else as the umask says"},
    BERTH_OPTIONS_END,
};

static const berth_option entry[] = {
    {.name = KEYS_PLUGIN,
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct keys_entry, plugin),
     .min = 1,
     .max = 4095,
     .help = "the shared object: a path if it has a slash (relative to this "
             "file), else a name that is looked up, with or without .so"},
    {.name = "name",
     .type = BERTH_STRING,
     BERTH_FIELD(struct keys_entry, name),
     .min = 1,
     .max = 64,
     .help =
         "what the entry is called in the log, of A-Z a-z 0-9 _ . -; unique, "
         "so two entries of one plugin need one; else the protocol's"},
    {.name = "listen",
     .type = OPTION_LISTEN,
     NODE_FIELD(struct keys_entry, listen),
     .min = 1,
     .max = KEYS_LISTENERS_MAX,
     .items = listener,
     .help = "where it listens; without it the entry is reached only when "
             "another one switches to it, which is warned of"},
    {.name = "settings",
     .type = OPTION_SETTINGS,
     NODE_FIELD(struct keys_entry, settings),
     .help = "the plugin's own options, described in its README and by "
             "--describe"},
    {.name = "workers",
     .type = BERTH_INT,
     .flags = BERTH_AUTO,
     BERTH_FIELD(struct keys_entry, workers),
     .fallback = "auto",
     .min = 1,
     .max = KEYS_WORKERS_MAX,
     .help = "worker processes that serve it; auto is all of them; 1 is for a "
             "protocol whose connections must know of each other"},
    {.name = "limits",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct keys_entry, limits),
     .items = limits,
     .help = "limits of this entry; what is not given is the top level's"},
    {.name = "log",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct keys_entry, log),
     .items = &log_keys[ENTRY_LOG_KEYS],
     .help = "what is logged about this entry and its connections; what is "
             "not given is the top level's"},
    BERTH_OPTIONS_END,
};

/* In the order of enum keys_trigger. */
static const char *const triggers[] = {"level", "edge", NULL};

static const berth_option folder = {
    .type = BERTH_PATH,
    .help = "a folder",
};

static const berth_option pool_keys[] = {
    {.name = "threads",
     .type = BERTH_INT,
     BERTH_FIELD(struct keys_pool, threads),
     .fallback = "8",
     .min = 1,
     .max = 1024,
     .help = "jobs that run at once; a thread is started when it is needed"},
    {.name = "queue",
     .type = BERTH_INT,
     BERTH_FIELD(struct keys_pool, queue),
     .fallback = "1024",
     .min = 0,
     .max = 1000000,
     .help = "jobs that may wait for a thread; more are refused"},
    BERTH_OPTIONS_END,
};

static const berth_option top[] = {
    {.name = "protocols",
     .type = OPTION_ENTRIES,
     .flags = BERTH_REQUIRED,
     NODE_FIELD(struct keys_top, protocols),
     .min = 1,
     .max = KEYS_ENTRIES_MAX,
     .items = entry,
     .help = "what is served, as in [{plugin: echo.so, listen: "
             "\"127.0.0.1:8080\"}]"},
    {.name = "workers",
     .type = BERTH_INT,
     .flags = BERTH_AUTO,
     BERTH_FIELD(struct keys_top, workers),
     .fallback = "auto",
     .min = 0,
     .max = KEYS_WORKERS_MAX,
     .help = "worker processes; auto is one for each CPU that the server may "
             "use; 0 is none: the one process that was started does it all, "
             "for a debugger"},
    {.name = "user",
     .type = BERTH_STRING,
     BERTH_FIELD(struct keys_top, user),
     .min = 1,
     .max = 64,
     .help = "the user, by name or number, as whom workers run when the server "
             "is started by root"},
    {.name = "group",
     .type = BERTH_STRING,
     BERTH_FIELD(struct keys_top, group),
     .min = 1,
     .max = 64,
     .help = "the group of the workers; else the group of user"},
    {.name = "control",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, control),
     .fallback = "none",
     .help = "where berthctl finds the server, as in unix:/run/berth.sock; "
             "whoever may write to that path may command the server"},
    {.name = "trigger",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct keys_top, trigger),
     .fallback = "level",
     .choices = triggers,
     .help =
         "how epoll reports sockets: level- or edge-triggered; what a client "
         "sees is the same"},
    {.name = "plugin_path",
     .type = BERTH_LIST,
     BERTH_FIELD(struct keys_top, plugin_path),
     .items = &folder,
     .help = "folders where plugins are looked up before all others"},
    {.name = "limits",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct keys_top, limits),
     .items = limits,
     .help = "limits of every entry that has none of its own"},
    {.name = "drain_timeout",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, drain_timeout_ms),
     .fallback = "30s",
     .min = 1,
     .max = DAYS_24,
     .help = "time that connections have to finish when the server ends; none "
             "waits for ever"},
    {.name = "sniff_timeout",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, sniff_timeout_ms),
     .fallback = "300ms",
     .min = 1,
     .max = DAYS_24,
     .help = "time until a silent connection on an address that entries share "
             "goes to the last of them; none waits for its first bytes"},
    {.name = "pool",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct keys_top, pool),
     .items = pool_keys,
     .help = "threads for jobs of plugins that block"},
    {.name = "slow_callback",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, slow_callback_ms),
     .fallback = "100ms",
     .min = 1,
     .max = DAYS_24,
     .help = "a plugin's callback that takes longer is logged"},
    {.name = "busy_poll",
     .type = OPTION_MICROSECONDS,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, busy_poll_us),
     .fallback = "none",
     .min = 1,
     .max = 1000,
     .help = "while traffic is regular a worker asks for that long again and "
             "again whether something came before it sleeps: short round trips "
             "for a processor"},
    {.name = "start_timeout",
     .type = BERTH_DURATION,
     BERTH_FIELD(struct keys_top, start_timeout_ms),
     .fallback = "30s",
     .min = 1,
     .max = DAYS_24,
     .help = "time that plugins have to load and to run their init; then the "
             "start or the reload has failed"},
    {.name = "old_generations",
     .type = BERTH_INT,
     BERTH_FIELD(struct keys_top, old_generations),
     .fallback = "8",
     .min = 1,
     .max = 64,
     .help = "how many earlier readings of this file may have workers that "
             "finish their connections; at one more the oldest is ended"},
    {.name = "crash_limit",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, crash_limit),
     .fallback = "5/1m",
     .help = "a plugin that crashed workers so often within that time is put "
             "aside: it is not served until the next reload"},
    {.name = "watchdog",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct keys_top, watchdog_ms),
     .fallback = "10s",
     .min = 1,
     .max = DAYS_24,
     .help = "a worker that is in one callback of a plugin for longer is "
             "reported as stuck; others serve what it would"},
    {.name = "watchdog_kill",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct keys_top, watchdog_kill),
     .fallback = "false",
     .help = "a worker that is stuck is killed and replaced"},
    {.name = "log",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct keys_top, log),
     .items = log_keys,
     .help = "the server's log; its level and access are those of every entry "
             "that has none of its own"},
    BERTH_OPTIONS_END,
};

const berth_option *keys_get(enum keys_table table)
{
    static const berth_option *const tables[] = {
        [KEYS_TOP] = top,
        [KEYS_ENTRY] = entry,
        [KEYS_LISTENER] = listener,
        [KEYS_LIMITS] = limits,
        [KEYS_LOG] = log_keys,
        [KEYS_ENTRY_LOG] = &log_keys[ENTRY_LOG_KEYS],
    };

    return tables[table];
}
