/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "address.h"

/* The first piece of memory for an answer; it doubles as it fills. */
#define FIRST_CAPACITY ((size_t)16384)
#define PREFIX "unix:"

static const char *path_in(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? name + strlen(PREFIX)
                                                      : name;
}

static int read_name(const char *name, struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    const char *why;
    const char *hint;
    const int length = snprintf(text, sizeof(text), PREFIX "%s", path_in(name));

    if (length >= (int)sizeof(text)) {
        return -ENAMETOOLONG;
    }
    return address_parse(address, text, NULL, &why, &hint);
}

static int connect_to(const char *name)
{
    struct address address;
    int error = read_name(name, &address);
    int fd;

    if (error < 0) {
        return error;
    }
    /* A server that hangs accepts nobody: then connect(2) must not wait. */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)&address.storage, address.size) <
        0) {
        error = -errno;
        (void)close(fd);
        return error;
    }
    return fd;
}

/* A line is short: a socket takes it whole. */
static int send_request(int fd, const char *request)
{
    char *line = NULL;
    const int length = asprintf(&line, "%s\n", request);
    int error = 0;

    if (length < 0) {
        return -ENOMEM;
    }
    if (send(fd, line, (size_t)length, MSG_NOSIGNAL) < 0) {
        error = -errno;
    }
    free(line);
    return error;
}

/* Until there is something to read. */
static int wait_for(int fd, const struct client_patience *patience)
{
    struct pollfd fds[1 + CLIENT_OTHERS_MAX] = {{.fd = fd, .events = POLLIN}};
    int ready;

    for (nfds_t i = 0; i < patience->count; i++) {
        fds[i + 1] = patience->others[i];
    }
    do { /* poll(2) is ended by a SIGSTOP and its SIGCONT */
        ready = poll(fds, 1 + patience->count, patience->timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) {
        return -errno;
    }
    if (ready == 0) {
        return -ETIMEDOUT;
    }
    return fds[0].revents != 0 ? 0 : -EINTR;
}

/* Makes room for more, and for a NUL behind it. */
static int grow(struct client_answer *answer, size_t *capacity)
{
    const size_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    char *bytes;

    if (answer->length + 1 < *capacity) {
        return 0;
    }
    if (wanted > CLIENT_ANSWER_MAX) {
        return -EPROTO;
    }
    bytes = realloc(answer->bytes, wanted);
    if (bytes == NULL) {
        return -ENOMEM;
    }
    answer->bytes = bytes;
    *capacity = wanted;
    return 0;
}

/* All bytes to the end of the stream; a reset is an end, too. */
static int receive(int fd,
                   const struct client_patience *patience,
                   struct client_answer *answer)
{
    size_t capacity = 0;

    for (;;) {
        ssize_t size;
        int error = grow(answer, &capacity);

        if (error == 0) {
            error = wait_for(fd, patience);
        }
        if (error < 0) {
            return error;
        }
        size = recv(fd, answer->bytes + answer->length,
                    capacity - answer->length - 1, 0);
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (size < 0 && errno != ECONNRESET) {
            return -errno;
        }
        if (size <= 0) {
            answer->bytes[answer->length] = '\0';
            return 0;
        }
        answer->length += (size_t)size;
    }
}

/* Is it an answer? Then text is what is told, without its first word. */
static int look_at(struct client_answer *answer)
{
    static const char ok[] = "ok\n";
    static const char refused[] = "error ";
    size_t head = sizeof(ok) - 1;

    if (answer->length == 0) {
        return -ENODATA;
    }
    answer->is_ok = strncmp(answer->bytes, ok, head) == 0;
    if (!answer->is_ok) {
        head = sizeof(refused) - 1;
        if (strncmp(answer->bytes, refused, head) != 0) {
            return -EPROTO;
        }
    }
    answer->text = answer->bytes + head;
    answer->length -= head;
    return 0;
}

int client_ask(const char *name,
               const char *request,
               const struct client_patience *patience,
               struct client_answer *answer)
{
    static const struct client_patience endless = {.timeout_ms = -1};
    int fd = connect_to(name);
    int error = fd;

    *answer = (struct client_answer){.is_ok = false};
    if (fd < 0) {
        return error;
    }
    error = send_request(fd, request);
    /* Who was refused may have been told why before he could ask. */
    if (error == 0 || error == -EPIPE || error == -ECONNRESET) {
        error = receive(fd, patience == NULL ? &endless : patience, answer);
    }
    if (error == 0) {
        error = look_at(answer);
    }
    if (error < 0) {
        client_forget(answer);
    }
    (void)close(fd);
    return error;
}

void client_forget(struct client_answer *answer)
{
    free(answer->bytes);
    *answer = (struct client_answer){.is_ok = false};
}

/* ------------------------------------------------------------ explanations */

static bool is_abstract(const char *path)
{
    return path[0] == '@';
}

static void hint_at_names(FILE *stream, const char *path)
{
    (void)fprintf(stream,
                  "hint: the server makes it if its server.yaml has `control: "
                  "unix:%s`;\n      another one is named by --socket or by "
                  "BERTH_CONTROL\n",
                  path);
}

static void explain_missing(FILE *stream, const char *path)
{
    (void)fprintf(stream, "no server: there is no %s\n", path);
    hint_at_names(stream, path);
}

static void explain_refused(FILE *stream, const char *path)
{
    struct stat status;

    if (is_abstract(path)) {
        (void)fprintf(stream, "no server listens on %s\n", path);
        hint_at_names(stream, path);
    } else if (stat(path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        (void)fprintf(stream, "%s is no socket\n", path);
    } else {
        (void)fprintf(stream,
                      "no server: %s is there, but nobody listens on it any "
                      "more\nhint: the server that made it was killed; one "
                      "that is started replaces it\n",
                      path);
    }
}

static void explain_denied(FILE *stream, const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0) {
        (void)fprintf(stream, "permission denied: you may not look for %s\n",
                      path);
    } else {
        (void)fprintf(stream,
                      "permission denied: %s is there, but only root and its "
                      "owner, user %u, may use it\n",
                      path, status.st_uid);
    }
    (void)fputs("hint: try it with sudo, or as the user who started the "
                "server\n",
                stream);
}

void client_explain(FILE *stream, const char *name, int error)
{
    const char *path = path_in(name);

    switch (-error) {
    case ENOENT:
    case ENOTDIR:
        explain_missing(stream, path);
        break;
    case ECONNREFUSED:
        explain_refused(stream, path);
        break;
    case EACCES:
    case EPERM:
        explain_denied(stream, path);
        break;
    case EAGAIN: /* so many wait already */
    case ETIMEDOUT:
        (void)fprintf(stream, "the server at %s does not answer\n", path);
        break;
    case ENODATA:
        (void)fprintf(stream, "the server at %s ended before it answered\n",
                      path);
        break;
    case EPROTO:
    case EPROTOTYPE:
        (void)fprintf(stream, "what listens on %s is no berth\n", path);
        break;
    case EINVAL:
    case ENAMETOOLONG:
        (void)fprintf(stream, "'%s' cannot be the name of a socket\n", name);
        break;
    default:
        (void)fprintf(stream, "%s: %s\n", path, strerror(-error));
        break;
    }
}
