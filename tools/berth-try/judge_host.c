/* SPDX-License-Identifier: MIT */
/*
 * The judge in the server's place: what the plugin calls.
 */
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "plugin.h"

static struct finding_board *board(void)
{
    return judge.options.board;
}

/* ------------------------------------------------------- who calls, and when */

static void check_thread(const char *function)
{
    if (!judge_is_at_home()) {
        finding_end(board(), FINDING_JOB,
                    "%s touches a connection or its entry: it called %s(). "
                    "Jobs read settings and their own arg, nothing else; the "
                    "rest is for `done`, or for berth_post()",
                    judge_place(), function);
    }
}

/* The connection's service, for a function that may be called now. */
static struct judge_service *find_service(const berth_conn *c,
                                          const char *function)
{
    struct judge_service *service;

    check_thread(function);
    service = judge_find(c);
    if (service == NULL || service->is_over) {
        finding_end(board(), FINDING_CLOSED,
                    "%s: %s() on a connection that is over: its on_close has "
                    "returned. What outlives it keeps a berth_ref",
                    judge_place(), function);
    }
    return service;
}

/* A function that changes the connection. */
static struct judge_service *act_on(const berth_conn *c, const char *function)
{
    struct judge_service *service = find_service(c, function);

    if (service->is_closing && judge_minds(FINDING_CLOSED)) {
        finding_end(board(), FINDING_CLOSED,
                    "%s() within on_close does nothing: the connection is over",
                    function);
    }
    return service;
}

/* A function that writes. */
static struct judge_service *
write_to(const berth_conn *c, const char *function, size_t size)
{
    struct judge_service *service = act_on(c, function);

    if (service->ended_by != NULL && judge_minds(FINDING_CLOSED)) {
        finding_end(board(), FINDING_CLOSED,
                    "%s: %s() after %s(): these bytes are lost", judge_place(),
                    function, service->ended_by);
    }
    if (size > 0 && judge.real.room(c) == 0) {
        service->beyond += size;
        service->writes_beyond++;
    }
    if (service->writes_beyond > 1 &&
        service->beyond > judge.options.output_limit &&
        judge_minds(FINDING_ROOM)) {
        finding_end(board(), FINDING_ROOM,
                    "%s produces without asking berth_room(): it wrote %zu "
                    "bytes when there was no room any more, in %u calls. Write "
                    "while berth_room() says so, go on in on_drain",
                    judge_place(), service->beyond, service->writes_beyond);
    }
    return service;
}

/* The server's side, for as long as it works for the plugin. */
#define AS_CORE(result_, call_)                                                \
    do {                                                                       \
        const enum memory_side side_ = memory_enter(MEMORY_CORE);              \
                                                                               \
        (result_) = (call_);                                                   \
        (void)memory_enter(side_);                                             \
    } while (0)

/* ------------------------------------------------------------------- output */

static ssize_t judge_write(berth_conn *c, const void *data, size_t size)
{
    ssize_t result;

    (void)write_to(c, "berth_write", size);
    AS_CORE(result, judge.real.write(c, data, size));
    return result;
}

static ssize_t judge_writev(berth_conn *c, const struct iovec *iov, int count)
{
    size_t size = 0;
    ssize_t result;

    for (int i = 0; i < count; i++) {
        size += iov[i].iov_len;
    }
    (void)write_to(c, "berth_writev", size);
    AS_CORE(result, judge.real.writev(c, iov, count));
    return result;
}

/* What was lent, until it is released. */
struct loan {
    berth_release_fn *release;
    void *arg;
    const unsigned char *data; /* NULL: a file */
    size_t size;
    uint64_t sum;
};

static uint64_t sum_bytes(const unsigned char *data, size_t size)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ data[i]) * UINT64_C(1099511628211);
    }
    return sum;
}

static void release_loan(void *arg)
{
    struct loan *loan = arg;
    struct judge_call call;

    if (loan->data != NULL && sum_bytes(loan->data, loan->size) != loan->sum) {
        finding_end(board(), FINDING_LOAN,
                    "bytes that berth_write_owned() lent were changed or freed "
                    "before they were released");
    }
    judge_enter(&call, NULL, CRUMB_RELEASE);
    loan->release(loan->arg);
    judge_leave(&call);
    judge.loans--;
    judge_give_memory(loan);
}

static struct loan *make_loan(berth_release_fn *release, void *arg)
{
    struct loan *loan = judge_take_memory(sizeof(*loan));

    *loan = (struct loan){.release = release, .arg = arg};
    judge.loans++;
    return loan;
}

static void drop_loan(struct loan *loan)
{
    judge.loans--;
    judge_give_memory(loan);
}

