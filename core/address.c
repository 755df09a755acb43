/* SPDX-License-Identifier: MIT */
/* What addresses are, once read: written, compared, made a key. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Copies of the storage: what it is declared as may not be read as another. */
static struct sockaddr_in get_ipv4(const struct address *a)
{
    struct sockaddr_in in;

    memcpy(&in, &a->storage, sizeof(in));
    return in;
}

static struct sockaddr_in6 get_ipv6(const struct address *a)
{
    struct sockaddr_in6 in6;

    memcpy(&in6, &a->storage, sizeof(in6));
    return in6;
}

/*
 * Finds the name of a unix socket: what sun_path holds, without the NUL that
 * ends a path, with the NUL that begins an abstract name; may be empty.
 */
static const char *get_unix_name(const struct address *a, size_t *length)
{
    size_t start = offsetof(struct sockaddr_un, sun_path);
    const char *name = (const char *)&a->storage + start;

    *length = a->size > start ? a->size - start : 0;
    if (*length > 0 && name[0] != '\0') {
        *length = strnlen(name, *length);
    }
    return name;
}

const char *address_inherited(const struct address *a)
{
    size_t length;
    const char *name = get_unix_name(a, &length);

    return a->storage.ss_family == AF_UNSPEC && length > 0 && name[0] != '\0'
               ? name
               : NULL;
}

static in_port_t get_port(const struct address *a)
{
    return a->storage.ss_family == AF_INET ? get_ipv4(a).sin_port
                                           : get_ipv6(a).sin6_port;
}

/* "%eth0" behind a link-local address, else nothing. */
static void format_scope(const struct sockaddr_in6 *in6, char zone[IF_NAMESIZE])
{
    zone[0] = '\0';
    if (in6->sin6_scope_id == 0 || !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)) {
        return;
    }
    if (if_indextoname(in6->sin6_scope_id, zone) == NULL) {
        (void)snprintf(zone, IF_NAMESIZE, "%u", in6->sin6_scope_id);
    }
}

static void format_ipv6(const struct sockaddr_in6 *in6, char *text, size_t size)
{
    char ip[INET6_ADDRSTRLEN];
    char zone[IF_NAMESIZE];

    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        (void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], text,
                        (socklen_t)size);
        return;
    }
    format_scope(in6, zone);
    (void)inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof(ip));
    (void)snprintf(text, size, "%s%s%s", ip, zone[0] == '\0' ? "" : "%", zone);
}

/* The text without a port; empty where there is none. */
static void format_ip(const struct address *a, char *text, size_t size)
{
    struct sockaddr_in in = get_ipv4(a);
    struct sockaddr_in6 in6 = get_ipv6(a);

    text[0] = '\0';
    if (a->both_families) {
        (void)snprintf(text, size, "*");
    } else if (a->storage.ss_family == AF_INET) {
        (void)inet_ntop(AF_INET, &in.sin_addr, text, (socklen_t)size);
    } else if (a->storage.ss_family == AF_INET6) {
        format_ipv6(&in6, text, size);
    }
}

/* A NUL within an abstract name is written as '@' too, as other tools do. */
static void format_unix(const struct address *a, char *text, size_t size)
{
    size_t length;
    const char *name = get_unix_name(a, &length);
    int start = snprintf(text, size, "unix:");
    char *end = text + start;

    for (size_t i = 0; i < length; i++) {
        *end++ = name[i];
        if (name[i] == '\0') {
            end[-1] = '@';
        }
    }
    *end = '\0';
}

static size_t copy_text(const char *text, char *buffer, size_t size)
{
    return (size_t)snprintf(buffer, size, "%s", text);
}

size_t address_format_ip(const struct address *a, char *buffer, size_t size)
{
    char ip[INET6_ADDRSTRLEN + IF_NAMESIZE];

    format_ip(a, ip, sizeof(ip));
    return copy_text(ip, buffer, size);
}

size_t address_format(const struct address *a, char *buffer, size_t size)
{
    char ip[INET6_ADDRSTRLEN + IF_NAMESIZE];
    char text[ADDRESS_TEXT_MAX];
    const char *inherited = address_inherited(a);
    bool is_bracketed;

    if (a->storage.ss_family == AF_UNIX) {
        format_unix(a, text, sizeof(text));
        return copy_text(text, buffer, size);
    }
    if (inherited != NULL) {
        (void)snprintf(text, sizeof(text), "fd:%s", inherited);
        return copy_text(text, buffer, size);
    }
    format_ip(a, ip, sizeof(ip));
    if (ip[0] == '\0') {
        return copy_text("unknown", buffer, size);
    }
    is_bracketed = strchr(ip, ':') != NULL;
    (void)snprintf(text, sizeof(text), "%s%s%s:%u", is_bracketed ? "[" : "", ip,
                   is_bracketed ? "]" : "", ntohs(get_port(a)));
    return copy_text(text, buffer, size);
}

