/* SPDX-License-Identifier: MIT */
#include "operation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define CRASHES_MAX 1000

/* Where a key's errors point, and what they are added to. */
struct reading {
    const struct settings_source *source;
    const struct node *root;
};

static int refuse(const struct reading *reading,
                  const char *key,
                  const char *hint,
                  const char *why)
{
    const struct place place =
        settings_place(reading->source, node_find(reading->root, key));

    errors_add(reading->source->errors, &place, hint, "'%s' %s", key, why);
    return -EINVAL;
}

/* "5/1m" */
static int read_crash_limit(const struct reading *reading,
                            const char *text,
                            struct operation *operation)
{
    static const char form[] = "write crashes/time, as in 5/1m, or none";
    const size_t digits = strspn(text, "0123456789");
    char hint[128];
    const char *why = "";
    unsigned long count;

    if (digits == 0 || digits > 4 || text[digits] != '/') {
        return refuse(reading, "crash_limit", form,
                      "must be a number of crashes and a time");
    }
    count = strtoul(text, NULL, 10);
    if (count == 0 || count > CRASHES_MAX) {
        return refuse(reading, "crash_limit", form,
                      "must begin with a number from 1 to 1000");
    }
    if (units_parse_duration(text + digits + 1, &operation->crash_limit_ms,
                             &why, hint, sizeof(hint)) != 0 ||
        operation->crash_limit_ms == 0) {
        return refuse(reading, "crash_limit", form,
                      "must end with a time that has a unit");
    }
    operation->crash_limit = (uint32_t)count;
    return 0;
}

static int read_control(const struct reading *reading,
                        const char *text,
                        struct operation *operation)
{
    const char *why = "";
    const char *hint = NULL;

    if (address_parse(&operation->control, text, reading->source->folder, &why,
                      &hint) != 0) {
        return refuse(reading, "control", hint, why);
    }
    if (operation->control.storage.ss_family != AF_UNIX) {
        return refuse(reading, "control", "as in unix:/run/berth.sock",
                      "must be a unix socket: whoever can reach it commands "
                      "the server");
    }
    operation->has_control = true;
    return 0;
}

/* A group may be wrong besides the user. */
static int read_identity(const struct reading *reading,
                         const char *user,
                         const char *group,
                         struct operation *operation)
{
    struct identity_refusal refusal = {.key = NULL};
    const int error = identity_find(user, group, reading->source->arena,
                                    &operation->identity, &refusal);

    if (error == -ENOMEM) {
        errors_no_memory(reading->source->errors);
    }
    if (error != -EINVAL) {
        return error;
    }
    (void)refuse(reading, refusal.key, refusal.hint, refusal.why);
    if (strcmp(refusal.key, "user") == 0 && group != NULL) {
        (void)read_identity(reading, NULL, group, operation);
    }
    return error;
}

int operation_read(const struct settings_source *source,
                   const struct node *root,
                   const struct keys_top *keys,
                   struct operation *operation)
{
    const struct reading reading = {source, root};
    int error = 0;

    *operation = (struct operation){
        .workers = keys->workers,
        .start_timeout_ms = keys->start_timeout_ms,
        .drain_timeout_ms = keys->drain_timeout_ms,
        .watchdog_ms = keys->watchdog_ms,
        .watchdog_kill = keys->watchdog_kill,
        .old_generations = (uint32_t)keys->old_generations,
        .user = keys->user,
        .group = keys->group,
    };
    if (keys->crash_limit != NULL &&
        read_crash_limit(&reading, keys->crash_limit, operation) < 0) {
        error = -EINVAL;
    }
    if (keys->control != NULL &&
        read_control(&reading, keys->control, operation) < 0) {
        error = -EINVAL;
    }
    if (read_identity(&reading, keys->user, keys->group, operation) < 0) {
        error = -EINVAL;
    }
    return error;
}
