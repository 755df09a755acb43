/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "unit.h"

static struct errors errors;
static struct arena arena;
static struct tree tree;
static char *printed;

static void set_up(void)
{
    errors_init(&errors);
    arena_init(&arena);
    memset(&tree, 0, sizeof(tree));
    tree.file = "f";
    tree.errors = &errors;
    tree.arena = &arena;
    printed = NULL;
}

static void tear_down(void)
{
    errors_fini(&errors);
    arena_fini(&arena);
    free(printed);
}

/* Gives the events of the text to the tree: the first result that is not 0. */
static int grow(const char *text)
{
    bool is_over = false;
    yaml_parser_t parser;
    int error = 0;

    ck_assert_int_eq(yaml_parser_initialize(&parser), 1);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text,
                                 strlen(text));
    while (error == 0 && !is_over) {
        yaml_event_t event;

        ck_assert_int_eq(yaml_parser_parse(&parser, &event), 1);
        is_over = event.type == YAML_STREAM_END_EVENT;
        error = tree_add(&tree, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return error;
}

/* The errors, printed. */
static const char *print(void)
{
    size_t size = 0;
    FILE *stream;

    free(printed);
    stream = open_memstream(&printed, &size);
    ck_assert_ptr_nonnull(stream);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return printed;
}

/* The text makes the tree stop with this error, printed. */
static void check_refused(const char *text, const char *message)
{
    ck_assert_int_eq(grow(text), -EINVAL);
    ck_assert_str_eq(print(), message);
}

START_TEST(nothing_makes_no_root)
{
    ck_assert_int_eq(grow("# only a comment\n"), 0);
    ck_assert_ptr_null(tree.root);
}
END_TEST

START_TEST(scalars_keep_text_place_and_quotes)
{
    const struct node *node;

    ck_assert_int_eq(grow("- plain text\n- 'quoted'\n- \"\xc3\xa9\\n\"\n"
                          "- |\n  block\n- \n"),
                     0);
    node = tree.root->first;
    ck_assert_str_eq(node->text, "plain text");
    ck_assert_uint_eq(node->length, 10);
    ck_assert_uint_eq(node->line, 1);
    ck_assert_uint_eq(node->column, 3);
    ck_assert_uint_eq(node->characters, 10);
    ck_assert(!node->is_quoted);
    node = node->next;
    ck_assert_str_eq(node->text, "quoted");
    ck_assert_uint_eq(node->characters, 8);
    ck_assert(node->is_quoted);
    node = node->next;
    ck_assert_str_eq(node->text, "\xc3\xa9\n");
    ck_assert_uint_eq(node->characters, 5);
    node = node->next;
    ck_assert_str_eq(node->text, "block\n");
    ck_assert(node->is_quoted);
    ck_assert_uint_eq(node->characters, 1);
    node = node->next;
    ck_assert(node_is_empty(node));
    ck_assert_ptr_null(node->next);
}
END_TEST

START_TEST(lists_and_mappings_keep_their_order)
{
    const struct node *a, *b;

    ck_assert_int_eq(grow("a: [x, y]\nb: {c: d, e: f}\n"), 0);
    ck_assert_int_eq(tree.root->kind, NODE_MAPPING);
    ck_assert_uint_eq(tree.root->count, 2);
    a = tree.root->first;
    ck_assert_str_eq(a->key->text, "a");
    ck_assert_uint_eq(a->key->line, 1);
    ck_assert_int_eq(a->kind, NODE_LIST);
    ck_assert_uint_eq(a->count, 2);
    ck_assert_str_eq(a->first->text, "x");
    ck_assert_ptr_null(a->first->key);
    ck_assert_str_eq(a->first->next->text, "y");
    b = a->next;
    ck_assert_str_eq(b->key->text, "b");
    ck_assert_str_eq(b->first->key->text, "c");
    ck_assert_str_eq(b->first->text, "d");
    ck_assert_str_eq(b->first->next->key->text, "e");
    ck_assert_ptr_null(b->first->next->next);
    ck_assert_ptr_null(b->next);
}
END_TEST

START_TEST(weight_and_height_count_the_subtree)
{
    ck_assert_int_eq(grow("a: [x, [y, z]]\nb: c\n"), 0);
    ck_assert_uint_eq(tree.root->weight, 9);
    ck_assert_uint_eq(tree.root->height, 4);
    ck_assert_uint_eq(tree.root->first->weight, 5);
    ck_assert_uint_eq(tree.root->first->height, 3);
    ck_assert_uint_eq(tree.root->first->next->weight, 1);
    ck_assert_uint_eq(tree.root->first->next->height, 1);
}
END_TEST

START_TEST(an_alias_stands_for_a_value)
{
    const struct node *b, *c;

    ck_assert_int_eq(grow("a: &x {k: [v]}\nb: *x\nc: &y text\nd: *y\n"), 0);
    b = tree.root->first->next;
    c = b->next;
    ck_assert_str_eq(b->key->text, "b");
    ck_assert_ptr_eq(b->first, tree.root->first->first);
    ck_assert_str_eq(node_find(b, "k")->first->text, "v");
    ck_assert_str_eq(c->next->text, "text");
    ck_assert_str_eq(c->next->key->text, "d");
    ck_assert_ptr_null(c->next->next);
    ck_assert_uint_eq(tree.root->weight, 5 + 5 + 2 + 2 + 1);
}
END_TEST

START_TEST(an_alias_may_be_a_key_if_it_is_a_text)
{
    ck_assert_int_eq(grow("- &x a\n- {*x : b}\n"), 0);
    ck_assert_str_eq(tree.root->first->next->first->key->text, "a");
}
END_TEST

START_TEST(an_alias_of_a_mapping_is_no_key)
{
    check_refused("- &x {a: b}\n- {*x : b}\n",
                  "f:2:4: error: a key must be a text, not a list or mapping\n"
                  "  hint: quote what is meant as a text\n");
}
END_TEST

START_TEST(an_alias_without_anchor_is_refused)
{
    check_refused("a: *x\n",
                  "f:1:4: error: there is no such anchor ('&') before this "
                  "alias\n"
                  "  hint: quote a text that begins with '*'\n");
}
END_TEST

START_TEST(an_alias_inside_itself_is_refused)
{
    check_refused("a: &x [b, [*x]]\n",
                  "f:1:12: error: this alias is inside what it stands for\n");
}
END_TEST

START_TEST(an_anchor_is_there_once)
{
    check_refused("- &x a\n- &x b\n",
                  "f:2:3: error: this anchor is there already\n"
                  "  hint: give each anchor ('&') a name of its own\n");
}
END_TEST

START_TEST(anchors_are_bounded)
{
    char text[16 * (TREE_ANCHORS_MAX + 1)];
    size_t length = 0;

    for (size_t i = 0; i <= TREE_ANCHORS_MAX; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   "- &a%zu x\n", i);
    }
    check_refused(text, "f:257:3: error: more than 256 anchors\n");
}
END_TEST

