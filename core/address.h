/* SPDX-License-Identifier: MIT */
/*
 * Addresses that can be listened on, as written in server.yaml.
 */
#ifndef BERTH_ADDRESS_H
#define BERTH_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Longest text of an address with its NUL: "unix:" and a whole sun_path. */
#define ADDRESS_TEXT_MAX 128

struct address {
    struct sockaddr_storage storage;
    socklen_t size;     /* of what is used in storage */
    bool both_families; /* "*:PORT": IPv6 any-address that takes IPv4 too */
};

/*
 * Reads "127.0.0.1:8080", "[::1]:8080", "*:8080" (both families on one socket),
 * "unix:/path" or "unix:@abstract" (unix(7)), or "fd:NAME", sockets that the
 * server was started with; port 0 to 65535, no names of hosts. A link-local
 * address names its interface, "[fe80::1%eth0]:8080"; "[::ffff:127.0.0.1]:80"
 * is taken as IPv4. base: folder that a relative unix path is relative to;
 * NULL: the working directory, path kept as it is.
 *
 * Returns 0, or -EINVAL: then *why says what is wrong (constant text, lower
 * case, no full stop) and *hint what to write instead (constant text, or
 * NULL). *a is untouched on failure.
 */
int address_parse(struct address *a,
                  const char *text,
                  const char *base,
                  const char **why,
                  const char **hint);

/*
 * Writes the text of an address as address_parse() reads it ("unix:" alone for
 * an unnamed peer; IPv4-mapped IPv6 as IPv4). buffer as for snprintf; returns
 * the full length. ADDRESS_TEXT_MAX always suffices.
 */
size_t address_format(const struct address *a, char *buffer, size_t size);

/* The same without a port; 0 and an empty text where there is none. */
size_t address_format_ip(const struct address *a, char *buffer, size_t size);

/*
 * Would a listener on one take connections meant for the other? Same port and
 * same address, or one of them is an any-address that covers the other's
 * family; same unix path; same NAME. Port 0 never overlaps.
 */
bool address_overlaps(const struct address *a, const struct address *b);

/* Is it the very same address? Then one socket serves both. Not for port 0. */
bool address_equals(const struct address *a, const struct address *b);

/* Is it a unix socket with a path in the file system? */
bool address_is_path(const struct address *a);

/* Could address_parse() have made it? For one that comes from elsewhere, whose
   bytes may be any. */
bool address_is_sound(const struct address *a);

/* The NAME of "fd:NAME", as long as the address is there; NULL: it is another
   kind of address. */
const char *address_inherited(const struct address *a);

/*
 * The key under which connections of one peer are counted: 16 bytes, IPv4 as
 * ::ffff:a.b.c.d. -ENOENT for addresses that are none of the internet.
 */
int address_key(const struct address *a, unsigned char key[16]);

#endif
