/* SPDX-License-Identifier: MIT */
/*
 * Does what it is told, so that a test knows what is to be counted: each line
 * is an order, and one that is none comes back as it is.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <berth/protocol.h>

enum counter {
    ORDERS,
    POINTS
};

static const berth_counter counters[] = {
    [ORDERS] = {.name = "orders", .help = "lines with an order"},
    [POINTS] = {.name = "points", .help = "what was told to be \\counted"},
    BERTH_COUNTERS_END,
};

struct order {
    const char *name;
    ssize_t (*obey)(berth_conn *c, uint64_t number);
};

static ssize_t do_close(berth_conn *c, uint64_t number)
{
    (void)number;
    berth_close(c);
    return 0;
}

static ssize_t do_abort(berth_conn *c, uint64_t number)
{
    (void)number;
    berth_abort(c);
    return 0;
}

static ssize_t do_fail(berth_conn *c, uint64_t number)
{
    (void)c;
    (void)number;
    return -EPROTO;
}

static ssize_t do_crash(berth_conn *c, uint64_t number)
{
    (void)c;
    (void)number;
    return raise(SIGSEGV);
}

static ssize_t do_deadline(berth_conn *c, uint64_t number)
{
    berth_deadline(c, number);
    return 0;
}

static ssize_t do_pause(berth_conn *c, uint64_t number)
{
    (void)number;
    berth_pause(c);
    return 0;
}

static ssize_t do_count(berth_conn *c, uint64_t number)
{
    berth_count(c->entry, POINTS, number);
    return 0;
}

static ssize_t do_switch(berth_conn *c, uint64_t number)
{
    (void)number;
    return berth_switch_to(c, "other", NULL, 0);
}

/* So many bytes at once, however few the peer takes. */
static ssize_t do_fill(berth_conn *c, uint64_t number)
{
    char *bytes = calloc(1, number + 1);
    ssize_t result = -ENOMEM;

    if (bytes != NULL) {
        result = berth_write(c, bytes, number);
    }
    free(bytes);
    return result < 0 ? result : 0;
}

/* What the server counts, then the end. */
static ssize_t do_metrics(berth_conn *c, uint64_t number)
{
    ssize_t length = berth_metrics(c->entry, BERTH_METRICS_PROMETHEUS, NULL, 0);
    size_t size = length < 0 ? 0 : (size_t)length + 65536;
    char *text = length < 0 ? NULL : malloc(size);

    (void)number;
    if (text == NULL) {
        return -ENOMEM;
    }
    length = berth_metrics(c->entry, BERTH_METRICS_PROMETHEUS, text, size);
    if (length > 0 && (size_t)length < size) {
        (void)berth_write(c, text, (size_t)length);
    }
    free(text);
    berth_close(c);
    return 0;
}

static ssize_t do_become(berth_conn *c, uint64_t number);

static const struct order orders[] = {
    {"abort", do_abort}, {"become", do_become}, {"close", do_close},
    {"count", do_count}, {"crash", do_crash},   {"deadline", do_deadline},
    {"fail", do_fail},   {"fill", do_fill},     {"metrics", do_metrics},
    {"pause", do_pause}, {"switch", do_switch},
};

static const struct order *find_order(const char *line, size_t length)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        const size_t size = strlen(orders[i].name);

        if (length > size && strncmp(line, orders[i].name, size) == 0 &&
            (line[size] == ' ' || line[size] == '\n')) {
            return &orders[i];
        }
    }
    return NULL;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    const struct order *order;
    size_t length;
    ssize_t result = 0;

    if (end == NULL) {
        return 0;
    }
    length = (size_t)(end + 1 - data);
    order = find_order(data, length);
    if (order == NULL) {
        (void)berth_write(c, data, length);
        return (ssize_t)length;
    }
    berth_count(c->entry, ORDERS, 1);
    if (data[strlen(order->name)] == ' ') {
        result = order->obey(c, strtoull(data + strlen(order->name), NULL, 10));
    } else {
        result = order->obey(c, 0);
    }
    return result < 0 ? result : (ssize_t)length;
}

static const berth_protocol second =
    BERTH_PROTOCOL_INIT(.name = "second", .on_data = on_data);

/* Another protocol of this plugin, the entry stays. */
static ssize_t do_become(berth_conn *c, uint64_t number)
{
    (void)number;
    return berth_switch_protocol(c, &second, NULL, 0);
}

BERTH_PROTOCOL(.name = "actor",
               .summary = "does what it is told",
               .counters = counters,
               .on_data = on_data);
