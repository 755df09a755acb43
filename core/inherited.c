/* SPDX-License-Identifier: MIT */
#include "inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT_VARIABLE "LISTEN_FDS"
#define PID_VARIABLE "LISTEN_PID"
#define NAMES_VARIABLE "LISTEN_FDNAMES"

/* SD_LISTEN_FDS_START */
#define FIRST 3

/* What systemd calls a socket of a manager that gave no names. */
#define NO_NAME "unknown"

static long read_number(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    long number;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return -1;
    }
    errno = 0;
    number = strtol(text, &end, 10);
    return errno != 0 || *end != '\0' ? -1 : number;
}

/* The variables may be meant for a process that this one is a child of. */
static size_t count_all(void)
{
    const long count = read_number(COUNT_VARIABLE);

    if (count <= 0 || read_number(PID_VARIABLE) != (long)getpid()) {
        return 0;
    }
    return count < INHERITED_MAX ? (size_t)count : INHERITED_MAX;
}

/* The names stand in the order of the descriptors, with ':' between them. */
static bool is_named(size_t number, const char *name)
{
    const char *names = getenv(NAMES_VARIABLE);
    const size_t length = strlen(name);

    if (names == NULL) {
        return strcmp(name, NO_NAME) == 0;
    }
    for (size_t i = 0; i < number; i++) {
        names = strchr(names, ':');
        if (names == NULL) {
            return false;
        }
        names++;
    }
    return strncmp(names, name, length) == 0 &&
           (names[length] == '\0' || names[length] == ':');
}

size_t inherited_count(const char *name)
{
    const size_t all = count_all();
    size_t count = 0;

    for (size_t i = 0; i < all; i++) {
        count += is_named(i, name) ? 1 : 0;
    }
    return count;
}

static int get_option(int fd, int option, int *value)
{
    socklen_t size = sizeof(*value);

    return getsockopt(fd, SOL_SOCKET, option, value, &size) < 0 ? -errno : 0;
}

static int check(int fd)
{
    int type = 0;
    int accepts = 0;
    int error = get_option(fd, SO_TYPE, &type);

    if (error == 0 && type != SOCK_STREAM) {
        return -EPROTOTYPE;
    }
    if (error == 0) {
        error = get_option(fd, SO_ACCEPTCONN, &accepts);
    }
    return error == 0 && accepts == 0 ? -EINVAL : error;
}

/* Returns a descriptor of the same socket, or -errno. */
static int take_one(int fd)
{
    int error = check(fd);
    int flags;
    int own;

    if (error < 0) {
        return error;
    }
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return -errno;
    }
    own = fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
    return own < 0 ? -errno : own;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

int inherited_take(const char *name, int *fds, size_t max)
{
    const size_t all = count_all();
    size_t taken = 0;

    for (size_t i = 0; i < all; i++) {
        int fd;

        if (!is_named(i, name)) {
            continue;
        }
        fd = taken == max ? -E2BIG : take_one(FIRST + (int)i);
        if (fd < 0) {
            close_all(fds, taken);
            return fd;
        }
        fds[taken++] = fd;
    }
    return taken == 0 ? -ENOENT : (int)taken;
}

const char *inherited_explain(int error)
{
    switch (error) {
    case -ENOENT:
        return "no socket of this name was handed over (LISTEN_FDS, "
               "LISTEN_PID, LISTEN_FDNAMES)";
    case -EBADF:
        return "LISTEN_FDS counts it, but it is not open";
    case -ENOTSOCK:
        return "what was handed over is not a socket";
    case -EPROTOTYPE:
        return "what was handed over is not a stream socket";
    case -EINVAL:
        return "the socket that was handed over does not listen; of a unit of "
               "systemd, Accept= must be no";
    case -E2BIG:
        return "too many sockets of this name were handed over";
    default:
        return strerror(-error);
    }
}

void inherited_forget(void)
{
    (void)unsetenv(COUNT_VARIABLE);
    (void)unsetenv(PID_VARIABLE);
    (void)unsetenv(NAMES_VARIABLE);
}
