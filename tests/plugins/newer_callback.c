/* SPDX-License-Identifier: MIT */
/* Built with a header of the future: it has a callback that is not known. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

static void on_more(berth_conn *c)
{
    berth_close(c);
}

struct newer {
    berth_protocol known;
    void (*on_more)(berth_conn *c);
};

BERTH_EXPORT const struct newer berth_protocol_1;
const struct newer berth_protocol_1 = {
    .known = {.size = sizeof(struct newer),
              .abi = BERTH_ABI,
              .option_size = sizeof(berth_option),
              .counter_size = sizeof(berth_counter),
              .name = "newer",
              .on_data = on_data},
    .on_more = on_more,
};
