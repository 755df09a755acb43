/* SPDX-License-Identifier: MIT */
/*
 * Dates as HTTP writes them (RFC 9110, section 5.6.7). Neither locale nor time
 * zone of the process matters.
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of "Sun, 06 Nov 1994 08:49:37 GMT". */
#define DATE_SIZE 29

/*
 * Writes a time, in seconds since 1970-01-01 UTC, as IMF-fixdate: DATE_SIZE
 * bytes and no NUL. A time outside of the years 1 to 9999 is written as the
 * nearest one inside.
 */
void date_format(int64_t seconds, char text[DATE_SIZE]);

/*
 * Reads a date in any of the three forms (IMF-fixdate, RFC 850, asctime). now:
 * decides the century of a year of two digits, which is never more than 50
 * years ahead. The day of the week must be one, but is not held against the
 * date; a leap second is the second after it. Returns 0 or -EINVAL.
 */
int date_parse(const char *text, size_t size, int64_t now, int64_t *seconds);

#endif
