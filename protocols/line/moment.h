/* SPDX-License-Identifier: MIT */
/*
 * A moment as text, without the C library's time zones: gmtime_r(3) takes a
 * lock and may read a file.
 */
#ifndef LINE_MOMENT_H
#define LINE_MOMENT_H

#include <stddef.h>
#include <stdint.h>

/* With the NUL. */
#define MOMENT_SIZE 32

/* Writes "2026-11-25T02:48:46Z" (RFC 3339) for milliseconds since 1970. Returns
   the length. */
size_t moment_format(uint64_t ms, char text[MOMENT_SIZE]);

#endif
