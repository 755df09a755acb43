/* SPDX-License-Identifier: MIT */
#include "manual.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "keys.h"
#include "line.h"
#include "option.h"
#include "phrase.h"

/*
 * Adds a text: a backslash begins an escape of roff's, and a '.' or '\'' at the
 * beginning of a line a request. Where lines begin is not known yet, so each
 * word that begins so has an invisible character before it.
 */
static void put_text(struct line *line, const char *text)
{
    bool is_first = true;

    for (; *text != '\0'; text++) {
        if (is_first && (*text == '.' || *text == '\'')) {
            line_put_text(line, "\\&");
        }
        if (*text == '\\') {
            line_put_text(line, "\\e");
        } else if (*text == '"') {
            line_put_text(line, "\\(dq"); /* also within an argument */
        } else {
            line_put(line, text, 1);
        }
        is_first = *text == ' ';
    }
}

/* The text between quotation marks, in which no macro is found. */
static void print_argument(FILE *stream, const char *macro, const char *text)
{
    struct line line = {.limit = LINE_SIZE};

    put_text(&line, text);
    (void)fprintf(stream, " %s \"%.*s\"", macro, (int)line.length, line.bytes);
}

static void print_head(FILE *stream, const berth_option *option)
{
    struct line value = {.limit = LINE_SIZE - 1};
    const char *fallback = phrase_fallback(option);

    phrase_value(&value, option);
    value.bytes[value.length] = '\0';
    (void)fputs(".It", stream);
    print_argument(stream, "Ic", option->name);
    (void)fputs(" :", stream);
    print_argument(stream, "No", value.bytes);
    if ((option->flags & BERTH_REQUIRED) != 0) {
        (void)fputs(" ; No required", stream);
    } else if (fallback != NULL) {
        (void)fputs(" ; No default", stream);
        print_argument(stream, "Cm", fallback);
    }
    (void)fputc('\n', stream);
}

static void print_key(FILE *stream, const berth_option *option)
{
    struct line help = {.limit = LINE_SIZE};

    print_head(stream, option);
    put_text(&help, option->help);
    phrase_wrap(stream, "", &help);
}

/* The table of the first key in path, and what is left of path behind it. */
static const berth_option *enter(const berth_option *table, const char **path)
{
    const size_t length = strcspn(*path, ".");
    const char *rest = *path + length;

    for (; table->name != NULL; table++) {
        if (strlen(table->name) == length &&
            memcmp(table->name, *path, length) == 0) {
            *path = *rest == '.' ? rest + 1 : rest;
            return table->items;
        }
    }
    return NULL;
}

int manual_print_keys(FILE *stream, const char *path)
{
    const berth_option *table = keys_get(KEYS_TOP);

    while (table != NULL && *path != '\0') {
        table = enter(table, &path);
    }
    if (table == NULL) {
        return -ENOENT;
    }
    for (; table->name != NULL; table++) {
        print_key(stream, table);
    }
    return 0;
}
