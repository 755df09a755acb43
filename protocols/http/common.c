/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "render.h"
#include "settings.h"

bool common_is_value(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Two of these would contradict each other, or break the framing. */
static bool is_ours(struct http_span name)
{
    static const char *const ours[] = {
        "connection", "content-length",    "content-type", "date",
        "server",     "transfer-encoding", "keep-alive",
    };

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (http_span_is(name, ours[i])) {
            return true;
        }
    }
    return false;
}

int common_check(const berth_list *headers,
                 const char *option,
                 berth_error *error)
{
    const berth_pair *pairs = headers->items;

    for (size_t i = 0; i < headers->count; i++) {
        struct http_span name = http_span_of(pairs[i].key);

        if (!field_is_token(name)) {
            return berth_refuse(error, option, -EINVAL,
                                "'%s' is no name of a header", pairs[i].key);
        }
        if (is_ours(name)) {
            return berth_refuse(error, option, -EINVAL,
                                "'%s' is written by the server itself",
                                pairs[i].key);
        }
        if (!common_is_value(pairs[i].value)) {
            return berth_refuse(error, option, -EINVAL,
                                "'%s' has a control character", pairs[i].key);
        }
    }
    return 0;
}

static size_t measure_line(const char *name, const char *value)
{
    return strlen(name) + strlen(value) + sizeof(": \r\n") - 1;
}

static char *add_line(char *at, const char *name, const char *value)
{
    at = render_bytes(at, http_span_of(name));
    at = render_bytes(at, http_span_of(": "));
    at = render_bytes(at, http_span_of(value));
    return render_bytes(at, http_span_of("\r\n"));
}

static int check(const struct http_settings *settings, berth_error *error)
{
    if (settings->server_header != NULL &&
        !common_is_value(settings->server_header)) {
        return berth_refuse(error, "server_header", -EINVAL,
                            "has a control character");
    }
    return common_check(&settings->headers, "headers", error);
}

int common_make(const berth_entry *entry,
                struct http_span *lines,
                berth_error *error)
{
    const struct http_settings *settings = entry->settings;
    const berth_pair *pairs = settings->headers.items;
    const char *server = settings->server_header;
    size_t size = server == NULL ? 0 : measure_line("Server", server);
    char *text, *at;
    int result = check(settings, error);

    if (result < 0) {
        return result;
    }
    for (size_t i = 0; i < settings->headers.count; i++) {
        size += measure_line(pairs[i].key, pairs[i].value);
    }
    text = malloc(size + 1);
    if (text == NULL) {
        return berth_refuse(error, NULL, -ENOMEM, "out of memory");
    }
    at = server == NULL ? text : add_line(text, "Server", server);
    for (size_t i = 0; i < settings->headers.count; i++) {
        at = add_line(at, pairs[i].key, pairs[i].value);
    }
    *lines = (struct http_span){.data = text, .size = size};
    return 0;
}
