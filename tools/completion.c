/* SPDX-License-Identifier: MIT */
/*
 * For the build: makes a shell's completion of a program out of its help, which
 * the program makes of its own tables.
 *
 *     PROGRAM --help | completion bash|zsh|fish PROGRAM FILE
 *
 * In a help an option stands in a line "  -x, --name VALUE  what it is"; a
 * command in "  name VALUE  what it is" before the first option; and below a
 * line that begins with "Rules" such lines are what RULE may be. VALUE tells
 * what is offered: see values.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    OPTION,
    COMMAND,
    MANNER,
    RULE,
    EXAMPLE, /* none of it is offered */
};

struct item {
    enum kind kind;
    char letter; /* '\0': none */
    char name[32];
    char value[32]; /* "": takes none */
    char help[96];
};

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

static struct {
    const char *name;
    char function[32]; /* the name, as one of a function */
    bool is_server;    /* the words are names of plugins, or their files */
    bool is_try;       /* the words are a plugin's file, and transcripts */
    struct item items[96];
    size_t count;
} program;

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

/* Of lines that are indented: an option, a word, or what goes on with one. */
static void read_indented(const char *line, enum kind section)
{
    const char *next = skip(line, ' ');

    if (next[0] == '-') {
        read_item(line, OPTION);
    } else if (next - line == 2 && islower((unsigned char)next[0])) {
        read_item(line, section);
    }
}

static bool begins(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

static void read_help(FILE *help)
{
    enum kind section = COMMAND;
    char line[256];

    while (fgets(line, sizeof(line), help) != NULL) {
        if (begins(line, "Usage:")) {
            program.is_server = strstr(line, "PLUGIN[=") != NULL;
            program.is_try = strstr(line, "TRANSCRIPT") != NULL;
        } else if (begins(line, "Manners")) {
            section = MANNER;
        } else if (begins(line, "Rules")) {
            section = RULE;
        } else if (line[0] == ' ') {
            read_indented(line, section);
            section = section == COMMAND && strstr(line, " --") != NULL
                          ? EXAMPLE
                          : section;
        }
    }
}

/* ----------------------------------------------------------------- asking */

static bool has(enum kind kind)
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

static void
print_names(FILE *file, enum kind kind, const char *between, const char *before)
{
    for (size_t i = 0; i < program.count; i++) {
        if (program.items[i].kind == kind) {
            (void)fprintf(file, "%s%s", before, program.items[i].name);
            before = between;
        }
    }
}

/* What a value may be, between blanks; nothing, if that is not known. */
static void print_words(FILE *file, const struct item *item)
{
    const struct value *value = find_value(item);

    if (strcmp(item->value, "RULE") == 0) {
        print_names(file, RULE, " ", "");
    } else if (strcmp(item->value, "MANNER") == 0) {
        print_names(file, MANNER, " ", "");
    } else if (value != NULL && value->words != NULL) {
        (void)fputs(value->words, file);
    }
}

static bool has_words(const struct item *item)
{
    const struct value *value = find_value(item);

    return strcmp(item->value, "RULE") == 0 ||
           strcmp(item->value, "MANNER") == 0 ||
           (value != NULL && value->words != NULL);
}

static bool is_file(const struct item *item)
{
    return find_value(item) != NULL && find_value(item)->words == NULL;
}

static bool is_folder(const struct item *item)
{
    return is_file(item) && find_value(item)->is_folder;
}

/* In single quotes, with those of the text as `quote`, and a backslash before
   each of `special`. */
static void
print_help(FILE *file, const char *text, const char *quote, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs(quote, file);
            continue;
        }
        (void)fprintf(file, "%s%c", strchr(special, *text) ? "\\" : "", *text);
    }
}

/* --------------------------------------------------------------------- bash */

static void print_bash_item(FILE *file, const struct item *item)
{
    if (item->value[0] == '\0' ||
        (item->kind != OPTION && item->kind != COMMAND)) {
        return;
    }
    (void)fputs("    ", file);
    if (item->letter != '\0') {
        (void)fprintf(file, "-%c | ", item->letter);
    }
    (void)fprintf(file, "%s%s)\n", item->kind == OPTION ? "--" : "",
                  item->name);
    if (is_file(item)) {
        (void)fprintf(file,
                      "        compopt -o filenames 2>/dev/null\n"
                      "        mapfile -t COMPREPLY < <(compgen -%c -- "
                      "\"$word\")\n",
                      is_folder(item) ? 'd' : 'f');
    } else if (has_words(item)) {
        (void)fputs("        mapfile -t COMPREPLY < <(compgen -W '", file);
        print_words(file, item);
        (void)fputs("' -- \"$word\")\n", file);
    }
    (void)fputs("        return\n        ;;\n", file);
}

