/* SPDX-License-Identifier: MIT */
#include "post.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "attribute.h"
#include "connection.h"

/* A function on its way, perhaps with a job before it. */
struct parcel {
    struct job job; /* its letter is what the mailbox delivers */
    struct connections *connections;
    berth_ref ref;
    berth_entry *entry; /* NULL: it is for a connection */
    union {
        berth_post_fn *fn;
        berth_entry_fn *entry_fn;
    };
    berth_job_fn *work; /* NULL: there is no job */
    void *arg;
};

/* The connection, unless it has ended, was switched, or is about to. */
static struct connection *find_connection(const struct parcel *parcel)
{
    struct connection *c = parcel->ref.owner;

    if (!slab_is_used(&parcel->connections->slab, c) ||
        c->id != parcel->ref.id || !connection_is_served(c)) {
        return NULL;
    }
    return c;
}

static const void *object_of(uintptr_t function)
{
    Dl_info info;

    return dladdr((const void *)function, &info) == 0 ? NULL : info.dli_fbase;
}

/* An entry of the plugin whose function it is: of the connection nothing is
   left that could tell. */
static const struct entry *find_author(const struct parcel *parcel)
{
    const struct connections *all = parcel->connections;
    const void *object = object_of((uintptr_t)parcel->fn);

    for (size_t i = 0; object != NULL && i < all->entry_count; i++) {
        const struct entry *entry = &all->entries[i];

        if (entry->service.protocol != NULL &&
            object_of((uintptr_t)entry->service.protocol->on_data) == object) {
            return entry;
        }
    }
    return NULL;
}

COLD static void call_for_none(const struct parcel *parcel)
{
    const struct entry *entry = find_author(parcel);

    if (entry == NULL) {
        parcel->fn(NULL, parcel->arg);
        return;
    }
    entry_begin_call(entry, CRUMB_POSTED);
    parcel->fn(NULL, parcel->arg);
    entry_end_call(entry);
}

static void call_connection(const struct parcel *parcel)
{
    struct connection *c = find_connection(parcel);
    const struct entry *entry;

    if (c == NULL) {
        call_for_none(parcel);
        return;
    }
    entry = connection_entry(c);
    connection_begin_call(c, entry, CRUMB_POSTED);
    parcel->fn(&c->head, parcel->arg);
    connection_end_call(c, entry);
}

static void call_entry(const struct parcel *parcel)
{
    const struct entry *entry = (const struct entry *)(void *)parcel->entry;

    entry_begin_call(entry, CRUMB_POSTED);
    parcel->entry_fn(parcel->entry, parcel->arg);
    entry_end_call(entry);
}

static void deliver(struct letter *letter)
{
    struct parcel *parcel = CONTAINER_OF(letter, struct parcel, job.letter);

    if (parcel->entry != NULL) {
        call_entry(parcel);
    } else {
        call_connection(parcel);
    }
    free(parcel);
}

static void run_work(struct job *job)
{
    const struct parcel *parcel = CONTAINER_OF(job, struct parcel, job);

    parcel->work(parcel->arg);
}

static struct parcel *new_parcel(const struct post_office *office, void *arg)
{
    struct parcel *parcel = calloc(1, sizeof(*parcel));

    if (parcel != NULL) {
        parcel->job.letter.deliver = deliver;
        parcel->job.run = run_work;
        parcel->connections = office->connections;
        parcel->arg = arg;
    }
    return parcel;
}

static int send_parcel(const struct post_office *office, struct parcel *parcel)
{
    int error = parcel->work == NULL
                    ? mailbox_send(office->mailbox, &parcel->job.letter)
                    : pool_submit(office->pool, &parcel->job);

    if (error < 0) {
        free(parcel);
    }
    return error;
}

int post_work(const struct post_office *office,
              const berth_ref *ref,
              berth_job_fn *job,
              berth_post_fn *done,
              void *arg)
{
    struct parcel *parcel = new_parcel(office, arg);

    if (parcel == NULL) {
        return -ENOMEM;
    }
    parcel->ref = *ref;
    parcel->fn = done;
    parcel->work = job;
    return send_parcel(office, parcel);
}

int post_entry_work(const struct post_office *office,
                    berth_entry *entry,
                    berth_job_fn *job,
                    berth_entry_fn *done,
                    void *arg)
{
    struct parcel *parcel = new_parcel(office, arg);

    if (parcel == NULL) {
        return -ENOMEM;
    }
    parcel->entry = entry;
    parcel->entry_fn = done;
    parcel->work = job;
    return send_parcel(office, parcel);
}

int post_to_connection(const struct post_office *office,
                       const berth_ref *ref,
                       berth_post_fn *fn,
                       void *arg)
{
    return post_work(office, ref, NULL, fn, arg);
}

int post_to_entry(const struct post_office *office,
                  berth_entry *entry,
                  berth_entry_fn *fn,
                  void *arg)
{
    return post_entry_work(office, entry, NULL, fn, arg);
}
