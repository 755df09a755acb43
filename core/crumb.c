/* SPDX-License-Identifier: MIT */
#include "crumb.h"

static const char *const names[] = {
    [CRUMB_NONE] = "nothing",
    [CRUMB_INIT] = "init",
    [CRUMB_FINI] = "fini",
    [CRUMB_ON_TICK] = "on_tick",
    [CRUMB_ON_REOPEN] = "on_reopen",
    [CRUMB_ON_OPEN] = "on_open",
    [CRUMB_ON_DATA] = "on_data",
    [CRUMB_ON_END] = "on_end",
    [CRUMB_ON_DRAIN] = "on_drain",
    [CRUMB_ON_TIMER] = "on_timer",
    [CRUMB_ON_STOP] = "on_stop",
    [CRUMB_ON_CLOSE] = "on_close",
    [CRUMB_POSTED] = "a posted function",
    [CRUMB_DONE] = "what follows a job",
    [CRUMB_RELEASE] = "a release",
    [CRUMB_SNIFF] = "sniff",
};

const char *crumb_callback_name(uint32_t callback)
{
    return callback < sizeof(names) / sizeof(names[0]) ? names[callback]
                                                       : names[CRUMB_NONE];
}
