/* SPDX-License-Identifier: MIT */
/*
 * Signals that a program's own faults raise, explained: whose memory was it,
 * and what ran?
 */
#ifndef BERTH_TRY_FAULT_H
#define BERTH_TRY_FAULT_H

/* From now on such a signal ends the process with a finding; on a stack of its
   own, since the plugin's may be used up. Returns 0 or -errno. */
int fault_init(void);

#endif
