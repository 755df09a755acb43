/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inherited.h"

static int set_option(int fd, int level, int option)
{
    int on = 1;

    return setsockopt(fd, level, option, &on, sizeof(on)) < 0 ? -errno : 0;
}

/* Accepted sockets inherit them (tcp(7), socket(7)), so that none costs a
   system call for each connection. Urgent bytes stay in their place in the
   stream, as RFC 6093, section 4, advises. */
static int set_accepted_options(int fd)
{
    const int error = set_option(fd, IPPROTO_TCP, TCP_NODELAY);

    return error < 0 ? error : set_option(fd, SOL_SOCKET, SO_OOBINLINE);
}

static int set_tcp_options(int fd, const struct address *address)
{
    int only_ipv6 = address->both_families ? 0 : 1;
    int error = set_option(fd, SOL_SOCKET, SO_REUSEADDR);

    if (error == 0) {
        error = set_accepted_options(fd);
    }
    if (error == 0 && address->storage.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6,
                   sizeof(only_ipv6)) < 0) {
        error = -errno;
    }
    return error;
}

static const char *path_of(const struct address *address)
{
    return ((const struct sockaddr_un *)(const void *)&address->storage)
        ->sun_path;
}

static int connect_to(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;

    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) <
        0) {
        error = -errno;
    }
    (void)close(fd);
    return error;
}

/* A path that is in use: is it a socket that its server left behind? */
static int remove_stale(const struct address *address)
{
    struct stat status;

    if (lstat(path_of(address), &status) < 0) {
        return -errno;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return -EEXIST;
    }
    if (connect_to(address) != -ECONNREFUSED) {
        return -EADDRINUSE;
    }
    return unlink(path_of(address)) < 0 ? -errno : 0;
}

static int bind_socket(int fd, const struct address *address)
{
    const struct sockaddr *storage = (const struct sockaddr *)&address->storage;
    int error;

    if (bind(fd, storage, address->size) == 0) {
        return 0;
    }
    if (errno != EADDRINUSE || !address_is_path(address)) {
        return -errno;
    }
    error = remove_stale(address);
    if (error < 0) {
        return error;
    }
    return bind(fd, storage, address->size) < 0 ? -errno : 0;
}

/* The mode is there from the first moment: bind(2) applies the umask. */
static int bind_with_mode(int fd, const struct address *address, int32_t mode)
{
    mode_t before;
    int error;

    if (mode < 0 || !address_is_path(address)) {
        return bind_socket(fd, address);
    }
    before = umask((mode_t)(~(unsigned)mode & 0777u));
    error = bind_socket(fd, address);
    (void)umask(before);
    return error;
}

/* Does an IPv6 socket take IPv4, too? Who bound it has decided. */
static bool takes_both(int fd, const struct address *address)
{
    const struct sockaddr_in6 *in6 = (const void *)&address->storage;
    int only_ipv6 = 1;
    socklen_t size = sizeof(only_ipv6);

    return address->storage.ss_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr) &&
           getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6, &size) == 0 &&
           only_ipv6 == 0;
}

/* What was really bound. */
static int note_address(struct socket *made, const struct address *asked)
{
    struct stat status;

    made->address = *asked;
    made->address.size = sizeof(made->address.storage);
    if (getsockname(made->fd, (struct sockaddr *)&made->address.storage,
                    &made->address.size) < 0) {
        return -errno;
    }
    made->is_inherited = address_inherited(asked) != NULL;
    if (made->is_inherited) {
        made->address.both_families = takes_both(made->fd, &made->address);
    }
    made->is_path = address_is_path(asked);
    if (made->is_path) {
        if (lstat(path_of(asked), &status) < 0) {
            return -errno;
        }
        made->device = status.st_dev;
        made->inode = status.st_ino;
    }
    return 0;
}

/* The first one sets it when the address is its own. */
static int
set_sharing(int fd, enum socket_sharing sharing, enum socket_sharing when)
{
    return sharing == when ? set_option(fd, SOL_SOCKET, SO_REUSEPORT) : 0;
}

