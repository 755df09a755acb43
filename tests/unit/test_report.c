/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures.h"
#include "keys.h"
#include "unit.h"

static struct loop loop;
static struct channel channel;
static int checker; /* the other side */
static struct snapshot *snapshot;
static struct report report;

static void hear(void *owner, const struct channel_message *message)
{
    (void)owner;
    report_take(&report, snapshot, message);
}

/* No turn waits. */
static bool end_turn(void *arg)
{
    (void)arg;
    return true;
}

static void set_up(void)
{
    int ends[2];

    memset(&report, 0, sizeof(report));
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, end_turn, NULL),
                     0);
    ck_assert_int_eq(channel_pair(ends), 0);
    ck_assert_int_eq(channel_open(&channel, &loop, ends[0], hear, NULL), 0);
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
    checker = ends[1];
}

static void tear_down(void)
{
    channel_close(&channel);
    (void)close(checker);
    snapshot_free(snapshot);
    report_fini(&report);
    loop_close(&loop);
}

/* -------------------------------------------------------------------- sending */

static void say_with(uint32_t type, const void *data, size_t size, int fd)
{
    struct channel_message message = channel_compose(type, data, size);

    message.fd = fd;
    ck_assert_int_eq(channel_send(checker, &message), 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
}

static void say(uint32_t type, const void *data, size_t size)
{
    say_with(type, data, size, -1);
}

static struct report_entry make_entry(uint32_t plugin)
{
    return (struct report_entry){
        .workers = 1,
        .plugin = plugin,
        .name = "echo",
        .protocol = "echo",
    };
}

static struct report_listener make_listener(size_t entry)
{
    struct report_listener listener = {
        .backlog = 4096,
        .mode = -1,
        .workers = 0,
        .name = "echo",
        .text = "127.0.0.1:0",
    };
    const char *why;
    const char *hint;

    ck_assert_int_eq(
        address_parse(&listener.address, "127.0.0.1:0", NULL, &why, &hint), 0);
    index_set_add(&listener.entries, entry);
    return listener;
}

static void say_entry(const struct report_entry *entry)
{
    say(REPORT_ENTRY, entry, sizeof(*entry));
}

static void say_listener(const struct report_listener *listener)
{
    say(REPORT_LISTENER, listener, sizeof(*listener));
}

static void say_good_entry(void)
{
    const struct report_entry entry = make_entry(0);

    say_entry(&entry);
}

/* Ends what was said, and begins anew. */
static void begin_anew(void)
{
    report_fini(&report);
    snapshot_free(snapshot);
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
}

/* What was just said made it so. */
static void expect_senseless(void)
{
    ck_assert(report.is_senseless);
    ck_assert(!report.is_whole);
    begin_anew();
}

static void expect_sense(void)
{
    ck_assert(!report.is_senseless);
    begin_anew();
}

/* ----------------------------------------------------------------------- good */

START_TEST(a_good_one_is_taken)
{
    const struct report_listener listener = make_listener(0);

    say(REPORT_TEXT, "a ", 2);
    say(REPORT_TEXT, "warning\n", 8);
    say_good_entry();
    say_listener(&listener);
    ck_assert(!report_has_ended(&report));
    say(REPORT_GOOD, NULL, 0);
    ck_assert(report.is_whole && report.is_good && !report.is_senseless);
    ck_assert_str_eq(report.text, "a warning\n");
    ck_assert_uint_eq(report.entry_count, 1);
    ck_assert_str_eq(report.entries[0].name, "echo");
    ck_assert_uint_eq(report.listener_count, 1);
    ck_assert(index_set_has(&report.listeners[0].entries, 0));
}
END_TEST

START_TEST(a_bad_one_is_taken)
{
    say(REPORT_TEXT, "an error\n", 9);
    say(REPORT_BAD, NULL, 0);
    ck_assert(report.is_whole && !report.is_good && !report.is_senseless);
    ck_assert_str_eq(report.text, "an error\n");
}
END_TEST

START_TEST(what_is_sent_is_what_is_taken)
{
    static char text[2 * CHANNEL_MESSAGE_MAX + 5];

    memset(text, 'x', sizeof(text));
    ck_assert_int_eq(report_send(checker, NULL, snapshot, text, sizeof(text)),
                     0);
    while (!report_has_ended(&report)) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert(report.is_whole && !report.is_good);
    ck_assert_uint_eq(report.text_size, sizeof(text));
    ck_assert_mem_eq(report.text, text, sizeof(text));
}
END_TEST

START_TEST(after_the_end_nothing_is_taken)
{
    const struct report_listener listener = make_listener(0);

    say_good_entry();
    say(REPORT_GOOD, NULL, 0);
    say_good_entry();
    say_listener(&listener);
    say(REPORT_TEXT, "more", 4);
    say(REPORT_FILE, "echo\0/echo.so", 14);
    say(REPORT_BAD, NULL, 0);
    say(77, NULL, 0);
    ck_assert(report.is_whole && report.is_good && !report.is_senseless);
    ck_assert_uint_eq(report.entry_count, 1);
    ck_assert_uint_eq(report.listener_count, 0);
    ck_assert_ptr_null(report.text);
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
}
END_TEST

START_TEST(after_nonsense_nothing_is_taken)
{
    say(77, NULL, 0);
    say_good_entry();
    say(REPORT_GOOD, NULL, 0);
    ck_assert(report.is_senseless && !report.is_whole && !report.is_good);
    ck_assert_uint_eq(report.entry_count, 0);
}
END_TEST

/* -------------------------------------------------------------------- messages */

START_TEST(sizes_are_those_of_the_structs)
{
    const struct report_entry entry = make_entry(0);
    const struct report_listener listener = make_listener(0);

    say(REPORT_ENTRY, &entry, sizeof(entry) - 1);
    expect_senseless();
    say(REPORT_LISTENER, &listener, sizeof(listener) - 1);
    expect_senseless();
    say(REPORT_ENTRY, NULL, 0);
    expect_senseless();
    say(REPORT_LISTENER, NULL, 0);
    expect_senseless();
    say(REPORT_FILE, NULL, 0);
    expect_senseless();
    say(REPORT_BAD, "x", 1);
    expect_senseless();
    say_good_entry();
    say(REPORT_GOOD, "x", 1);
    expect_senseless();
    say(REPORT_BAD + 1, NULL, 0);
    expect_senseless();
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

START_TEST(only_files_have_descriptors)
{
    static const uint32_t types[] = {REPORT_LISTENER, REPORT_ENTRY, REPORT_TEXT,
                                     REPORT_GOOD, REPORT_BAD};
    const struct report_listener listener = make_listener(0);
    const int before = count_descriptors();

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const size_t size = types[i] == REPORT_LISTENER ? sizeof(listener) : 0;

        say_with(types[i], &listener, size, STDERR_FILENO);
        expect_senseless();
    }
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* ----------------------------------------------------------------------- files */

START_TEST(a_file_is_the_snapshots)
{
    const int fd = memfd_create("plugin", MFD_CLOEXEC);
    const struct snapshot_file *file;

    ck_assert_int_ge(fd, 0);
    say_with(REPORT_FILE, "echo\0/lib/echo.so", 18, fd);
    say(REPORT_FILE, "line\0/lib/line.so", 18);
    (void)close(fd);
    ck_assert(!report.is_senseless);
    ck_assert_uint_eq(snapshot_count(snapshot), 2);
    file = snapshot_find(snapshot, SNAPSHOT_PLUGIN, "echo");
    ck_assert_ptr_nonnull(file);
    ck_assert_str_eq(file->path, "/lib/echo.so");
    ck_assert_int_ge(file->fd, 0);
    ck_assert_int_eq(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "line")->fd, -1);
}
END_TEST

START_TEST(names_of_files_are_two_texts)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"echo", 4},              /* no end */
        {"echo", 5},              /* no path */
        {"echo\0", 6},            /* an empty one */
        {"echo\0/lib", 9},        /* without an end */
        {"echo\0lib", 9},         /* relative */
        {"\0/lib", 6},            /* no name */
        {"echo\0/lib\0", 11},     /* something behind */
        {"echo\0/lib\0more", 15}, /* the same */
    };
    const int before = count_descriptors();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say_with(REPORT_FILE, cases[i].bytes, cases[i].size, STDERR_FILENO);
        ck_assert_uint_eq(snapshot_count(snapshot), 0);
        expect_senseless();
    }
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(files_are_counted)
{
    char names[32];

    for (int i = 0; i <= KEYS_ENTRIES_MAX; i++) {
        const int size = snprintf(names, sizeof(names), "%d%c/lib", i, 0);

        ck_assert(!report.is_senseless);
        say(REPORT_FILE, names, (size_t)size + 1);
    }
    ck_assert(!report.is_senseless);
    say(REPORT_FILE, "more\0/lib", 10);
    expect_senseless();
}
END_TEST

