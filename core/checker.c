/* SPDX-License-Identifier: MIT */
#include "checker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "inherited.h"
#include "notify.h"
#include "report.h"
#include "worker.h"

/* Init and fini of every entry. */
static int try_worker(const struct config *config,
                      struct log *log,
                      struct stats *stats,
                      struct errors *errors,
                      bool *may_free)
{
    struct worker *worker;
    int error = worker_new(config, log, stats, errors, &worker);

    if (error == 0) {
        *may_free = worker_free(worker);
    } else if (errors_count(errors) == 0) {
        errors_no_memory(errors);
    }
    return error;
}

static int send_report(int channel,
                       const struct config *config,
                       const struct config_source *source,
                       struct errors *errors)
{
    size_t size = 0;
    char *text = errors_text(errors, &size);
    int error;

    if (text == NULL) {
        return -ENOMEM;
    }
    error = report_send(channel, config, source->folders.snapshot, text, size);
    free(text);
    return error;
}

int checker_run(const struct config_source *source,
                struct log *log,
                struct stats *stats,
                int channel,
                bool *may_free)
{
    struct notify nobody = {.fd = -1};
    struct config *config = NULL;
    struct errors errors;
    int error;

    notify_forget(&nobody);
    inherited_forget();
    errors_init(&errors);
    error = config_read(source, &errors, &config);
    if (error == 0) {
        error = try_worker(config, log, stats, &errors, may_free);
    }
    if (send_report(channel, error == 0 ? config : NULL, source, &errors) < 0) {
        error = -EIO;
    }
    if (*may_free) {
        config_free(config);
    }
    errors_fini(&errors);
    return error == 0 ? CLI_EXIT_OK : CLI_EXIT_CONFIG;
}
