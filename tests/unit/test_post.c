/* SPDX-License-Identifier: MIT */
#include "post.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "simulator.h"
#include "unit.h"

#define THREADS 4
#define LETTERS 500

static struct simulator simulator;
static struct peer *peer;
static berth_conn *conn;
static berth_ref ref;

static char story[128]; /* what ran, in order */
static int gate[2];     /* a job that waits reads a byte from it */

static void tell(const char *what)
{
    strncat(story, what, sizeof(story) - strlen(story) - 1);
}

/* An argument that is only read. */
static void *text(const char *constant)
{
    return (void *)(uintptr_t)constant;
}

static void expect_story(const char *expected)
{
    ck_assert_str_eq(story, expected);
    story[0] = '\0';
}

/* ----------------------------------------------------------------- plugins */

static int note_open(berth_conn *c)
{
    conn = c;
    ref = berth_ref_of(c);
    return 0;
}

static ssize_t use_all(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return (ssize_t)size;
}

static void tell_close(berth_conn *c, int why)
{
    (void)c;
    (void)why;
    tell(")");
}

static void tell_fini(berth_entry *entry)
{
    (void)entry;
    tell("fini");
}

static const berth_protocol plain = BERTH_PROTOCOL_INIT(.name = "plain",
                                                        .fini = tell_fini,
                                                        .on_open = note_open,
                                                        .on_data = use_all,
                                                        .on_close = tell_close);
static const berth_protocol other =
    BERTH_PROTOCOL_INIT(.name = "other", .on_data = use_all);

/* ------------------------------------------------------------------ set-up */

static void set_up(void)
{
    struct simulator_parts parts = {.protocol = &plain};

    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    ck_assert_int_eq(simulator_add(&simulator, &other, NULL), 0);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
}

static void tear_down(void)
{
    ck_assert_int_eq(close(gate[0]), 0);
    ck_assert_int_eq(close(gate[1]), 0);
}

static void end(void)
{
    simulator_fini(&simulator);
}

static void write_arg(berth_conn *c, void *arg)
{
    const char *words = arg;

    if (c == NULL) {
        const struct crumb *crumb = simulator.watch.crumb;

        tell("gone:");
        ck_assert_uint_eq(atomic_load(&crumb->sequence) % 2, 1);
        ck_assert_uint_eq(atomic_load(&crumb->callback), CRUMB_POSTED);
        ck_assert_uint_eq(atomic_load(&crumb->connection), 0);
    } else {
        (void)berth_write(c, words, strlen(words));
    }
    tell(words);
}

static void write_entry(berth_entry *entry, void *arg)
{
    ck_assert_ptr_eq(entry, &simulator.entry.head);
    tell(arg);
}

static void expect_received(const char *expected)
{
    size_t size;
    const char *data = peer_take(peer, &size);

    ck_assert_uint_eq(size, strlen(expected));
    ck_assert_int_eq(memcmp(data, expected, size), 0);
}

/* -------------------------------------------------------------------- post */

START_TEST(what_is_posted_runs_in_the_next_turn_and_in_order)
{
    ck_assert_int_eq(berth_post(ref, write_arg, text("one ")), 0);
    ck_assert_int_eq(berth_entry_post(conn->entry, write_entry, text("entry ")),
                     0);
    ck_assert_int_eq(berth_post(ref, write_arg, text("two")), 0);
    expect_story("");
    simulator_run(&simulator);
    expect_story("one entry two");
    expect_received("one two");
    ck_assert_uint_eq(peer->writes, 1); /* at the turn's end */
    end();
}
END_TEST

static void post_again(berth_conn *c, void *arg)
{
    size_t *left = arg;

    tell(".");
    if (*left > 0) {
        *left -= 1;
        ck_assert_int_eq(berth_post(berth_ref_of(c), post_again, left), 0);
    }
}

START_TEST(one_that_posts_again_has_its_next_turn)
{
    size_t left = 3;

    ck_assert_int_eq(berth_post(ref, post_again, &left), 0);
    ck_assert(simulator_turn(&simulator));
    expect_story(".");
    simulator_run(&simulator);
    expect_story("...");
    end();
}
END_TEST

START_TEST(a_connection_that_is_gone_is_null)
{
    berth_ref old;

    peer_reset(peer);
    simulator_run(&simulator);
    expect_story(")");
    ck_assert_int_eq(berth_post(ref, write_arg, text("late")), 0);
    simulator_run(&simulator);
    expect_story("gone:late");
    /* Its memory has another one now. */
    old = ref;
    peer = simulator_connect(&simulator);
    ck_assert_ptr_eq(ref.owner, old.owner);
    ck_assert_int_eq(berth_post(old, write_arg, text("x")), 0);
    simulator_run(&simulator);
    expect_story("gone:x");
    end();
}
END_TEST

START_TEST(one_that_closes_is_gone_though_it_has_output)
{
    peer->window = 0;
    ck_assert_int_eq(berth_write(conn, "x", 1), 1);
    berth_close(conn);
    ck_assert_int_eq(berth_post(ref, write_arg, text("late")), 0);
    simulator_run(&simulator);
    expect_story("gone:late");
    end();
}
END_TEST

START_TEST(a_switch_ends_a_ref_even_before_it_is_made)
{
    berth_ref fresh;

    ck_assert_int_eq(berth_post(ref, write_arg, text("a")), 0);
    ck_assert_int_eq(berth_switch_to(conn, "other", NULL, 0), 0);
    ck_assert_int_eq(berth_post(ref, write_arg, text("b")), 0);
    simulator_run(&simulator);
    ck_assert_int_eq(berth_post(ref, write_arg, text("c")), 0);
    fresh = berth_ref_of(conn);
    ck_assert_int_eq(berth_post(fresh, write_arg, text("d")), 0);
    simulator_run(&simulator);
    expect_story("gone:agone:b)gone:cd");
    expect_received("d");
    end();
}
END_TEST

