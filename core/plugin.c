/* SPDX-License-Identifier: MIT */
#include "plugin.h"

#include "object.h"
#include "option.h"
#include "units.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The contract ended here before its first release: no plugin has less. */
#define PROTOCOL_SIZE_MIN                                                      \
    (offsetof(berth_protocol, on_close) + sizeof(void (*)(void)))

#define NAME_MAX_BYTES 32
#define COUNTERS_MAX 256u
#define KIB UINT64_C(1024)

#define HEADER_HINT "build it with the header of this release"
#define UPDATE_HINT "update berth, or " HEADER_HINT

__attribute__((format(printf, 4, 5))) static int
refuse(struct plugin_refusal *refusal,
       int number,
       const char *hint,
       const char *format,
       ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(refusal->text, sizeof(refusal->text), format, args);
    va_end(args);
    (void)snprintf(refusal->hint, sizeof(refusal->hint), "%s", hint);
    return number;
}

static int refuse_memory(struct plugin_refusal *refusal)
{
    return refuse(refusal, -ENOMEM, "", "out of memory");
}

static int refuse_object(struct plugin_refusal *refusal,
                         int number,
                         const struct object_refusal *problem)
{
    return refuse(refusal, number, problem->hint == NULL ? "" : problem->hint,
                  "%s", problem->why);
}

int plugin_resolve(const char *path,
                   char **absolute,
                   struct plugin_refusal *refusal)
{
    struct object_refusal problem;
    int result = object_check(path, &problem);

    (void)snprintf(refusal->path, sizeof(refusal->path), "%s", path);
    if (result != 0) {
        return refuse_object(refusal, result, &problem);
    }
    *absolute = realpath(path, NULL);
    if (*absolute == NULL) {
        const int error = errno == 0 ? EIO : errno;

        return refuse(refusal, -error, "", "%s", strerror(error));
    }
    return 0;
}

/* ------------------------------------------------------------------- symbol */

static int refuse_version(struct plugin_refusal *refusal, unsigned abi)
{
    return refuse(refusal, -ENOTSUP, UPDATE_HINT,
                  "it was built for version %u of the contract, this server "
                  "speaks %u",
                  abi, BERTH_ABI);
}

