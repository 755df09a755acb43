/* SPDX-License-Identifier: MIT */
#include "access.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <berth/protocol.h>

#include "unit.h"

static int ends[2]; /* of a pipe: what is read, what the log writes to */

static void set_up(void)
{
    ck_assert_int_eq(pipe(ends), 0);
}

static void tear_down(void)
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* What one line says, behind its time. */
static const char *write_one(enum log_level level,
                             enum log_format format,
                             const struct access *ended)
{
    static char text[4096];
    struct log log = {.fd = ends[1], .level = level, .format = format};
    ssize_t count;

    access_write(&log, ended);
    count = read(ends[0], text, sizeof(text) - 1); /* one write, one line */
    ck_assert_int_gt(count, 0);
    text[count] = '\0';
    ck_assert_ptr_eq(strchr(text, '\n'), text + count - 1);
    return text + strcspn(text, format == LOG_TEXT ? "i" : "l");
}

static struct access made(int why)
{
    return (struct access){
        .subject = {.entry = "echo",
                    .peer = "127.0.0.1:4000",
                    .connection = 17},
        .duration_ms = 61007,
        .bytes_in = 5,
        .bytes_out = UINT64_MAX,
        .why = why,
    };
}

START_TEST(the_line_has_every_field)
{
    const struct access ended = made(BERTH_DONE);

    ck_assert_str_eq(write_one(LOG_INFO, LOG_TEXT, &ended),
                     "info  echo #17 127.0.0.1:4000: access seconds=61.007 "
                     "in=5 out=18446744073709551615 why=done\n");
    ck_assert_str_eq(write_one(LOG_INFO, LOG_LOGFMT, &ended),
                     "level=info entry=echo connection=17 "
                     "peer=127.0.0.1:4000 msg=\"access\" seconds=61.007 in=5 "
                     "out=18446744073709551615 why=done\n");
    ck_assert_str_eq(write_one(LOG_INFO, LOG_JSON, &ended),
                     "level\":\"info\",\"entry\":\"echo\",\"connection\":17,"
                     "\"peer\":\"127.0.0.1:4000\",\"msg\":\"access\","
                     "\"seconds\":61.007,\"in\":5,"
                     "\"out\":18446744073709551615,\"why\":\"done\"}\n");
}
END_TEST

START_TEST(every_end_has_a_name)
{
    static const struct {
        int why;
        const char *end;
    } cases[] = {
        {BERTH_DONE, " why=done\n"},
        {BERTH_SWITCHED, " why=switched\n"},
        {BERTH_STOPPED, " why=stopped\n"},
        {-ETIMEDOUT, " why=ETIMEDOUT\n"},
        {-ECONNRESET, " why=ECONNRESET\n"},
        {-EPERM, " why=EPERM\n"},
        {-30000, " why=-30000\n"},
        {INT_MIN, " why=-2147483648\n"},
        {30000, " why=30000\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct access ended = made(cases[i].why);
        const char *line = write_one(LOG_INFO, LOG_TEXT, &ended);

        ck_assert_str_eq(strstr(line, " why="), cases[i].end);
    }
}
END_TEST

START_TEST(seconds_have_three_digits_behind_the_point)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        {0, " seconds=0.000 "},
        {9, " seconds=0.009 "},
        {1000, " seconds=1.000 "},
        {86400999, " seconds=86400.999 "},
        {UINT64_MAX, " seconds=18446744073709551.615 "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct access ended = made(BERTH_DONE);

        ended.duration_ms = cases[i].ms;
        ck_assert_ptr_nonnull(
            strstr(write_one(LOG_INFO, LOG_TEXT, &ended), cases[i].text));
    }
}
END_TEST

START_TEST(an_unknown_peer_is_left_out)
{
    struct access ended = made(BERTH_DONE);

    ended.subject.peer = NULL;
    ck_assert_ptr_nonnull(strstr(write_one(LOG_INFO, LOG_TEXT, &ended),
                                 "info  echo #17: access "));
}
END_TEST

/* write_one() would wait for ever for a line that is held back. */
START_TEST(neither_level_nor_rate_keeps_it_back)
{
    const struct access ended = made(BERTH_DONE);

    for (int i = 0; i < 10 * LOG_BURST; i++) {
        ck_assert_ptr_nonnull(
            strstr(write_one(LOG_ERROR, LOG_TEXT, &ended), "access"));
    }
}
END_TEST

START_TEST(errno_stays)
{
    const struct access ended = made(BERTH_DONE);
    struct log nowhere = {.fd = -1, .format = LOG_TEXT};

    errno = ENOENT;
    access_write(&nowhere, &ended);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

UNIT_MAIN_WITH("access",
               set_up,
               tear_down,
               the_line_has_every_field,
               every_end_has_a_name,
               seconds_have_three_digits_behind_the_point,
               an_unknown_peer_is_left_out,
               neither_level_nor_rate_keeps_it_back,
               errno_stays)
