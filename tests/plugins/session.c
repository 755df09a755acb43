/* SPDX-License-Identifier: MIT */
/*
 * Sessions that outlive their connections: a subset of MQTT 3.1.1, with QoS 0
 * and topics that are equal or not. What else it is sent it closes upon.
 */
#include <berth/protocol.h>

#include <string.h>

#include "session_message.h"
#include "session_packet.h"
#include "session_store.h"

struct settings {
    uint32_t expiry, max_queue;
    int64_t max_sessions;
};

struct state {
    struct session *session; /* NULL before CONNECT, and when taken over */
    uint64_t keep_alive_ms;
};

static int answer_connect(berth_conn *c, bool is_present, uint8_t code)
{
    const uint8_t answer[] = {CONNACK, 2, is_present, code};

    berth_write(c, answer, sizeof(answer));
    return code == CONNACK_WELCOME ? 0 : -EPROTO;
}

/* Its old connection is closed. NULL: there is no session that goes on. */
static struct session *take_over(berth_conn *c, const char *id, bool is_clean)
{
    struct session *session = session_find(c->entry->local, id);

    if (session != NULL && session->client != NULL) {
        struct state *state = session->client->state;

        state->session = NULL;
        berth_close(session->client);
    }
    if (session != NULL && (is_clean || session->is_clean)) {
        session_free(c->entry->local, session);
        return NULL;
    }
    return session;
}

static int begin_session(berth_conn *c, const char *id, bool is_clean)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    struct session *session = take_over(c, id, is_clean);
    bool is_present = session != NULL;

    if (session == NULL) {
        session = session_new(c->entry->local, id, settings->max_sessions);
    }
    if (session == NULL) {
        return answer_connect(c, false, CONNACK_NO_ROOM);
    }
    session->client = c;
    session->is_clean = is_clean;
    state->session = session;
    (void)answer_connect(c, is_present, CONNACK_WELCOME);
    message_send_queued(session);
    return 0;
}

static int meet_client(berth_conn *c, struct packet *packet)
{
    struct state *state = c->state;
    const char *head = packet_take(packet, CONNECT_SIZE);
    const char *id = packet_take_text(packet);

    if (head == NULL || id == NULL || packet->left > 0 ||
        memcmp(head, "\0\4MQTT", 6) != 0 || (head[7] & ~CONNECT_CLEAN) != 0) {
        return -EPROTO;
    }
    if (head[6] != 4 || two_bytes(id) == 0) {
        return answer_connect(
            c, false, head[6] != 4 ? CONNACK_BAD_VERSION : CONNACK_BAD_ID);
    }
    state->keep_alive_ms = two_bytes(head + 8) * 1500; /* one and a half */
    (void)berth_deadline(c, state->keep_alive_ms);
    return begin_session(c, id, (head[7] & CONNECT_CLEAN) != 0);
}

static int obey(berth_conn *c, struct packet *packet)
{
    const struct settings *settings = c->entry->settings;
    const struct state *state = c->state;

    if ((state->session == NULL) != ((uint8_t)packet->bytes[0] == CONNECT)) {
        return -EPROTO; /* it comes first, and once */
    }
    (void)berth_deadline(c, state->keep_alive_ms); /* 0: none */
    switch ((uint8_t)packet->bytes[0]) {
    case CONNECT:
        return meet_client(c, packet);
    case PUBLISH:
        return message_publish(c->entry->local, packet, settings->max_queue);
    case SUBSCRIBE:
        return message_subscribe(state->session, packet);
    case PINGREQ:
        berth_write(c, PINGRESP, 2);
        return 0;
    case DISCONNECT:
        berth_close(c);
        return 0;
    default:
        return -EPROTO;
    }
}

/* A packet is used whole: limits.input bounds it. */
static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct packet packet;
    ssize_t used = packet_read(&packet, data, size);
    int error = used > 0 ? obey(c, &packet) : 0;

    return error < 0 ? error : used;
}

static void on_drain(berth_conn *c)
{
    const struct state *state = c->state;

    message_send_queued(state->session);
}

/* Also on_tick. */
static void expire(berth_entry *entry)
{
    uint64_t now_ms = berth_now(entry, BERTH_MONOTONIC);

    (void)berth_tick(entry, session_expire(entry->local, now_ms));
}

static void on_close(berth_conn *c, int why)
{
    const struct settings *settings = c->entry->settings;
    const struct state *state = c->state;
    struct session *session = state->session;

    (void)why;
    if (session != NULL) {
        session->client = NULL;
        session->expires_ms = berth_now(c->entry, BERTH_MONOTONIC) +
                              (session->is_clean ? 0 : settings->expiry);
        expire(c->entry);
    }
}

static void fini(berth_entry *entry)
{
    (void)session_expire(entry->local, UINT64_MAX);
}

static enum berth_verdict sniff(const char *data, size_t size)
{
    return size > 0 && data[0] == CONNECT ? BERTH_YES : BERTH_NO;
}

static const berth_option options[] = {
    {.name = "expiry",
     .type = BERTH_DURATION,
     BERTH_FIELD(struct settings, expiry),
     .fallback = "1h",
     .max = INT32_MAX,
     .help = "time after which an absent client is forgotten"},
    {.name = "max_queue",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max_queue),
     .fallback = "64KiB",
     .help = "messages that wait for a client, with 16 bytes for each"},
    {.name = "max_sessions",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, max_sessions),
     .fallback = "1000",
     .help = "clients that are known at once"},
    BERTH_OPTIONS_END,
};

BERTH_PROTOCOL(.name = "session",
               .summary = "passes messages on, also to clients that come back",
               .state_size = sizeof(struct state),
               .local_size = sizeof(struct session_store),
               .settings_size = sizeof(struct settings),
               .options = options,
               .fini = fini,
               .on_tick = expire,
               .sniff = sniff,
               .on_data = on_data,
               .on_drain = on_drain,
               .on_close = on_close);
