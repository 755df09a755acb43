/* SPDX-License-Identifier: MIT */
/*
 * Options: a table of one option and a value for it.
 *
 *     4 2 0 4 0 1000
 *     30s
 *     1m30s
 *
 * The first line is type, flags, offset, width, min and max; the second the
 * fallback ("-": none); the rest the value. A table that is accepted takes no
 * value out of its range, writes to its member alone, and what it stores reads
 * the same when it is written and read again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "fuzz.h"
#include "option.h"
#include "units.h"

#define SETTINGS_SIZE 64
/* A later header's option is longer. */
#define TAIL 32
#define FILLER 0x5a

static const char *const choices[] = {"level", "edge", "none", NULL};

/* An option as a plugin of a later version has it. */
struct long_option {
    berth_option option;
    char tail[TAIL];
};

static const struct long_option item = {
    .option = {.name = "item", .type = BERTH_SIZE, .min = 1, .max = 10}};

/* An input in its parts; text is what all of them lie in. */
struct trial {
    char *text;
    char *value;
    berth_option option;
    const berth_option *copy;
    struct arena arena;
};

/* Ends the line and returns what follows it. */
static char *next_line(char *line)
{
    char *end = strchr(line, '\n');

    if (end == NULL) {
        return line + strlen(line);
    }
    *end = '\0';
    return end + 1;
}

/* What is beyond 64 bits is as near to it as they go. */
static bool read_numbers(const char *text, int64_t numbers[6])
{
    for (int i = 0; i < 6; i++) {
        char *end;

        numbers[i] = strtoll(text, &end, 10);
        if (end == text) {
            return false;
        }
        text = end;
    }
    return true;
}

static bool read_trial(struct trial *trial, const uint8_t *data, size_t size)
{
    berth_option *option = &trial->option;
    int64_t numbers[6];
    char *fallback;

    *trial = (struct trial){.text = fuzz_text(data, size)};
    *option = (berth_option){.name = "it", .help = "help"};
    fallback = next_line(trial->text);
    trial->value = next_line(fallback);
    arena_init(&trial->arena);
    if (strcmp(fallback, "-") != 0) {
        option->fallback = fallback;
    }
    if (!read_numbers(trial->text, numbers)) {
        return false;
    }
    option->type = (uint32_t)numbers[0];
    option->flags = (uint32_t)numbers[1];
    option->offset = (uint32_t)numbers[2];
    option->width = (uint32_t)numbers[3];
    option->min = numbers[4];
    option->max = numbers[5];
    if (option->type == BERTH_ENUM) {
        option->choices = choices;
    }
    if (option->type == BERTH_LIST) {
        option->items = &item.option;
    }
    return true;
}

static void trial_fini(struct trial *trial)
{
    arena_fini(&trial->arena);
    free(trial->text);
}

/* A copy of a table with longer elements is the table, unless something stands
   where we know of nothing. */
static void copy_table(struct trial *trial)
{
    struct long_option given[2] = {{.option = trial->option}};
    const size_t stride = sizeof(given[0]);
    const berth_option *copy;

    FUZZ_REQUIRE(option_copy(&given[0].option, stride, &trial->arena, &copy) ==
                     0,
                 "a table with a longer stride is refused");
    FUZZ_REQUIRE(copy[1].name == NULL &&
                     copy[0].fallback == trial->option.fallback,
                 "the copy is another table");
    trial->copy = copy;
    given[0].tail[TAIL - 1] = 1;
    FUZZ_REQUIRE(option_copy(&given[0].option, stride, &trial->arena, &copy) ==
                     -ENOTSUP,
                 "what is not known is passed over");
}

/* The value as a number; for types that have a range of values. */
static int64_t load_signed(const char *member, uint32_t width)
{
    int32_t narrow = 0;
    int64_t wide = 0;

    if (width == sizeof(narrow)) {
        memcpy(&narrow, member, sizeof(narrow));
        return narrow;
    }
    memcpy(&wide, member, width < sizeof(wide) ? width : sizeof(wide));
    return wide;
}

static uint64_t load_unsigned(const char *member, uint32_t width)
{
    uint64_t value = (uint64_t)load_signed(member, width);

    return width == sizeof(uint32_t) ? (uint32_t)value : value;
}

static const char *load_text(const char *member)
{
    const char *text;

    memcpy(&text, member, sizeof(text));
    return text;
}

/* Writes the value as one would in YAML. */
static const char *
format(const berth_option *option, const char *member, char *text, size_t size)
{
    bool flag;

    switch (option->type) {
    case BERTH_BOOL:
        memcpy(&flag, member, sizeof(flag));
        return flag ? "true" : "false";
    case BERTH_INT:
        (void)snprintf(text, size, "%" PRId64,
                       load_signed(member, option->width));
        return text;
    case BERTH_SIZE:
        (void)units_format_size(load_unsigned(member, option->width), text,
                                size);
        return text;
    case BERTH_DURATION:
        (void)units_format_duration(load_unsigned(member, option->width), text,
                                    size);
        return text;
    case BERTH_ENUM:
        return choices[load_signed(member, option->width)];
    default:
        return load_text(member);
    }
}

