/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <string.h>

#include "date.h"

/* A date is a strong validator only if the file cannot have changed twice
   within its second: if that second was over (RFC 9110, section 8.8.2.2). */
#define SETTLED_S 2

void condition_init(struct condition *condition,
                    const struct validators *validators)
{
    *condition = (struct condition){.validators = validators};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The etag that begins at `at`, with its W/ and quotes: its size, or 0 if there
   is none. */
static size_t etag_size(const char *at, const char *end)
{
    const char *c = at;

    if (end - c >= 2 && memcmp(c, "W/", 2) == 0) {
        c += 2;
    }
    if (c == end || *c != '"') {
        return 0;
    }
    c = memchr(c + 1, '"', (size_t)(end - c - 1));
    return c == NULL ? 0 : (size_t)(c + 1 - at);
}

/* Ours is strong: with a strong comparison a weak one never is equal. */
static bool
is_equal(struct http_span ours, const char *other, size_t size, bool is_weak)
{
    if (is_weak && *other == 'W') {
        other += 2;
        size -= 2;
    }
    return ours.data != NULL && ours.size == size &&
           memcmp(ours.data, other, size) == 0;
}

/*
 * Whether a list of etags, or *, names ours. What is malformed ends the list:
 * it cannot name anything behind it.
 */
static bool
is_listed(struct http_span list, struct http_span ours, bool is_weak)
{
    const char *at = list.data;
    const char *end = list.data + list.size;

    if (list.size == 1 && *at == '*') {
        return ours.data != NULL;
    }
    while (at < end) {
        size_t size;

        if (is_blank(*at) || *at == ',') {
            at++;
            continue;
        }
        size = etag_size(at, end);
        if (size == 0) {
            return false;
        }
        if (is_equal(ours, at, size, is_weak)) {
            return true;
        }
        at += size;
    }
    return false;
}

static void add_list(enum verdict *verdict, bool is_in_list)
{
    if (*verdict != VERDICT_TRUE) {
        *verdict = is_in_list ? VERDICT_TRUE : VERDICT_FALSE;
    }
}

static enum verdict is_modified_since(const struct validators *validators,
                                      struct http_span value)
{
    int64_t date;

    if (date_parse(value.data, value.size, validators->now, &date) < 0 ||
        validators->etag.data == NULL) {
        return VERDICT_VOID;
    }
    return validators->modified > date ? VERDICT_TRUE : VERDICT_FALSE;
}

static enum verdict negate(enum verdict verdict)
{
    return verdict == VERDICT_TRUE    ? VERDICT_FALSE
           : verdict == VERDICT_FALSE ? VERDICT_TRUE
                                      : verdict;
}

static void add_single(enum verdict *verdict, enum verdict value)
{
    *verdict = *verdict == VERDICT_NONE ? value : VERDICT_VOID;
}

/* If-Range has an etag or a date, and compares strongly. */
static enum verdict is_same(const struct validators *validators,
                            struct http_span value)
{
    const char *end = value.data + value.size;
    int64_t date;

    if (etag_size(value.data, end) == value.size) {
        return is_equal(validators->etag, value.data, value.size, false)
                   ? VERDICT_TRUE
                   : VERDICT_FALSE;
    }
    if (date_parse(value.data, value.size, validators->now, &date) < 0 ||
        date != validators->modified ||
        validators->now - validators->modified < SETTLED_S) {
        return VERDICT_FALSE;
    }
    return VERDICT_TRUE;
}

static void add_range(struct condition *condition, struct http_span value)
{
    condition->has_ranges |= condition->range.data != NULL;
    condition->range = value;
}

/* Whether the representation has, or has not, changed since a date. */
static void add_date(enum verdict *verdict,
                     const struct validators *validators,
                     struct http_span value,
                     bool is_since)
{
    const enum verdict since = is_modified_since(validators, value);

    add_single(verdict, is_since ? since : negate(since));
}

void condition_add(struct condition *condition,
                   const struct http_header *header)
{
    const struct validators *validators = condition->validators;
    const struct http_span name = header->name;
    const struct http_span value = header->value;

    if (!condition_may_be(header)) {
        return;
    }
    if (http_span_is(name, "If-Match")) {
        add_list(&condition->match, is_listed(value, validators->etag, false));
    } else if (http_span_is(name, "If-None-Match")) {
        add_list(&condition->none_match,
                 is_listed(value, validators->etag, true));
    } else if (http_span_is(name, "If-Modified-Since")) {
        add_date(&condition->modified_since, validators, value, true);
    } else if (http_span_is(name, "If-Unmodified-Since")) {
        add_date(&condition->unmodified_since, validators, value, false);
    } else if (http_span_is(name, "If-Range")) {
        add_single(&condition->if_range, is_same(validators, value));
    } else if (http_span_is(name, "Range")) {
        add_range(condition, value);
    }
}

enum condition_result condition_decide(const struct condition *condition,
                                       bool is_read)
{
    const enum verdict must = condition->match != VERDICT_NONE
                                  ? condition->match
                                  : condition->unmodified_since;

    if (must == VERDICT_FALSE) {
        return CONDITION_FAILED;
    }
    if (condition->none_match == VERDICT_TRUE) {
        return is_read ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
    }
    if (is_read && condition->none_match == VERDICT_NONE &&
        condition->modified_since == VERDICT_FALSE) {
        return CONDITION_NOT_MODIFIED;
    }
    return CONDITION_HOLDS;
}

struct http_span condition_range(const struct condition *condition)
{
    const bool is_heeded =
        !condition->has_ranges && (condition->if_range == VERDICT_NONE ||
                                   condition->if_range == VERDICT_TRUE);

    return is_heeded ? condition->range : (struct http_span){NULL, 0};
}
