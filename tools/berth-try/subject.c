/* SPDX-License-Identifier: MIT */
#include "subject.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "locate.h"
#include "settings.h"

static const struct limits usual_limits = {
    .input = 65536,
    .output = 1048576,
    .idle_ms = 300000,
    .stall_ms = 30000,
};

/* --------------------------------------------------------------- the plugin */

static int tell(const struct subject_options *options,
                const struct plugin_refusal *refusal)
{
    (void)fprintf(stderr, "%s: %s: %s\n", options->program, options->plugin,
                  refusal->text);
    if (refusal->hint[0] != '\0') {
        (void)fprintf(stderr, "  hint: %s\n", refusal->hint);
    }
    return -EINVAL;
}

/* A name without a slash that is a file here is meant as one. */
static int find_plugin(const struct subject_options *options,
                       const struct plugin_path *path,
                       char found[PATH_MAX])
{
    const char *name = options->plugin;
    struct plugin_refusal refusal;

    if (access(name, F_OK) == 0) {
        (void)snprintf(found, PATH_MAX, "%s%s",
                       strchr(name, '/') == NULL ? "./" : "", name);
        return 0;
    }
    return plugin_find(name, NULL, path, found, PATH_MAX, &refusal) < 0
               ? tell(options, &refusal)
               : 0;
}

/* The entry of server.yaml that is meant. */
static int choose_entry(struct subject *subject, const char *path)
{
    const struct subject_options *options = subject->options;
    char *absolute = realpath(path, NULL);

    for (size_t i = 0; i < subject->config->entry_count; i++) {
        const struct config_entry *entry = &subject->config->entries[i];
        bool is_it = options->entry != NULL
                         ? strcmp(options->entry, entry->name) == 0
                         : absolute != NULL &&
                               strcmp(entry->plugin->path, absolute) == 0;

        if (is_it) {
            subject->entry = entry;
            subject->plugin = entry->plugin;
            subject->limits = entry->limits;
            break;
        }
    }
    free(absolute);
    if (subject->entry == NULL) {
        (void)fprintf(stderr, "%s: %s: there is no entry %s\n",
                      options->program, options->config,
                      options->entry != NULL ? options->entry
                                             : "of this plugin");
        return -ENOENT;
    }
    return 0;
}

static int read_config(struct subject *subject,
                       const struct plugin_path *folders,
                       const char *path)
{
    const struct config_folders from = {.plugins = folders};
    struct errors errors;
    int error;

    errors_init(&errors);
    error =
        config_load(subject->options->config, &from, &errors, &subject->config);
    errors_print(&errors, stderr);
    if (error == 0 && errors_count(&errors) > 0) {
        config_free(subject->config);
        error = -EINVAL;
    }
    errors_fini(&errors);
    if (error < 0) {
        return error;
    }
    error = choose_entry(subject, path);
    if (error < 0) {
        config_free(subject->config);
    }
    return error;
}

static int load_plugin(struct subject *subject, const char *path)
{
    struct plugin_refusal refusal;

    if (plugin_load(path, &subject->owned, &refusal) < 0) {
        return tell(subject->options, &refusal);
    }
    subject->plugin = subject->owned;
    return 0;
}

int subject_load(struct subject *subject, const struct subject_options *options)
{
    struct locate_folders folders = {.count = 0};
    struct plugin_path path;
    char program[PATH_MAX];
    char found[PATH_MAX];
    int error = locate_program(program, sizeof(program));

    *subject = (struct subject){.options = options, .limits = usual_limits};
    if (error == 0) {
        error = locate_plugins(program, &folders);
    }
    if (error < 0) {
        (void)fprintf(stderr, "%s: %s\n", options->program, strerror(-error));
        return error;
    }
    path = (struct plugin_path){folders.items, folders.count};
    error = find_plugin(options, &path, found);
    if (error == 0) {
        error = options->config == NULL ? load_plugin(subject, found)
                                        : read_config(subject, &path, found);
    }
    locate_folders_fini(&folders);
    return error;
}

void subject_fini(struct subject *subject)
{
    if (subject->config != NULL) {
        config_free(subject->config);
    }
    plugin_free(subject->owned);
}

/* ------------------------------------------------------------- the settings */

