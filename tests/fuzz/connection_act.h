/* SPDX-License-Identifier: MIT */
/*
 * What the plugin of the target `connection` does in its callbacks: each act
 * calls a function of the contract and tells the model what came of it. A new
 * one is a function and a row of the table in connection_act.c.
 */
#ifndef BERTH_CONNECTION_ACT_H
#define BERTH_CONNECTION_ACT_H

#include <stddef.h>
#include <sys/types.h>

#include "connection_model.h"
#include "connection_script.h"

/* What is left to the plugin of a script, in all its callbacks. */
struct plugin_run {
    struct model *model;
    struct script *script;
    size_t acts_left;  /* then it only uses what it is given */
    size_t bytes_left; /* that it may write */
};

/* A callback that goes on: who is called, whom its acts are for, and what it
   is going to return. */
struct call {
    struct plugin_run *run;
    struct model_connection *self;
    struct model_connection *target; /* NULL: none is open */
    char *data;
    size_t size;
    ssize_t result;
};

/* Does what the next line of that part says. */
void act_play(struct call *call, enum script_part part);

#endif
