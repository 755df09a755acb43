/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#define KNOWN_FLAGS (BERTH_REQUIRED | BERTH_NONE | BERTH_SECRET | BERTH_AUTO)

/* As many are ever needed; more means that the NULL at the end is missing. */
#define CHOICES_MAX 256

/* The table being checked, and those that it is in. */
struct check {
    char *why;
    size_t size;
    const char *names[OPTION_DEPTH_MAX]; /* of options around and this one */
    size_t depth;
    size_t total; /* options seen */
};

/* What a table fills: bytes [base, base + size) of a struct. */
struct area {
    size_t base, size;
    size_t stride; /* of structs in an array; 0: it is alone */
};

/* What a type stores. */
struct storage {
    uint32_t widths[2], alignments[2];
    bool is_known;
    bool is_ranged;
};

#define STORES(type_)                                                          \
    .widths = {sizeof(type_), sizeof(type_)},                                  \
    .alignments = {alignof(type_), alignof(type_)}, .is_known = true

static const struct storage storages[] = {
    [BERTH_BOOL] = {STORES(bool)},
    [BERTH_INT] = {.widths = {sizeof(int32_t), sizeof(int64_t)},
                   .alignments = {alignof(int32_t), alignof(int64_t)},
                   .is_known = true,
                   .is_ranged = true},
    [BERTH_SIZE] = {.widths = {sizeof(uint32_t), sizeof(uint64_t)},
                    .alignments = {alignof(uint32_t), alignof(uint64_t)},
                    .is_known = true,
                    .is_ranged = true},
    [BERTH_DURATION] = {.widths = {sizeof(uint32_t), sizeof(uint64_t)},
                        .alignments = {alignof(uint32_t), alignof(uint64_t)},
                        .is_known = true,
                        .is_ranged = true},
    [BERTH_STRING] = {STORES(const char *), .is_ranged = true},
    [BERTH_PATH] = {STORES(const char *), .is_ranged = true},
    [BERTH_ENUM] = {STORES(int32_t)},
    [BERTH_LIST] = {STORES(berth_list), .is_ranged = true},
    [BERTH_MAPPINGS] = {STORES(berth_list), .is_ranged = true},
    [BERTH_MAPPING] = {STORES(berth_list), .is_ranged = true},
    [BERTH_GROUP] = {.is_known = true},
};

static const struct storage *storage_of(const berth_option *option)
{
    const size_t count = sizeof(storages) / sizeof(storages[0]);

    if (option->type >= count || !storages[option->type].is_known) {
        return NULL;
    }
    return &storages[option->type];
}

/* Writes "option 'routes.path': " and what the caller says. */
__attribute__((format(printf, 2, 3))) static int
refuse(const struct check *check, const char *format, ...)
{
    char path[256] = "";
    char what[256];
    size_t length = 0;
    va_list args;

    for (size_t i = 0; i < check->depth && length < sizeof(path); i++) {
        length +=
            (size_t)snprintf(path + length, sizeof(path) - length, "%s%.64s",
                             i == 0 ? "" : ".", check->names[i]);
    }
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    (void)snprintf(check->why, check->size, "option '%s': %s", path, what);
    return -EINVAL;
}

static bool is_name(const char *name)
{
    const char *c = name;

    if (*c < 'a' || *c > 'z') {
        return false;
    }
    while ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_') {
        c++;
    }
    return *c == '\0' && c - name <= 64;
}

static int check_name(const struct check *check,
                      const berth_option *table,
                      const berth_option *option)
{
    if (!is_name(option->name)) {
        return refuse(check, "its name is not [a-z][a-z0-9_]*, at most 64 "
                             "characters");
    }
    if (option_find(table, option->name) != option) {
        return refuse(check, "there are two of that name");
    }
    return 0;
}

static int check_member(const struct check *check,
                        const struct area *area,
                        const berth_option *option)
{
    const struct storage *storage = storage_of(option);
    const bool is_second = option->width == storage->widths[1];
    const uint32_t alignment = storage->alignments[is_second];

    if (option->offset > area->size ||
        option->width > area->size - option->offset) {
        return refuse(check, "its member is outside of the struct");
    }
    if (option->type == BERTH_GROUP) {
        return 0;
    }
    if (option->width != storage->widths[is_second]) {
        return refuse(check,
                      "its member has a width (%u) that is wrong for "
                      "its type",
                      option->width);
    }
    if ((area->base + option->offset) % alignment != 0 ||
        area->stride % alignment != 0) {
        return refuse(check, "its member is not aligned");
    }
    return 0;
}

/* Does [min, max] fit into what the type and width can hold? */
static bool is_range_held(const berth_option *option, size_t width)
{
    if (option->type == BERTH_INT) {
        return width != sizeof(int32_t) ||
               (option->min >= INT32_MIN && option->max <= INT32_MAX);
    }
    if (option->min < 0) {
        return false;
    }
    return width != sizeof(uint32_t) || option->max <= UINT32_MAX;
}

static int
check_range(const struct check *check, const berth_option *option, size_t width)
{
    if (option->min == 0 && option->max == 0) {
        return 0;
    }
    if (!storage_of(option)->is_ranged) {
        return refuse(check, "its type takes no min and max");
    }
    if (option->min > option->max) {
        return refuse(check, "its min is above its max");
    }
    if (!is_range_held(option, width)) {
        return refuse(check, "its min or max is outside of what its member "
                             "can hold");
    }
    return 0;
}

