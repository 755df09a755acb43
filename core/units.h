/* SPDX-License-Identifier: MIT */
/*
 * Sizes and durations as people write them.
 *
 * A refusal is told as *why (constant text that follows the name of the value,
 * as in "needs a unit") and a hint written to hint[0..size), empty if there is
 * none; size 128 always suffices.
 */
#ifndef BERTH_UNITS_H
#define BERTH_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Room for any text that units_format_size() and its like write. */
#define UNITS_TEXT_MAX 48

/*
 * Reads "65536", "512B", "64KiB" (1024) or "64kB" (1000), up to TiB and TB,
 * without blank, sign or fraction. Returns 0, or -EINVAL, -ERANGE (more than
 * 64 bits).
 */
int units_parse_size(const char *text,
                     uint64_t *bytes,
                     const char **why,
                     char *hint,
                     size_t size);

/*
 * Reads "250ms", "30s", "1m30s", "2h", "1d": numbers with units, the larger
 * unit first, each at most once; "0" needs none. Returns as above.
 */
int units_parse_duration(
    const char *text, uint64_t *ms, const char **why, char *hint, size_t size);

/* The same in microseconds, which are the smallest unit then: "50us", "1ms". */
int units_parse_microseconds(
    const char *text, uint64_t *us, const char **why, char *hint, size_t size);

/*
 * Writes a short exact text that the functions above read back: "1MiB",
 * "64kB", "16"; "1m30s", "0s"; "50us". Returns its length, as snprintf does.
 */
size_t units_format_size(uint64_t bytes, char *buffer, size_t size);
size_t units_format_duration(uint64_t ms, char *buffer, size_t size);
size_t units_format_microseconds(uint64_t us, char *buffer, size_t size);

/* Room for what these write. */
#define UNITS_PATTERN_MAX 256

/*
 * Writes what such texts look like, as a regular expression of ECMA 262: what
 * does not match is refused (a duration of "0" aside). Those of durations match
 * the empty text, too.
 */
void units_size_pattern(char pattern[UNITS_PATTERN_MAX]);
void units_duration_pattern(char pattern[UNITS_PATTERN_MAX]);
void units_microseconds_pattern(char pattern[UNITS_PATTERN_MAX]);

#endif