static ssize_t judge_write_owned(berth_conn *c,
                                 const void *data,
                                 size_t size,
                                 berth_release_fn *release,
                                 void *arg)
{
    struct loan *loan = NULL;
    ssize_t result;

    (void)write_to(c, "berth_write_owned", size);
    if (release != NULL) {
        loan = make_loan(release, arg);
        loan->data = data;
        loan->size = data == NULL ? 0 : size;
        loan->sum = sum_bytes(loan->data, loan->size);
    }
    AS_CORE(result,
            judge.real.write_owned(c, data, size,
                                   loan == NULL ? NULL : release_loan, loan));
    if (result < 0 && loan != NULL) {
        drop_loan(loan);
    }
    return result;
}

static int judge_sendfile(berth_conn *c,
                          int fd,
                          uint64_t offset,
                          uint64_t size,
                          berth_release_fn *release,
                          void *arg)
{
    struct loan *loan = release == NULL ? NULL : make_loan(release, arg);
    int result;

    (void)write_to(c, "berth_sendfile", 0);
    AS_CORE(result,
            judge.real.sendfile(c, fd, offset, size,
                                loan == NULL ? NULL : release_loan, loan));
    if (result < 0 && loan != NULL) {
        drop_loan(loan);
    }
    return result;
}

static char *judge_reserve(berth_conn *c, size_t size)
{
    char *result;

    (void)write_to(c, "berth_reserve", 0);
    AS_CORE(result, judge.real.reserve(c, size));
    return result;
}

static int judge_commit(berth_conn *c, size_t size)
{
    int result;

    (void)write_to(c, "berth_commit", size);
    AS_CORE(result, judge.real.commit(c, size));
    return result;
}

static size_t judge_room(const berth_conn *c)
{
    struct judge_service *service = find_service(c, "berth_room");

    service->beyond = 0;
    service->writes_beyond = 0;
    return judge.real.room(c);
}

/* ------------------------------------------------------------- flow, ending */

static void judge_pause(berth_conn *c)
{
    (void)act_on(c, "berth_pause");
    judge.real.pause(c);
}

static void judge_resume(berth_conn *c)
{
    (void)act_on(c, "berth_resume");
    judge.real.resume(c);
}

static void judge_shutdown(berth_conn *c)
{
    act_on(c, "berth_shutdown")->ended_by = "berth_shutdown";
    judge.real.shutdown(c);
}

static void judge_close(berth_conn *c)
{
    act_on(c, "berth_close")->ended_by = "berth_close";
    judge.real.close(c);
}

static void judge_finish(berth_conn *c)
{
    act_on(c, "berth_finish")->ended_by = "berth_finish";
    judge.real.finish(c);
}

static void judge_abort(berth_conn *c)
{
    act_on(c, "berth_abort")->ended_by = "berth_abort";
    judge.real.abort(c);
}

/* --------------------------------------------------------------------- time */

static int judge_deadline(berth_conn *c, uint64_t ms)
{
    (void)find_service(c, "berth_deadline");
    return judge.real.deadline(c, ms);
}

static int judge_tick(berth_entry *entry, uint64_t ms)
{
    check_thread("berth_tick");
    return judge.real.tick(entry, ms);
}

static uint64_t judge_now(const berth_entry *entry, enum berth_clock clock)
{
    check_thread("berth_now");
    return judge.real.now(entry, clock);
}

/* ---------------------------------------------------------------- switching */

/* The judge stands before that protocol, too. NULL: it is refused as it is. */
static struct judge_protocol *adopt(const berth_protocol *given)
{
    struct judge_protocol *protocol = judge.switched;
    struct plugin_refusal refusal;
    berth_protocol known;

    while (protocol != NULL && protocol->given != given) {
        protocol = protocol->next;
    }
    if (protocol != NULL || plugin_adopt(given, &known, &refusal) < 0) {
        return protocol;
    }
    protocol = judge_take_memory(sizeof(*protocol));
    judge_wrap(protocol, &known);
    protocol->seen.size = (uint32_t)sizeof(protocol->seen);
    protocol->given = given;
    protocol->next = judge.switched;
    judge.switched = protocol;
    return protocol;
}

static int judge_switch_to(berth_conn *c,
                           const char *entry,
                           const berth_protocol *given,
                           const void *arg,
                           size_t size)
{
    struct judge_service *service = act_on(c, "berth_switch_to");
    struct judge_protocol *next = given == NULL ? NULL : adopt(given);
    int result;

    AS_CORE(result,
            judge.real.switch_to(c, entry, next == NULL ? given : &next->seen,
                                 arg, size));
    if (result == 0) {
        service->next = next;
    }
    return result;
}

/* ------------------------------------------------------------ asking, telling */

static ssize_t
judge_get(const berth_conn *c, enum berth_what what, void *buffer, size_t size)
{
    ssize_t result;

    (void)find_service(c, "berth_get");
    AS_CORE(result, judge.real.get(c, what, buffer, size));
    return result;
}

static void judge_log(berth_conn *c,
                      enum berth_level level,
                      const char *format,
                      va_list args) __attribute__((format(printf, 3, 0)));