/* --------------------------------------------------------------------- entries */

START_TEST(entries_have_names_that_end)
{
    struct report_entry entry = make_entry(0);

    memset(entry.name, 'x', sizeof(entry.name));
    say_entry(&entry);
    expect_senseless();
    entry.name[sizeof(entry.name) - 1] = '\0';
    say_entry(&entry);
    expect_sense();
    entry.name[0] = '\0';
    say_entry(&entry);
    expect_senseless();

    entry = make_entry(0);
    memset(entry.protocol, 'x', sizeof(entry.protocol));
    say_entry(&entry);
    expect_senseless();
    entry.protocol[0] = '\0';
    say_entry(&entry);
    expect_senseless();
}
END_TEST

START_TEST(entries_have_numbers_in_their_ranges)
{
    struct report_entry entry = make_entry(0);

    entry.workers = KEYS_WORKERS_MAX;
    say_entry(&entry);
    expect_sense();
    entry.workers++;
    say_entry(&entry);
    expect_senseless();
    entry = make_entry(KEYS_ENTRIES_MAX - 1);
    say_entry(&entry);
    expect_sense();
    entry = make_entry(KEYS_ENTRIES_MAX);
    say_entry(&entry);
    expect_senseless();
}
END_TEST

START_TEST(entries_are_counted)
{
    for (int i = 0; i < KEYS_ENTRIES_MAX; i++) {
        ck_assert(!report.is_senseless);
        say_good_entry();
    }
    ck_assert(!report.is_senseless);
    say_good_entry();
    expect_senseless();
}
END_TEST

