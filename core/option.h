/* SPDX-License-Identifier: MIT */
/*
 * Typed options: tables of berth_option (the contract's, also used for the
 * server's own keys), and the values that their texts stand for.
 */
#ifndef BERTH_OPTION_H
#define BERTH_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

struct arena;

/*
 * A type beyond those of the contract, for the server's own tables only: a
 * duration that may be shorter than a millisecond. The member is a uint32_t or
 * a uint64_t: microseconds.
 */
#define OPTION_MICROSECONDS 999u /* 50us, 1ms */

/* Bounds of tables: a table without end, or inside itself, is found by them. */
#define OPTION_TABLE_MAX 256  /* options in one table */
#define OPTION_TOTAL_MAX 4096 /* options in a table and all tables within */
#define OPTION_DEPTH_MAX 8    /* tables within tables, the outer one counted */

/*
 * More of them: the member is a `const struct node *`, the value as it stands
 * in the file; items, min and max describe what others make of it.
 */
#define OPTION_NODE 1000u    /* anything */
#define OPTION_ENTRIES 1001u /* a list of mappings: items, min, max */
#define OPTION_LISTEN                                                          \
    1002u                     /* an address, a mapping (items), or a list of
                                 these: min, max */
#define OPTION_SETTINGS 1003u /* a mapping: the plugin's own table */

/*
 * Is the table one that the server can fill a struct of settings_size bytes
 * from? Names, types, flags, offsets, widths, alignment, ranges, choices,
 * items, nesting and fallbacks are checked. table NULL is an empty one.
 *
 * Returns 0, or -EINVAL: then why[0..size) says which option and what, lower
 * case, no full stop, as in "option 'max_line': its min is above its max".
 */
int option_check(const berth_option *table,
                 size_t settings_size,
                 char *why,
                 size_t size);

/*
 * Brings a table whose elements are stride bytes apart (sizeof(berth_option)
 * of the header that a plugin was compiled with) to this server's
 * berth_option, with all tables within it. The strings stay where they are.
 * Call it before option_check(). table NULL gives an empty table.
 *
 * Returns 0 and *copy, in the arena; or -ENOMEM; -ENOTSUP if elements are
 * longer than ours and what we do not know of is not zero; -EINVAL if the
 * bounds above are exceeded or stride is no size of an option.
 */
int option_copy(const berth_option *table,
                size_t stride,
                struct arena *arena,
                const berth_option **copy);

/* A refused value: what comes after its name, and how to write it instead. */
struct option_problem {
    char text[256]; /* as in "must be between 16 and 1MiB" */
    char hint[256]; /* empty: none */
};

/* A value that was given. */
struct option_text {
    const char *text;
    bool is_quoted; /* then `none` is a text like any other for STRING, PATH */
};

/* Is it a type of one value: not LIST, MAPPINGS, MAPPING, GROUP, NODE? */
bool option_is_scalar(const berth_option *option);

/* Is it one of the types above, OPTION_NODE and those behind it? */
bool option_is_node(const berth_option *option);

/* Is there a range to keep to? */
bool option_has_range(const berth_option *option);

/* Is there an option in the table that must be given? */
bool option_has_required(const berth_option *table);

/* The bytes that a value of a scalar type takes as an item of a LIST. */
size_t option_item_width(const berth_option *option);

/*
 * Reads one value and stores it in target[0..width), width being the option's
 * (or option_item_width()). STRING and PATH store the pointer given; a PATH is
 * not made absolute here. Returns 0, or -EINVAL with *problem filled and
 * target untouched.
 */
int option_store(const berth_option *option,
                 const struct option_text *given,
                 size_t width,
                 void *target,
                 struct option_problem *problem);

/*
 * Checks the number of items of a LIST, MAPPINGS or MAPPING against the
 * option's range. Returns 0, or -EINVAL with *problem filled.
 */
int option_check_count(const berth_option *option,
                       size_t count,
                       struct option_problem *problem);

/* Room for the text of a number, a size or a duration. */
#define OPTION_SHOWN_MAX 48

/* The text of an amount, of a SIZE, DURATION or MICROSECONDS. */
void option_show_amount(const berth_option *option,
                        uint64_t amount,
                        char buffer[OPTION_SHOWN_MAX]);

/* Is what is stored what `none` stands for? */
bool option_is_none(const berth_option *option,
                    size_t width,
                    const void *stored);

/*
 * The reverse of option_store(): a text that stores the same again, in the
 * buffer, constant, or the very text that is stored. NULL: there is no such
 * text, as for a STRING that is NULL and may not be none, or for a number
 * outside of the range, which is there because no value was given.
 */
const char *option_show(const berth_option *option,
                        size_t width,
                        const void *stored,
                        char buffer[OPTION_SHOWN_MAX]);

/* The option of that name in the table, or NULL. */
const berth_option *option_find(const berth_option *table, const char *name);

#endif
