/* SPDX-License-Identifier: MIT */
/*
 * The limits of an entry: the key `limits` of server.yaml, see
 * config/README.md for each one's meaning. 0 stands for `none`.
 */
#ifndef BERTH_LIMIT_H
#define BERTH_LIMIT_H

#include <stdint.h>

struct limits {
    uint64_t connections;        /* open at once */
    uint64_t connections_per_ip; /* open at once from one peer address */
    uint64_t input;              /* bytes that a protocol may leave unused */
    uint64_t output;             /* bytes queued after a flush */
    uint64_t idle_ms;            /* no byte in either direction */
    uint64_t first_byte_ms;      /* from accept to the first byte received */
    uint64_t stall_ms;           /* output queued and the peer takes none */
};

#endif
