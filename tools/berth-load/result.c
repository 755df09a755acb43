/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *fault_name(enum fault fault)
{
    static const char *const names[FAULT_COUNT] = {
        [FAULT_REFUSED] = "refused", [FAULT_RESET] = "reset",
        [FAULT_ENDED] = "ended",     [FAULT_TIMEOUT] = "timeout",
        [FAULT_WRONG] = "wrong",     [FAULT_SURPLUS] = "surplus",
        [FAULT_SYSTEM] = "system",   [FAULT_MALFORMED] = "malformed",
    };

    return names[fault];
}

void result_fault(struct result *result,
                  enum fault fault,
                  const char *note,
                  ...)
{
    result->faults[fault]++;
    if (result->note[0] == '\0') {
        va_list args;

        va_start(args, note);
        (void)vsnprintf(result->note, sizeof(result->note), note, args);
        va_end(args);
    }
}

uint64_t result_faults(const struct result *result)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < FAULT_COUNT; i++) {
        sum += result->faults[i];
    }
    return sum;
}

void result_merge(struct result *result, const struct result *other)
{
    if (other->measured_ns > result->measured_ns) {
        result->measured_ns = other->measured_ns;
    }
    result->messages += other->messages;
    result->bytes += other->bytes;
    result->connects += other->connects;
    result->open += other->open;
    result->unsent += other->unsent;
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        result->faults[i] += other->faults[i];
    }
    if (result->note[0] == '\0') {
        memcpy(result->note, other->note, sizeof(result->note));
    }
    latency_merge(&result->latency, &other->latency);
    latency_merge(&result->lag, &other->lag);
}