/* Says entries with these plugins, and the end. */
static void say_plugins(const uint32_t *plugins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct report_entry entry = make_entry(plugins[i]);

        say_entry(&entry);
    }
    ck_assert(!report.is_senseless);
    say(REPORT_GOOD, NULL, 0);
}

START_TEST(a_plugin_is_named_by_its_first_entry)
{
    say_plugins((uint32_t[]){0, 0, 2, 0, 2}, 5);
    expect_sense();
    say_plugins((uint32_t[]){1, 1}, 2); /* a later one */
    expect_senseless();
    say_plugins((uint32_t[]){0, 5}, 2); /* none */
    expect_senseless();
    say_plugins((uint32_t[]){0, 0, 1}, 3); /* not the first one */
    expect_senseless();
}
END_TEST

/* ------------------------------------------------------------------- listeners */

START_TEST(listeners_have_texts_that_end)
{
    struct report_listener listener = make_listener(0);

    memset(listener.name, 'x', sizeof(listener.name));
    say_listener(&listener);
    expect_senseless();
    listener.name[sizeof(listener.name) - 1] = '\0';
    say_listener(&listener);
    expect_sense();
    listener.name[0] = '\0';
    say_listener(&listener);
    expect_senseless();

    listener = make_listener(0);
    memset(listener.text, 'x', sizeof(listener.text));
    say_listener(&listener);
    expect_senseless();
    listener.text[0] = '\0';
    say_listener(&listener);
    expect_senseless();
}
END_TEST

