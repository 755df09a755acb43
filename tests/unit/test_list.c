/* SPDX-License-Identifier: MIT */
#include "list.h"

#include <stdlib.h>

#include "unit.h"

#define MANY 64

/* The link is not first, so that CONTAINER_OF has something to do. */
struct member {
    int number;
    int guard;
    struct list link;
};

static void fill(struct list *list, struct member *members, int count)
{
    list_init(list);
    for (int i = 0; i < count; i++) {
        members[i].number = i;
        list_append(list, &members[i].link);
    }
}

static int number_of(struct list *link)
{
    return CONTAINER_OF(link, struct member, link)->number;
}

/* Does the list hold just these numbers, forwards and backwards? */
static bool holds(struct list *list, const int *numbers, int count)
{
    struct list *link = list;

    for (int i = 0; i < count; i++) {
        link = link->next;
        if (link == list || number_of(link) != numbers[i]) {
            return false;
        }
    }
    if (link->next != list) {
        return false;
    }
    for (int i = count; i-- > 0; link = link->prev) {
        if (number_of(link) != numbers[i]) {
            return false;
        }
    }
    return link == list && list_is_empty(list) == (count == 0);
}

START_TEST(a_new_list_is_empty)
{
    struct list list;

    list_init(&list);
    ck_assert(list_is_empty(&list));
    ck_assert_ptr_eq(list.next, &list);
    ck_assert_ptr_eq(list.prev, &list);
}
END_TEST

START_TEST(the_struct_around_a_member_is_found)
{
    struct member member = {.number = 7, .guard = 9};

    ck_assert_ptr_eq(CONTAINER_OF(&member.link, struct member, link), &member);
    ck_assert_ptr_eq(CONTAINER_OF(&member.guard, struct member, guard),
                     &member);
}
END_TEST

START_TEST(members_are_in_the_order_of_appending)
{
    struct list list;
    struct member members[3];
    const int all[] = {0, 1, 2};

    fill(&list, members, 1);
    ck_assert(holds(&list, all, 1));
    fill(&list, members, 3);
    ck_assert(holds(&list, all, 3));
}
END_TEST

START_TEST(first_middle_and_last_can_be_removed)
{
    struct list list;
    struct member members[5];
    const int without_middle[] = {0, 1, 3, 4};
    const int without_first[] = {1, 3, 4};
    const int without_last[] = {1, 3};

    fill(&list, members, 5);
    list_remove(&members[2].link);
    ck_assert(holds(&list, without_middle, 4));
    list_remove(&members[0].link);
    ck_assert(holds(&list, without_first, 3));
    list_remove(&members[4].link);
    ck_assert(holds(&list, without_last, 2));
}
END_TEST

START_TEST(a_removed_link_is_an_empty_list_of_its_own)
{
    struct list list;
    struct member members[2];
    const int left[] = {1};

    fill(&list, members, 2);
    list_remove(&members[0].link);
    ck_assert(list_is_empty(&members[0].link));
    ck_assert_ptr_eq(members[0].link.prev, &members[0].link);
    list_remove(&members[0].link);
    ck_assert(holds(&list, left, 1));
}
END_TEST

START_TEST(the_last_one_removed_leaves_an_empty_list)
{
    struct list list;
    struct member members[1];

    fill(&list, members, 1);
    list_remove(&members[0].link);
    ck_assert(holds(&list, NULL, 0));
}
END_TEST

START_TEST(all_members_move_to_another_list)
{
    struct list from;
    struct list to;
    struct member members[3];
    const int all[] = {0, 1, 2};

    for (int count = 0; count <= 3; count++) {
        fill(&from, members, count);
        list_init(&to);
        list_move(&from, &to);
        ck_assert(holds(&from, NULL, 0));
        ck_assert(holds(&to, all, count));
    }
}
END_TEST

START_TEST(both_lists_can_be_used_after_a_move)
{
    struct list from;
    struct list to;
    struct member members[3];
    struct member late = {.number = 8};
    struct member later = {.number = 9};
    const int moved[] = {0, 2, 9};
    const int fresh[] = {8};

    fill(&from, members, 3);
    list_move(&from, &to);
    list_append(&from, &late.link);
    list_append(&to, &later.link);
    list_remove(&members[1].link);
    ck_assert(holds(&from, fresh, 1));
    ck_assert(holds(&to, moved, 3));
}
END_TEST

/* Takes the number out of the model, where it is. */
static void forget(int *numbers, int *count, int number)
{
    int kept = 0;

    for (int i = 0; i < *count; i++) {
        if (numbers[i] != number) {
            numbers[kept++] = numbers[i];
        }
    }
    *count = kept;
}

START_TEST(any_sequence_of_steps_agrees_with_an_array)
{
    unsigned short seed[3] = {1, 2, 3};
    struct list list;
    struct member members[MANY];
    int model[MANY];
    int count = 0;

    list_init(&list);
    for (int i = 0; i < MANY; i++) {
        members[i].number = i;
        list_init(&members[i].link);
    }
    for (int step = 0; step < 20000; step++) {
        int i = (int)(nrand48(seed) % MANY);

        list_remove(&members[i].link);
        forget(model, &count, i);
        if (nrand48(seed) % 2 == 0) {
            list_append(&list, &members[i].link);
            model[count++] = i;
        }
        ck_assert(holds(&list, model, count));
    }
}
END_TEST

UNIT_MAIN("list",
          a_new_list_is_empty,
          the_struct_around_a_member_is_found,
          members_are_in_the_order_of_appending,
          first_middle_and_last_can_be_removed,
          a_removed_link_is_an_empty_list_of_its_own,
          the_last_one_removed_leaves_an_empty_list,
          all_members_move_to_another_list,
          both_lists_can_be_used_after_a_move,
          any_sequence_of_steps_agrees_with_an_array)
