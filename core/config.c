/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "syntax.h"

/* A hint: the least that a file must have. */
#define MINIMAL                                                                \
    "write protocols: [{plugin: echo.so, listen: \"127.0.0.1:8080\"}]"

/* Where a word without an address listens, and what no words stand for. */
#define WORD_ADDRESS "127.0.0.1:8080"
#define WORD_PLUGIN "echo"

/* What is behind a config: the part that is shown, and what it is made of. */
struct whole {
    struct config config; /* first: config_free() is given its address */
    struct arena arena;
    struct plugin_set plugins;
    struct document *document; /* NULL: made from words */
};

/* A whole being made. */
struct making {
    struct whole *whole;
    struct config_maker maker;
    size_t errors; /* that there were before */
};

static int refuse_memory(struct errors *errors)
{
    errors_no_memory(errors);
    return -ENOMEM;
}

static struct whole *make_whole(const char *source,
                                const struct config_folders *folders,
                                struct errors *errors)
{
    struct whole *whole = calloc(1, sizeof(*whole));

    if (whole == NULL) {
        errors_no_memory(errors);
        return NULL;
    }
    arena_init(&whole->arena);
    plugin_set_init(&whole->plugins, folders->snapshot);
    whole->config.source = arena_text(&whole->arena, source, strlen(source));
    if (whole->config.source == NULL) {
        errors_no_memory(errors);
        config_free(&whole->config);
        return NULL;
    }
    return whole;
}

struct place config_place(const struct config *config, const char *path)
{
    const struct settings_source source = {.file = config->source};

    return settings_place(&source, config->root == NULL
                                       ? NULL
                                       : settings_find(config->root, path));
}

void config_free(struct config *config)
{
    struct whole *whole = (struct whole *)(void *)config;

    if (whole != NULL) {
        plugin_set_fini(&whole->plugins);
        document_free(whole->document);
        arena_fini(&whole->arena);
        free(whole);
    }
}

