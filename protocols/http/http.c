/* SPDX-License-Identifier: MIT */
/* HTTP/1.1 (RFC 9110, RFC 9112), as an origin server. */
#include <berth/protocol.h>

#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "exchange.h"
#include "local.h"
#include "settings.h"
#include "state.h"

static int start(berth_entry *entry, berth_error *error)
{
    const struct http_settings *settings = entry->settings;
    struct http_local *local = entry->local;
    int result;

    if (head_init(&local->head, (size_t)settings->max_headers) < 0) {
        return berth_refuse(error, NULL, -ENOMEM, "out of memory");
    }
    result = common_make(entry, &local->common, error);
    if (result < 0) {
        goto no_common;
    }
    result = routes_init(&local->routes, entry, local->common, error);
    if (result < 0) {
        goto no_routes;
    }
    result = access_open(&local->access, entry, error);
    if (result < 0) {
        goto no_access;
    }
    if (settings->files.root != NULL) {
        result = files_new(entry, &settings->files, error, &local->files);
    }
    if (result < 0) {
        goto no_files;
    }
    return 0;

no_files:
    access_close(&local->access, entry);
no_access:
    routes_fini(&local->routes);
no_routes:
    free((void *)(uintptr_t)local->common.data);
no_common:
    head_fini(&local->head);
    return result;
}

static void finish(berth_entry *entry)
{
    struct http_local *local = entry->local;

    files_free(local->files);
    access_close(&local->access, entry);
    routes_fini(&local->routes);
    free((void *)(uintptr_t)local->common.data);
    head_fini(&local->head);
}

static void on_tick(berth_entry *entry)
{
    struct http_local *local = entry->local;

    access_flush(&local->access, entry);
}

static void on_reopen(berth_entry *entry)
{
    struct http_local *local = entry->local;

    access_reopen(&local->access, entry);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the contract's signature */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)data;
    return exchange_end(c, size);
}

/* "GET ": a method and the space behind it. */
static enum berth_verdict
match_method(const char *method, const char *data, size_t size)
{
    size_t length = strlen(method);

    if (memcmp(data, method, size < length ? size : length) != 0) {
        return BERTH_NO;
    }
    if (size <= length) {
        return BERTH_MORE;
    }
    return data[length] == ' ' ? BERTH_YES : BERTH_NO;
}

/* No method is the beginning of another. */
static enum berth_verdict sniff(const char *data, size_t size)
{
    enum berth_verdict verdict = BERTH_NO;

    for (int i = 0; i < HTTP_METHODS && verdict != BERTH_YES; i++) {
        enum berth_verdict one =
            match_method(http_method_text((enum http_method)i), data, size);

        verdict = one == BERTH_NO ? verdict : one;
    }
    return verdict;
}

BERTH_PROTOCOL(.name = "http",
               .version = "1.1",
               .summary = "serves files, fixed answers and redirects by HTTP",
               .state_size = sizeof(struct http_state),
               .local_size = sizeof(struct http_local),
               .settings_size = sizeof(struct http_settings),
               .options = http_options,
               .init = start,
               .fini = finish,
               .on_tick = on_tick,
               .sniff = sniff,
               .on_open = exchange_open,
               .on_data = exchange_take,
               .on_end = on_end,
               .on_timer = exchange_expire,
               .on_stop = exchange_stop,
               .on_close = exchange_close,
               .on_reopen = on_reopen);
