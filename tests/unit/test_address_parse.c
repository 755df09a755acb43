/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct address parse(const char *text, const char *base)
{
    struct address a;
    const char *why = "";
    const char *hint = "";
    int result = address_parse(&a, text, base, &why, &hint);

    ck_assert_msg(result == 0, "'%s' is refused: %s", text, why);
    return a;
}

static struct sockaddr_in parse_in(const char *text)
{
    struct address a = parse(text, NULL);
    struct sockaddr_in in;

    ck_assert_int_eq(a.storage.ss_family, AF_INET);
    ck_assert_uint_eq(a.size, sizeof(in));
    ck_assert(!a.both_families);
    memcpy(&in, &a.storage, sizeof(in));
    return in;
}

static struct sockaddr_in6 parse_in6(const char *text)
{
    struct address a = parse(text, NULL);
    struct sockaddr_in6 in6;

    ck_assert_int_eq(a.storage.ss_family, AF_INET6);
    ck_assert_uint_eq(a.size, sizeof(in6));
    memcpy(&in6, &a.storage, sizeof(in6));
    return in6;
}

/* Refused, with these parts in why and in hint (NULL: no hint). */
static void refused(const char *text, const char *part, const char *hint_part)
{
    struct address a;
    struct address before;
    const char *why = NULL;
    const char *hint = NULL;

    memset(&a, 0x5a, sizeof(a));
    before = a;
    ck_assert_msg(address_parse(&a, text, NULL, &why, &hint) == -EINVAL,
                  "'%s' is taken", text);
    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strstr(why, part) != NULL, "'%s': %s", text, why);
    ck_assert_msg((hint == NULL) == (hint_part == NULL), "'%s': %s", text,
                  hint);
    if (hint_part != NULL) {
        ck_assert_msg(strstr(hint, hint_part) != NULL, "'%s': %s", text, hint);
    }
    ck_assert_mem_eq(&a, &before, sizeof(a));
}

START_TEST(reads_ipv4)
{
    struct sockaddr_in in = parse_in("127.0.0.1:8080");

    ck_assert_uint_eq(ntohs(in.sin_port), 8080);
    ck_assert_uint_eq(ntohl(in.sin_addr.s_addr), 0x7f000001);
    ck_assert_uint_eq(ntohs(parse_in("10.0.0.1:0").sin_port), 0);
    ck_assert_uint_eq(ntohs(parse_in("10.0.0.1:65535").sin_port), 65535);
}
END_TEST

START_TEST(reads_ipv6)
{
    struct sockaddr_in6 in6 = parse_in6("[2001:db8::1]:443");

    ck_assert_uint_eq(ntohs(in6.sin6_port), 443);
    ck_assert_uint_eq(in6.sin6_addr.s6_addr[0], 0x20);
    ck_assert_uint_eq(in6.sin6_addr.s6_addr[15], 1);
    ck_assert_uint_eq(in6.sin6_scope_id, 0);
    ck_assert(!parse("[::]:443", NULL).both_families);
}
END_TEST

START_TEST(a_star_is_both_families)
{
    struct address a = parse("*:80", NULL);
    struct sockaddr_in6 in6 = parse_in6("*:80");

    ck_assert(a.both_families);
    ck_assert(IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr));
    ck_assert_uint_eq(ntohs(in6.sin6_port), 80);
}
END_TEST

START_TEST(mapped_ipv6_is_ipv4)
{
    struct sockaddr_in in = parse_in("[::ffff:192.0.2.1]:80");

    ck_assert_uint_eq(ntohl(in.sin_addr.s_addr), 0xc0000201);
}
END_TEST

START_TEST(a_link_local_address_takes_its_interface)
{
    char name[IF_NAMESIZE];
    char text[64];

    ck_assert_ptr_nonnull(if_indextoname(1, name));
    (void)snprintf(text, sizeof(text), "[fe80::1%%%s]:80", name);
    ck_assert_uint_eq(parse_in6(text).sin6_scope_id, 1);
    ck_assert_uint_eq(parse_in6("[fe80::1%7]:80").sin6_scope_id, 7);
}
END_TEST

