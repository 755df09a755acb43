/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "suggest.h"
#include "units.h"

int argument_count(const struct usage *usage,
                   const char *name,
                   const char *text,
                   uint64_t max,
                   uint64_t *number)
{
    char *end = NULL;

    errno = 0;
    if (text[0] >= '0' && text[0] <= '9') {
        *number = strtoull(text, &end, 10);
    }
    if (end == NULL || *end != '\0' || errno != 0 || *number > max) {
        return usage_refuse(usage, "'--%s %s' is not a number up to %llu", name,
                            text, (unsigned long long)max);
    }
    return 0;
}

typedef int parse_fn(const char *text,
                     uint64_t *value,
                     const char **why,
                     char *hint,
                     size_t hint_size);

static int read_unit(const struct usage *usage,
                     const char *name,
                     const char *text,
                     parse_fn *parse,
                     uint64_t *value)
{
    const char *why;
    char hint[128];

    if (strcmp(text, "none") == 0) {
        *value = 0;
        return 0;
    }
    if (parse(text, value, &why, hint, sizeof(hint)) < 0) {
        return usage_refuse(usage, "'--%s %s' %s%s%s", name, text, why,
                            *hint == '\0' ? "" : ": ", hint);
    }
    return 0;
}

int argument_duration(const struct usage *usage,
                      const char *name,
                      const char *text,
                      uint64_t *ms)
{
    return read_unit(usage, name, text, units_parse_duration, ms);
}

int argument_size(const struct usage *usage,
                  const char *name,
                  const char *text,
                  uint64_t *size)
{
    return read_unit(usage, name, text, units_parse_size, size);
}

int argument_rule(const struct usage *usage, const char *name, uint32_t *rules)
{
    const char *known[FINDING_RULES];
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < FINDING_RULES; i++) {
        if (finding_rules[i].name == NULL) {
            continue;
        }
        known[count++] = finding_rules[i].name;
        if (strcmp(name, finding_rules[i].name) == 0) {
            *rules |= 1u << i;
            return 0;
        }
    }
    nearest = suggest_nearest(name, known, count);
    return usage_refuse(usage, "'--allow %s': there is no such rule%s%s", name,
                        nearest == NULL ? "" : ", did you mean ",
                        nearest == NULL ? "" : nearest);
}

int argument_set(const struct usage *usage, const char *text)
{
    const char *equals = strchr(text, '=');

    return equals == NULL || equals == text
               ? usage_refuse(usage, "'--set %s' is not KEY=VALUE", text)
               : 0;
}

void argument_print_rules(FILE *stream)
{
    (void)fputs("\nRules that can be allowed to be broken:\n\n", stream);
    for (size_t i = 0; i < FINDING_RULES; i++) {
        if (finding_rules[i].name != NULL) {
            (void)fprintf(stream, "  %-8s %s\n", finding_rules[i].name,
                          finding_rules[i].help);
        }
    }
}

void argument_print(const char *word, FILE *stream)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "-_./=:,+@%";

    if (*word != '\0' && strspn(word, plain) == strlen(word)) {
        (void)fprintf(stream, " %s", word);
        return;
    }
    (void)fputs(" '", stream);
    for (; *word != '\0'; word++) {
        (void)fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stream);
    }
    (void)fputc('\'', stream);
}
