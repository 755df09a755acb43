/* SPDX-License-Identifier: MIT */
/*
 * What others are compared with: an epoll loop that does nothing but receive
 * and send. It is no server to be used: it looks at no limit, has no timeout
 * and no log, and HTTP is answered blindly, whatever was asked for.
 *
 *     bare MODE PORT [BUFFER [PROCESSES]]
 *
 * level        echo, level-triggered: one receive for each report
 * edge         echo, edge-triggered: receives until there is no more
 * spin         level, and never sleeps: asks epoll again and again
 * http         a fixed answer to every empty line
 * http-close   the same, and closes
 * http-file    a file's bytes are the answer's body, from memory; BARE_FILE
 *              names it
 * sendfile     the same by sendfile(2)
 *
 * BUFFER: bytes of a receive, 16384 if it is not given. PROCESSES: how many
 * such loops there are, with a socket each for the port; 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORTS 256
#define BACKLOG 4096
#define BUFFER_USUAL ((size_t)16384)
#define BUFFER_MAX ((size_t)16777216)
#define ANSWERS_MAX 256
#define PROCESSES_MAX 16

static const char fixed[] = "Hello, World!";

struct peer {
    int fd;
    unsigned matched;  /* bytes of the empty line */
    size_t file_count; /* copies of the file that are yet to be sent */
    off_t file_offset; /* of the first of them */
    size_t queued;     /* bytes that could not be sent */
    size_t sent;       /* of them */
    char *queue;
};

struct loop {
    int epoll;
    int listener;
    const char *mode;
    uint32_t events; /* of a connection that is read */
    int timeout;
    bool is_edge;
    bool is_http;
    bool closes;
    bool sends_file;
    int file; /* -1: none */
    off_t file_size;
    size_t buffer_size;
    char *buffer;
    size_t answer_size;
    char *answers; /* ANSWERS_MAX of them */
};

static void stop(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void watch(const struct loop *loop, struct peer *peer, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, peer->fd, &event) < 0) {
        stop("epoll_ctl");
    }
}

static void end_peer(struct peer *peer)
{
    (void)close(peer->fd);
    free(peer->queue);
    free(peer);
}

/* ----------------------------------------------------------------- sending */

static void
keep(const struct loop *loop, struct peer *peer, const char *bytes, size_t size)
{
    peer->queue = malloc(size);
    if (peer->queue == NULL) {
        stop("malloc");
    }
    memcpy(peer->queue, bytes, size);
    peer->queued = size;
    peer->sent = 0;
    watch(loop, peer, loop->is_edge ? EPOLLOUT | EPOLLET : EPOLLOUT);
}

/* Returns false when it was ended. */
static bool send_all(const struct loop *loop,
                     struct peer *peer,
                     const char *bytes,
                     size_t n)
{
    const ssize_t done = send(peer->fd, bytes, n, MSG_NOSIGNAL);

    if (done == (ssize_t)n) {
        return true;
    }
    if (done < 0 && errno != EAGAIN) {
        end_peer(peer);
        return false;
    }
    keep(loop, peer, bytes + (done < 0 ? 0 : done),
         n - (size_t)(done < 0 ? 0 : done));
    return true;
}

/* Copies of the file, each with a head before it. */
static bool send_files(const struct loop *loop, struct peer *peer)
{
    char head[128];

    while (peer->file_count > 0) {
        const int size =
            snprintf(head, sizeof(head),
                     "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n",
                     (long long)loop->file_size);

        if (peer->file_offset == 0 &&
            send(peer->fd, head, (size_t)size, MSG_NOSIGNAL) != size) {
            end_peer(peer);
            return false;
        }
        while (peer->file_offset < loop->file_size) {
            const ssize_t done =
                sendfile(peer->fd, loop->file, &peer->file_offset,
                         (size_t)(loop->file_size - peer->file_offset));

            if (done < 0 && errno == EAGAIN) {
                watch(loop, peer, EPOLLOUT);
                return true;
            }
            if (done <= 0) {
                end_peer(peer);
                return false;
            }
        }
        peer->file_offset = 0;
        peer->file_count--;
    }
    return true;
}

