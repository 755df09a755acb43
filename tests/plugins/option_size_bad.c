/* SPDX-License-Identifier: MIT */
/* Says that its options are one byte long. */
#include <berth/protocol.h>

static const berth_option options[] = {
    {.name = "flag", .type = BERTH_BOOL, .width = sizeof(bool), .help = "a"},
    BERTH_OPTIONS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = sizeof(berth_protocol),
    .abi = BERTH_ABI,
    .option_size = 1,
    .counter_size = sizeof(berth_counter),
    .name = "bad",
    .settings_size = 1,
    .options = options,
    .on_data = on_data,
};