static int prepare_socket(struct socket *made,
                          const struct socket_parts *parts,
                          const char **step)
{
    int error = 0;

    *step = "set options of";
    if (parts->address->storage.ss_family != AF_UNIX) {
        error = set_tcp_options(made->fd, parts->address);
    }
    if (error == 0) {
        error = set_sharing(made->fd, parts->sharing, SOCKET_NEXT);
    }
    if (error == 0) {
        *step = "bind";
        error = bind_with_mode(made->fd, parts->address, parts->mode);
    }
    if (error == 0) {
        error = note_address(made, parts->address);
    }
    if (error == 0) {
        *step = "share";
        error = set_sharing(made->fd, parts->sharing, SOCKET_FIRST);
    }
    if (error == 0) {
        *step = "listen on";
        if (listen(made->fd, (int)parts->backlog) < 0) {
            error = -errno;
        }
    }
    return error;
}

/* "*:PORT" on a machine without IPv6. */
static struct address ipv4_any(const struct address *address)
{
    const struct sockaddr_in6 *v6 = (const void *)&address->storage;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = v6->sin6_port};
    struct address result = {.size = sizeof(v4)};

    memcpy(&result.storage, &v4, sizeof(v4));
    return result;
}

static int open_at(struct socket *made,
                   const struct socket_parts *parts,
                   const char **step)
{
    int error;

    *step = "make a socket for";
    made->fd = socket(parts->address->storage.ss_family,
                      SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made->fd < 0) {
        return -errno;
    }
    error = prepare_socket(made, parts, step);
    if (error < 0) {
        socket_close(made);
    }
    return error;
}

int socket_open(struct socket *made,
                const struct socket_parts *parts,
                const char **step)
{
    struct socket_parts other = *parts;
    struct address any;
    int error;

    *made = (struct socket){.fd = -1};
    error = open_at(made, parts, step);
    if (parts->address->both_families &&
        (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)) {
        any = ipv4_any(parts->address);
        other.address = &any;
        error = open_at(made, &other, step);
    }
    return error;
}

int socket_adopt(struct socket *made, const struct address *asked, int fd)
{
    *made = (struct socket){.fd = fd};
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return -errno;
    }
    return note_address(made, asked);
}

static int inherit(struct socket *made, const struct address *asked, int fd)
{
    int error;

    *made = (struct socket){.fd = fd};
    error = note_address(made, asked);
    if (error == 0 && made->address.storage.ss_family != AF_UNIX) {
        error = set_accepted_options(fd);
    }
    return error;
}

int socket_inherit(struct socket *made,
                   size_t max,
                   const struct address *address,
                   const char **step)
{
    int fds[INHERITED_MAX];
    int count = inherited_take(address_inherited(address), fds,
                               max < INHERITED_MAX ? max : INHERITED_MAX);
    int error = 0;

    *step = "take over";
    for (int i = 0; i < count; i++) {
        const int result = inherit(&made[i], address, fds[i]);

        error = error == 0 ? result : error;
    }
    if (error < 0) {
        for (int i = 0; i < count; i++) {
            socket_close(&made[i]);
        }
    }
    return error < 0 ? error : count;
}

const char *socket_explain(const struct address *address, int error)
{
    return address_inherited(address) == NULL ? strerror(-error)
                                              : inherited_explain(error);
}

int socket_set_mode(const struct socket *of, int32_t mode)
{
    if (!of->is_path) {
        return 0;
    }
    return chmod(path_of(&of->address), (mode_t)mode) < 0 ? -errno : 0;
}

void socket_end(struct socket *ended)
{
    if (ended->fd >= 0 && !ended->is_inherited) {
        (void)shutdown(ended->fd, SHUT_RDWR);
    }
    socket_close(ended);
}

void socket_close(struct socket *closed)
{
    struct stat status;

    if (closed->fd < 0) {
        return;
    }
    if (closed->is_path && lstat(path_of(&closed->address), &status) == 0 &&
        status.st_dev == closed->device && status.st_ino == closed->inode) {
        (void)unlink(path_of(&closed->address));
    }
    (void)close(closed->fd);
    closed->fd = -1;
}
