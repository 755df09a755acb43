/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit sizes[] = {
    {"TiB", UINT64_C(1) << 40},
    {"GiB", UINT64_C(1) << 30},
    {"MiB", UINT64_C(1) << 20},
    {"KiB", UINT64_C(1) << 10},
    {"TB", 1000000000000},
    {"GB", 1000000000},
    {"MB", 1000000},
    {"kB", 1000},
    {"B", 1},
};

/* The larger first: that is the order in which they are written. */
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

/* What people write for a duration's unit, and what it is called here. */
static const struct {
    const char *name, *unit;
} synonyms[] = {
    {"sec", "s"},    {"secs", "s"},    {"second", "s"}, {"seconds", "s"},
    {"min", "m"},    {"mins", "m"},    {"minute", "m"}, {"minutes", "m"},
    {"hr", "h"},     {"hrs", "h"},     {"hour", "h"},   {"hours", "h"},
    {"day", "d"},    {"days", "d"},    {"msec", "ms"},  {"msecs", "ms"},
    {"milli", "ms"}, {"millis", "ms"}, {"D", "d"},      {"H", "h"},
    {"M", "m"},      {"S", "s"},       {"MS", "ms"},    {"Ms", "ms"},
};

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

/* A number and what follows it, as in "30" and "s"; both point into a text. */
struct quantity {
    const char *digits, *unit;
    int digit_count, unit_length;
    uint64_t number;
    bool is_too_large;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads digits, then letters; returns what follows. */
static const char *read_quantity(const char *text, struct quantity *quantity)
{
    const char *c = text;

    *quantity = (struct quantity){.digits = text};
    for (; is_digit(*c); c++) {
        quantity->is_too_large |=
            __builtin_mul_overflow(quantity->number, 10, &quantity->number);
        quantity->is_too_large |= __builtin_add_overflow(
            quantity->number, (uint64_t)(*c - '0'), &quantity->number);
    }
    quantity->digit_count = (int)(c - text);
    quantity->unit = c;
    while (is_letter(*c)) {
        c++;
    }
    quantity->unit_length = (int)(c - quantity->unit);
    return c;
}

static bool is_named(const struct quantity *quantity, const char *name)
{
    const size_t length = (size_t)quantity->unit_length;

    return strlen(name) == length && memcmp(quantity->unit, name, length) == 0;
}

static const struct unit *find_unit(const struct unit *units,
                                    size_t count,
                                    const struct quantity *quantity)
{
    for (size_t i = 0; i < count; i++) {
        if (is_named(quantity, units[i].name)) {
            return &units[i];
        }
    }
    return NULL;
}

static int refuse(const char **why, const char *text, int number)
{
    *why = text;
    return number;
}

/*
 * What is wrong with a number whatever its unit; 0: nothing. after: the first
 * character that is neither digit nor letter.
 */
static int check_number(const struct quantity *quantity,
                        const char *after,
                        const char **why,
                        char *hint,
                        size_t size)
{
    /* Digits beyond these would only make the hint unreadable. */
    const int shown = quantity->digit_count > 20 ? 20 : quantity->digit_count;

    if (quantity->digits[0] == '-' && is_digit(quantity->digits[1])) {
        return refuse(why, "must not be negative", -EINVAL);
    }
    if (quantity->digit_count > 1 && quantity->digits[0] == '0') {
        return refuse(why, "must not begin with 0", -EINVAL);
    }
    if (quantity->digit_count > 0 && *after == ' ' &&
        quantity->unit_length == 0 && is_letter(after[1])) {
        (void)snprintf(hint, size, "did you mean %.*s%.5s?", shown,
                       quantity->digits, after + 1);
        return refuse(why, "must not have a blank before its unit", -EINVAL);
    }
    if (quantity->digit_count > 0 && quantity->unit_length == 0 &&
        (*after == '.' || *after == ',') && is_digit(after[1])) {
        (void)snprintf(hint, size, "use a smaller unit");
        return refuse(why, "must be a whole number", -EINVAL);
    }
    if (quantity->is_too_large) {
        return refuse(why, "is too large", -ERANGE);
    }
    return 0;
}

/* The unit is none of ours: which one was meant? */
static int refuse_size_unit(const struct quantity *quantity,
                            const char **why,
                            char *hint,
                            size_t size)
{
    const int digits = quantity->digit_count > 20 ? 20 : quantity->digit_count;
    const char *at = strchr("kKmMgGtT", quantity->unit[0]);
    const bool is_short =
        at != NULL &&
        (quantity->unit_length == 1 ||
         (quantity->unit_length == 2 &&
          (quantity->unit[1] == 'B' || quantity->unit[1] == 'b')));

    if (is_short) {
        const size_t i = (size_t)(at - "kKmMgGtT") / 2;

        (void)snprintf(hint, size, "write %.*s%ciB (1024) or %.*s%cB (1000)",
                       digits, quantity->digits, "KMGT"[i], digits,
                       quantity -> digits, "kMGT"[i]);
        return refuse(why, "has an ambiguous unit", -EINVAL);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        if (strlen(sizes[i].name) == (size_t)quantity->unit_length &&
            strncasecmp(sizes[i].name, quantity->unit,
                        (size_t)quantity->unit_length) == 0) {
            (void)snprintf(hint, size, "did you mean %.*s%s?", digits,
                           quantity->digits, sizes[i].name);
            break;
        }
    }
    return refuse(why, "has an unknown unit", -EINVAL);
}

int units_parse_size(const char *text,
                     uint64_t *bytes,
                     const char **why,
                     char *hint,
                     size_t size)
{
    struct quantity quantity;
    const char *after = read_quantity(text, &quantity);
    const struct unit *unit;
    uint64_t value = quantity.number;
    int error;

    (void)snprintf(hint, size, "%s", "");
    error = check_number(&quantity, after, why, hint, size);
    if (error != 0) {
        return error;
    }
    if (quantity.digit_count == 0 || *after != '\0') {
        (void)snprintf(hint, size, "write it as 64KiB, 64kB or plain bytes");
        return refuse(why, "must be a size", -EINVAL);
    }
    if (quantity.unit_length > 0) {
        unit = find_unit(sizes, COUNT_OF(sizes), &quantity);
        if (unit == NULL) {
            return refuse_size_unit(&quantity, why, hint, size);
        }
        if (__builtin_mul_overflow(value, unit->factor, &value)) {
            return refuse(why, "is too large", -ERANGE);
        }
    }
    *bytes = value;
    return 0;
}

static int refuse_duration_unit(const struct quantity *quantity,
                                const char **why,
                                char *hint,
                                size_t size)
{
    const int digits = quantity->digit_count > 20 ? 20 : quantity->digit_count;

    if (quantity->unit_length == 0) {
        (void)snprintf(hint, size, "did you mean %.*ss?", digits,
                       quantity->digits);
        return refuse(why, "needs a unit", -EINVAL);
    }
    (void)snprintf(hint, size, "the units are d, h, m, s and ms");
    for (size_t i = 0; i < COUNT_OF(synonyms); i++) {
        if (is_named(quantity, synonyms[i].name)) {
            (void)snprintf(hint, size, "did you mean %.*s%s?", digits,
                           quantity->digits, synonyms[i].unit);
            break;
        }
    }
    return refuse(why, "has an unknown unit", -EINVAL);
}

/* Adds one part to *total; *next: the first unit that may still be used. */
static int add_part(const struct quantity *part,
                    uint64_t *total,
                    const struct unit **next,
                    const char **why)
{
    const struct unit *unit = find_unit(durations, COUNT_OF(durations), part);
    uint64_t ms;

    if (unit < *next) {
        return refuse(why, "must have each unit once, the larger first",
                      -EINVAL);
    }
    *next = unit + 1;
    if (__builtin_mul_overflow(part->number, unit->factor, &ms) ||
        __builtin_add_overflow(*total, ms, total)) {
        return refuse(why, "is too large", -ERANGE);
    }
    return 0;
}

int units_parse_duration(
    const char *text, uint64_t *ms, const char **why, char *hint, size_t size)
{
    const struct unit *next = durations;
    const char *c = text;
    uint64_t total = 0;

    (void)snprintf(hint, size, "%s", "");
    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return 0;
    }
    do {
        struct quantity part;
        int error;

        c = read_quantity(c, &part);
        error = check_number(&part, c, why, hint, size);
        if (error != 0) {
            return error;
        }
        if (part.digit_count == 0 || (*c != '\0' && !is_digit(*c))) {
            (void)snprintf(hint, size, "write it as 30s, 1m30s or 250ms");
            return refuse(why, "must be a duration", -EINVAL);
        }
        if (find_unit(durations, COUNT_OF(durations), &part) == NULL) {
            return refuse_duration_unit(&part, why, hint, size);
        }
        error = add_part(&part, &total, &next, why);
        if (error != 0) {
            return error;
        }
    } while (*c != '\0');
    *ms = total;
    return 0;
}

