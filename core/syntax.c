/* SPDX-License-Identifier: MIT */
#include "syntax.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A message of libyaml and what it means to those who wrote the file. */
struct explanation {
    const char *problem, *context; /* as libyaml says; NULL: any context */
    const char *text, *hint;       /* hint NULL: none */
    bool is_at_context; /* the context's place says more than the problem's */
};

static const struct explanation explanations[] = {
    {
        .problem = "mapping values are not allowed in this context",
        .text = "a ':' is not expected here",
        .hint = "indent the keys of a mapping alike; quote a text that has "
                "': ' in it",
    },
    {
        .problem = "could not find expected ':'",
        .text = "a key without ':'",
        .hint = "write KEY: VALUE",
        .is_at_context = true,
    },
    {
        .problem = "found unexpected end of stream",
        .context = "while scanning a quoted scalar",
        .text = "the quote that begins here is not closed",
        .is_at_context = true,
    },
    {
        .problem = "found unexpected document indicator",
        .context = "while scanning a quoted scalar",
        .text = "the quote that begins here is not closed",
        .is_at_context = true,
    },
    {
        .problem = "found unknown escape character",
        .text = "an unknown escape in double quotes",
        .hint = "single quotes take a backslash as it is",
    },
    {
        .problem = "did not find expected key",
        .text = "a key is expected here",
        .hint = "indent the keys of a mapping alike; quote a whole text, not "
                "a part of it",
    },
    {
        .problem = "did not find expected '-' indicator",
        .text = "an item ('-') is expected here",
        .hint = "indent what belongs to an item like its first key",
    },
    {
        .problem = "did not find expected ',' or ']'",
        .text = "the list that begins here is not closed by ']'",
        .is_at_context = true,
    },
    {
        .problem = "did not find expected ',' or '}'",
        .text = "the mapping that begins here is not closed by '}'",
        .is_at_context = true,
    },
    {
        .problem = "block sequence entries are not allowed in this context",
        .text = "an item ('-') cannot begin here",
        .hint = "begin a list on a line of its own",
    },
    {
        .problem = "did not find expected <document start>",
        .text = "this does not belong to what is above",
        .hint = "indent the keys of a mapping alike",
    },
    {
        .problem = "found incompatible YAML document",
        .text = "an unknown version of YAML",
        .hint = "remove the line '%YAML'",
    },
};

static void set_problem(struct syntax_problem *problem,
                        size_t line,
                        size_t column,
                        const char *text,
                        const char *hint)
{
    problem->line = line;
    problem->column = column;
    problem->length = 1;
    (void)snprintf(problem->text, sizeof(problem->text), "%s", text);
    (void)snprintf(problem->hint, sizeof(problem->hint), "%s",
                   hint == NULL ? "" : hint);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The place of a byte: columns are counted in characters. */
static void
find_place(const char *text, size_t offset, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            *line += 1;
            *column = 1;
        } else if (!is_continuation(text[i])) {
            *column += 1;
        }
    }
}

void syntax_end(const char *text, size_t size, size_t *line, size_t *column)
{
    find_place(text, size, line, column);
}

/* What stands at text[0..size) that YAML takes for the end of a line; 0: no. */
static unsigned odd_line_end(const char *text, size_t size)
{
    if (text[0] == '\r' && (size == 1 || text[1] != '\n')) {
        return 0x0d;
    }
    if (size >= 2 && memcmp(text, "\xc2\x85", 2) == 0) {
        return 0x85;
    }
    if (size >= 3 && memcmp(text, "\xe2\x80\xa8", 3) == 0) {
        return 0x2028;
    }
    if (size >= 3 && memcmp(text, "\xe2\x80\xa9", 3) == 0) {
        return 0x2029;
    }
    return 0;
}

static int refuse_at(const char *text,
                     size_t offset,
                     const char *what,
                     const char *hint,
                     struct syntax_problem *problem)
{
    size_t line, column;

    find_place(text, offset, &line, &column);
    set_problem(problem, line, column, what, hint);
    return -EINVAL;
}

int syntax_check(const char *text, size_t size, struct syntax_problem *problem)
{
    char what[64];

    if (size > SYNTAX_SIZE_MAX) {
        set_problem(problem, 0, 0, "larger than 1MiB", NULL);
        return -EINVAL;
    }
    for (size_t i = 0; i < size; i++) {
        const unsigned odd = odd_line_end(text + i, size - i);

        if (odd != 0) {
            (void)snprintf(what, sizeof(what),
                           "the character U+%04X ends a line for YAML only",
                           odd);
            return refuse_at(text, i, what,
                             "end lines with a newline; in double quotes this "
                             "character can be written as an escape",
                             problem);
        }
        if ((i == 0 || text[i - 1] == '\n') && size - i >= 4 &&
            memcmp(text + i, "%TAG", 4) == 0) {
            return refuse_at(text, i, "tags are not supported", NULL, problem);
        }
    }
    return 0;
}

void syntax_explain_byte(const char *text,
                         size_t size,
                         size_t offset,
                         struct syntax_problem *problem)
{
    const size_t at = offset < size ? offset : size;
    const unsigned char byte = (unsigned char)(at < size ? text[at] : 0);
    size_t line, column;
    char what[64];

    find_place(text, at, &line, &column);
    (void)snprintf(what, sizeof(what),
                   byte < 0x80 && at < size ? "a control character (0x%02x)"
                                            : "not UTF-8 (byte 0x%02x)",
                   byte);
    set_problem(problem, line, column, what,
                "the file must be a text in UTF-8");
}

/* A line of the text, without its newline. */
struct line {
    const char *start, *end;
};

static struct line find_line(const char *text, size_t size, size_t number)
{
    const char *const end = text + size;
    struct line line = {.start = text, .end = end};

