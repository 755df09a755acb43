/* SPDX-License-Identifier: MIT */
#include "completion/help.h"

#include <ctype.h>
#include <string.h>

/* What is offered for a VALUE; for all others, nothing. */
static const struct value {
    const char *name;
    const char *words; /* NULL: files */
    bool is_folder;
} values[] = {
    {"FILE", NULL, false},
    {"PATH", NULL, false},
    {"FOLDER", NULL, true},
    {"LANG", "c c++", false},
    {"LEVEL", "error warning info debug", false},
    {"PARTS",
     "settings state timer settings,state settings,timer state,timer "
     "settings,state,timer",
     false},
};

struct program program;

void help_set_program(const char *name)
{
    program.name = name;
    (void)snprintf(program.function, sizeof(program.function), "%s", name);
    for (char *next = program.function; *next != '\0'; next++) {
        if (*next == '-') {
            *next = '_';
        }
    }
}

/* ------------------------------------------------------------------ reading */

static const char *skip(const char *text, char byte)
{
    return text + strspn(text, (char[]){byte, '\0'});
}

/* Copies what comes before any of `ends`; returns what is behind it. */
static const char *
take(const char *text, const char *ends, char *word, size_t size)
{
    size_t length = strcspn(text, ends);

    (void)snprintf(word, size, "%.*s", (int)length, text);
    return text + length;
}

/* RULE of "Rules that", CHECK of "CHECK,...". */
static void take_noun(const char *text, char *noun, size_t size)
{
    size_t length = 0;

    while (length + 1 < size && isalpha((unsigned char)text[length])) {
        noun[length] = (char)toupper((unsigned char)text[length]);
        length++;
    }
    if (length > 1 && noun[length - 1] == 'S') {
        length--;
    }
    noun[length] = '\0';
}

static bool is_value(const char *value, const char *noun)
{
    char own[sizeof(program.items[0].value)];

    take_noun(value, own, sizeof(own));
    return noun[0] != '\0' && strcmp(own, noun) == 0;
}

/* The first clause of it, which is enough for a list; but a single word is
   not. */
static void take_help(struct item *item, const char *text)
{
    static const char *const ends[] = {";", ": ", " (", ", then"};

    (void)take(text, "\n", item->help, sizeof(item->help));
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char *end = strstr(item->help, ends[i]);

        if (end != NULL && end > item->help + strcspn(item->help, " ")) {
            *end = '\0';
        }
    }
}

static void read_item(const char *line, enum kind kind)
{
    const size_t most = sizeof(program.items) / sizeof(program.items[0]);
    struct item *item = &program.items[program.count];
    const char *next = skip(line, ' ');

    if (program.count == most) {
        return;
    }
    item->kind = kind;
    if (kind == OPTION && next[1] != '-') {
        item->letter = next[1];
        next = skip(next + strlen("-x,"), ' ');
    }
    next = take(skip(next, '-'), " \n", item->name, sizeof(item->name));
    if (next[0] == ' ' && (isupper((unsigned char)next[1]) || next[1] == '[')) {
        next = take(next + 1, " \n", item->value, sizeof(item->value));
    }
    take_help(item, skip(next, ' '));
    program.count += kind == EXAMPLE ? 0 : 1;
}

/* A word and what it means, or a line of words alone. */
static void read_words(const char *line, const char *noun)
{
    const char *next = skip(line, ' ');
    const bool is_alone = strstr(next, "  ") == NULL;

    while (*next != '\n' && *next != '\0') {
        struct item *item = &program.items[program.count];
        const size_t before = program.count;

        read_item(next, WORD);
        if (program.count > before) {
            (void)snprintf(item->value, sizeof(item->value), "%s", noun);
        }
        next = is_alone ? skip(next + strcspn(next, " \n"), ' ') : "";
    }
}

/* What a line that begins a section is about: a value of an option that came
   before, or what it was about already. */
static void read_heading(const char *line, char *noun, size_t size)
{
    char own[sizeof(program.items[0].value)];

    take_noun(line, own, sizeof(own));
    for (size_t i = 0; i < program.count; i++) {
        if (program.items[i].kind == OPTION &&
            is_value(program.items[i].value, own)) {
            (void)snprintf(noun, size, "%s", own);
        }
    }
}

/* Of lines that are indented: an option, a word, or what goes on with one. */
static void read_indented(const char *line, const char *noun, bool is_command)
{
    const char *next = skip(line, ' ');

    if (next[0] == '-') {
        read_item(line, OPTION);
    } else if (next - line != 2 || !islower((unsigned char)next[0])) {
        return;
    } else if (noun[0] != '\0') {
        read_words(line, noun);
    } else {
        read_item(line, is_command ? COMMAND : EXAMPLE);
    }
}

void help_read(FILE *help)
{
    char noun[sizeof(program.items[0].value)] = "";
    bool is_command = true; /* until the first option */
    char line[256];

    while (fgets(line, sizeof(line), help) != NULL) {
        if (strncmp(line, "Usage:", strlen("Usage:")) == 0) {
            program.is_server = strstr(line, "PLUGIN[=") != NULL;
            program.is_try = strstr(line, "TRANSCRIPT") != NULL;
        } else if (line[0] == ' ') {
            read_indented(line, noun, is_command);
            is_command = is_command && strstr(line, " --") == NULL;
        } else if (isupper((unsigned char)line[0])) {
            read_heading(line, noun, sizeof(noun));
        }
    }
}

/* ----------------------------------------------------------------- asking */

bool help_has(enum kind kind)
{
    for (size_t i = 0; i < program.count; i++) {
        if (program.items[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static const struct value *find_value(const struct item *item)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (strcmp(values[i].name, item->value) == 0) {
            return &values[i];
        }
    }
    return NULL;
}

void help_print_names(FILE *file,
                      enum kind kind,
                      const char *between,
                      const char *before)
{
    for (size_t i = 0; i < program.count; i++) {
        if (program.items[i].kind == kind) {
            (void)fprintf(file, "%s%s", before, program.items[i].name);
            before = between;
        }
    }
}

static bool is_word_of(const struct item *word, const struct item *item)
{
    return word->kind == WORD && is_value(item->value, word->value);
}

void help_print_words(FILE *file, const struct item *item)
{
    const struct value *value = find_value(item);
    const char *before = "";

    for (size_t i = 0; i < program.count; i++) {
        if (is_word_of(&program.items[i], item)) {
            (void)fprintf(file, "%s%s", before, program.items[i].name);
            before = " ";
        }
    }
    if (value != NULL && value->words != NULL) {
        (void)fputs(value->words, file);
    }
}

bool help_has_words(const struct item *item)
{
    const struct value *value = find_value(item);

    for (size_t i = 0; i < program.count; i++) {
        if (is_word_of(&program.items[i], item)) {
            return true;
        }
    }
    return value != NULL && value->words != NULL;
}

bool help_is_file(const struct item *item)
{
    return find_value(item) != NULL && find_value(item)->words == NULL;
}

bool help_is_folder(const struct item *item)
{
    return help_is_file(item) && find_value(item)->is_folder;
}
