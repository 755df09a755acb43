/* SPDX-License-Identifier: MIT */
#include "date.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define MINUTE_S INT64_C(60)
/* 0001-01-01 00:00:00 and 9999-12-31 23:59:59. */
#define EARLIEST_S INT64_C(-62135596800)
#define LATEST_S INT64_C(253402300799)
/* From 0000-03-01 to 1970-01-01: days are counted from a first of March, so
   that a leap day is the last day of its year, of 4, of 100 and of 400. */
#define EPOCH_DAYS 719468
#define DAYS_OF_400_YEARS 146097
#define DAYS_OF_100_YEARS 36524
#define DAYS_OF_4_YEARS 1461
#define DAYS_OF_5_MONTHS 153 /* from March on; any five but the last ones */

static const char *const day_names[] = {"Sunday",    "Monday",   "Tuesday",
                                        "Wednesday", "Thursday", "Friday",
                                        "Saturday"};

static const char month_names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* A moment in UTC. weekday: 0 is Sunday; month: 0 to 11; day: 1 to 31. */
struct moment {
    int year, month, day, weekday, hour, minute, second;
    bool has_short_year;
};

/* What is left to read. */
struct cursor {
    const char *at, *end;
};

static int64_t to_seconds(const struct moment *moment)
{
    const int64_t month = (moment->month + 10) % 12;
    const int64_t year = moment->year - (moment->month < 2 ? 1 : 0);
    const int64_t days = (365 * year) + (year / 4) - (year / 100) +
                         (year / 400) + (((DAYS_OF_5_MONTHS * month) + 2) / 5) +
                         moment->day - 1 - EPOCH_DAYS;

    return (days * DAY_S) + (moment->hour * HOUR_S) +
           (moment->minute * MINUTE_S) + moment->second;
}

/* days: since 0000-03-01; not negative. */
static void set_day(struct moment *moment, int64_t days)
{
    const int64_t era = days / DAYS_OF_400_YEARS;
    const int64_t of_era = days % DAYS_OF_400_YEARS;
    const int64_t year =
        (of_era - (of_era / (DAYS_OF_4_YEARS - 1)) +
         (of_era / DAYS_OF_100_YEARS) - (of_era / (DAYS_OF_400_YEARS - 1))) /
        365;
    const int64_t of_year = of_era - (365 * year) - (year / 4) + (year / 100);
    const int64_t month = ((5 * of_year) + 2) / DAYS_OF_5_MONTHS;

    moment->year = (int)((era * 400) + year + (month >= 10 ? 1 : 0));
    moment->month = (int)((month + 2) % 12);
    moment->day = (int)(of_year - (((DAYS_OF_5_MONTHS * month) + 2) / 5) + 1);
}

static struct moment to_moment(int64_t seconds)
{
    const int64_t inside = seconds < EARLIEST_S ? EARLIEST_S
                           : seconds > LATEST_S ? LATEST_S
                                                : seconds;
    const int64_t since = inside + (EPOCH_DAYS * DAY_S);
    const int64_t of_day = since % DAY_S;
    struct moment moment = {
        .weekday = (int)((since / DAY_S + 3) % 7),
        .hour = (int)(of_day / HOUR_S),
        .minute = (int)(of_day / MINUTE_S % 60),
        .second = (int)(of_day % 60),
    };

    set_day(&moment, since / DAY_S);
    return moment;
}

static char *put_digits(char *at, int number, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + (number % 10));
        number /= 10;
    }
    return at + count;
}

static char *put_text(char *at, const char *text, size_t size)
{
    memcpy(at, text, size);
    return at + size;
}

void date_format(int64_t seconds, char text[DATE_SIZE])
{
    const struct moment moment = to_moment(seconds);
    char *at = text;

    at = put_text(at, day_names[moment.weekday], 3);
    at = put_text(at, ", ", 2);
    at = put_digits(at, moment.day, 2);
    *at++ = ' ';
    at = put_text(at, month_names[moment.month], 3);
    *at++ = ' ';
    at = put_digits(at, moment.year, 4);
    *at++ = ' ';
    at = put_digits(at, moment.hour, 2);
    *at++ = ':';
    at = put_digits(at, moment.minute, 2);
    *at++ = ':';
    at = put_digits(at, moment.second, 2);
    (void)put_text(at, " GMT", 4);
}

