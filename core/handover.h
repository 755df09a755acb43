/* SPDX-License-Identifier: MIT */
/*
 * The handover: what a supervisor tells the program that it becomes by
 * execve(2). Process number, sockets, children and their channels stay; what
 * the old program knew of them is written into a memfd, as JSON, since another
 * version may read it.
 */
#ifndef BERTH_HANDOVER_H
#define BERTH_HANDOVER_H

#include <stdint.h>

#include "generation.h"
#include "list.h"

/* The variable of the environment that holds the memfd's number. */
#define HANDOVER_VARIABLE "BERTH_HANDOVER"

/* Another number is another way to write it. */
#define HANDOVER_VERSION 1

/* Of a descriptor that is not there. */
#define HANDOVER_NONE (-1)

struct handover {
    struct list *addresses;     /* of struct shards */
    struct list *generations;   /* of struct generation, none of which is
                                   checking or starting */
    struct generation *current; /* one of them, or NULL */
    uint32_t generation_count;  /* that there were */
    int control;                /* the control socket */
    struct stats *stats;        /* made anew if another version counted */
};

/*
 * Writes it down, and lets its descriptors survive execve(2). Returns the
 * memfd, which survives, too; or -errno: nothing has changed.
 */
int handover_save(const struct handover *handover);

/* The program was not replaced: descriptors are closed on execve(2) again. */
void handover_undo(const struct handover *handover, int fd);

/* The memfd that the environment names, which does not name it any more; -1:
   none. */
int handover_take(void);

/*
 * Reads what handover_save() wrote, in the program that came of it; parts are
 * what its generations are made of, their number is ignored. The lists are
 * empty before. Returns 0; or -errno: then nobody knows what the workers do,
 * and all that was found is closed.
 */
int handover_load(int fd,
                  const struct generation_parts *parts,
                  struct handover *handover);

#endif