    while (number-- > 0) {
        const char *newline =
            memchr(line.start, '\n', (size_t)(end - line.start));

        line.end = newline == NULL ? end : newline;
        if (number > 0) {
            line.start = newline == NULL ? end : newline + 1;
        }
    }
    if (line.end > line.start && line.end[-1] == '\r') {
        line.end--;
    }
    return line;
}

static const char *find_column(const struct line *line, size_t column)
{
    const char *c = line->start;

    while (column > 1 && c < line->end) {
        c++;
        while (c < line->end && is_continuation(*c)) {
            c++;
        }
        column--;
    }
    return c;
}

/* Length of something like [::1]:8080 at c; 0: it is nothing like that. */
static size_t match_ipv6(const char *c, const char *end)
{
    const char *const start = c;
    const char *digits;

    if (c == end || *c != '[') {
        return 0;
    }
    c++;
    while (c < end && *c != '\0' &&
           strchr("0123456789abcdefABCDEF:.%", *c) != NULL) {
        c++;
    }
    if (end - c < 3 || c[0] != ']' || c[1] != ':') {
        return 0;
    }
    c += 2;
    digits = c;
    while (c < end && *c >= '0' && *c <= '9') {
        c++;
    }
    return c == digits ? 0 : (size_t)(c - start);
}

/* An address in brackets that YAML takes for a list. */
static bool is_about_ipv6(const struct line *line,
                          size_t number,
                          struct syntax_problem *problem)
{
    size_t column = 1;

    for (const char *c = line->start; c < line->end; c++) {
        const size_t length = match_ipv6(c, line->end);
        const bool is_quoted =
            c > line->start && (c[-1] == '"' || c[-1] == '\'');

        if (length > 0 && length < 100 && !is_quoted) {
            set_problem(problem, number, column,
                        "an address in brackets must be quoted", NULL);
            problem->length = length;
            (void)snprintf(problem->hint, sizeof(problem->hint),
                           "write \"%.*s\"", (int)length, c);
            return true;
        }
        column += is_continuation(*c) ? 0 : 1;
    }
    return false;
}

/* A text whose first character means something to YAML. */
static bool is_about_quotes(const char *at,
                            const struct line *line,
                            struct syntax_problem *problem)
{
    size_t length = 0;

    while (at + length < line->end && length < 100 && at[length] != '\0' &&
           strchr(" \t,]}\"", at[length]) == NULL) {
        length++;
    }
    if (length == 0 || strchr("*&!@`%", *at) == NULL) {
        return false;
    }
    problem->length = length;
    (void)snprintf(problem->text, sizeof(problem->text),
                   "a text that begins with '%c' must be quoted", *at);
    (void)snprintf(problem->hint, sizeof(problem->hint), "write \"%.*s\"",
                   (int)length, at);
    return true;
}

/* Causes that the text shows better than libyaml's message. */
static bool is_explained_by_text(const struct syntax_report *report,
                                 const char *text,
                                 size_t size,
                                 struct syntax_problem *problem)
{
    const struct line line = find_line(text, size, report->line);
    const struct line context = find_line(text, size, report->context_line);
    const char *at = find_column(&line, report->column);
    const char *begin = find_column(&context, report->context_column);

    if (is_about_ipv6(&line, report->line, problem)) {
        return true;
    }
    if (strstr(report->problem, "tab character") != NULL ||
        (at < line.end && *at == '\t')) {
        set_problem(problem, report->line, report->column,
                    "a tab is used for indentation", "indent with blanks");
        return true;
    }
    if (at > line.start && at < line.end && *at == '{' && at[-1] == '$') {
        set_problem(problem, report->line, report->column - 1,
                    "a variable between { } or [ ] must be quoted",
                    "write \"${NAME}\"");
        return true;
    }
    set_problem(problem, report->context_line, report->context_column, "",
                NULL);
    return strstr(report->context, "while scanning") == report->context &&
           is_about_quotes(begin, &context, problem);
}

static const struct explanation *
find_explanation(const struct syntax_report *report)
{
    const size_t count = sizeof(explanations) / sizeof(explanations[0]);

    for (size_t i = 0; i < count; i++) {
        const struct explanation *one = &explanations[i];

        if (strcmp(one->problem, report->problem) == 0 &&
            (one->context == NULL ||
             strcmp(one->context, report->context) == 0)) {
            return one;
        }
    }
    return NULL;
}

/* The end of a text without a newline is for libyaml in the line behind. */
static void
bring_inside(struct syntax_report *report, const char *text, size_t size)
{
    size_t line, column;

    syntax_end(text, size, &line, &column);
    if (report->line > line) {
        report->line = line;
        report->column = column;
    }
}

void syntax_explain(const struct syntax_report *report,
                    const char *text,
                    size_t size,
                    struct syntax_problem *problem)
{
    struct syntax_report whole = *report;
    const struct explanation *known;

    whole.problem = report->problem == NULL ? "" : report->problem;
    whole.context = report->context == NULL ? "" : report->context;
    bring_inside(&whole, text, size);
    if (is_explained_by_text(&whole, text, size, problem)) {
        return;
    }
    known = find_explanation(&whole);
    if (known == NULL) {
        set_problem(problem, whole.line, whole.column, "", NULL);
        (void)snprintf(problem->text, sizeof(problem->text),
                       "not valid YAML: %s%s%s", whole.problem,
                       whole.context[0] == '\0' ? "" : " ", whole.context);
    } else if (known->is_at_context) {
        set_problem(problem, whole.context_line, whole.context_column,
                    known->text, known->hint);
    } else {
        set_problem(problem, whole.line, whole.column, known->text,
                    known->hint);
    }
}
