/* SPDX-License-Identifier: MIT */
/*
 * The commands that are there without a word in server.yaml.
 */
#ifndef LINE_COMMANDS_H
#define LINE_COMMANDS_H

#include <stdbool.h>

#include "replies.h"
#include "request.h"
#include "settings.h"

/* Answers the line if it is a command that is switched on; else does nothing
   and returns false. Replies are only for HELP to list. */
bool commands_run(const struct settings *settings,
                  const struct replies *replies,
                  struct request *request);

#endif
