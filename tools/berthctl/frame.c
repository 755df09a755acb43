/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "amount.h"
#include "columns.h"
#include "line.h"

/* Lines that are always there: the server's two, two empty ones, the titles of
   two tables, the notice. */
#define FIXED_LINES 7
/* Of an entry's row: all but its name. */
#define NUMBERS_WIDTH 59
#define NAME_WIDTH_MIN 10
#define SERVING "serving"

__attribute__((format(printf, 3, 4))) static void
put(const struct frame *frame, bool is_title, const char *format, ...)
{
    char text[1024];
    struct line line = {.limit = LINE_SIZE - 1};
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    line_escape(&line, text, LINE_PLAIN);
    line.bytes[line.length] = '\0';
    frame->put(frame->arg, line.bytes, is_title);
}

/* ----------------------------------------------------------------- amounts */

static void print_count(char text[AMOUNT_TEXT_MAX], int64_t count)
{
    if (count < 0) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "-");
    } else {
        amount_print_count(text, (uint64_t)count);
    }
}

static void print_bytes(char text[AMOUNT_TEXT_MAX], int64_t bytes)
{
    if (bytes < 0) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "-");
    } else {
        amount_print_bytes(text, (uint64_t)bytes);
    }
}

static void print_time(char text[AMOUNT_TEXT_MAX], uint64_t ns)
{
    if (ns == 0) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "-");
    } else if (ns == BUCKETS_INFINITE) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "long");
    } else {
        amount_print_ns(text, ns);
    }
}

static void print_percent(char text[AMOUNT_TEXT_MAX], int64_t thousandths)
{
    if (thousandths < 0) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "-");
    } else {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 ".%d%%",
                       thousandths / 10, (int)(thousandths % 10));
    }
}

/* -------------------------------------------------------------- the server */

static const char *status_text(const struct frame *frame,
                               enum columns_status column)
{
    size_t count;
    const struct table_column *columns = columns_get(COLUMNS_STATUS, &count);
    const char *text = sheet_text(&frame->now->status, 0, columns[column].name);

    return text == NULL || *text == '\0' ? "-" : text;
}

static int64_t status_number(const struct frame *frame,
                             enum columns_status column)
{
    size_t count;
    const struct table_column *columns = columns_get(COLUMNS_STATUS, &count);

    return sheet_number(&frame->now->status, 0, columns[column].name);
}

static void put_server(const struct frame *frame)
{
    char uptime[AMOUNT_TEXT_MAX] = "-";
    char open[AMOUNT_TEXT_MAX];
    char accepted[AMOUNT_TEXT_MAX];
    const int64_t seconds = status_number(frame, COLUMNS_STATUS_UPTIME);

    if (seconds >= 0) {
        amount_print_seconds(uptime, (uint64_t)seconds);
    }
    print_count(open, status_number(frame, COLUMNS_STATUS_OPEN));
    print_count(accepted, rates_of_server(frame->now, frame->before));
    put(frame, false, "berth %s  process %s  %s  up %s  generation %s",
        status_text(frame, COLUMNS_STATUS_VERSION),
        status_text(frame, COLUMNS_STATUS_PID),
        status_text(frame, COLUMNS_STATUS_STATE), uptime,
        status_text(frame, COLUMNS_STATUS_GENERATION));
    put(frame, false,
        "%s connections  %s/s accepted  %s workers  %s crashes  last reload %s",
        open, accepted, status_text(frame, COLUMNS_STATUS_WORKERS),
        status_text(frame, COLUMNS_STATUS_CRASHES),
        status_text(frame, COLUMNS_STATUS_LAST_RELOAD));
}

/* ----------------------------------------------------------------- entries */

/* A state is only told where it is not the usual one. */
static void print_label(char *label, size_t size, const struct entry_rates *e)
{
    if (strcmp(e->state, SERVING) == 0 || *e->state == '\0') {
        (void)snprintf(label, size, "%s", e->name);
    } else {
        (void)snprintf(label, size, "%s: %s", e->name, e->state);
    }
}

