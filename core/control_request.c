/* SPDX-License-Identifier: MIT */
#include "control_request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct control_request *control_request_new(control_deliver *deliver,
                                            void *client)
{
    struct control_request *request = calloc(1, sizeof(*request));

    if (request != NULL) {
        request->deliver = deliver;
        request->client = client;
        request->argv = request->words;
        list_init(&request->link);
    }
    return request;
}

void control_request_free(struct control_request *request)
{
    if (request != NULL) {
        list_remove(&request->link);
        control_answer_fini(&request->answer);
        free(request);
    }
}

/* ----------------------------------------------------------------- reading */

/* Cuts the line into words; false: there are too many. */
static bool split(struct control_request *request)
{
    char *next = request->line;
    char *word;

    while ((word = strsep(&next, " \t\r")) != NULL) {
        if (*word == '\0') {
            continue;
        }
        if (request->argc == CONTROL_WORDS_MAX) {
            return false;
        }
        request->argv[request->argc++] = word;
    }
    return true;
}

/* The first word may say in what format the answer is to be. */
static void take_format(struct control_request *request)
{
    if (request->argc > 0 && strcmp(request->argv[0], "json") == 0) {
        request->format = TABLE_JSON;
    } else if (request->argc > 0 && strcmp(request->argv[0], "tsv") == 0) {
        request->format = TABLE_TSV;
    } else {
        return;
    }
    request->argv++;
    request->argc--;
}

static const char *read_words(struct control_request *request)
{
    if (request->length == sizeof(request->line)) {
        return "the request is longer than 4 KiB";
    }
    request->line[request->length] = '\0';
    if (strlen(request->line) != request->length) {
        return "the request is no text";
    }
    if (!split(request)) {
        return "the request has too many words";
    }
    take_format(request);
    return request->argc == 0 ? "the request is empty" : NULL;
}

int control_request_read(struct control_request *request, const char **why)
{
    const char *wrong = read_words(request);
    int error = control_answer_init(&request->answer, request->format);

    if (error < 0) {
        return error;
    }
    if (wrong != NULL) {
        *why = wrong;
        return -EINVAL;
    }
    return 0;
}

/* --------------------------------------------------------------- answering */

void control_print(struct control_request *request, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(control_stream(request), format, args);
    va_end(args);
}

void control_end(struct control_request *request,
                 int error,
                 const char *message)
{
    char *bytes = NULL;
    size_t size = 0;

    if (request->client != NULL) {
        (void)control_answer_finish(&request->answer, error, message, &bytes,
                                    &size);
        request->deliver(request->client, bytes, size);
    }
    control_request_free(request);
}

void control_fail(struct control_request *request, const char *format, ...)
{
    va_list args;
    char *message = NULL;

    va_start(args, format);
    if (vasprintf(&message, format, args) < 0) {
        message = NULL;
    }
    va_end(args);
    control_end(request, message == NULL ? -ENOMEM : -EINVAL, message);
    free(message);
}