static void close_it(berth_conn *c, void *arg)
{
    (void)arg;
    (void)berth_write(c, "bye", 3);
    berth_close(c);
}

START_TEST(a_posted_function_may_do_what_a_callback_may)
{
    ck_assert_int_eq(berth_post(ref, close_it, NULL), 0);
    ck_assert_int_eq(berth_post(ref, write_arg, text("late")), 0);
    simulator_run(&simulator);
    expect_received("bye");
    ck_assert(peer->has_end);
    expect_story("gone:late)");
    end();
}
END_TEST

/* ----------------------------------------------------------- other threads */

static size_t counted;

static void count_one(berth_conn *c, void *arg)
{
    (void)arg;
    ck_assert_ptr_eq(c, conn);
    counted++;
}

static void *post_many(void *arg)
{
    const berth_ref *to = arg;

    for (int i = 0; i < LETTERS; i++) {
        ck_assert_int_eq(berth_post(*to, count_one, NULL), 0);
    }
    return NULL;
}

START_TEST(many_threads_may_post_at_once)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &ref), 0);
    }
    while (counted < (size_t)THREADS * LETTERS) {
        simulator_await(&simulator);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    simulator_run(&simulator);
    ck_assert_uint_eq(counted, (size_t)THREADS * LETTERS);
    end();
}
END_TEST

/* -------------------------------------------------------------------- work */

static atomic_int jobs_run;

static void run_job(void *arg)
{
    (void)arg;
    atomic_fetch_add(&jobs_run, 1);
}

static void wait_at_gate(void *arg)
{
    char byte;

    (void)arg;
    ck_assert_int_eq(read(gate[0], &byte, 1), 1);
    atomic_fetch_add(&jobs_run, 1);
}

static void open_gate(size_t jobs)
{
    for (size_t i = 0; i < jobs; i++) {
        ck_assert_int_eq(write(gate[1], "x", 1), 1);
    }
}

START_TEST(a_job_is_done_on_the_loop)
{
    ck_assert_int_eq(berth_work(conn, run_job, write_arg, text("done")), 0);
    expect_story("");
    simulator_await(&simulator);
    ck_assert_int_eq(atomic_load(&jobs_run), 1);
    expect_story("done");
    expect_received("done");
    ck_assert_int_eq(
        berth_entry_work(conn->entry, run_job, write_entry, text("entry")), 0);
    simulator_await(&simulator);
    expect_story("entry");
    end();
}
END_TEST

START_TEST(a_job_may_outlive_its_client)
{
    ck_assert_int_eq(berth_work(conn, wait_at_gate, write_arg, text("done")),
                     0);
    peer_reset(peer);
    simulator_run(&simulator);
    expect_story(")");
    open_gate(1);
    simulator_await(&simulator);
    expect_story("gone:done");
    end();
}
END_TEST

/* Two threads and sixteen places. */
START_TEST(a_full_queue_refuses)
{
    int taken = 0;

    while (berth_work(conn, wait_at_gate, write_arg, text(".")) == 0) {
        taken++;
        ck_assert_int_le(taken, 100);
    }
    ck_assert_int_eq(taken, 18);
    ck_assert_int_eq(berth_work(conn, run_job, write_arg, text("x")), -EAGAIN);
    open_gate(18);
    while (atomic_load(&jobs_run) < 18 || strlen(story) < 18) {
        simulator_await(&simulator);
    }
    expect_story("..................");
    end();
}
END_TEST

START_TEST(all_that_was_accepted_comes_before_fini)
{
    ck_assert_int_eq(berth_work(conn, run_job, write_arg, text("job ")), 0);
    ck_assert_int_eq(berth_post(ref, write_arg, text("post ")), 0);
    ck_assert_int_eq(berth_entry_post(conn->entry, write_entry, text("entry ")),
                     0);
    while (pool_unfinished(simulator.pool) > 0) { /* its letter is sent then */
        (void)sched_yield();
    }
    end();
    /* The job is done at any time among them. */
    ck_assert_ptr_nonnull(strstr(story, "gone:job "));
    ck_assert_ptr_nonnull(strstr(story, "gone:post "));
    ck_assert_ptr_nonnull(strstr(strstr(story, "gone:post "), "entry "));
    ck_assert_str_eq(story + strlen(story) - 4, "fini");
}
END_TEST

static void post_late(berth_entry *entry, void *arg)
{
    int *results = arg;

    results[0] = berth_entry_post(entry, post_late, arg);
    results[1] = berth_entry_work(entry, run_job, post_late, arg);
    results[2] = berth_post(ref, write_arg, text("x"));
}

START_TEST(nothing_is_accepted_when_the_worker_ends)
{
    int results[3] = {1, 1, 1};

    ck_assert_int_eq(berth_entry_post(conn->entry, post_late, results), 0);
    end();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(results[i], -ESHUTDOWN);
    }
    ck_assert_ptr_null(strstr(story, "x"));
}
END_TEST

UNIT_MAIN_WITH("post",
               set_up,
               tear_down,
               what_is_posted_runs_in_the_next_turn_and_in_order,
               one_that_posts_again_has_its_next_turn,
               a_connection_that_is_gone_is_null,
               one_that_closes_is_gone_though_it_has_output,
               a_switch_ends_a_ref_even_before_it_is_made,
               a_posted_function_may_do_what_a_callback_may,
               many_threads_may_post_at_once,
               a_job_is_done_on_the_loop,
               a_job_may_outlive_its_client,
               a_full_queue_refuses,
               all_that_was_accepted_comes_before_fini,
               nothing_is_accepted_when_the_worker_ends)