/* The folder that a file is in; path NULL: the working directory. */
static char *name_folder(const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');

    if (slash == NULL) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The same, absolute; NULL, with errno set. It may be gone by now: that is no
   reason to refuse what was read there before. */
static char *find_folder(const char *path, bool may_be_gone)
{
    char *folder = name_folder(path);
    char *absolute = folder == NULL ? NULL : realpath(folder, NULL);

    if (absolute == NULL && may_be_gone && errno != ENOMEM) {
        return folder;
    }
    free(folder);
    return absolute;
}

static bool is_sealed(const struct config_folders *folders)
{
    return folders->snapshot != NULL && snapshot_is_sealed(folders->snapshot);
}

/* Fills what entries are made from; path NULL: the working directory. */
static int init_making(struct making *making,
                       struct whole *whole,
                       const char *path,
                       const struct config_folders *folders,
                       struct errors *errors)
{
    const struct place place = {.file = path};
    char *folder;

    *making = (struct making){
        .whole = whole,
        .errors = errors_count(errors),
        .maker =
            {
                .source =
                    {
                        .file = path == NULL ? NULL : whole->config.source,
                        .errors = errors,
                        .arena = &whole->arena,
                    },
                .path = *folders->plugins,
                .plugins = &whole->plugins,
            },
    };
    folder =
        find_folder(folders->image == NULL ? path : NULL, is_sealed(folders));
    if (folder == NULL) {
        const int error = errno;

        if (error == ENOMEM) {
            return refuse_memory(errors);
        }
        errors_add(errors, &place, NULL, "cannot find the folder: %s",
                   strerror(error));
        return -error;
    }
    making->maker.source.folder =
        arena_text(&whole->arena, folder, strlen(folder));
    free(folder);
    return making->maker.source.folder == NULL ? refuse_memory(errors) : 0;
}

static int make_room(struct making *making, size_t count)
{
    struct config *config = &making->whole->config;

    config->entries =
        arena_array(&making->whole->arena, count, sizeof(*config->entries));
    return config->entries == NULL ? refuse_memory(making->maker.source.errors)
                                   : 0;
}

/* Puts the folders of `plugin_path` before those of the server. */
static int add_folders(struct making *making, const berth_list *list)
{
    struct plugin_path *path = &making->maker.path;
    const char *const *first = list->items;
    const char **folders;

    if (list->count == 0) {
        return 0;
    }
    folders = arena_array(&making->whole->arena, list->count + path->count,
                          sizeof(*folders));
    if (folders == NULL) {
        return refuse_memory(making->maker.source.errors);
    }
    /* One that was refused is NULL. */
    for (size_t i = 0; i < list->count; i++) {
        folders[i] = first[i] == NULL ? "" : first[i];
    }
    for (size_t i = 0; i < path->count; i++) {
        folders[list->count + i] = path->folders[i];
    }
    path->count += list->count;
    path->folders = folders;
    return 0;
}

/* Takes what the top level says; node NULL: nothing. */
static int
apply_top(struct making *making, const struct node *node, struct keys_top *keys)
{
    struct config *config = &making->whole->config;
    const struct settings_input input = {
        .node = node,
        .table = keys_get(KEYS_TOP),
    };
    int error;

    *keys = (struct keys_top){.protocols = NULL};
    error = settings_apply(&making->maker.source, &input, keys);
    making->maker.limits = keys->limits;
    making->maker.log = keys->log;
    config->edge_triggered = keys->trigger == KEYS_TRIGGER_EDGE;
    config->sniff_timeout_ms = keys->sniff_timeout_ms;
    config->slow_callback_ms = keys->slow_callback_ms;
    config->busy_poll_us = keys->busy_poll_us;
    config->pool_threads = (size_t)keys->pool.threads;
    config->pool_queue = (size_t)keys->pool.queue;
    config->log = (struct config_log){
        .level = (enum log_level)keys->log.level,
        .format = (enum log_format)keys->log.format,
        .file = keys->log.file,
    };
    config->keys = *keys;
    (void)operation_read(&making->maker.source, node, keys,
                         &config->operation); /* counted by finish() */
    return error == -ENOMEM ? error : add_folders(making, &keys->plugin_path);
}

static size_t count_firsts(const struct config_entry *entry)
{
    size_t count = 0;

    for (size_t i = 0; i < entry->listener_count; i++) {
        count += entry->listeners[i].is_first ? 1 : 0;
    }
    return count;
}

/* Compares the entries with each other and counts the listeners. */
static int finish(struct making *making)
{
    struct config *config = &making->whole->config;
    const struct errors *errors = making->maker.source.errors;

    config_entry_compare(&making->maker, config->entries, config->entry_count);
    for (size_t i = 0; i < config->entry_count; i++) {
        config->listener_count += count_firsts(&config->entries[i]);
    }
    if (errors->is_out_of_memory) {
        return -ENOMEM;
    }
    return errors_count(errors) > making->errors ? -EINVAL : 0;
}

/* Is it a list with something in it, and not too much? */
static int check_protocols(const struct making *making, const struct node *node)
{
    const struct place place = settings_place(&making->maker.source, node);
    struct errors *errors = making->maker.source.errors;

    if (node_is_empty(node)) {
        errors_add(errors, &place, MINIMAL, "'protocols' has no value");
        return -EINVAL;
    }
    if (node->kind != NODE_LIST) {
        errors_add(errors, &place, MINIMAL,
                   "'protocols' must be a list, not %s", node_describe(node));
        return -EINVAL;
    }
    if (node->count == 0) {
        errors_add(errors, &place, MINIMAL, "'protocols' is an empty list");
        return -EINVAL;
    }
    if (node->count > KEYS_ENTRIES_MAX) {
        errors_add(errors, &place, NULL, "'protocols' has more than %d items",
                   KEYS_ENTRIES_MAX);
        return -EINVAL;
    }
    return 0;
}

static int read_entries(struct making *making, const struct node *list)
{
    struct config *config = &making->whole->config;
    const struct node *item = list->first;
    int error = make_room(making, list->count);

    for (; item != NULL && error != -ENOMEM; item = item->next) {
        error = config_entry_read(&making->maker, item,
                                  &config->entries[config->entry_count]);
        config->entry_count++;
    }
    return error == -ENOMEM ? error : 0;
}

/* The top level of the file: a mapping with `protocols` in it. */
static int read_root(struct making *making, const struct node *root)
{
    const struct place place = settings_place(&making->maker.source, root);
    struct errors *errors = making->maker.source.errors;
    struct keys_top keys;
    int error;

    if (root == NULL || node_is_empty(root)) {
        errors_add(errors, &place, MINIMAL, "there is nothing in this file");
        return -EINVAL;
    }
    if (root->kind != NODE_MAPPING) {
        errors_add(errors, &place, MINIMAL,
                   "the file must be a mapping (key: value), not %s",
                   node_describe(root));
        return -EINVAL;
    }
    making->whole->config.root = root;
    error = apply_top(making, root, &keys);
    if (error == 0 && keys.protocols != NULL &&
        check_protocols(making, keys.protocols) == 0) {
        error = read_entries(making, keys.protocols);
    }
    return error != 0 ? error : finish(making);
}

/* Where the file is read: in the snapshot, if there is one. at: where it lies
   now. */
static int find_image(const char *path,
                      const char *at,
                      struct snapshot *snapshot,
                      const struct snapshot_file **file)
{
    const struct snapshot_file named = {SNAPSHOT_CONFIG, path, at, -1};

    *file = snapshot == NULL ? NULL
                             : snapshot_find(snapshot, SNAPSHOT_CONFIG, path);
    if (snapshot == NULL || *file != NULL) {
        return 0;
    }
    return snapshot_take(snapshot, &named, SYNTAX_SIZE_MAX + 1, file);
}

static int read_file(const char *path,
                     const struct config_folders *folders,
                     struct errors *errors,
                     struct document **document)
{
    const struct place place = {.file = path};
    const char *at = folders->image == NULL ? path : folders->image;
    const struct snapshot_file *file;
    char image[SNAPSHOT_IMAGE_MAX];
    int error = find_image(path, at, folders->snapshot, &file);

    if (error < 0) {
        errors_add(errors, &place, NULL, "cannot be read: %s",
                   strerror(-error));
        return error;
    }
    return document_load(file == NULL ? at : snapshot_image(file, image), path,
                         errors, document);
}

int config_load(const char *path,
                const struct config_folders *folders,
                struct errors *errors,
                struct config **config)
{
    const size_t before = errors_count(errors);
    struct whole *whole = make_whole(path, folders, errors);
    struct making making;
    int error;

    if (whole == NULL) {
        return -ENOMEM;
    }
    error = read_file(path, folders, errors, &whole->document);
    if (error == 0) {
        error = init_making(&making, whole, path, folders, errors);
    }
    if (error == 0) {
        /* Some errors leave a usable tree; they are of this file, too. */
        making.errors = before;
        error = read_root(&making, whole->document->root);
    }
    if (error != 0) {
        config_free(&whole->config);
        return error;
    }
    *config = &whole->config;
    return 0;
}

/* How many of entries[0..count) serve the protocol of that name? */
static size_t count_protocol(const struct config_entry *entries,
                             size_t count,
                             const char *name)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (entries[i].plugin != NULL &&
            strcmp(entries[i].plugin->protocol.name, name) == 0) {
            found++;
        }
    }
    return found;
}

