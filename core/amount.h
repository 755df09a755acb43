/* SPDX-License-Identifier: MIT */
/*
 * Amounts as people like to read them: short, and rounded down. Whoever needs
 * the exact value finds it in units.h.
 */
#ifndef BERTH_AMOUNT_H
#define BERTH_AMOUNT_H

#include <stdint.h>

/* Room for any of these texts. */
#define AMOUNT_TEXT_MAX 24

/* "999", "1.2k", "340k", "1.8M" */
void amount_print_count(char text[AMOUNT_TEXT_MAX], uint64_t count);

/* "0", "1023", "1.5 KiB", "120 MiB" */
void amount_print_bytes(char text[AMOUNT_TEXT_MAX], uint64_t bytes);

/* "850 ns", "1.2 us", "35 ms", "4.1 s" */
void amount_print_ns(char text[AMOUNT_TEXT_MAX], uint64_t ns);

/* The two largest units: "5s", "1m30s", "3h5m", "40d2h" */
void amount_print_seconds(char text[AMOUNT_TEXT_MAX], uint64_t seconds);

#endif
