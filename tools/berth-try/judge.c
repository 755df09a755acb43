/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "memory.h"
#include "pages.h"

struct judge judge;

static struct {
    pthread_t home;
    pthread_mutex_t gate;   /* held by the server but for between the two */
    long baseline_switches; /* of this thread, that it wanted */
    uint64_t baseline_us;   /* processor time */
} own = {.gate = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool is_job;

/* With ThreadSanitizer jobs run at any time: a gate would hide races. */
#if defined(__SANITIZE_THREAD__)
#define HAS_GATE false
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_GATE false
#endif
#endif
#ifndef HAS_GATE
#define HAS_GATE true
#endif

void *judge_take_memory(size_t size)
{
    const enum memory_side side = memory_enter(MEMORY_OTHERS);
    void *block = malloc(size);

    (void)memory_enter(side);
    if (block == NULL) {
        abort();
    }
    return block;
}

void judge_give_memory(void *block)
{
    const enum memory_side side = memory_enter(MEMORY_OTHERS);

    free(block);
    (void)memory_enter(side);
}

/* --------------------------------------------------------------- the clock */

static uint64_t read_clock_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t in_us(struct timeval time)
{
    return ((uint64_t)time.tv_sec * 1000000) + (uint64_t)time.tv_usec;
}

/* What this thread has waited for and worked so far. */
static void take_baseline(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_THREAD, &usage);
    own.baseline_switches = usage.ru_nvcsw;
    own.baseline_us = in_us(usage.ru_utime) + in_us(usage.ru_stime);
}

/* A callback took long: by itself, or because the machine is busy with
   something else? A thread that sleeps gives the processor away. */
static void judge_time(void)
{
    struct rusage usage;
    uint64_t worked_ms;

    (void)getrusage(RUSAGE_THREAD, &usage);
    worked_ms =
        (in_us(usage.ru_utime) + in_us(usage.ru_stime) - own.baseline_us) /
        1000;
    if (usage.ru_nvcsw > own.baseline_switches) {
        finding_end(judge.options.board, FINDING_SLOW,
                    "%s blocks: it waited for something, in all for more than "
                    "%llu ms, and so would all other connections of a server. "
                    "What may block belongs into a job: berth_work()",
                    judge_place(), (unsigned long long)judge.options.slow_ms);
    }
    if (worked_ms >= judge.options.slow_ms) {
        finding_end(judge.options.board, FINDING_SLOW,
                    "%s takes long: more than %llu ms, in which all other "
                    "connections of a server would have waited",
                    judge_place(), (unsigned long long)judge.options.slow_ms);
    }
}

/* -------------------------------------------------------------- the judge */

bool judge_minds(enum finding_rule rule)
{
    return (judge.options.allowed & 1u << rule) == 0;
}

bool judge_is_at_home(void)
{
    return pthread_equal(own.home, pthread_self()) != 0;
}

const char *judge_place(void)
{
    static char text[64];
    const struct finding_board *board = judge.options.board;

    if (is_job) {
        return "a job";
    }
    (void)snprintf(text, sizeof(text), "%s (call %llu)",
                   board->callback == CRUMB_NONE
                       ? "the server"
                       : crumb_callback_name(board->callback),
                   (unsigned long long)board->call);
    return text;
}

int judge_init(const struct judge_options *options)
{
    judge.options = *options;
    own.home = pthread_self();
    list_init(&judge.services);
    if (HAS_GATE) {
        (void)pthread_mutex_lock(&own.gate);
    }
    return pages_init();
}

void judge_adapt(berth_host *table)
{
    judge.real = *table;
    judge_fill_table(table);
}

bool judge_has_gate(void)
{
    return HAS_GATE;
}

void judge_open_gate(void)
{
    if (HAS_GATE) {
        pages_hide_states(true);
        (void)pthread_mutex_unlock(&own.gate);
    }
}

void judge_close_gate(void)
{
    if (HAS_GATE) {
        (void)pthread_mutex_lock(&own.gate);
        pages_hide_states(false);
    }
    take_baseline();
}

void judge_enter_job(void)
{
    if (HAS_GATE) {
        (void)pthread_mutex_lock(&own.gate);
    }
    is_job = true;
    (void)memory_enter(MEMORY_PLUGIN);
}

void judge_leave_job(void)
{
    (void)memory_enter(MEMORY_OTHERS);
    is_job = false;
    if (HAS_GATE) {
        (void)pthread_mutex_unlock(&own.gate);
    }
}

/* ------------------------------------------------------------------- calls */

void judge_enter(struct judge_call *call,
                 struct judge_service *service,
                 enum crumb_callback callback)
{
    struct finding_board *board = judge.options.board;

    call->callback = board->callback;
    board->callback = callback;
    board->call = ++judge.calls;
    board->heartbeat++;
    if (service != NULL) {
        service->beyond = 0;
        service->writes_beyond = 0;
    }
    memory_set_callback(callback);
    call->side = memory_enter(MEMORY_PLUGIN);
    call->begun_ns = read_clock_ns();
}

void judge_leave(const struct judge_call *call)
{
    uint64_t took_ms = (read_clock_ns() - call->begun_ns) / 1000000;

    (void)memory_enter(call->side);
    if (judge.options.slow_ms != 0 && took_ms >= judge.options.slow_ms &&
        judge_minds(FINDING_SLOW)) {
        judge_time();
    }
    if (judge.options.see != NULL) {
        judge.options.see(judge.options.board->callback);
    }
    judge.options.board->callback = call->callback;
}

void judge_check_memory(const char *when)
{
    struct memory_count count = memory_count();

    if (judge.options.memory_limit != 0 &&
        count.bytes > judge.options.memory_limit &&
        judge_minds(FINDING_MEMORY)) {
        finding_end(judge.options.board, FINDING_MEMORY,
                    "the plugin's memory has no bound: it has %zu bytes in %zu "
                    "blocks for one connection %s. Give what is kept a limit, "
                    "or leave it unused: limits.input holds then",
                    count.bytes, count.blocks, when);
    }
}

/* -------------------------------------------------------------------- runs */

void judge_begin_run(void)
{
    judge.calls = 0;
    judge.loans = 0;
    take_baseline();
}

void judge_end_run(void)
{
    for (struct list *link = judge.services.next; link != &judge.services;) {
        struct judge_service *service =
            CONTAINER_OF(link, struct judge_service, link);

        link = link->next;
        if (!service->is_over) {
            finding_end(judge.options.board, FINDING_SERVER,
                        "on_close never came: a bug of the server");
        }
        list_remove(&service->link);
        judge_give_memory(service);
    }
    if (judge.loans != 0) {
        finding_end(judge.options.board, FINDING_SERVER,
                    "%zu loans were never released: a bug of the server",
                    judge.loans);
    }
    while (judge.switched != NULL) {
        struct judge_protocol *protocol = judge.switched;

        judge.switched = protocol->next;
        judge_give_memory(protocol);
    }
    pages_forget_states();
}

struct judge_service *judge_find(const berth_conn *c)
{
    for (struct list *link = judge.services.prev; link != &judge.services;
         link = link->prev) {
        struct judge_service *service =
            CONTAINER_OF(link, struct judge_service, link);

        if (service->c == c) {
            return service;
        }
    }
    return NULL;
}
