/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "moment.h"
#include "processor.h"
#include "talk.h"

/* Connections that are being made at a time: no queue of a listener is too
   short for them. */
#define OPENING_MAX ((size_t)64)
/* How often it is looked who waits for too long. */
#define TICK_NS (100 * MOMENT_MS)
#define REPORTS 256

struct load {
    const struct load_parts *parts;
    const struct options *options;
    struct board_seat *seat;
    struct crowd crowd;
    uint64_t tick_ns;   /* the next one */
    uint64_t opened_ns; /* when last a connection was opened */
    size_t opened;      /* the most that there were */
    uint64_t start_ns;  /* of talking */
    uint64_t measured_from_ns;
    uint64_t cpu_ns; /* of the server's processes, when that began */
    int processes;   /* that these are */
    bool is_over;
};

/* ----------------------------------------------------------------- opening */

static size_t count_wanted(const struct load *load)
{
    const struct crowd *crowd = &load->crowd;

    return load->options->reconnect > 0 ? crowd->count - crowd->talkers
                                        : crowd->count;
}

static void open_some(struct load *load)
{
    struct crowd *crowd = &load->crowd;

    while (crowd->opening < OPENING_MAX && !list_is_empty(&crowd->waiting)) {
        struct client *client =
            CONTAINER_OF(crowd->waiting.next, struct client, link);

        list_remove(&client->link);
        crowd->opening++;
        talk_open(crowd, client);
    }
}

/* All are there, or for too long none was added. */
static void look_whether_open(struct load *load)
{
    struct crowd *crowd = &load->crowd;

    open_some(load);
    /* A server that ends them again does not keep us waiting. */
    if (crowd->settled > load->opened) {
        load->opened = crowd->settled;
        load->opened_ns = crowd->now_ns;
    }
    if (crowd->settled >= count_wanted(load) ||
        crowd->now_ns - load->opened_ns >
            load->options->timeout_ms * MOMENT_MS) {
        crowd->phase = CROWD_WAITING;
        (void)eventfd_write(load->parts->opened_fd, 1);
    }
}

/* --------------------------------------------------------------- measuring */

static uint64_t begin_due_ns(const struct load *load)
{
    return load->start_ns + (load->options->warmup_ms * MOMENT_MS);
}

static uint64_t end_due_ns(const struct load *load)
{
    return begin_due_ns(load) + (load->options->time_ms * MOMENT_MS);
}

static void read_processors(struct load *load, bool is_end)
{
    uint64_t ns = 0;
    int count;

    if (load->parts->number != 0) {
        return;
    }
    count = processor_read(load->options->pids, load->options->pid_count, &ns);
    /* What a process took that has ended meanwhile nobody knows. */
    if (is_end && count > 0 && count == load->processes) {
        load->parts->board->cpu_ns = ns - load->cpu_ns;
        load->parts->board->has_cpu = true;
    }
    load->cpu_ns = ns;
    load->processes = count;
}

static void begin_measuring(struct load *load)
{
    struct crowd *crowd = &load->crowd;

    for (size_t i = 0; i < crowd->count; i++) {
        crowd->result->open += crowd->clients[i].phase == CLIENT_OPEN ? 1 : 0;
    }
    read_processors(load, false);
    load->measured_from_ns = moment_now();
    if (load->options->rate == 0) {
        crowd->begin_ns = load->measured_from_ns;
    }
    crowd->is_measuring = true;
}

/* Of an open loop: what should have been begun by now. */
static void count_unsent(struct crowd *crowd)
{
    if (crowd->options->rate == 0) {
        return;
    }
    while (schedule_due_ns(&crowd->schedule) < crowd->end_ns) {
        crowd->result->unsent++;
        schedule_pass(&crowd->schedule);
    }
}

