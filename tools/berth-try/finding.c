/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recording.h"

/* So many bytes of a difference are shown, and so many before it. */
#define SHOWN_MAX 96
#define SHOWN_BEFORE 32

const struct finding_rule_text finding_rules[FINDING_RULES] = {
    [FINDING_DIFFERENCE] = {NULL, "what comes is what the transcript says"},
    [FINDING_MANNER] = {"manner", "the answer does not depend on the pieces in "
                                  "which bytes arrive"},
    [FINDING_INIT] = {NULL, "init succeeds"},
    [FINDING_USE] = {NULL, "on_data uses no more than it is offered"},
    [FINDING_POINTER] = {NULL, "no pointer into the input is kept"},
    [FINDING_OVERRUN] = {NULL, "nothing is touched beyond input and state"},
    [FINDING_PARTIAL] = {"partial",
                         "what is unused when the peer finishes is not dropped "
                         "in silence"},
    [FINDING_LEAK] = {"leak", "all memory is freed in the end"},
    [FINDING_GROWTH] = {"growth",
                        "neither messages nor connections leave memory behind"},
    [FINDING_MEMORY] = {"memory", "a connection's memory has a bound"},
    [FINDING_SLOW] = {"slow", "no callback takes long"},
    [FINDING_ROOM] = {"room", "who writes much asks berth_room()"},
    [FINDING_JOB] = {NULL, "jobs leave connections, state and local alone"},
    [FINDING_CLOSED] = {"closed", "nothing is written after a close"},
    [FINDING_LOAN] = {NULL, "lent bytes stay as they are until released"},
    [FINDING_CRASH] = {NULL, "nothing crashes or hangs"},
    [FINDING_SERVER] = {NULL, "the server keeps its side of the contract"},
};

struct finding_board *finding_board_new(void)
{
    void *memory =
        mmap(NULL, sizeof(struct finding_board), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void finding_board_free(struct finding_board *board)
{
    if (board != NULL) {
        (void)munmap(board, sizeof(*board));
    }
}

/* ------------------------------------------------------------------- texts */

size_t finding_escape(char *text, size_t room, const char *bytes, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < size; i++) {
        char escaped[RECORDING_ESCAPE_MAX];
        size_t count = recording_escape(escaped, (unsigned char)bytes[i]);

        if (length + count >= room) {
            break;
        }
        memcpy(text + length, escaped, count);
        length += count;
    }
    text[length] = '\0';
    return length;
}

static void
add_line(struct finding_board *board, const char *name, const char *text)
{
    size_t length = strlen(board->details);

    (void)snprintf(board->details + length, sizeof(board->details) - length,
                   "%-9s%s\n", name, text);
}

void finding_detail(struct finding_board *board,
                    const char *name,
                    const char *format,
                    ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add_line(board, name, text);
}

void finding_detail_bytes(struct finding_board *board,
                          const char *name,
                          const char *bytes,
                          size_t size,
                          size_t around)
{
    char escaped[(4 * SHOWN_MAX) + 1];
    size_t from = around > SHOWN_BEFORE ? around - SHOWN_BEFORE : 0;
    size_t shown = size > from ? size - from : 0;

    if (shown > SHOWN_MAX) {
        shown = SHOWN_MAX;
    }
    (void)finding_escape(escaped, sizeof(escaped),
                         shown == 0 ? "" : bytes + from, shown);
    finding_detail(board, name, "%s\"%s\"%s", from > 0 ? "..." : "", escaped,
                   from + shown < size ? "..." : "");
}

/* ---------------------------------------------------------------- findings */

/* Two threads may find something at once. */
static void take(struct finding_board *board,
                 enum finding_rule rule,
                 const char *format,
                 va_list args) __attribute__((format(printf, 3, 0)));

static void take(struct finding_board *board,
                 enum finding_rule rule,
                 const char *format,
                 va_list args)
{
    if (atomic_flag_test_and_set(&board->is_taken)) {
        return;
    }
    board->rule = rule;
    (void)vsnprintf(board->text, sizeof(board->text), format, args);
    atomic_store(&board->is_found, true);
}

void finding_end(struct finding_board *board,
                 enum finding_rule rule,
                 const char *format,
                 ...)
{
    va_list args;

    va_start(args, format);
    take(board, rule, format, args);
    va_end(args);
    _exit(FINDING_STATUS);
}

void finding_note(struct finding_board *board,
                  enum finding_rule rule,
                  const char *format,
                  ...)
{
    va_list args;

    va_start(args, format);
    take(board, rule, format, args);
    va_end(args);
}
