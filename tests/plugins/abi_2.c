/* SPDX-License-Identifier: MIT */
/* Built for the next version of the contract: another symbol. */
#include <berth/protocol.h>

BERTH_EXPORT const uint32_t berth_protocol_2[2];
const uint32_t berth_protocol_2[2] = {8, 2};
