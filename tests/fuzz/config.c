/* SPDX-License-Identifier: MIT */
/*
 * The configuration: any file is read or refused; what is refused has errors
 * with places inside the file, and they are printed as error.h says. The bytes
 * are the file.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Lines up to this length are shown whole. */
#define SHOWN_WHOLE 100

/* A text to be read line by line. */
struct cursor {
    const char *at, *end;
};

/* A line without its newline; NULL when there are no more. */
static const char *take_line(struct cursor *cursor, size_t *length)
{
    const char *line = cursor->at;
    const char *newline;

    if (line >= cursor->end) {
        return NULL;
    }
    newline = memchr(line, '\n', (size_t)(cursor->end - line));
    *length = (size_t)((newline == NULL ? cursor->end : newline) - line);
    cursor->at = line + *length + 1;
    return line;
}

/* The numbered line of a text, without what ends it; NULL: there is none.
   Behind the last newline is a line, too, perhaps an empty one. */
static const char *
find_line(const uint8_t *data, size_t size, size_t number, size_t *length)
{
    struct cursor cursor = {(const char *)data, (const char *)data + size};
    const char *line = NULL;

    for (size_t i = 0; i < number; i++) {
        line = take_line(&cursor, length);
        if (line == NULL) {
            *length = 0;
            return i + 1 == number && (size == 0 || data[size - 1] == '\n')
                       ? ""
                       : NULL;
        }
    }
    if (*length > 0 && line[*length - 1] == '\r') {
        --*length;
    }
    return line;
}

/* Bytes that begin a character, or are none in UTF-8. */
static size_t count_characters(const char *line, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        count += ((unsigned char)line[i] & 0xc0) != 0x80;
    }
    return count;
}

static bool is_plain(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (line[i] < 0x20 || line[i] > 0x7e) {
            return false;
        }
    }
    return length <= SHOWN_WHOLE;
}

static void
check_place(const struct diagnostic *item, const uint8_t *data, size_t size)
{
    const struct place *place = &item->place;
    const char *line;
    size_t length = 0;

    FUZZ_REQUIRE(item->text[0] != '\0', "an error without a text");
    FUZZ_REQUIRE(place->file != NULL && strcmp(place->file, fuzz_path()) == 0,
                 "'%s' is not of the file", item->text);
    if (place->line == 0) {
        FUZZ_REQUIRE(place->column == 0, "'%s' has a column, no line",
                     item->text);
        return;
    }
    line = find_line(data, size, place->line, &length);
    FUZZ_REQUIRE(line != NULL, "'%s' is in line %zu", item->text, place->line);
    /* Just behind the line is where something is missing. What is not UTF-8
       has no characters to count; its bytes are then counted. */
    FUZZ_REQUIRE(place->column > 0 && place->column <= length + 1,
                 "'%s' is in column %zu of %zu", item->text, place->column,
                 length);
    FUZZ_REQUIRE(!is_plain(line, length) ||
                     place->column <= count_characters(line, length) + 1,
                 "'%s' is in column %zu", item->text, place->column);
}

static void require_line(struct cursor *printed, const char *expected)
{
    size_t length = 0;
    const char *line = take_line(printed, &length);

    FUZZ_REQUIRE(line != NULL && length == strlen(expected) &&
                     memcmp(line, expected, length) == 0,
                 "printed '%.*s' instead of '%s'", (int)length,
                 line == NULL ? "" : line, expected);
}

/* Is the next line one that begins so? Then it is taken. */
static bool take_if(struct cursor *printed, const char *beginning)
{
    struct cursor before = *printed;
    size_t length = 0;
    const char *line = take_line(printed, &length);
    size_t size = strlen(beginning);

    if (line != NULL && length >= size && memcmp(line, beginning, size) == 0) {
        return true;
    }
    *printed = before;
    return false;
}

/* The source line as it is, and a caret below the column. */
static void check_excerpt(struct cursor *printed,
                          const struct place *place,
                          const char *line,
                          size_t length)
{
    char expected[SHOWN_WHOLE + 32];
    const char *marks;
    size_t marks_length = 0;
    size_t caret;

    (void)snprintf(expected, sizeof(expected), "%5zu | %.*s", place->line,
                   (int)length, line);
    require_line(printed, expected);
    marks = take_line(printed, &marks_length);
    FUZZ_REQUIRE(marks != NULL && marks_length > 8 &&
                     memcmp(marks, "      | ", 8) == 0,
                 "no caret below line %zu", place->line);
    caret = strcspn(marks, "^") - 8;
    FUZZ_REQUIRE(caret == place->column - 1,
                 "the caret is below column %zu, "
                 "not %zu",
                 caret + 1, place->column);
    FUZZ_REQUIRE(strspn(marks + 8, " ") == caret &&
                     8 + caret + 1 + strspn(marks + 8 + caret + 1, "~") ==
                         marks_length,
                 "'%.*s' is no caret", (int)marks_length, marks);
    FUZZ_REQUIRE(marks_length - 8 <= (caret < length ? length : caret + 1),
                 "the mark goes on behind line %zu", place->line);
}

