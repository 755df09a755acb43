/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "crumb.h"

#define FRAMES_MAX 6

/* How a report begins, behind which its name stands. */
static const struct {
    const char *begin;
    enum finding_rule rule;
} reports[] = {
    {"ERROR: LeakSanitizer: ", FINDING_LEAK},
    {"ERROR: AddressSanitizer: ", FINDING_CRASH},
    {"ERROR: libFuzzer: out-of-memory", FINDING_MEMORY},
    {"runtime error: ", FINDING_CRASH},
};

static const char *name_running(const struct finding_board *board)
{
    return board->callback == CRUMB_NONE ? "the server"
                                         : crumb_callback_name(board->callback);
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line == '\0' ? line : line + 1;
}

/* "    #1 0x7f... in on_data /path/my.c:12:3": without the address. */
static void add_frame(struct finding_board *board, const char *line)
{
    const char *what = strstr(line, " in ");
    const char *end = line + strcspn(line, "\n");

    if (what != NULL && what < end) {
        finding_detail(board, "at", "%.*s", (int)(end - what - 4), what + 4);
    }
}

static void add_frames(struct finding_board *board, const char *line)
{
    int count = 0;

    for (; *line != '\0' && count < FRAMES_MAX; line = next_line(line)) {
        if (strncmp(line, "    #", 5) == 0) {
            add_frame(board, line);
            count++;
        } else if (count > 0) {
            return; /* the first stack is that of the fault */
        }
    }
}

/* Addresses are others each time: the name ends before "on address 0x..." and
   "on unknown address 0x...". */
static int measure(const char *name)
{
    size_t length = strcspn(name, "\n");
    const char *place = memmem(name, length, " on ", 4);

    return (int)(place == NULL ? length : (size_t)(place - name));
}

void verdict_read(const char *text, struct finding_board *board)
{
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
        const char *found = strstr(text, reports[i].begin);
        const char *name;

        if (found == NULL || board->is_found) {
            continue;
        }
        name = found + strcspn(found, ":") + 2;
        add_frames(board, next_line(found));
        finding_note(board, reports[i].rule, "%s (call %llu): %.*s",
                     name_running(board), (unsigned long long)board->call,
                     measure(name), name);
    }
}
