/* SPDX-License-Identifier: MIT */
#include "manner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows the name: nothing, a number, or a number and a choice. */
enum form {
    FORM_PLAIN,
    FORM_NUMBER,
    FORM_CHOICE,
};

static const struct kind {
    const char *name;
    enum form form;
    const char *words;
    const char *help;
} kinds[MANNER_KINDS] = {
    [MANNER_WHOLE] = {"whole", FORM_PLAIN, "what is sent arrives whole",
                      "what the peer sends arrives whole"},
    [MANNER_BYTES] = {"bytes", FORM_PLAIN, "byte by byte", "byte by byte"},
    [MANNER_SPLIT] = {"split", FORM_NUMBER, "cut in two after byte %zu",
                      "cut in two after byte N"},
    [MANNER_ALIKE] = {"alike", FORM_PLAIN, "whole and byte by byte",
                      "whole and byte by byte; what is expected is left out"},
    [MANNER_END] = {"end", FORM_NUMBER, "the peer finishes after byte %zu",
                    "the peer finishes after byte N"},
    [MANNER_ZERO] = {"zero", FORM_NUMBER, "byte %zu is a NUL",
                     "byte N is a NUL"},
    [MANNER_NUMBER] = {"number", FORM_CHOICE,
                       "the number behind %zu others is another one",
                       "the number behind N others is another one, the K-th "
                       "that is tried"},
    [MANNER_RANDOM] = {"random", FORM_NUMBER, "changed at random, no. %zu",
                       "changed at random, as the seed says"},
    [MANNER_ALLOC] = {"alloc", FORM_NUMBER, "allocation %zu fails",
                      "allocation N fails; of the server or of the plugin"},
    [MANNER_REPEAT] = {"repeat", FORM_PLAIN,
                       "the messages come again and again",
                       "the messages come again and again"},
    [MANNER_AGAIN] = {"again", FORM_PLAIN, "one connection after the other",
                      "one connection comes after the other"},
    [MANNER_FLOOD] = {"flood", FORM_CHOICE,
                      "after byte %zu the same byte comes endlessly",
                      "after byte N the same byte comes endlessly, the K-th "
                      "that is tried"},
};

const char *manner_kind_name(size_t index)
{
    return index < MANNER_KINDS ? kinds[index].name : NULL;
}

const char *manner_kind_help(size_t index)
{
    return index < MANNER_KINDS ? kinds[index].help : NULL;
}

const char *manner_number(size_t choice)
{
    static const char *const numbers[] = {
        "0", "9999999", "4294967295", "18446744073709551615", "-1", NULL,
    };

    return choice < sizeof(numbers) / sizeof(numbers[0]) ? numbers[choice]
                                                         : NULL;
}

char manner_flood(size_t choice)
{
    static const char bytes[] = "x1";

    return bytes[choice < sizeof(bytes) ? choice : sizeof(bytes) - 1];
}

void manner_name(const struct manner *manner, char name[MANNER_NAME_MAX])
{
    const struct kind *kind = &kinds[manner->kind];
    char number[48] = "";

    if (kind->form == FORM_CHOICE) {
        (void)snprintf(number, sizeof(number), ":%zu:%zu", manner->number,
                       manner->choice);
    } else if (kind->form == FORM_NUMBER) {
        (void)snprintf(number, sizeof(number), ":%zu", manner->number);
    }
    (void)snprintf(name, MANNER_NAME_MAX, "%s%s%s%s%s", kind->name, number,
                   manner->trigger == SELECTOR_EDGE ? "+edge" : "",
                   manner->kernel == MANNER_TAKES_ONE ? "+trickle"
                   : manner->kernel == MANNER_WAITS   ? "+closed"
                                                      : "",
                   manner->is_tight ? "+tight" : "");
}

void manner_describe(const struct manner *manner, char *text, size_t size)
{
    static const char *const kernels[] = {
        [MANNER_TAKES_ALL] = "",
        [MANNER_TAKES_ONE] = ", the kernel takes a byte at a time",
        [MANNER_WAITS] = ", the kernel takes nothing until all rests",
    };
    char words[128];

    /* The words are of the table above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(words, sizeof(words), kinds[manner->kind].words,
                   manner->number);
#pragma GCC diagnostic pop
    (void)snprintf(text, size, "%s, %s-triggered%s%s", words,
                   manner->trigger == SELECTOR_EDGE ? "edge" : "level",
                   kernels[manner->kernel],
                   manner->is_tight ? ", back-pressure on every write" : "");
}

/* Reads ":N". Returns what follows, NULL if it is none. */
static const char *read_number(const char *text, size_t *number)
{
    char *end;

    if (text[0] != ':' || text[1] < '0' || text[1] > '9') {
        return NULL;
    }
    *number = strtoull(text + 1, &end, 10);
    return end;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

/* "+edge+trickle" and so on. */
static int read_modes(const char *text, struct manner *manner)
{
    while (*text == '+') {
        size_t length = strcspn(++text, "+");

        if (is_word(text, length, "edge")) {
            manner->trigger = SELECTOR_EDGE;
        } else if (is_word(text, length, "trickle")) {
            manner->kernel = MANNER_TAKES_ONE;
        } else if (is_word(text, length, "closed")) {
            manner->kernel = MANNER_WAITS;
        } else if (is_word(text, length, "tight")) {
            manner->is_tight = true;
        } else {
            return -EINVAL;
        }
        text += length;
    }
    return *text == '\0' ? 0 : -EINVAL;
}

static int read_rest(const char *text, struct manner *manner)
{
    enum form form = kinds[manner->kind].form;

    if (form != FORM_PLAIN) {
        text = read_number(text, &manner->number);
    }
    if (form == FORM_CHOICE && text != NULL) {
        text = read_number(text, &manner->choice);
    }
    return text == NULL ? -EINVAL : read_modes(text, manner);
}

int manner_parse(const char *name, struct manner *manner)
{
    size_t length = strcspn(name, ":+");

    *manner = (struct manner){.trigger = SELECTOR_LEVEL};
    for (size_t i = 0; i < MANNER_KINDS; i++) {
        if (is_word(name, length, kinds[i].name)) {
            manner->kind = (enum manner_kind)i;
            return read_rest(name + length, manner);
        }
    }
    return -EINVAL;
}
