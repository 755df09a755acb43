/* SPDX-License-Identifier: MIT */
/* Built with a header of the future, none of whose additions it uses. */
#include <berth/protocol.h>

static const struct {
    berth_option option;
    const char *unit;
} options[] = {
    {.option = {.name = "flag",
                .type = BERTH_BOOL,
                .offset = 0,
                .width = sizeof(bool),
                .help = "a flag"}},
    {.option = BERTH_OPTIONS_END},
};

static const struct {
    berth_counter counter;
    const char *unit;
} counters[] = {
    {.counter = {.name = "messages", .help = "messages received"}},
    {.counter = {.name = "bytes", .help = "bytes received"}},
    {.counter = BERTH_COUNTERS_END},
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

struct newer {
    berth_protocol known;
    void (*on_more)(berth_conn *c);
};

BERTH_EXPORT const struct newer berth_protocol_1;
const struct newer berth_protocol_1 = {
    .known = {.size = sizeof(struct newer),
              .abi = BERTH_ABI,
              .option_size = sizeof(options[0]),
              .counter_size = sizeof(counters[0]),
              .name = "newer",
              .settings_size = sizeof(bool),
              .options = &options[0].option,
              .counters = &counters[0].counter,
              .on_data = on_data},
};
