/* SPDX-License-Identifier: MIT */
#include "connection_script.h"

#include <string.h>

/* The first character of the lines of each part. */
static const char letters[SCRIPT_PARTS + 1] = "odertsckp>";

/* The numbers of a to z: what limits, marks and buffers are, more or less. */
static const size_t numbers[] = {
    10,    16,    64,    100,   255,   256,   257,   1000,   1023,
    1024,  1025,  4000,  4096,  4097,  8192,  16000, 16383,  16384,
    20000, 30000, 32768, 50000, 65535, 65536, 65537, 100000,
};

size_t script_number(char c)
{
    if (c >= '0' && c <= '9') {
        return (size_t)(c - '0');
    }
    return c >= 'a' && c <= 'z' ? numbers[c - 'a'] : 0;
}

char script_take(struct script_line *line)
{
    while (line->at < line->end) {
        char c = *line->at++;

        if (c != ' ' && c != '\r' && c != '\0') {
            return c;
        }
    }
    return '\0';
}

/* Below these the server does not go, whatever server.yaml says. */
static void raise_limits(struct limits *limits)
{
    if (limits->input < 1024) {
        limits->input = 1024;
    }
    if (limits->output < 4096) {
        limits->output = 4096;
    }
}

static void read_limits(struct limits *limits, struct script_line line)
{
    for (char c = script_take(&line); c != '\0'; c = script_take(&line)) {
        size_t number = script_number(script_take(&line));

        switch (c) {
        case 'i':
            limits->input = number;
            break;
        case 'o':
            limits->output = number;
            break;
        case 'd':
            limits->idle_ms = number;
            break;
        case 'f':
            limits->first_byte_ms = number;
            break;
        case 's':
            limits->stall_ms = number;
            break;
        default:
            break;
        }
    }
}

/* on_data cannot be left out, nor what is posted. */
static void read_lacking(struct script *script, struct script_line line)
{
    for (char c = script_take(&line); c != '\0'; c = script_take(&line)) {
        const char *found = strchr(letters, c);

        if (found != NULL && c != 'd' && c != 'p' && c != '>') {
            script->lacks[found - letters] = true;
        }
    }
}

static void read_line(struct script *script, const char *line, size_t length)
{
    struct script_line rest = {line + 1, line + length};
    const char *found =
        length == 0 || line[0] == '\0' ? NULL : strchr(letters, line[0]);
    size_t part;

    if (length == 0) {
        return;
    }
    if (line[0] == 'l') {
        read_limits(&script->limits, rest);
    } else if (line[0] == '-') {
        read_lacking(script, rest);
    } else if (found != NULL) {
        part = (size_t)(found - letters);
        if (script->counts[part] < SCRIPT_LINES_MAX) {
            script->lines[part][script->counts[part]++] = rest;
        }
    }
}

void script_read(struct script *script, const char *text, size_t size)
{
    const char *end = text + size;

    *script = (struct script){.limits = {
                                  .input = 4096,
                                  .output = 4096,
                                  .idle_ms = 100000,
                                  .stall_ms = 30000,
                              }};
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline == NULL ? end : newline;

        read_line(script, text, (size_t)(line_end - text));
        text = line_end + 1;
    }
    raise_limits(&script->limits);
}

struct script_line script_next(struct script *script, enum script_part part)
{
    size_t index = script->next[part];

    if (script->counts[part] == 0) {
        return (struct script_line){NULL, NULL};
    }
    script->next[part] = (index + 1) % script->counts[part];
    return script->lines[part][index];
}
