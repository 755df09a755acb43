/* SPDX-License-Identifier: MIT */
#include <berth/protocol.h>

BERTH_PROTOCOL(.name = "silent");
