/* SPDX-License-Identifier: MIT */
/* The other side: the program that comes after reads what was written. */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "json.h"

/* What is being read; error: the first thing that was wrong. */
struct loading {
    struct generation_parts parts;
    struct handover *handover;
    bool has_no_slots; /* in the stats */
    int error;
};

static void note(struct loading *loading, int error)
{
    if (loading->error == 0 && error < 0) {
        loading->error = error;
    }
}

static int64_t
get_number(struct loading *loading, const struct node *node, const char *key)
{
    const struct node *value = node_find(node, key);
    char *end;
    long long number;

    if (value == NULL || value->text == NULL) {
        note(loading, -EINVAL);
        return 0;
    }
    number = strtoll(value->text, &end, 10);
    if (*end != '\0') {
        note(loading, -EINVAL);
    }
    return number;
}

/* A descriptor that is there; it is closed on execve(2) from now on. */
static int get_descriptor(struct loading *loading,
                          const struct node *node,
                          const char *key)
{
    const int64_t number = get_number(loading, node, key);

    if (number < 0) {
        return -1;
    }
    if (number > INT32_MAX || fcntl((int)number, F_SETFD, FD_CLOEXEC) < 0) {
        note(loading, -EBADF);
        return -1;
    }
    return (int)number;
}

static int read_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);

    return found == NULL ? -1 : (int)(found - digits);
}

/* Returns how many bytes were written to bytes[0..size). */
static size_t get_bytes(struct loading *loading,
                        const struct node *node,
                        const char *key,
                        void *bytes,
                        size_t size)
{
    const struct node *value = node_find(node, key);
    unsigned char *to = bytes;
    size_t count;

    if (value == NULL || value->text == NULL || value->length % 2 != 0 ||
        value->length / 2 > size) {
        note(loading, -EINVAL);
        return 0;
    }
    count = value->length / 2;
    for (size_t i = 0; i < count; i++) {
        const int high = read_digit(value->text[2 * i]);
        const int low = read_digit(value->text[2 * i + 1]);

        if (high < 0 || low < 0) {
            note(loading, -EINVAL);
            return 0;
        }
        to[i] = (unsigned char)(high * 16 + low);
    }
    return count;
}

static void get_text(struct loading *loading,
                     const struct node *node,
                     const char *key,
                     char *text,
                     size_t size)
{
    text[get_bytes(loading, node, key, text, size - 1)] = '\0';
}

/* Items of a list; NULL: there is none. */
static const struct node *
get_list(struct loading *loading, const struct node *node, const char *key)
{
    const struct node *list = node_find(node, key);

    if (list == NULL || list->kind != NODE_LIST) {
        note(loading, -EINVAL);
        return NULL;
    }
    return list;
}

/* ---------------------------------------------------------------- addresses */

static void read_address(struct loading *loading,
                         const struct node *node,
                         struct address *address)
{
    *address = (struct address){
        .both_families = get_number(loading, node, "both_families") != 0,
    };
    address->size = (socklen_t)get_bytes(
        loading, node, "address", &address->storage, sizeof(address->storage));
}

static int read_fd(const char *text)
{
    char *end;
    long fd;

    if (text == NULL) {
        return -1;
    }
    fd = strtol(text, &end, 10);
    return *end != '\0' || fd < 0 || fd > INT32_MAX ? -1 : (int)fd;
}

static void read_sockets(struct loading *loading,
                         const struct address *asked,
                         const struct node *list)
{
    struct socket *sockets = calloc(list->count + 1, sizeof(*sockets));
    const struct node *item = list->first;
    struct shards *shards = NULL;
    size_t count = 0;

    for (; sockets != NULL && item != NULL; item = item->next) {
        const int fd = read_fd(item->text);
        const int error = socket_adopt(&sockets[count], asked, fd);

        if (error < 0) {
            note(loading, error);
        } else {
            count++;
        }
    }
    if (sockets == NULL || count == 0 ||
        shards_adopt(asked, sockets, count, &shards) < 0) {
        note(loading, -ENOMEM);
    } else {
        list_append(loading->handover->addresses, &shards->link);
    }
    free(sockets);
}