START_TEST(depth_is_bounded)
{
    char text[3 * TREE_DEPTH_MAX + 8] = "";

    memset(text, '[', TREE_DEPTH_MAX);
    memset(text + TREE_DEPTH_MAX, ']', TREE_DEPTH_MAX);
    ck_assert_int_eq(grow(text), 0);
    tear_down();
    set_up();
    memset(text, '[', TREE_DEPTH_MAX + 1);
    memset(text + TREE_DEPTH_MAX + 1, ']', TREE_DEPTH_MAX + 1);
    check_refused(text, "f:1:33: error: more than 32 levels\n");
}
END_TEST

START_TEST(an_alias_counts_for_the_depth)
{
    check_refused("- &a [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n"
                  "- [[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]\n",
                  "f:2:19: error: more than 32 levels\n");
}
END_TEST

START_TEST(an_alias_may_reach_the_depth)
{
    ck_assert_int_eq(grow("- &a [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n"
                          "- [[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]\n"),
                     0);
    /* The text within the innermost list is a level of the height. */
    ck_assert_uint_eq(tree.root->height, TREE_DEPTH_MAX + 1);
}
END_TEST

START_TEST(nodes_are_bounded_and_aliases_count)
{
    char text[4096] = "- &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    size_t length = strlen(text);

    for (int i = 1; i < 9; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   "- &a%d [", i);
        for (int k = 0; k < 10; k++) {
            length += (size_t)snprintf(text + length, sizeof(text) - length,
                                       "*a%d,", i - 1);
        }
        length += (size_t)snprintf(text + length, sizeof(text) - length, "]\n");
    }
    ck_assert_int_eq(grow(text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(print(), "error: more than 100,000 values\n"));
    ck_assert_uint_le(tree.nodes, TREE_NODES_MAX);
}
END_TEST

