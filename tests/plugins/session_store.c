/* SPDX-License-Identifier: MIT */
#include "session_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session_packet.h"

static bool is_same(const char *a, const char *b)
{
    return text_size(a) == text_size(b) && memcmp(a, b, text_size(a)) == 0;
}

struct session *session_find(const struct session_store *store, const char *id)
{
    struct session *session;

    LIST_FOREACH(session, &store->sessions, link)
    {
        if (is_same(session->id, id)) {
            break;
        }
    }
    return session;
}

struct session *
session_new(struct session_store *store, const char *id, int64_t max)
{
    struct session *session;

    if (store->count >= max) {
        return NULL;
    }
    session = calloc(1, sizeof(*session) + text_size(id));
    if (session != NULL) {
        memcpy(session->id, id, text_size(id));
        STAILQ_INIT(&session->queue);
        LIST_INSERT_HEAD(&store->sessions, session, link);
        store->count++;
    }
    return session;
}

void session_free(struct session_store *store, struct session *session)
{
    while (session->queued > 0) {
        session_drop_first(session);
    }
    for (size_t i = 0; i < session->topic_count; i++) {
        free(session->topics[i]);
    }
    LIST_REMOVE(session, link);
    store->count--;
    free(session);
}

uint64_t session_expire(struct session_store *store, uint64_t now_ms)
{
    struct session *session = LIST_FIRST(&store->sessions);
    uint64_t next_ms = 0;

    while (session != NULL) {
        struct session *next = LIST_NEXT(session, link);

        if (session->client != NULL) {
            /* It does not expire. */
        } else if (session->expires_ms <= now_ms) {
            session_free(store, session);
        } else if (next_ms == 0 || session->expires_ms - now_ms < next_ms) {
            next_ms = session->expires_ms - now_ms;
        }
        session = next;
    }
    return next_ms;
}

bool session_has_topic(const struct session *session, const char *topic)
{
    for (size_t i = 0; i < session->topic_count; i++) {
        if (is_same(session->topics[i], topic)) {
            return true;
        }
    }
    return false;
}

int session_add_topic(struct session *session, const char *topic)
{
    size_t size = text_size(topic);
    char *copy;

    if (session_has_topic(session, topic)) {
        return 0;
    }
    if (session->topic_count == TOPICS_MAX) {
        return -EDQUOT;
    }
    copy = malloc(size);
    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, topic, size);
    session->topics[session->topic_count++] = copy;
    return 0;
}

void session_push(struct session *session,
                  const char *bytes,
                  size_t size,
                  size_t max)
{
    struct message *message = malloc(sizeof(*message) + size);

    if (message == NULL) {
        return;
    }
    message->size = size;
    memcpy(message->bytes, bytes, size);
    STAILQ_INSERT_TAIL(&session->queue, message, link);
    session->queued += sizeof(*message) + size;
    while (session->queued > max) {
        session_drop_first(session);
    }
}

const struct message *session_first(const struct session *session)
{
    return STAILQ_FIRST(&session->queue);
}

void session_drop_first(struct session *session)
{
    struct message *message = STAILQ_FIRST(&session->queue);

    STAILQ_REMOVE_HEAD(&session->queue, link);
    session->queued -= sizeof(*message) + message->size;
    free(message);
}
