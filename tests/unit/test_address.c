/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct address parse(const char *text)
{
    struct address a;
    const char *why = "";
    const char *hint;

    ck_assert_msg(address_parse(&a, text, NULL, &why, &hint) == 0, "%s: %s",
                  text, why);
    return a;
}

static struct address make_ipv6(const char *text, uint32_t scope)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(80),
                               .sin6_scope_id = scope};
    struct address a = {.size = sizeof(in6)};

    ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    memcpy(&a.storage, &in6, sizeof(in6));
    return a;
}

static void check_text(const struct address *a, const char *text)
{
    char buffer[ADDRESS_TEXT_MAX];

    ck_assert_uint_eq(address_format(a, buffer, sizeof(buffer)), strlen(text));
    ck_assert_str_eq(buffer, text);
}

START_TEST(writes_what_it_reads)
{
    static const char *const texts[] = {
        "127.0.0.1:8080", "0.0.0.0:0",      "[::1]:65535",
        "[::]:80",        "*:80",           "[2001:db8::1:0:0:1]:1",
        "unix:/run/x",    "unix:relative",  "unix:@name",
        "[fe80::1%lo]:1", "255.1.0.9:1234", "fd:web",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct address a = parse(texts[i]);

        check_text(&a, texts[i]);
    }
}
END_TEST

START_TEST(mapped_peers_are_written_as_ipv4)
{
    struct address a = make_ipv6("::ffff:192.0.2.7", 0);

    check_text(&a, "192.0.2.7:80");
}
END_TEST

START_TEST(scopes_without_a_name_are_written_as_numbers)
{
    struct address a = make_ipv6("fe80::1", 987654);

    check_text(&a, "[fe80::1%987654]:80");
    a = make_ipv6("2001:db8::1", 1);
    check_text(&a, "[2001:db8::1]:80");
}
END_TEST

START_TEST(formatting_cuts_and_tells_the_whole_length)
{
    struct address a = parse("127.0.0.1:8080");
    char buffer[8] = "........";

    ck_assert_uint_eq(address_format(&a, buffer, 5), 14);
    ck_assert_mem_eq(buffer, "127.\0...", 8);
    ck_assert_uint_eq(address_format(&a, NULL, 0), 14);
}
END_TEST

START_TEST(writes_the_address_alone)
{
    static const struct {
        const char *text, *ip;
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1"},
        {"[::1]:1", "::1"},
        {"[fe80::1%lo]:1", "fe80::1%lo"},
        {"*:1", "*"},
        {"unix:/run/x", ""},
        {"fd:web", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address a = parse(cases[i].text);
        char buffer[ADDRESS_TEXT_MAX] = "x";

        ck_assert_uint_eq(address_format_ip(&a, buffer, sizeof(buffer)),
                          strlen(cases[i].ip));
        ck_assert_str_eq(buffer, cases[i].ip);
    }
}
END_TEST

START_TEST(unnamed_and_unknown_peers_have_a_text)
{
    struct address a = {.size = sizeof(sa_family_t)};

    a.storage.ss_family = AF_UNIX;
    check_text(&a, "unix:");
    ck_assert(!address_is_path(&a));
    a.storage.ss_family = AF_UNSPEC;
    check_text(&a, "unknown");
}
END_TEST

START_TEST(a_full_sun_path_needs_no_nul)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct address a = {.size = sizeof(un)};
    char expected[ADDRESS_TEXT_MAX] = "unix:/";
    char buffer[ADDRESS_TEXT_MAX];

    memset(un.sun_path, 'x', sizeof(un.sun_path));
    un.sun_path[0] = '/';
    memcpy(&a.storage, &un, sizeof(un));
    memset(expected + 6, 'x', 107);
    check_text(&a, expected);
    un.sun_path[0] = '\0';
    un.sun_path[50] = '\0';
    memcpy(&a.storage, &un, sizeof(un));
    ck_assert_uint_eq(address_format(&a, buffer, sizeof(buffer)), 113);
    ck_assert_int_eq(buffer[5], '@');
    ck_assert_int_eq(buffer[55], '@');
}
END_TEST

/* What the kernel reports for a real socket is understood. */
START_TEST(agrees_with_the_kernel)
{
    struct address a = parse("127.0.0.1:0");
    struct address bound = {.size = sizeof(bound.storage)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[ADDRESS_TEXT_MAX];

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a.storage, a.size), 0);
    ck_assert_int_eq(
        getsockname(fd, (struct sockaddr *)&bound.storage, &bound.size), 0);
    (void)address_format(&bound, text, sizeof(text));
    ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
    ck_assert_str_ne(text + 10, "0");
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

static bool overlaps(const char *a_text, const char *b_text)
{
    struct address a = parse(a_text);
    struct address b = parse(b_text);
    bool is_overlap = address_overlaps(&a, &b);

    ck_assert_msg(is_overlap == address_overlaps(&b, &a), "%s, %s", a_text,
                  b_text);
    return is_overlap;
}

