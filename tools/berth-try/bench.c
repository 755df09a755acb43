/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "simulator.h"

#define NS_PER_S UINT64_C(1000000000)
#define CALIBRATIONS 1000u

/* One in a process, since on_data is given none. */
static struct {
    const berth_protocol *original;
    int counter; /* of instructions; -1: not allowed */
    uint64_t calls;
    uint64_t bytes;
    uint64_t ns;
} bench;

static uint64_t read_clock_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * NS_PER_S) + (uint64_t)now.tv_nsec;
}

static int open_counter(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };

    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
                        PERF_FLAG_FD_CLOEXEC);
}

static void count_instructions(bool is_on)
{
    if (bench.counter >= 0) {
        (void)ioctl(bench.counter,
                    is_on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
    }
}

static uint64_t read_instructions(void)
{
    uint64_t count = 0;

    return bench.counter >= 0 && read(bench.counter, &count, sizeof(count)) ==
                                     (ssize_t)sizeof(count)
               ? count
               : 0;
}

static ssize_t bench_on_data(berth_conn *c, char *data, size_t size)
{
    const enum memory_side side = memory_enter(MEMORY_PLUGIN);
    uint64_t begun_ns;
    ssize_t used;

    count_instructions(true);
    begun_ns = read_clock_ns();
    used = bench.original->on_data(c, data, size);
    bench.ns += read_clock_ns() - begun_ns;
    count_instructions(false);
    (void)memory_enter(side);
    bench.calls++;
    bench.bytes += used > 0 ? (uint64_t)used : 0;
    return used;
}

/* What measuring itself takes, of one call. */
static void calibrate(double *ns, double *instructions)
{
    uint64_t before = read_instructions();
    uint64_t sum_ns = 0;

    for (unsigned i = 0; i < CALIBRATIONS; i++) {
        uint64_t begun_ns;

        count_instructions(true);
        begun_ns = read_clock_ns();
        sum_ns += read_clock_ns() - begun_ns;
        count_instructions(false);
    }
    *ns = (double)sum_ns / CALIBRATIONS;
    *instructions = (double)(read_instructions() - before) / CALIBRATIONS;
}

static void play(struct simulator *simulator, const struct script *script)
{
    const struct transcript *transcript = &script->transcript;
    struct peer *peer = simulator_connect(simulator);

    if (peer == NULL) {
        return;
    }
    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        if (step->kind == STEP_SEND) {
            peer_send(peer, step->bytes, step->size);
            simulator_settle(simulator);
        } else if (step->kind == STEP_END) {
            peer_finish(peer);
        }
    }
    simulator_settle(simulator);
}

static int run_server(const struct script *script)
{
    const struct plugin *plugin = script->subject->plugin;
    berth_protocol measured = plugin->protocol;
    const struct simulator_parts parts = {
        .protocol = &measured,
        .settings = script->settings,
        .counter_count = plugin->counter_count,
        .limits = &script->limits,
        .trigger = SELECTOR_LEVEL,
        .log_path = "/dev/null",
        .reallocate = memory_reallocate,
    };
    static struct simulator simulator;
    int error;

    bench.original = &plugin->protocol;
    measured.on_data = bench_on_data;
    error = simulator_init(&simulator, &parts);
    if (error == 0) {
        play(&simulator, script);
    }
    simulator_fini(&simulator);
    return error;
}

static void print(const struct script *script, FILE *stream)
{
    double calls = (double)bench.calls;
    double own_ns;
    double own_instructions;
    uint64_t instructions = read_instructions();
    double ns;

    if (bench.calls == 0) {
        (void)fprintf(stream, "%s: the peer sends nothing\n", script->path);
        return;
    }
    calibrate(&own_ns, &own_instructions);
    ns = ((double)bench.ns / calls) - own_ns;
    (void)fprintf(stream, "%s: ", script->path);
    if (ns > 0) {
        (void)fprintf(stream, "%.0f messages/s, ", (double)NS_PER_S / ns);
    }
    (void)fprintf(stream, "%.1f bytes/message, ", (double)bench.bytes / calls);
    if (bench.counter < 0) {
        (void)fputs("instructions: not allowed here (perf_event_open), ",
                    stream);
    } else {
        (void)fprintf(stream, "%.0f instructions/message, ",
                      ((double)instructions / calls) - own_instructions);
    }
    if (memory_is_known()) {
        (void)fprintf(stream, "%.2f allocations/message\n",
                      (double)memory_count().allocations / calls);
    } else {
        (void)fputs("allocations: a sanitizer has them\n", stream);
    }
}

int bench_run(const struct script *script, FILE *stream)
{
    uint64_t end_ns = read_clock_ns() + NS_PER_S;
    int error = 0;

    bench.calls = 0;
    bench.bytes = 0;
    bench.ns = 0;
    bench.counter = open_counter();
    memory_begin();
    while (error == 0 && read_clock_ns() < end_ns) {
        error = run_server(script);
        if (bench.calls == 0) {
            break;
        }
    }
    if (error < 0) {
        (void)fprintf(stderr, "berth-try: %s: init refused: %s\n", script->path,
                      strerror(-error));
    } else {
        print(script, stream);
    }
    if (bench.counter >= 0) {
        (void)close(bench.counter);
    }
    return error;
}
