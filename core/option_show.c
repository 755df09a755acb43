/* SPDX-License-Identifier: MIT */
/* Values as texts again. */
#include "option.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

_Static_assert(OPTION_SHOWN_MAX >= UNITS_TEXT_MAX, "an amount fits");

static bool is_text(const berth_option *option)
{
    return option->type == BERTH_STRING || option->type == BERTH_PATH;
}

static bool is_zero(size_t width, const void *stored)
{
    static const char zeros[sizeof(int64_t)];

    return memcmp(stored, zeros, width) == 0;
}

bool option_is_none(const berth_option *option,
                    size_t width,
                    const void *stored)
{
    return (option->flags & BERTH_NONE) != 0 && is_zero(width, stored);
}

static int64_t read_number(size_t width, const void *stored)
{
    int32_t narrow;
    int64_t number;

    if (width == sizeof(narrow)) {
        memcpy(&narrow, stored, sizeof(narrow));
        return narrow;
    }
    memcpy(&number, stored, sizeof(number));
    return number;
}

static const char *show_int(const berth_option *option,
                            size_t width,
                            const void *stored,
                            char buffer[OPTION_SHOWN_MAX])
{
    const int64_t number = read_number(width, stored);

    if ((option->flags & BERTH_AUTO) != 0 && number == -1) {
        return "auto";
    }
    if (option_has_range(option) &&
        (number < option->min || number > option->max)) {
        return NULL;
    }
    (void)snprintf(buffer, OPTION_SHOWN_MAX, "%" PRId64, number);
    return buffer;
}

void option_show_amount(const berth_option *option,
                        uint64_t amount,
                        char buffer[OPTION_SHOWN_MAX])
{
    switch (option->type) {
    case BERTH_SIZE:
        (void)units_format_size(amount, buffer, OPTION_SHOWN_MAX);
        break;
    case OPTION_MICROSECONDS:
        (void)units_format_microseconds(amount, buffer, OPTION_SHOWN_MAX);
        break;
    default:
        (void)units_format_duration(amount, buffer, OPTION_SHOWN_MAX);
        break;
    }
}

static const char *show_amount(const berth_option *option,
                               size_t width,
                               const void *stored,
                               char buffer[OPTION_SHOWN_MAX])
{
    const bool is_narrow = width == sizeof(uint32_t);
    const uint64_t amount = is_narrow ? (uint32_t)read_number(width, stored)
                                      : (uint64_t)read_number(width, stored);

    if (option_has_range(option) && amount < (uint64_t)option->min) {
        return NULL;
    }
    option_show_amount(option, amount, buffer);
    return buffer;
}

const char *option_show(const berth_option *option,
                        size_t width,
                        const void *stored,
                        char buffer[OPTION_SHOWN_MAX])
{
    const char *text;

    if (option_is_none(option, width, stored)) {
        return "none";
    }
    if (is_text(option)) {
        memcpy(&text, stored, sizeof(text));
        return text;
    }
    switch (option->type) {
    case BERTH_BOOL:
        return is_zero(width, stored) ? "false" : "true";
    case BERTH_INT:
        return show_int(option, width, stored, buffer);
    case BERTH_ENUM:
        return option->choices[read_number(width, stored)];
    default:
        return show_amount(option, width, stored, buffer);
    }
}
