/* SPDX-License-Identifier: MIT */
#ifndef LINE_UTF8_H
#define LINE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Is all of it UTF-8 (RFC 3629, section 3: nothing overlong, no surrogates, at
   most U+10FFFF)? */
bool utf8_is_valid(const char *text, size_t size);

#endif
