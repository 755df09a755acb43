/* SPDX-License-Identifier: MIT */
/* Every type of option, in every place that it may stand in. */
#include <berth/protocol.h>

struct route {
    const char *path;
    int32_t kind;
    uint32_t wait_ms;
};

struct limits {
    uint32_t bytes;
    bool is_strict;
};

struct settings {
    bool flag;
    int32_t narrow;
    int64_t wide;
    uint64_t limit;
    uint32_t pause_ms;
    const char *name;
    const char *root;
    const char *secret;
    int32_t mode;
    berth_list numbers;
    berth_list routes;
    berth_list headers;
    struct limits limits;
};

static const char *const modes[] = {"plain", "strict", "none", NULL};

static const berth_option number = {.type = BERTH_INT, .min = -9, .max = 9};

static const berth_option route[] = {
    {.name = "path",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct route, path),
     .min = 1,
     .max = 20},
    {.name = "kind",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct route, kind),
     .fallback = "plain",
     .choices = modes},
    {.name = "wait",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct route, wait_ms),
     .fallback = "none",
     .min = 10,
     .max = 60000},
    BERTH_OPTIONS_END,
};

static const berth_option limits[] = {
    {.name = "bytes",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct limits, bytes),
     .fallback = "4KiB"},
    {.name = "strict",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct limits, is_strict),
     .fallback = "true"},
    BERTH_OPTIONS_END,
};

static const berth_option options[] = {
    {.name = "flag", .type = BERTH_BOOL, BERTH_FIELD(struct settings, flag)},
    {.name = "narrow",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, narrow),
     .fallback = "7",
     .min = 1,
     .max = 100},
    {.name = "wide", .type = BERTH_INT, BERTH_FIELD(struct settings, wide)},
    {.name = "limit",
     .type = BERTH_SIZE,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, limit),
     .fallback = "64KiB",
     .min = 1024,
     .max = INT64_MAX},
    {.name = "pause",
     .type = BERTH_DURATION,
     BERTH_FIELD(struct settings, pause_ms),
     .fallback = "1m30s"},
    {.name = "name",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, name)},
    {.name = "root", .type = BERTH_PATH, BERTH_FIELD(struct settings, root)},
    {.name = "secret",
     .type = BERTH_STRING,
     .flags = BERTH_SECRET,
     BERTH_FIELD(struct settings, secret),
     .min = 4,
     .max = 8},
    {.name = "mode",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, mode),
     .fallback = "strict",
     .choices = modes},
    {.name = "numbers",
     .type = BERTH_LIST,
     BERTH_FIELD(struct settings, numbers),
     .min = 1,
     .max = 4,
     .items = &number},
    {.name = "routes",
     .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct settings, routes),
     .items = route,
     .item_size = sizeof(struct route)},
    {.name = "headers",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct settings, headers)},
    {.name = "limits",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct settings, limits),
     .items = limits},
    BERTH_OPTIONS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "rich",
               .settings_size = sizeof(struct settings),
               .options = options,
               .on_data = on_data);
