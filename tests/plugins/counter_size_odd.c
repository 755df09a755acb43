/* SPDX-License-Identifier: MIT */
/* Says that its counters are 20 bytes long: no place for pointers. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = sizeof(berth_protocol),
    .abi = BERTH_ABI,
    .option_size = sizeof(berth_option),
    .counter_size = 20,
    .name = "bad",
    .on_data = on_data,
};
