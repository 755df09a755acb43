/* SPDX-License-Identifier: MIT */
/*
 * What the compiler cannot see by itself.
 */
#ifndef BERTH_ATTRIBUTE_H
#define BERTH_ATTRIBUTE_H

/*
 * Off the way of an ordinary message: kept out of line, so that the functions
 * on the way save no registers for its sake (it is a quarter of their
 * instructions).
 */
#define COLD __attribute__((cold, noinline))

/* Out of line for the same reason, but not rare. */
#define NOINLINE __attribute__((noinline))

/* A condition that holds off the way alone. */
#define RARELY(condition) __builtin_expect((condition), 0)

#endif
