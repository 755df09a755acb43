/* SPDX-License-Identifier: MIT */
/* A function of that name. */
#include <berth/protocol.h>

BERTH_EXPORT int berth_protocol_1(void);
int berth_protocol_1(void)
{
    return 1;
}
