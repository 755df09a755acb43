/* SPDX-License-Identifier: MIT */
/* Sends back what it receives, in capitals. */
#include <berth/protocol.h>

#include <ctype.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (char)toupper((unsigned char)data[i]);
    }
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "plain", .on_data = on_data);
