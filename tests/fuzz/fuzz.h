/* SPDX-License-Identifier: MIT */
/*
 * What fuzz targets share. A target is a program with one function, which is
 * given bytes of any kind and must find that what it tests keeps its promises.
 */
#ifndef BERTH_FUZZ_H
#define BERTH_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's name for it; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tells what does not hold, and ends the process so that libFuzzer keeps the
   bytes. */
__attribute__((noreturn, format(printf, 3, 4))) void
fuzz_fail(const char *file, int line, const char *format, ...);

/* A macro because it tells where it stands. */
#define FUZZ_REQUIRE(holds_, ...)                                              \
    ((holds_) ? (void)0 : fuzz_fail(__FILE__, __LINE__, __VA_ARGS__))

/* A copy with a NUL behind it, of exactly that size: reading on is found. The
   caller frees it. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Puts the bytes into the one file that fuzz_path() names. */
void fuzz_file(const uint8_t *data, size_t size);
const char *fuzz_path(void);

/* What the tested code prints to stderr is dropped from now on; reports of
   sanitizers and of fuzz_fail() are not. */
void fuzz_silence(void);

#endif
