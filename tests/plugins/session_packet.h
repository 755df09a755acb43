/* SPDX-License-Identifier: MIT */
/*
 * Packets of session: a byte that says what it is, one to four bytes of length,
 * and so many bytes. A text in it is two bytes of length, most significant
 * first, and so many bytes.
 */
#ifndef SESSION_PACKET_H
#define SESSION_PACKET_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* First bytes. */
enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x30,
    SUBSCRIBE = 0x82,
    SUBACK = 0x90,
    PINGREQ = 0xc0,
    DISCONNECT = 0xe0,
};

#define PINGRESP "\xd0\0" /* the packet */

#define CONNECT_SIZE 10 /* of its body, without the client's id */
#define CONNECT_CLEAN 2 /* a flag */

/* Return codes of CONNACK. */
enum {
    CONNACK_WELCOME = 0,
    CONNACK_BAD_VERSION = 1,
    CONNACK_BAD_ID = 2,
    CONNACK_NO_ROOM = 3,
};

#define SUBACK_REFUSED 0x80

struct packet {
    const char *bytes; /* all of it */
    size_t size;
    const char *next; /* what is not yet taken */
    size_t left;
};

static inline size_t two_bytes(const char *bytes)
{
    return (size_t)(uint8_t)bytes[0] << 8 | (uint8_t)bytes[1];
}

static inline size_t text_size(const char *text)
{
    return 2 + two_bytes(text);
}

/* Returns the size of the packet at the front of data, 0 if not all of it has
   come, or -EPROTO. */
static inline ssize_t
packet_read(struct packet *packet, const char *data, size_t size)
{
    size_t length = 0;
    size_t head = 1;
    uint8_t byte;

    do {
        if (head == size) {
            return 0;
        }
        byte = (uint8_t)data[head];
        length |= (size_t)(byte & 0x7f) << 7 * (head - 1);
    } while (++head <= 4 && byte >= 0x80);
    *packet = (struct packet){data, head + length, data + head, length};
    if (byte >= 0x80) {
        return -EPROTO;
    }
    return packet->size <= size ? (ssize_t)packet->size : 0;
}

/* The next bytes of it; NULL: there are fewer. */
static inline const char *packet_take(struct packet *packet, size_t size)
{
    const char *taken = packet->next;

    if (packet->left < size) {
        return NULL;
    }
    packet->next += size;
    packet->left -= size;
    return taken;
}

static inline const char *packet_take_text(struct packet *packet)
{
    return packet->left < 2 ? NULL
                            : packet_take(packet, text_size(packet->next));
}

#endif
