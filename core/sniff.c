/* SPDX-License-Identifier: MIT */
#include "sniff.h"

#include <errno.h>
#include <string.h>

/* Who has the connection if nothing more is heard; zeroed: nobody was asked
   yet, so the last one. */
struct waiting {
    bool is_asked;
    size_t heir;
};

/* Within on_data of this protocol. */
static enum berth_verdict ask(const struct sniff_settings *settings,
                              const struct sniff_candidate *candidate,
                              const char *data,
                              size_t size)
{
    const struct crumb_place place = {
        .entry = candidate->number,
        .callback = CRUMB_SNIFF,
    };
    struct crumb_place before;
    enum berth_verdict verdict;

    if (settings->crumb == NULL) {
        return candidate->sniff(data, size);
    }
    before = crumb_relabel(settings->crumb, place);
    verdict = candidate->sniff(data, size);
    (void)crumb_relabel(settings->crumb, before);
    return verdict;
}

ssize_t sniff_choose(const struct sniff_settings *settings,
                     const char *data,
                     size_t size,
                     bool is_late)
{
    size_t i;

    is_late = is_late || size >= settings->most;
    for (i = 0; i + 1 < settings->count; i++) {
        const struct sniff_candidate *candidate = &settings->candidates[i];
        enum berth_verdict verdict = candidate->sniff == NULL || size == 0
                                         ? BERTH_NO
                                         : ask(settings, candidate, data, size);

        if (verdict == BERTH_YES) {
            break;
        }
        if (verdict == BERTH_MORE && !is_late) {
            return -EAGAIN;
        }
    }
    return (ssize_t)i;
}

static int hand_over(berth_conn *c, size_t index)
{
    const struct sniff_settings *settings = c->entry->settings;
    const char *entry = settings->candidates[index].entry;
    int error = berth_switch_to(c, entry, NULL, 0);

    if (error < 0) {
        berth_log(c, BERTH_INFO,
                  "closed: it is for '%s', which cannot have it: %s", entry,
                  error == -EDQUOT ? "no more connections are allowed"
                                   : strerror(-error));
    }
    return error;
}

static int on_open(berth_conn *c)
{
    const struct sniff_settings *settings = c->entry->settings;

    return berth_deadline(c, settings->timeout_ms);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct sniff_settings *settings = c->entry->settings;
    struct waiting *waiting = c->state;
    ssize_t index = sniff_choose(settings, data, size, false);

    if (index >= 0) {
        return hand_over(c, (size_t)index);
    }
    waiting->is_asked = true;
    waiting->heir = (size_t)sniff_choose(settings, data, size, true);
    return 0;
}

static int hand_to_heir(berth_conn *c)
{
    const struct sniff_settings *settings = c->entry->settings;
    const struct waiting *waiting = c->state;

    return hand_over(c,
                     waiting->is_asked ? waiting->heir : settings->count - 1);
}

/* What came last has been looked at. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the contract's signature */
static int on_end(berth_conn *c, char *data, size_t size)
{
    int error = hand_to_heir(c);

    (void)data;
    (void)size;
    return error < 0 ? error : BERTH_KEEP;
}

static void on_timer(berth_conn *c)
{
    if (hand_to_heir(c) < 0) {
        berth_close(c);
    }
}

static const berth_protocol protocol =
    BERTH_PROTOCOL_INIT(.name = "sniff",
                        .summary = "tells whose a connection is",
                        .state_size = sizeof(struct waiting),
                        .on_open = on_open,
                        .on_data = on_data,
                        .on_end = on_end,
                        .on_timer = on_timer);

const berth_protocol *sniff_protocol(void)
{
    return &protocol;
}

/* --------------------------------------------------------------- comparing */

/* How connections of well-known protocols begin. */
struct sample {
    const char *kind;
    const char *bytes;
    size_t size;
};

#define SAMPLE(kind_, bytes_)                                                  \
    {                                                                          \
        (kind_), (bytes_), sizeof(bytes_) - 1                                  \
    }

static const struct sample samples[] = {
    SAMPLE("'GET ' (HTTP)", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    SAMPLE("'PRI ' (HTTP/2)", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    SAMPLE("'EHLO' (SMTP)", "EHLO localhost\r\n"),
    SAMPLE("'SSH-' (SSH)", "SSH-2.0-client\r\n"),
    SAMPLE("'*1' (RESP)", "*1\r\n$4\r\nPING\r\n"),
    SAMPLE("a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    SAMPLE("an MQTT CONNECT", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"),
    SAMPLE("a blank line", "\r\n"),
    SAMPLE("a word", "hello\n"),
};

static bool claims(const struct sniff_settings *settings,
                   const struct sniff_candidate *candidate,
                   const struct sample *sample)
{
    bool is_claimed;

    if (candidate->sniff == NULL) {
        return false;
    }
    if (settings->crumb != NULL) {
        (void)crumb_enter(settings->crumb, (struct crumb_place){
                                               .entry = candidate->number,
                                               .callback = CRUMB_SNIFF,
                                           });
    }
    is_claimed = candidate->sniff(sample->bytes, sample->size) == BERTH_YES;
    if (settings->crumb != NULL) {
        (void)crumb_leave(settings->crumb);
    }
    return is_claimed;
}

static void compare_two(const struct sniff_settings *settings,
                        const struct sniff_candidate *first,
                        const struct sniff_candidate *second,
                        sniff_clash_fn *clash,
                        void *arg)
{
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        if (claims(settings, first, &samples[i]) &&
            claims(settings, second, &samples[i])) {
            clash(arg, first, second, samples[i].kind);
            return;
        }
    }
}

void sniff_compare(const struct sniff_settings *settings,
                   sniff_clash_fn *clash,
                   void *arg)
{
    for (size_t i = 0; i < settings->count; i++) {
        for (size_t k = i + 1; k < settings->count; k++) {
            compare_two(settings, &settings->candidates[i],
                        &settings->candidates[k], clash, arg);
        }
    }
}