/* Words cannot name their entries: the second echo is echo-2. */
static int number_entry(struct making *making, size_t index)
{
    const struct config_entry *entries = making->whole->config.entries;
    struct config_entry *entry = &making->whole->config.entries[index];
    char name[64];
    size_t others;

    if (entry->plugin == NULL) {
        return 0;
    }
    others = count_protocol(entries, index, entry->plugin->protocol.name);
    if (others == 0) {
        return 0;
    }
    (void)snprintf(name, sizeof(name), "%.40s-%zu",
                   entry->plugin->protocol.name, others + 1);
    entry->name = arena_text(&making->whole->arena, name, strlen(name));
    return entry->name == NULL ? refuse_memory(making->maker.source.errors) : 0;
}

static int
read_words(struct making *making, const char *const *words, size_t count)
{
    struct config *config = &making->whole->config;
    int error = make_room(making, count);

    for (size_t i = 0; i < count && error != -ENOMEM; i++) {
        making->maker.source.file =
            arena_text(&making->whole->arena, words[i], strlen(words[i]));
        if (making->maker.source.file == NULL) {
            return refuse_memory(making->maker.source.errors);
        }
        error = config_entry_from_word(&making->maker, words[i], WORD_ADDRESS,
                                       &config->entries[i]);
        config->entry_count++;
        if (error != -ENOMEM) {
            error = number_entry(making, i);
        }
    }
    making->maker.source.file = NULL;
    return error != 0 ? error : finish(making);
}