/* Two lines whose form alone is checked: what is in them is cut and escaped. */
static void pass_excerpt(struct cursor *printed)
{
    size_t length = 0;
    const char *line = take_line(printed, &length);

    FUZZ_REQUIRE(line != NULL && length >= 8 && line[6] == '|', "no excerpt");
    line = take_line(printed, &length);
    FUZZ_REQUIRE(line != NULL && length > 8 && memcmp(line, "      | ", 8) == 0,
                 "no caret");
    FUZZ_REQUIRE(strspn(line + 8, " ^~") == length - 8, "'%.*s' is no caret",
                 (int)length, line);
}

static void check_printed(struct cursor *printed,
                          const struct diagnostic *item,
                          const uint8_t *data,
                          size_t size)
{
    const struct place *place = &item->place;
    char beginning[128];
    const char *line;
    size_t length = 0;

    if (place->line == 0) {
        (void)snprintf(beginning, sizeof(beginning), "%s: %s: ", fuzz_path(),
                       item->level);
    } else {
        (void)snprintf(beginning, sizeof(beginning),
                       "%s:%zu:%zu: %s: ", fuzz_path(), place->line,
                       place->column, item->level);
    }
    FUZZ_REQUIRE(take_if(printed, beginning), "'%s' is not printed next",
                 beginning);
    line = find_line(data, size, place->line, &length);
    if (place->line > 0 && !place->is_secret) {
        if (is_plain(line, length)) {
            check_excerpt(printed, place, line, length);
        } else {
            pass_excerpt(printed);
        }
    }
    FUZZ_REQUIRE(take_if(printed, "  hint: ") ==
                     (item->hint != NULL && item->hint[0] != '\0'),
                 "the hint of '%s'", item->text);
}

static void
check_errors(struct errors *errors, const uint8_t *data, size_t size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    struct cursor printed;

    FUZZ_REQUIRE(stream != NULL, "no memory");
    errors_print(errors, stream);
    (void)fclose(stream);
    printed = (struct cursor){text, text + length};
    for (size_t i = 0; i < errors->count; i++) {
        check_place(errors->items[i], data, size);
        check_printed(&printed, errors->items[i], data, size);
    }
    if (errors->is_too_many) {
        require_line(&printed, "berth: error: too many errors");
    }
    FUZZ_REQUIRE(printed.at >= printed.end, "more is printed: '%s'",
                 printed.at);
    free(text);
}

static void check_limits(const struct limits *limits)
{
    FUZZ_REQUIRE(limits->input >= 1024 && limits->input <= 1073741824,
                 "limits.input is %" PRIu64, limits->input);
    FUZZ_REQUIRE(limits->output >= 4096 || limits->output == 0,
                 "limits.output is %" PRIu64, limits->output);
    FUZZ_REQUIRE(limits->idle_ms <= UINT64_C(24) * 86400000 &&
                     limits->stall_ms <= UINT64_C(24) * 86400000,
                 "a limit of more than 24 days");
}

static void check_config(const struct config *config)
{
    size_t listeners = 0;

    FUZZ_REQUIRE(config->entry_count > 0, "no entries");
    for (size_t i = 0; i < config->entry_count; i++) {
        const struct config_entry *entry = &config->entries[i];

        FUZZ_REQUIRE(entry->plugin != NULL && entry->name != NULL,
                     "entry %zu has no plugin or no name", i);
        check_limits(&entry->limits);
        listeners += entry->listener_count;
        for (size_t j = 0; j < i; j++) {
            FUZZ_REQUIRE(strcmp(entry->name, config->entries[j].name) != 0,
                         "two entries '%s'", entry->name);
        }
    }
    FUZZ_REQUIRE(config->listener_count == listeners, "%zu listeners",
                 config->listener_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const plugins[] = {FUZZ_PLUGINS};
    const struct plugin_path path = {.folders = plugins, .count = 1};
    const struct config_folders folders = {.plugins = &path};
    struct errors errors;
    struct config *config = NULL;
    int error;

    fuzz_file(data, size);
    errors_init(&errors);
    error = config_load(fuzz_path(), &folders, &errors, &config);
    FUZZ_REQUIRE((error == 0) == (errors_count(&errors) == 0),
                 "%zu errors and result %d", errors_count(&errors), error);
    check_errors(&errors, data, size);
    if (error == 0) {
        check_config(config);
        config_free(config);
    }
    errors_fini(&errors);
    return 0;
}
