/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No value is that long; a variable named again and again could be. */
#define SUBSTITUTED_MAX ((size_t)1024 * 1024)

/* Longest name of a variable that is looked up. */
#define VARIABLE_MAX 255

/* The output of a substitution; in the first of two passes text is NULL. */
struct output {
    char *text;
    size_t length;
};

/* "${VAR:-default}" taken apart. */
struct variable {
    char name[VARIABLE_MAX + 1];
    const char *fallback; /* NULL: none */
    size_t fallback_length;
    const char *behind; /* the '}' */
};

static void append(struct output *output, const char *text, size_t length)
{
    if (output->text != NULL) {
        memcpy(output->text + output->length, text, length);
    }
    output->length += length;
}

static size_t measure_name(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                  "abcdefghijklmnopqrstuvwxyz0123456789";

    if (text[0] >= '0' && text[0] <= '9') {
        return 0;
    }
    return strspn(text, letters);
}

/* text is behind "${". Returns NULL, or what is wrong. */
static const char *read_variable(const char *text, struct variable *variable)
{
    const size_t length = measure_name(text);
    const char *end = strchr(text, '}');
    const char *rest = text + length;

    if (end == NULL) {
        return "has a '${' without '}'";
    }
    if (length == 0 || length > VARIABLE_MAX) {
        return "has a '${' without the name of a variable behind it";
    }
    *variable = (struct variable){.behind = end};
    memcpy(variable->name, text, length);
    if (rest[0] == ':' && rest[1] == '-') {
        variable->fallback = rest + 2;
        variable->fallback_length = (size_t)(end - variable->fallback);
        rest = end;
    }
    if (rest != end) {
        return "has a '${' with more than a name between its braces";
    }
    if (variable->fallback != NULL &&
        memmem(variable->fallback, variable->fallback_length, "${", 2) !=
            NULL) {
        return "has a variable within the default of another";
    }
    return NULL;
}

static int refuse(const struct settings_source *source,
                  const struct node *node,
                  const char *name,
                  const char *what,
                  const char *hint)
{
    const struct place place = settings_place(source, node);

    errors_add(source->errors, &place, hint, "'%s' %s", name, what);
    return -EINVAL;
}

static int refuse_unset(const struct settings_source *source,
                        const struct node *node,
                        const char *variable)
{
    const struct place place = settings_place(source, node);
    char hint[VARIABLE_MAX + 64];

    (void)snprintf(hint, sizeof(hint), "set it, or write ${%s:-DEFAULT}",
                   variable);
    errors_add(source->errors, &place, hint,
               "the environment variable '%s' is not set", variable);
    return -EINVAL;
}

/* The variable at text ("${..."); *next is set to what is behind it. */
static int append_variable(const struct settings_source *source,
                           const struct node *node,
                           const char *name,
                           const char **next,
                           struct output *output)
{
    struct variable variable;
    const char *wrong = read_variable(*next + 2, &variable);
    const char *value;

    if (wrong != NULL) {
        return refuse(source, node, name, wrong,
                      "write ${NAME}, ${NAME:-DEFAULT}, or $$ for a '$'");
    }
    value = getenv(variable.name);
    if (variable.fallback != NULL && (value == NULL || value[0] == '\0')) {
        append(output, variable.fallback, variable.fallback_length);
    } else if (value != NULL) {
        append(output, value, strlen(value));
    } else {
        return refuse_unset(source, node, variable.name);
    }
    *next = variable.behind + 1;
    return 0;
}

static int substitute(const struct settings_source *source,
                      const struct node *node,
                      const char *name,
                      struct output *output)
{
    const char *c = node->text;

    while (*c != '\0' && output->length <= SUBSTITUTED_MAX) {
        const size_t plain = strcspn(c, "$");
        int error = 0;

        append(output, c, plain);
        c += plain;
        if (c[0] == '$' && c[1] == '{') {
            error = append_variable(source, node, name, &c, output);
        } else if (c[0] == '$') {
            append(output, c, 1);
            c += c[1] == '$' ? 2 : 1;
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

int settings_text(const struct settings_source *source,
                  const struct node *node,
                  const char *name,
                  const char **text)
{
    struct output output = {.text = NULL};
    int error;

    if (strlen(node->text) != node->length) {
        return refuse(source, node, name, "must not contain a NUL", NULL);
    }
    if (strchr(node->text, '$') == NULL) {
        *text = node->text;
        return 0;
    }
    error = substitute(source, node, name, &output);
    if (error != 0) {
        return error;
    }
    if (output.length > SUBSTITUTED_MAX) {
        return refuse(source, node, name, "is longer than 1MiB", NULL);
    }
    output.text = arena_alloc(source->arena, output.length + 1);
    if (output.text == NULL) {
        errors_no_memory(source->errors);
        return -ENOMEM;
    }
    output.length = 0;
    (void)substitute(source, node, name, &output);
    *text = output.text;
    return 0;
}

const char *settings_path(const struct settings_source *source,
                          const char *text)
{
    const size_t folder_length = strlen(source->folder);
    const char *name = text;
    size_t size;
    char *path;

    if (text[0] == '/') {
        return text;
    }
    while (name[0] == '.' && name[1] == '/') {
        name += 2 + strspn(name + 2, "/");
    }
    size = folder_length + strlen(name) + 2;
    path = arena_alloc(source->arena, size);
    if (path == NULL) {
        errors_no_memory(source->errors);
        return NULL;
    }
    (void)snprintf(path, size, "%s%s%s", source->folder,
                   strcmp(source->folder, "/") == 0 ? "" : "/", name);
    return path;
}

struct place settings_place(const struct settings_source *source,
                            const struct node *node)
{
    struct place place = {.file = source->file};

    if (node != NULL) {
        place.line = node->line;
        place.column = node->column;
        place.length = node->characters;
    }
    return place;
}
