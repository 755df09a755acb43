/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "syntax.h"
#include "tree.h"

/* Enough for most files. */
#define FIRST_SIZE ((size_t)16 * 1024)

/* What is being read. */
struct reading {
    const char *text;
    size_t size;
    struct tree tree;
    size_t end_line, end_column; /* from 1 */
    yaml_parser_t parser;
};

static int refuse(const struct reading *reading,
                  const struct syntax_problem *problem)
{
    const struct place place = {
        .file = reading->tree.file,
        .line = problem->line,
        .column = problem->column,
        .length = problem->length,
    };

    errors_add(reading->tree.errors, &place, problem->hint, "%s",
               problem->text);
    return -EINVAL;
}

/* libyaml gave up: say why in words that help. */
static int refuse_syntax(struct reading *reading)
{
    const yaml_parser_t *parser = &reading->parser;
    struct syntax_problem problem;

    if (parser->error == YAML_MEMORY_ERROR) {
        errors_no_memory(reading->tree.errors);
        return -ENOMEM;
    }
    if (parser->error == YAML_READER_ERROR) {
        syntax_explain_byte(reading->text, reading->size,
                            parser->problem_offset, &problem);
    } else {
        const struct syntax_report report = {
            .problem = parser->problem,
            .line = parser->problem_mark.line + 1,
            .column = parser->problem_mark.column + 1,
            .context = parser->context,
            .context_line = parser->context_mark.line + 1,
            .context_column = parser->context_mark.column + 1,
        };

        syntax_explain(&report, reading->text, reading->size, &problem);
    }
    return refuse(reading, &problem);
}

/* The end of a text without a newline is for libyaml in the line behind. */
static void bring_inside(const struct reading *reading, yaml_mark_t *mark)
{
    if (mark->line >= reading->end_line) {
        mark->line = reading->end_line - 1;
        mark->column = reading->end_column - 1;
    }
}

static int read_events(struct reading *reading)
{
    bool is_over = false;
    int error = 0;

    while (error == 0 && !is_over) {
        yaml_event_t event;

        if (yaml_parser_parse(&reading->parser, &event) == 0) {
            return refuse_syntax(reading);
        }
        is_over = event.type == YAML_STREAM_END_EVENT;
        bring_inside(reading, &event.start_mark);
        bring_inside(reading, &event.end_mark);
        error = tree_add(&reading->tree, &event);
        yaml_event_delete(&event);
    }
    return error;
}

static int read_text(struct reading *reading)
{
    const unsigned char *text = (const unsigned char *)reading->text;
    struct syntax_problem problem;
    int error;

    if (syntax_check(reading->text, reading->size, &problem) != 0) {
        return refuse(reading, &problem);
    }
    if (yaml_parser_initialize(&reading->parser) == 0) {
        errors_no_memory(reading->tree.errors);
        return -ENOMEM;
    }
    /* Said here, or else a BOM could choose UTF-16. */
    yaml_parser_set_encoding(&reading->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reading->parser, text, reading->size);
    error = read_events(reading);
    yaml_parser_delete(&reading->parser);
    return error;
}

int document_parse(const char *text,
                   size_t size,
                   const char *file,
                   struct errors *errors,
                   struct document **document)
{
    struct document *made = calloc(1, sizeof(*made));
    struct reading *reading = calloc(1, sizeof(*reading));
    int error = -ENOMEM;

    if (made == NULL || reading == NULL) {
        errors_no_memory(errors);
        goto free_both;
    }
    arena_init(&made->arena);
    reading->text = text;
    reading->size = size;
    syntax_end(text, size, &reading->end_line, &reading->end_column);
    reading->tree.file = file;
    reading->tree.errors = errors;
    reading->tree.arena = &made->arena;
    errors_source(errors, file, text, size);
    error = read_text(reading);
    if (error != 0) {
        goto free_arena;
    }
    made->root = reading->tree.root;
    *document = made;
    free(reading);
    return 0;

free_arena:
    arena_fini(&made->arena);
free_both:
    free(reading);
    free(made);
    return error;
}

/* What is read of a file. */
struct contents {
    char *text;
    size_t used, size;
};

/* One byte more than is allowed, so that it is seen to be too much. */
static int make_room(struct contents *contents)
{
    const size_t most = SYNTAX_SIZE_MAX + 1;
    size_t size = contents->size == 0 ? FIRST_SIZE : contents->size * 2;
    char *text;

    if (size > most) {
        size = most;
    }
    text = realloc(contents->text, size);
    if (text == NULL) {
        return -ENOMEM;
    }
    contents->text = text;
    contents->size = size;
    return 0;
}

/* Returns 1; 0: at the end, or there is too much; or -errno. */
static int read_more(int fd, struct contents *contents)
{
    ssize_t count;

    if (contents->used > SYNTAX_SIZE_MAX) {
        return 0;
    }
    if (contents->used == contents->size && make_room(contents) < 0) {
        return -ENOMEM;
    }
    do {
        count = read(fd, contents->text + contents->used,
                     contents->size - contents->used);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return -errno;
    }
    contents->used += (size_t)count;
    return count == 0 ? 0 : 1;
}

static int read_file(const char *path, struct contents *contents)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0) {
        return -errno;
    }
    do {
        result = read_more(fd, contents);
    } while (result > 0);
    (void)close(fd);
    return result;
}

int document_load(const char *path,
                  const char *file,
                  struct errors *errors,
                  struct document **document)
{
    const struct place place = {.file = file};
    struct contents contents = {.text = NULL};
    int error = read_file(path, &contents);

    if (error == 0) {
        error = document_parse(contents.text, contents.used, file, errors,
                               document);
    } else {
        errors_add(errors, &place, NULL, "cannot be read: %s",
                   strerror(-error));
    }
    free(contents.text);
    return error;
}

void document_free(struct document *document)
{
    if (document != NULL) {
        arena_fini(&document->arena);
        free(document);
    }
}
