/* SPDX-License-Identifier: MIT */
/*
 * Built with a header from before the first release, which ended with on_close.
 * What follows in memory is not the server's business: it would be a mistake.
 */
#include <berth/protocol.h>

#include <stdlib.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

static void on_close(berth_conn *c, int why)
{
    (void)c;
    (void)why;
}

static void crash(berth_entry *entry)
{
    (void)entry;
    abort();
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = offsetof(berth_protocol, on_reopen),
    .abi = BERTH_ABI,
    .option_size = sizeof(berth_option),
    .counter_size = sizeof(berth_counter),
    .name = "older",
    .on_data = on_data,
    .on_close = on_close,
    .on_reopen = crash,
};
