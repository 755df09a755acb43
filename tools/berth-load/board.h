/* SPDX-License-Identifier: MIT */
/*
 * What the processes of a run show each other, in memory that they share. Each
 * number has one writer.
 */
#ifndef BERTH_LOAD_BOARD_H
#define BERTH_LOAD_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result.h"

/* A process that makes connections. */
struct board_seat {
    _Atomic uint64_t open;     /* connections; from time to time */
    _Atomic uint64_t messages; /* answered, from the beginning */
    _Atomic uint64_t faults;
    struct result result; /* read when the process has ended */
};

struct board {
    _Atomic uint64_t start_ns; /* when all begin to send; 0: not yet */
    atomic_bool is_over;       /* ends before its time */
    /* The first process's: processor time of the server's processes while it
       was measured. */
    uint64_t cpu_ns;
    bool has_cpu;
    size_t count;
    struct board_seat seats[];
};

#endif
