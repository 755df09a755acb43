/* SPDX-License-Identifier: MIT */
#include "access.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <berth/protocol.h>

/* 20 digits, a point and a NUL. */
#define NUMBER_SIZE 24

/* A plugin may give a number that is no errno: it is told as it is. */
static const char *describe_why(int why, char number[NUMBER_SIZE])
{
    const char *name = why < 0 && why > INT_MIN ? strerrorname_np(-why) : NULL;

    switch (why) {
    case BERTH_DONE:
        return "done";
    case BERTH_SWITCHED:
        return "switched";
    case BERTH_STOPPED:
        return "stopped";
    default:
        (void)snprintf(number, NUMBER_SIZE, "%d", why);
        return name == NULL ? number : name;
    }
}

void access_write(struct log *log, const struct access *ended)
{
    char seconds[NUMBER_SIZE], in[NUMBER_SIZE], out[NUMBER_SIZE];
    char why[NUMBER_SIZE];
    const struct log_field fields[] = {
        {.key = "seconds", .value = seconds, .is_number = true},
        {.key = "in", .value = in, .is_number = true},
        {.key = "out", .value = out, .is_number = true},
        {.key = "why", .value = describe_why(ended->why, why)},
    };
    const struct log_message message = {
        .level = LOG_INFO,
        .subject = &ended->subject,
        .text = "access",
        .fields = fields,
        .field_count = sizeof(fields) / sizeof(fields[0]),
    };

    (void)snprintf(seconds, sizeof(seconds), "%" PRIu64 ".%03u",
                   ended->duration_ms / 1000,
                   (unsigned)(ended->duration_ms % 1000));
    (void)snprintf(in, sizeof(in), "%" PRIu64, ended->bytes_in);
    (void)snprintf(out, sizeof(out), "%" PRIu64, ended->bytes_out);
    log_write_message(log, &message);
}
