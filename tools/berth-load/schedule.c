/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include "moment.h"

uint64_t schedule_due_ns(const struct schedule *schedule)
{
    const uint64_t seconds = schedule->next / schedule->rate;
    const uint64_t rest = schedule->next % schedule->rate;

    return schedule->start_ns + (seconds * MOMENT_SECOND) +
           (rest * MOMENT_SECOND / schedule->rate);
}

void schedule_pass(struct schedule *schedule)
{
    schedule->next += schedule->step;
}
