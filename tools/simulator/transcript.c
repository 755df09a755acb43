/* SPDX-License-Identifier: MIT */
#include "transcript.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <berth/protocol.h>

#include "units.h"

/* A place in the file, for messages, and the transcript that is being read. */
struct reader {
    struct transcript *transcript;
    const char *path;
    size_t line;
};

static int refuse(const struct reader *reader, const char *what)
{
    (void)fprintf(stderr, "%s:%zu: %s\n", reader->path, reader->line, what);
    return -EINVAL;
}

static int read_hex(const char *text, char *byte)
{
    char digits[3] = {text[0], '\0', '\0'};

    if (text[0] != '\0') {
        digits[1] = text[1];
    }
    if (!isxdigit((unsigned char)digits[0]) ||
        !isxdigit((unsigned char)digits[1])) {
        return -EINVAL;
    }
    *byte = (char)(unsigned char)strtoul(digits, NULL, 16);
    return 0;
}

/* One escape after its backslash. Returns how many characters it took. */
static int read_escape(const char *text, char *byte)
{
    static const char names[] = "nrt0\\\"";
    static const char values[] = "\n\r\t\0\\\"";
    const char *found = text[0] == '\0' ? NULL : strchr(names, text[0]);

    if (found != NULL) {
        *byte = values[found - names];
        return 1;
    }
    if (text[0] == 'x' && read_hex(text + 1, byte) == 0) {
        return 3;
    }
    return -EINVAL;
}

/* One character or escape. Returns how many characters it took. */
static int read_byte(const char *text, char *byte)
{
    int taken;

    if (text[0] == '\0') {
        return -EINVAL;
    }
    if (text[0] != '\\') {
        *byte = text[0];
        return 1;
    }
    taken = read_escape(text + 1, byte);
    return taken < 0 ? taken : taken + 1;
}

/* "..." with the escapes \n \r \t \0 \\ \" \xNN. */
static int read_bytes(const char *text, char *bytes, size_t *size)
{
    size_t count = 0;

    if (*text++ != '"') {
        return -EINVAL;
    }
    while (*text != '"') {
        int taken = read_byte(text, &bytes[count++]);

        if (taken < 0) {
            return taken;
        }
        text += taken;
    }
    *size = count;
    return text[1] == '\0' ? 0 : -EINVAL;
}

static struct step *add_step(struct reader *reader, enum step_kind kind)
{
    struct transcript *transcript = reader->transcript;
    const size_t count = transcript->count;
    struct step *steps = transcript->steps;

    if ((count & (count - 1)) == 0) { /* twice as many, each time */
        steps = reallocarray(steps, 2 * count + 1, sizeof(*steps));
        if (steps == NULL) {
            return NULL;
        }
        transcript->steps = steps;
    }
    steps += transcript->count++;
    *steps = (struct step){.kind = kind, .line = reader->line};
    return steps;
}

static int
add_bytes(struct reader *reader, enum step_kind kind, const char *text)
{
    struct step *step = add_step(reader, kind);

    if (step == NULL) {
        return -ENOMEM;
    }
    step->bytes = malloc(strlen(text) + 1);
    if (step->bytes == NULL) {
        return -ENOMEM;
    }
    if (read_bytes(text, step->bytes, &step->size) < 0) {
        return refuse(reader,
                      "bytes are written as \"...\", with the escapes \\n \\r "
                      "\\t \\0 \\\\ \\\" \\xNN");
    }
    if (kind == STEP_SEND) {
        reader->transcript->sent += step->size;
    }
    return 0;
}

static int add_wait(struct reader *reader, const char *text)
{
    struct step *step = add_step(reader, STEP_WAIT);
    const char *why;
    char hint[UNITS_TEXT_MAX];

    if (step == NULL) {
        return -ENOMEM;
    }
    if (units_parse_duration(text, &step->number, &why, hint, sizeof(hint)) <
        0) {
        return refuse(reader, "wait: a duration like 30s or 250ms");
    }
    return 0;
}

static int add_stop(struct reader *reader, const char *text)
{
    struct step *step = add_step(reader, STEP_STOP);

    if (step == NULL) {
        return -ENOMEM;
    }
    if (strcmp(text, "exit") == 0) {
        step->number = BERTH_EXIT;
    } else if (strcmp(text, "reload") == 0) {
        step->number = BERTH_RELOAD;
    } else {
        return refuse(reader, "stop: exit or reload");
    }
    return 0;
}

static int read_number(const char *text, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return -EINVAL;
    }
    *number = strtoull(text, &end, 10);
    return *end == '\0' ? 0 : -EINVAL;
}

static int add_window(struct reader *reader, const char *text)
{
    struct step *step = add_step(reader, STEP_WINDOW);

    if (step == NULL) {
        return -ENOMEM;
    }
    if (strcmp(text, "all") == 0) {
        step->number = SIZE_MAX;
    } else if (read_number(text, &step->number) < 0) {
        return refuse(reader, "window: a number of bytes, or all");
    }
    return 0;
}