static void print_bash_plugins(FILE *file)
{
    if (!program.is_server && !program.is_try) {
        return;
    }
    (void)fputs("    compopt -o filenames 2>/dev/null\n"
                "    mapfile -t COMPREPLY < <(\n"
                "        compgen -d -- \"$word\"\n"
                "        compgen -f -X '!*.so' -- \"$word\"\n",
                file);
    (void)fputs(program.is_server
                    ? "        compgen -W \"$(\"$1\" --list 2>/dev/null | "
                      "sed 's/ .*//')\" -- \"$word\"\n"
                    : "        compgen -f -X '!*.transcript' -- \"$word\"\n",
                file);
    (void)fputs("    )\n", file);
}

static void print_bash_commands(FILE *file)
{
    if (!has(COMMAND)) {
        return;
    }
    (void)fputs("    for earlier in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
                "        case $earlier in\n"
                "        ",
                file);
    print_names(file, COMMAND, " | ", "");
    (void)fputs(") return ;;\n"
                "        esac\n"
                "    done\n"
                "    mapfile -t COMPREPLY < <(compgen -W '",
                file);
    print_names(file, COMMAND, " ", "");
    (void)fputs("' -- \"$word\")\n", file);
}

static void print_bash(FILE *file)
{
    (void)fprintf(file,
                  "# Completion for bash, made of what `%s --help` prints.\n"
                  "# shellcheck shell=bash\n"
                  "_%s()\n"
                  "{\n"
                  "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                  "    local before=${COMP_WORDS[COMP_CWORD - 1]}%s\n"
                  "\n"
                  "    COMPREPLY=()\n"
                  "    # --name=value is three words.\n"
                  "    if [[ $word == = ]]; then\n"
                  "        word=\n"
                  "    elif [[ $before == = ]]; then\n"
                  "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
                  "    fi\n"
                  "    case $before in\n",
                  program.name, program.function,
                  has(COMMAND) ? " earlier" : "");
    for (size_t i = 0; i < program.count; i++) {
        print_bash_item(file, &program.items[i]);
    }
    (void)fputs("    esac\n"
                "    if [[ $word == -* ]]; then\n"
                "        mapfile -t COMPREPLY < <(compgen -W '",
                file);
    for (size_t i = 0; i < program.count; i++) {
        if (program.items[i].letter != '\0') {
            (void)fprintf(file, "-%c ", program.items[i].letter);
        }
    }
    print_names(file, OPTION, " --", "--");
    (void)fputs("' -- \"$word\")\n"
                "        return\n"
                "    fi\n",
                file);
    print_bash_plugins(file);
    print_bash_commands(file);
    (void)fprintf(file, "}\ncomplete -F _%s %s\n", program.function,
                  program.name);
}

/* ---------------------------------------------------------------------- zsh */

static void print_zsh_option(FILE *file, const struct item *item)
{
    const bool has_value = item->value[0] != '\0';

    if (item->letter != '\0') {
        (void)fprintf(file, "    '(-%c --%s)'{-%c%s,--%s%s}'[", item->letter,
                      item->name, item->letter, has_value ? "+" : "",
                      item->name, has_value ? "=" : "");
    } else {
        (void)fprintf(file, "    '--%s%s[", item->name, has_value ? "=" : "");
    }
    print_help(file, item->help, "'\\''", "[]:\\");
    (void)fputc(']', file);
    if (has_value) {
        (void)fprintf(file, ":%s:", item->value);
        if (is_file(item)) {
            (void)fputs(is_folder(item) ? "_files -/" : "_files", file);
        } else {
            (void)fputc('(', file);
            print_words(file, item);
            (void)fputc(')', file);
        }
    }
    (void)fputs("' \\\n", file);
}

static void print_zsh_commands(FILE *file)
{
    (void)fputs("    '1:COMMAND:((", file);
    for (size_t i = 0; i < program.count; i++) {
        const struct item *item = &program.items[i];

        if (item->kind == COMMAND) {
            (void)fprintf(file, "%s\\:\"", item->name);
            print_help(file, item->help, "'\\''", "\":\\");
            (void)fputs("\" ", file);
        }
    }
    (void)fputs("))'", file);
    for (size_t i = 0; i < program.count; i++) {
        const struct item *item = &program.items[i];

        if (item->kind == COMMAND && strcmp(item->value, "LEVEL") == 0) {
            (void)fprintf(file,
                          " \\\n    '2:ARGUMENT:{ (( words[(I)%s] )) && "
                          "compadd ",
                          item->name);
            print_words(file, item);
            (void)fputs(" }'", file);
        }
    }
}

