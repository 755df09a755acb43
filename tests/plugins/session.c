/* SPDX-License-Identifier: MIT */
/*
 * Sessions that outlive their connections: a subset of MQTT 3.1.1. A message
 * goes to all others who are there and do not read slowly (QoS 0); a packet is
 * short. What else it is sent it closes upon.
 */
#include <berth/protocol.h>

#include <string.h>

#define SESSIONS_MAX 1000
#define NEVER UINT64_MAX
#define ID_SIZE (1 + 23) /* its length first */
#define ID_OFFSET 11     /* in the body of CONNECT */
#define CLEAN 2          /* a flag of CONNECT */

/* First bytes of packets. */
enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x30,
    PINGREQ = 0xc0,
    PINGRESP = 0xd0,
    DISCONNECT = 0xe0,
};

struct settings {
    uint32_t expiry;
};

/* There are SESSIONS_MAX in local. One that is zeroed is free. */
struct session {
    berth_conn *client;  /* NULL: it is absent */
    uint64_t expires_ms; /* NEVER: the client is there */
    uint32_t expiry_ms;  /* 0: clean, it ends with its connection */
    char id[ID_SIZE];    /* zeroes behind it */
};

struct state {
    struct session *session; /* NULL before CONNECT, and when taken over */
    uint64_t keep_alive_ms;
};

/* A free one has an id of zeroes. NULL: there is none. */
static struct session *find(struct session *sessions, const char *id)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (memcmp(sessions[i].id, id, ID_SIZE) == 0) {
            return &sessions[i];
        }
    }
    return NULL;
}

/* Of a client that is still there, the old connection ends. */
static int begin_session(berth_conn *c, const char *id, bool is_clean)
{
    const struct settings *settings = c->entry->settings;
    struct session *session = find(c->entry->local, id);
    struct state *state = c->state;
    bool is_present = session != NULL && session->expiry_ms > 0 && !is_clean;

    if (session == NULL) {
        session = find(c->entry->local, (char[ID_SIZE]){0});
    } else if (session->client != NULL) {
        ((struct state *)session->client->state)->session = NULL;
        berth_close(session->client);
    }
    if (session == NULL) {
        return -EDQUOT;
    }
    *session = (struct session){.client = c, .expires_ms = NEVER};
    session->expiry_ms = is_clean ? 0 : settings->expiry;
    memcpy(session->id, id, ID_SIZE);
    state->session = session;
    berth_write(c, (const uint8_t[]){CONNACK, 2, is_present, 0}, 4);
    return 0;
}

static int meet_client(berth_conn *c, const uint8_t *body, size_t size)
{
    struct state *state = c->state;
    char id[ID_SIZE] = {0};

    if (size <= ID_OFFSET + 1 || size > ID_OFFSET + ID_SIZE ||
        memcmp(body, "\0\4MQTT\4", 7) != 0 || (body[7] & ~CLEAN) != 0 ||
        body[10] != 0 || body[ID_OFFSET] != size - ID_OFFSET - 1) {
        return -EPROTO;
    }
    memcpy(id, body + ID_OFFSET, size - ID_OFFSET);
    /* One and a half times. */
    state->keep_alive_ms = UINT64_C(1500) * (body[8] * 256u + body[9]);
    return begin_session(c, id, body[7] == CLEAN);
}

static void publish(berth_conn *c, const char *packet, size_t size)
{
    const struct session *sessions = c->entry->local;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        berth_conn *client = sessions[i].client;

        if (client != NULL && client != c && berth_room(client) > 0) {
            berth_write(client, packet, size);
        }
    }
}

static ssize_t obey(berth_conn *c, const char *packet, size_t size)
{
    const struct state *state = c->state;
    uint8_t first = (uint8_t)packet[0];
    int error = 0;

    if (first == CONNECT) {
        error = meet_client(c, (const uint8_t *)packet + 2, size - 2);
    } else if (first == PUBLISH) {
        publish(c, packet, size);
    } else if (first == PINGREQ) {
        berth_write(c, (const uint8_t[]){PINGRESP, 0}, 2);
    } else if (first == DISCONNECT) {
        berth_close(c);
    } else {
        error = -EPROTO;
    }
    (void)berth_deadline(c, state->keep_alive_ms); /* 0: none */
    return error < 0 ? error : (ssize_t)size;
}

/* A packet is its first byte, a length of one byte, and so many bytes. */
static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct state *state = c->state;
    size_t needed = size < 2 ? 2 : 2 + (size_t)(uint8_t)data[1];

    if ((state->session == NULL) != (data[0] == CONNECT) || needed > 2 + 127) {
        return -EPROTO; /* CONNECT comes first, and once */
    }
    return size < needed ? 0 : obey(c, data, needed);
}

/* What has expired is freed, and what is free stays so. */
static void on_tick(berth_entry *entry)
{
    struct session *sessions = entry->local;
    uint64_t now_ms = berth_now(entry, BERTH_MONOTONIC);
    uint64_t next_ms = NEVER;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (sessions[i].expires_ms <= now_ms) {
            sessions[i] = (struct session){.client = NULL};
        } else if (sessions[i].expires_ms < next_ms) {
            next_ms = sessions[i].expires_ms;
        }
    }
    (void)berth_tick(entry, next_ms == NEVER ? 0 : next_ms - now_ms);
}

static void on_close(berth_conn *c, int why)
{
    const struct state *state = c->state;
    struct session *session = state->session;

    (void)why;
    if (session != NULL) {
        session->client = NULL;
        session->expires_ms =
            berth_now(c->entry, BERTH_MONOTONIC) + session->expiry_ms;
        on_tick(c->entry);
    }
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
    BERTH_OPTIONS_END,
};

BERTH_PROTOCOL(.name = "session",
               .summary =
                   "passes messages on, and knows clients that come back",
               .state_size = sizeof(struct state),
               .local_size = SESSIONS_MAX * sizeof(struct session),
               .settings_size = sizeof(struct settings),
               .options = options,
               .on_tick = on_tick,
               .sniff = sniff,
               .on_data = on_data,
               .on_close = on_close);
