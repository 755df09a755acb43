/* SPDX-License-Identifier: MIT */
#include "strikes.h"

#include <stdlib.h>

void strikes_fini(struct strikes *strikes)
{
    free(strikes->times_ms);
    strikes->times_ms = NULL;
}

bool strikes_add(struct strikes *strikes, uint64_t now_ms)
{
    uint64_t oldest_ms;

    if (strikes->limit == 0) {
        return false;
    }
    if (strikes->times_ms == NULL) {
        strikes->times_ms = calloc(strikes->limit, sizeof(uint64_t));
    }
    if (strikes->times_ms == NULL) {
        return false;
    }
    strikes->times_ms[strikes->count % strikes->limit] = now_ms;
    strikes->count++;
    if (strikes->count < strikes->limit) {
        return false;
    }
    oldest_ms = strikes->times_ms[strikes->count % strikes->limit];
    return now_ms - oldest_ms <= strikes->within_ms;
}