START_TEST(a_key_that_is_there_twice_is_told_and_the_tree_is_whole)
{
    ck_assert_int_eq(grow("a: 1\nb: 2\n'a': 3\nc: {d: 1, d: 2, d: 3}\n"), 0);
    ck_assert_str_eq(print(),
                     "f:3:1: error: the key 'a' is there already, in line 1, "
                     "column 1\n"
                     "f:4:11: error: the key 'd' is there already, in line 4, "
                     "column 5\n"
                     "f:4:17: error: the key 'd' is there already, in line 4, "
                     "column 5\n");
    ck_assert_uint_eq(tree.root->count, 4);
}
END_TEST

START_TEST(keys_are_told_apart_byte_by_byte)
{
    ck_assert_int_eq(grow("a: 1\nA: 2\naa: 3\n'': 4\nab: 5\n"), 0);
    ck_assert_uint_eq(errors_count(&errors), 0);
}
END_TEST

START_TEST(lists_and_mappings_are_no_keys)
{
    check_refused("? [a]\n: b\n",
                  "f:1:3: error: a key must be a text, not a list or mapping\n"
                  "  hint: quote what is meant as a text\n");
    tear_down();
    set_up();
    check_refused("{{a: b}: c}\n",
                  "f:1:2: error: a key must be a text, not a list or mapping\n"
                  "  hint: quote what is meant as a text\n");
}
END_TEST

START_TEST(merge_keys_are_refused_unless_quoted)
{
    ck_assert_int_eq(grow("'<<': a\n"), 0);
    tear_down();
    set_up();
    ck_assert_int_eq(grow("a: &x {b: c}\nd:\n  <<: *x\n"), -EINVAL);
    ck_assert_ptr_nonnull(
        strstr(print(), "f:3:3: error: merge keys ('<<') are not supported\n"));
}
END_TEST

START_TEST(a_key_with_a_nul_is_refused)
{
    check_refused("\"a\\0b\": c\n",
                  "f:1:1: error: a key must not contain a NUL\n");
}
END_TEST

START_TEST(tags_are_told_and_the_tree_is_whole)
{
    ck_assert_int_eq(grow("a: !x b\nc: !y [d]\ne: !z {f: g}\nh: !!str i\n"), 0);
    ck_assert_uint_eq(errors_count(&errors), 4);
    ck_assert_ptr_nonnull(
        strstr(print(), "f:2:4: error: tags ('!') are not supported\n"));
    ck_assert_uint_eq(tree.root->count, 4);
}
END_TEST

START_TEST(a_second_document_is_refused)
{
    check_refused("a: b\n---\nc: d\n",
                  "f:2:1: error: a second document begins here\n"
                  "  hint: a file holds one: remove the line '---'\n");
}
END_TEST

START_TEST(one_document_may_be_explicit)
{
    ck_assert_int_eq(grow("---\na: b\n...\n"), 0);
    ck_assert_str_eq(tree.root->first->text, "b");
}
END_TEST

UNIT_MAIN_WITH("tree",
               set_up,
               tear_down,
               nothing_makes_no_root,
               scalars_keep_text_place_and_quotes,
               lists_and_mappings_keep_their_order,
               weight_and_height_count_the_subtree,
               an_alias_stands_for_a_value,
               an_alias_may_be_a_key_if_it_is_a_text,
               an_alias_of_a_mapping_is_no_key,
               an_alias_without_anchor_is_refused,
               an_alias_inside_itself_is_refused,
               an_anchor_is_there_once,
               anchors_are_bounded,
               depth_is_bounded,
               an_alias_counts_for_the_depth,
               an_alias_may_reach_the_depth,
               nodes_are_bounded_and_aliases_count,
               a_key_that_is_there_twice_is_told_and_the_tree_is_whole,
               keys_are_told_apart_byte_by_byte,
               lists_and_mappings_are_no_keys,
               merge_keys_are_refused_unless_quoted,
               a_key_with_a_nul_is_refused,
               tags_are_told_and_the_tree_is_whole,
               a_second_document_is_refused,
               one_document_may_be_explicit)