static int blame_missing(void *handle, struct plugin_refusal *refusal)
{
    for (unsigned abi = BERTH_ABI + 1; abi <= 9; abi++) {
        struct object_symbol symbol;
        char name[32];

        (void)snprintf(name, sizeof(name), "berth_protocol_%u", abi);
        if (object_find(handle, name, &symbol) == 0) {
            return refuse_version(refusal, abi);
        }
    }
    return refuse(refusal, -EINVAL,
                  "is BERTH_PROTOCOL(...) in one of its sources? If so, is "
                  "that source linked in?",
                  "it is no protocol: it exports no berth_protocol_%u",
                  BERTH_ABI);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static int refuse_damaged(struct plugin_refusal *refusal, const char *what)
{
    return refuse(refusal, -EINVAL, HEADER_HINT,
                  "its berth_protocol_1 is damaged: %s", what);
}

static int read_protocol(const struct object_symbol *symbol,
                         berth_protocol *protocol,
                         struct plugin_refusal *refusal)
{
    const unsigned char *bytes = symbol->address;
    berth_protocol read = {.size = 0};
    uint32_t head[2]; /* size, abi */
    size_t size;

    if (!symbol->is_data || symbol->size < sizeof(head)) {
        return refuse_damaged(refusal, "it is not made by BERTH_PROTOCOL()");
    }
    memcpy(head, bytes, sizeof(head));
    if (head[1] != BERTH_ABI) {
        return refuse_version(refusal, head[1]);
    }
    size = head[0];
    if (size < PROTOCOL_SIZE_MIN || size > symbol->size) {
        return refuse_damaged(refusal, "its size is wrong");
    }
    if (size > sizeof(read) &&
        !is_zero(bytes + sizeof(read), size - sizeof(read))) {
        return refuse(refusal, -ENOTSUP, UPDATE_HINT,
                      "it needs a newer server: it uses callbacks that this "
                      "one does not know (%zu bytes of the contract, not %zu)",
                      size, sizeof(read));
    }
    memcpy(&read, bytes, size < sizeof(read) ? size : sizeof(read));
    *protocol = read;
    return 0;
}

/* ----------------------------------------------------------------- contents */

/* [a-z][a-z0-9_]*, and more where it is allowed. */
static bool is_name(const char *name, size_t length_max, const char *more)
{
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t length = strnlen(name, length_max + 1);

    if (length == 0 || length > length_max || name[0] < 'a' || name[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (strchr(rest, name[i]) == NULL && strchr(more, name[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static int check_names(const berth_protocol *protocol,
                       struct plugin_refusal *refusal)
{
    if (protocol->name == NULL) {
        return refuse(refusal, -EINVAL,
                      "write .name = \"...\" into "
                      "BERTH_PROTOCOL()",
                      "it has no name");
    }
    if (!is_name(protocol->name, NAME_MAX_BYTES, "-")) {
        return refuse(refusal, -EINVAL,
                      "a letter, then letters, digits, '_' and '-', all lower "
                      "case, at most 32 in all",
                      "its name '%.40s' is not allowed", protocol->name);
    }
    if (protocol->on_data == NULL) {
        return refuse(refusal, -EINVAL,
                      "write .on_data = ... into BERTH_PROTOCOL()",
                      "it has no on_data");
    }
    return 0;
}

/* Beyond these a size is a slip, such as a negative number. */
static int check_sizes(const berth_protocol *protocol,
                       struct plugin_refusal *refusal)
{
    const struct {
        const char *name;
        size_t size;
        uint64_t max;
    } sizes[] = {
        {"state_size", protocol->state_size, 16 * KIB * KIB},
        {"local_size", protocol->local_size, 256 * KIB * KIB},
        {"settings_size", protocol->settings_size, 16 * KIB * KIB},
    };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char most[UNITS_TEXT_MAX];

        if (sizes[i].size > sizes[i].max) {
            (void)units_format_size(sizes[i].max, most, sizeof(most));
            return refuse(refusal, -EINVAL,
                          "keep what is large behind a pointer",
                          "its %s is %zu bytes, at most %s are given",
                          sizes[i].name, sizes[i].size, most);
        }
    }
    return 0;
}

static int check_settings(const berth_protocol *protocol,
                          struct plugin_refusal *refusal)
{
    if (protocol->settings_size > 0 && protocol->options == NULL) {
        return refuse(refusal, -EINVAL,
                      "write .options = ... into BERTH_PROTOCOL(), or leave "
                      "settings_size out",
                      "it has a settings_size, but no options to fill it");
    }
    if (protocol->settings_size == 0 && protocol->options != NULL) {
        return refuse(refusal, -EINVAL,
                      "write .settings_size = sizeof(struct ...) into "
                      "BERTH_PROTOCOL()",
                      "it has options, but no settings_size to put them in");
    }
    return 0;
}

static int take_options(struct plugin *plugin, struct plugin_refusal *refusal)
{
    const berth_protocol *protocol = &plugin->protocol;
    char why[256];
    int result = option_copy(protocol->options, protocol->option_size,
                             &plugin->arena, &plugin->options);

    switch (result) {
    case 0:
        break;
    case -ENOMEM:
        return refuse_memory(refusal);
    case -ENOTSUP:
        return refuse(refusal, result, UPDATE_HINT,
                      "it needs a newer server: its options use what this one "
                      "does not know");
    default:
        return refuse(refusal, result,
                      "does the table end with BERTH_OPTIONS_END?",
                      "its option table is damaged");
    }
    if (option_check(plugin->options, protocol->settings_size, why,
                     sizeof(why)) != 0) {
        return refuse(refusal, -EINVAL, "correct the plugin's option table",
                      "%s", why);
    }
    return 0;
}

/* ----------------------------------------------------------------- counters */

/* Counts a table whose elements are stride bytes apart and checks each. */
static int count_counters(const unsigned char *table,
                          size_t stride,
                          size_t *count,
                          struct plugin_refusal *refusal)
{
    for (size_t i = 0; i <= COUNTERS_MAX; i++) {
        const unsigned char *bytes = table + i * stride;
        berth_counter counter;

        memcpy(&counter, bytes, sizeof(counter));
        if (!is_zero(bytes + sizeof(counter), stride - sizeof(counter))) {
            return refuse(refusal, -ENOTSUP, UPDATE_HINT,
                          "it needs a newer server: its counters use what "
                          "this one does not know");
        }
        if (counter.name == NULL) {
            *count = i;
            return 0;
        }
        if (!is_name(counter.name, 64, "")) {
            return refuse(refusal, -EINVAL,
                          "a letter, then letters, digits and '_', all lower "
                          "case, at most 64 in all",
                          "its counter's name '%.70s' is not allowed",
                          counter.name);
        }
    }
    return refuse(refusal, -EINVAL,
                  "does the table end with BERTH_COUNTERS_END?",
                  "it has more than %u counters", COUNTERS_MAX);
}

static bool
has_counter(const berth_counter *counters, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(counters[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int check_twins(const berth_counter *counters,
                       size_t count,
                       struct plugin_refusal *refusal)
{
    for (size_t i = 0; i < count; i++) {
        if (has_counter(counters, i, counters[i].name)) {
            return refuse(refusal, -EINVAL, "give each its own name",
                          "it has two counters named '%s'", counters[i].name);
        }
    }
    return 0;
}

static int take_counters(struct plugin *plugin, struct plugin_refusal *refusal)
{
    const void *table = plugin->protocol.counters;
    const unsigned char *bytes = table;
    size_t stride = plugin->protocol.counter_size;
    size_t count = 0;
    berth_counter *copy;
    int result;

    if (stride < sizeof(*copy) || stride % _Alignof(berth_counter) != 0) {
        return refuse_damaged(refusal, "its counter_size is wrong");
    }
    result = table == NULL ? 0 : count_counters(bytes, stride, &count, refusal);
    if (result != 0) {
        return result;
    }
    copy = arena_array(&plugin->arena, count + 1, sizeof(*copy));
    if (copy == NULL) {
        return refuse_memory(refusal);
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&copy[i], bytes + i * stride, sizeof(*copy));
    }
    plugin->counters = copy;
    plugin->counter_count = count;
    return check_twins(copy, count, refusal);
}

/* ---------------------------------------------------------------- all of it */

static int take_symbol(struct plugin *plugin,
                       const struct object_symbol *symbol,
                       struct plugin_refusal *refusal)
{
    int result = read_protocol(symbol, &plugin->protocol, refusal);

    if (result == 0) {
        result = check_names(&plugin->protocol, refusal);
    }
    if (result == 0) {
        result = check_sizes(&plugin->protocol, refusal);
    }
    if (result == 0) {
        result = check_settings(&plugin->protocol, refusal);
    }
    if (result == 0) {
        result = take_options(plugin, refusal);
    }
    return result == 0 ? take_counters(plugin, refusal) : result;
}

static int make_plugin(const char *path,
                       const struct object_symbol *symbol,
                       struct plugin **plugin,
                       struct plugin_refusal *refusal)
{
    struct plugin *made = calloc(1, sizeof(*made));
    int result;

    if (made == NULL) {
        return refuse_memory(refusal);
    }
    arena_init(&made->arena);
    made->path = arena_text(&made->arena, path, strlen(path));
    result = made->path == NULL ? refuse_memory(refusal)
                                : take_symbol(made, symbol, refusal);
    if (result != 0) {
        plugin_free(made);
        return result;
    }
    *plugin = made;
    return 0;
}

static int load(const char *path,
                const char *image,
                struct plugin **plugin,
                struct plugin_refusal *refusal)
{
    struct object_symbol symbol = {.size = 0};
    struct object_refusal problem;
    void *handle = NULL;
    int result = object_load(image, &handle, &problem);

    if (result != 0) {
        return refuse_object(refusal, result, &problem);
    }
    if (object_find(handle, "berth_protocol_1", &symbol) == 0) {
        return make_plugin(path, &symbol, plugin, refusal);
    }
    return blame_missing(handle, refusal);
}

int plugin_load(const char *path,
                struct plugin **plugin,
                struct plugin_refusal *refusal)
{
    char *absolute = NULL;
    int result;

    result = plugin_resolve(path, &absolute, refusal);
    if (absolute != NULL) {
        result = load(absolute, absolute, plugin, refusal);
    }
    free(absolute);
    return result;
}

int plugin_load_image(const char *path,
                      const char *image,
                      struct plugin **plugin,
                      struct plugin_refusal *refusal)
{
    (void)snprintf(refusal->path, sizeof(refusal->path), "%s", path);
    return load(path, image, plugin, refusal);
}

int plugin_adopt(const berth_protocol *given,
                 berth_protocol *known,
                 struct plugin_refusal *refusal)
{
    const struct object_symbol symbol = {
        .address = given,
        .size = SIZE_MAX, /* nobody says how long it is but itself */
        .is_data = true,
    };
    int result = read_protocol(&symbol, known, refusal);

    if (result == 0) {
        result = check_names(known, refusal);
    }
    return result == 0 ? check_sizes(known, refusal) : result;
}

void plugin_free(struct plugin *plugin)
{
    if (plugin == NULL) {
        return;
    }
    arena_fini(&plugin->arena);
    free(plugin);
}
