/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests (RFC 9110, section 13): what becomes of a request for a
 * representation that has these validators. Header after header is added, in
 * the order received; then it is decided, in the order of section 13.2.2. A
 * pure function of all that.
 */
#ifndef HTTP_CONDITION_H
#define HTTP_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

/* What is known of the representation that would be sent. */
struct validators {
    struct http_span etag; /* with its quotes, strong; data is NULL if the
                                representation does not exist */
    int64_t modified;      /* seconds since 1970 */
    int64_t now;           /* the same, as this request's Date has it */
};

enum verdict {
    VERDICT_NONE,  /* the header is missing */
    VERDICT_TRUE,  /* what it asks is so */
    VERDICT_FALSE, /* it is not */
    VERDICT_VOID, /* to be ignored: no date, or a single value that came twice */
};

/*
 * What the headers say so far. The first two: the list names our etag; then:
 * modified since, not modified since, still the same.
 */
struct condition {
    const struct validators *validators;
    enum verdict match, none_match, modified_since, unmodified_since, if_range;
    bool has_ranges; /* Range came more than once */
    struct http_span range;
};

/* What is to be done. */
enum condition_result {
    CONDITION_HOLDS,        /* the method, as if there were no condition */
    CONDITION_NOT_MODIFIED, /* 304 */
    CONDITION_FAILED,       /* 412 */
};

void condition_init(struct condition *condition,
                    const struct validators *validators);

/* Whether a header may be one of them: If-..., or Range. Nearly none can. */
static inline bool condition_may_be(const struct http_header *header)
{
    const struct http_span name = header->name;

    return name.size == 5 || (name.size > 5 && name.data[2] == '-');
}

/* Takes in a header of the request; most are none of ours. */
void condition_add(struct condition *condition,
                   const struct http_header *header);

/* is_read: the method is GET or HEAD. */
enum condition_result condition_decide(const struct condition *condition,
                                       bool is_read);

/*
 * The value of Range that is to be heeded; {NULL, 0}: none, or there is an
 * If-Range that does not hold. For GET alone, after CONDITION_HOLDS.
 */
struct http_span condition_range(const struct condition *condition);

#endif
