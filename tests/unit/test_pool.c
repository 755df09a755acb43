/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define MANY 500

/* A job that tells where it ran and what became of it. A gated one says that it
   has begun, and waits for a byte. */
struct task {
    struct job job;
    size_t runs;
    size_t position; /* among all runs */
    pthread_t runner;
    size_t deliveries;
    size_t unfinished; /* when it was delivered */
    pthread_t deliverer;
    bool is_gated;
    bool had_run;
};

static struct loop loop;
static struct mailbox *mailbox;
static struct pool *pool;
static int begun[2]; /* pipes */
static int gate[2];
static int ended[2]; /* a thread is over */
static pthread_key_t key;
static atomic_size_t run_count;
static atomic_size_t ended_count;
static size_t delivered_count;
static size_t created_count;
static int create_error; /* 0: the call is made */

/* Between the core and the C library, by the linker's --wrap. */
int call_pthread_create(pthread_t *thread,
                        const pthread_attr_t *attributes,
                        void *(*run)(void *),
                        void *arg) __asm__("__real_pthread_create");
int count_thread(pthread_t *thread,
                 const pthread_attr_t *attributes,
                 void *(*run)(void *),
                 void *arg) __asm__("__wrap_pthread_create");

int count_thread(pthread_t *thread,
                 const pthread_attr_t *attributes,
                 void *(*run)(void *),
                 void *arg)
{
    if (create_error != 0) {
        return create_error;
    }
    created_count++;
    return call_pthread_create(thread, attributes, run, arg);
}

static void put(int fd)
{
    ck_assert_int_eq(write(fd, "x", 1), 1);
}

static void get(int fd)
{
    char byte;

    ck_assert_int_eq(read(fd, &byte, 1), 1);
}

static void note_end_of_thread(void *value)
{
    (void)value;
    (void)atomic_fetch_add(&ended_count, 1);
    put(ended[1]);
}

static void set_up(void)
{
    ck_assert_int_eq(pipe(begun), 0);
    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(pipe(ended), 0);
    ck_assert_int_eq(pthread_key_create(&key, note_end_of_thread), 0);
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(mailbox_open(&loop, &mailbox), 0);
}

/* What a test has closed itself is NULL. */
static void tear_down(void)
{
    pool_free(pool);
    mailbox_close(mailbox);
    loop_close(&loop);
}

static void make_pool(size_t threads, size_t queue)
{
    struct pool_options options = {.threads = threads, .queue = queue};

    ck_assert_int_eq(pool_new(&options, mailbox, &pool), 0);
}

static void run_task(struct job *job)
{
    struct task *task = CONTAINER_OF(job, struct task, job);

    task->runner = pthread_self();
    task->position = atomic_fetch_add(&run_count, 1);
    (void)pthread_setspecific(key, task);
    if (task->is_gated) {
        put(begun[1]);
        get(gate[0]);
    }
    task->runs++;
}

static void deliver_task(struct letter *letter)
{
    struct task *task = CONTAINER_OF(letter, struct task, job.letter);

    task->deliveries++;
    task->had_run = task->job.has_run;
    task->unfinished = pool != NULL ? pool_unfinished(pool) : 0;
    task->deliverer = pthread_self();
    delivered_count++;
}

static struct task make_task(bool is_gated)
{
    return (struct task){
        .job = {.letter.deliver = deliver_task, .run = run_task},
        .is_gated = is_gated,
    };
}

static int submit(struct task *task)
{
    return pool_submit(pool, &task->job);
}

static void submit_gated(struct task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tasks[i] = make_task(true);
        ck_assert_int_eq(submit(&tasks[i]), 0);
    }
}

static void open_gate(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(gate[1]);
    }
}

static void await_begun(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        get(begun[0]);
    }
}

static void turn_until_delivered(size_t count)
{
    while (delivered_count < count) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert_uint_eq(delivered_count, count);
}

/* Each ran once and was delivered once. */
static void check_done(const struct task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(tasks[i].runs, 1);
        ck_assert_uint_eq(tasks[i].deliveries, 1);
        ck_assert(tasks[i].had_run);
    }
}

/* ---------------------------------------------------------------------- jobs */

START_TEST(a_job_runs_on_another_thread_and_its_letter_comes_home)
{
    struct task task = make_task(false);

    make_pool(1, 1);
    ck_assert_int_eq(submit(&task), 0);
    turn_until_delivered(1);
    check_done(&task, 1);
    ck_assert(!pthread_equal(task.runner, pthread_self()));
    ck_assert(pthread_equal(task.deliverer, pthread_self()));
}
END_TEST

