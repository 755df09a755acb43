/* SPDX-License-Identifier: MIT */
/* An object of that name that is too short to be read. */
#include <berth/protocol.h>

BERTH_EXPORT const char berth_protocol_1;
const char berth_protocol_1 = 1;
