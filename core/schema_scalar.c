/* SPDX-License-Identifier: MIT */
#include "schema_scalar.h"

#include <string.h>

#include "phrase.h"
#include "scalar.h"
#include "units.h"

/* A word as YAML reads it without quotes: true, 1.1 and null are no texts. */
static void put_word(struct json *json, const char *word)
{
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0 ||
        strcmp(word, "null") == 0 || scalar_is_number(word)) {
        json_raw(json, word);
    }
    json_text(json, word);
}

static void put_reference(struct json *json, const char *name)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "#/definitions/%s", name);
    json_begin(json, '{');
    json_key_text(json, "$ref", text);
    json_end(json, '}');
}

/* A text that stands for a value of another type. */
static void
put_definition(struct json *json, const char *name, const char *pattern)
{
    json_key_begin(json, name, '{');
    json_key_text(json, "type", "string");
    json_key_text(json, "pattern", pattern);
    json_key_number(json, "minLength", 1);
    json_end(json, '}');
}

/* Whatever a reader that guesses types makes of a text. */
static void put_text_types(struct json *json)
{
    json_key_begin(json, "type", '[');
    json_text(json, "string");
    json_text(json, "number");
    json_text(json, "boolean");
    json_end(json, ']');
}

void schema_scalar_define(struct json *json)
{
    char pattern[UNITS_PATTERN_MAX];

    json_key_begin(json, "definitions", '{');
    put_definition(json, "number", "^-?(0|[1-9][0-9]*)$");
    units_size_pattern(pattern);
    put_definition(json, "size", pattern);
    units_duration_pattern(pattern);
    put_definition(json, "duration", pattern);
    units_microseconds_pattern(pattern);
    put_definition(json, "microseconds", pattern);
    put_definition(json, "variable",
                   "\\$\\$|\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}");
    json_key_begin(json, "text", '{');
    put_text_types(json);
    json_end(json, '}');
    json_end(json, '}');
}

static void put_integer(struct json *json, const berth_option *option)
{
    json_begin(json, '{');
    json_key_text(json, "type", "integer");
    if (option_has_range(option) || option->type == BERTH_SIZE) {
        json_key_number(json, "minimum", option->min);
    }
    if (option_has_range(option) && option->max < INT64_MAX) {
        json_key_number(json, "maximum", option->max);
    }
    json_end(json, '}');
}

/* The range counts bytes, the schema characters: a character has up to 4. */
static void put_string(struct json *json, const berth_option *option)
{
    if (!option_has_range(option)) {
        put_reference(json, "text");
        return;
    }
    json_begin(json, '{');
    put_text_types(json);
    if (option->min > 0) {
        json_key_number(json, "minLength", (option->min - 1) / 4 + 1);
    }
    if (option->max < INT64_MAX) {
        json_key_number(json, "maxLength", option->max);
    }
    json_end(json, '}');
}

static void put_choices(struct json *json, const char *const *choices)
{
    json_begin(json, '{');
    json_key_begin(json, "enum", '[');
    for (; *choices != NULL; choices++) {
        put_word(json, *choices);
    }
    json_end(json, ']');
    json_end(json, '}');
}

/* Alternatives beyond a text with a variable and `none`. */
static void put_types(struct json *json, const berth_option *option)
{
    static const char *const zero[] = {"0", NULL};
    static const char *const truths[] = {"true", "false", NULL};

    switch (option->type) {
    case BERTH_INT:
        put_integer(json, option);
        put_reference(json, "number");
        break;
    case BERTH_SIZE:
        put_integer(json, option);
        put_reference(json, "size");
        break;
    case BERTH_DURATION:
    case OPTION_MICROSECONDS:
        put_reference(json, option->type == BERTH_DURATION ? "duration"
                                                           : "microseconds");
        if (option->min <= 0) {
            put_choices(json, zero);
        }
        break;
    case BERTH_BOOL:
        put_choices(json, truths);
        break;
    case BERTH_ENUM:
        put_choices(json, option->choices);
        break;
    default:
        put_string(json, option);
        break;
    }
}

void schema_scalar_print(struct json *json, const berth_option *option)
{
    static const char *const none[] = {"none", NULL};
    static const char *const automatic[] = {"auto", NULL};

    json_key_begin(json, "anyOf", '[');
    put_types(json, option);
    if ((option->flags & BERTH_NONE) != 0) {
        put_choices(json, none);
    }
    if ((option->flags & BERTH_AUTO) != 0) {
        put_choices(json, automatic);
    }
    put_reference(json, "variable");
    json_end(json, ']');
}

void schema_scalar_default(struct json *json, const berth_option *option)
{
    const char *fallback = phrase_fallback(option);

    if (fallback == NULL || (option->flags & BERTH_REQUIRED) != 0) {
        return;
    }
    json_key(json, "default");
    if (option->type == BERTH_BOOL ||
        (option->type == BERTH_INT && scalar_is_number(fallback))) {
        json_raw(json, fallback);
    } else {
        json_text(json, fallback);
    }
}
