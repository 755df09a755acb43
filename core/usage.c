/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "units.h"

int usage_refuse(const struct usage *usage, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fprintf(stderr, "%s: ", usage->program);
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, "\ntry '%s'\n", usage->help);
    va_end(args);
    return -EINVAL;
}

int usage_refuse_option(const struct usage *usage, int value, const char *word)
{
    return value == ':'
               ? usage_refuse(usage, "option '%s' needs a value", word)
               : usage_refuse(
                     usage, "option '%s' is unknown, or takes no value", word);
}

int usage_read_time(const struct usage *usage,
                    const struct usage_time *of,
                    const char *text,
                    uint64_t *ms)
{
    const char *why;
    char hint[128];

    if (units_parse_duration(text, ms, &why, hint, sizeof(hint)) < 0) {
        return usage_refuse(usage, "'--%s %s' %s%s%s", of->name, text, why,
                            *hint == '\0' ? "" : ": ", hint);
    }
    if (*ms < of->min_ms || *ms > of->max_ms) {
        return usage_refuse(usage, "'--%s %s' is not %s", of->name, text,
                            of->range);
    }
    return 0;
}
