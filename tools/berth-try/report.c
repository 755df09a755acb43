/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdbool.h>
#include <string.h>

#include "manner.h"

static void print_details(const char *details, const char *lead, FILE *stream)
{
    while (*details != '\0') {
        size_t length = strcspn(details, "\n");

        (void)fprintf(stream, "%s  %.*s\n", lead, (int)length, details);
        details += length + 1;
    }
}

/* What the peer sends from a place on. Returns how many bytes. */
static size_t gather(const struct transcript *transcript,
                     size_t from,
                     char *bytes,
                     size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < transcript->count && count < size; i++) {
        const struct step *step = &transcript->steps[i];
        size_t skipped = from < step->size ? from : step->size;
        size_t some = step->size - skipped;

        if (step->kind != STEP_SEND) {
            continue;
        }
        some = some < size - count ? some : size - count;
        memcpy(bytes + count, step->bytes + skipped, some);
        count += some;
        from -= skipped;
    }
    return count;
}

static void print_hint(const char *lead, FILE *stream)
{
    (void)fprintf(stream, "%s  %-9s%s\n", lead, "hint",
                  "CR and LF came one after the other: a CR at the end of data "
                  "says nothing yet");
}

/* Is there a line that ends with CR and LF? */
static bool has_line(const struct transcript *transcript)
{
    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        if (step->kind == STEP_SEND && step->size > 1 &&
            memmem(step->bytes, step->size, "\r\n", 2) != NULL) {
            return true;
        }
    }
    return false;
}

/* The bytes before and behind a place in what the peer sends. */
static void print_place(const struct script *script,
                        const char *variant,
                        const char *lead,
                        FILE *stream)
{
    struct manner manner;
    char around[32];
    char before[65];
    char behind[65];
    size_t from;
    size_t count;
    size_t middle;

    if (manner_parse(variant, &manner) < 0 ||
        (manner.kind != MANNER_SPLIT && manner.kind != MANNER_END &&
         manner.kind != MANNER_ZERO && manner.kind != MANNER_FLOOD)) {
        return;
    }
    from = manner.number > 16 ? manner.number - 16 : 0;
    count = gather(&script->transcript, from, around, sizeof(around));
    middle = manner.number - from < count ? manner.number - from : count;
    (void)finding_escape(before, sizeof(before), around, middle);
    (void)finding_escape(behind, sizeof(behind), around + middle,
                         count - middle);
    (void)fprintf(stream, "%s  %-9s%s\"%s\" | \"%s\"\n", lead, "place",
                  from > 0 ? "..." : "", before, behind);
    if (manner.kind == MANNER_SPLIT && middle > 0 && middle < count &&
        around[middle - 1] == '\r' && around[middle] == '\n') {
        print_hint(lead, stream);
    }
}

void report_finding(const struct script *script,
                    const struct finding_board *board,
                    const char *lead,
                    FILE *stream)
{
    struct manner manner;
    char words[256] = "";

    (void)fprintf(stream, "%s%s", lead, script->path);
    if (board->line > 0) {
        (void)fprintf(stream, ":%zu", board->line);
    }
    (void)fprintf(stream, ": %s\n", board->text);
    print_details(board->details, lead, stream);
    if (manner_parse(board->variant, &manner) == 0) {
        manner_describe(&manner, words, sizeof(words));
        (void)fprintf(stream, "%s  %-9s%s\n", lead, "when", words);
        print_place(script, board->variant, lead, stream);
        if (manner.kind == MANNER_ALIKE && board->rule == FINDING_MANNER &&
            has_line(&script->transcript)) {
            print_hint(lead, stream);
        }
    }
    if (finding_rules[board->rule].name != NULL) {
        (void)fprintf(stream, "%s  %-9s%s: %s\n", lead, "rule",
                      finding_rules[board->rule].name,
                      finding_rules[board->rule].help);
    }
}
