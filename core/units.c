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
static const struct unit milliseconds[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
static const struct unit microseconds[] = {
    {"d", 86400000000}, {"h", 3600000000}, {"m", 60000000},
    {"s", 1000000},     {"ms", 1000},      {"us", 1},
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
    {"usec", "us"},  {"usecs", "us"},  {"micro", "us"}, {"micros", "us"},
    {"US", "us"},    {"Us", "us"},
};

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

/* What durations are counted in, and how they are written. */
static const struct scale {
    const struct unit *units;
    size_t count;
    const char *names, *examples;
} in_ms = {milliseconds, COUNT_OF(milliseconds), "d, h, m, s and ms",
           "30s, 1m30s or 250ms"},
  in_us = {microseconds, COUNT_OF(microseconds), "d, h, m, s, ms and us",
           "50us or 1ms"};

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

static bool has_unit(const struct scale *scale, const char *name)
{
    size_t i = 0;

    while (i < scale->count && strcmp(scale->units[i].name, name) != 0) {
        i++;
    }
    return i < scale->count;
}

/* The unit of the scale that a synonym stands for; NULL: none. */
static const char *find_synonym(const struct scale *scale,
                                const struct quantity *quantity)
{
    for (size_t i = 0; i < COUNT_OF(synonyms); i++) {
        if (is_named(quantity, synonyms[i].name) &&
            has_unit(scale, synonyms[i].unit)) {
            return synonyms[i].unit;
        }
    }
    return NULL;
}

static int refuse_duration_unit(const struct scale *scale,
                                const struct quantity *quantity,
                                const char **why,
                                char *hint,
                                size_t size)
{
    const int digits = quantity->digit_count > 20 ? 20 : quantity->digit_count;
    const char *meant = find_synonym(scale, quantity);

    if (quantity->unit_length == 0) {
        (void)snprintf(hint, size, "did you mean %.*s%s?", digits,
                       quantity->digits, scale == &in_ms ? "s" : "us");
        return refuse(why, "needs a unit", -EINVAL);
    }
    if (meant != NULL) {
        (void)snprintf(hint, size, "did you mean %.*s%s?", digits,
                       quantity->digits, meant);
    } else {
        (void)snprintf(hint, size, "the units are %s", scale->names);
    }
    return refuse(why, "has an unknown unit", -EINVAL);
}

/* Adds one part to *total; *next: the first unit that may still be used. */
static int add_part(const struct unit *unit,
                    uint64_t number,
                    uint64_t *total,
                    const struct unit **next,
                    const char **why)
{
    uint64_t amount;

    if (unit < *next) {
        return refuse(why, "must have each unit once, the larger first",
                      -EINVAL);
    }
    *next = unit + 1;
    if (__builtin_mul_overflow(number, unit->factor, &amount) ||
        __builtin_add_overflow(*total, amount, total)) {
        return refuse(why, "is too large", -ERANGE);
    }
    return 0;
}

static int parse_duration(const struct scale *scale,
                          const char *text,
                          uint64_t *amount,
                          const char **why,
                          char *hint,
                          size_t size)
{
    const struct unit *next = scale->units;
    const char *c = text;
    uint64_t total = 0;

    (void)snprintf(hint, size, "%s", "");
    if (strcmp(text, "0") == 0) {
        *amount = 0;
        return 0;
    }
    do {
        struct quantity part;
        const struct unit *unit;
        int error;

        c = read_quantity(c, &part);
        error = check_number(&part, c, why, hint, size);
        if (error != 0) {
            return error;
        }
        if (part.digit_count == 0 || (*c != '\0' && !is_digit(*c))) {
            (void)snprintf(hint, size, "write it as %s", scale->examples);
            return refuse(why, "must be a duration", -EINVAL);
        }
        unit = find_unit(scale->units, scale->count, &part);
        if (unit == NULL) {
            return refuse_duration_unit(scale, &part, why, hint, size);
        }
        error = add_part(unit, part.number, &total, &next, why);
        if (error != 0) {
            return error;
        }
    } while (*c != '\0');
    *amount = total;
    return 0;
}

int units_parse_duration(
    const char *text, uint64_t *ms, const char **why, char *hint, size_t size)
{
    return parse_duration(&in_ms, text, ms, why, hint, size);
}

int units_parse_microseconds(
    const char *text, uint64_t *us, const char **why, char *hint, size_t size)
{
    return parse_duration(&in_us, text, us, why, hint, size);
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

static size_t format_duration(const struct scale *scale,
                              uint64_t amount,
                              char *buffer,
                              size_t size)
{
    char text[UNITS_TEXT_MAX] = "0s";
    size_t length = 0;

    for (size_t i = 0; i < scale->count; i++) {
        const uint64_t number = amount / scale->units[i].factor;

        if (number > 0) {
            length += (size_t)snprintf(text + length, sizeof(text) - length,
                                       "%llu%s", (unsigned long long)number,
                                       scale->units[i].name);
            amount %= scale->units[i].factor;
        }
    }
    return (size_t)snprintf(buffer, size, "%s", text);
}

size_t units_format_duration(uint64_t ms, char *buffer, size_t size)
{
    return format_duration(&in_ms, ms, buffer, size);
}

size_t units_format_microseconds(uint64_t us, char *buffer, size_t size)
{
    return format_duration(&in_us, us, buffer, size);
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

static void duration_pattern(const struct scale *scale,
                             char pattern[UNITS_PATTERN_MAX])
{
    const size_t size = UNITS_PATTERN_MAX;
    size_t length = (size_t)snprintf(pattern, size, "^");

    for (size_t i = 0; i < scale->count; i++) {
        length +=
            (size_t)snprintf(pattern + length, size - length,
                             "(" NUMBER_PATTERN "%s)?", scale->units[i].name);
    }
    (void)snprintf(pattern + length, size - length, "$");
}

void units_duration_pattern(char pattern[UNITS_PATTERN_MAX])
{
    duration_pattern(&in_ms, pattern);
}

void units_microseconds_pattern(char pattern[UNITS_PATTERN_MAX])
{
    duration_pattern(&in_us, pattern);
}
