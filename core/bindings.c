/* SPDX-License-Identifier: MIT */
#include "bindings.h"

#include <string.h>

void bindings_init(struct bindings *bindings, struct log *log)
{
    list_init(&bindings->addresses);
    bindings->log = log;
}

static struct shards *shards_of(struct list *link)
{
    return CONTAINER_OF(link, struct shards, link);
}

/* One of port 0 may be asked for twice. */
bool bindings_have(struct shards *const *items,
                   size_t count,
                   const struct shards *shards)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i] == shards) {
            return true;
        }
    }
    return false;
}

static struct shards *find_shards(const struct bindings *bindings,
                                  struct shards *const *taken,
                                  size_t count,
                                  const struct address *asked)
{
    struct list *link = bindings->addresses.next;

    for (; link != &bindings->addresses; link = link->next) {
        struct shards *shards = shards_of(link);

        if (shards_match(shards, asked) &&
            !bindings_have(taken, count, shards)) {
            return shards;
        }
    }
    return NULL;
}

void bindings_drop(struct shards *shards)
{
    if (shards != NULL && --shards->users == 0) {
        list_remove(&shards->link);
        shards_close(shards);
    }
}

static int get_shards(struct bindings *bindings,
                      const struct report_listener *listener,
                      size_t count,
                      struct shards **shards)
{
    const struct socket_parts parts = {
        .address = &listener->address,
        .backlog = listener->backlog,
        .mode = listener->mode,
    };
    const struct log_subject subject = {.entry = listener->name};
    const char *step = "";
    int error;

    if (*shards != NULL) {
        step = "adjust";
        error = shards_adjust(*shards, listener->backlog, listener->mode);
    } else {
        error = shards_open(&parts, count, shards, &step);
        if (error == 0) {
            list_append(&bindings->addresses, &(*shards)->link);
        }
    }
    if (error < 0) {
        log_write(bindings->log, NULL, LOG_ERROR, &subject, "cannot %s %s: %s",
                  step, listener->text,
                  socket_explain(&listener->address, error));
    }
    return error;
}

int bindings_take(struct bindings *bindings,
                  const struct report *report,
                  size_t count,
                  struct shards **items)
{
    int first_error = 0;
    size_t got = 0;

    for (size_t i = 0; i < report->listener_count; i++) {
        const struct report_listener *listener = &report->listeners[i];
        struct shards *shards =
            find_shards(bindings, items, got, &listener->address);
        int error = get_shards(bindings, listener, count, &shards);

        if (error == 0) {
            shards->users++;
            items[got++] = shards;
        } else if (first_error == 0) {
            first_error = error;
        }
    }
    while (first_error < 0 && got > 0) {
        bindings_drop(items[--got]);
    }
    return first_error;
}
