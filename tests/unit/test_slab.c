/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

#ifdef __SANITIZE_ADDRESS__ /* gcc's name for it */
#include <sanitizer/asan_interface.h>
#define POISONS true
#else
#define POISONS false
#endif

#define MANY 100000u
#define BYTES_FAIR ((size_t)4 * 1024 * 1024) /* of one test's objects */
#define OBJECTS_MIN ((size_t)20)             /* more than a block has */

static bool is_poisoned(const char *byte)
{
#ifdef __SANITIZE_ADDRESS__
    return __asan_address_is_poisoned(byte) != 0;
#else
    (void)byte;
    return false;
#endif
}

static const size_t sizes[] = {
    1,     7,     8,     15,    16,    17,     24,      63,
    64,    65,    128,   1000,  4096,  8191,   8192,    8193,
    65519, 65520, 65535, 65536, 65537, 524288, 1048575, 1048576,
};

#define SIZE_COUNT (sizeof(sizes) / sizeof(sizes[0]))

/* So many objects of a size that there are several blocks, but not too big. */
static size_t fair_count(size_t size)
{
    size_t count = BYTES_FAIR / size;

    if (count < OBJECTS_MIN) {
        return OBJECTS_MIN;
    }
    return count > 9000 ? 9000 : count;
}

static bool is_filled(const unsigned char *bytes, size_t size, int value)
{
    return bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static void **take_many(struct slab *slab, size_t count)
{
    void **objects = calloc(count, sizeof(void *));

    ck_assert_ptr_nonnull(objects);
    for (size_t i = 0; i < count; i++) {
        objects[i] = slab_take(slab);
        if (objects[i] == NULL) {
            ck_abort_msg("no memory");
        }
    }
    return objects;
}

static void check_zeroed(size_t size)
{
    size_t count = fair_count(size);
    size_t wrong = 0; /* an assertion for each would take long */
    struct slab slab;
    void **objects;

    slab_init(&slab, size);
    objects = take_many(&slab, count);
    for (size_t i = 0; i < count; i++) {
        wrong += is_filled(objects[i], size, 0) ? 0 : 1;
        memset(objects[i], 0xff, size);
    }
    for (size_t i = 0; i < count; i++) {
        slab_give(&slab, objects[i]);
    }
    for (size_t i = 0; i < count; i++) {
        wrong += is_filled(slab_take(&slab), size, 0) ? 0 : 1;
    }
    ck_assert_uint_eq(wrong, 0);
    free(objects);
    slab_fini(&slab);
}

START_TEST(objects_are_zeroed_also_those_given_back)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        check_zeroed(sizes[i]);
    }
}
END_TEST

static void check_places(size_t size)
{
    size_t count = fair_count(size);
    size_t wrong = 0;
    struct slab slab;
    void **objects;

    slab_init(&slab, size);
    objects = take_many(&slab, count);
    ck_assert_uint_eq(slab.used, count);
    for (size_t i = 0; i < count; i++) {
        wrong += (uintptr_t)objects[i] % 16 == 0 ? 0 : 1;
        memset(objects[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < count; i++) {
        wrong += is_filled(objects[i], size, (int)(i % 251)) ? 0 : 1;
    }
    ck_assert_uint_eq(wrong, 0);
    free(objects);
    slab_fini(&slab);
}

START_TEST(objects_are_aligned_and_do_not_overlap)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        check_places(sizes[i]);
    }
}
END_TEST

START_TEST(what_was_given_back_last_is_taken_first)
{
    struct slab slab;
    void *first;
    void *second;

    slab_init(&slab, 40);
    first = slab_take(&slab);
    second = slab_take(&slab);
    ck_assert_ptr_ne(first, second);
    slab_give(&slab, first);
    slab_give(&slab, second);
    ck_assert_uint_eq(slab.used, 0);
    ck_assert_ptr_eq(slab_take(&slab), second);
    ck_assert_ptr_eq(slab_take(&slab), first);
    ck_assert_uint_eq(slab.used, 2);
    slab_fini(&slab);
}
END_TEST

static size_t count_blocks(const struct slab *slab)
{
    size_t count = 0;

    for (const struct list *link = slab->blocks.next; link != &slab->blocks;
         link = link->next) {
        count++;
    }
    return count;
}

START_TEST(no_memory_is_asked_for_while_objects_are_free)
{
    struct slab slab;
    void **objects;
    size_t blocks;

    slab_init(&slab, 100);
    objects = take_many(&slab, MANY);
    blocks = count_blocks(&slab);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++) {
            slab_give(&slab, objects[i]);
        }
        ck_assert_uint_eq(slab.used, 0);
        free(objects);
        objects = take_many(&slab, MANY);
        ck_assert_uint_eq(count_blocks(&slab), blocks);
    }
    free(objects);
    slab_fini(&slab);
}
END_TEST