/* 0, STOPPED or the name of an error number. */
static int add_closed(struct reader *reader, const char *text)
{
    struct step *step = add_step(reader, STEP_CLOSED);

    if (step == NULL) {
        return -ENOMEM;
    }
    if (strcmp(text, "0") == 0) {
        return 0;
    }
    if (strcmp(text, "STOPPED") == 0) {
        step->why = BERTH_STOPPED;
        return 0;
    }
    for (int number = 1; number < 200; number++) {
        const char *name = strerrorname_np(number);

        if (name != NULL && strcmp(name, text) == 0) {
            step->why = -number;
            return 0;
        }
    }
    return refuse(reader, "closed: 0, STOPPED or the name of an error");
}

static int add_plain(struct reader *reader, enum step_kind kind)
{
    return add_step(reader, kind) == NULL ? -ENOMEM : 0;
}

static int set_settings(struct reader *reader, const char *text)
{
    free(reader->transcript->settings);
    reader->transcript->settings_line = reader->line;
    reader->transcript->settings = strdup(text);
    return reader->transcript->settings == NULL ? -ENOMEM : 0;
}

static int set_input(struct reader *reader, const char *text)
{
    if (read_number(text, &reader->transcript->input) < 0) {
        return refuse(reader, "input: a number of bytes");
    }
    return 0;
}

/* 1994-11-06T08:49:37Z, or with milliseconds 1994-11-06T08:49:37.250Z. */
static int set_time(struct reader *reader, const char *text)
{
    struct tm tm = {.tm_year = 0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    const time_t seconds = rest == NULL ? 0 : timegm(&tm);
    unsigned ms = 0;

    if (rest != NULL && rest[0] == '.' && strspn(rest + 1, "0123456789") == 3) {
        ms = (unsigned)strtoul(rest + 1, NULL, 10);
        rest += 4;
    }
    if (rest == NULL || strcmp(rest, "Z") != 0 || seconds <= 0) {
        return refuse(reader, "time: a moment like 1994-11-06T08:49:37.250Z");
    }
    reader->transcript->time_ms = ((uint64_t)seconds * 1000) + ms;
    return 0;
}

/* A word and what may follow it. */
struct word {
    const char *name;
    int (*with_text)(struct reader *reader, const char *text);
    enum step_kind plain;
};

static const struct word words[] = {
    {.name = "wait", .with_text = add_wait},
    {.name = "stop", .with_text = add_stop},
    {.name = "window", .with_text = add_window},
    {.name = "closed", .with_text = add_closed},
    {.name = "settings:", .with_text = set_settings},
    {.name = "input", .with_text = set_input},
    {.name = "time", .with_text = set_time},
    {.name = "end", .plain = STEP_END},
    {.name = "reset", .plain = STEP_RESET},
    {.name = "eof", .plain = STEP_EOF},
    {.name = "open", .plain = STEP_OPEN},
    {.name = "cut", .plain = STEP_CUT},
};

static int read_word(struct reader *reader, char *line)
{
    size_t length = strcspn(line, " ");
    char *text = line + length + strspn(line + length, " ");

    line[length] = '\0';
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(line, words[i].name) != 0) {
            continue;
        }
        if (words[i].with_text != NULL) {
            return words[i].with_text(reader, text);
        }
        return *text == '\0' ? add_plain(reader, words[i].plain)
                             : refuse(reader, "nothing may follow here");
    }
    return refuse(reader, "no such word: see tests/README.md");
}

static int read_line(struct reader *reader, char *line)
{
    size_t length = strlen(line);

    while (length > 0 && isspace((unsigned char)line[length - 1])) {
        line[--length] = '\0';
    }
    if (line[0] == '\0' || line[0] == '#') {
        return 0;
    }
    if (strncmp(line, "> ", 2) == 0) {
        return add_bytes(reader, STEP_SEND, line + 2);
    }
    if (strncmp(line, "< ", 2) == 0) {
        return add_bytes(reader, STEP_EXPECT, line + 2);
    }
    return read_word(reader, line);
}

int transcript_read(struct transcript *transcript, const char *path)
{
    struct reader reader = {.transcript = transcript, .path = path};
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0;
    int error = 0;

    *transcript = (struct transcript){.count = 0};
    if (file == NULL) {
        error = -errno;
        (void)fprintf(stderr, "%s: %s\n", path, strerror(-error));
        return error;
    }
    while (error == 0 && getline(&line, &capacity, file) >= 0) {
        reader.line++;
        error = read_line(&reader, line);
    }
    free(line);
    (void)fclose(file);
    if (error < 0) {
        transcript_fini(transcript);
    }
    return error;
}

void transcript_fini(struct transcript *transcript)
{
    for (size_t i = 0; i < transcript->count; i++) {
        free(transcript->steps[i].bytes);
    }
    free(transcript->steps);
    free(transcript->settings);
    *transcript = (struct transcript){.count = 0};
}
