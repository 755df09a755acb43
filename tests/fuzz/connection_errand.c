/* SPDX-License-Identifier: MIT */
#include "connection_errand.h"

#include <sched.h>
#include <stdlib.h>

#include "fuzz.h"

struct errand {
    struct plugin_run *run;
    struct model_connection *conn; /* NULL: it is for the entry */
    unsigned switches;             /* of the connection, before */
    uint64_t turn; /* of the loop; it comes in this one at the earliest */
    int jobs;      /* how often the job is still to run */
};

static struct errand *
begin(struct call *call, struct model_connection *conn, int jobs)
{
    struct model *model = call->run->model;
    struct errand *errand = malloc(sizeof(*errand));

    FUZZ_REQUIRE(errand != NULL, "no memory");
    *errand = (struct errand){
        .run = call->run,
        .conn = conn,
        .switches = conn == NULL ? 0 : conn->switches,
        .turn = jobs == 0 ? model->simulator->loop.turn + 1 : 0,
        .jobs = jobs,
    };
    model->errands++;
    return errand;
}

/* The first thing that its function does. */
static struct model *arrive(struct errand *errand)
{
    struct model *model = errand->run->model;

    FUZZ_REQUIRE(errand->jobs == 0, "done, and the job is not");
    FUZZ_REQUIRE(model->is_ending ||
                     model->simulator->loop.turn >= errand->turn,
                 "posted and called in the same turn");
    FUZZ_REQUIRE(!model->is_calling && !model->is_in_callback,
                 "a posted function from within a call");
    model->errands--;
    return model;
}

static void visit(berth_conn *c, void *arg)
{
    struct errand *errand = arg;
    struct model_connection *conn = errand->conn;
    struct call call = {.run = errand->run, .self = conn, .target = conn};
    struct model *model = arrive(errand);
    bool is_left = conn->is_switching || conn->switches != errand->switches;

    if (c == NULL) {
        FUZZ_REQUIRE(is_left || model_may_be_over(model, conn),
                     "NULL, but it goes on");
    } else {
        FUZZ_REQUIRE(c == conn->c && !is_left, "posted to another");
        model_enter(model, conn, SCRIPT_POST);
        act_play(&call, SCRIPT_POST);
        model_leave(model);
    }
    free(errand);
}

static void visit_entry(berth_entry *entry, void *arg)
{
    struct errand *errand = arg;
    const struct model *model = arrive(errand);

    FUZZ_REQUIRE(entry == &model->simulator->entry.head, "another entry");
    free(errand);
}

/* On a thread of the pool. */
static void do_job(void *arg)
{
    struct errand *errand = arg;

    errand->jobs--;
}

/* Waits for the job, since a script is to run in the same way each time. */
static void end_job(const struct call *call, int result)
{
    FUZZ_REQUIRE(result == 0, "work gives %d", result);
    while (pool_unfinished(call->run->model->simulator->pool) > 0) {
        (void)sched_yield();
    }
}

void errand_post(struct call *call, size_t number)
{
    struct errand *errand = begin(call, call->target, 0);
    int result = berth_post(berth_ref_of(call->target->c), visit, errand);

    (void)number;
    FUZZ_REQUIRE(result == 0, "post gives %d", result);
}

void errand_work(struct call *call, size_t number)
{
    struct errand *errand = begin(call, call->target, 1);

    (void)number;
    end_job(call, berth_work(call->target->c, do_job, visit, errand));
}

void errand_entry_post(struct call *call, size_t number)
{
    struct errand *errand = begin(call, NULL, 0);
    berth_entry *entry = &call->run->model->simulator->entry.head;
    int result = berth_entry_post(entry, visit_entry, errand);

    (void)number;
    FUZZ_REQUIRE(result == 0, "entry_post gives %d", result);
}

void errand_entry_work(struct call *call, size_t number)
{
    struct errand *errand = begin(call, NULL, 1);
    berth_entry *entry = &call->run->model->simulator->entry.head;

    (void)number;
    end_job(call, berth_entry_work(entry, do_job, visit_entry, errand));
}
