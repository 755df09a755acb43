/* SPDX-License-Identifier: MIT */
#include "sniff.h"

#include <errno.h>
#include <string.h>

#include "driver.h"
#include "simulator.h"
#include "unit.h"

static struct simulator simulator;
static struct peer *peer;

/* ----------------------------------------------------------------- plugins */

/* "GET " in any number of pieces. */
static enum berth_verdict sniff_get(const char *data, size_t size)
{
    size_t most = size < 4 ? size : 4;

    if (memcmp(data, "GET ", most) != 0) {
        return BERTH_NO;
    }
    return size < 4 ? BERTH_MORE : BERTH_YES;
}

static enum berth_verdict sniff_star(const char *data, size_t size)
{
    (void)size;
    return data[0] == '*' ? BERTH_YES : BERTH_NO;
}

/* Never decides: a protocol that is told by its second line, say. */
static enum berth_verdict sniff_never(const char *data, size_t size)
{
    (void)data;
    (void)size;
    return BERTH_MORE;
}

static enum berth_verdict sniff_any(const char *data, size_t size)
{
    (void)data;
    (void)size;
    return BERTH_YES;
}

static ssize_t answer(berth_conn *c, char *data, size_t size)
{
    (void)berth_write(c, c->entry->name, strlen(c->entry->name));
    (void)berth_write(c, ":", 1);
    return berth_write(c, data, size);
}

static int greet(berth_conn *c)
{
    (void)berth_write(c, "hello ", 6);
    return 0;
}

static const berth_protocol get =
    BERTH_PROTOCOL_INIT(.name = "get", .on_data = answer);
static const berth_protocol star =
    BERTH_PROTOCOL_INIT(.name = "star", .on_data = answer);
static const berth_protocol greeter =
    BERTH_PROTOCOL_INIT(.name = "greeter", .on_open = greet, .on_data = answer);

static const struct sniff_candidate candidates[] = {
    {.entry = "get", .sniff = sniff_get},
    {.entry = "star", .sniff = sniff_star},
    {.entry = "greeter", .sniff = NULL},
};

static struct sniff_settings settings;

/* ------------------------------------------------------------------ set-up */

static void set_up(void)
{
    struct simulator_parts parts = {.protocol = sniff_protocol(),
                                    .settings = &settings};

    settings = (struct sniff_settings){
        .candidates = candidates, .count = 3, .timeout_ms = 300, .most = 100};
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    ck_assert_int_eq(simulator_add(&simulator, &get, NULL), 0);
    ck_assert_int_eq(simulator_add(&simulator, &star, NULL), 0);
    ck_assert_int_eq(simulator_add(&simulator, &greeter, NULL), 0);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
}

static void tear_down(void)
{
    simulator_fini(&simulator);
}

static void say(const char *text)
{
    peer_send(peer, text, strlen(text));
    simulator_run(&simulator);
}

static void expect(const char *text)
{
    size_t size;
    const char *data = peer_take(peer, &size);

    ck_assert_msg(size == strlen(text) && memcmp(data, text, size) == 0,
                  "%.*s is not %s", (int)size, data, text);
}

static ssize_t choose(const char *text, bool is_late)
{
    return sniff_choose(&settings, text, strlen(text), is_late);
}

/* ------------------------------------------------------------------- tests */

START_TEST(the_first_that_claims_it_has_it)
{
    ck_assert_int_eq(choose("GET /", false), 0);
    ck_assert_int_eq(choose("*1", false), 1);
    ck_assert_int_eq(choose("other", false), 2);
    ck_assert_int_eq(choose("G", false), -EAGAIN);
    ck_assert_int_eq(choose("G", true), 2);
    ck_assert_int_eq(choose("", true), 2);
}
END_TEST

static struct crumb crumb;
static struct crumb_place sniffed; /* what it said when sniff was called */

static enum berth_verdict look_at_crumb(const char *data, size_t size)
{
    (void)data;
    (void)size;
    ck_assert_uint_eq(atomic_load(&crumb.sequence) % 2, 1);
    sniffed =
        (struct crumb_place){.entry = crumb.entry, .callback = crumb.callback};
    return BERTH_NO;
}

static void ignore_clash(void *arg,
                         const struct sniff_candidate *first,
                         const struct sniff_candidate *second,
                         const char *kind)
{
    (void)arg;
    (void)first;
    (void)second;
    (void)kind;
}

START_TEST(the_breadcrumb_names_whose_sniff_it_is)
{
    static const struct sniff_candidate lookers[] = {
        {.entry = "one", .sniff = look_at_crumb, .number = 7},
        {.entry = "two", .sniff = NULL},
    };
    const struct sniff_settings own = {
        .candidates = lookers, .count = 2, .most = 100, .crumb = &crumb};
    const struct crumb_place gate = {.entry = 1, .callback = CRUMB_ON_DATA};

    (void)crumb_enter(&crumb, gate);
    ck_assert_int_eq(sniff_choose(&own, "x", 1, false), 1);
    ck_assert_uint_eq(sniffed.entry, 7);
    ck_assert_int_eq(sniffed.callback, CRUMB_SNIFF);
    ck_assert_uint_eq(atomic_load(&crumb.entry), 1);
    ck_assert_uint_eq(atomic_load(&crumb.callback), CRUMB_ON_DATA);
    (void)crumb_leave(&crumb);
    /* It is asked about samples when no callback runs. */
    sniffed = gate;
    sniff_compare(&own, ignore_clash, NULL);
    ck_assert_uint_eq(sniffed.entry, 7);
    ck_assert_uint_eq(atomic_load(&crumb.sequence) % 2, 0);
}
END_TEST

