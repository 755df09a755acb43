/* SPDX-License-Identifier: MIT */
/* The symbol of this version, the number of another. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = sizeof(berth_protocol),
    .abi = 3,
    .option_size = sizeof(berth_option),
    .counter_size = sizeof(berth_counter),
    .name = "wrong",
    .on_data = on_data,
};