static bool is_within(const berth_option *option, const char *member)
{
    const bool has_range = option->min != 0 || option->max != 0;
    const int64_t number = load_signed(member, option->width);
    const uint64_t amount =
        option->type == BERTH_STRING || option->type == BERTH_PATH
            ? strlen(load_text(member))
            : load_unsigned(member, option->width);

    switch (option->type) {
    case BERTH_BOOL:
        return member[0] == 0 || member[0] == 1;
    case BERTH_ENUM:
        return number >= 0 && number < 3;
    case BERTH_INT:
        return !has_range || (number >= option->min && number <= option->max);
    default:
        return !has_range || (amount >= (uint64_t)option->min &&
                              amount <= (uint64_t)option->max);
    }
}

/* `none` is stored as zero, whatever the range. */
static bool is_none(const berth_option *option, const char *member)
{
    static const char zero[8];

    return (option->flags & BERTH_NONE) != 0 &&
           memcmp(member, zero, option->width) == 0;
}

/* Only the member may have changed. */
static void check_filler(const berth_option *option, const char *settings)
{
    const bool is_scalar = option_is_scalar(option);

    for (size_t i = 0; i < SETTINGS_SIZE; i++) {
        const bool is_member = is_scalar && i >= option->offset &&
                               i < (size_t)option->offset + option->width;

        FUZZ_REQUIRE(is_member || settings[i] == FILLER,
                     "byte %zu is not the option's", i);
    }
}

static void check_problem(const struct option_problem *problem)
{
    FUZZ_REQUIRE(memchr(problem->text, '\0', sizeof(problem->text)) != NULL &&
                     memchr(problem->hint, '\0', sizeof(problem->hint)) != NULL,
                 "a text without end");
    FUZZ_REQUIRE(problem->text[0] != '\0', "refused without a reason");
}

static void check_again(const berth_option *option, const char *member)
{
    char text[UNITS_TEXT_MAX];
    char again[sizeof(int64_t)];
    const char *written = format(option, member, text, sizeof(text));
    const struct option_text given = {.text = written, .is_quoted = true};
    struct option_problem problem = {.text = ""};

    FUZZ_REQUIRE(option_store(option, &given, option->width, again, &problem) ==
                     0,
                 "'%s' is not read again: %s", written, problem.text);
    FUZZ_REQUIRE(memcmp(member, again, option->width) == 0,
                 "'%s' is read as another value", written);
}

static void store(const berth_option *option, const struct option_text *given)
{
    char settings[SETTINGS_SIZE];
    char *member = settings + option->offset;
    struct option_problem problem;
    int error;

    memset(settings, FILLER, sizeof(settings));
    memset(&problem, 0x41, sizeof(problem));
    error = option_store(option, given, option->width, member, &problem);
    FUZZ_REQUIRE(error == 0 || error == -EINVAL, "result %d", error);
    check_filler(option, settings);
    if (error != 0) {
        check_problem(&problem);
        FUZZ_REQUIRE(option->width == 0 || *member == FILLER,
                     "changed on failure");
        return;
    }
    FUZZ_REQUIRE(option_is_scalar(option), "one value for type %u",
                 option->type);
    if (is_none(option, member)) {
        return;
    }
    FUZZ_REQUIRE(is_within(option, member), "'%s' is out of range",
                 given->text);
    check_again(option, member);
}

/* The number of items of a list is in the range, too. */
static void check_count(const berth_option *option, size_t count)
{
    struct option_problem problem = {.text = ""};
    const int error = option_check_count(option, count, &problem);
    const bool has_range = option->min != 0 || option->max != 0;
    const bool fits = !has_range || (count >= (uint64_t)option->min &&
                                     count <= (uint64_t)option->max);

    FUZZ_REQUIRE(error == (fits ? 0 : -EINVAL), "%zu items give %d", count,
                 error);
    if (error != 0) {
        check_problem(&problem);
    }
}

static void try_value(const struct trial *trial)
{
    struct option_text given = {.text = trial->value};

    store(trial->copy, &given);
    given.is_quoted = true;
    store(trial->copy, &given);
    if (trial->copy->fallback != NULL) {
        given = (struct option_text){.text = trial->copy->fallback};
        store(trial->copy, &given);
    }
    if (trial->copy->type == BERTH_LIST) {
        check_count(trial->copy, strlen(trial->value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trial trial;
    char why[256] = "";
    int error;

    if (read_trial(&trial, data, size)) {
        copy_table(&trial);
        error = option_check(trial.copy, SETTINGS_SIZE, why, sizeof(why));
        FUZZ_REQUIRE(error == 0 || (error == -EINVAL && why[0] != '\0'),
                     "a table is refused with %d: '%s'", error, why);
        if (error == 0) {
            try_value(&trial);
        }
    }
    trial_fini(&trial);
    return 0;
}
