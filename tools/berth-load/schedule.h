/* SPDX-License-Identifier: MIT */
/*
 * When messages are due in an open loop: at equal distances, whatever the
 * server does. Several processes take turns. Nothing adds up, so nothing
 * drifts, and a message that could not be sent in time is still due when it
 * was.
 */
#ifndef BERTH_LOAD_SCHEDULE_H
#define BERTH_LOAD_SCHEDULE_H

#include <stdint.h>

struct schedule {
    uint64_t start_ns; /* message 0 is due then */
    uint64_t rate;     /* messages a second, of all processes; not 0 */
    uint64_t next;     /* this process's next one */
    uint64_t step;     /* and how far apart they are: the number of processes */
};

/* When the next one is due. */
uint64_t schedule_due_ns(const struct schedule *schedule);

/* It was begun. */
void schedule_pass(struct schedule *schedule);

#endif