static void end_measuring(struct load *load)
{
    struct crowd *crowd = &load->crowd;
    const uint64_t now_ns = moment_now();

    if (now_ns < crowd->end_ns) {
        crowd->end_ns = now_ns;
    }
    read_processors(load, true);
    if (crowd->is_measuring) {
        crowd->result->measured_ns = now_ns - load->measured_from_ns;
        count_unsent(crowd);
    }
    crowd->is_measuring = false;
    crowd->phase = CROWD_FINISHING;
    talk_finish(crowd);
}

/* ------------------------------------------------------------------ phases */

static void look_whether_started(struct load *load)
{
    struct crowd *crowd = &load->crowd;

    load->start_ns = atomic_load(&load->parts->board->start_ns);
    if (load->start_ns != 0 && crowd->now_ns >= load->start_ns) {
        crowd->schedule.start_ns = load->start_ns;
        if (load->options->rate > 0) {
            /* What is due meanwhile counts, whenever it is sent. */
            crowd->begin_ns = begin_due_ns(load);
            crowd->end_ns = end_due_ns(load);
        }
        crowd->phase = CROWD_TALKING;
        if (load->options->warmup_ms == 0) {
            begin_measuring(load);
        }
        talk_start(crowd);
    }
}

static void advance(struct load *load)
{
    struct crowd *crowd = &load->crowd;
    const uint64_t timeout_ns = load->options->timeout_ms * MOMENT_MS;

    crowd->now_ns = moment_now();
    switch (crowd->phase) {
    case CROWD_OPENING:
        look_whether_open(load);
        break;
    case CROWD_WAITING:
        look_whether_started(load);
        break;
    case CROWD_TALKING:
        if (!crowd->is_measuring && crowd->now_ns >= begin_due_ns(load)) {
            begin_measuring(load);
        }
        if (crowd->now_ns >= end_due_ns(load)) {
            end_measuring(load);
        }
        break;
    default:
        load->is_over =
            crowd->present == 0 || crowd->now_ns - crowd->end_ns > timeout_ns;
        break;
    }
}

/* ------------------------------------------------------------------- ticks */

static void look_after(struct load *load, struct client *client)
{
    struct crowd *crowd = &load->crowd;
    const uint64_t since_ns = crowd->now_ns - client->moved_ns;
    const uint64_t timeout_ns = load->options->timeout_ms * MOMENT_MS;

    if (since_ns <= timeout_ns) {
        return;
    }
    if (client->phase == CLIENT_LEAVING) {
        crowd_fail(crowd, client, FAULT_TIMEOUT, "no end");
    } else if (client->phase == CLIENT_CONNECTING) {
        crowd_fail(crowd, client, FAULT_TIMEOUT, "not connected");
    } else if (client->pending > 0) {
        crowd_fail(crowd, client, FAULT_TIMEOUT, "no answer");
    }
}

static void open_again(struct load *load)
{
    struct crowd *crowd = &load->crowd;
    struct list broken;

    list_move(&crowd->broken, &broken);
    for (size_t i = 0; i < OPENING_MAX && !list_is_empty(&broken); i++) {
        struct client *client = CONTAINER_OF(broken.next, struct client, link);

        list_remove(&client->link);
        if (crowd->phase == CROWD_OPENING) {
            list_append(&crowd->waiting, &client->link);
        } else {
            talk_again(crowd, client);
        }
    }
    while (!list_is_empty(&broken)) {
        struct list *link = broken.next;

        list_remove(link);
        list_append(&crowd->broken, link);
    }
}

static void tick(struct load *load)
{
    struct crowd *crowd = &load->crowd;

    load->tick_ns = crowd->now_ns + TICK_NS;
    for (size_t i = 0; i < crowd->count; i++) {
        look_after(load, &crowd->clients[i]);
    }
    if (crowd->phase != CROWD_FINISHING) {
        open_again(load);
    }
    atomic_store_explicit(&load->seat->messages, crowd->messages,
                          memory_order_relaxed);
    atomic_store_explicit(&load->seat->open, crowd->settled,
                          memory_order_relaxed);
    atomic_store_explicit(&load->seat->faults, result_faults(crowd->result),
                          memory_order_relaxed);
    if (atomic_load_explicit(&load->parts->board->is_over,
                             memory_order_relaxed) &&
        crowd->phase != CROWD_FINISHING) {
        end_measuring(load);
    }
}

