/* SPDX-License-Identifier: MIT */
#include "session_message.h"

#include <errno.h>
#include <string.h>

#include <berth/protocol.h>

int message_subscribe(struct session *session, struct packet *packet)
{
    uint8_t answer[4 + TOPICS_MAX] = {SUBACK, 2};
    const char *id = packet_take(packet, 2);

    if (id == NULL || packet->left == 0) {
        return -EPROTO;
    }
    memcpy(answer + 2, id, 2);
    while (packet->left > 0) {
        const char *topic = packet_take_text(packet);
        const char *qos = packet_take(packet, 1);

        if (topic == NULL || qos == NULL || answer[1] == 2 + TOPICS_MAX) {
            return -EPROTO;
        }
        if (session_add_topic(session, topic) < 0) {
            answer[2 + answer[1]] = SUBACK_REFUSED;
        }
        answer[1]++;
    }
    berth_write(session->client, answer, 2 + answer[1]);
    return 0;
}

/* Nothing overtakes what waits. A write fails when the client is leaving. */
static bool send_now(const struct session *session, const struct packet *packet)
{
    berth_conn *client = session->client;

    return client != NULL && session->queued == 0 && berth_room(client) > 0 &&
           berth_write(client, packet->bytes, packet->size) >= 0;
}

int message_publish(struct session_store *store,
                    struct packet *packet,
                    size_t max_queue)
{
    const char *topic = packet_take_text(packet);
    struct session *session;

    if (topic == NULL || two_bytes(topic) == 0) {
        return -EPROTO;
    }
    LIST_FOREACH(session, &store->sessions, link)
    {
        if (session_has_topic(session, topic) && !send_now(session, packet)) {
            session_push(session, packet->bytes, packet->size, max_queue);
        }
    }
    return 0;
}

void message_send_queued(struct session *session)
{
    berth_conn *client = session->client;

    while (session->queued > 0 && berth_room(client) > 0) {
        const struct message *message = session_first(session);

        if (berth_write(client, message->bytes, message->size) < 0) {
            return;
        }
        session_drop_first(session);
    }
}