static bool flush(const struct loop *loop, struct peer *peer)
{
    const size_t left = peer->queued - peer->sent;
    const ssize_t done = left == 0 ? 0
                                   : send(peer->fd, peer->queue + peer->sent,
                                          left, MSG_NOSIGNAL);

    if (done < 0 && errno != EAGAIN) {
        end_peer(peer);
        return false;
    }
    peer->sent += done < 0 ? 0 : (size_t)done;
    if (peer->sent < peer->queued) {
        return true;
    }
    free(peer->queue);
    peer->queue = NULL;
    peer->queued = 0;
    peer->sent = 0;
    watch(loop, peer, loop->events);
    return !loop->sends_file || send_files(loop, peer);
}

/* --------------------------------------------------------------- receiving */

/* Empty lines, of which one may be cut in two. */
static size_t count_requests(struct peer *peer, const char *bytes, size_t size)
{
    static const char end[] = "\r\n\r\n";
    size_t count = 0;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == end[peer->matched]) {
            peer->matched++;
        } else {
            peer->matched = bytes[i] == '\r' ? 1 : 0;
        }
        if (peer->matched == 4) {
            peer->matched = 0;
            count++;
        }
    }
    return count;
}

/* Returns false when it was ended. */
static bool answer(const struct loop *loop, struct peer *peer, size_t size)
{
    size_t count;

    if (!loop->is_http) {
        return send_all(loop, peer, loop->buffer, size);
    }
    count = count_requests(peer, loop->buffer, size);
    if (count == 0) {
        return true;
    }
    if (loop->sends_file) {
        peer->file_count += count;
        return send_files(loop, peer);
    }
    if (count > ANSWERS_MAX) {
        end_peer(peer);
        return false;
    }
    if (!send_all(loop, peer, loop->answers, count * loop->answer_size)) {
        return false;
    }
    if (loop->closes) {
        end_peer(peer);
        return false;
    }
    return true;
}

static void receive(const struct loop *loop, struct peer *peer)
{
    ssize_t size;

    do {
        size = recv(peer->fd, loop->buffer, loop->buffer_size, 0);
        if (size == 0 || (size < 0 && errno != EAGAIN)) {
            end_peer(peer);
            return;
        }
        if (size > 0 && !answer(loop, peer, (size_t)size)) {
            return;
        }
    } while (loop->is_edge && size > 0 && peer->queued == 0);
}

static void handle(const struct loop *loop, struct peer *peer)
{
    const bool was_waiting = peer->queued > 0 || peer->file_count > 0;

    if (was_waiting) {
        if (!flush(loop, peer) || peer->queued > 0 || peer->file_count > 0) {
            return;
        }
        if (!loop->is_edge) {
            return; /* what waits to be read is reported again */
        }
    }
    receive(loop, peer);
}

static void accept_all(const struct loop *loop)
{
    const int one = 1;
    int fd;

    while ((fd = accept4(loop->listener, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *peer = calloc(1, sizeof(*peer));
        struct epoll_event event = {.events = loop->events, .data.ptr = peer};

        if (peer == NULL) {
            stop("calloc");
        }
        peer->fd = fd;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
            stop("epoll_ctl");
        }
    }
}

/* ------------------------------------------------------------------- start */

static int listen_at(const char *port)
{
    const int one = 1;
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, BACKLOG) < 0) {
        stop(port);
    }
    return fd;
}

static void open_file(struct loop *loop)
{
    const char *path = getenv("BARE_FILE");
    struct stat info;

    if (path == NULL) {
        (void)fputs("bare: BARE_FILE names no file\n", stderr);
        exit(EXIT_FAILURE);
    }
    loop->file = open(path, O_RDONLY | O_CLOEXEC);
    if (loop->file < 0 || fstat(loop->file, &info) < 0) {
        stop(path);
    }
    loop->file_size = info.st_size;
}

