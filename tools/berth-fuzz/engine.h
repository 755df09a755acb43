/* SPDX-License-Identifier: MIT */
/*
 * What is used of libFuzzer, which is linked as a library, and what it looks
 * for in the program.
 */
#ifndef BERTH_FUZZ_ENGINE_H
#define BERTH_FUZZ_ENGINE_H

#include <stddef.h>
#include <stdint.h>

/* Its exit status when it has something to report. */
#define ENGINE_STATUS 77

/* Its own main(): returns, or ends the process. The callback returns 0. */
int LLVMFuzzerRunDriver(int *argc,
                        char ***argv,
                        int (*callback)(const uint8_t *data, size_t size));

/* Its own changes; returns the new size. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

/* Ours, which it calls. */
size_t LLVMFuzzerCustomMutator(uint8_t *data,
                               size_t size,
                               size_t size_max,
                               unsigned seed);

#endif
