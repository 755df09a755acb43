/* SPDX-License-Identifier: MIT */
#include "berth-fuzz/image.h"

#include <string.h>

#include <berth/protocol.h>

#include "fixtures.h"
#include "plugin.h"
#include "unit.h"

static struct image image;

static void tear_down(void)
{
    image_fini(&image);
}

/* This test itself. */
static void look_here(void)
{
    ck_assert_int_eq(image_read(&image, (const void *)(uintptr_t)look_here), 0);
}

static bool has_word(const char *word)
{
    for (size_t i = 0; i < image.words_size; i += strlen(image.words + i) + 1) {
        if (strcmp(image.words + i, word) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(it_has_the_words_of_the_file)
{
    look_here();
    ck_assert(has_word("a word that stands in this file"));
    ck_assert_int_eq(image.words[image.words_size - 1], '\0');
}
END_TEST

START_TEST(a_plugin_has_edges_if_it_is_instrumented)
{
    struct plugin_refusal refusal;
    struct plugin *plugin;
    char path[PATH_MAX];

    fixtures_find("good", path);
    ck_assert_int_eq(plugin_load(path, &plugin, &refusal), 0);
    ck_assert_int_eq(
        image_read(&image, (const void *)(uintptr_t)plugin->protocol.on_data),
        0);
    ck_assert(has_word("good"));
    /* In the preset fuzz it is. */
    ck_assert((getenv("BERTH_IS_INSTRUMENTED") != NULL) == (image.edges > 0));
    plugin_free(plugin);
}
END_TEST

START_TEST(what_is_no_file_has_nothing)
{
    void *block = calloc(1, 1);

    ck_assert_int_eq(image_read(&image, block), 0);
    ck_assert_uint_eq(image.edges, 0);
    ck_assert_ptr_null(image.words);
    free(block);
}
END_TEST

UNIT_MAIN_WITH("image",
               NULL,
               tear_down,
               it_has_the_words_of_the_file,
               a_plugin_has_edges_if_it_is_instrumented,
               what_is_no_file_has_nothing)
