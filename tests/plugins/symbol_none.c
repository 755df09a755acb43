/* SPDX-License-Identifier: MIT */
/* A shared object, but no protocol. */
#include <berth/protocol.h>

BERTH_EXPORT const int something_else;
const int something_else = 1;
