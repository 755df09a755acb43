/* SPDX-License-Identifier: MIT */
/*
 * For the build: makes a manual page of its source. A line
 *
 *     .\" insert options
 *     .\" insert keys PATH
 *
 * becomes the options of the command line, or the keys of server.yaml that
 * manual_print_keys() prints for PATH; all other lines stay as they are.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "manual.h"

static const char options[] = ".\\\" insert options";
static const char keys[] = ".\\\" insert keys";

/* Returns 0 or -errno. */
static int print_line(FILE *page, const char *line)
{
    if (strcmp(line, options) == 0) {
        cli_print_manual(page);
        return 0;
    }
    if (strncmp(line, keys, sizeof(keys) - 1) == 0) {
        const char *path = line + sizeof(keys) - 1;

        return manual_print_keys(page, path + (*path == ' ' ? 1 : 0));
    }
    return fprintf(page, "%s\n", line) < 0 ? -errno : 0;
}

static int print_page(FILE *page, FILE *source)
{
    char line[1024];
    int error = 0;

    while (error == 0 && fgets(line, sizeof(line), source) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        error = print_line(page, line);
        if (error < 0) {
            (void)fprintf(stderr, "manual: %s: %s\n", line, strerror(-error));
        }
    }
    return ferror(source) != 0 || ferror(page) != 0 ? -EIO : error;
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);

    if (file == NULL) {
        perror(path);
    }
    return file;
}

int main(int argc, char **argv)
{
    FILE *source, *page;
    bool is_fine;

    if (argc != 3) {
        (void)fputs("Usage: manual SOURCE PAGE\n", stderr);
        return EXIT_FAILURE;
    }
    source = open_file(argv[1], "re");
    if (source == NULL) {
        return EXIT_FAILURE;
    }
    page = open_file(argv[2], "we");
    if (page == NULL) {
        (void)fclose(source);
        return EXIT_FAILURE;
    }
    is_fine = print_page(page, source) == 0;
    (void)fclose(source);
    if (fclose(page) != 0) {
        perror(argv[2]);
        is_fine = false;
    }
    return is_fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