static const char *name_words(size_t count)
{
    return count == 0 ? "built-in" : "arguments";
}

/* Words stand for a file in which there is `protocols` and nothing else. */
static int apply_nothing(struct making *making)
{
    static const char name[] = "protocols";
    const struct node key = {.text = name, .length = sizeof(name) - 1};
    const struct node list = {.kind = NODE_LIST, .key = &key};
    const struct node root = {
        .kind = NODE_MAPPING,
        .count = 1,
        .first = &list,
    };
    struct keys_top keys;

    return apply_top(making, &root, &keys);
}

int config_from_words(const char *const *words,
                      size_t count,
                      const struct config_folders *folders,
                      struct errors *errors,
                      struct config **config)
{
    static const char *const echo[] = {WORD_PLUGIN};
    struct whole *whole;
    struct making making;
    int error;

    if (count > KEYS_ENTRIES_MAX) {
        errors_add(errors, NULL, NULL, "more than %d protocols",
                   KEYS_ENTRIES_MAX);
        return -EINVAL;
    }
    whole = make_whole(name_words(count), folders, errors);
    if (whole == NULL) {
        return -ENOMEM;
    }
    error = init_making(&making, whole, NULL, folders, errors);
    if (error == 0) {
        error = apply_nothing(&making);
    }
    if (error == 0) {
        error = count == 0 ? read_words(&making, echo, 1)
                           : read_words(&making, words, count);
    }
    if (error != 0) {
        config_free(&whole->config);
        return error;
    }
    *config = &whole->config;
    return 0;
}

int config_read(const struct config_source *source,
                struct errors *errors,
                struct config **config)
{
    int error;

    if (source->path != NULL) {
        error = config_load(source->path, &source->folders, errors, config);
    } else {
        error = config_from_words(source->words, source->word_count,
                                  &source->folders, errors, config);
    }
    if (error == 0) {
        (*config)->record = source->record;
    }
    return error;
}

static int peek(struct whole *whole,
                const struct config_source *source,
                struct errors *errors)
{
    struct making making;
    struct keys_top keys;
    int error;

    if (source->path != NULL) {
        error =
            read_file(source->path, &source->folders, errors, &whole->document);
        if (error < 0) {
            return error;
        }
    }
    error = init_making(&making, whole, source->path, &source->folders, errors);
    if (error == 0 && source->path == NULL) {
        error = apply_nothing(&making);
    } else if (error == 0) {
        const struct node *root = whole->document->root;
        const bool is_mapping = root != NULL && root->kind == NODE_MAPPING;

        whole->config.root = is_mapping ? root : NULL;
        error = apply_top(&making, whole->config.root, &keys);
    }
    return error == -EINVAL ? 0 : error;
}

int config_peek(const struct config_source *source,
                struct errors *errors,
                struct config **config)
{
    struct whole *whole = make_whole(
        source->path == NULL ? name_words(source->word_count) : source->path,
        &source->folders, errors);
    int error;

    if (whole == NULL) {
        return -ENOMEM;
    }
    error = peek(whole, source, errors);
    if (error < 0) {
        config_free(&whole->config);
        return error;
    }
    *config = &whole->config;
    return 0;
}

void config_tell_recording(const char *folder, struct log *log)
{
    if (folder != NULL) {
        LOG(log, LOG_WARNING, NULL,
            "all that connections send and get is recorded in %s", folder);
    }
}

void config_refuse(const struct config *config,
                   size_t entry,
                   const berth_error *refusal,
                   int number,
                   struct errors *errors)
{
    const struct config_entry *refused = &config->entries[entry];
    const struct node *settings = node_find(refused->node, "settings");
    const char *text =
        refusal->text[0] == '\0' ? strerror(-number) : refusal->text;
    struct place place = refused->place;

    if (refusal->option == NULL) {
        errors_add(errors, &place, NULL, "'%s' cannot start: %s", refused->name,
                   text);
        return;
    }
    if (settings != NULL) {
        const struct settings_source source = {.file = place.file};

        place =
            settings_place(&source, settings_find(settings, refusal->option));
    }
    errors_add(errors, &place, NULL, "'%s': %s", refusal->option, text);
}
