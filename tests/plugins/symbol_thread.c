/* SPDX-License-Identifier: MIT */
/* An object of that name in each thread. */
#include <berth/protocol.h>

BERTH_EXPORT _Thread_local berth_protocol berth_protocol_1;
_Thread_local berth_protocol berth_protocol_1 = {.size =
                                                     sizeof(berth_protocol)};