/* KEY=VALUE, as one line of YAML; the value is YAML, too. */
static char *write_sets(const struct subject_options *options)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < options->set_count; i++) {
        const char *set = options->sets[i];
        size_t key = strcspn(set, "=");

        (void)fprintf(stream, "%.*s: %s\n", (int)key, set, set + key + 1);
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Appends copies of the values whose keys are not in `others`. */
static int copy_values(struct arena *arena,
                       struct node *merged,
                       const struct node ***place,
                       const struct node *from,
                       const struct node *others)
{
    for (const struct node *child = from->first; child != NULL;
         child = child->next) {
        struct node *copy;

        if (node_find(others, child->key->text) != NULL) {
            continue;
        }
        copy = arena_alloc(arena, sizeof(*copy));
        if (copy == NULL) {
            return -ENOMEM;
        }
        *copy = *child;
        copy->next = NULL;
        **place = copy;
        *place = &copy->next;
        merged->count++;
    }
    return 0;
}

/* A mapping of all values of first, and those of second whose keys are not
   among them. NULL: no memory. */
static const struct node *
merge(struct arena *arena, const struct node *first, const struct node *second)
{
    struct node *merged = arena_alloc(arena, sizeof(*merged));
    const struct node **place;

    if (merged == NULL) {
        return NULL;
    }
    *merged = *first;
    merged->count = 0;
    merged->first = NULL;
    place = &merged->first;
    return copy_values(arena, merged, &place, first, NULL) < 0 ||
                   copy_values(arena, merged, &place, second, first) < 0
               ? NULL
               : merged;
}

static bool is_mapping(const struct node *node)
{
    return node != NULL && node->kind == NODE_MAPPING;
}

static const struct node *parse(struct document **document,
                                const char *text,
                                const char *file,
                                struct errors *errors)
{
    return document_parse(text, strlen(text), file, errors, document) < 0
               ? NULL
               : (*document)->root;
}

/* The mapping that is applied. */
static const struct node *find_settings(struct script *script,
                                        struct errors *errors)
{
    const struct subject *subject = script->subject;
    const char *text = script->transcript.settings;
    const struct node *own = NULL;
    const struct node *set;
    char *sets;

    if (text != NULL) {
        own = parse(&script->documents[0], text, script->path, errors);
    } else if (subject->entry != NULL) {
        own = node_find(subject->entry->node, "settings");
    }
    if (subject->options->set_count == 0) {
        return own;
    }
    sets = write_sets(subject->options);
    if (sets == NULL) {
        return NULL;
    }
    set = parse(&script->documents[1], sets, "--set", errors);
    free(sets);
    return is_mapping(own) && is_mapping(set) ? merge(&script->arena, set, own)
                                              : set;
}

/* Fills the plugin's struct as server.yaml would fill it. */
static int fill_settings(struct script *script, struct errors *errors)
{
    const struct plugin *plugin = script->subject->plugin;
    char folder[PATH_MAX];
    struct settings_source source = {
        .file = script->path,
        .folder = getcwd(folder, sizeof(folder)) == NULL ? "/" : folder,
        .errors = errors,
        .arena = &script->arena,
    };
    struct settings_input input = {.table = plugin->options};
    size_t size = plugin->protocol.settings_size;
    void *settings;
    int error;

    if (script->transcript.settings == NULL &&
        script->subject->options->set_count == 0 &&
        script->subject->entry != NULL) {
        script->settings = script->subject->entry->settings;
        return 0;
    }
    input.node = find_settings(script, errors);
    if (errors_count(errors) > 0) {
        return -EINVAL;
    }
    settings = arena_alloc(&script->arena, size == 0 ? 1 : size);
    if (settings == NULL) {
        return -ENOMEM;
    }
    memset(settings, 0, size == 0 ? 1 : size);
    error = settings_apply(&source, &input, settings);
    script->settings = size == 0 ? NULL : settings;
    return errors_count(errors) > 0 ? -EINVAL : error;
}

int script_read(struct script *script,
                const struct subject *subject,
                const char *path)
{
    struct errors errors;
    int error;

    *script = (struct script){
        .subject = subject,
        .path = path == NULL ? "--set" : path,
        .limits = subject->limits,
    };
    error = path == NULL ? 0 : transcript_read(&script->transcript, path);
    if (error < 0) {
        return error;
    }
    if (script->transcript.input != 0) {
        script->limits.input = script->transcript.input;
    }
    arena_init(&script->arena);
    errors_init(&errors);
    error = fill_settings(script, &errors);
    errors_print(&errors, stderr);
    errors_fini(&errors);
    if (error < 0) {
        script_fini(script);
    }
    return error;
}

void script_fini(struct script *script)
{
    transcript_fini(&script->transcript);
    for (size_t i = 0; i < 2; i++) {
        if (script->documents[i] != NULL) {
            document_free(script->documents[i]);
        }
    }
    arena_fini(&script->arena);
}
