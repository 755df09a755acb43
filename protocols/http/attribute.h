/* SPDX-License-Identifier: MIT */
/* What the compiler cannot see by itself. */
#ifndef HTTP_ATTRIBUTE_H
#define HTTP_ATTRIBUTE_H

/* Off the way of a request without a body that has come whole: kept out of
   line, so that the functions on the way save fewer registers. */
#define COLD __attribute__((cold, noinline))

/* On a way of its own, and not a rare one: out of line for the same reason. */
#define APART __attribute__((noinline))

#endif
