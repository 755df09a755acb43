/* SPDX-License-Identifier: MIT */
#include "node.h"

#include "unit.h"

static const struct node keys[] = {
    {.text = "idle", .length = 4},
    {.text = "log", .length = 3},
    {.text = "empty", .length = 5},
};
static const struct node empty = {.text = "", .key = &keys[2]};
static const struct node list = {
    .kind = NODE_LIST,
    .key = &keys[1],
    .next = &empty,
};
static const struct node text = {
    .text = "30s",
    .length = 3,
    .key = &keys[0],
    .next = &list,
};
static const struct node mapping = {
    .kind = NODE_MAPPING,
    .count = 3,
    .first = &text,
};

START_TEST(a_key_is_found)
{
    ck_assert_ptr_eq(node_find(&mapping, "idle"), &text);
    ck_assert_ptr_eq(node_find(&mapping, "log"), &list);
    ck_assert_ptr_eq(node_find(&mapping, "empty"), &empty);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
    ck_assert_ptr_null(node_find(&mapping, "idl"));
    ck_assert_ptr_null(node_find(&mapping, ""));
    ck_assert_ptr_null(node_find(&list, "idle"));
    ck_assert_ptr_null(node_find(&text, "idle"));
    ck_assert_ptr_null(node_find(NULL, "idle"));
}
END_TEST

START_TEST(empty_is_what_has_neither_text_nor_quotes)
{
    const struct node quoted = {.text = "", .is_quoted = true};

    ck_assert(node_is_empty(&empty));
    ck_assert(!node_is_empty(&quoted));
    ck_assert(!node_is_empty(&text));
    ck_assert(!node_is_empty(&list));
    ck_assert(!node_is_empty(&mapping));
}
END_TEST

START_TEST(nodes_are_described)
{
    ck_assert_str_eq(node_describe(&empty), "empty");
    ck_assert_str_eq(node_describe(&text), "a text");
    ck_assert_str_eq(node_describe(&list), "a list");
    ck_assert_str_eq(node_describe(&mapping), "a mapping");
}
END_TEST

UNIT_MAIN("node",
          a_key_is_found,
          what_is_not_there_is_not_found,
          empty_is_what_has_neither_text_nor_quotes,
          nodes_are_described)
