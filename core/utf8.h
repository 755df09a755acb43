/* SPDX-License-Identifier: MIT */
/*
 * Characters of a text that may come from anybody.
 */
#ifndef BERTH_UTF8_H
#define BERTH_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The length of the UTF-8 character that text begins with, and its number; 0,
 * and no number, if it is none (RFC 3629, section 3: nothing overlong, no
 * surrogates, at most U+10FFFF). size > 0: how many bytes there are; SIZE_MAX
 * for a text that ends with a NUL, which is never part of a longer sequence.
 */
size_t utf8_decode(const char *text, size_t size, uint32_t *number);

#endif
