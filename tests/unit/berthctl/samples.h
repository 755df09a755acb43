/* SPDX-License-Identifier: MIT */
/*
 * Samples for the tests of what is made of them.
 */
#ifndef BERTHCTL_SAMPLES_H
#define BERTHCTL_SAMPLES_H

#include <check.h>

#include "berthctl/rates.h"

#define SAMPLES_SECOND_NS UINT64_C(1000000000)
#define SAMPLES_STATUS                                                         \
    "version\tpid\tstate\tuptime_seconds\tgeneration\tlast_reload\tworkers\t"  \
    "crashes\topen\taccepted\n"
#define SAMPLES_ENTRIES                                                        \
    "entry\tstate\topen\taccepted\tbytes_in\tbytes_out\tcallbacks\t"           \
    "bytes_queued\tcallback_times\n"
#define SAMPLES_WORKERS                                                        \
    "worker\tgeneration\tpid\tstate\topen\taccepted\tcpu_ms\n"

/* at_s: when it was taken. The rows are behind the names above. */
static inline void samples_fill(struct sample *sample,
                                uint64_t at_s,
                                const char *status,
                                const char *entries,
                                const char *workers)
{
    sample->at_ns = at_s * SAMPLES_SECOND_NS;
    ck_assert_int_eq(sheet_read(&sample->status, status), 0);
    ck_assert_int_eq(sheet_read(&sample->entries, entries), 0);
    ck_assert_int_eq(sheet_read(&sample->workers, workers), 0);
}

#endif
