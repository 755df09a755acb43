/* SPDX-License-Identifier: MIT */
/*
 * For the build: makes a shell's completion of a program out of its help, which
 * the program makes of its own tables.
 *
 *     PROGRAM --help | completion bash|zsh|fish PROGRAM FILE
 *
 * In a help an option stands in a line "  -x, --name VALUE  what it is", and a
 * command in "  name VALUE  what it is" before the first option. Where options
 * take a RULE, what that may be stands below a line that begins with "Rules":
 * "  name  what it is" in a line, or names alone. Of other VALUEs
 * completion/help.c knows what is offered.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "completion/help.h"

/* In single quotes, with those of the text as `quote`, and a backslash before
   each of `special`. */
static void print_quoted(FILE *file,
                         const char *text,
                         const char *quote,
                         const char *special)
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
    if (help_is_file(item)) {
        (void)fprintf(file,
                      "        compopt -o filenames 2>/dev/null\n"
                      "        mapfile -t COMPREPLY < <(compgen -%c -- "
                      "\"$word\")\n",
                      help_is_folder(item) ? 'd' : 'f');
    } else if (help_has_words(item)) {
        (void)fputs("        mapfile -t COMPREPLY < <(compgen -W '", file);
        help_print_words(file, item);
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
    if (!help_has(COMMAND)) {
        return;
    }
    (void)fputs("    for earlier in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
                "        case $earlier in\n"
                "        ",
                file);
    help_print_names(file, COMMAND, " | ", "");
    (void)fputs(") return ;;\n"
                "        esac\n"
                "    done\n"
                "    mapfile -t COMPREPLY < <(compgen -W '",
                file);
    help_print_names(file, COMMAND, " ", "");
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
                  help_has(COMMAND) ? " earlier" : "");
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
    help_print_names(file, OPTION, " --", "--");
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
    print_quoted(file, item->help, "'\\''", "[]:\\");
    (void)fputc(']', file);
    if (has_value) {
        (void)fprintf(file, ":%s:", item->value);
        if (help_is_file(item)) {
            (void)fputs(help_is_folder(item) ? "_files -/" : "_files", file);
        } else {
            (void)fputc('(', file);
            help_print_words(file, item);
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
            print_quoted(file, item->help, "'\\''", "\":\\");
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
            help_print_words(file, item);
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
    } else if (help_has(COMMAND)) {
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
        if (help_is_folder(item)) {
            (void)fputs(" -x -a '(__fish_complete_directories)'", file);
        } else if (help_is_file(item)) {
            (void)fputs(" -r -F", file);
        } else if (help_has_words(item)) {
            (void)fputs(" -x -a '", file);
            help_print_words(file, item);
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
    print_quoted(file, item->help, "\\'", "\\");
    (void)fputs("'\n", file);
    if (item->kind == COMMAND && strcmp(item->value, "LEVEL") == 0) {
        (void)fprintf(file,
                      "complete -c %s -n '__fish_seen_subcommand_from %s' -a '",
                      program.name, item->name);
        help_print_words(file, item);
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
    help_set_program(argv[2]);
    help_read(stdin);
    if (!help_has(OPTION)) {
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