static void check_listener(uint32_t backlog,
                           int32_t mode,
                           uint32_t workers,
                           bool makes_sense)
{
    struct report_listener listener = make_listener(0);

    listener.backlog = backlog;
    listener.mode = mode;
    listener.workers = workers;
    say_listener(&listener);
    if (makes_sense) {
        expect_sense();
    } else {
        expect_senseless();
    }
}

START_TEST(listeners_have_numbers_in_their_ranges)
{
    check_listener(1, -1, 0, true);
    check_listener(65535, 0777, KEYS_WORKERS_MAX, true);
    check_listener(0, -1, 0, false);
    check_listener(65536, -1, 0, false);
    check_listener(UINT32_MAX, -1, 0, false);
    check_listener(1, -2, 0, false);
    check_listener(1, 01000, 0, false);
    check_listener(1, INT32_MIN, 0, false);
    check_listener(1, -1, KEYS_WORKERS_MAX + 1, false);
}
END_TEST

START_TEST(listeners_are_counted)
{
    const struct report_listener listener = make_listener(0);

    for (int i = 0; i < KEYS_LISTENERS_MAX; i++) {
        ck_assert(!report.is_senseless);
        say_listener(&listener);
    }
    ck_assert(!report.is_senseless);
    say_listener(&listener);
    expect_senseless();
}
END_TEST

START_TEST(somebody_listens_and_is_there)
{
    struct report_listener listener = make_listener(1);

    listener.entries = (struct index_set){.bits = {0}};
    say_listener(&listener);
    expect_senseless();

    listener = make_listener(1);
    say_good_entry();
    say_listener(&listener);
    say_good_entry(); /* it may come later */
    say(REPORT_GOOD, NULL, 0);
    expect_sense();

    say_good_entry();
    say_listener(&listener);
    say(REPORT_GOOD, NULL, 0);
    expect_senseless();

    listener = make_listener(INDEX_SET_MAX - 1);
    say_good_entry();
    say_listener(&listener);
    say(REPORT_GOOD, NULL, 0);
    expect_senseless();
}
END_TEST

static void say_address(int family, size_t size)
{
    struct report_listener listener = make_listener(0);

    listener.address.storage.ss_family = (sa_family_t)family;
    listener.address.size = (socklen_t)size;
    say_listener(&listener);
}

START_TEST(addresses_are_as_long_as_their_family)
{
    say_address(AF_INET, sizeof(struct sockaddr_in));
    expect_sense();
    say_address(AF_INET, sizeof(struct sockaddr_in) - 1);
    expect_senseless();
    say_address(AF_INET, sizeof(struct sockaddr_storage) + 1);
    expect_senseless();
    say_address(AF_INET, 0);
    expect_senseless();
    say_address(AF_INET6, sizeof(struct sockaddr_in6));
    expect_sense();
    say_address(AF_INET6, sizeof(struct sockaddr_in));
    expect_senseless();
    say_address(AF_NETLINK, sizeof(struct sockaddr_in));
    expect_senseless();
    say_address(UINT16_MAX, UINT32_MAX);
    expect_senseless();
}
END_TEST

/* A unix socket of that sun_path, or what is kept like one. */
static void say_name(int family, const void *path, size_t length)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    struct report_listener listener = make_listener(0);
    struct sockaddr_un un = {.sun_family = (sa_family_t)family};

    memcpy(un.sun_path, path, length);
    memcpy(&listener.address.storage, &un, sizeof(un));
    listener.address.size = (socklen_t)(start + length);
    say_listener(&listener);
}

