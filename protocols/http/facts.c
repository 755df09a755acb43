/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_S UINT64_C(1000000000)
/* The clock of file systems ticks every 10 ms at most, but for those that keep
   whole seconds. */
#define SETTLED_MS 2000

void facts_read(struct facts *facts,
                const struct stat *status,
                const char *type,
                int64_t now)
{
    const int64_t modified = status->st_mtim.tv_sec;
    const uint64_t modified_ns =
        ((uint64_t)modified * NS_PER_S) + (uint64_t)status->st_mtim.tv_nsec;

    facts->size = (uint64_t)status->st_size;
    facts->type = type;
    facts->modified = modified < now ? modified : now;
    date_format(facts->modified, facts->date);
    facts->etag_size = (unsigned char)snprintf(
        facts->etag, sizeof(facts->etag),
        "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", (uint64_t)status->st_ino,
        facts->size, modified_ns);
}

static bool is_same_time(struct timespec one, struct timespec other)
{
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool facts_is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
           one->st_size == other->st_size &&
           is_same_time(one->st_mtim, other->st_mtim) &&
           is_same_time(one->st_ctim, other->st_ctim);
}

/* The time of change, which nobody can set. */
bool facts_is_settled(const struct stat *status, int64_t now_ms)
{
    const int64_t changed_ms = ((int64_t)status->st_ctim.tv_sec * 1000) +
                               (status->st_ctim.tv_nsec / 1000000);

    return now_ms - changed_ms >= SETTLED_MS;
}
