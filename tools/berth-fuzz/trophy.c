/* SPDX-License-Identifier: MIT */
#include "trophy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth-try/report.h"

#define NAMES_MAX 1000

/* ------------------------------------------------------------ the transcript */

/* What came after a step, if that is known. */
static void
write_answer(const struct hunt_board *board, size_t step, FILE *file)
{
    size_t from = step == 0 ? 0 : board->after[step - 1];
    struct step answer = {.kind = STEP_EXPECT};

    if (step >= board->steps || board->after[step] <= from) {
        return;
    }
    answer.size = board->after[step] - from;
    /* It is only read. */
    answer.bytes = (char *)(uintptr_t)board->bytes + from;
    transcript_write_step(&answer, file);
}

static void write_transcript(const struct shrink *shrink,
                             const struct script *script,
                             FILE *file)
{
    const struct transcript *transcript = &script->transcript;
    const struct hunt_board *board = shrink->hunt->board;

    (void)fprintf(file, "# Found by berth-fuzz: %s\n", shrink->board->text);
    transcript_write_head(transcript, file);
    write_answer(board, 0, file);
    for (size_t i = 0; i < transcript->count; i++) {
        transcript_write_step(&transcript->steps[i], file);
        write_answer(board, i + 1, file);
    }
}

/* found-NAME.transcript in the working folder, or found-NAME-2 and so on: what
   is there stays. */
static FILE *open_new(const char *plugin, char name[PATH_MAX])
{
    const char *base = strrchr(plugin, '/');
    FILE *file = NULL;
    size_t length;

    base = base == NULL ? plugin : base + 1;
    length = strcspn(base, ".");
    for (int i = 1; i < NAMES_MAX && file == NULL; i++) {
        char number[16] = "";

        if (i > 1) {
            (void)snprintf(number, sizeof(number), "-%d", i);
        }
        (void)snprintf(name, PATH_MAX, "found-%.*s%s.transcript", (int)length,
                       base, number);
        file = fopen(name, "wxe");
        if (file == NULL && errno != EEXIST) {
            return NULL;
        }
    }
    return file;
}

static int write_file(const struct shrink *shrink,
                      const struct script *script,
                      char name[PATH_MAX])
{
    const struct options *options = shrink->hunt->options;
    FILE *file;

    if (options->output == NULL) {
        file = open_new(options->subject.plugin, name);
    } else {
        (void)snprintf(name, PATH_MAX, "%s", options->output);
        file = fopen(name, "we");
    }
    if (file == NULL) {
        int error = -errno;

        (void)fprintf(stderr, "berth-fuzz: %s: %s\n", name, strerror(-error));
        return error;
    }
    write_transcript(shrink, script, file);
    return fclose(file) == 0 ? 0 : -EIO;
}

/* ------------------------------------------------------------- what is shown */

int trophy_show(const struct shrink *shrink, bool is_repeated)
{
    char name[PATH_MAX];
    char variant[MANNER_NAME_MAX];
    struct script script;
    struct feed input;
    int error = feed_decode(&input, shrink->input, shrink->size);

    if (error < 0) {
        return error;
    }
    script = hunt_script(shrink->hunt, &input);
    error = write_file(shrink, &script, name);
    script.path = error == 0 ? name : "found";
    manner_name(&input.manner, variant);
    report_finding(&script, shrink->board, "", stdout);
    if (!is_repeated) {
        (void)printf("  %-9s%s\n", "note",
                     "alone this input shows nothing: it takes others before. "
                     "Something is kept from one server to the next, in a "
                     "global variable perhaps");
    }
    (void)printf("  %-9s", "repeat");
    options_print_repeat(shrink->hunt->options, variant, script.path, stdout);
    (void)putchar('\n');
    write_transcript(shrink, &script, stdout);
    feed_fini(&input);
    return error;
}
