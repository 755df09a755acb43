/* SPDX-License-Identifier: MIT */
#include "control_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first piece of memory; it doubles as it fills. */
#define FIRST_CAPACITY ((size_t)4096)

/* ------------------------------------------------------------------- memory */

static int grow(struct control_answer *answer, size_t size)
{
    size_t capacity = answer->capacity == 0 ? FIRST_CAPACITY : answer->capacity;
    char *bytes;

    while (capacity < size) {
        capacity *= 2;
    }
    bytes = realloc(answer->bytes, capacity);
    if (bytes == NULL) {
        return -ENOMEM;
    }
    answer->bytes = bytes;
    answer->capacity = capacity;
    return 0;
}

/* As fopencookie(3) wants it: 0 is an error. */
static ssize_t keep(void *cookie, const char *bytes, size_t size)
{
    struct control_answer *answer = cookie;

    if (answer->error == 0 && size > CONTROL_ANSWER_MAX - answer->size) {
        answer->error = -EFBIG;
    }
    if (answer->error == 0 && size > answer->capacity - answer->size) {
        answer->error = grow(answer, answer->size + size);
    }
    if (answer->error != 0) {
        return 0;
    }
    memcpy(answer->bytes + answer->size, bytes, size);
    answer->size += size;
    return (ssize_t)size;
}

int control_answer_init(struct control_answer *answer, enum table_format format)
{
    *answer = (struct control_answer){.format = format};
    answer->stream =
        fopencookie(answer, "w", (cookie_io_functions_t){.write = keep});
    if (answer->stream == NULL) {
        return -ENOMEM;
    }
    answer->json.stream = answer->stream;
    return 0;
}

void control_answer_fini(struct control_answer *answer)
{
    if (answer->has_table) {
        (void)table_end(&answer->table);
    }
    if (answer->stream != NULL) {
        (void)fclose(answer->stream);
    }
    free(answer->bytes);
    *answer = (struct control_answer){.stream = NULL};
}

FILE *control_answer_stream(struct control_answer *answer)
{
    answer->is_begun = true;
    return answer->stream;
}

/* ------------------------------------------------------------------- tables */

static void note_error(struct control_answer *answer, int error)
{
    if (answer->error == 0) {
        answer->error = error;
    }
}

static void end_table(struct control_answer *answer)
{
    if (answer->has_table) {
        answer->has_table = false;
        note_error(answer, table_end(&answer->table));
    }
}

/* What comes before a table: nothing if it is the only one. */
static void begin_name(struct control_answer *answer, const char *name)
{
    end_table(answer);
    if (name == NULL) {
        return;
    }
    if (answer->format == TABLE_JSON) {
        if (!answer->has_names) {
            json_begin(&answer->json, '{');
        }
        json_key(&answer->json, name);
    } else {
        (void)fputs(answer->has_names ? "\n" : "", answer->stream);
        if (answer->format == TABLE_TSV) {
            (void)fprintf(answer->stream, "# %s\n", name);
        }
    }
    answer->has_names = true;
}

void control_answer_table(struct control_answer *answer,
                          const char *name,
                          const struct table_column *columns,
                          size_t count)
{
    int error;

    begin_name(answer, name);
    answer->is_begun = true;
    error = table_begin(&answer->table, answer->format, &answer->json, columns,
                        count);
    answer->has_table = error == 0;
    note_error(answer, error);
}

void control_answer_row(struct control_answer *answer,
                        const struct table_value *values)
{
    if (answer->has_table) {
        table_row(&answer->table, values);
    }
}

void control_answer_record(struct control_answer *answer,
                           const char *name,
                           const struct table_column *columns,
                           size_t count,
                           const struct table_value *values)
{
    begin_name(answer, name);
    answer->is_begun = true;
    table_print_record(answer->format, &answer->json, columns, count, values);
}

/* ------------------------------------------------------------------ the end */

/* Ends what is begun; nothing is printed after it. */
static int close_stream(struct control_answer *answer)
{
    end_table(answer);
    if (answer->has_names && answer->format == TABLE_JSON) {
        json_end(&answer->json, '}');
    }
    if (fclose(answer->stream) != 0) {
        note_error(answer, -ENOMEM);
    }
    answer->stream = NULL;
    return answer->error;
}

/* What the message lacks: one of several lines has it. */
static const char *end_of_line(const char *message)
{
    const size_t length = strlen(message);

    return length > 0 && message[length - 1] == '\n' ? "" : "\n";
}

static void print_message(struct control_answer *answer, const char *message)
{
    if (answer->format == TABLE_JSON) {
        if (!answer->is_begun) {
            json_begin(&answer->json, '{');
            json_key_text(&answer->json, "message", message);
            json_end(&answer->json, '}');
        }
        return;
    }
    end_table(answer);
    (void)fprintf(answer->stream, "%s%s", message, end_of_line(message));
}

static int insert(struct control_answer *answer, const char *bytes, size_t size)
{
    if (size > answer->capacity - answer->size &&
        grow(answer, answer->size + size) < 0) {
        return -ENOMEM;
    }
    memmove(answer->bytes + size, answer->bytes, answer->size);
    memcpy(answer->bytes, bytes, size);
    answer->size += size;
    return 0;
}

/* The first line, which comes last: what was printed moves behind it. */
static int put_head(struct control_answer *answer, const char *text)
{
    char *head = NULL;
    int length;
    int error;

    if (text == NULL) {
        return insert(answer, "ok\n", 3);
    }
    length = asprintf(&head, "error %s%s", text, end_of_line(text));
    if (length < 0) {
        return -ENOMEM;
    }
    error = insert(answer, head, (size_t)length);
    free(head);
    return error;
}

int control_answer_finish(struct control_answer *answer,
                          int error,
                          const char *message,
                          char **bytes,
                          size_t *size)
{
    const char *text = NULL;
    int result;

    if (error == 0 && message != NULL) {
        print_message(answer, message);
    }
    result = close_stream(answer);
    if (result == -EFBIG) {
        answer->size = 0;
        text = "the answer is longer than 16 MiB";
        result = 0;
    } else if (error != 0) {
        text = message == NULL ? strerror(-error) : message;
    }
    if (result == 0) {
        result = put_head(answer, text);
    }
    if (result == 0) {
        *bytes = answer->bytes;
        *size = answer->size;
        answer->bytes = NULL;
    }
    control_answer_fini(answer);
    return result;
}
