/* SPDX-License-Identifier: MIT */
#include "replies.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"

struct reply {
    struct span key; /* small letters, unless case matters; without the * */
    const struct reply *shorter; /* of prefixes: the longest that is a beginning
                                    of this one */
    size_t index;                /* in server.yaml */
    struct answer answer;
};

/* A byte of a line, as keys have it. */
static unsigned char fold(const struct replies *replies, char byte)
{
    return replies->is_case_sensitive ? (unsigned char)byte : ascii_lower(byte);
}

/* How a key compares with a line, of which at most so many bytes count. */
static int
compare(const struct replies *replies, struct span key, struct span line)
{
    size_t common = key.size < line.size ? key.size : line.size;

    for (size_t i = 0; i < common; i++) {
        unsigned char one = (unsigned char)key.data[i];
        unsigned char other = fold(replies, line.data[i]);

        if (one != other) {
            return one < other ? -1 : 1;
        }
    }
    return (key.size > line.size) - (key.size < line.size);
}

static bool
is_beginning(const struct replies *replies, struct span key, struct span line)
{
    return key.size <= line.size &&
           compare(replies, key, (struct span){line.data, key.size}) == 0;
}

/* The last one whose key is not above the line; NULL: all are. */
static const struct reply *find_not_above(const struct replies *replies,
                                          const struct reply_table *table,
                                          struct span line)
{
    size_t low = 0, high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(replies, table->items[middle].key, line) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &table->items[low - 1];
}

/* The first of a chain that the line begins with. */
static const struct reply *find_beginning(const struct replies *replies,
                                          const struct reply *reply,
                                          struct span line)
{
    while (reply != NULL && !is_beginning(replies, reply->key, line)) {
        reply = reply->shorter;
    }
    return reply;
}

const struct answer *
replies_find(const struct replies *replies, struct span line, struct span *args)
{
    const struct reply *reply = find_not_above(replies, &replies->whole, line);

    if (reply != NULL && compare(replies, reply->key, line) == 0) {
        *args = (struct span){line.data + line.size, 0};
        return &reply->answer;
    }
    /* Keys between a beginning of the line and the line itself begin with it,
       too: so the longest is this one or in its chain. */
    reply = find_not_above(replies, &replies->prefixes, line);
    reply = find_beginning(replies, reply, line);
    if (reply == NULL) {
        return NULL;
    }
    *args =
        (struct span){line.data + reply->key.size, line.size - reply->key.size};
    return &reply->answer;
}

/* ------------------------------------------------------------------ making */

static int compare_replies(const void *one, const void *other)
{
    const struct reply *a = one, *b = other;
    size_t common = a->key.size < b->key.size ? a->key.size : b->key.size;
    int order = memcmp(a->key.data, b->key.data, common);

    return order != 0
               ? order
               : (a->key.size > b->key.size) - (a->key.size < b->key.size);
}

static void say_place(struct replies *replies, size_t index)
{
    (void)snprintf(replies->place, sizeof(replies->place), "replies[%zu]",
                   index);
}

/* Sorts a table, refuses a key that is there twice, and links prefixes. */
static int finish_table(struct replies *replies,
                        struct reply_table *table,
                        berth_error *error)
{
    qsort(table->items, table->count, sizeof(*table->items), compare_replies);
    for (size_t i = 1; i < table->count; i++) {
        struct reply *reply = &table->items[i], *before = reply - 1;

        if (compare_replies(before, reply) == 0) {
            say_place(replies, before->index > reply->index ? before->index
                                                            : reply->index);
            return berth_refuse(error, replies->place, -EINVAL,
                                "this line has an answer already: capital and "
                                "small letters are the same unless "
                                "'case_sensitive' is true");
        }
        reply->shorter = find_beginning(replies, before, reply->key);
    }
    return 0;
}

/* Copies a key as it is looked for. Returns where the next one goes. */
static char *
copy_key(const struct replies *replies, struct span key, char *target)
{
    for (size_t i = 0; i < key.size; i++) {
        *target++ = (char)fold(replies, key.data[i]);
    }
    return target;
}

static bool is_prefix(const berth_pair *pair)
{
    size_t length = strlen(pair->key);

    return length > 0 && pair->key[length - 1] == '*';
}

static int
take_pairs(struct replies *replies, const berth_list *list, berth_error *error)
{
    const berth_pair *pairs = list->items;
    char *target = replies->keys;

    for (size_t i = 0; i < list->count; i++) {
        bool has_star = is_prefix(&pairs[i]);
        struct reply_table *table =
            has_star ? &replies->prefixes : &replies->whole;
        struct reply *reply = &table->items[table->count];
        size_t size = strlen(pairs[i].key) - (has_star ? 1 : 0);
        int result;

        say_place(replies, i);
        result = answer_parse(&reply->answer, pairs[i].value, ANSWER_REPLY,
                              replies->place, error);
        if (result < 0) {
            return result;
        }
        reply->index = i;
        reply->key = (struct span){target, size};
        target = copy_key(replies, (struct span){pairs[i].key, size}, target);
        table->count++;
    }
    return 0;
}

/* Room for all pairs in both tables: which they go into is seen later. */
static int reserve(struct replies *replies, const berth_list *list)
{
    const berth_pair *pairs = list->items;
    size_t size = 1;

    for (size_t i = 0; i < list->count; i++) {
        size += strlen(pairs[i].key);
    }
    replies->keys = malloc(size);
    replies->whole.items = calloc(list->count + 1, sizeof(struct reply));
    replies->prefixes.items = calloc(list->count + 1, sizeof(struct reply));
    return replies->keys == NULL || replies->whole.items == NULL ||
                   replies->prefixes.items == NULL
               ? -ENOMEM
               : 0;
}

int replies_init(struct replies *replies,
                 const berth_list *pairs,
                 bool is_case_sensitive,
                 berth_error *error)
{
    int result;

    *replies = (struct replies){.is_case_sensitive = is_case_sensitive};
    result = reserve(replies, pairs);
    if (result < 0) {
        (void)berth_refuse(error, "replies", result, "no memory");
        goto fail;
    }
    result = take_pairs(replies, pairs, error);
    if (result < 0) {
        goto fail;
    }
    result = finish_table(replies, &replies->whole, error);
    if (result < 0) {
        goto fail;
    }
    result = finish_table(replies, &replies->prefixes, error);
    if (result < 0) {
        goto fail;
    }
    return 0;

fail:
    replies_fini(replies);
    return result;
}

static void table_fini(struct reply_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        answer_fini(&table->items[i].answer);
    }
    free(table->items);
    *table = (struct reply_table){.items = NULL};
}

void replies_fini(struct replies *replies)
{
    table_fini(&replies->whole);
    table_fini(&replies->prefixes);
    free(replies->keys);
    replies->keys = NULL;
}
