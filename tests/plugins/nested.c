/* SPDX-License-Identifier: MIT */
/* Settings of every type, within each other. */
#include <berth/protocol.h>

struct retry {
    int32_t times;
    uint64_t wait_ms;
};

struct route {
    const char *path;
    const char *folder;
    struct retry retry;
};

struct settings {
    bool loud;
    int64_t level;
    uint32_t most;
    uint32_t wait_ms;
    const char *greeting;
    const char *root;
    const char *password;
    int32_t version;
    struct retry retry;
    berth_list names;
    berth_list sizes;
    berth_list routes;
    berth_list headers;
};

static const char *const versions[] = {"1.0", "1.1", "off", "null", NULL};

static const berth_option retry[] = {
    {.name = "times",
     .type = BERTH_INT,
     BERTH_FIELD(struct retry, times),
     .fallback = "3",
     .min = 1,
     .max = 10,
     .help = "how often"},
    {.name = "wait",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct retry, wait_ms),
     .fallback = "1s",
     .min = 1,
     .max = 60000,
     .help = "how long between"},
    BERTH_OPTIONS_END,
};

static const berth_option routes[] = {
    {.name = "path",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct route, path),
     .fallback = "/images",
     .min = 1,
     .max = 100,
     .help = "what it is for"},
    {.name = "folder",
     .type = BERTH_PATH,
     BERTH_FIELD(struct route, folder),
     .help = "where it leads"},
    {.name = "retry",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct route, retry),
     .items = retry,
     .help = "what if it fails"},
    BERTH_OPTIONS_END,
};

static const berth_option name = {.type = BERTH_STRING, .help = "a name"};
static const berth_option size = {
    .type = BERTH_SIZE,
    .flags = BERTH_NONE,
    .min = 1,
    .max = 1024,
};

static const berth_option options[] = {
    {.name = "loud",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct settings, loud),
     .help = "in capital letters"},
    {.name = "level",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, level),
     .fallback = "-5",
     .help = "from deep below to high above"},
    {.name = "most",
     .type = BERTH_SIZE,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, most),
     .fallback = "64kB",
     .min = 16,
     .max = 1048576,
     .help = "the longest \"message\" | or none"},
    {.name = "wait",
     .type = BERTH_DURATION,
     BERTH_FIELD(struct settings, wait_ms),
     .fallback = "1m30s",
     .help = "until it is too late"},
    {.name = "greeting",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, greeting),
     .fallback = "it costs $5: \"hello\"",
     .max = 64,
     .help = "what is said first"},
    {.name = "root",
     .type = BERTH_PATH,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct settings, root),
     .fallback = "./www",
     .help = "the folder that is served"},
    {.name = "password",
     .type = BERTH_STRING,
     .flags = BERTH_SECRET,
     BERTH_FIELD(struct settings, password),
     .help = "what opens the door"},
    {.name = "version",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, version),
     .fallback = "1.1",
     .choices = versions,
     .help = "which one is spoken"},
    {.name = "retry",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct settings, retry),
     .items = retry,
     .help = "what if it fails"},
    {.name = "names",
     .type = BERTH_LIST,
     BERTH_FIELD(struct settings, names),
     .max = 3,
     .items = &name,
     .help = "who may come in"},
    {.name = "sizes",
     .type = BERTH_LIST,
     BERTH_FIELD(struct settings, sizes),
     .items = &size,
     .help = "how large they are"},
    {.name = "routes",
     .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct settings, routes),
     .max = 2,
     .items = routes,
     .item_size = sizeof(struct route),
     .help = "what leads where"},
    {.name = "headers",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct settings, headers),
     .help = "what is sent along"},
    BERTH_OPTIONS_END,
};

static const berth_counter counters[] = {
    {.name = "lines", .help = "lines received"},
    BERTH_COUNTERS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t length)
{
    return berth_write(c, data, length);
}

BERTH_PROTOCOL(.name = "nested",
               .version = "2.0 \"beta\"",
               .summary = "has settings of every type",
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .on_data = on_data);
