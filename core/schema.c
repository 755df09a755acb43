/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <string.h>

#include "json.h"
#include "keys.h"
#include "schema_scalar.h"

/* Longest name of a plugin's file, each letter of it escaped. */
#define PATTERN_MAX 1024

struct schema {
    struct json *json;
    const struct plugin_found *plugins;
    size_t count;
};

/* --------------------------------------------------------- lists, mappings */

static void put_table(struct schema *schema, const berth_option *table);

/* Nothing at all ("key:") is read as an empty mapping. */
static void put_mapping_type(struct schema *schema, bool may_be_empty)
{
    if (!may_be_empty) {
        json_key_text(schema->json, "type", "object");
        return;
    }
    json_key_begin(schema->json, "type", '[');
    json_text(schema->json, "object");
    json_text(schema->json, "null");
    json_end(schema->json, ']');
}

/* So many items, or pairs of a mapping. */
static void put_count(struct schema *schema,
                      const berth_option *option,
                      const char *min,
                      const char *max)
{
    if (option->min > 0) {
        json_key_number(schema->json, min, option->min);
    }
    if (option->max > 0 && option->max < INT64_MAX) {
        json_key_number(schema->json, max, option->max);
    }
}

static void put_pairs(struct schema *schema, const berth_option *option)
{
    const berth_option text = {.type = BERTH_STRING};

    json_key_text(schema->json, "type", "object");
    put_count(schema, option, "minProperties", "maxProperties");
    json_key_begin(schema->json, "additionalProperties", '{');
    schema_scalar_print(schema->json, &text);
    json_end(schema->json, '}');
}

static void put_list(struct schema *schema, const berth_option *option)
{
    json_key_text(schema->json, "type", "array");
    put_count(schema, option, "minItems", "maxItems");
    json_key_begin(schema->json, "items", '{');
    if (option->type == BERTH_LIST) {
        schema_scalar_print(schema->json, option->items);
    } else {
        put_table(schema, option->items);
    }
    json_end(schema->json, '}');
}

static void put_mapping(struct schema *schema, const berth_option *table)
{
    json_begin(schema->json, '{');
    put_table(schema, table);
    json_end(schema->json, '}');
}

static void put_address(struct schema *schema)
{
    json_begin(schema->json, '{');
    json_key_text(schema->json, "type", "string");
    json_key_number(schema->json, "minLength", 1);
    json_end(schema->json, '}');
}

/* An address, a mapping, or a list of these. */
static void put_listen(struct schema *schema, const berth_option *option)
{
    json_key_begin(schema->json, "anyOf", '[');
    put_address(schema);
    put_mapping(schema, option->items);
    json_begin(schema->json, '{');
    json_key_text(schema->json, "type", "array");
    put_count(schema, option, "minItems", "maxItems");
    json_key_begin(schema->json, "items", '{');
    json_key_begin(schema->json, "anyOf", '[');
    put_address(schema);
    put_mapping(schema, option->items);
    json_end(schema->json, ']');
    json_end(schema->json, '}');
    json_end(schema->json, '}');
    json_end(schema->json, ']');
}

/* ------------------------------------------------------------------- tables */

static void put_value(struct schema *schema, const berth_option *option)
{
    switch (option->type) {
    case BERTH_LIST:
    case BERTH_MAPPINGS:
    case OPTION_ENTRIES:
        put_list(schema, option);
        break;
    case BERTH_MAPPING:
        put_pairs(schema, option);
        break;
    case BERTH_GROUP:
        put_table(schema, option->items);
        break;
    case OPTION_LISTEN:
        put_listen(schema, option);
        break;
    case OPTION_SETTINGS:
        put_mapping_type(schema, true);
        break;
    default:
        if (option_is_scalar(option)) {
            schema_scalar_print(schema->json, option);
        }
        break;
    }
}

static void put_option(struct schema *schema, const berth_option *option)
{
    json_key_begin(schema->json, option->name, '{');
    if (option->help != NULL) {
        json_key_text(schema->json, "description", option->help);
    }
    schema_scalar_default(schema->json, option);
    put_value(schema, option);
    json_end(schema->json, '}');
}