static void read_addresses(struct loading *loading, const struct node *root)
{
    const struct node *list = get_list(loading, root, "addresses");
    const struct node *item = list == NULL ? NULL : list->first;

    for (; item != NULL; item = item->next) {
        const struct node *sockets = get_list(loading, item, "sockets");
        struct address asked;

        read_address(loading, item, &asked);
        if (sockets != NULL) {
            read_sockets(loading, &asked, sockets);
        }
    }
}

static struct shards *find_shards(struct loading *loading, int64_t number)
{
    struct list *list = loading->handover->addresses;
    struct list *link = list->next;

    while (link != list && number-- > 0) {
        link = link->next;
    }
    if (link == list) {
        note(loading, -EINVAL);
        return NULL;
    }
    return CONTAINER_OF(link, struct shards, link);
}

/* --------------------------------------------------------------- generations */

static void read_files(struct loading *loading,
                       const struct node *node,
                       struct snapshot *snapshot)
{
    const struct node *list = get_list(loading, node, "files");
    const struct node *item = list == NULL ? NULL : list->first;

    for (; item != NULL; item = item->next) {
        char name[4096];
        char path[4096];
        struct snapshot_file file = {
            .kind = (enum snapshot_kind)get_number(loading, item, "kind"),
            .name = name,
            .path = path,
            .fd = get_descriptor(loading, item, "fd"),
        };

        get_text(loading, item, "name", name, sizeof(name));
        get_text(loading, item, "path", path, sizeof(path));
        if (snapshot_add(snapshot, &file) < 0) {
            note(loading, -ENOMEM);
        }
    }
    snapshot_seal(snapshot);
}

static void *
make_items(struct loading *loading, const struct node *list, size_t size)
{
    void *items = calloc(list->count + 1, size);

    if (items == NULL) {
        note(loading, -ENOMEM);
    }
    return items;
}

static void read_entries(struct loading *loading,
                         const struct node *node,
                         struct report *report)
{
    const struct node *list = get_list(loading, node, "entries");
    const struct node *item = list == NULL ? NULL : list->first;

    report->entries = list == NULL
                          ? NULL
                          : make_items(loading, list, sizeof(*report->entries));
    for (; report->entries != NULL && item != NULL; item = item->next) {
        struct report_entry *entry = &report->entries[report->entry_count++];

        entry->workers = (uint32_t)get_number(loading, item, "workers");
        entry->plugin = (uint32_t)get_number(loading, item, "plugin");
        get_text(loading, item, "name", entry->name, sizeof(entry->name));
        get_text(loading, item, "protocol", entry->protocol,
                 sizeof(entry->protocol));
    }
}

static void read_listener(struct loading *loading,
                          const struct node *item,
                          struct generation *generation)
{
    struct report *report = &generation->report;
    const size_t index = report->listener_count;
    struct report_listener *listener = &report->listeners[index];
    const int64_t number = get_number(loading, item, "shards");
    struct shards *shards = number < 0 ? NULL : find_shards(loading, number);

    *listener = (struct report_listener){
        .backlog = (uint32_t)get_number(loading, item, "backlog"),
        .mode = (int32_t)get_number(loading, item, "mode"),
        .workers = (uint32_t)get_number(loading, item, "workers"),
    };
    (void)get_bytes(loading, item, "entries", &listener->entries,
                    sizeof(listener->entries));
    get_text(loading, item, "name", listener->name, sizeof(listener->name));
    get_text(loading, item, "text", listener->text, sizeof(listener->text));
    generation->workers[index] = listener->workers;
    generation->shards[index] = shards;
    report->listener_count++;
    if (shards != NULL) { /* else it was dropped before */
        listener->address = shards->asked;
        shards->users++;
    }
}

static void read_listeners(struct loading *loading,
                           const struct node *node,
                           struct generation *generation)
{
    const struct node *list = get_list(loading, node, "listeners");
    const struct node *item;

    if (list == NULL || list->count == 0) {
        return;
    }
    generation->report.listeners =
        make_items(loading, list, sizeof(*generation->report.listeners));
    generation->workers = make_items(loading, list, sizeof(uint32_t));
    generation->shards = make_items(loading, list, sizeof(struct shards *));
    if (generation->report.listeners == NULL || generation->workers == NULL ||
        generation->shards == NULL) {
        return;
    }
    for (item = list->first; item != NULL; item = item->next) {
        read_listener(loading, item, generation);
    }
}

static void read_members(struct loading *loading,
                         const struct node *node,
                         struct generation *generation)
{
    const struct node *list = get_list(loading, node, "members");
    const struct node *item = list == NULL ? NULL : list->first;

