/* SPDX-License-Identifier: MIT */
/* Its size is less than that of the first release. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = offsetof(berth_protocol, on_close),
    .abi = BERTH_ABI,
    .option_size = sizeof(berth_option),
    .counter_size = sizeof(berth_counter),
    .name = "small",
    .on_data = on_data,
};