static void judge_log(berth_conn *c,
                      enum berth_level level,
                      const char *format,
                      va_list args)
{
    (void)find_service(c, "berth_log");
    judge.real.log(c, level, format, args);
}

static void judge_entry_log(berth_entry *entry,
                            enum berth_level level,
                            const char *format,
                            va_list args) __attribute__((format(printf, 3, 0)));

static void judge_entry_log(berth_entry *entry,
                            enum berth_level level,
                            const char *format,
                            va_list args)
{
    check_thread("berth_entry_log");
    judge.real.entry_log(entry, level, format, args);
}

static void judge_count(berth_entry *entry, unsigned counter, uint64_t n)
{
    check_thread("berth_count");
    judge.real.count(entry, counter, n);
}

/* ------------------------------------------------------------- other threads */

/* A function to be called later, once. */
struct errand {
    berth_post_fn *to_connection; /* either */
    berth_entry_fn *to_entry;     /* or */
    berth_job_fn *job;            /* before it; NULL: none */
    void *arg;
};

static struct errand *make_errand(struct errand errand)
{
    struct errand *made = judge_take_memory(sizeof(*made));

    *made = errand;
    return made;
}

static void run_job(void *arg)
{
    const struct errand *errand = arg;

    judge_enter_job();
    errand->job(errand->arg);
    judge_leave_job();
}

static void run_errand(berth_conn *c, void *arg)
{
    struct errand *errand = arg;
    struct judge_call call;

    judge_enter(&call, c == NULL ? NULL : judge_find(c),
                errand->job == NULL ? CRUMB_POSTED : CRUMB_DONE);
    errand->to_connection(c, errand->arg);
    judge_leave(&call);
    judge_give_memory(errand);
}

static void run_entry_errand(berth_entry *entry, void *arg)
{
    struct errand *errand = arg;
    struct judge_call call;

    judge_enter(&call, NULL, errand->job == NULL ? CRUMB_POSTED : CRUMB_DONE);
    errand->to_entry(entry, errand->arg);
    judge_leave(&call);
    judge_give_memory(errand);
}

static berth_ref judge_ref_of(berth_conn *c)
{
    (void)find_service(c, "berth_ref_of");
    return judge.real.ref_of(c);
}

static int finish(struct errand *errand, int result)
{
    if (result < 0) {
        judge_give_memory(errand);
    }
    return result;
}

static int judge_post(berth_ref ref, berth_post_fn *fn, void *arg)
{
    struct errand *errand =
        make_errand((struct errand){.to_connection = fn, .arg = arg});
    int result;

    AS_CORE(result, judge.real.post(ref, run_errand, errand));
    return finish(errand, result);
}

static int judge_entry_post(berth_entry *entry, berth_entry_fn *fn, void *arg)
{
    struct errand *errand =
        make_errand((struct errand){.to_entry = fn, .arg = arg});
    int result;

    AS_CORE(result, judge.real.entry_post(entry, run_entry_errand, errand));
    return finish(errand, result);
}

static int
judge_work(berth_conn *c, berth_job_fn *job, berth_post_fn *done, void *arg)
{
    struct errand *errand;
    int result;

    (void)act_on(c, "berth_work");
    errand = make_errand(
        (struct errand){.to_connection = done, .job = job, .arg = arg});
    AS_CORE(result, judge.real.work(c, run_job, run_errand, errand));
    return finish(errand, result);
}

static int judge_entry_work(berth_entry *entry,
                            berth_job_fn *job,
                            berth_entry_fn *done,
                            void *arg)
{
    struct errand *errand;
    int result;

    check_thread("berth_entry_work");
    errand =
        make_errand((struct errand){.to_entry = done, .job = job, .arg = arg});
    AS_CORE(result,
            judge.real.entry_work(entry, run_job, run_entry_errand, errand));
    return finish(errand, result);
}

/* record and metrics stay the server's. */
void judge_fill_table(berth_host *table)
{
    table->write = judge_write;
    table->writev = judge_writev;
    table->write_owned = judge_write_owned;
    table->sendfile = judge_sendfile;
    table->reserve = judge_reserve;
    table->commit = judge_commit;
    table->room = judge_room;
    table->pause = judge_pause;
    table->resume = judge_resume;
    table->shutdown = judge_shutdown;
    table->close = judge_close;
    table->finish = judge_finish;
    table->abort = judge_abort;
    table->deadline = judge_deadline;
    table->tick = judge_tick;
    table->now = judge_now;
    table->switch_to = judge_switch_to;
    table->get = judge_get;
    table->log = judge_log;
    table->entry_log = judge_entry_log;
    table->count = judge_count;
    table->ref_of = judge_ref_of;
    table->post = judge_post;
    table->entry_post = judge_entry_post;
    table->work = judge_work;
    table->entry_work = judge_entry_work;
}
