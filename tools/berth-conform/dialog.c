/* SPDX-License-Identifier: MIT */
#include "dialog.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE ((size_t)65536)
/* Long enough that what was sent is read before the next piece comes. */
#define PAUSE_MS 2
/* Who takes nothing for so long has enough. */
#define QUIET_MS UINT64_C(300)
/* Of a narrow connection; the kernel doubles them. With less to send from, the
   last of what fits would trickle. */
#define NARROW_RECEIVE 16384
#define NARROW_SEND 262144

/* What a wait is for. */
enum goal {
    GOAL_SAID = 0, /* all bytes up to the limit */
    GOAL_HEARD,    /* and the answers to them */
    GOAL_END,      /* the end of what comes */
};

uint64_t dialog_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / 1000000);
}

bool dialog_pause(void)
{
    (void)poll(NULL, 0, PAUSE_MS);
    return true;
}

/* ----------------------------------------------------------------- connecting */

/* How long a wait may be that begins now. */
static int choose_wait(const struct site *site)
{
    const uint64_t now = dialog_clock();
    const uint64_t left = site->due_ms > now ? site->due_ms - now : 0;

    return (int)(left < site->timeout_ms ? left : site->timeout_ms);
}

static int wait_for(int fd, short events, int wait_ms)
{
    struct pollfd entry = {.fd = fd, .events = events};
    const int ready = poll(&entry, 1, wait_ms);

    if (ready < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    return ready == 0 ? -ETIMEDOUT : entry.revents;
}

static void make_narrow(int fd)
{
    const int receive = NARROW_RECEIVE;
    const int send = NARROW_SEND;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send));
}

static int finish_connecting(const struct site *site, int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);
    int found;

    do {
        found = wait_for(fd, POLLOUT, choose_wait(site));
    } while (found == 0);
    if (found < 0) {
        return found;
    }
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return -error;
}

