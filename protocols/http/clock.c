/* SPDX-License-Identifier: MIT */
#include "clock.h"

const char *date_clock_text(struct date_clock *clock, const berth_entry *entry)
{
    uint64_t second = berth_now(entry, BERTH_REALTIME) / 1000;

    if (second != clock->second) {
        clock->second = second;
        date_format((int64_t)second, clock->text);
    }
    return clock->text;
}
