/* SPDX-License-Identifier: MIT */
/*
 * What a sanitizer or libFuzzer printed before it ended the process, as a
 * finding.
 */
#ifndef BERTH_FUZZ_VERDICT_H
#define BERTH_FUZZ_VERDICT_H

#include "berth-try/finding.h"

/* If there is a report in the text, and nothing else was found, it is the
   finding. */
void verdict_read(const char *text, struct finding_board *board);

#endif