START_TEST(an_object_costs_its_size_and_a_bit)
{
    struct slab slab;
    size_t bytes;

    slab_init(&slab, 128);
    free(take_many(&slab, MANY));
    bytes = count_blocks(&slab) * slab.block_size;
    ck_assert_uint_ge(bytes, (size_t)MANY * 128);
    ck_assert_uint_le(bytes, ((size_t)MANY * 129) + slab.block_size);
    slab_fini(&slab);
}
END_TEST

/* Of the same size only, and as if they were new. */
START_TEST(a_store_keeps_blocks_for_the_next_slab)
{
    struct slab_store store;
    struct slab slab;
    char *first;
    void *second;

    slab_store_init(&store);
    slab_init(&slab, 100);
    slab_use_store(&slab, &store);
    first = slab_take(&slab);
    memset(first, 1, 100);
    (void)slab_take(&slab);
    slab_fini(&slab);
    ck_assert(!is_poisoned(first));

    slab_init(&slab, BYTES_FAIR);
    slab_use_store(&slab, &store);
    second = slab_take(&slab);
    ck_assert_ptr_nonnull(second);
    slab_fini(&slab);

    slab_init(&slab, 100);
    slab_use_store(&slab, &store);
    ck_assert_ptr_eq(slab_take(&slab), first);
    ck_assert_int_eq(first[0], 0);
    ck_assert_int_eq(first[99], 0);
    ck_assert_uint_eq(slab.used, 1);
    second = slab_take(&slab);
    ck_assert_ptr_ne(second, first);
    ck_assert(slab_is_used(&slab, second));
    slab_fini(&slab);
}
END_TEST

START_TEST(giving_back_null_is_fine)
{
    struct slab slab;

    slab_init(&slab, 32);
    slab_give(&slab, NULL);
    ck_assert_uint_eq(slab.used, 0);
    ck_assert_ptr_nonnull(slab_take(&slab));
    slab_give(&slab, NULL);
    ck_assert_uint_eq(slab.used, 1);
    slab_fini(&slab);
}
END_TEST

/* ------------------------------------------------------------------ visits */

struct numbered {
    size_t number;
    char rest[50];
};

struct tally {
    struct slab *slab;
    size_t calls;
    unsigned char seen[MANY];
};

static void count_visit(void *object, void *arg)
{
    const struct numbered *numbered = object;
    struct tally *tally = arg;

    tally->seen[numbered->number]++;
    tally->calls++;
}

static void visit_and_give(void *object, void *arg)
{
    struct tally *tally = arg;

    count_visit(object, arg);
    slab_give(tally->slab, object);
}

static void visit_and_give_odd(void *object, void *arg)
{
    struct tally *tally = arg;
    bool is_odd = ((struct numbered *)object)->number % 2 != 0;

    count_visit(object, arg);
    if (is_odd) {
        slab_give(tally->slab, object);
    }
}

static struct tally *new_tally(struct slab *slab)
{
    struct tally *tally = calloc(1, sizeof(*tally));

    ck_assert_ptr_nonnull(tally);
    tally->slab = slab;
    return tally;
}

/* Objects 0 to MANY - 1, each knowing its number. */
static struct numbered **take_numbered(struct slab *slab)
{
    struct numbered **objects;

    slab_init(slab, sizeof(struct numbered));
    objects = (struct numbered **)take_many(slab, MANY);
    for (size_t i = 0; i < MANY; i++) {
        objects[i]->number = i;
    }
    return objects;
}

START_TEST(a_slab_without_objects_is_not_visited)
{
    struct slab slab;
    struct tally *tally = new_tally(&slab);

    slab_init(&slab, sizeof(struct numbered));
    slab_visit(&slab, count_visit, tally);
    slab_give(&slab, slab_take(&slab));
    slab_visit(&slab, count_visit, tally);
    ck_assert_uint_eq(tally->calls, 0);
    free(tally);
    slab_fini(&slab);
}
END_TEST

START_TEST(a_visit_finds_just_what_is_in_use)
{
    unsigned short seed[3] = {4, 5, 6};
    struct slab slab;
    struct numbered **objects = take_numbered(&slab);
    struct tally *tally = new_tally(&slab);
    size_t given = 0;
    size_t wrong = 0;

    for (size_t i = 0; i < MANY; i++) {
        if (nrand48(seed) % 3 == 0) {
            slab_give(&slab, objects[i]);
            objects[i] = NULL;
            given++;
        }
    }
    slab_visit(&slab, count_visit, tally);
    ck_assert_uint_eq(tally->calls, MANY - given);
    ck_assert_uint_eq(slab.used, MANY - given);
    for (size_t i = 0; i < MANY; i++) {
        wrong += tally->seen[i] == (objects[i] == NULL ? 0 : 1) ? 0 : 1;
    }
    ck_assert_uint_eq(wrong, 0);
    free(tally);
    free(objects);
    slab_fini(&slab);
}
END_TEST

