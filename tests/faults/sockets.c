/* SPDX-License-Identifier: MIT */
/* Calls about sockets. */
#include "shim.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

int socket(int domain, int type, int protocol)
{
    return plan_fails(CALL_socket) ? -1 : REAL(socket)(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    return plan_fails(CALL_socketpair)
               ? -1
               : REAL(socketpair)(domain, type, protocol, fds);
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    return plan_fails(CALL_bind) ? -1 : REAL(bind)(fd, address, size);
}

int listen(int fd, int backlog)
{
    return plan_fails(CALL_listen) ? -1 : REAL(listen)(fd, backlog);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    return plan_fails(CALL_connect) ? -1 : REAL(connect)(fd, address, size);
}

/* BERTH_FAULT_BUFFER: bytes that the kernel holds for the peer, so that output
   is queued by the program although it is little. Accepted sockets only. */
static void shrink_buffer(int fd)
{
    const char *text = getenv("BERTH_FAULT_BUFFER");
    int bytes = text == NULL ? 0 : (int)strtol(text, NULL, 10);

    if (bytes > 0) {
        (void)REAL(setsockopt)(fd, SOL_SOCKET, SO_SNDBUF, &bytes,
                               sizeof(bytes));
    }
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *size, int flags)
{
    int accepted;

    if (plan_fails(CALL_accept4)) {
        return -1;
    }
    accepted = REAL(accept4)(fd, address, size, flags);
    if (accepted >= 0) {
        shrink_buffer(accepted);
    }
    return accepted;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    return plan_fails(CALL_setsockopt)
               ? -1
               : REAL(setsockopt)(fd, level, option, value, size);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    return plan_fails(CALL_getsockopt)
               ? -1
               : REAL(getsockopt)(fd, level, option, value, size);
}

int getsockname(int fd, __SOCKADDR_ARG address, socklen_t *size)
{
    return plan_fails(CALL_getsockname) ? -1
                                        : REAL(getsockname)(fd, address, size);
}

int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *size)
{
    return plan_fails(CALL_getpeername) ? -1
                                        : REAL(getpeername)(fd, address, size);
}

int shutdown(int fd, int how)
{
    return plan_fails(CALL_shutdown) ? -1 : REAL(shutdown)(fd, how);
}

/* -------------------------------------------------------------- transfers */

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    return plan_fails_or_cuts(CALL_recv, &size)
               ? -1
               : REAL(recv)(fd, buffer, size, flags);
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    return plan_fails_or_cuts(CALL_send, &size)
               ? -1
               : REAL(send)(fd, buffer, size, flags);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t size)
{
    return plan_fails_or_cuts(CALL_sendfile, &size)
               ? -1
               : REAL(sendfile)(to, from, offset, size);
}

/* A list of pieces, and what a short transfer leaves of it. */
struct pieces {
    struct iovec iov[IOV_MAX];
    size_t count;
};

static size_t count_bytes(const struct iovec *iov, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += iov[i].iov_len;
    }
    return bytes;
}

/* count: as the kernel, no more than IOV_MAX. */
static void cut_pieces(struct pieces *pieces,
                       const struct iovec *iov,
                       size_t count,
                       size_t bytes)
{
    pieces->count = 0;
    for (size_t i = 0; i < count && i < IOV_MAX && bytes > 0; i++) {
        struct iovec *piece = &pieces->iov[pieces->count++];

        *piece = iov[i];
        if (piece->iov_len > bytes) {
            piece->iov_len = bytes;
        }
        bytes -= piece->iov_len;
    }
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    size_t all = count_bytes(message->msg_iov, message->msg_iovlen);
    size_t bytes = all;
    struct msghdr cut = *message;
    struct pieces pieces;

    if (plan_fails_or_cuts(CALL_sendmsg, &bytes)) {
        return -1;
    }
    if (bytes == all) {
        return REAL(sendmsg)(fd, message, flags);
    }
    cut_pieces(&pieces, message->msg_iov, message->msg_iovlen, bytes);
    cut.msg_iov = pieces.iov;
    cut.msg_iovlen = pieces.count;
    return REAL(sendmsg)(fd, &cut, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    return plan_fails(CALL_recvmsg) ? -1 : REAL(recvmsg)(fd, message, flags);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    size_t all = count_bytes(iov, (size_t)count);
    size_t bytes = all;
    struct pieces pieces;

    if (plan_fails_or_cuts(CALL_writev, &bytes)) {
        return -1;
    }
    if (bytes == all) {
        return REAL(writev)(fd, iov, count);
    }
    cut_pieces(&pieces, iov, (size_t)count, bytes);
    return REAL(writev)(fd, pieces.iov, (int)pieces.count);
}
