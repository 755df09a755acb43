/* SPDX-License-Identifier: MIT */
#include "shards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
make(const struct address *asked, size_t count, struct shards **shards)
{
    struct shards *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return -ENOMEM;
    }
    made->sockets = calloc(count, sizeof(*made->sockets));
    if (made->sockets == NULL) {
        free(made);
        return -ENOMEM;
    }
    list_init(&made->link);
    made->asked = *asked;
    *shards = made;
    return 0;
}

static int open_next(struct shards *shards,
                     const struct socket_parts *parts,
                     const char **step)
{
    const struct socket_parts next = {
        .address = &shards->sockets[0].address, /* port 0 is one by now */
        .backlog = parts->backlog,
        .mode = parts->mode,
        .sharing = SOCKET_NEXT,
    };
    const int error = socket_open(&shards->sockets[shards->count], &next, step);

    shards->count += error == 0 ? 1 : 0;
    return error;
}

static int inherit(const struct socket_parts *parts,
                   struct shards **shards,
                   const char **step)
{
    struct shards *made = NULL;
    int count = make(parts->address, SHARDS_MAX, &made);

    if (count < 0) {
        return count;
    }
    count = socket_inherit(made->sockets, SHARDS_MAX, parts->address, step);
    if (count < 0) {
        shards_forget(made);
        return count;
    }
    made->count = (size_t)count;
    *shards = made;
    return 0;
}

int shards_open(const struct socket_parts *parts,
                size_t count,
                struct shards **shards,
                const char **step)
{
    struct socket_parts first = *parts;
    struct shards *made = NULL;
    int error;

    *step = "find memory for";
    if (address_inherited(parts->address) != NULL) {
        return inherit(parts, shards, step);
    }
    if (parts->address->storage.ss_family == AF_UNIX) {
        count = 1;
    }
    error = make(parts->address, count, &made);
    if (error < 0) {
        return error;
    }
    first.sharing = count == 1 ? SOCKET_ALONE : SOCKET_FIRST;
    error = socket_open(&made->sockets[0], &first, step);
    made->count = error == 0 ? 1 : 0;
    while (error == 0 && made->count < count) {
        error = open_next(made, parts, step);
    }
    if (error < 0) {
        shards_close(made);
        return error;
    }
    *shards = made;
    return 0;
}

int shards_adopt(const struct address *asked,
                 const struct socket *sockets,
                 size_t count,
                 struct shards **shards)
{
    const int error = make(asked, count, shards);

    if (error == 0) {
        memcpy((*shards)->sockets, sockets, count * sizeof(*sockets));
        (*shards)->count = count;
    }
    return error;
}

bool shards_match(const struct shards *shards, const struct address *asked)
{
    return shards->asked.size == asked->size &&
           shards->asked.both_families == asked->both_families &&
           memcmp(&shards->asked.storage, &asked->storage, asked->size) == 0;
}

int shards_adjust(const struct shards *shards, uint32_t backlog, int32_t mode)
{
    if (address_inherited(&shards->asked) != NULL) {
        return 0;
    }
    for (size_t i = 0; i < shards->count; i++) {
        if (listen(shards->sockets[i].fd, (int)backlog) < 0) {
            return -errno;
        }
    }
    return mode < 0 ? 0 : socket_set_mode(&shards->sockets[0], mode);
}

void shards_close(struct shards *shards)
{
    if (shards == NULL) {
        return;
    }
    for (size_t i = 0; i < shards->count; i++) {
        socket_end(&shards->sockets[i]);
    }
    shards_forget(shards);
}

void shards_forget(struct shards *shards)
{
    free(shards->sockets);
    free(shards);
}