static void put_entry(const struct frame *frame, size_t row, size_t width)
{
    struct entry_rates rates;
    char label[256];
    char open[AMOUNT_TEXT_MAX];
    char accepted[AMOUNT_TEXT_MAX];
    char in[AMOUNT_TEXT_MAX];
    char out[AMOUNT_TEXT_MAX];
    char callbacks[AMOUNT_TEXT_MAX];
    char p99[AMOUNT_TEXT_MAX];
    char queued[AMOUNT_TEXT_MAX];

    rates_of_entry(&rates, frame->now, frame->before, row);
    print_label(label, sizeof(label), &rates);
    print_count(open, rates.open);
    print_count(accepted, rates.accepted);
    print_bytes(in, rates.in);
    print_bytes(out, rates.out);
    print_count(callbacks, rates.callbacks);
    print_time(p99, rates.p99_ns);
    print_bytes(queued, rates.queued);
    put(frame, false, "%-*.*s %6s %8s %8s %8s %7s %7s %8s", (int)width,
        (int)width, label, open, accepted, in, out, callbacks, p99, queued);
}

/* Names have what the numbers leave over, but no more than they need. */
static size_t choose_name_width(const struct frame *frame)
{
    const size_t most = frame->width > NUMBERS_WIDTH + NAME_WIDTH_MIN
                            ? frame->width - NUMBERS_WIDTH
                            : NAME_WIDTH_MIN;
    size_t width = NAME_WIDTH_MIN;

    for (size_t i = 0; i < frame->now->entries.rows; i++) {
        struct entry_rates rates;
        char label[256];

        rates_of_entry(&rates, frame->now, frame->before, i);
        print_label(label, sizeof(label), &rates);
        width = strlen(label) > width ? strlen(label) : width;
    }
    return width < most ? width : most;
}

static void put_rest(const struct frame *frame, size_t rows, size_t shown)
{
    if (shown < rows) {
        put(frame, false, "... %zu more", rows - shown);
    }
}

static void put_entries(const struct frame *frame, size_t lines)
{
    const size_t rows = frame->now->entries.rows;
    const size_t shown = rows <= lines ? rows : lines - 1;
    const size_t width = choose_name_width(frame);

    put(frame, true, "%-*s %6s %8s %8s %8s %7s %7s %8s", (int)width, "ENTRY",
        "OPEN", "ACCEPT/S", "IN/S", "OUT/S", "CALLS/S", "P99", "QUEUED");
    for (size_t i = 0; i < shown; i++) {
        put_entry(frame, i, width);
    }
    put_rest(frame, rows, shown);
}

/* ----------------------------------------------------------------- workers */

static void put_worker(const struct frame *frame, size_t row)
{
    struct worker_rates rates;
    char cpu[AMOUNT_TEXT_MAX];
    char open[AMOUNT_TEXT_MAX];
    char accepted[AMOUNT_TEXT_MAX];

    rates_of_worker(&rates, frame->now, frame->before, row);
    print_percent(cpu, rates.cpu);
    print_count(open, rates.open);
    print_count(accepted, rates.accepted);
    put(frame, false, "%6" PRId64 " %10" PRId64 " %8s %7s %6s %8s  %s",
        rates.number, rates.generation, *rates.pid == '\0' ? "-" : rates.pid,
        cpu, open, accepted, rates.state);
}

static void put_workers(const struct frame *frame, size_t lines)
{
    const size_t rows = frame->now->workers.rows;
    const size_t shown = rows <= lines ? rows : lines - 1;

    put(frame, true, "%6s %10s %8s %7s %6s %8s  %s", "WORKER", "GENERATION",
        "PID", "CPU", "OPEN", "ACCEPT/S", "STATE");
    for (size_t i = 0; i < shown; i++) {
        put_worker(frame, i);
    }
    put_rest(frame, rows, shown);
}

/* ------------------------------------------------------------ the whole of it */

/* Both tables have what they need, or half of the lines, or what the other one
   leaves over. */
static size_t share(size_t wanted, size_t other, size_t lines)
{
    const size_t half = lines / 2;
    const size_t left = other < lines - half ? lines - other : half;

    return wanted < left ? wanted : left;
}

void frame_print(const struct frame *frame)
{
    const size_t entries = frame->now->entries.rows;
    const size_t workers = frame->now->workers.rows;
    size_t lines;

    if (frame->width < FRAME_WIDTH_MIN || frame->height < FRAME_HEIGHT_MIN) {
        put(frame, false, "%zux%zu is too small: %dx%d", frame->width,
            frame->height, FRAME_WIDTH_MIN, FRAME_HEIGHT_MIN);
        return;
    }
    lines = frame->height - FIXED_LINES;
    put_server(frame);
    put(frame, false, "%s", "");
    put_entries(frame, lines - share(workers, entries, lines));
    put(frame, false, "%s", "");
    put_workers(frame, share(workers, entries, lines));
    if (frame->notice != NULL) {
        put(frame, false, "%s", frame->notice);
    }
}