/* ---------------------------------------------------------------- the loop */

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* When there is something to do though nothing happens. */
static uint64_t next_due_ns(const struct load *load)
{
    const struct crowd *crowd = &load->crowd;
    uint64_t due_ns = load->tick_ns;

    if (crowd->phase == CROWD_WAITING && load->start_ns != 0) {
        due_ns = earlier(due_ns, load->start_ns);
    }
    if (crowd->phase != CROWD_TALKING) {
        return due_ns;
    }
    due_ns = earlier(due_ns, crowd->is_measuring ? end_due_ns(load)
                                                 : begin_due_ns(load));
    if (load->options->rate > 0 && !list_is_empty(&crowd->ready)) {
        due_ns = earlier(due_ns, schedule_due_ns(&crowd->schedule));
    }
    if (load->options->rate == 0 && !list_is_empty(&crowd->ready) &&
        crowd->active < crowd->active_max) {
        return 0;
    }
    return due_ns;
}

static int wait_for_reports(struct load *load, struct epoll_event *reports)
{
    const uint64_t due_ns = next_due_ns(load);
    const uint64_t now_ns = moment_now();
    const uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    const struct timespec timeout = {
        .tv_sec = (time_t)(left_ns / MOMENT_SECOND),
        .tv_nsec = (long)(left_ns % MOMENT_SECOND),
    };
    const int count =
        epoll_pwait2(load->crowd.selector.fd, reports, REPORTS, &timeout, NULL);

    return count < 0 && errno == EINTR ? 0 : count;
}

/* One pass. Returns 0 or -errno. */
static int turn(struct load *load)
{
    struct epoll_event reports[REPORTS];
    struct crowd *crowd = &load->crowd;
    const int count = wait_for_reports(load, reports);

    if (count < 0) {
        return -errno;
    }
    crowd->now_ns = moment_now();
    for (int i = 0; i < count; i++) {
        if (reports[i].data.ptr == load) {
            /* The time has come: advance() reads when. */
            (void)selector_unregister(&crowd->selector, load->parts->start_fd);
        } else {
            talk_handle(crowd, reports[i].data.ptr, reports[i].events);
        }
    }
    talk_pump(crowd);
    advance(load);
    if (crowd->now_ns >= load->tick_ns) {
        tick(load);
    }
    return 0;
}

/* Who is owed an answer, and will not get it any more. */
static void count_unanswered(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->talkers; i++) {
        if (crowd->clients[i].pending > 0) {
            crowd_fail(crowd, &crowd->clients[i], FAULT_TIMEOUT,
                       "no answer when it was over");
        }
    }
}

static int run(struct load *load)
{
    struct crowd *crowd = &load->crowd;
    int error = selector_register(&crowd->selector, load->parts->start_fd,
                                  SELECTOR_READ, SELECTOR_LEVEL, load);

    load->opened_ns = moment_now();
    load->tick_ns = load->opened_ns + TICK_NS;
    crowd->now_ns = load->opened_ns;
    open_some(load);
    while (error == 0 && !load->is_over) {
        error = turn(load);
    }
    count_unanswered(crowd);
    atomic_store(&load->seat->messages, crowd->messages);
    return error;
}

int load_run(const struct load_parts *parts)
{
    struct load load = {
        .parts = parts,
        .options = parts->options,
        .seat = &parts->board->seats[parts->number],
    };
    const struct crowd_share share = {
        .number = parts->number,
        .of = parts->board->count,
    };
    int error = crowd_init(&load.crowd, parts->options, &share, parts->pattern,
                           parts->model, &load.seat->result);

    if (error < 0) {
        return error;
    }
    error = run(&load);
    crowd_fini(&load.crowd);
    return error;
}