START_TEST(interfaces_are_refused_where_they_are_wrong)
{
    refused("[fe80::1]:80", "needs its interface", "%eth0");
    refused("[fe80::1%]:80", "no such network interface", "ip link");
    refused("[fe80::1%nosuch0]:80", "no such network interface", "ip link");
    refused("[fe80::1%0]:80", "no such network interface", "ip link");
    refused("[fe80::1%1x]:80", "no such network interface", "ip link");
    refused("[fe80::1%4294967297]:80", "no such network interface", "ip link");
    refused("[2001:db8::1%lo]:80", "only a link-local", "leave out");
}
END_TEST

START_TEST(ports_are_strict)
{
    static const char *const bad[] = {"+80", "-1", "0x50", "8 ",  "80a",
                                      "08",  "00", ":",    "8.0", "http"};
    char text[64];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct address a;
        const char *why;
        const char *hint;

        (void)snprintf(text, sizeof(text), "127.0.0.1:%s", bad[i]);
        ck_assert_msg(address_parse(&a, text, NULL, &why, &hint) == -EINVAL,
                      "'%s' is taken", text);
    }
    refused("127.0.0.1:+80", "not a number", "decimal digits");
    refused("[::1]:+80", "not a number", "decimal digits");
    refused("[::1]80", "not a number", "decimal digits");
    refused("127.0.0.1:65536", "above 65535", NULL);
    refused("127.0.0.1:99999999999999999999", "above 65535", NULL);
    refused("[::1]:65536", "above 65535", NULL);
    refused("*:65536", "above 65535", NULL);
}
END_TEST

START_TEST(tells_what_is_missing)
{
    refused("", "is empty", "127.0.0.1:8080");
    refused("8080", "before the port is missing", "*:8080 or 127.0.0.1:8080");
    refused(":8080", "before the port is missing", "*:8080 or 127.0.0.1:8080");
    refused("127.0.0.1", "port is missing", "127.0.0.1:8080");
    refused("127.0.0.1:", "port is missing", "127.0.0.1:8080");
    refused("*", "port is missing", "127.0.0.1:8080");
    refused("[::1]", "port is missing", "127.0.0.1:8080");
    refused("[::1", "not closed", "[::1]:8080");
}
END_TEST

START_TEST(names_are_not_looked_up)
{
    refused("localhost:80", "host names are not looked up",
            "write 127.0.0.1:80 or [::1]:80");
    refused("localhost", "host names are not looked up", "127.0.0.1:80");
    refused("www.example.org:80", "host names are not looked up", "127.0.0.1");
    refused("**:80", "host names are not looked up", "127.0.0.1");
}
END_TEST

START_TEST(tells_wrong_addresses_from_names)
{
    refused("256.0.0.1:80", "not an IPv4 address", "four numbers");
    refused("1.2.3:80", "not an IPv4 address", "four numbers");
    refused("1.2.3", "not an IPv4 address", "four numbers");
    refused("010.0.0.1:80", "not an IPv4 address", "four numbers");
    refused("[::g]:80", "not an IPv6 address", "[::1]:8080");
    refused("[]:80", "not an IPv6 address", "[::1]:8080");
}
END_TEST

START_TEST(brackets_are_for_ipv6)
{
    refused("::1:80", "stands in brackets", "[::1]:8080");
    refused("::", "stands in brackets", "[::1]:8080");
    refused("fe80::1%eth0:80", "stands in brackets", "[::1]:8080");
    refused("[127.0.0.1]:80", "brackets are for IPv6", "127.0.0.1:8080");
}
END_TEST

START_TEST(what_looks_like_a_url_or_a_path_is_told)
{
    refused("http://127.0.0.1:80", "no scheme", "127.0.0.1:8080");
    refused("tcp:127.0.0.1:80", "no scheme", "127.0.0.1:8080");
    refused("/run/a.sock", "needs 'unix:'", "unix:/run");
    refused("./a.sock", "needs 'unix:'", "unix:/run");
    refused("127.0.0.1:80 ", "blank", NULL);
    refused(" 127.0.0.1:80", "blank", NULL);
    refused("127.0.0.1:80\n", "blank", NULL);
}
END_TEST