    if (list == NULL ||
        generation_make_members(generation, (uint32_t)list->count) < 0) {
        note(loading, -ENOMEM);
        return;
    }
    for (uint32_t i = 0; item != NULL; item = item->next, i++) {
        const int64_t state = get_number(loading, item, "state");
        const int slot = (int)get_number(loading, item, "slot");
        const int fd = get_descriptor(loading, item, "channel");
        const int error = member_adopt(
            &generation->members[i], (pid_t)get_number(loading, item, "pid"),
            (enum member_state)state, loading->has_no_slots ? -1 : slot, fd);

        if (error < 0) {
            note(loading, error);
        }
    }
    generation_take_up(generation);
}

static void read_generation(struct loading *loading, const struct node *node)
{
    struct handover *handover = loading->handover;
    struct generation_parts parts = loading->parts;
    struct snapshot *snapshot;
    struct generation *generation;
    const bool is_current = get_number(loading, node, "current") != 0;

    parts.number = (uint32_t)get_number(loading, node, "number");
    if (snapshot_new(&snapshot) < 0) {
        note(loading, -ENOMEM);
        return;
    }
    read_files(loading, node, snapshot);
    if (generation_adopt(&parts, snapshot, &generation) < 0) {
        note(loading, -ENOMEM);
        return;
    }
    list_append(handover->generations, &generation->link);
    generation->state = is_current ? GENERATION_SERVING : GENERATION_STOPPING;
    generation->is_stop_told = get_number(loading, node, "stop_told") != 0;
    (void)get_bytes(loading, node, "aside", &generation->aside,
                    sizeof(generation->aside));
    if (node_find(node, "drained") != NULL) { /* earlier versions had none */
        (void)get_bytes(loading, node, "drained", &generation->drained,
                        sizeof(generation->drained));
    }
    read_entries(loading, node, &generation->report);
    read_listeners(loading, node, generation);
    read_members(loading, node, generation);
    if (is_current) {
        handover->current = generation;
    }
}

/* What another version counted is given up: its workers have no slots here. */
static int adopt_stats(struct loading *loading, const struct node *root)
{
    struct handover *handover = loading->handover;
    const int fd = get_descriptor(loading, root, "stats");

    if (fd >= 0 && stats_adopt(fd, &handover->stats) == 0) {
        return 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    loading->has_no_slots = true;
    return stats_new(STATS_SLOTS, &handover->stats);
}

static void read_all(struct loading *loading, const struct node *root)
{
    struct handover *handover = loading->handover;
    const struct node *list;
    const struct node *item;

    if (get_number(loading, root, "version") != HANDOVER_VERSION) {
        note(loading, -ENOTSUP);
        return;
    }
    handover->generation_count =
        (uint32_t)get_number(loading, root, "generation_count");
    handover->control = get_descriptor(loading, root, "control");
    note(loading, adopt_stats(loading, root));
    loading->parts.stats = handover->stats;
    read_addresses(loading, root);
    list = get_list(loading, root, "generations");
    for (item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next) {
        read_generation(loading, item);
    }
}

static void release_all(struct handover *handover)
{
    while (!list_is_empty(handover->generations)) {
        struct generation *generation =
            CONTAINER_OF(handover->generations->next, struct generation, link);

        generation_kill(generation);
        generation_free(generation);
    }
    while (!list_is_empty(handover->addresses)) {
        struct shards *shards =
            CONTAINER_OF(handover->addresses->next, struct shards, link);

        list_remove(&shards->link);
        shards_close(shards);
    }
}

int handover_take(void)
{
    const int fd = read_fd(getenv(HANDOVER_VARIABLE));

    (void)unsetenv(HANDOVER_VARIABLE);
    return fd;
}

int handover_load(int fd,
                  const struct generation_parts *parts,
                  struct handover *handover)
{
    struct loading loading = {.parts = *parts, .handover = handover};
    struct document *document = NULL;
    struct errors errors;
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    handover->current = NULL;
    errors_init(&errors);
    loading.error = document_load(path, "handover", &errors, &document);
    if (loading.error == 0) {
        read_all(&loading, document->root);
    }
    document_free(document);
    errors_fini(&errors);
    (void)close(fd);
    if (loading.error < 0) {
        release_all(handover);
    }
    return loading.error;
}
