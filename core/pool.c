/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct pool_thread {
    struct pool *pool;
    pthread_t id;
    bool is_busy; /* within run */
    bool is_left; /* by pool_abandon() */
};

struct pool {
    struct mailbox *mailbox;
    size_t thread_limit;
    size_t queue_limit;
    atomic_size_t holds;  /* one of the owner, one of each thread */
    pthread_mutex_t lock; /* guards all that follows; the mailbox's is taken
                             inside of it, never the reverse */
    pthread_cond_t changed;
    bool is_stopping;
    struct job *first; /* those that wait */
    struct job **last;
    size_t unfinished; /* those that wait or run */
    size_t started;
    struct pool_thread threads[];
};

/* Whoever lets go last must be the only one that could still be inside of an
   unlock; so this is not counted under the lock. */
static void let_go(struct pool *pool)
{
    if (atomic_fetch_sub(&pool->holds, 1) == 1) {
        mailbox_let_go(pool->mailbox);
        (void)pthread_cond_destroy(&pool->changed);
        (void)pthread_mutex_destroy(&pool->lock);
        free(pool);
    }
}

/* ------------------------------------------------------------------ a thread */

static struct job *take_job(struct pool *pool)
{
    struct job *job = pool->first;

    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL) {
            pool->last = &pool->first;
        }
    }
    return job;
}

static struct job *await_job(struct pool *pool)
{
    while (pool->first == NULL && !pool->is_stopping) {
        (void)pthread_cond_wait(&pool->changed, &pool->lock);
    }
    return take_job(pool);
}

/*
 * Sent and counted as one step: an owner that sees no unfinished job can rely on
 * all letters being in the box, and one that is woken by the last letter sees
 * no unfinished job. A refusal means that the owner shut its mailbox: it has
 * given this job up.
 */
static void finish_job(struct pool *pool, struct job *job)
{
    pool->unfinished--;
    (void)mailbox_send(pool->mailbox, &job->letter);
}

static void run_job(struct pool_thread *thread, struct job *job)
{
    struct pool *pool = thread->pool;

    job->has_run = true;
    thread->is_busy = true;
    (void)pthread_mutex_unlock(&pool->lock);
    job->run(job);
    (void)pthread_mutex_lock(&pool->lock);
    thread->is_busy = false;
    finish_job(pool, job);
}

static void *serve(void *arg)
{
    struct pool_thread *thread = arg;
    struct pool *pool = thread->pool;
    struct job *job;

    (void)pthread_setname_np(pthread_self(), "berth-pool");
    (void)pthread_mutex_lock(&pool->lock);
    while ((job = await_job(pool)) != NULL) {
        run_job(thread, job);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    let_go(pool);
    return NULL;
}

/* Signals are the loop's: all but those that tell a thread of its own faults,
   which a debugger or a sanitizer reports. */
static void fill_signals(sigset_t *signals)
{
    (void)sigfillset(signals);
    (void)sigdelset(signals, SIGSEGV);
    (void)sigdelset(signals, SIGBUS);
    (void)sigdelset(signals, SIGFPE);
    (void)sigdelset(signals, SIGILL);
}

/* The new thread has this one's mask from its first moment on. */
static int create_thread(struct pool_thread *thread)
{
    sigset_t signals, before;
    int error;

    fill_signals(&signals);
    (void)pthread_sigmask(SIG_SETMASK, &signals, &before);
    error = pthread_create(&thread->id, NULL, serve, thread);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* A system without threads to give says EAGAIN, which here would be taken for
   a full queue. */
static int start_thread(struct pool *pool)
{
    struct pool_thread *thread = &pool->threads[pool->started];
    int error;

    *thread = (struct pool_thread){.pool = pool};
    error = create_thread(thread);
    if (error != 0) {
        return error == EAGAIN ? -ENOMEM : -error;
    }
    pool->started++;
    (void)atomic_fetch_add(&pool->holds, 1);
    return 0;
}

/* ---------------------------------------------------------------- submitting */

/* A job for which there is a thread does not count as waiting, also while the
   thread is still on its way to it: so the bound does not depend on how fast
   threads are. */
static int make_place(struct pool *pool)
{
    int error = 0;

    if (pool->is_stopping) {
        return -ESHUTDOWN;
    }
    if (pool->unfinished >= pool->started &&
        pool->started < pool->thread_limit) {
        error = start_thread(pool);
    }
    if (pool->started == 0) {
        return error;
    }
    return pool->unfinished < pool->started + pool->queue_limit ? 0 : -EAGAIN;
}

static void append_job(struct pool *pool, struct job *job)
{
    job->has_run = false;
    job->next = NULL;
    *pool->last = job;
    pool->last = &job->next;
    pool->unfinished++;
    (void)pthread_cond_signal(&pool->changed);
}

int pool_submit(struct pool *pool, struct job *job)
{
    int error;

    (void)pthread_mutex_lock(&pool->lock);
    error = make_place(pool);
    if (error == 0) {
        append_job(pool, job);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return error;
}

size_t pool_unfinished(struct pool *pool)
{
    size_t unfinished;

    (void)pthread_mutex_lock(&pool->lock);
    unfinished = pool->unfinished;
    (void)pthread_mutex_unlock(&pool->lock);
    return unfinished;
}

/* ----------------------------------------------------------------- beginning */

int pool_new(const struct pool_options *options,
             struct mailbox *mailbox,
             struct pool **pool)
{
    struct pool *made =
        malloc(sizeof(*made) + (options->threads * sizeof(struct pool_thread)));

    if (made == NULL) {
        return -ENOMEM;
    }
    *made = (struct pool){
        .mailbox = mailbox_hold(mailbox),
        .thread_limit = options->threads,
        .queue_limit = options->queue,
        .holds = 1,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .last = &made->first,
    };
    *pool = made;
    return 0;
}

/* -------------------------------------------------------------------- ending */

static void begin_stop(struct pool *pool)
{
    pool->is_stopping = true;
    (void)pthread_cond_broadcast(&pool->changed);
}

void pool_stop(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    begin_stop(pool);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void drop_jobs(struct pool *pool)
{
    struct job *job;

    while ((job = take_job(pool)) != NULL) {
        finish_job(pool, job);
    }
}

static size_t leave_busy_threads(struct pool *pool)
{
    size_t left = 0;

    for (size_t i = 0; i < pool->started; i++) {
        struct pool_thread *thread = &pool->threads[i];

        if (thread->is_busy) {
            (void)pthread_detach(thread->id);
            thread->is_left = true;
            left++;
        }
    }
    return left;
}

size_t pool_abandon(struct pool *pool)
{
    size_t started;
    size_t left;

    (void)pthread_mutex_lock(&pool->lock);
    begin_stop(pool);
    drop_jobs(pool);
    left = leave_busy_threads(pool);
    started = pool->started;
    pool->started = 0;
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < started; i++) {
        if (!pool->threads[i].is_left) {
            (void)pthread_join(pool->threads[i].id, NULL);
        }
    }
    return left;
}

void pool_free(struct pool *pool)
{
    if (pool != NULL) {
        (void)pool_abandon(pool);
        let_go(pool);
    }
}