/* A name that ends with a NUL which counts, or an abstract one of unix(7). */
static bool is_name_sound(const struct address *a)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    const char *name = (const char *)&a->storage + start;
    size_t length;

    if (a->size < start + 2 || a->size > sizeof(struct sockaddr_un)) {
        return false;
    }
    length = a->size - start;
    if (name[0] == '\0') {
        return a->storage.ss_family == AF_UNIX;
    }
    return strnlen(name, length) == length - 1;
}

bool address_is_sound(const struct address *a)
{
    unsigned char both;

    memcpy(&both, (const char *)a + offsetof(struct address, both_families),
           sizeof(both)); /* it may be no bool at all */
    switch (a->storage.ss_family) {
    case AF_INET:
        return a->size == sizeof(struct sockaddr_in) && both == 0;
    case AF_INET6:
        return a->size == sizeof(struct sockaddr_in6) && both <= 1;
    case AF_UNIX:
    case AF_UNSPEC:
        return is_name_sound(a) && both == 0;
    default:
        return false;
    }
}

bool address_is_path(const struct address *a)
{
    size_t length;
    const char *name;

    if (a->storage.ss_family != AF_UNIX) {
        return false;
    }
    name = get_unix_name(a, &length);
    return length > 0 && name[0] != '\0';
}

/* Also of inherited ones, whose names are kept in the same place. */
static bool is_same_name(const struct address *a, const struct address *b)
{
    size_t a_length;
    size_t b_length;
    const char *a_name = get_unix_name(a, &a_length);
    const char *b_name = get_unix_name(b, &b_length);

    return a_length > 0 && a_length == b_length &&
           memcmp(a_name, b_name, a_length) == 0;
}

/* Is it a name, and not an address and a port? */
static bool is_name(const struct address *a)
{
    return a->storage.ss_family == AF_UNIX || a->storage.ss_family == AF_UNSPEC;
}

static bool is_any(const struct address *a)
{
    unsigned char none[16] = {0};

    if (a->storage.ss_family == AF_INET) {
        return get_ipv4(a).sin_addr.s_addr == htonl(INADDR_ANY);
    }
    return memcmp(get_ipv6(a).sin6_addr.s6_addr, none, sizeof(none)) == 0;
}

static bool is_same_ip(const struct address *a, const struct address *b)
{
    struct sockaddr_in6 a6 = get_ipv6(a);
    struct sockaddr_in6 b6 = get_ipv6(b);

    if (a->storage.ss_family == AF_INET) {
        return get_ipv4(a).sin_addr.s_addr == get_ipv4(b).sin_addr.s_addr;
    }
    return memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof(a6.sin6_addr)) == 0 &&
           a6.sin6_scope_id == b6.sin6_scope_id;
}

bool address_overlaps(const struct address *a, const struct address *b)
{
    sa_family_t a_family = a->storage.ss_family;
    sa_family_t b_family = b->storage.ss_family;

    if (is_name(a) || is_name(b)) {
        return a_family == b_family && is_same_name(a, b);
    }
    if (get_port(a) == 0 || get_port(a) != get_port(b)) {
        return false;
    }
    if (a->both_families || b->both_families) {
        return true;
    }
    return a_family == b_family && (is_any(a) || is_any(b) || is_same_ip(a, b));
}

bool address_equals(const struct address *a, const struct address *b)
{
    if (!address_overlaps(a, b)) {
        return false;
    }
    return is_name(a) ||
           (a->storage.ss_family == b->storage.ss_family &&
            a->both_families == b->both_families && is_same_ip(a, b));
}

int address_key(const struct address *a, unsigned char key[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_in in = get_ipv4(a);
    struct sockaddr_in6 in6 = get_ipv6(a);

    switch (a->storage.ss_family) {
    case AF_INET:
        memcpy(key, mapped, sizeof(mapped));
        memcpy(key + sizeof(mapped), &in.sin_addr, sizeof(in.sin_addr));
        return 0;
    case AF_INET6:
        memcpy(key, &in6.sin6_addr, sizeof(in6.sin6_addr));
        return 0;
    default:
        return -ENOENT;
    }
}
