/* SPDX-License-Identifier: MIT */
/*
 * What session keeps: sessions, what they are subscribed to, and the messages
 * that wait for them. Texts are as session_packet.h has them.
 */
#ifndef SESSION_STORE_H
#define SESSION_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define TOPICS_MAX 16 /* of a session */

struct berth_conn;

struct message {
    STAILQ_ENTRY(message) link;
    size_t size;
    char bytes[];
};

struct session {
    LIST_ENTRY(session) link;
    struct berth_conn *client; /* the owner's; NULL: it is absent */
    uint64_t expires_ms;       /* the owner's; while the client is absent */
    bool is_clean;             /* the owner's; ends with its connection */
    size_t topic_count;
    char *topics[TOPICS_MAX];
    STAILQ_HEAD(, message) queue;
    size_t queued; /* bytes, with those that a message itself takes */
    char id[];     /* a text */
};

/* Zeroed, it is empty. */
struct session_store {
    LIST_HEAD(, session) sessions;
    int64_t count;
};

/* NULL: there is none. */
struct session *session_find(const struct session_store *store, const char *id);
/* NULL: there are max sessions, or no memory. */
struct session *
session_new(struct session_store *store, const char *id, int64_t max);
void session_free(struct session_store *store, struct session *session);
/* Frees those that expire by now. Returns the ms until another does; 0: none
   will. */
uint64_t session_expire(struct session_store *store, uint64_t now_ms);

bool session_has_topic(const struct session *session, const char *topic);
/* Returns 0, also if it has the topic; -EDQUOT or -ENOMEM. */
int session_add_topic(struct session *session, const char *topic);

/* Queues a copy. If more than max bytes are queued then, the oldest messages
   are dropped. */
void session_push(struct session *session,
                  const char *bytes,
                  size_t size,
                  size_t max);
/* The oldest message; NULL: none waits. */
const struct message *session_first(const struct session *session);
void session_drop_first(struct session *session);

#endif
