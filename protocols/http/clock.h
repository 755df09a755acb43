/* SPDX-License-Identifier: MIT */
/* The value of the header Date, made anew once in a second. */
#ifndef HTTP_CLOCK_H
#define HTTP_CLOCK_H

#include <berth/protocol.h>

#include "date.h"

struct date_clock {
    uint64_t second; /* of the text; 0: there is none yet */
    char text[DATE_SIZE];
};

/* DATE_SIZE bytes for this turn, without a NUL. */
const char *date_clock_text(struct date_clock *clock, const berth_entry *entry);

#endif
