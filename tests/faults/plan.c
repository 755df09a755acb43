/* SPDX-License-Identifier: MIT */
#include "shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Behind the highest of Linux. */
#define ERRNO_MAX 134

static const char *const names[] = {
#define CALL_NAME(name) [CALL_##name] = #name,
    CALLS(CALL_NAME)
#undef CALL_NAME
};

/* What BERTH_FAULT says: CALL:N[+]:ERROR or CALL:N[+]:short:BYTES. */
static struct {
    atomic_bool is_on;
    enum call call;  /* CALL_COUNT: none is to fail */
    unsigned number; /* from 1 */
    bool is_lasting; /* and all after it */
    int error;       /* 0: a short transfer */
    size_t bytes;    /* of it; 0: half */
    atomic_uint counts[CALL_COUNT];
    atomic_uint injected[CALL_COUNT];
    unsigned started[CALL_COUNT]; /* counts, when the start was over */
} plan = {.call = CALL_COUNT};

const char *plan_name(enum call call)
{
    return names[call];
}

static void refuse(const char *text)
{
    (void)fprintf(stderr, "faults: BERTH_FAULT=%s is not understood\n", text);
    abort();
}

static enum call find_call(const char *name, size_t length)
{
    enum call call = 0;

    while (call < CALL_COUNT && (strncmp(names[call], name, length) != 0 ||
                                 names[call][length] != '\0')) {
        call++;
    }
    return call;
}

static int find_error(const char *name)
{
    int error = 1;

    while (error < ERRNO_MAX && (strerrorname_np(error) == NULL ||
                                 strcmp(strerrorname_np(error), name) != 0)) {
        error++;
    }
    return error;
}

static void parse(const char *text)
{
    static const char cut[] = "short:";
    const char *rest = strchr(text, ':');
    char *end;

    if (rest == NULL) {
        refuse(text);
        return;
    }
    plan.call = find_call(text, (size_t)(rest - text));
    plan.number = (unsigned)strtoul(rest + 1, &end, 10);
    plan.is_lasting = *end == '+';
    end += plan.is_lasting ? 1 : 0;
    if (plan.call == CALL_COUNT || plan.number == 0 || *end != ':') {
        refuse(text);
    } else if (strncmp(end + 1, cut, strlen(cut)) == 0) {
        plan.bytes = strtoul(end + 1 + strlen(cut), NULL, 10);
    } else {
        plan.error = find_error(end + 1);
        if (plan.error == ERRNO_MAX) {
            refuse(text);
        }
    }
}

void plan_begin(void)
{
    const char *text = getenv("BERTH_FAULT");

    if (text != NULL) {
        parse(text);
    }
    plan.is_on = true;
}

void plan_end(void)
{
    plan.is_on = false;
}

bool plan_is_on(void)
{
    return plan.is_on;
}

static bool is_hit(enum call call)
{
    unsigned number;

    if (!plan.is_on) {
        return false;
    }
    number = atomic_fetch_add(&plan.counts[call], 1) + 1;
    return call == plan.call &&
           (number == plan.number || (plan.is_lasting && number > plan.number));
}

static bool fail(enum call call)
{
    plan.injected[call]++;
    errno = plan.error;
    return true;
}

bool plan_fails(enum call call)
{
    return is_hit(call) && plan.error != 0 && fail(call);
}

/* One of a single byte, or of none, cannot be made shorter. */
bool plan_fails_or_cuts(enum call call, size_t *size)
{
    size_t bytes;

    if (!is_hit(call)) {
        return false;
    }
    if (plan.error != 0) {
        return fail(call);
    }
    bytes = plan.bytes == 0 ? *size / 2 : plan.bytes;
    if (bytes > 0 && bytes < *size) {
        *size = bytes;
        plan.injected[call]++;
    }
    return false;
}

bool plan_fails_memory(enum call call)
{
    bool all = is_hit(CALL_memory);
    bool one = is_hit(call);

    return (all || one) && plan.error != 0 && fail(call);
}

void plan_note(const void *written, size_t size)
{
    static const char ready[] = "msg=\"ready";

    if (!plan.is_on || memmem(written, size, ready, strlen(ready)) == NULL) {
        return;
    }
    for (enum call call = 0; call < CALL_COUNT; call++) {
        plan.started[call] = plan.counts[call];
    }
}

void plan_report(int fd)
{
    for (enum call call = 0; call < CALL_COUNT; call++) {
        if (plan.counts[call] > 0) {
            (void)dprintf(fd, "calls %s %u\n", names[call], plan.counts[call]);
        }
        if (plan.started[call] > 0) {
            (void)dprintf(fd, "started %s %u\n", names[call],
                          plan.started[call]);
        }
        if (plan.injected[call] > 0) {
            (void)dprintf(fd, "injected %s %u\n", names[call],
                          plan.injected[call]);
        }
    }
}
