/* SPDX-License-Identifier: MIT */
#include "moment.h"

#include <stdio.h>

#define DAY_S 86400
#define DAYS_IN_400_YEARS 146097
#define DAYS_IN_100_YEARS 36524
#define DAYS_IN_4_YEARS 1461
#define DAYS_FROM_YEAR_0_TO_1970 719468 /* from its first of March */

struct date {
    unsigned year, month, day;
};

/* Years begin in March here, so that the odd day is their last. */
static struct date find_date(uint64_t days_since_1970)
{
    uint64_t days = days_since_1970 + DAYS_FROM_YEAR_0_TO_1970;
    unsigned rest = (unsigned)(days % DAYS_IN_400_YEARS);
    unsigned years =
        (rest - rest / (DAYS_IN_4_YEARS - 1) + rest / DAYS_IN_100_YEARS -
         rest / (DAYS_IN_400_YEARS - 1)) /
        365;
    unsigned day = rest - (365 * years + years / 4 - years / 100);
    unsigned month = (5 * day + 2) / 153; /* 153 days in each 5 months */
    unsigned year = (unsigned)(days / DAYS_IN_400_YEARS) * 400 + years;

    return (struct date){
        .year = month < 10 ? year : year + 1,
        .month = month < 10 ? month + 3 : month - 9,
        .day = day - (153 * month + 2) / 5 + 1,
    };
}

size_t moment_format(uint64_t ms, char text[MOMENT_SIZE])
{
    uint64_t seconds = ms / 1000;
    struct date date = find_date(seconds / DAY_S);
    unsigned second = (unsigned)(seconds % DAY_S);
    int length = snprintf(text, MOMENT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
                          date.year % 10000, date.month, date.day,
                          second / 3600, second / 60 % 60, second % 60);

    return (size_t)length;
}
