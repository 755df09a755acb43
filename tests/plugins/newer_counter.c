/* SPDX-License-Identifier: MIT */
/* Built with a header of the future: a counter uses a member not known. */
#include <berth/protocol.h>

static const struct {
    berth_counter counter;
    const char *unit;
} counters[] = {
    {.counter = {.name = "messages", .help = "messages"}, .unit = "messages"},
    {.counter = BERTH_COUNTERS_END},
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = sizeof(berth_protocol),
    .abi = BERTH_ABI,
    .option_size = sizeof(berth_option),
    .counter_size = sizeof(counters[0]),
    .name = "newer",
    .counters = &counters[0].counter,
    .on_data = on_data,
};
