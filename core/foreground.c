/* SPDX-License-Identifier: MIT */
#include "foreground.h"

#include "signals.h"

static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, 0};

void foreground_prepare(void)
{
    signals_block(numbers);
}

static void take_signal(void *owner, uint32_t number)
{
    struct worker *worker = owner;

    if (number == SIGUSR1) {
        worker_reopen_log(worker);
    } else if (worker_is_serving(worker)) {
        worker_stop(worker, BERTH_EXIT, NULL);
    } else {
        worker_end(worker, "told twice to stop");
    }
}

int foreground_run(struct worker *worker)
{
    struct signals signals;
    int error = signals_open(&signals, worker_loop(worker), numbers,
                             take_signal, worker);

    if (error == 0) {
        error = worker_start(worker);
    }
    if (error == 0) {
        error = worker_run(worker);
    }
    signals_close(&signals);
    return error;
}