/* Returns the descriptor or -errno. */
static int connect_to(const struct site *site, enum dialog_manner manner)
{
    const struct address *address = &site->address;
    const int yes = 1;
    const int fd = socket(address->storage.ss_family,
                          SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;

    if (fd < 0) {
        return -errno;
    }
    if (manner == DIALOG_NARROW) {
        make_narrow(fd); /* before connecting: it decides the window */
    }
    /* Of other families it cannot be set, and needs not. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) <
        0) {
        error = -errno;
    }
    if (error == -EINPROGRESS) {
        error = finish_connecting(site, fd);
    }
    if (error < 0) {
        (void)close(fd);
        return error;
    }
    return fd;
}

bool dialog_open(struct dialog *dialog,
                 const struct site *site,
                 const struct script *script,
                 enum dialog_manner manner,
                 struct verdict *verdict)
{
    const int fd = connect_to(site, manner);

    *dialog =
        (struct dialog){.site = site, .script = script, .fd = fd < 0 ? -1 : fd};
    if (fd < 0) {
        verdict_expect(verdict, "a connection");
        return verdict_fail(verdict, "%s", strerror(-fd));
    }
    return true;
}

void dialog_close(struct dialog *dialog)
{
    if (dialog->fd >= 0) {
        (void)close(dialog->fd);
    }
    dialog->fd = -1;
    bytes_free(&dialog->came);
}

void dialog_reset(struct dialog *dialog)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (dialog->fd >= 0) {
        (void)setsockopt(dialog->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    dialog_close(dialog);
}

int dialog_reach(const struct site *site)
{
    const int fd = connect_to(site, DIALOG_USUAL);

    if (fd < 0) {
        return fd;
    }
    (void)close(fd);
    return 0;
}

void dialog_go_on(struct dialog *dialog, const struct script *script)
{
    bytes_free(&dialog->came);
    dialog->script = script;
    dialog->said = 0;
    dialog->progress = (struct progress){.at = 0};
    dialog->is_complete = false;
}

/* --------------------------------------------------------------- speaking, hearing */

/* What came is not what was expected: how does it end? */
static bool
tell_end(const struct dialog *dialog, const char *end, struct verdict *verdict)
{
    char text[64];

    if (dialog->script == NULL || dialog->is_complete) {
        return verdict_fail(verdict, "%s", end);
    }
    script_tell(dialog->script, &dialog->progress, text, sizeof(text));
    return verdict_fail(verdict, "%s, then %s", text, end);
}

static bool
tell_error(const struct dialog *dialog, int error, struct verdict *verdict)
{
    char text[64];

    switch (error) {
    case -ETIMEDOUT:
        (void)snprintf(text, sizeof(text), "nothing for %llu ms",
                       (unsigned long long)dialog->site->timeout_ms);
        return tell_end(dialog,
                        dialog_clock() < dialog->site->due_ms
                            ? text
                            : "no more before the time was over",
                        verdict);
    case -ECONNRESET:
    case -EPIPE:
        return tell_end(dialog, "a reset", verdict);
    default:
        return tell_end(dialog, strerror(-error), verdict);
    }
}

/* Takes out the byte that may come or not. */
static void ignore_byte(struct dialog *dialog)
{
    struct bytes *came = &dialog->came;

    if (dialog->ignored == '\0' || came->size == 0) {
        return;
    }
    if (came->data[0] == dialog->ignored) {
        memmove(came->data, came->data + 1, --came->size);
    }
    dialog->ignored = '\0';
}

/* Looks at what came. */
static bool judge(struct dialog *dialog, struct verdict *verdict)
{
    enum match match;
    char text[128];

    if (dialog->script == NULL) {
        if (dialog->came.size == 0) {
            return true;
        }
        return verdict_fail(verdict, "%s",
                            verdict_quote(text, sizeof(text), dialog->came.data,
                                          dialog->came.size));
    }
    ignore_byte(dialog);
    match = script_match(dialog->script, &dialog->progress, &dialog->came,
                         dialog->is_ended, verdict);
    dialog->is_complete = match == MATCH_WHOLE;
    return match != MATCH_WRONG;
}

static int take(struct dialog *dialog)
{
    char *room = bytes_room(&dialog->came, READ_SIZE);
    ssize_t size;

    if (room == NULL) {
        return -ENOMEM;
    }
    size = recv(dialog->fd, room, READ_SIZE, 0);
    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    dialog->is_ended = size == 0;
    bytes_grow(&dialog->came, (size_t)size);
    return 0;
}

static int give(struct dialog *dialog, size_t limit)
{
    const struct bytes *said = &dialog->script->said;
    const ssize_t size = send(dialog->fd, said->data + dialog->said,
                              limit - dialog->said, MSG_NOSIGNAL);

    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    dialog->said += (size_t)size;
    return 0;
}

static bool
is_reached(const struct dialog *dialog, enum goal goal, size_t limit)
{
    switch (goal) {
    case GOAL_SAID:
        return dialog->said == limit;
    case GOAL_HEARD:
        /* Who has answered may have had enough. */
        return dialog->is_complete &&
               (dialog->said == limit || dialog->is_ended);
    default:
        return dialog->is_ended;
    }
}

/* Waits once, and does what can be done then. */
static bool step(struct dialog *dialog, size_t limit, struct verdict *verdict)
{
    const bool has_more = dialog->said < limit;
    const int ready =
        wait_for(dialog->fd, (short)(POLLIN | (has_more ? POLLOUT : 0)),
                 choose_wait(dialog->site));
    int error = ready < 0 ? ready : 0;

    /* First what came: a reset would take it away. */
    if (error == 0 && (ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
        error = take(dialog);
    }
    if (error < 0) {
        return tell_error(dialog, error, verdict);
    }
    if (!judge(dialog, verdict)) {
        return false;
    }
    if (has_more && (ready & POLLOUT) != 0) {
        error = give(dialog, limit);
    }
    return error < 0 ? tell_error(dialog, error, verdict) : true;
}

static bool pump(struct dialog *dialog,
                 enum goal goal,
                 size_t limit,
                 struct verdict *verdict)
{
    if (dialog->script != NULL &&
        (dialog->script->said.is_broken || dialog->script->replies.is_broken)) {
        return tell_error(dialog, -ENOMEM, verdict);
    }
    while (!is_reached(dialog, goal, limit)) {
        if (dialog->is_ended) {
            return tell_end(dialog, "the end", verdict);
        }
        if (dialog_clock() >= dialog->site->due_ms) {
            return tell_error(dialog, -ETIMEDOUT, verdict);
        }
        if (!step(dialog, limit, verdict)) {
            return false;
        }
    }
    return true;
}

static size_t size_of(const struct dialog *dialog)
{
    return dialog->script == NULL ? 0 : dialog->script->said.size;
}

bool dialog_say(struct dialog *dialog, size_t size, struct verdict *verdict)
{
    const size_t left = size_of(dialog) - dialog->said;

    script_expect(dialog->script, verdict);
    return pump(dialog, GOAL_SAID, dialog->said + (size < left ? size : left),
                verdict);
}

bool dialog_say_slowly(struct dialog *dialog,
                       size_t size,
                       struct verdict *verdict)
{
    for (size_t i = 0; i < size && dialog->said < size_of(dialog); i++) {
        if (!dialog_say(dialog, 1, verdict)) {
            return false;
        }
        (void)dialog_pause();
    }
    return true;
}

bool dialog_push(struct dialog *dialog, struct verdict *verdict)
{
    const size_t limit = size_of(dialog);
    uint64_t quiet_ms = dialog_clock() + QUIET_MS;

    script_expect(dialog->script, verdict);
    while (dialog->said < limit && dialog_clock() < quiet_ms &&
           dialog_clock() < dialog->site->due_ms) {
        const size_t before = dialog->said;
        int error = wait_for(dialog->fd, POLLOUT, (int)QUIET_MS);

        if (error >= 0) {
            error = give(dialog, limit);
        }
        if (error < 0 && error != -ETIMEDOUT) {
            return tell_error(dialog, error, verdict);
        }
        if (dialog->said > before) {
            quiet_ms = dialog_clock() + QUIET_MS;
        }
    }
    return true;
}

bool dialog_urge(struct dialog *dialog, char byte, struct verdict *verdict)
{
    if (send(dialog->fd, &byte, 1, MSG_OOB | MSG_NOSIGNAL) < 0) {
        return tell_error(dialog, -errno, verdict);
    }
    dialog->ignored = byte;
    return true;
}

bool dialog_hear(struct dialog *dialog, struct verdict *verdict)
{
    script_expect(dialog->script, verdict);
    return pump(dialog, GOAL_HEARD, size_of(dialog), verdict);
}

bool dialog_finish(struct dialog *dialog, struct verdict *verdict)
{
    if (shutdown(dialog->fd, SHUT_WR) < 0) {
        return tell_error(dialog, -errno, verdict);
    }
    return true;
}

bool dialog_hear_end(struct dialog *dialog, struct verdict *verdict)
{
    verdict_expect(verdict, "the end of the connection");
    return pump(dialog, GOAL_END, dialog->said, verdict);
}

bool dialog_talk(const struct site *site,
                 const struct script *script,
                 struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, script, DIALOG_USUAL, verdict) &&
        dialog_hear(&dialog, verdict);

    dialog_close(&dialog);
    return is_fine;
}

bool dialog_ask(const struct site *site, size_t number, struct verdict *verdict)
{
    struct script script;
    bool is_fine;

    script_init(&script, &site->part);
    script_add(&script, number);
    is_fine = dialog_talk(site, &script, verdict);
    script_fini(&script);
    return is_fine;
}
