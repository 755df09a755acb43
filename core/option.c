/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <stdarg.h>
#include <string.h>

#include "suggest.h"
#include "units.h"

/* A number as text, for messages. */
struct number_text {
    char text[UNITS_TEXT_MAX];
};

__attribute__((format(printf, 2, 3))) static int
refuse(struct option_problem *problem, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(problem->text, sizeof(problem->text), format, args);
    va_end(args);
    return -EINVAL;
}

__attribute__((format(printf, 2, 3))) static void
set_hint(struct option_problem *problem, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(problem->hint, sizeof(problem->hint), format, args);
    va_end(args);
}

bool option_is_scalar(const berth_option *option)
{
    return (option->type >= BERTH_BOOL && option->type <= BERTH_ENUM) ||
           option->type == OPTION_MICROSECONDS;
}

bool option_is_node(const berth_option *option)
{
    return option->type >= OPTION_NODE;
}

bool option_has_required(const berth_option *table)
{
    while (table->name != NULL && (table->flags & BERTH_REQUIRED) == 0) {
        table++;
    }
    return table->name != NULL;
}

size_t option_item_width(const berth_option *option)
{
    switch (option->type) {
    case BERTH_BOOL:
        return sizeof(bool);
    case BERTH_ENUM:
        return sizeof(int32_t);
    case BERTH_STRING:
    case BERTH_PATH:
        return sizeof(const char *);
    default:
        return sizeof(int64_t);
    }
}

const berth_option *option_find(const berth_option *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (strcmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

bool option_has_range(const berth_option *option)
{
    return option->min != 0 || option->max != 0;
}

/* unit stands behind the last number: "" or " bytes long", say. */
static int refuse_range(struct option_problem *problem,
                        const struct number_text *low,
                        const struct number_text *high,
                        const char *unit)
{
    if (low == NULL && high == NULL) {
        return refuse(problem, "is too large");
    }
    if (low == NULL) {
        return refuse(problem, "must be at most %s%s", high->text, unit);
    }
    if (high == NULL) {
        return refuse(problem, "must be at least %s%s", low->text, unit);
    }
    return refuse(problem, "must be between %s and %s%s", low->text, high->text,
                  unit);
}

static struct number_text write_number(int64_t number)
{
    struct number_text written;

    (void)snprintf(written.text, sizeof(written.text), "%lld",
                   (long long)number);
    return written;
}

static struct number_text write_amount(const berth_option *option,
                                       uint64_t number)
{
    struct number_text written;

    option_show_amount(option, number, written.text);
    return written;
}

/* The number of the noun's things that a value is long. */
static int check_length(const berth_option *option,
                        size_t length,
                        const char *noun,
                        struct option_problem *problem)
{
    const struct number_text low = write_number(option->min);
    const struct number_text high = write_number(option->max);
    const bool is_open = option->max == INT64_MAX;
    char unit[32];

    if (!option_has_range(option) ||
        (length >= (uint64_t)option->min && length <= (uint64_t)option->max)) {
        return 0;
    }
    (void)snprintf(unit, sizeof(unit), " %s%s long", noun,
                   (is_open ? option->min : option->max) == 1 ? "" : "s");
    return refuse_range(problem, option->min == 0 ? NULL : &low,
                        is_open ? NULL : &high, unit);
}

int option_check_count(const berth_option *option,
                       size_t count,
                       struct option_problem *problem)
{
    problem->hint[0] = '\0';
    return check_length(option, count, "item", problem);
}

/* What other formats write for true and false. */
static void hint_bool(const char *text, struct option_problem *problem)
{
    static const char *const hints[][2] = {
        {"yes", "true"},  {"on", "true"},     {"y", "true"},  {"1", "true"},
        {"no", "false"},  {"off", "false"},   {"n", "false"}, {"0", "false"},
        {"true", "true"}, {"false", "false"},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strcasecmp(text, hints[i][0]) == 0) {
            set_hint(problem, "write %s", hints[i][1]);
        }
    }
}

static int
store_bool(const char *text, void *target, struct option_problem *problem)
{
    const bool value = strcmp(text, "true") == 0;

    if (!value && strcmp(text, "false") != 0) {
        hint_bool(text, problem);
        return refuse(problem, "must be true or false");
    }
    memcpy(target, &value, sizeof(value));
    return 0;
}

/*
 * Reads a whole number in decimal: 0, -EINVAL, or -ERANGE. A number that other
 * languages take for octal or hexadecimal is refused rather than guessed.
 */
static int
read_int(const char *text, int64_t *value, struct option_problem *problem)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    const size_t count = strspn(digits, "0123456789");
    int64_t number = 0;
    bool is_too_large = false;

    if (count == 0 || digits[count] != '\0') {
        if (count > 0 && strpbrk(digits, "xXeEoO._,") != NULL) {
            set_hint(problem, "write it in decimal, digits only");
        }
        return refuse(problem, "must be a whole number");
    }
    if (count > 1 && digits[0] == '0') {
        const char *first = digits + strspn(digits, "0");

        set_hint(problem, "did you mean %.30s?", *first == '\0' ? "0" : first);
        return refuse(problem, "must not begin with 0");
    }
    /* Downwards, where there is one number more. */
    for (const char *c = digits; *c != '\0'; c++) {
        is_too_large |= __builtin_mul_overflow(number, 10, &number);
        is_too_large |= __builtin_sub_overflow(number, *c - '0', &number);
    }
    if (digits == text) {
        is_too_large |= __builtin_sub_overflow(0, number, &number);
    }
    *value = number;
    return is_too_large ? -ERANGE : 0;
}