START_TEST(the_same_address_overlaps)
{
    ck_assert(overlaps("127.0.0.1:80", "127.0.0.1:80"));
    ck_assert(overlaps("[::1]:80", "[::1]:80"));
    ck_assert(overlaps("*:80", "*:80"));
    ck_assert(overlaps("unix:/run/x", "unix:/run/x"));
    ck_assert(overlaps("unix:@x", "unix:@x"));
    ck_assert(overlaps("fd:x", "fd:x"));
    ck_assert(overlaps("127.0.0.1:80", "[::ffff:127.0.0.1]:80"));
}
END_TEST

START_TEST(any_addresses_cover_their_family)
{
    ck_assert(overlaps("*:80", "127.0.0.1:80"));
    ck_assert(overlaps("*:80", "[::1]:80"));
    ck_assert(overlaps("*:80", "0.0.0.0:80"));
    ck_assert(overlaps("*:80", "[::]:80"));
    ck_assert(overlaps("0.0.0.0:80", "127.0.0.1:80"));
    ck_assert(overlaps("[::]:80", "[::1]:80"));
    ck_assert(!overlaps("0.0.0.0:80", "[::1]:80"));
    ck_assert(!overlaps("[::]:80", "127.0.0.1:80"));
    ck_assert(!overlaps("[::]:80", "0.0.0.0:80"));
}
END_TEST

START_TEST(different_addresses_do_not_overlap)
{
    ck_assert(!overlaps("127.0.0.1:80", "127.0.0.1:81"));
    ck_assert(!overlaps("127.0.0.1:80", "127.0.0.2:80"));
    ck_assert(!overlaps("127.0.0.1:80", "[::1]:80"));
    ck_assert(!overlaps("*:80", "*:81"));
    ck_assert(!overlaps("*:80", "unix:/80"));
    ck_assert(!overlaps("unix:/x", "unix:/xy"));
    ck_assert(!overlaps("unix:x", "unix:@x"));
    ck_assert(!overlaps("fd:x", "fd:xy"));
    ck_assert(!overlaps("fd:x", "unix:x"));
    ck_assert(!overlaps("fd:80", "*:80"));
    ck_assert(!overlaps("[fe80::1%1]:80", "[fe80::1%2]:80"));
}
END_TEST

START_TEST(port_0_never_overlaps)
{
    ck_assert(!overlaps("127.0.0.1:0", "127.0.0.1:0"));
    ck_assert(!overlaps("*:0", "*:0"));
}
END_TEST

START_TEST(only_paths_are_paths)
{
    struct address path = parse("unix:/run/x");
    struct address abstract = parse("unix:@x");
    struct address internet = parse("127.0.0.1:80");

    ck_assert(address_is_path(&path));
    ck_assert(!address_is_path(&abstract));
    ck_assert(!address_is_path(&internet));
}
END_TEST

START_TEST(only_inherited_sockets_have_such_a_name)
{
    struct address inherited = parse("fd:web");
    struct address same = parse("fd:web");
    struct address path = parse("unix:/run/x");
    struct address internet = parse("127.0.0.1:80");
    struct address unknown = {.size = sizeof(unknown.storage)};
    struct address none = {.size = 0};

    ck_assert_str_eq(address_inherited(&inherited), "web");
    ck_assert(address_equals(&inherited, &same));
    ck_assert(!address_is_path(&inherited));
    ck_assert_ptr_null(address_inherited(&path));
    ck_assert_ptr_null(address_inherited(&internet));
    ck_assert_ptr_null(address_inherited(&unknown));
    ck_assert_ptr_null(address_inherited(&none));
}
END_TEST

START_TEST(the_key_is_the_ip_without_port)
{
    static const unsigned char ipv4[16] = {
        [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7};
    static const unsigned char loopback[16] = {[15] = 1};
    struct address one = parse("192.0.2.7:1");
    struct address mapped = make_ipv6("::ffff:192.0.2.7", 0);
    struct address other = parse("[::1]:1");
    struct address local = parse("unix:/run/x");
    struct address inherited = parse("fd:web");
    unsigned char key[16] = {0};

    ck_assert_int_eq(address_key(&one, key), 0);
    ck_assert_mem_eq(key, ipv4, 16);
    memset(key, 0, sizeof(key));
    ck_assert_int_eq(address_key(&mapped, key), 0);
    ck_assert_mem_eq(key, ipv4, 16);
    ck_assert_int_eq(address_key(&other, key), 0);
    ck_assert_mem_eq(key, loopback, 16);
    ck_assert_int_eq(address_key(&local, key), -ENOENT);
    ck_assert_int_eq(address_key(&inherited, key), -ENOENT);
    ck_assert_mem_eq(key, loopback, 16);
}
END_TEST

UNIT_MAIN("address",
          writes_what_it_reads,
          mapped_peers_are_written_as_ipv4,
          scopes_without_a_name_are_written_as_numbers,
          formatting_cuts_and_tells_the_whole_length,
          writes_the_address_alone,
          unnamed_and_unknown_peers_have_a_text,
          a_full_sun_path_needs_no_nul,
          agrees_with_the_kernel,
          the_same_address_overlaps,
          any_addresses_cover_their_family,
          different_addresses_do_not_overlap,
          port_0_never_overlaps,
          only_paths_are_paths,
          only_inherited_sockets_have_such_a_name,
          the_key_is_the_ip_without_port)
