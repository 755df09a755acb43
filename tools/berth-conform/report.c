/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <string.h>

#define WIDTH 78
#define INDENT 18

/* Words from the column on, in lines; the first one is begun. */
static void print_wrapped(FILE *stream, const char *text)
{
    size_t column = INDENT;

    while (*text != '\0') {
        const size_t length = strcspn(text, " ");

        if (column > INDENT && column + 1 + length > WIDTH) {
            (void)fprintf(stream, "\n%*s", INDENT, "");
            column = INDENT;
        } else if (column > INDENT) {
            (void)fputc(' ', stream);
            column++;
        }
        (void)fprintf(stream, "%.*s", (int)length, text);
        column += length;
        text += length + (text[length] == ' ' ? 1 : 0);
    }
    (void)fputc('\n', stream);
}

void report_list(FILE *stream)
{
    size_t count;
    const struct check *checks = checks_all(&count);

    for (size_t i = 0; i < count; i++) {
        (void)fprintf(stream, "%-*s", INDENT, checks[i].name);
        print_wrapped(stream, checks[i].why);
    }
}

void report_begin(struct report *report, size_t checks)
{
    switch (report->format) {
    case REPORT_TAP:
        (void)fprintf(report->stream, "1..%zu\n", checks);
        break;
    case REPORT_JSON:
        report->json = (struct json){.stream = report->stream};
        json_begin(&report->json, '{');
        json_key_text(&report->json, "address", report->address);
        json_key_text(&report->json, "profile", profile_name(report->profile));
        json_key_begin(&report->json, "checks", '[');
        break;
    default:
        (void)fprintf(report->stream, "%s, profile %s\n\n", report->address,
                      profile_name(report->profile));
        break;
    }
}

static void add_text(struct report *report,
                     const struct check *check,
                     const struct verdict *verdict)
{
    static const char *const words[] = {"pass", "FAIL", "skip"};
    FILE *stream = report->stream;

    (void)fprintf(stream, "%s  %s%*s%s\n", words[verdict->kind], check->name,
                  verdict->note[0] == '\0' || verdict->kind == VERDICT_FAIL
                      ? 0
                      : INDENT - (int)strlen(check->name),
                  "", verdict->kind == VERDICT_FAIL ? "" : verdict->note);
    if (verdict->kind == VERDICT_FAIL) {
        (void)fprintf(stream, "      %s\n", check->why);
        (void)fprintf(stream, "      expected  %s\n", verdict->expected);
        (void)fprintf(stream, "      got       %s\n", verdict->got);
    }
}

static void add_tap(struct report *report,
                    const struct check *check,
                    const struct verdict *verdict)
{
    const size_t number =
        report->counts[0] + report->counts[1] + report->counts[2];
    FILE *stream = report->stream;

    switch (verdict->kind) {
    case VERDICT_FAIL:
        (void)fprintf(stream, "not ok %zu - %s\n", number, check->name);
        (void)fprintf(stream, "#   why      %s\n", check->why);
        (void)fprintf(stream, "#   expected %s\n", verdict->expected);
        (void)fprintf(stream, "#   got      %s\n", verdict->got);
        break;
    case VERDICT_SKIP:
        (void)fprintf(stream, "ok %zu - %s # SKIP %s\n", number, check->name,
                      verdict->note);
        break;
    default:
        (void)fprintf(stream, "ok %zu - %s\n", number, check->name);
        if (verdict->note[0] != '\0') {
            (void)fprintf(stream, "#   %s\n", verdict->note);
        }
        break;
    }
}

static void add_json(struct report *report,
                     const struct check *check,
                     const struct verdict *verdict)
{
    struct json *json = &report->json;

    json_begin(json, '{');
    json_key_text(json, "name", check->name);
    json_key_text(json, "why", check->why);
    json_key_text(json, "verdict", verdict_name(verdict->kind));
    if (verdict->kind == VERDICT_FAIL) {
        json_key_text(json, "expected", verdict->expected);
        json_key_text(json, "got", verdict->got);
    } else if (verdict->note[0] != '\0') {
        json_key_text(json, "note", verdict->note);
    }
    json_end(json, '}');
}

void report_add(struct report *report,
                const struct check *check,
                const struct verdict *verdict)
{
    report->counts[verdict->kind]++;
    switch (report->format) {
    case REPORT_TAP:
        add_tap(report, check, verdict);
        break;
    case REPORT_JSON:
        add_json(report, check, verdict);
        break;
    default:
        add_text(report, check, verdict);
        break;
    }
    (void)fflush(report->stream); /* some checks take their time */
}

void report_end(struct report *report)
{
    const size_t *counts = report->counts;

    switch (report->format) {
    case REPORT_TAP:
        break;
    case REPORT_JSON:
        json_end(&report->json, ']');
        json_key_number(&report->json, "passed", (int64_t)counts[VERDICT_PASS]);
        json_key_number(&report->json, "failed", (int64_t)counts[VERDICT_FAIL]);
        json_key_number(&report->json, "skipped",
                        (int64_t)counts[VERDICT_SKIP]);
        json_end(&report->json, '}');
        (void)fputc('\n', report->stream);
        break;
    default:
        (void)fprintf(report->stream, "\n%zu passed, %zu failed, %zu skipped\n",
                      counts[VERDICT_PASS], counts[VERDICT_FAIL],
                      counts[VERDICT_SKIP]);
        break;
    }
}