START_TEST(an_inherited_socket_has_a_name)
{
    char text[3 + 108 + 1] = "fd:";
    struct address a = parse("fd:web-1.socket", "/run");

    ck_assert_str_eq(address_inherited(&a), "web-1.socket");
    refused("fd:", "name of the socket is missing", "fd:web");
    refused("fd:a b", "no blank", "FileDescriptorName=");
    refused("fd:a:b", "no blank", "FileDescriptorName=");
    refused("fd:a\n", "no blank", "FileDescriptorName=");
    refused("fd:\303\244", "no blank", "FileDescriptorName=");
    memset(text + 3, 'x', 107);
    a = parse(text, NULL);
    ck_assert_str_eq(address_inherited(&a), text + 3);
    text[3 + 107] = 'x';
    refused(text, "longer than 107", "shorter");
}
END_TEST

START_TEST(long_texts_are_refused_not_cut)
{
    char text[1000];

    memset(text, '1', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    refused(text, "host names", "127.0.0.1");
    text[0] = '[';
    refused(text, "not an IPv6 address", "[::1]");
}
END_TEST

static struct sockaddr_un parse_un(const char *text, const char *base)
{
    struct address a = parse(text, base);
    struct sockaddr_un un;

    ck_assert_int_eq(a.storage.ss_family, AF_UNIX);
    memcpy(&un, &a.storage, sizeof(un));
    return un;
}

START_TEST(reads_unix_paths)
{
    struct address a = parse("unix:/run/x.sock", "/etc");

    ck_assert_str_eq(parse_un("unix:/run/x.sock", "/etc").sun_path,
                     "/run/x.sock");
    ck_assert_uint_eq(a.size, offsetof(struct sockaddr_un, sun_path) + 12);
    ck_assert_str_eq(parse_un("unix:x.sock", "/etc").sun_path, "/etc/x.sock");
    ck_assert_str_eq(parse_un("unix:x.sock", NULL).sun_path, "x.sock");
    ck_assert_str_eq(parse_un("unix:/a b:c", NULL).sun_path, "/a b:c");
}
END_TEST

START_TEST(abstract_names_begin_with_nul_and_have_none_behind)
{
    struct address a = parse("unix:@name", "/etc");
    struct sockaddr_un un = parse_un("unix:@name", "/etc");

    ck_assert_mem_eq(un.sun_path, "\0name", 6);
    ck_assert_uint_eq(a.size, offsetof(struct sockaddr_un, sun_path) + 5);
}
END_TEST

START_TEST(unix_paths_have_107_bytes_at_most)
{
    char text[256] = "unix:/";
    struct address a;
    const char *why;
    const char *hint;

    memset(text + 6, 'x', 106);
    ck_assert_uint_eq(parse(text, NULL).size,
                      offsetof(struct sockaddr_un, sun_path) + 108);
    text[6 + 106] = 'x';
    refused(text, "longer than 107 bytes", "shorter");
    text[5] = '@';
    refused(text, "longer than 107 bytes", "shorter");

    text[5] = 'x';
    text[6 + 100] = '\0';
    ck_assert_int_eq(
        address_parse(&a, text, "/a/folder/that/counts", &why, &hint), -EINVAL);
    refused("unix:", "path is missing", "unix:/run");
    refused("unix:@", "path is missing", "unix:@name");
}
END_TEST

UNIT_MAIN("address_parse",
          reads_ipv4,
          reads_ipv6,
          a_star_is_both_families,
          mapped_ipv6_is_ipv4,
          a_link_local_address_takes_its_interface,
          interfaces_are_refused_where_they_are_wrong,
          ports_are_strict,
          tells_what_is_missing,
          names_are_not_looked_up,
          tells_wrong_addresses_from_names,
          brackets_are_for_ipv6,
          what_looks_like_a_url_or_a_path_is_told,
          an_inherited_socket_has_a_name,
          long_texts_are_refused_not_cut,
          reads_unix_paths,
          abstract_names_begin_with_nul_and_have_none_behind,
          unix_paths_have_107_bytes_at_most)
