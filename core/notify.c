/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_VARIABLE "NOTIFY_SOCKET"
#define WATCHDOG_VARIABLE "WATCHDOG_USEC"
#define WATCHDOG_PID_VARIABLE "WATCHDOG_PID"

#define STATUS "STATUS="
#define STATUS_MAX 512

/* unix(7): a path ends with a NUL that counts, an abstract name begins with
   one, written as '@'. */
static int read_address(struct notify *notify, const char *text)
{
    const size_t length = strlen(text);
    const size_t start = offsetof(struct sockaddr_un, sun_path);

    if ((text[0] != '/' && text[0] != '@') || length < 2 ||
        length >= sizeof(notify->address.sun_path)) {
        return -EINVAL;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, text, length);
    notify->size = (socklen_t)(start + length + 1);
    if (text[0] == '@') {
        notify->address.sun_path[0] = '\0';
        notify->size--;
    }
    return 0;
}

/* A positive number, or 0. */
static uint64_t read_number(const char *text)
{
    char *end = NULL;
    unsigned long long number;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return 0;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    return errno != 0 || *end != '\0' ? 0 : number;
}

/* The variables may be meant for a process that this one is a child of. */
static uint64_t read_watchdog(void)
{
    const char *pid = getenv(WATCHDOG_PID_VARIABLE);
    const uint64_t us = read_number(getenv(WATCHDOG_VARIABLE));

    if (us == 0 || (pid != NULL && read_number(pid) != (uint64_t)getpid())) {
        return 0;
    }
    return us < 1000 ? 1 : us / 1000;
}

int notify_open(struct notify *notify)
{
    const char *text = getenv(SOCKET_VARIABLE);
    int error;

    *notify = (struct notify){.fd = -1};
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    error = read_address(notify, text);
    if (error < 0) {
        return error;
    }
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0) {
        return -errno;
    }
    notify->watchdog_ms = read_watchdog();
    return 0;
}

/* Not connected: the manager may have bound its socket anew meanwhile. */
static int tell(const struct notify *notify, const char *text, size_t length)
{
    if (notify->fd >= 0 &&
        sendto(notify->fd, text, length, MSG_NOSIGNAL,
               (const struct sockaddr *)&notify->address, notify->size) < 0) {
        return -errno;
    }
    return 0;
}

int notify_ready(const struct notify *notify)
{
    static const char text[] = "READY=1";

    return tell(notify, text, sizeof(text) - 1);
}

int notify_reloading(const struct notify *notify)
{
    struct timespec now;
    char text[64];
    int length;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    length = snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
                      (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    return tell(notify, text, (size_t)length);
}

int notify_stopping(const struct notify *notify)
{
    static const char text[] = "STOPPING=1";

    return tell(notify, text, sizeof(text) - 1);
}

/* A new line would begin another message. */
static void keep_on_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            *text = ' ';
        }
    }
}

int notify_status(const struct notify *notify, const char *format, ...)
{
    char text[sizeof(STATUS) + STATUS_MAX] = STATUS;
    char *line = text + sizeof(STATUS) - 1;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, STATUS_MAX + 1, format, args);
    va_end(args);
    keep_on_one_line(line);
    return tell(notify, text, strlen(text));
}

int notify_alive(const struct notify *notify)
{
    static const char text[] = "WATCHDOG=1";

    return tell(notify, text, sizeof(text) - 1);
}

int notify_main_pid(const struct notify *notify, pid_t pid)
{
    char text[32];
    const int length =
        snprintf(text, sizeof(text), "MAINPID=%lld", (long long)pid);

    return tell(notify, text, (size_t)length);
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0) {
        (void)close(notify->fd);
    }
    notify->fd = -1;
    notify->watchdog_ms = 0;
}

void notify_forget(struct notify *notify)
{
    notify_close(notify);
    (void)unsetenv(SOCKET_VARIABLE);
    (void)unsetenv(WATCHDOG_VARIABLE);
    (void)unsetenv(WATCHDOG_PID_VARIABLE);
}
