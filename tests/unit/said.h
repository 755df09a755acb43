/* SPDX-License-Identifier: MIT */
/*
 * A command line, and what is said of it on stderr:
 *
 *     argc = said_split("berth --workers x", argv);
 *     said_begin();
 *     result = cli_parse(&cli, argc, argv);
 *     said_end();
 *     ck_assert_ptr_nonnull(strstr(said, "not a number"));
 */
#ifndef BERTH_SAID_H
#define BERTH_SAID_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAID_WORDS_MAX 32

static char said[4096]; /* between the last begin and end */
static int said_fd;
static int said_stderr; /* the real one */

static inline void said_begin(void)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    said_fd = dup(fileno(file));
    ck_assert_int_eq(fclose(file), 0);
    said_stderr = dup(STDERR_FILENO);
    ck_assert_int_eq(dup2(said_fd, STDERR_FILENO), STDERR_FILENO);
}

static inline void said_end(void)
{
    ssize_t count;

    (void)fflush(stderr);
    ck_assert_int_eq(dup2(said_stderr, STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(close(said_stderr), 0);
    count = pread(said_fd, said, sizeof(said) - 1, 0);
    ck_assert_int_ge(count, 0);
    said[count] = '\0';
    ck_assert_int_eq(close(said_fd), 0);
}

/* The words of a line, a blank apart; valid until the next call. Returns how
   many; a NULL is behind them. */
static inline int said_split(const char *line, char *argv[SAID_WORDS_MAX + 1])
{
    static char text[512];
    char *rest = text;
    int argc = 0;

    (void)snprintf(text, sizeof(text), "%s", line);
    while (argc < SAID_WORDS_MAX && (argv[argc] = strsep(&rest, " ")) != NULL) {
        argc += argv[argc][0] != '\0';
    }
    argv[argc] = NULL;
    return argc;
}

#endif
