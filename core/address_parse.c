/* SPDX-License-Identifier: MIT */
/* Reading addresses: each way to get one wrong has an answer of its own. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Why a text is no address. */
enum refusal {
    FINE = 0,
    EMPTY,
    HAS_BLANK,
    HAS_SCHEME,
    BARE_PATH,
    NO_HOST,
    NO_PORT,
    PORT_NOT_NUMBER,
    PORT_TOO_LARGE,
    HOST_NAME,
    NOT_IPV4,
    NOT_IPV6,
    NOT_BRACKETED,
    BRACKET_OPEN,
    BRACKETED_IPV4,
    NEEDS_INTERFACE,
    TAKES_NO_INTERFACE,
    NO_INTERFACE,
    NO_PATH,
    PATH_TOO_LONG,
    NO_NAME,
    BAD_NAME,
    NAME_TOO_LONG,
};

static const struct {
    const char *why;
    const char *hint;
} refusals[] = {
    [EMPTY] = {"the address is empty",
               "write one as 127.0.0.1:8080, *:8080 or unix:/path"},
    [HAS_BLANK] = {"there is a blank in the address", NULL},
    [HAS_SCHEME] = {"an address has no scheme and no path",
                    "write only the address and port, as in 127.0.0.1:8080"},
    [BARE_PATH] = {"a path needs 'unix:' before it",
                   "write it as unix:/run/berth.sock"},
    [NO_HOST] = {"the address before the port is missing",
                 "*:8080 or 127.0.0.1:8080"},
    [NO_PORT] = {"the port is missing", "add one, as in 127.0.0.1:8080"},
    [PORT_NOT_NUMBER] = {"the port is not a number",
                         "write decimal digits without sign or leading zero"},
    [PORT_TOO_LARGE] = {"the port is above 65535", NULL},
    [HOST_NAME] = {"host names are not looked up",
                   "write 127.0.0.1:80 or [::1]:80"},
    [NOT_IPV4] = {"this is not an IPv4 address",
                  "write four numbers from 0 to 255, as in 127.0.0.1"},
    [NOT_IPV6] = {"this is not an IPv6 address",
                  "write it as [::1]:8080 or [2001:db8::1]:8080"},
    [NOT_BRACKETED] = {"an IPv6 address stands in brackets",
                       "write it as [::1]:8080"},
    [BRACKET_OPEN] = {"the bracket is not closed", "write it as [::1]:8080"},
    [BRACKETED_IPV4] = {"brackets are for IPv6 addresses",
                        "leave them out, as in 127.0.0.1:8080"},
    [NEEDS_INTERFACE] = {"a link-local address needs its interface",
                         "write it as [fe80::1%eth0]:8080"},
    [TAKES_NO_INTERFACE] = {"only a link-local address takes an interface",
                            "leave out the % and what follows it"},
    [NO_INTERFACE] = {"there is no such network interface",
                      "the command 'ip link' lists them"},
    [NO_PATH] = {"the socket's path is missing",
                 "write it as unix:/run/berth.sock or unix:@name"},
    [PATH_TOO_LONG] = {"the socket's path is longer than 107 bytes",
                       "choose a shorter one: unix(7) has no room for more"},
    [NO_NAME] = {"the name of the socket is missing",
                 "write it as fd:web; systemd knows it as FileDescriptorName="},
    [BAD_NAME] = {"the name of a socket has no blank, ':' or other sign than "
                  "ASCII has",
                  "write it as fd:web; systemd knows it as "
                  "FileDescriptorName="},
    [NAME_TOO_LONG] = {"the name of the socket is longer than 107 bytes",
                       "choose a shorter FileDescriptorName="},
};

static enum refusal parse_port(const char *text, in_port_t *port)
{
    size_t length = strspn(text, "0123456789");
    unsigned long value;

    if (text[0] == '\0') {
        return NO_PORT;
    }
    if (text[length] != '\0' || (text[0] == '0' && length > 1)) {
        return PORT_NOT_NUMBER;
    }
    value = length > 5 ? UINT16_MAX + 1UL : strtoul(text, NULL, 10);
    if (value > UINT16_MAX) {
        return PORT_TOO_LARGE;
    }
    *port = htons((uint16_t)value);
    return FINE;
}