static bool take(struct cursor *cursor, const char *text, size_t size)
{
    if ((size_t)(cursor->end - cursor->at) < size ||
        memcmp(cursor->at, text, size) != 0) {
        return false;
    }
    cursor->at += size;
    return true;
}

static bool take_digits(struct cursor *cursor, int count, int *number)
{
    if (cursor->end - cursor->at < count) {
        return false;
    }
    *number = 0;
    for (int i = 0; i < count; i++) {
        const char c = *cursor->at++;

        if (c < '0' || c > '9') {
            return false;
        }
        *number = (*number * 10) + (c - '0');
    }
    return true;
}

static bool take_day_name(struct cursor *cursor, bool is_whole)
{
    for (size_t i = 0; i < 7; i++) {
        if (take(cursor, day_names[i], is_whole ? strlen(day_names[i]) : 3)) {
            return true;
        }
    }
    return false;
}

static bool take_month(struct cursor *cursor, int *month)
{
    for (*month = 0; *month < 12; ++*month) {
        if (take(cursor, month_names[*month], 3)) {
            return true;
        }
    }
    return false;
}

static bool take_time(struct cursor *cursor, struct moment *moment)
{
    return take_digits(cursor, 2, &moment->hour) && take(cursor, ":", 1) &&
           take_digits(cursor, 2, &moment->minute) && take(cursor, ":", 1) &&
           take_digits(cursor, 2, &moment->second);
}

/* What stands behind a % in a form, as strftime(3) calls it; any other
   character is itself. */
static bool take_part(struct cursor *cursor, char part, struct moment *moment)
{
    switch (part) {
    case 'a':
        return take_day_name(cursor, false);
    case 'A':
        return take_day_name(cursor, true);
    case 'b':
        return take_month(cursor, &moment->month);
    case 'd':
        return take_digits(cursor, 2, &moment->day);
    case 'e':
        return take(cursor, " ", 1) ? take_digits(cursor, 1, &moment->day)
                                    : take_digits(cursor, 2, &moment->day);
    case 'T':
        return take_time(cursor, moment);
    case 'y':
        moment->has_short_year = true;
        return take_digits(cursor, 2, &moment->year);
    case 'Y':
        return take_digits(cursor, 4, &moment->year);
    default:
        return false;
    }
}

static bool
read_form(const char *form, struct cursor cursor, struct moment *moment)
{
    *moment = (struct moment){.year = 0};
    for (; *form != '\0'; form++) {
        const bool is_fine = *form == '%' ? take_part(&cursor, *++form, moment)
                                          : take(&cursor, form, 1);

        if (!is_fine) {
            return false;
        }
    }
    return cursor.at == cursor.end;
}

/* The latest year with these two digits in which the moment is not more than
   50 years ahead. */
static void find_century(struct moment *moment, int64_t now)
{
    struct moment earlier = *moment;

    moment->year += (to_moment(now).year / 100 * 100) + 100;
    do {
        earlier.year = moment->year - 50;
        if (to_seconds(&earlier) <= now) {
            return;
        }
        moment->year -= 100;
    } while (moment->year > 100);
}

static int days_of_month(const struct moment *moment)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = moment->year;
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[moment->month] + (moment->month == 1 && is_leap ? 1 : 0);
}

static bool is_real(const struct moment *moment)
{
    return moment->year >= 1 && moment->day >= 1 &&
           moment->day <= days_of_month(moment) && moment->hour <= 23 &&
           moment->minute <= 59 && moment->second <= 60;
}

int date_parse(const char *text, size_t size, int64_t now, int64_t *seconds)
{
    static const char *const forms[] = {
        "%a, %d %b %Y %T GMT", /* IMF-fixdate */
        "%A, %d-%b-%y %T GMT", /* RFC 850 */
        "%a %b %e %T %Y",      /* asctime */
    };
    const struct cursor cursor = {.at = text, .end = text + size};
    struct moment moment;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!read_form(forms[i], cursor, &moment)) {
            continue;
        }
        if (moment.has_short_year) {
            find_century(&moment, now);
        }
        if (!is_real(&moment)) {
            return -EINVAL;
        }
        *seconds = to_seconds(&moment);
        return 0;
    }
    return -EINVAL;
}