static void print_zsh(FILE *file)
{
    (void)fprintf(file,
                  "#compdef %s\n"
                  "# Completion for zsh, made of what `%s --help` prints.\n"
                  "_arguments -s \\\n",
                  program.name, program.name);
    for (size_t i = 0; i < program.count; i++) {
        if (program.items[i].kind == OPTION) {
            print_zsh_option(file, &program.items[i]);
        }
    }
    if (program.is_server) {
        (void)fputs("    '*:PLUGIN:{ compadd -- ${(f)\"$(${words[1]} --list "
                    "2>/dev/null | sed \"s/ .*//\")\"}; _files -g \"*.so\" }'",
                    file);
    } else if (program.is_try) {
        (void)fputs("    '1:PLUGIN:_files -g \"*.so\"' \\\n"
                    "    '*:TRANSCRIPT:_files -g \"*.transcript\"'",
                    file);
    } else if (has(COMMAND)) {
        print_zsh_commands(file);
    } else {
        (void)fputs("    '1:NAME: '", file);
    }
    (void)fputc('\n', file);
}

/* --------------------------------------------------------------------- fish */

static void print_fish_item(FILE *file, const struct item *item)
{
    if (item->kind == OPTION) {
        (void)fprintf(file, "complete -c %s", program.name);
        if (item->letter != '\0') {
            (void)fprintf(file, " -s %c", item->letter);
        }
        (void)fprintf(file, " -l %s", item->name);
        if (is_folder(item)) {
            (void)fputs(" -x -a '(__fish_complete_directories)'", file);
        } else if (is_file(item)) {
            (void)fputs(" -r -F", file);
        } else if (has_words(item)) {
            (void)fputs(" -x -a '", file);
            print_words(file, item);
            (void)fputc('\'', file);
        } else if (item->value[0] != '\0') {
            (void)fputs(" -x", file);
        }
    } else if (item->kind == COMMAND) {
        (void)fprintf(file, "complete -c %s -n __fish_use_subcommand -a %s",
                      program.name, item->name);
    } else {
        return;
    }
    (void)fputs(" -d '", file);
    print_help(file, item->help, "\\'", "\\");
    (void)fputs("'\n", file);
    if (item->kind == COMMAND && strcmp(item->value, "LEVEL") == 0) {
        (void)fprintf(file,
                      "complete -c %s -n '__fish_seen_subcommand_from %s' -a '",
                      program.name, item->name);
        print_words(file, item);
        (void)fputs("'\n", file);
    }
}

static void print_fish(FILE *file)
{
    (void)fprintf(file,
                  "# Completion for fish, made of what `%s --help` prints.\n"
                  "complete -c %s -f\n",
                  program.name, program.name);
    for (size_t i = 0; i < program.count; i++) {
        print_fish_item(file, &program.items[i]);
    }
    if (program.is_server) {
        (void)fprintf(file,
                      "complete -c %s -a '(%s --list 2>/dev/null | "
                      "string replace -r \" .*\" \"\")'\n",
                      program.name, program.name);
    }
    if (program.is_server || program.is_try) {
        (void)fprintf(file,
                      "complete -c %s -a '(__fish_complete_suffix .so)'\n",
                      program.name);
    }
    if (program.is_try) {
        (void)fprintf(
            file, "complete -c %s -a '(__fish_complete_suffix .transcript)'\n",
            program.name);
    }
}

/* --------------------------------------------------------------------- main */

static const struct shell {
    const char *name;
    void (*print)(FILE *file);
} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

static const struct shell *find_shell(const char *name)
{
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i].name, name) == 0) {
            return &shells[i];
        }
    }
    return NULL;
}

static void set_program(const char *name)
{
    program.name = name;
    (void)snprintf(program.function, sizeof(program.function), "%s", name);
    for (char *next = program.function; *next != '\0'; next++) {
        *next = *next == '-' ? '_' : *next;
    }
}

int main(int argc, char **argv)
{
    const struct shell *shell = argc == 4 ? find_shell(argv[1]) : NULL;
    bool is_fine;
    FILE *file;

    if (shell == NULL) {
        (void)fputs("Usage: PROGRAM --help | completion bash|zsh|fish PROGRAM "
                    "FILE\n",
                    stderr);
        return EXIT_FAILURE;
    }
    set_program(argv[2]);
    read_help(stdin);
    if (!has(OPTION)) {
        (void)fprintf(stderr, "completion: no options of %s\n", program.name);
        return EXIT_FAILURE;
    }
    file = fopen(argv[3], "we");
    if (file == NULL) {
        perror(argv[3]);
        return EXIT_FAILURE;
    }
    shell->print(file);
    is_fine = ferror(file) == 0;
    if (fclose(file) != 0 || !is_fine) {
        perror(argv[3]);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
