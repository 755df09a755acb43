/* SPDX-License-Identifier: MIT */
#ifndef LINE_ASCII_H
#define LINE_ASCII_H

/* The small letter of a capital one of ASCII; any other byte as it is. Not
   tolower(3): that depends on the locale. */
static inline unsigned char ascii_lower(char byte)
{
    unsigned char value = (unsigned char)byte;

    return value >= 'A' && value <= 'Z' ? (unsigned char)(value + 32) : value;
}

#endif