size_t units_format_size(uint64_t bytes, char *buffer, size_t size)
{
    const char *name = "";
    uint64_t number = bytes;

    for (size_t i = 0; i < COUNT_OF(sizes) && bytes != 0; i++) {
        if (sizes[i].factor > 1 && bytes % sizes[i].factor == 0) {
            name = sizes[i].name;
            number = bytes / sizes[i].factor;
            break;
        }
    }
    return (size_t)snprintf(buffer, size, "%llu%s", (unsigned long long)number,
                            name);
}

size_t units_format_duration(uint64_t ms, char *buffer, size_t size)
{
    char text[UNITS_TEXT_MAX] = "0s";
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(durations); i++) {
        const uint64_t number = ms / durations[i].factor;

        if (number > 0) {
            length +=
                (size_t)snprintf(text + length, sizeof(text) - length, "%llu%s",
                                 (unsigned long long)number, durations[i].name);
            ms %= durations[i].factor;
        }
    }
    return (size_t)snprintf(buffer, size, "%s", text);
}

/* A number as it may be written. */
#define NUMBER_PATTERN "(0|[1-9][0-9]*)"

void units_size_pattern(char pattern[UNITS_PATTERN_MAX])
{
    const size_t size = UNITS_PATTERN_MAX;
    size_t length = (size_t)snprintf(pattern, size, "^" NUMBER_PATTERN "(");

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        length += (size_t)snprintf(pattern + length, size - length, "%s%s",
                                   i == 0 ? "" : "|", sizes[i].name);
    }
    (void)snprintf(pattern + length, size - length, ")?$");
}

void units_duration_pattern(char pattern[UNITS_PATTERN_MAX])
{
    const size_t size = UNITS_PATTERN_MAX;
    size_t length = (size_t)snprintf(pattern, size, "^");

    for (size_t i = 0; i < COUNT_OF(durations); i++) {
        length +=
            (size_t)snprintf(pattern + length, size - length,
                             "(" NUMBER_PATTERN "%s)?", durations[i].name);
    }
    (void)snprintf(pattern + length, size - length, "$");
}