START_TEST(names_of_unix_sockets_end)
{
    static char full[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

    say_name(AF_UNIX, "/sock", 6);
    expect_sense();
    say_name(AF_UNIX, "\0abstract", 9);
    expect_sense();
    say_name(AF_UNSPEC, "web", 4);
    expect_sense();
    say_name(AF_UNIX, "/sock", 5);
    expect_senseless();
    say_name(AF_UNIX, "/so\0k", 6);
    expect_senseless();
    say_name(AF_UNIX, "", 0);
    expect_senseless();
    say_name(AF_UNIX, "", 1);
    expect_senseless();
    say_name(AF_UNSPEC, "\0web", 4);
    expect_senseless();
    memset(full, 'x', sizeof(full));
    say_name(AF_UNIX, full, sizeof(full));
    expect_senseless();
    say_address(AF_UNIX, sizeof(struct sockaddr_un) + 1);
    expect_senseless();
}
END_TEST

static void say_both_families(int family, size_t size, unsigned char both)
{
    struct report_listener listener = make_listener(0);

    listener.address.storage.ss_family = (sa_family_t)family;
    listener.address.size = (socklen_t)size;
    memcpy((char *)&listener.address + offsetof(struct address, both_families),
           &both, sizeof(both));
    say_listener(&listener);
}

START_TEST(only_ipv6_has_both_families)
{
    say_both_families(AF_INET6, sizeof(struct sockaddr_in6), 1);
    expect_sense();
    say_both_families(AF_INET6, sizeof(struct sockaddr_in6), 2);
    expect_senseless();
    say_both_families(AF_INET, sizeof(struct sockaddr_in), 1);
    expect_senseless();
}
END_TEST

/* ------------------------------------------------------------------------ text */

START_TEST(text_is_bounded)
{
    static char piece[CHANNEL_MESSAGE_MAX];

    memset(piece, 'x', sizeof(piece));
    for (size_t i = 0; i < REPORT_TEXT_MAX / sizeof(piece); i++) {
        say(REPORT_TEXT, piece, sizeof(piece));
    }
    ck_assert(!report.is_senseless);
    ck_assert_uint_eq(report.text_size, REPORT_TEXT_MAX);
    say(REPORT_TEXT, piece, 1);
    expect_senseless();
}
END_TEST

START_TEST(text_has_no_zeros)
{
    say(REPORT_TEXT, "te\0xt", 5);
    expect_senseless();
    say(REPORT_TEXT, "", 0);
    expect_sense();
}
END_TEST

/* ------------------------------------------------------------------------- end */

START_TEST(a_good_one_has_entries_and_a_bad_one_has_none)
{
    say(REPORT_GOOD, NULL, 0);
    expect_senseless();
    say_good_entry();
    say(REPORT_BAD, NULL, 0);
    expect_senseless();
}
END_TEST

UNIT_MAIN_WITH("report",
               set_up,
               tear_down,
               a_good_one_is_taken,
               a_bad_one_is_taken,
               what_is_sent_is_what_is_taken,
               after_the_end_nothing_is_taken,
               after_nonsense_nothing_is_taken,
               sizes_are_those_of_the_structs,
               only_files_have_descriptors,
               a_file_is_the_snapshots,
               names_of_files_are_two_texts,
               files_are_counted,
               entries_have_names_that_end,
               entries_have_numbers_in_their_ranges,
               entries_are_counted,
               a_plugin_is_named_by_its_first_entry,
               listeners_have_texts_that_end,
               listeners_have_numbers_in_their_ranges,
               listeners_are_counted,
               somebody_listens_and_is_there,
               addresses_are_as_long_as_their_family,
               names_of_unix_sockets_end,
               only_ipv6_has_both_families,
               text_is_bounded,
               text_has_no_zeros,
               a_good_one_has_entries_and_a_bad_one_has_none)