/* What is answered, as often as one read may ask for it. */
static void write_answers(struct loop *loop)
{
    const bool is_file = strcmp(loop->mode, "http-file") == 0;
    const size_t size = is_file ? (size_t)loop->file_size : sizeof(fixed) - 1;
    char head[128];
    const int length = snprintf(head, sizeof(head),
                                "HTTP/1.1 200 OK\r\n"
                                "Content-Type: text/plain\r\n"
                                "Content-Length: %zu\r\n"
                                "\r\n",
                                size);
    char *body;

    loop->answer_size = (size_t)length + size;
    loop->answers = malloc(loop->answer_size * ANSWERS_MAX);
    if (loop->answers == NULL) {
        stop("malloc");
    }
    memcpy(loop->answers, head, (size_t)length);
    body = loop->answers + length;
    if (!is_file) {
        memcpy(body, fixed, size);
    } else if (pread(loop->file, body, size, 0) != (ssize_t)size) {
        stop("BARE_FILE");
    }
    for (size_t i = 1; i < ANSWERS_MAX; i++) {
        memcpy(loop->answers + (i * loop->answer_size), loop->answers,
               loop->answer_size);
    }
}

/* All sockets are there before anyone connects; each process has its own. */
static void share_port(struct loop *loop, const char *port, size_t processes)
{
    int listeners[PROCESSES_MAX];
    const pid_t parent = getpid();

    for (size_t i = 0; i < processes; i++) {
        listeners[i] = listen_at(port);
    }
    loop->listener = listeners[0];
    for (size_t i = 1; i < processes; i++) {
        const pid_t child = fork();

        if (child < 0) {
            stop("fork");
        }
        if (child == 0) {
            loop->listener = listeners[i];
            if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent) {
                stop("prctl");
            }
            return;
        }
    }
}

static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void set_up(struct loop *loop, int argc, char **argv)
{
    const size_t processes = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    *loop = (struct loop){
        .mode = argv[1],
        .file = -1,
        .timeout = strcmp(argv[1], "spin") == 0 ? 0 : -1,
        .is_edge = strcmp(argv[1], "edge") == 0,
        .closes = strcmp(argv[1], "http-close") == 0,
        .buffer_size = argc > 3 ? strtoul(argv[3], NULL, 10) : BUFFER_USUAL,
    };
    loop->sends_file = strcmp(loop->mode, "sendfile") == 0;
    loop->is_http = loop->sends_file || strncmp(loop->mode, "http", 4) == 0;
    if (loop->sends_file || strcmp(loop->mode, "http-file") == 0) {
        open_file(loop);
    }
    loop->events = loop->is_edge ? EPOLLIN | EPOLLET : EPOLLIN;
    if (loop->buffer_size < 1 || loop->buffer_size > BUFFER_MAX) {
        (void)fputs("bare: BUFFER is out of range\n", stderr);
        exit(EXIT_FAILURE);
    }
    if (processes < 1 || processes > PROCESSES_MAX) {
        (void)fputs("bare: PROCESSES is out of range\n", stderr);
        exit(EXIT_FAILURE);
    }
    loop->buffer = malloc(loop->buffer_size);
    if (loop->buffer == NULL) {
        stop("malloc");
    }
    write_answers(loop);
    allow_descriptors();
    share_port(loop, argv[2], processes);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->listener, &event) < 0) {
        stop("epoll");
    }
}

int main(int argc, char **argv)
{
    struct epoll_event reports[REPORTS];
    struct loop loop;

    if (argc < 3) {
        (void)fputs("Usage: bare MODE PORT [BUFFER [PROCESSES]]\n", stderr);
        return 64;
    }
    set_up(&loop, argc, argv);
    for (;;) {
        const int count =
            epoll_wait(loop.epoll, reports, REPORTS, loop.timeout);

        for (int i = 0; i < count; i++) {
            if (reports[i].data.ptr == NULL) {
                accept_all(&loop);
            } else {
                handle(&loop, reports[i].data.ptr);
            }
        }
    }
}
