/* SPDX-License-Identifier: MIT */
#include "reference.h"

static const char *const moods[] = {"calm", "cheerful", NULL};

static const berth_option word = {.type = BERTH_STRING, .help = "a word"};

static const berth_option route[] = {
    {.name = "path",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct route, path),
     .help = "where"},
    {.name = "status",
     .type = BERTH_INT,
     BERTH_FIELD(struct route, status),
     .fallback = "200",
     .min = 100,
     .max = 599,
     .help = "what"},
    BERTH_OPTIONS_END,
};

static const berth_option limits[] = {
    {.name = "bytes",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct limits, bytes),
     .fallback = "1KiB",
     .help = "how many"},
    {.name = "wait",
     .type = BERTH_DURATION,
     BERTH_FIELD(struct limits, wait_ms),
     .fallback = "1s",
     .help = "how long"},
    BERTH_OPTIONS_END,
};

const berth_option options[] = {
    {.name = "loud",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct settings, is_loud),
     .fallback = "true",
     .help = "a truth"},
    {.name = "number",
     .type = BERTH_INT,
     .flags = BERTH_AUTO,
     BERTH_FIELD(struct settings, number),
     .fallback = "auto",
     .min = 1,
     .max = 100,
     .help = "a number; 13 is refused"},
    {.name = "large",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, large),
     .fallback = "-5000000000",
     .help = "a number that takes 64 bits"},
    {.name = "bytes",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, bytes),
     .fallback = "64KiB",
     .help = "a size"},
    {.name = "wait",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, wait_ms),
     .fallback = "1m30s",
     .help = "a time"},
    {.name = "text",
     .type = BERTH_STRING,
     BERTH_FIELD(struct settings, text),
     .fallback = "a text",
     .min = 1,
     .max = 100,
     .help = "a text"},
    {.name = "path",
     .type = BERTH_PATH,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, path),
     .fallback = "none",
     .help = "a file"},
    {.name = "secret",
     .type = BERTH_STRING,
     .flags = BERTH_NONE | BERTH_SECRET,
     BERTH_FIELD(struct settings, secret),
     .fallback = "none",
     .help = "what nobody is told"},
    {.name = "mood",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, mood),
     .fallback = "cheerful",
     .choices = moods,
     .help = "one of two"},
    {.name = "words",
     .type = BERTH_LIST,
     BERTH_FIELD(struct settings, words),
     .max = 10,
     .items = &word,
     .help = "a list"},
    {.name = "routes",
     .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct settings, routes),
     .items = route,
     .item_size = (uint32_t)sizeof(struct route),
     .help = "a list of mappings"},
    {.name = "headers",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct settings, headers),
     .help = "a mapping"},
    {.name = "limits",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct settings, limits),
     .items = limits,
     .help = "a group"},
    BERTH_OPTIONS_END,
};

ssize_t do_settings(berth_conn *c)
{
    const struct settings *s = settings_of(c->entry);
    const char *const *words = (const char *const *)s->words.items;
    const struct route *routes = (const struct route *)s->routes.items;
    const berth_pair *headers = (const berth_pair *)s->headers.items;
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "%s %d %lld %llu %llu %s %s %s %s %u %u\n",
                   s->is_loud ? "loud" : "low", s->number, (long long)s->large,
                   (unsigned long long)s->bytes, (unsigned long long)s->wait_ms,
                   s->text, s->path == NULL ? "none" : s->path,
                   s->secret == NULL ? "none" : s->secret, moods[s->mood],
                   s->limits.bytes, s->limits.wait_ms);
    say(c, text);
    for (size_t i = 0; i < s->words.count; i++) {
        (void)snprintf(text, sizeof(text), "word %s\n", words[i]);
        say(c, text);
    }
    for (size_t i = 0; i < s->routes.count; i++) {
        say_number(c, routes[i].path, routes[i].status);
    }
    for (size_t i = 0; i < s->headers.count; i++) {
        (void)snprintf(text, sizeof(text), "%s: %s\n", headers[i].key,
                       headers[i].value);
        say(c, text);
    }
    return 0;
}
