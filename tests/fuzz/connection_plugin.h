/* SPDX-License-Identifier: MIT */
/* The protocol of the target `connection`: it does in its callbacks what the
   script says, and tells the model. */
#ifndef BERTH_CONNECTION_PLUGIN_H
#define BERTH_CONNECTION_PLUGIN_H

#include <berth/protocol.h>

#include "connection_act.h"

/* The settings of the entry. */
struct plugin_settings {
    struct plugin_run *run;
};

/* A protocol of that name, without the callbacks that the script leaves out. */
berth_protocol plugin_protocol(const struct script *script, const char *name);

#endif