static int store_int(const berth_option *option,
                     const char *text,
                     size_t width,
                     void *target,
                     struct option_problem *problem)
{
    const bool is_narrow = width == sizeof(int32_t);
    const int64_t min = option_has_range(option) ? option->min
                        : is_narrow              ? INT32_MIN
                                                 : INT64_MIN;
    const int64_t max = option_has_range(option) ? option->max
                        : is_narrow              ? INT32_MAX
                                                 : INT64_MAX;
    int64_t value = 0;
    const int error = read_int(text, &value, problem);

    if (error == -EINVAL) {
        return error;
    }
    if (error != 0 || value < min || value > max) {
        const struct number_text low = write_number(min);
        const struct number_text high = write_number(max);

        return refuse_range(problem, &low, max == INT64_MAX ? NULL : &high, "");
    }
    if (is_narrow) {
        memcpy(target, &(int32_t){(int32_t)value}, sizeof(int32_t));
    } else {
        memcpy(target, &value, sizeof(value));
    }
    return 0;
}

static int parse_amount(const berth_option *option,
                        const char *text,
                        uint64_t *value,
                        const char **why,
                        struct option_problem *problem)
{
    char *const hint = problem->hint;

    switch (option->type) {
    case BERTH_SIZE:
        return units_parse_size(text, value, why, hint, sizeof(problem->hint));
    case OPTION_MICROSECONDS:
        return units_parse_microseconds(text, value, why, hint,
                                        sizeof(problem->hint));
    default:
        return units_parse_duration(text, value, why, hint,
                                    sizeof(problem->hint));
    }
}

static int store_amount(const berth_option *option,
                        const char *text,
                        size_t width,
                        void *target,
                        struct option_problem *problem)
{
    const bool is_narrow = width == sizeof(uint32_t);
    const uint64_t min = (uint64_t)option->min;
    const uint64_t most = is_narrow ? UINT32_MAX : UINT64_MAX;
    const uint64_t max =
        option_has_range(option) ? (uint64_t)option->max : most;
    uint64_t value = 0;
    const char *why = "";
    const int error = parse_amount(option, text, &value, &why, problem);

    if (error == -EINVAL) {
        return refuse(problem, "%s", why);
    }
    if (error != 0 || value < min || value > max) {
        const struct number_text low = write_amount(option, min);
        const struct number_text high = write_amount(option, max);
        const bool is_open =
            option_has_range(option) ? option->max == INT64_MAX : false;

        if ((option->flags & BERTH_NONE) != 0 && value == 0) {
            set_hint(problem, "did you mean none?");
        }
        return refuse_range(problem, min == 0 ? NULL : &low,
                            is_open ? NULL : &high, "");
    }
    if (is_narrow) {
        memcpy(target, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    } else {
        memcpy(target, &value, sizeof(value));
    }
    return 0;
}

static int store_text(const berth_option *option,
                      const char *text,
                      void *target,
                      struct option_problem *problem)
{
    int error;

    if (option->type == BERTH_PATH && text[0] == '\0') {
        return refuse(problem, "must not be empty");
    }
    error = check_length(option, strlen(text), "byte", problem);
    if (error == 0) {
        memcpy(target, &text, sizeof(text));
    }
    return error;
}

/* "must be level or edge", as many as there is room for. */
static int refuse_choice(const char *const *choices,
                         size_t count,
                         struct option_problem *problem)
{
    char *const text = problem->text;
    const size_t size = sizeof(problem->text);
    size_t length = (size_t)snprintf(text, size, "must be ");

    for (size_t i = 0; i < count; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";

        if (length + strlen(choices[i]) + sizeof(" or ... ") > size) {
            (void)snprintf(text + length, size - length, " ...");
            break;
        }
        length += (size_t)snprintf(text + length, size - length, "%s%s", before,
                                   choices[i]);
    }
    return -EINVAL;
}

static int store_enum(const berth_option *option,
                      const char *text,
                      void *target,
                      struct option_problem *problem)
{
    const char *nearest;
    size_t count = 0;

    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], text) == 0) {
            memcpy(target, &(int32_t){(int32_t)count}, sizeof(int32_t));
            return 0;
        }
    }
    nearest = suggest_nearest(text, option->choices, count);
    if (nearest != NULL) {
        set_hint(problem, "did you mean %.100s?", nearest);
    }
    return refuse_choice(option->choices, count, problem);
}

static bool is_text(const berth_option *option)
{
    return option->type == BERTH_STRING || option->type == BERTH_PATH;
}

int option_store(const berth_option *option,
                 const struct option_text *given,
                 size_t width,
                 void *target,
                 struct option_problem *problem)
{
    const bool is_none = strcmp(given->text, "none") == 0 &&
                         !(given->is_quoted && is_text(option));

    problem->hint[0] = '\0';
    if (is_none && (option->flags & BERTH_NONE) != 0) {
        memset(target, 0, width);
        return 0;
    }
    if ((option->flags & BERTH_AUTO) != 0 && strcmp(given->text, "auto") == 0) {
        memset(target, 0xff, width);
        return 0;
    }
    switch (option->type) {
    case BERTH_BOOL:
        return store_bool(given->text, target, problem);
    case BERTH_INT:
        return store_int(option, given->text, width, target, problem);
    case BERTH_SIZE:
    case BERTH_DURATION:
    case OPTION_MICROSECONDS:
        return store_amount(option, given->text, width, target, problem);
    case BERTH_STRING:
    case BERTH_PATH:
        return store_text(option, given->text, target, problem);
    case BERTH_ENUM:
        return store_enum(option, given->text, target, problem);
    default:
        return refuse(problem, "must not be one value");
    }
}