static void set_ipv4(struct address *a, struct in_addr ip, in_port_t port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr = ip};

    memcpy(&a->storage, &in, sizeof(in));
    a->size = sizeof(in);
}

static void set_ipv6(struct address *a,
                     const struct in6_addr *ip,
                     uint32_t scope,
                     in_port_t port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = port,
                               .sin6_addr = *ip,
                               .sin6_scope_id = scope};

    memcpy(&a->storage, &in6, sizeof(in6));
    a->size = sizeof(in6);
}

static enum refusal
parse_scope(const char *zone, const struct in6_addr *ip, uint32_t *scope)
{
    char *end = NULL;
    unsigned long number;

    if (!IN6_IS_ADDR_LINKLOCAL(ip)) {
        return zone == NULL ? FINE : TAKES_NO_INTERFACE;
    }
    if (zone == NULL) {
        return NEEDS_INTERFACE;
    }
    *scope = if_nametoindex(zone);
    if (*scope != 0) {
        return FINE;
    }
    if (zone[0] < '0' || zone[0] > '9') {
        return NO_INTERFACE;
    }
    /* RFC 4007, section 11.2: a zone may be given by its number. */
    number = strtoul(zone, &end, 10);
    if (*end != '\0' || number == 0 || number > INT32_MAX) {
        return NO_INTERFACE;
    }
    *scope = (uint32_t)number;
    return FINE;
}

/* An IPv4 address in IPv6 clothes is that IPv4 address: a socket of IPv6 alone
   cannot be bound to it. */
static void
take_ipv6(struct address *a, struct in6_addr ip, uint32_t scope, in_port_t port)
{
    struct in_addr ipv4;

    if (IN6_IS_ADDR_V4MAPPED(&ip)) {
        memcpy(&ipv4, &ip.s6_addr[12], sizeof(ipv4));
        set_ipv4(a, ipv4, port);
    } else {
        set_ipv6(a, &ip, scope, port);
    }
}

static enum refusal parse_ipv6(struct address *a, char *host, in_port_t port)
{
    char *percent = strchr(host, '%');
    struct in6_addr ip;
    struct in_addr ipv4;
    uint32_t scope = 0;
    enum refusal refusal;

    if (percent != NULL) {
        *percent = '\0';
    }
    if (inet_pton(AF_INET, host, &ipv4) == 1) {
        return BRACKETED_IPV4;
    }
    if (inet_pton(AF_INET6, host, &ip) != 1) {
        return NOT_IPV6;
    }
    refusal = parse_scope(percent == NULL ? NULL : percent + 1, &ip, &scope);
    if (refusal == FINE) {
        take_ipv6(a, ip, scope, port);
    }
    return refusal;
}

static enum refusal
parse_ipv4(struct address *a, const char *host, in_port_t port)
{
    struct in_addr ip;

    if (inet_pton(AF_INET, host, &ip) != 1) {
        return host[strspn(host, "0123456789.")] == '\0' ? NOT_IPV4 : HOST_NAME;
    }
    set_ipv4(a, ip, port);
    return FINE;
}

static enum refusal parse_bracketed(struct address *a, char *text)
{
    char *end = strchr(text, ']');
    in_port_t port;
    enum refusal refusal;

    if (end == NULL) {
        return BRACKET_OPEN;
    }
    if (end[1] != ':') {
        return end[1] == '\0' ? NO_PORT : PORT_NOT_NUMBER;
    }
    refusal = parse_port(end + 2, &port);
    if (refusal != FINE) {
        return refusal;
    }
    *end = '\0';
    return parse_ipv6(a, text + 1, port);
}

/* What is wrong with a text of several colons and no bracket? */
static enum refusal blame_colons(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF.:");

    return text[digits] == '\0' || text[digits] == '%' ? NOT_BRACKETED
                                                       : HAS_SCHEME;
}

/* What is wrong with a text that has no colon at all? */
static enum refusal blame_lone(const char *text)
{
    struct in_addr ip;