START_TEST(a_visit_may_give_back_what_it_visits)
{
    struct slab slab;
    struct numbered **objects = take_numbered(&slab);
    struct tally *tally = new_tally(&slab);
    size_t wrong = 0;

    slab_visit(&slab, visit_and_give_odd, tally);
    ck_assert_uint_eq(tally->calls, MANY);
    ck_assert_uint_eq(slab.used, MANY / 2);
    slab_visit(&slab, visit_and_give, tally);
    ck_assert_uint_eq(tally->calls, MANY + (MANY / 2));
    ck_assert_uint_eq(slab.used, 0);
    slab_visit(&slab, visit_and_give, tally);
    ck_assert_uint_eq(tally->calls, MANY + (MANY / 2));
    for (size_t i = 0; i < MANY; i++) {
        wrong += tally->seen[i] == (i % 2 == 0 ? 2 : 1) ? 0 : 1;
    }
    ck_assert_uint_eq(wrong, 0);
    free(tally);
    free(objects);
    slab_fini(&slab);
}
END_TEST

/* Any order of taking and giving: the used ones keep what is in them. */
START_TEST(random_taking_and_giving_keeps_contents)
{
    unsigned short seed[3] = {7, 8, 9};
    struct slab slab;
    struct numbered **objects = calloc(MANY, sizeof(void *));
    size_t used = 0;
    size_t wrong = 0;

    ck_assert_ptr_nonnull(objects);
    slab_init(&slab, sizeof(struct numbered));
    for (int step = 0; step < 400000; step++) {
        size_t i = (size_t)nrand48(seed) % MANY;

        if (objects[i] == NULL) {
            objects[i] = slab_take(&slab);
            wrong += objects[i]->number == 0 ? 0 : 1;
            objects[i]->number = i;
            used++;
        } else {
            wrong += objects[i]->number == i ? 0 : 1;
            slab_give(&slab, objects[i]);
            objects[i] = NULL;
            used--;
        }
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(slab.used, used);
    free(objects);
    slab_fini(&slab);
}
END_TEST

/* ------------------------------------------------------------------ memory */

/* mincore(2) fails with ENOMEM where nothing is mapped. */
static bool is_mapped(void *object)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    unsigned char resident;

    return mincore((char *)object - ((uintptr_t)object % page), 1, &resident) ==
               0 ||
           errno != ENOMEM;
}

static void check_end(size_t size)
{
    size_t count = fair_count(size);
    struct slab slab;
    void **objects;

    slab_init(&slab, size);
    objects = take_many(&slab, count);
    ck_assert(is_mapped(objects[0]));
    ck_assert(is_mapped(objects[count - 1]));
    slab_give(&slab, objects[count / 2]);
    slab_fini(&slab);
    ck_assert(!is_mapped(objects[0]));
    ck_assert(!is_mapped(objects[count - 1]));
    ck_assert_uint_eq(slab.used, 0);
    free(objects);
}

START_TEST(the_end_frees_objects_in_use_too)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        check_end(sizes[i]);
    }
}
END_TEST

START_TEST(without_memory_there_is_no_object_and_later_there_is)
{
    struct rlimit before;
    struct rlimit tight;
    struct slab slab;
    void *refused;

    slab_init(&slab, 1000);
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = 4096;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &tight), 0);
    refused = slab_take(&slab);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    ck_assert_ptr_null(refused);
    ck_assert_uint_eq(slab.used, 0);
    ck_assert_ptr_nonnull(slab_take(&slab));
    ck_assert_uint_eq(slab.used, 1);
    slab_fini(&slab);
}
END_TEST

START_TEST(with_the_sanitizer_free_objects_are_poisoned)
{
    struct slab slab;
    char *object;

    slab_init(&slab, 48);
    object = slab_take(&slab);
    ck_assert(!is_poisoned(object));
    ck_assert(!is_poisoned(object + 47));
    ck_assert(is_poisoned(object + 48) == POISONS); /* never taken yet */
    slab_give(&slab, object);
    ck_assert(is_poisoned(object) == POISONS);
    ck_assert(is_poisoned(object + 47) == POISONS);
    ck_assert_ptr_eq(slab_take(&slab), object);
    ck_assert(!is_poisoned(object));
    ck_assert(!is_poisoned(object + 47));
    slab_fini(&slab);
}
END_TEST

UNIT_MAIN("slab",
          objects_are_zeroed_also_those_given_back,
          objects_are_aligned_and_do_not_overlap,
          what_was_given_back_last_is_taken_first,
          no_memory_is_asked_for_while_objects_are_free,
          an_object_costs_its_size_and_a_bit,
          a_store_keeps_blocks_for_the_next_slab,
          giving_back_null_is_fine,
          a_slab_without_objects_is_not_visited,
          a_visit_finds_just_what_is_in_use,
          a_visit_may_give_back_what_it_visits,
          random_taking_and_giving_keeps_contents,
          the_end_frees_objects_in_use_too,
          without_memory_there_is_no_object_and_later_there_is,
          with_the_sanitizer_free_objects_are_poisoned)
