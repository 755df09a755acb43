/* SPDX-License-Identifier: MIT */
/*
 * Answers a line with bytes that it lends: "lend" a block of memory, "file" a
 * file, "both" a head and the file. "swap" hands the connection to the entry
 * `next`. Aborts if something lent is not given back exactly once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <berth/protocol.h>

#define BLOCK_SIZE 30000u
#define COMMAND_SIZE 5u

struct settings {
    const char *file;
};

struct local {
    int fd;
    uint64_t size;
    int lent; /* files that are not given back yet */
};

/* A block, and who is to know that it is back. */
struct loan {
    struct local *local;
    char bytes[BLOCK_SIZE];
};

static int open_file(struct local *local, const char *path)
{
    struct stat status;

    local->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (local->fd < 0) {
        return -errno;
    }
    if (fstat(local->fd, &status) < 0) {
        int error = -errno;

        (void)close(local->fd);
        return error;
    }
    local->size = (uint64_t)status.st_size;
    return 0;
}

static int init(berth_entry *entry, berth_error *error)
{
    const struct settings *settings = entry->settings;
    int result = open_file(entry->local, settings->file);

    return result == 0 ? 0
                       : berth_refuse(error, "file", result, "it is needed: %s",
                                      strerror(-result));
}

static void fini(berth_entry *entry)
{
    const struct local *local = entry->local;

    if (local->lent != 0) {
        abort();
    }
    (void)close(local->fd);
}

static enum berth_verdict sniff(const char *data, size_t size)
{
    (void)size;
    return strchr("lfbs", data[0]) == NULL ? BERTH_NO : BERTH_YES;
}

static void take_file_back(void *arg)
{
    struct local *local = arg;

    local->lent--;
}

static void take_block_back(void *arg)
{
    struct loan *loan = arg;

    loan->local->lent--;
    free(loan);
}

static void send_file(berth_conn *c)
{
    struct local *local = c->entry->local;

    if (berth_sendfile(c, local->fd, 0, local->size, take_file_back, local) ==
        0) {
        local->lent++;
    }
}

static void send_block(berth_conn *c)
{
    struct local *local = c->entry->local;
    struct loan *loan = malloc(sizeof(*loan));

    if (loan == NULL) {
        berth_abort(c);
        return;
    }
    loan->local = local;
    memset(loan->bytes, 'b', BLOCK_SIZE);
    if (berth_write_owned(c, loan->bytes, BLOCK_SIZE, take_block_back, loan) <
        0) {
        free(loan);
        return;
    }
    local->lent++;
}

static void obey(berth_conn *c, char command)
{
    switch (command) {
    case 'l':
        send_block(c);
        break;
    case 'b':
        (void)berth_write(c, "head\n", 5);
        send_file(c);
        break;
    case 'f':
        send_file(c);
        break;
    default:
        if (berth_switch_to(c, "next", "arg", 3) < 0) {
            berth_abort(c);
        }
    }
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    if (size < COMMAND_SIZE) {
        return 0;
    }
    obey(c, data[0]);
    return COMMAND_SIZE;
}

static const berth_option options[] = {
    {.name = "file",
     .type = BERTH_PATH,
     BERTH_FIELD(struct settings, file),
     .fallback = "data",
     .help = "what is sent"},
    BERTH_OPTIONS_END,
};

BERTH_PROTOCOL(.name = "lends",
               .version = "1",
               .summary = "lends what it sends",
               .local_size = sizeof(struct local),
               .settings_size = sizeof(struct settings),
               .options = options,
               .init = init,
               .fini = fini,
               .sniff = sniff,
               .on_data = on_data);