START_TEST(who_is_told_of_the_last_job_sees_none_unfinished)
{
    struct task task = make_task(true);

    make_pool(1, 1);
    ck_assert_uint_eq(pool_unfinished(pool), 0);
    ck_assert_int_eq(submit(&task), 0);
    ck_assert_uint_eq(pool_unfinished(pool), 1);
    await_begun(1);
    ck_assert_uint_eq(pool_unfinished(pool), 1);
    task.unfinished = 1;
    open_gate(1);
    turn_until_delivered(1);
    ck_assert_uint_eq(task.unfinished, 0);
}
END_TEST

static void free_job(struct letter *letter)
{
    free(CONTAINER_OF(letter, struct job, letter));
    delivered_count++;
}

static void do_nothing(struct job *job)
{
    (void)job;
}

START_TEST(a_job_may_be_freed_where_it_is_delivered)
{
    make_pool(2, 10);
    for (size_t i = 0; i < 10; i++) {
        struct job *job = malloc(sizeof(*job));

        job->letter.deliver = free_job;
        job->run = do_nothing;
        ck_assert_int_eq(pool_submit(pool, job), 0);
    }
    turn_until_delivered(10);
}
END_TEST

START_TEST(jobs_of_one_thread_run_in_the_order_they_came)
{
    struct task tasks[20];

    make_pool(1, 20);
    submit_gated(tasks, 20);
    open_gate(20);
    turn_until_delivered(20);
    for (size_t i = 0; i < 20; i++) {
        ck_assert_uint_eq(tasks[i].position, i);
    }
    check_done(tasks, 20);
}
END_TEST

static struct task posted;

static void post_from_job(struct job *job)
{
    (void)job;
    (void)mailbox_send(mailbox, &posted.job.letter);
}

static void deliver_after_posted(struct letter *letter)
{
    (void)letter;
    ck_assert_uint_eq(posted.deliveries, 1);
    delivered_count++;
}

START_TEST(what_a_job_sends_itself_comes_before_its_letter)
{
    struct job job = {.letter.deliver = deliver_after_posted,
                      .run = post_from_job};

    posted = make_task(false);
    make_pool(1, 0);
    ck_assert_int_eq(pool_submit(pool, &job), 0);
    turn_until_delivered(2);
}
END_TEST

START_TEST(many_jobs_run_and_are_delivered_once)
{
    static struct task tasks[MANY];

    make_pool(4, 8);
    for (size_t i = 0; i < MANY; i++) {
        int error;

        tasks[i] = make_task(false);
        while ((error = submit(&tasks[i])) == -EAGAIN) {
            ck_assert_int_eq(loop_turn(&loop), 0);
        }
        ck_assert_int_eq(error, 0);
    }
    turn_until_delivered(MANY);
    check_done(tasks, MANY);
    ck_assert_uint_eq(run_count, MANY);
}
END_TEST

/* -------------------------------------------------------------------- bounds */

START_TEST(no_thread_is_started_without_need)
{
    struct task task;

    make_pool(4, 4);
    ck_assert_uint_eq(created_count, 0);
    for (size_t i = 1; i <= 10; i++) {
        task = make_task(false);
        ck_assert_int_eq(submit(&task), 0);
        turn_until_delivered(i);
        ck_assert_uint_eq(created_count, 1);
    }
}
END_TEST

START_TEST(jobs_at_a_time_have_a_thread_each_until_all_are_taken)
{
    struct task tasks[5];
    struct task refused = make_task(false);

    make_pool(3, 2);
    submit_gated(tasks, 5);
    ck_assert_uint_eq(created_count, 3);
    ck_assert_int_eq(submit(&refused), -EAGAIN);
    await_begun(3); /* three hold the gate, two wait */
    ck_assert_int_eq(submit(&refused), -EAGAIN);
    open_gate(1);
    await_begun(1);
    ck_assert_int_eq(submit(&refused), 0);
    open_gate(4);
    turn_until_delivered(6);
    check_done(tasks, 5);
    check_done(&refused, 1);
    ck_assert_uint_eq(created_count, 3);
}
END_TEST