static int check_choices(const struct check *check, const berth_option *option)
{
    size_t count = 0;

    if (option->type != BERTH_ENUM) {
        return option->choices == NULL ? 0
                                       : refuse(check, "it has choices, but "
                                                       "is no ENUM");
    }
    while (option->choices != NULL && option->choices[count] != NULL) {
        if (option->choices[count][0] == '\0' || count == CHOICES_MAX) {
            return refuse(check, "its choices are empty texts or too many");
        }
        count++;
    }
    return count == 0 ? refuse(check, "it has no choices") : 0;
}

static int check_flags(const struct check *check, const berth_option *option)
{
    const bool is_ready_for_none = option_is_scalar(option) &&
                                   option->type != BERTH_BOOL &&
                                   option->type != BERTH_ENUM;

    if ((option->flags & ~(uint32_t)KNOWN_FLAGS) != 0) {
        return refuse(check, "it has flags that are not known");
    }
    if ((option->flags & BERTH_NONE) != 0 && !is_ready_for_none) {
        return refuse(check, "its type cannot be none");
    }
    if ((option->flags & BERTH_AUTO) != 0 && option->type != BERTH_INT) {
        return refuse(check, "its type cannot be auto");
    }
    return 0;
}

static int check_fallback(const struct check *check, const berth_option *option)
{
    const struct option_text given = {.text = option->fallback};
    struct option_problem problem;
    uint64_t target = 0;

    if (option->fallback == NULL || (option->flags & BERTH_REQUIRED) != 0) {
        return 0;
    }
    if (!option_is_scalar(option)) {
        return refuse(check, "its type takes no fallback");
    }
    if (option_store(option, &given, option->width, &target, &problem) != 0) {
        return refuse(check, "its fallback '%.50s' %s", option->fallback,
                      problem.text);
    }
    return 0;
}

/* The one option that describes the items of a LIST. */
static int check_item(const struct check *check, const berth_option *item)
{
    int error;

    if (item == NULL) {
        return refuse(check, "it has no items");
    }
    if (storage_of(item) == NULL || !option_is_scalar(item)) {
        return refuse(check, "its items are not of a scalar type");
    }
    error = check_flags(check, item);
    if (error == 0) {
        error = check_range(check, item, option_item_width(item));
    }
    return error != 0 ? error : check_choices(check, item);
}

static int check_table(struct check *check,
                       const struct area *area,
                       const berth_option *table);

static int check_nested(struct check *check,
                        const struct area *area,
                        const berth_option *option)
{
    struct area inner = {
        .base = area->base + option->offset,
        .size = option->width,
        .stride = area->stride,
    };

    switch (option->type) {
    case BERTH_LIST:
        return check_item(check, option->items);
    case BERTH_MAPPINGS:
        inner = (struct area){
            .size = option->item_size,
            .stride = option->item_size,
        };
        if (option->item_size == 0) {
            return refuse(check, "it has no item_size");
        }
        break;
    case BERTH_GROUP:
        break;
    default:
        return option->items == NULL
                   ? 0
                   : refuse(check, "it has items, but its type takes none");
    }
    if (option->items == NULL) {
        return refuse(check, "it has no items");
    }
    return check_table(check, &inner, option->items);
}

static int check_option(struct check *check,
                        const struct area *area,
                        const berth_option *table,
                        const berth_option *option)
{
    int error = check_name(check, table, option);

    if (error == 0 && storage_of(option) == NULL) {
        error = refuse(check, "its type %u is not known", option->type);
    }
    if (error == 0) {
        error = check_flags(check, option);
    }
    if (error == 0) {
        error = check_member(check, area, option);
    }
    if (error == 0) {
        error = check_range(check, option, option->width);
    }
    if (error == 0) {
        error = check_choices(check, option);
    }
    if (error == 0) {
        error = check_fallback(check, option);
    }
    return error != 0 ? error : check_nested(check, area, option);
}

static int check_table(struct check *check,
                       const struct area *area,
                       const berth_option *table)
{
    int error = 0;

    if (check->depth == OPTION_DEPTH_MAX) {
        return refuse(check, "it is nested more than %d levels deep",
                      OPTION_DEPTH_MAX);
    }
    check->depth++;
    for (size_t i = 0; error == 0 && table[i].name != NULL; i++) {
        check->names[check->depth - 1] = table[i].name;
        if (i == OPTION_TABLE_MAX || check->total == OPTION_TOTAL_MAX) {
            return refuse(check, "too many options: does a table lack "
                                 "BERTH_OPTIONS_END?");
        }
        check->total++;
        error = check_option(check, area, table, &table[i]);
    }
    check->depth--;
    return error;
}

int option_check(const berth_option *table,
                 size_t settings_size,
                 char *why,
                 size_t size)
{
    struct check check = {.why = why, .size = size};
    const struct area area = {.size = settings_size};

    if (size > 0) {
        why[0] = '\0';
    }
    return table == NULL ? 0 : check_table(&check, &area, table);
}
