/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Longer messages are cut: nobody reads more of one. */
#define TEXT_MAX 8192

void errors_init(struct errors *errors)
{
    *errors = (struct errors){.items = NULL};
}

void errors_fini(struct errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        free(errors->items[i]);
    }
    free(errors->items);
    while (errors->sources != NULL) {
        struct error_source *next = errors->sources->next;

        free(errors->sources);
        errors->sources = next;
    }
    errors_init(errors);
}

void errors_no_memory(struct errors *errors)
{
    errors->errors += errors->is_out_of_memory ? 0 : 1;
    errors->is_out_of_memory = true;
}

void errors_source(struct errors *errors,
                   const char *file,
                   const char *text,
                   size_t size)
{
    const size_t name_size = strlen(file) + 1;
    struct error_source *source = malloc(sizeof(*source) + name_size + size);

    if (source == NULL) {
        errors_no_memory(errors);
        return;
    }
    memcpy(source->name, file, name_size);
    source->text = source->name + name_size;
    memcpy(source->text, text, size);
    source->size = size;
    source->next = errors->sources;
    errors->sources = source;
}

/* Makes room for one more item: 0, or -1 if there is no memory. */
static int grow(struct errors *errors)
{
    const size_t capacity = errors->capacity == 0 ? 8 : errors->capacity * 2;
    struct diagnostic **items;

    if (errors->count < errors->capacity) {
        return 0;
    }
    items = realloc(errors->items, capacity * sizeof(struct diagnostic *));
    if (items == NULL) {
        return -1;
    }
    errors->items = items;
    errors->capacity = capacity;
    return 0;
}

/* Files are printed in the order in which they were first named. */
static size_t find_file_order(const struct errors *errors, const char *file)
{
    size_t highest = 0;

    for (size_t i = 0; file != NULL && i < errors->count; i++) {
        const struct diagnostic *item = errors->items[i];

        if (item->place.file != NULL && strcmp(item->place.file, file) == 0) {
            return item->file_order;
        }
        highest = item->file_order > highest ? item->file_order : highest;
    }
    return file == NULL ? 0 : highest + 1;
}

static size_t text_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* One block holds the struct and all its texts. NULL: no memory. */
__attribute__((format(printf, 3, 0))) static struct diagnostic *
make_diagnostic(const struct place *place,
                const char *hint,
                const char *format,
                va_list args)
{
    char message[TEXT_MAX];
    const char *file = place == NULL ? NULL : place->file;
    struct diagnostic *item;
    size_t message_size;
    char *end;

    if (vsnprintf(message, sizeof(message), format, args) < 0) {
        message[0] = '\0';
    }
    message_size = strlen(message) + 1;
    item = malloc(sizeof(*item) + message_size + text_size(hint) +
                  text_size(file));
    if (item == NULL) {
        return NULL;
    }
    *item = (struct diagnostic){.level = "error"};
    memcpy(item->text, message, message_size);
    end = item->text + message_size;
    if (hint != NULL) {
        item->hint = memcpy(end, hint, text_size(hint));
        end += text_size(hint);
    }
    if (place != NULL) {
        item->place = *place;
    }
    if (file != NULL) {
        item->place.file = memcpy(end, file, text_size(file));
    }
    return item;
}

__attribute__((format(printf, 5, 0))) static void
add_item(struct errors *errors,
         const char *level,
         const struct place *place,
         const char *hint,
         const char *format,
         va_list args)
{
    struct diagnostic *item;

    if (errors->count == ERRORS_MAX) {
        errors->is_too_many = true;
        return;
    }
    item = make_diagnostic(place, hint, format, args);
    if (item == NULL || grow(errors) != 0) {
        free(item);
        errors_no_memory(errors);
        return;
    }
    item->level = level;
    item->file_order = find_file_order(errors, item->place.file);
    item->sequence = errors->count;
    errors->items[errors->count++] = item;
}

void errors_add(struct errors *errors,
                const struct place *place,
                const char *hint,
                const char *format,
                ...)
{
    va_list args;

    errors->errors++;
    va_start(args, format);
    add_item(errors, "error", place, hint, format, args);
    va_end(args);
}

void errors_warn(struct errors *errors,
                 const struct place *place,
                 const char *hint,
                 const char *format,
                 ...)
{
    va_list args;

    va_start(args, format);
    add_item(errors, "warning", place, hint, format, args);
    va_end(args);
}

size_t errors_count(const struct errors *errors)
{
    return errors->errors;
}

bool errors_is_full(const struct errors *errors)
{
    return errors->count == ERRORS_MAX;
}