START_TEST(without_a_queue_there_are_as_many_jobs_as_threads)
{
    struct task tasks[2];
    struct task refused = make_task(false);

    make_pool(2, 0);
    submit_gated(tasks, 2);
    ck_assert_int_eq(submit(&refused), -EAGAIN);
    open_gate(2);
    turn_until_delivered(2);
    check_done(tasks, 2);
    ck_assert_uint_eq(refused.deliveries, 0);
}
END_TEST

START_TEST(a_pool_without_a_thread_takes_no_job)
{
    struct task task = make_task(false);

    make_pool(2, 2);
    create_error = EAGAIN; /* would read as a full queue */
    ck_assert_int_eq(submit(&task), -ENOMEM);
    create_error = EPERM;
    ck_assert_int_eq(submit(&task), -EPERM);
    ck_assert_uint_eq(pool_unfinished(pool), 0);
    create_error = 0;
    ck_assert_int_eq(submit(&task), 0);
    turn_until_delivered(1);
    check_done(&task, 1);
}
END_TEST

START_TEST(one_thread_does_the_work_of_those_that_could_not_start)
{
    struct task tasks[3];
    struct task refused = make_task(false);

    make_pool(4, 2);
    submit_gated(tasks, 1);
    create_error = EAGAIN;
    submit_gated(&tasks[1], 2);
    ck_assert_int_eq(submit(&refused), -EAGAIN);
    open_gate(3);
    turn_until_delivered(3);
    check_done(tasks, 3);
    ck_assert_uint_eq(created_count, 1);
}
END_TEST

/* ------------------------------------------------------------------- threads */

struct portrait {
    struct job job;
    sigset_t blocked;
    char name[16];
};

static void draw_portrait(struct job *job)
{
    struct portrait *portrait = CONTAINER_OF(job, struct portrait, job);

    (void)pthread_sigmask(SIG_BLOCK, NULL, &portrait->blocked);
    (void)pthread_getname_np(pthread_self(), portrait->name,
                             sizeof(portrait->name));
}

static void count_delivery(struct letter *letter)
{
    (void)letter;
    delivered_count++;
}

START_TEST(a_thread_has_a_name_and_leaves_signals_to_the_loop)
{
    struct portrait portrait = {
        .job = {.letter.deliver = count_delivery, .run = draw_portrait}};
    sigset_t mine;

    make_pool(1, 0);
    ck_assert_int_eq(pool_submit(pool, &portrait.job), 0);
    turn_until_delivered(1);
    ck_assert_str_eq(portrait.name, "berth-pool");
    ck_assert_int_eq(sigismember(&portrait.blocked, SIGTERM), 1);
    ck_assert_int_eq(sigismember(&portrait.blocked, SIGCHLD), 1);
    ck_assert_int_eq(sigismember(&portrait.blocked, SIGRTMIN), 1);
    ck_assert_int_eq(sigismember(&portrait.blocked, SIGSEGV), 0);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &mine);
    ck_assert_int_eq(sigismember(&mine, SIGTERM), 0);
}
END_TEST

/* -------------------------------------------------------------------- ending */

START_TEST(a_pool_that_had_no_job_is_freed)
{
    make_pool(4, 4);
    pool_stop(pool);
    ck_assert_uint_eq(pool_abandon(pool), 0);
    ck_assert_uint_eq(created_count, 0);
    pool_free(NULL);
}
END_TEST

START_TEST(after_the_stop_jobs_that_wait_are_still_run)
{
    struct task tasks[4];
    struct task refused = make_task(false);

    make_pool(1, 3);
    submit_gated(tasks, 4);
    pool_stop(pool);
    ck_assert_int_eq(submit(&refused), -ESHUTDOWN);
    ck_assert_uint_eq(pool_unfinished(pool), 4);
    open_gate(4);
    turn_until_delivered(4);
    check_done(tasks, 4);
    ck_assert_uint_eq(pool_unfinished(pool), 0);
}
END_TEST

START_TEST(threads_without_a_job_are_over_when_the_pool_is_abandoned)
{
    struct task tasks[3];

    make_pool(3, 0);
    submit_gated(tasks, 3);
    await_begun(3);
    open_gate(3);
    turn_until_delivered(3);
    ck_assert_uint_eq(pool_abandon(pool), 0);
    ck_assert_uint_eq(ended_count, 3);
}
END_TEST