static void put_required(struct schema *schema, const berth_option *table)
{
    json_key_begin(schema->json, "required", '[');
    for (; table->name != NULL; table++) {
        if ((table->flags & BERTH_REQUIRED) != 0) {
            json_text(schema->json, table->name);
        }
    }
    json_end(schema->json, ']');
}

/* "^(.*[/])?echo([.]so)?$" for echo.so, whatever is in its name. */
static void write_pattern(const char *name, char pattern[PATTERN_MAX])
{
    const size_t stem = strlen(name) - strlen(".so");
    size_t length = (size_t)snprintf(pattern, PATTERN_MAX, "^(.*[/])?");

    for (size_t i = 0; i < stem && length + 16 < PATTERN_MAX; i++) {
        if (strchr("\\^$.|?*+()[]{}/", name[i]) != NULL) {
            pattern[length++] = '\\';
        }
        pattern[length++] = name[i];
    }
    (void)snprintf(pattern + length, PATTERN_MAX - length, "([.]so)?$");
}

static void put_if(struct schema *schema, const char *name)
{
    char pattern[PATTERN_MAX];

    write_pattern(name, pattern);
    json_key_begin(schema->json, "if", '{');
    json_key_begin(schema->json, "properties", '{');
    json_key_begin(schema->json, KEYS_PLUGIN, '{');
    json_key_text(schema->json, "type", "string");
    json_key_text(schema->json, "pattern", pattern);
    json_end(schema->json, '}');
    json_end(schema->json, '}');
    json_key_begin(schema->json, "required", '[');
    json_text(schema->json, KEYS_PLUGIN);
    json_end(schema->json, ']');
    json_end(schema->json, '}');
}

/* The settings of each plugin, if the entry names it. */
static void put_plugins(struct schema *schema, const berth_option *settings)
{
    json_key_begin(schema->json, "allOf", '[');
    for (size_t i = 0; i < schema->count; i++) {
        const berth_option *table = schema->plugins[i].plugin->options;

        json_begin(schema->json, '{');
        put_if(schema, schema->plugins[i].name);
        json_key_begin(schema->json, "then", '{');
        json_key_begin(schema->json, "properties", '{');
        json_key_begin(schema->json, settings->name, '{');
        put_table(schema, table);
        json_end(schema->json, '}');
        json_end(schema->json, '}');
        if (option_has_required(table)) {
            json_key_begin(schema->json, "required", '[');
            json_text(schema->json, settings->name);
            json_end(schema->json, ']');
        }
        json_end(schema->json, '}');
        json_end(schema->json, '}');
    }
    json_end(schema->json, ']');
}

/* A mapping of the table's keys. */
static void put_table(struct schema *schema, const berth_option *table)
{
    const berth_option *settings = NULL;

    put_mapping_type(schema, !option_has_required(table));
    json_key(schema->json, "additionalProperties");
    json_bool(schema->json, false);
    if (option_has_required(table)) {
        put_required(schema, table);
    }
    json_key_begin(schema->json, "properties", '{');
    for (const berth_option *o = table; o->name != NULL; o++) {
        settings = o->type == OPTION_SETTINGS ? o : settings;
        put_option(schema, o);
    }
    json_end(schema->json, '}');
    if (settings != NULL && schema->count > 0) {
        put_plugins(schema, settings);
    }
}

void schema_print(FILE *stream,
                  const struct plugin_found *plugins,
                  size_t count)
{
    struct json json = {.stream = stream};
    struct schema schema = {
        .json = &json,
        .plugins = plugins,
        .count = count,
    };

    json_begin(&json, '{');
    json_key_text(&json, "$schema", "http://json-schema.org/draft-07/schema#");
    json_key_text(&json, "title", "server.yaml");
    put_table(&schema, keys_get(KEYS_TOP));
    schema_scalar_define(&json);
    json_end(&json, '}');
}
