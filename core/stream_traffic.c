/* SPDX-License-Identifier: MIT */
/* What the kernel has counted. By itself, since <linux/tcp.h> has members of
   struct tcp_info that <netinet/tcp.h> lacks, and they exclude each other. */
#include "stream.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#define NEEDED                                                                 \
    (offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(uint64_t))

/* Both are there since Linux 4.19. */
int stream_socket_traffic(const struct stream *stream,
                          struct stream_traffic *traffic)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    if (getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) {
        return -errno;
    }
    if (size < NEEDED) {
        return -ENOTSUP;
    }
    *traffic = (struct stream_traffic){
        .received = info.tcpi_bytes_received,
        .sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans,
    };
    return 0;
}