START_TEST(freeing_a_pool_drops_the_jobs_that_wait)
{
    struct task tasks[3];

    make_pool(1, 2);
    submit_gated(tasks, 3);
    await_begun(1);
    pool_free(pool);
    pool = NULL;
    turn_until_delivered(2);
    ck_assert_uint_eq(tasks[0].deliveries, 0);
    open_gate(1);
    turn_until_delivered(3);
    ck_assert(tasks[0].had_run);
    for (size_t i = 1; i < 3; i++) {
        ck_assert_uint_eq(tasks[i].runs, 0);
        ck_assert_uint_eq(tasks[i].deliveries, 1);
        ck_assert(!tasks[i].had_run);
    }
    get(ended[0]);
}
END_TEST

/* All that it touches when it wakes must still be there: AddressSanitizer and
   LeakSanitizer watch. */
START_TEST(a_job_that_hangs_is_left_behind_and_wakes_to_nobody)
{
    struct task tasks[3]; /* on two threads; the third waits */
    struct task late = make_task(false);

    make_pool(2, 1);
    submit_gated(tasks, 3);
    await_begun(2);
    pool_stop(pool);
    ck_assert_uint_eq(pool_abandon(pool), 2);
    ck_assert_uint_eq(pool_abandon(pool), 0);
    ck_assert_uint_eq(pool_unfinished(pool), 2);
    ck_assert_int_eq(submit(&late), -ESHUTDOWN);
    mailbox_shut(mailbox);
    mailbox_deliver_rest(mailbox);
    ck_assert_uint_eq(delivered_count, 1);
    ck_assert_uint_eq(tasks[2].deliveries, 1);
    ck_assert(!tasks[2].had_run);
    pool_free(pool);
    mailbox_close(mailbox);
    pool = NULL;
    mailbox = NULL;
    open_gate(2);
    get(ended[0]);
    get(ended[0]);
    ck_assert_uint_eq(tasks[0].runs, 1);
    ck_assert_uint_eq(tasks[1].runs, 1);
    ck_assert_uint_eq(delivered_count, 1);
}
END_TEST

START_TEST(a_job_that_was_left_behind_is_told_while_the_box_is_open)
{
    struct task task;

    make_pool(1, 0);
    submit_gated(&task, 1);
    await_begun(1);
    ck_assert_uint_eq(pool_abandon(pool), 1);
    open_gate(1);
    turn_until_delivered(1);
    check_done(&task, 1);
    ck_assert_uint_eq(pool_unfinished(pool), 0);
    get(ended[0]);
}
END_TEST

START_TEST(a_pool_may_be_abandoned_while_jobs_end)
{
    static struct task tasks[MANY];
    size_t not_run = 0;

    make_pool(4, MANY);
    for (size_t i = 0; i < MANY; i++) {
        tasks[i] = make_task(false);
        ck_assert_int_eq(submit(&tasks[i]), 0);
    }
    ck_assert_int_eq(loop_turn(&loop), 0); /* until the first has ended */
    ck_assert_uint_le(pool_abandon(pool), 4);
    turn_until_delivered(MANY);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(tasks[i].deliveries, 1);
        ck_assert_uint_eq(tasks[i].runs, tasks[i].had_run ? 1 : 0);
        not_run += tasks[i].had_run ? 0 : 1;
    }
    ck_assert_uint_eq(run_count + not_run, MANY);
    ck_assert_uint_eq(pool_unfinished(pool), 0);
}
END_TEST

UNIT_MAIN_WITH("pool",
               set_up,
               tear_down,
               a_job_runs_on_another_thread_and_its_letter_comes_home,
               who_is_told_of_the_last_job_sees_none_unfinished,
               a_job_may_be_freed_where_it_is_delivered,
               jobs_of_one_thread_run_in_the_order_they_came,
               what_a_job_sends_itself_comes_before_its_letter,
               many_jobs_run_and_are_delivered_once,
               no_thread_is_started_without_need,
               jobs_at_a_time_have_a_thread_each_until_all_are_taken,
               without_a_queue_there_are_as_many_jobs_as_threads,
               a_pool_without_a_thread_takes_no_job,
               one_thread_does_the_work_of_those_that_could_not_start,
               a_thread_has_a_name_and_leaves_signals_to_the_loop,
               a_pool_that_had_no_job_is_freed,
               after_the_stop_jobs_that_wait_are_still_run,
               threads_without_a_job_are_over_when_the_pool_is_abandoned,
               freeing_a_pool_drops_the_jobs_that_wait,
               a_job_that_hangs_is_left_behind_and_wakes_to_nobody,
               a_job_that_was_left_behind_is_told_while_the_box_is_open,
               a_pool_may_be_abandoned_while_jobs_end)
