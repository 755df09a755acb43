/* SPDX-License-Identifier: MIT */
/*
 * The server's side of the contract: the table of functions that a plugin
 * reaches through its connection or entry.
 */
#ifndef BERTH_HOST_H
#define BERTH_HOST_H

#include <berth/protocol.h>

/* Constant; the same for all connections and entries. */
const berth_host *host_table(void);

#endif
