/* SPDX-License-Identifier: MIT */
/*
 * Addresses: what is accepted, written and read again is the same. The bytes
 * are the text.
 */
#include "address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define FILLER 0x5a

static bool is_same(const struct address *a, const struct address *b)
{
    return a->size == b->size && a->both_families == b->both_families &&
           memcmp(&a->storage, &b->storage, a->size) == 0;
}

static void check_refusal(const char *why, const char *hint)
{
    FUZZ_REQUIRE(why != NULL && why[0] != '\0', "refused without a reason");
    FUZZ_REQUIRE(why[strlen(why) - 1] != '.', "'%s' has a full stop", why);
    FUZZ_REQUIRE(hint == NULL || hint[0] != '\0', "an empty hint");
}

/* Whatever the size of the buffer, it is kept, and the full length told. */
static void check_cut(const struct address *a, const char *text)
{
    size_t length = strlen(text);

    for (size_t size = 0; size <= length + 1; size += 1 + size / 2) {
        char *buffer = malloc(size == 0 ? 1 : size);
        size_t told;

        FUZZ_REQUIRE(buffer != NULL, "no memory");
        told = address_format(a, buffer, size);
        FUZZ_REQUIRE(told == length, "%zu told for '%s'", told, text);
        FUZZ_REQUIRE(size == 0 || (strlen(buffer) < size &&
                                   strncmp(buffer, text, size - 1) == 0),
                     "'%s' cut to %zu bytes", text, size);
        free(buffer);
    }
}

static void check_uses(const struct address *a, const char *text)
{
    unsigned char key[16];
    char ip[ADDRESS_TEXT_MAX];
    bool is_unix = a->storage.ss_family == AF_UNIX;
    bool is_name = is_unix || address_inherited(a) != NULL;

    FUZZ_REQUIRE((address_key(a, key) == -ENOENT) == is_name, "key of '%s'",
                 text);
    FUZZ_REQUIRE((address_format_ip(a, ip, sizeof(ip)) == 0) == is_name,
                 "the address without a port of '%s' is '%s'", text, ip);
    FUZZ_REQUIRE(is_name ||
                     strncmp(text + (text[0] == '['), ip, strlen(ip)) == 0,
                 "'%s' has the address '%s'", text, ip);
    FUZZ_REQUIRE(!address_is_path(a) || is_unix, "'%s' is a path", text);
}

static void check_accepted(const struct address *a)
{
    char text[ADDRESS_TEXT_MAX];
    struct address again;
    const char *why = "";
    const char *hint = "";
    size_t length = address_format(a, text, sizeof(text));
    size_t digits = strspn(text, "0123456789");
    bool is_port_zero = length > 2 && strcmp(text + length - 2, ":0") == 0 &&
                        a->storage.ss_family != AF_UNIX &&
                        address_inherited(a) == NULL;

    FUZZ_REQUIRE(length < sizeof(text), "'%s...' is too long", text);
    FUZZ_REQUIRE(digits < length, "'%s' is a number", text);
    FUZZ_REQUIRE(address_parse(&again, text, NULL, &why, &hint) == 0,
                 "'%s' is not read again: %s", text, why);
    FUZZ_REQUIRE(is_same(a, &again), "'%s' is read as another", text);
    FUZZ_REQUIRE(address_overlaps(a, &again) == !is_port_zero,
                 "'%s' and itself", text);
    check_cut(a, text);
    check_uses(a, text);
}

static bool is_filled(const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < size; i++) {
        if (byte[i] != FILLER) {
            return false;
        }
    }
    return true;
}

static void check(const char *text, const char *base)
{
    struct address a;
    const char *why = NULL;
    const char *hint = NULL;
    int error;

    memset(&a, FILLER, sizeof(a));
    error = address_parse(&a, text, base, &why, &hint);
    FUZZ_REQUIRE(error == 0 || error == -EINVAL, "result %d", error);
    if (error == 0) {
        check_accepted(&a);
        return;
    }
    FUZZ_REQUIRE(is_filled(&a, sizeof(a)), "changed on failure");
    check_refusal(why, hint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    check(text, NULL);
    check(text, "/run");
    free(text);
    return 0;
}
