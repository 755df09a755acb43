/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "crumb.h"

static uint64_t load(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

START_TEST(a_callback_is_odd_from_its_beginning_to_its_end)
{
    struct crumb crumb = {.sequence = 6};
    const struct crumb_place place = {
        .connection = 17, .entry = 3, .callback = CRUMB_ON_DATA};

    ck_assert_uint_eq(crumb_enter(&crumb, place), 7);
    ck_assert_uint_eq(load(&crumb.sequence), 7);
    ck_assert_uint_eq(crumb_leave(&crumb), 7);
    ck_assert_uint_eq(load(&crumb.sequence), 8);
}
END_TEST

START_TEST(its_place_stays_when_it_has_ended)
{
    struct crumb crumb = {.sequence = 0};
    const struct crumb_place place = {
        .connection = 17, .entry = 3, .callback = CRUMB_ON_DATA};

    (void)crumb_enter(&crumb, place);
    (void)crumb_leave(&crumb);
    ck_assert_uint_eq(load(&crumb.connection), 17);
    ck_assert_uint_eq(atomic_load(&crumb.entry), 3);
    ck_assert_uint_eq(atomic_load(&crumb.callback), CRUMB_ON_DATA);
}
END_TEST

START_TEST(a_part_of_it_may_be_anothers)
{
    struct crumb crumb = {.sequence = 0};
    const struct crumb_place place = {
        .connection = 17, .entry = 3, .callback = CRUMB_ON_DATA};
    const struct crumb_place other = {.entry = 4, .callback = CRUMB_SNIFF};
    struct crumb_place before;

    (void)crumb_enter(&crumb, place);
    before = crumb_relabel(&crumb, other);
    ck_assert_uint_eq(atomic_load(&crumb.entry), 4);
    ck_assert_uint_eq(atomic_load(&crumb.callback), CRUMB_SNIFF);
    ck_assert_uint_eq(load(&crumb.connection), 17);
    ck_assert_uint_eq(load(&crumb.sequence), 1);
    (void)crumb_relabel(&crumb, before);
    ck_assert_uint_eq(atomic_load(&crumb.entry), 3);
    ck_assert_uint_eq(atomic_load(&crumb.callback), CRUMB_ON_DATA);
}
END_TEST

START_TEST(callbacks_have_names)
{
    ck_assert_str_eq(crumb_callback_name(CRUMB_ON_DATA), "on_data");
    ck_assert_str_eq(crumb_callback_name(CRUMB_INIT), "init");
    ck_assert_str_eq(crumb_callback_name(CRUMB_RELEASE), "a release");
}
END_TEST

START_TEST(any_number_has_a_name)
{
    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert_ptr_nonnull(crumb_callback_name(i));
    }
    ck_assert_str_eq(crumb_callback_name(CRUMB_NONE), "nothing");
    ck_assert_str_eq(crumb_callback_name(UINT32_MAX), "nothing");
}
END_TEST

UNIT_MAIN("crumb",
          a_callback_is_odd_from_its_beginning_to_its_end,
          its_place_stays_when_it_has_ended,
          a_part_of_it_may_be_anothers,
          callbacks_have_names,
          any_number_has_a_name)
