/* SPDX-License-Identifier: MIT */
/*
 * Functions of the plugin that come later, in the target `connection`: posted,
 * or after a job. Each comes exactly once, and does what the next line of the
 * script's part `p` says.
 */
#ifndef BERTH_CONNECTION_ERRAND_H
#define BERTH_CONNECTION_ERRAND_H

#include "connection_act.h"

/* Acts of the plugin: to the target, and to the entry. */
void errand_post(struct call *call, size_t number);
void errand_work(struct call *call, size_t number);
void errand_entry_post(struct call *call, size_t number);
void errand_entry_work(struct call *call, size_t number);

#endif
