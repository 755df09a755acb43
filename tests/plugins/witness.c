/* SPDX-License-Identifier: MIT */
/*
 * Tells who answers: each line comes back with the process and the version of
 * the plugin before it, "4711 one hello\n". A few lines are orders, most of
 * them to misbehave, and so is the setting `init`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <berth/protocol.h>

/* A test compiles others. */
#ifndef WITNESS_VERSION
#define WITNESS_VERSION "one"
#endif

enum manner {
    MANNER_GOOD = 0,
    MANNER_TELL,
    MANNER_REFUSE,
    MANNER_HANG,
    MANNER_CRASH,
    MANNER_EXIT,
    MANNER_LIE
};

struct settings {
    int32_t init, unload;
};

/* What becomes of this process when it unloads the plugin; of a worker that has
   served nothing becomes. */
static int32_t unload;

static const char *const manners[] = {
    "good", "tell", "refuse", "hang", "crash", "exit", "lie", NULL,
};

static const berth_option options[] = {
    {.name = "init",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, init),
     .fallback = "good",
     .choices = manners,
     .help = "what becomes of its init"},
    {.name = "unload",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, unload),
     .fallback = "good",
     .choices = manners,
     .help = "what becomes of a process that ends without having served"},
    BERTH_OPTIONS_END,
};

_Noreturn static void hang(void)
{
    for (;;) {
        (void)pause();
    }
}

__attribute__((destructor)) static void end(void)
{
    if (unload == MANNER_HANG) {
        hang();
    } else if (unload == MANNER_CRASH) {
        abort();
    }
}

/* Speaks to the supervisor, over the channel of its process. */
static void lie(void)
{
    for (int fd = 0; fd < 256; fd++) {
        int type = 0;
        socklen_t size = sizeof(type);

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
            type == SOCK_SEQPACKET) {
            (void)send(fd, "\2\0\0\0an address", 14, MSG_NOSIGNAL);
        }
    }
}

static int init(berth_entry *entry, berth_error *error)
{
    const struct settings *settings = entry->settings;

    unload = settings->unload;
    switch (settings->init) {
    case MANNER_TELL:
        berth_entry_log(entry, BERTH_INFO, "init in process %ld",
                        (long)getpid());
        return 0;
    case MANNER_REFUSE:
        error->option = "init";
        (void)snprintf(error->text, sizeof(error->text), "it was told so");
        return -EINVAL;
    case MANNER_HANG:
        hang();
    case MANNER_CRASH:
        abort();
    case MANNER_EXIT:
        exit(3);
    case MANNER_LIE:
        lie();
        return 0;
    default:
        return 0;
    }
}

/* It holds whatever the worker has open, also when the worker has ended. */
static void leave_child(void)
{
    if (fork() == 0) {
        hang();
    }
}

static void answer(berth_conn *c, const char *line, size_t length)
{
    char head[64];
    const int size = snprintf(head, sizeof(head), "%ld %s ", (long)getpid(),
                              WITNESS_VERSION);

    (void)berth_write(c, head, (size_t)size);
    (void)berth_write(c, line, length);
}

/* ------------------------------------------------------------------ orders */

_Noreturn static void crash(void)
{
    abort();
}

/* A page that nobody may touch. */
static void fault(void)
{
    volatile char *page =
        mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *page = 1;
}

_Noreturn static void leave(void)
{
    exit(3);
}

static const struct order {
    const char *line;
    void (*obey)(void);
} orders[] = {
    {"hang\n", hang},   {"fork\n", leave_child}, {"crash\n", crash},
    {"fault\n", fault}, {"exit\n", leave},       {NULL, NULL},
};

static void obey(berth_conn *c, const char *line, size_t length)
{
    for (const struct order *order = orders; order->line != NULL; order++) {
        if (strlen(order->line) == length &&
            memcmp(order->line, line, length) == 0) {
            berth_log(c, BERTH_INFO, "process %ld obeys: %s", (long)getpid(),
                      order->line);
            order->obey();
        }
    }
}

static const berth_protocol patient;

/* "switch ENTRY": another entry has the connection from now on; "stay": it does
   not end when the entry stops. */
static int hand_over(berth_conn *c, const char *line, size_t length)
{
    static const char to[] = "switch ", stay[] = "stay\n";
    char name[80];

    if (length == sizeof(stay) - 1 && memcmp(line, stay, length) == 0) {
        return berth_switch_protocol(c, &patient, NULL, 0);
    }
    if (length <= sizeof(to) || memcmp(line, to, sizeof(to) - 1) != 0) {
        return 0;
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)(length - sizeof(to)),
                   line + sizeof(to) - 1);
    return berth_switch_to(c, name, NULL, 0);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    size_t length;
    int error;

    unload = MANNER_GOOD;
    if (end == NULL) {
        return 0;
    }
    length = (size_t)(end + 1 - data);
    obey(c, data, length);
    error = hand_over(c, data, length);
    if (error < 0) {
        return error;
    }
    answer(c, data, length);
    return (ssize_t)length;
}

static void stay_on(berth_conn *c, int reason)
{
    (void)c;
    (void)reason;
}

static const berth_protocol patient = BERTH_PROTOCOL_INIT(.name = "patient",
                                                          .on_data = on_data,
                                                          .on_stop = stay_on);

BERTH_PROTOCOL(.name = "witness",
               .version = WITNESS_VERSION,
               .summary = "tells which process answers",
               .settings_size = sizeof(struct settings),
               .options = options,
               .init = init,
               .on_data = on_data);