    if (strcmp(text, "*") == 0 || inet_pton(AF_INET, text, &ip) == 1) {
        return NO_PORT;
    }
    if (text[strspn(text, "0123456789")] == '\0') {
        return NO_HOST;
    }
    return text[strspn(text, "0123456789.")] == '\0' ? NOT_IPV4 : HOST_NAME;
}

static enum refusal parse_host_port(struct address *a, char *text)
{
    char *colon = strrchr(text, ':');
    in_port_t port;
    enum refusal refusal;

    if (colon == NULL) {
        return blame_lone(text);
    }
    if (colon == text) {
        return NO_HOST;
    }
    if (strchr(text, ':') != colon) {
        return blame_colons(text);
    }
    refusal = parse_port(colon + 1, &port);
    if (refusal != FINE) {
        return refusal;
    }
    *colon = '\0';
    if (strcmp(text, "*") != 0) {
        return parse_ipv4(a, text, port);
    }
    set_ipv6(a, &in6addr_any, 0, port);
    a->both_families = true;
    return FINE;
}

static enum refusal parse_internet(struct address *a, const char *text)
{
    char copy[ADDRESS_TEXT_MAX];
    size_t size = strlen(text) + 1;

    if (text[0] == '\0') {
        return EMPTY;
    }
    if (strpbrk(text, " \t\r\n") != NULL) {
        return HAS_BLANK;
    }
    if (strchr(text, '/') != NULL) {
        return text[0] == '/' || text[0] == '.' ? BARE_PATH : HAS_SCHEME;
    }
    /* The longest IPv6 address with interface and port has 70 characters. */
    if (size > sizeof(copy)) {
        return text[0] == '[' ? NOT_IPV6 : HOST_NAME;
    }
    memcpy(copy, text, size);
    return copy[0] == '[' ? parse_bracketed(a, copy) : parse_host_port(a, copy);
}

/* unix(7): a path ends with a NUL that counts, an abstract name begins with
   one and ends where the size says. */
static enum refusal
parse_unix(struct address *a, const char *name, const char *base)
{
    bool is_abstract = name[0] == '@';
    bool has_base = base != NULL && name[0] != '/' && !is_abstract;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int length;

    if (name[0] == '\0' || (is_abstract && name[1] == '\0')) {
        return NO_PATH;
    }
    length = snprintf(un.sun_path, sizeof(un.sun_path), "%s%s%s",
                      has_base ? base : "", has_base ? "/" : "", name);
    if (length < 0 || (size_t)length >= sizeof(un.sun_path)) {
        return PATH_TOO_LONG;
    }
    if (is_abstract) {
        un.sun_path[0] = '\0';
    }
    memcpy(&a->storage, &un, sizeof(un));
    a->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                          (size_t)length + (is_abstract ? 0 : 1));
    return FINE;
}

/* The name is kept as that of a unix socket is, in a family that no socket
   has. What sd_listen_fds(3) says of names, but for blanks. */
static enum refusal parse_inherited(struct address *a, const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNSPEC};
    const size_t length = strlen(name);

    if (length == 0) {
        return NO_NAME;
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == ':') {
            return BAD_NAME;
        }
    }
    if (length >= sizeof(un.sun_path)) {
        return NAME_TOO_LONG;
    }
    memcpy(un.sun_path, name, length);
    memcpy(&a->storage, &un, sizeof(un));
    a->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return FINE;
}

static enum refusal
parse_any(struct address *a, const char *text, const char *base)
{
    if (strncmp(text, "unix:", 5) == 0) {
        return parse_unix(a, text + 5, base);
    }
    if (strncmp(text, "fd:", 3) == 0) {
        return parse_inherited(a, text + 3);
    }
    return parse_internet(a, text);
}

int address_parse(struct address *a,
                  const char *text,
                  const char *base,
                  const char **why,
                  const char **hint)
{
    struct address parsed = {.size = 0};
    enum refusal refusal = parse_any(&parsed, text, base);

    if (refusal != FINE) {
        *why = refusals[refusal].why;
        *hint = refusals[refusal].hint;
        return -EINVAL;
    }
    *a = parsed;
    return 0;
}
