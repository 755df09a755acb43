/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* So many characters of a source line are shown, around the place. */
#define WINDOW 100
#define WINDOW_BEFORE 60

#define TAB_WIDTH 8

struct range {
    uint32_t first, last;
};

/* Characters that show nothing, or change the order of others on the screen. */
static const struct range hidden[] = {
    {0x0080, 0x009f}, {0x00ad, 0x00ad},   {0x061c, 0x061c},    {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f},   {0xfeff, 0xfeff},    {0xfff9, 0xfffb},
    {0xe000, 0xf8ff}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

/* Characters drawn over the one before, and those two columns wide. */
static const struct range combining[] = {
    {0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

#define IS_IN(code_, ranges_)                                                  \
    is_in((code_), (ranges_), sizeof(ranges_) / sizeof((ranges_)[0]))

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* One character as it is shown: its bytes, and the columns that they take. */
struct glyph {
    char text[16];
    size_t columns;
    size_t used; /* bytes of the source */
};

static void draw_glyph(struct glyph *glyph, const char *text, size_t size)
{
    uint32_t code = 0;
    int length;

    glyph->used = utf8_decode(text, size, &code);
    if (glyph->used == 0 || code < 0x20 || code == 0x7f) {
        glyph->used = 1;
        length = code == '\n'
                     ? snprintf(glyph->text, sizeof(glyph->text), "\\n")
                     : snprintf(glyph->text, sizeof(glyph->text), "\\x%02x",
                                (unsigned char)text[0]);
        glyph->columns = (size_t)length;
    } else if (code >= 0x80 && IS_IN(code, hidden)) {
        length = snprintf(glyph->text, sizeof(glyph->text), "\\u%04x", code);
        glyph->columns = (size_t)length;
    } else {
        memcpy(glyph->text, text, glyph->used);
        glyph->text[glyph->used] = '\0';
        glyph->columns = code < 0x80              ? 1
                         : IS_IN(code, combining) ? 0
                         : IS_IN(code, wide)      ? 2
                                                  : 1;
    }
}

static void print_escaped(const char *text, FILE *stream)
{
    size_t left = strlen(text);
    struct glyph glyph;

    while (left > 0) {
        draw_glyph(&glyph, text, left);
        (void)fputs(glyph.text, stream);
        text += glyph.used;
        left -= glyph.used;
    }
}

static void print_times(char c, size_t times, FILE *stream)
{
    while (times-- > 0) {
        (void)fputc(c, stream);
    }
}

static int compare_numbers(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_items(const void *left, const void *right)
{
    const struct diagnostic *a = *(const struct diagnostic *const *)left;
    const struct diagnostic *b = *(const struct diagnostic *const *)right;
    int order = compare_numbers(a->file_order, b->file_order);

    if (order == 0) {
        order = compare_numbers(a->place.line, b->place.line);
    }
    if (order == 0) {
        order = compare_numbers(a->place.column, b->place.column);
    }
    return order != 0 ? order : compare_numbers(a->sequence, b->sequence);
}

/* Finds a line of a file that is attached. Returns NULL if there is none. */
static const char *find_line(const struct errors *errors,
                             const struct place *place,
                             size_t *length)
{
    const struct error_source *source = errors->sources;
    const char *line, *end;
    const char *newline = NULL;

    while (source != NULL && strcmp(source->name, place->file) != 0) {
        source = source->next;
    }
    if (source == NULL) {
        return NULL;
    }
    line = source->text;
    end = source->text + source->size;
    for (size_t i = 1; i < place->line; i++) {
        newline = memchr(line, '\n', (size_t)(end - line));
        if (newline == NULL) {
            return NULL;
        }
        line = newline + 1;
    }
    newline = memchr(line, '\n', (size_t)(end - line));
    end = newline == NULL ? end : newline;
    if (end > line && end[-1] == '\r') {
        end--;
    }
    *length = (size_t)(end - line);
    return line;
}

/* A line being drawn: where its caret begins and how long its tail is. */
struct drawing {
    size_t first, last; /* the characters to show, from 1 */
    size_t column;      /* on the screen, from 0 */
    size_t caret, caret_end;
};

/* The next character of the line: a tab becomes the blanks it stands for. */
static void draw_next(struct glyph *glyph,
                      const char *text,
                      size_t size,
                      const struct drawing *drawing)
{
    if (*text != '\t') {
        draw_glyph(glyph, text, size);
        return;
    }
    glyph->used = 1;
    glyph->columns = TAB_WIDTH - drawing->column % TAB_WIDTH;
    (void)snprintf(glyph->text, sizeof(glyph->text), "%*s", (int)glyph->columns,
                   "");
}

static void draw_line(struct drawing *drawing,
                      const struct place *place,
                      const char *line,
                      size_t length,
                      FILE *stream)
{
    const size_t behind =
        place->column + (place->length == 0 ? 1 : place->length);
    struct glyph glyph;
    size_t number = 1; /* of the character */
    size_t at = 0;

    if (drawing->first > 1) {
        drawing->column = (size_t)fprintf(stream, "...");
    }
    drawing->caret = drawing->column;
    for (; at < length && number <= drawing->last; number++) {
        draw_next(&glyph, line + at, length - at, drawing);
        at += glyph.used;
        if (number < drawing->first) {
            continue;
        }
        (void)fputs(glyph.text, stream);
        if (number == place->column) {
            drawing->caret = drawing->column;
        }
        drawing->column += glyph.columns;
        if (number < behind) {
            drawing->caret_end = drawing->column;
        }
        if (number < place->column) {
            drawing->caret = drawing->column;
        }
    }
    (void)fputs(at < length ? "...\n" : "\n", stream);
}

static void print_excerpt(const struct errors *errors,
                          const struct place *place,
                          FILE *stream)
{
    struct drawing drawing = {.first = 1, .last = WINDOW};
    size_t length = 0;
    const char *line = NULL;

    if (!place->is_secret && place->column != 0) {
        line = find_line(errors, place, &length);
    }
    if (line == NULL) {
        return;
    }
    if (place->column > WINDOW_BEFORE) {
        drawing.first = place->column - WINDOW_BEFORE;
        drawing.last = drawing.first + WINDOW - 1;
    }
    if (length <= WINDOW) {
        drawing.first = 1;
        drawing.last = WINDOW;
    }
    (void)fprintf(stream, "%5zu | ", place->line);
    draw_line(&drawing, place, line, length, stream);
    (void)fprintf(stream, "%5s | ", "");
    print_times(' ', drawing.caret, stream);
    (void)fputc('^', stream);
    if (drawing.caret_end > drawing.caret) {
        print_times('~', drawing.caret_end - drawing.caret - 1, stream);
    }
    (void)fputc('\n', stream);
}

static void print_item(const struct errors *errors,
                       const struct diagnostic *item,
                       FILE *stream)
{
    const struct place *place = &item->place;

    print_escaped(place->file == NULL ? "berth" : place->file, stream);
    if (place->file != NULL && place->line != 0) {
        (void)fprintf(stream, ":%zu", place->line);
        if (place->column != 0) {
            (void)fprintf(stream, ":%zu", place->column);
        }
    }
    (void)fprintf(stream, ": %s: ", item->level);
    print_escaped(item->text, stream);
    (void)fputc('\n', stream);
    if (place->file != NULL && place->line != 0) {
        print_excerpt(errors, place, stream);
    }
    if (item->hint != NULL && item->hint[0] != '\0') {
        (void)fputs("  hint: ", stream);
        print_escaped(item->hint, stream);
        (void)fputc('\n', stream);
    }
}

void errors_print(struct errors *errors, FILE *stream)
{
    if (errors->count > 1) {
        qsort(errors->items, errors->count, sizeof(struct diagnostic *),
              compare_items);
    }
    for (size_t i = 0; i < errors->count; i++) {
        print_item(errors, errors->items[i], stream);
    }
    if (errors->is_too_many) {
        (void)fputs("berth: error: too many errors\n", stream);
    }
    if (errors->is_out_of_memory) {
        (void)fputs("berth: error: out of memory\n", stream);
    }
}

char *errors_text(struct errors *errors, size_t *size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL) {
        return NULL;
    }
    errors_print(errors, stream);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    if (size != NULL) {
        *size = length;
    }
    return text;
}
