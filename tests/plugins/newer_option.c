/* SPDX-License-Identifier: MIT */
/* Built with a header of the future: an option uses a member not known. */
#include <berth/protocol.h>

static const struct {
    berth_option option;
    const char *unit;
} options[] = {
    {.option = {.name = "flag",
                .type = BERTH_BOOL,
                .offset = 0,
                .width = sizeof(bool),
                .help = "a flag"},
     .unit = "flags"},
    {.option = BERTH_OPTIONS_END},
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_EXPORT const berth_protocol berth_protocol_1;
const berth_protocol berth_protocol_1 = {
    .size = sizeof(berth_protocol),
    .abi = BERTH_ABI,
    .option_size = sizeof(options[0]),
    .counter_size = sizeof(berth_counter),
    .name = "newer",
    .settings_size = sizeof(bool),
    .options = &options[0].option,
    .on_data = on_data,
};
