/* SPDX-License-Identifier: MIT */
/*
 * The processes that make connections, and the one that started them: it waits
 * until all are ready, lets them begin together, and adds up what they counted.
 */
#ifndef BERTH_LOAD_TEAM_H
#define BERTH_LOAD_TEAM_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "pattern.h"
#include "reply.h"
#include "result.h"

struct team_facts {
    uint64_t cpu_ns; /* processor time of options->pids while measured */
    bool has_cpu;
    bool is_interrupted; /* by SIGINT or SIGTERM: it was shorter */
};

/*
 * Runs it all. *result is of zeros before. Returns 0, or -errno after telling
 * on stderr what the operating system refused. No process is left behind.
 */
int team_run(const struct options *options,
             const struct pattern *pattern,
             struct reply_model *model,
             struct result *result,
             struct team_facts *facts);

#endif