START_TEST(more_waits_but_not_for_ever)
{
    static const struct sniff_candidate hopeful[] = {
        {.entry = "get", .sniff = sniff_never},
        {.entry = "star", .sniff = sniff_any},
        {.entry = "greeter", .sniff = NULL},
    };

    settings.candidates = hopeful;
    settings.most = 3;
    ck_assert_int_eq(choose("ab", false), -EAGAIN);
    ck_assert_int_eq(choose("ab", true), 1);
    ck_assert_int_eq(choose("abc", false), 1);
    say("ab");
    expect("");
    simulator_wait(&simulator, 299);
    expect("");
    simulator_wait(&simulator, 1);
    expect("star:ab");
}
END_TEST

START_TEST(the_last_one_is_not_asked)
{
    static const struct sniff_candidate lonely[] = {
        {.entry = "get", .sniff = sniff_never},
    };

    settings.candidates = lonely;
    settings.count = 1;
    ck_assert_int_eq(choose("x", false), 0);
}
END_TEST

START_TEST(all_bytes_reach_the_one_it_is_at_every_cut)
{
    static const char text[] = "GET /index";

    for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
        peer = simulator_connect(&simulator);
        peer_send(peer, text, cut);
        simulator_run(&simulator);
        if (cut < 4) {
            expect("");
            say(text + cut);
            expect("get:GET /index");
        }
    }
}
END_TEST

START_TEST(a_silent_peer_goes_to_the_last_one)
{
    simulator_wait(&simulator, 299);
    expect("");
    simulator_wait(&simulator, 1);
    expect("hello ");
    say("GET ");
    expect("greeter:GET ");
}
END_TEST

START_TEST(without_a_time_it_waits)
{
    settings.timeout_ms = 0;
    peer = simulator_connect(&simulator);
    simulator_wait(&simulator, 100000);
    expect("");
    say("*");
    expect("star:*");
}
END_TEST

START_TEST(the_end_decides_and_is_told_on)
{
    peer_send(peer, "GE", 2);
    peer_finish(peer);
    simulator_run(&simulator);
    expect("hello greeter:GE");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, 0);
    peer = simulator_connect(&simulator);
    peer_finish(peer);
    simulator_run(&simulator);
    expect("hello ");
    ck_assert_int_eq(peer->closes, 1);
}
END_TEST

START_TEST(a_full_entry_turns_it_away)
{
    simulator.entries[2].limits.connections = 1;
    say("*1");
    expect("star:*1");
    peer = simulator_connect(&simulator);
    say("*2");
    expect("");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -EDQUOT);
}
END_TEST

/* Both are told apart in one turn, while there still is a place. */
START_TEST(the_last_place_goes_to_one_of_two)
{
    struct peer *first = peer;

    simulator.entries[2].limits.connections = 1;
    peer = simulator_connect(&simulator);
    peer_send(first, "*1", 2);
    say("*2");
    expect("");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -EDQUOT);
    peer = first;
    expect("star:*1");
    ck_assert_int_eq(peer->closes, 0);
}
END_TEST

START_TEST(what_the_kernel_holds_is_answered_when_the_server_ends)
{
    struct peer *silent = simulator_connect(&simulator);

    peer_send(peer, "*1", 2);
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    expect("star:*1");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(silent->closes, 1);
}
END_TEST

/* --------------------------------------------------------------- comparing */

static size_t clashes;
static char told[200];

static void note_clash(void *arg,
                       const struct sniff_candidate *first_one,
                       const struct sniff_candidate *second_one,
                       const char *kind)
{
    ck_assert_ptr_eq(arg, &clashes);
    clashes++;
    (void)snprintf(told, sizeof(told), "%s, %s: %s", first_one->entry,
                   second_one->entry, kind);
}

START_TEST(those_who_claim_the_same_are_told_once)
{
    static const struct sniff_candidate some[] = {
        {.entry = "one", .sniff = sniff_get},
        {.entry = "two", .sniff = sniff_star},
        {.entry = "three", .sniff = sniff_any},
        {.entry = "four", .sniff = NULL},
    };

    clashes = 0;
    sniff_compare(&settings, note_clash, &clashes);
    ck_assert_uint_eq(clashes, 0);
    settings.candidates = some;
    settings.count = 4;
    sniff_compare(&settings, note_clash, &clashes);
    ck_assert_uint_eq(clashes, 2);
    ck_assert_str_eq(told, "two, three: '*1' (RESP)");
}
END_TEST

UNIT_MAIN_WITH("sniff",
               set_up,
               tear_down,
               the_first_that_claims_it_has_it,
               the_breadcrumb_names_whose_sniff_it_is,
               more_waits_but_not_for_ever,
               the_last_one_is_not_asked,
               all_bytes_reach_the_one_it_is_at_every_cut,
               a_silent_peer_goes_to_the_last_one,
               without_a_time_it_waits,
               the_end_decides_and_is_told_on,
               a_full_entry_turns_it_away,
               the_last_place_goes_to_one_of_two,
               what_the_kernel_holds_is_answered_when_the_server_ends,
               those_who_claim_the_same_are_told_once)
