/* SPDX-License-Identifier: MIT */
/*
 * The JSON Schema of one value, as a reader of YAML that guesses types sees it:
 * 64 is a number to it, 64KiB a text.
 */
#ifndef BERTH_SCHEMA_SCALAR_H
#define BERTH_SCHEMA_SCALAR_H

#include "json.h"
#include "option.h"

/* The key "definitions", which what the others write refers to. */
void schema_scalar_define(struct json *json);

/* The key "anyOf": what the option, which is of a scalar type, may be. A
   variable may stand wherever a value does. */
void schema_scalar_print(struct json *json, const berth_option *option);

/* The key "default", if there is one. */
void schema_scalar_default(struct json *json, const berth_option *option);

#endif
