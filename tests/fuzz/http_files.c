/* SPDX-License-Identifier: MIT */
/*
 * What the protocol http reads on the way to a file: the path of a target, the
 * headers of a condition, dates, ranges. The bytes are lines: the target, then
 * headers as "Name: value".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "condition.h"
#include "date.h"
#include "fuzz.h"
#include "path.h"
#include "range.h"

/* 2026-07-01. */
#define NOW INT64_C(1782864000)
/* The years 1 and 9999. */
#define EARLIEST INT64_C(-62135596800)
#define LATEST INT64_C(253402300799)

static const char etag[] = "\"abc-1f-0\"";

/* A name may not lead elsewhere than one folder down. */
static void check_name(const char *name, size_t size)
{
    FUZZ_REQUIRE(size > 0 && size <= PATH_NAME_MAX, "a name of %zu bytes",
                 size);
    FUZZ_REQUIRE(size > 2 || strncmp(name, "..", size) != 0, "a dot segment");
    FUZZ_REQUIRE(memchr(name, '\\', size) == NULL, "a backslash");
}

static void check_names(const struct path *path)
{
    const char *name = path->text;
    size_t size = strcspn(name, "/");

    FUZZ_REQUIRE(strlen(path->text) == path->size, "the size is %zu",
                 path->size);
    check_name(name, size);
    while (name[size] == '/') {
        name += size + 1;
        size = strcspn(name, "/");
        check_name(name, size);
    }
}

/* Without dot files, the same or nothing. */
static void check_hiding(struct http_span target, const struct path *path)
{
    static struct path other;
    const bool is_hidden =
        path->text[0] == '.' || strstr(path->text, "/.") != NULL;
    const int error = path_parse(target.data, target.size, false, &other);

    FUZZ_REQUIRE((error < 0) == is_hidden, "'%s' gives %d", path->text, error);
    FUZZ_REQUIRE(is_hidden || strcmp(path->text, other.text) == 0,
                 "'%s' is '%s', too", path->text, other.text);
}

static void check_path(struct http_span target)
{
    static struct path path;

    if (path_parse(target.data, target.size, true, &path) < 0) {
        return;
    }
    FUZZ_REQUIRE(target.data[0] == '/', "a target that is no path");
    FUZZ_REQUIRE(path.size > 0 || path.is_directory, "the root is no file");
    if (path.size > 0) {
        check_names(&path);
    }
    check_hiding(target, &path);
}

static void check_date(struct http_span text)
{
    char again[DATE_SIZE];
    int64_t seconds, same;

    if (date_parse(text.data, text.size, NOW, &seconds) < 0) {
        return;
    }
    /* A leap second may be the last of all. */
    FUZZ_REQUIRE(seconds >= EARLIEST && seconds <= LATEST + 1,
                 "%" PRId64 " seconds", seconds);
    date_format(seconds, again);
    FUZZ_REQUIRE(date_parse(again, DATE_SIZE, NOW, &same) == 0 &&
                     (same == seconds || seconds > LATEST),
                 "%.*s is another date", DATE_SIZE, again);
}

static void check_range(struct http_span text, uint64_t whole)
{
    struct range range = {0, 0};
    char written[RANGE_TEXT_MAX];

    if (range_parse(text.data, text.size, whole, &range) != RANGE_PART) {
        FUZZ_REQUIRE(range.size == 0, "a part where there is none");
        return;
    }
    FUZZ_REQUIRE(range.size > 0 && range.first < whole &&
                     range.size <= whole - range.first,
                 "%" PRIu64 ", %" PRIu64 " of %" PRIu64, range.first,
                 range.size, whole);
    FUZZ_REQUIRE(range_format(&range, whole, written) < sizeof(written),
                 "'%s' is too long", written);
}

/* "Name: value", of which the value may be missing. */
static struct http_header split(struct http_span line)
{
    const char *colon = memchr(line.data, ':', line.size);
    struct http_header header = {.name = line, .value = {"", 0}};

    if (colon != NULL) {
        header.name.size = (size_t)(colon - line.data);
        header.value.data = colon + 1;
        header.value.size = line.size - header.name.size - 1;
    }
    if (header.value.size > 0 && *header.value.data == ' ') {
        header.value.data++;
        header.value.size--;
    }
    return header;
}

static void check_header(struct condition *condition, struct http_span line)
{
    const struct http_header header = split(line);

    condition_add(condition, &header);
    check_date(header.value);
    check_range(header.value, 0);
    check_range(header.value, 1000);
    check_range(header.value, UINT64_MAX);
}

/* What has no other name for what is there never is not modified. */
static void check_decision(const struct condition *condition)
{
    const enum condition_result read = condition_decide(condition, true);
    const enum condition_result change = condition_decide(condition, false);
    const struct http_span range = condition_range(condition);

    FUZZ_REQUIRE(change != CONDITION_NOT_MODIFIED, "304 for a change");
    FUZZ_REQUIRE(read != CONDITION_FAILED || change == CONDITION_FAILED,
                 "412 for GET alone");
    FUZZ_REQUIRE(range.data == NULL || !condition->has_ranges,
                 "a range of several");
}

static struct http_span next_line(struct http_span *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    struct http_span line = *rest;

    if (end != NULL) {
        line.size = (size_t)(end - rest->data);
        end++;
    } else {
        end = rest->data + rest->size;
    }
    rest->size -= (size_t)(end - rest->data);
    rest->data = end;
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct validators validators = {
        .etag = {etag, sizeof(etag) - 1}, .modified = NOW - 60, .now = NOW};
    char *text = fuzz_text(data, size);
    struct http_span rest = {text, size};
    struct condition condition;

    check_path(next_line(&rest));
    condition_init(&condition, &validators);
    while (rest.size > 0) {
        check_header(&condition, next_line(&rest));
    }
    check_decision(&condition);
    free(text);
    return 0;
}
