/* SPDX-License-Identifier: MIT */
/*
 * A producer: streams as many bytes as it is asked for, however many they are.
 *
 * A client sends "N\n", with N in decimal, and gets N bytes. They are cut from
 * one endless text of lines of 16 bytes, each of which tells where it begins:
 *
 *     000000000000000
 *     000000000000016
 *     000000000000032
 *
 * So each byte is a function of its offset, and nothing is kept but how far
 * each client is. Requests are answered one after the other. Anything else than
 * a number ends the client; so does one beyond `max`.
 */
#include <berth/protocol.h>

#include <inttypes.h>
#include <string.h>

#define LINE 16            /* bytes */
#define REQUEST_LONGEST 20 /* digits, leading zeros included */
#define BLOCK 4096         /* bytes made at once */

struct settings {
    uint64_t max;
};

/* The request that is being answered; offset == end: there is none. */
struct state {
    uint64_t offset;
    uint64_t end;
};

static const berth_option options[] = {
    {.name = "max",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max),
     .fallback = "16GiB",
     .min = 1,
     .max = INT64_C(1) << 40,
     .help = "most bytes that may be asked for at once"},
    BERTH_OPTIONS_END,
};

static uint64_t least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* The text from an offset on, up to the end of the line there. Returns how many
   bytes of it there are, at most size. */
static size_t fill_line(char *place, uint64_t offset, size_t size)
{
    size_t begun = (size_t)(offset % LINE);
    char line[32];

    (void)snprintf(line, sizeof(line), "%015" PRIu64 "\n", offset - begun);
    size = (size_t)least(size, LINE - begun);
    memcpy(place, line + begun, size);
    return size;
}

static void fill(char *place, uint64_t offset, size_t size)
{
    for (size_t done = 0; done < size;) {
        done += fill_line(place + done, offset + done, size - done);
    }
}

/* Goes on with the request, as far as there is room; on_drain goes on then. The
   next one waits until this one is answered. */
static void produce(berth_conn *c)
{
    struct state *state = c->state;

    while (state->offset < state->end) {
        uint64_t left = state->end - state->offset;
        size_t size = (size_t)least(left, least(berth_room(c), BLOCK));
        char *place = size == 0 ? NULL : berth_reserve(c, size);

        if (place == NULL) {
            berth_pause(c);
            return;
        }
        fill(place, state->offset, size);
        (void)berth_commit(c, size);
        state->offset += size;
    }
    berth_resume(c);
}

static int
parse_request(const char *digits, size_t length, uint64_t max, uint64_t *size)
{
    uint64_t number = 0;

    if (length == 0 || length > REQUEST_LONGEST) {
        return -EINVAL;
    }
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return -EINVAL;
        }
        number = 10 * number + (uint64_t)(digits[i] - '0');
        if (number > max) {
            return -ERANGE;
        }
    }
    *size = number;
    return 0;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    const char *end = memchr(data, '\n', size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    int error;

    if (end == NULL && length <= REQUEST_LONGEST) {
        return 0;
    }
    error = parse_request(data, length, settings->max, &state->end);
    if (error < 0) {
        return error;
    }
    state->offset = 0;
    produce(c);
    return (ssize_t)length + 1;
}

BERTH_PROTOCOL(.name = "producer",
               .summary = "streams as many bytes as it is asked for",
               .state_size = sizeof(struct state),
               .settings_size = sizeof(struct settings),
               .options = options,
               .on_data = on_data,
               .on_drain = produce);
