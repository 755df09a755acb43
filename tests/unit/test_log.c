/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/berth-log-XXXXXX";
static char path[64];
static char content[64 * 1024];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/log", folder);
}

static void remove_folder(void)
{
    char old[80];

    (void)snprintf(old, sizeof(old), "%s.1", path);
    (void)unlink(old);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static const char *read_file(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t count;

    ck_assert_int_ge(fd, 0);
    count = read(fd, content, sizeof(content) - 1);
    ck_assert_int_ge(count, 0);
    content[count] = '\0';
    ck_assert_int_eq(close(fd), 0);
    return content;
}

/* As a rotation does. */
static int rename_to(const char *target)
{
    return rename(path, target);
}

static struct log open_log(enum log_level level, enum log_format format)
{
    struct log log;

    ck_assert_int_eq(log_open(&log, path, level, format), 0);
    return log;
}

static void check_match(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "'%s' is not '%s'",
                  text, pattern);
    regfree(&regex);
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

static const struct log_subject whole = {
    .entry = "echo", .peer = "127.0.0.1:4000", .connection = 17};

#define TEXT_TIME                                                              \
    "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} "
#define LOGFMT_TIME                                                            \
    "^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

START_TEST(text_has_time_level_subject_message)
{
    struct log log = open_log(LOG_DEBUG, LOG_TEXT);

    log_write(&log, NULL, LOG_INFO, &whole, "message %d", 1);
    log_close(&log);
    check_match(read_file(path),
                TEXT_TIME "info  echo #17 127\\.0\\.0\\.1:4000: message 1\n$");
}
END_TEST

START_TEST(levels_are_padded)
{
    static const char *const names[] = {"error ", "warn  ", "info  ", "debug "};

    for (unsigned level = 0; level < 4; level++) {
        struct log log = open_log(LOG_DEBUG, LOG_TEXT);
        char pattern[128];

        log_write(&log, NULL, (enum log_level)level, NULL, "x");
        log_close(&log);
        (void)snprintf(pattern, sizeof(pattern), TEXT_TIME "%sx\n$",
                       names[level]);
        check_match(read_file(path), pattern);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(parts_of_the_subject_may_be_missing)
{
    static const struct {
        struct log_subject subject;
        const char *text, *logfmt;
    } cases[] = {
        {{.entry = "echo"}, "info  echo: x\n$", "info entry=echo msg=\"x\"\n$"},
        {{.connection = 3}, "info  #3: x\n$", "info connection=3 msg=\"x\"\n$"},
        {{.peer = "unix:"},
         "info  unix:: x\n$",
         "info peer=unix: msg=\"x\"\n$"},
        {{.entry = NULL}, "info  x\n$", "info msg=\"x\"\n$"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct log text = open_log(LOG_INFO, LOG_TEXT);
        struct log logfmt;

        log_write(&text, NULL, LOG_INFO, &cases[i].subject, "x");
        log_close(&text);
        check_match(read_file(path), cases[i].text);
        ck_assert_int_eq(unlink(path), 0);
        logfmt = open_log(LOG_INFO, LOG_LOGFMT);
        log_write(&logfmt, NULL, LOG_INFO, &cases[i].subject, "x");
        log_close(&logfmt);
        check_match(read_file(path), cases[i].logfmt);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(logfmt_names_every_part)
{
    struct log log = open_log(LOG_INFO, LOG_LOGFMT);

    log_write(&log, NULL, LOG_WARNING, &whole, "say \"%s\" \\ now", "hi");
    log_close(&log);
    check_match(read_file(path),
                LOGFMT_TIME "level=warn entry=echo connection=17 "
                            "peer=127\\.0\\.0\\.1:4000 "
                            "msg=\"say \\\\\"hi\\\\\" \\\\\\\\ now\"\n$");
}
END_TEST

START_TEST(logfmt_quotes_values_that_need_it)
{
    static const struct {
        const char *peer, *expected;
    } cases[] = {
        {"unix:/a b", " peer=\"unix:/a b\" "},
        {"a=b", " peer=\"a=b\" "},
        {"a\"b", " peer=\"a\\\"b\" "},
        {"a\\b", " peer=\"a\\\\b\" "},
        {"", " peer=\"\" "},
        {"a\nlevel=error", " peer=\"a\\nlevel=error\" "},
        {"\xc3\xbc", " peer=\"\xc3\xbc\" "},
        {"[::1%eth0]:80", " peer=[::1%eth0]:80 "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct log log = open_log(LOG_INFO, LOG_LOGFMT);
        struct log_subject subject = {.peer = cases[i].peer};

        log_write(&log, NULL, LOG_INFO, &subject, "x");
        log_close(&log);
        ck_assert_ptr_nonnull(strstr(read_file(path), cases[i].expected));
        ck_assert_uint_eq(count_lines(content), 1);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(no_peer_can_forge_a_line)
{
    static const char evil[] = "x\n2026-11-24 00:00:00.000 error  gone\r\033[A"
                               "\xc2\x9b\x80\xe2\x80\xa8";
    static const enum log_format formats[] = {LOG_TEXT, LOG_LOGFMT, LOG_JSON};
    static const char *const told[] = {
        "gone\\x0d\\x1b[A\\xc2\\x9b\\x80\\xe2\\x80\\xa8",
        "gone\\x0d\\x1b[A\\xc2\\x9b\\x80\\xe2\\x80\\xa8",
        "gone\\u000d\\u001b[A\\u009b\\\\x80\\u2028",
    };

    for (size_t i = 0; i < 3; i++) {
        struct log log = open_log(LOG_INFO, formats[i]);
        struct log_subject subject = {.entry = evil, .peer = evil};

        log_write(&log, NULL, LOG_INFO, &subject, "%s", evil);
        log_close(&log);
        ck_assert_uint_eq(count_lines(read_file(path)), 1);
        for (const char *c = content; *c != '\0'; c++) {
            ck_assert((*c >= ' ' && *c < 0x7f) || *c == '\n');
        }
        ck_assert_ptr_nonnull(strstr(content, told[i]));
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(a_newline_at_the_end_is_dropped)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);

    log_write(&log, NULL, LOG_INFO, NULL, "one\n");
    log_write(&log, NULL, LOG_INFO, NULL, "two\n\n");
    log_close(&log);
    check_match(read_file(path), "info  one\n.*info  two\\\\n\n$");
}
END_TEST

START_TEST(long_lines_are_cut_and_say_so)
{
    static char text[10000];
    struct log log = open_log(LOG_INFO, LOG_LOGFMT);
    size_t length;

    memset(text, 'x', sizeof(text) - 1);
    log_write(&log, NULL, LOG_INFO, NULL, "%s", text);
    log_close(&log);
    length = strlen(read_file(path));
    ck_assert_uint_le(length, 4096);
    ck_assert_uint_gt(length, 3900);
    ck_assert_uint_eq(count_lines(content), 1);
    ck_assert_str_eq(content + length - 11, "... [cut]\"\n");
}
END_TEST

/* A character of three bytes at every distance from the end. */
START_TEST(no_character_is_cut_in_two)
{
    static char text[8192];

    for (size_t shift = 0; shift < 3; shift++) {
        struct log log = open_log(LOG_INFO, LOG_TEXT);
        const char *end;

        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof(text); i += 3) {
            memcpy(text + i, "\xe2\x82\xac", 4);
        }
        log_write(&log, NULL, LOG_INFO, NULL, "%s", text);
        log_close(&log);
        end = strstr(read_file(path), "... [cut]\n");
        ck_assert_ptr_nonnull(end);
        ck_assert_mem_eq(end - 3, "\xe2\x82\xac", 3);
        ck_assert_ptr_null(strstr(content, "\\x"));
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(levels_below_are_not_written)
{
    struct log log = open_log(LOG_WARNING, LOG_TEXT);

    LOG(&log, LOG_INFO, NULL, "info");
    LOG(&log, LOG_WARNING, NULL, "warning");
    log_write(&log, NULL, LOG_DEBUG, NULL, "debug");
    log_write(&log, NULL, LOG_ERROR, NULL, "error");
    log_write(&log, NULL, (enum log_level)17, NULL, "no level");
    log_close(&log);
    check_match(read_file(path), TEXT_TIME "warn  warning\n.*error error\n$");
    ck_assert_uint_eq(count_lines(content), 2);
    ck_assert(log_is_wanted(&log, LOG_ERROR));
    ck_assert(!log_is_wanted(&log, LOG_INFO));
}
END_TEST

START_TEST(a_view_has_a_level_of_its_own)
{
    struct log log = open_log(LOG_WARNING, LOG_TEXT);
    struct log more = log_view(&log, LOG_DEBUG);
    struct log less = log_view(&more, LOG_ERROR);

    LOG(&log, LOG_INFO, NULL, "log");
    LOG(&more, LOG_DEBUG, NULL, "more");
    LOG(&less, LOG_WARNING, NULL, "less");
    LOG(&less, LOG_ERROR, NULL, "least");
    log_close(&log);
    check_match(read_file(path), TEXT_TIME "debug more\n.*error least\n$");
    ck_assert_uint_eq(count_lines(content), 2);
    ck_assert(log_is_wanted(&more, LOG_DEBUG));
    ck_assert(!log_is_wanted(&less, LOG_WARNING));
}
END_TEST

START_TEST(a_view_follows_the_log_to_another_file)
{
    struct log log = open_log(LOG_INFO, LOG_JSON);
    struct log view = log_view(&log, LOG_INFO);
    char old[80];

    (void)snprintf(old, sizeof(old), "%s.1", path);
    ck_assert_int_eq(rename_to(old), 0);
    ck_assert_int_eq(log_reopen(&log), 0);
    LOG(&view, LOG_INFO, NULL, "new");
    log_close(&log);
    check_match(read_file(path), "\"msg\":\"new\"}\n$");
    ck_assert_uint_eq(count_lines(read_file(old)), 0);
}
END_TEST

START_TEST(a_message_is_written_whatever_its_level)
{
    struct log log = open_log(LOG_ERROR, LOG_JSON);
    struct log view = log_view(&log, LOG_ERROR);
    const struct log_field field = {.key = "k", .value = "v"};
    const struct log_message message = {
        .level = LOG_DEBUG,
        .subject = &whole,
        .text = "x\n",
        .fields = &field,
        .field_count = 1,
    };

    log_write_message(&log, &message);
    log_write_message(&view, &message);
    log_close(&log);
    check_match(
        read_file(path),
        "^\\{\"time\":\"[^\"]{24}\",\"level\":\"debug\",\"entry\":\"echo\","
        "\"connection\":17,\"peer\":\"127\\.0\\.0\\.1:4000\","
        "\"msg\":\"x\\\\n\",\"k\":\"v\"\\}\n");
    ck_assert_uint_eq(count_lines(content), 2);
}
END_TEST

/* Logs n lines within one second, however often that takes. */
static void burst(struct log *log, struct log_site *site, uint32_t n)
{
    uint64_t begun;

    do {
        *site = (struct log_site){.second = 0};
        ck_assert_int_eq(ftruncate(log->fd, 0), 0);
        log_write(log, site, LOG_INFO, NULL, "line");
        begun = site->second;
        for (uint32_t i = 1; i < n; i++) {
            log_write(log, site, LOG_INFO, NULL, "line");
        }
    } while (site->second != begun);
}

START_TEST(the_rate_of_a_site_is_limited)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    struct log_site site;

    burst(&log, &site, LOG_BURST);
    ck_assert_uint_eq(count_lines(read_file(path)), LOG_BURST);
    burst(&log, &site, LOG_BURST + 5);
    ck_assert_uint_eq(count_lines(read_file(path)), LOG_BURST);
    ck_assert_uint_eq(site.held_back, 5);
    log_close(&log);
}
END_TEST

START_TEST(what_was_held_back_is_told_once)
{
    static const enum log_format formats[] = {LOG_TEXT, LOG_LOGFMT, LOG_JSON};
    static const char *const told[] = {
        "line \\[5 more like it held back\\]\n",
        "msg=\"line\" held_back=5\n",
        "\"msg\":\"line\",\"held_back\":5\\}\n",
    };

    for (size_t i = 0; i < 3; i++) {
        struct log log = open_log(LOG_INFO, formats[i]);
        struct log_site site;

        burst(&log, &site, LOG_BURST + 5);
        ck_assert_ptr_null(strstr(read_file(path), "held"));
        site.second--;
        log_write(&log, &site, LOG_INFO, NULL, "line");
        check_match(read_file(path), told[i]);
        ck_assert_uint_eq(site.held_back, 0);
        ck_assert_int_eq(ftruncate(log.fd, 0), 0);
        log_write(&log, &site, LOG_INFO, NULL, "line");
        ck_assert_ptr_null(strstr(read_file(path), "held"));
        log_close(&log);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(sites_have_rates_of_their_own)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    struct log_site site;

    burst(&log, &site, LOG_BURST + 5);
    LOG(&log, LOG_INFO, NULL, "elsewhere");
    ck_assert_ptr_nonnull(strstr(read_file(path), "elsewhere"));
    log_close(&log);
}
END_TEST

/* Plugins use %m: it is glibc's, not ISO C's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
START_TEST(errno_is_told_and_kept)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    struct log nowhere = log;

    errno = ENOENT;
    log_write(&log, NULL, LOG_INFO, NULL, "%m");
    ck_assert_int_eq(errno, ENOENT);
    nowhere.fd = -1;
    log_write(&nowhere, NULL, LOG_INFO, NULL, "x");
    ck_assert_int_eq(errno, ENOENT);
    log_close(&log);
    check_match(read_file(path), "info  No such file or directory\n$");
}
END_TEST
#pragma GCC diagnostic pop

START_TEST(a_file_is_appended_to_and_private)
{
    struct log log = open_log(LOG_INFO, LOG_AUTO);
    struct stat status;

    ck_assert_int_eq(log.format, LOG_LOGFMT);
    ck_assert(!log.has_colour);
    log_write(&log, NULL, LOG_INFO, NULL, "one");
    log_close(&log);
    log = open_log(LOG_INFO, LOG_TEXT);
    log_write(&log, NULL, LOG_INFO, NULL, "two");
    log_close(&log);
    check_match(read_file(path), "msg=\"one\"\n.*info  two\n$");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07, 0);
}
END_TEST

START_TEST(reopening_follows_a_rotation)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    char old[80];

    (void)snprintf(old, sizeof(old), "%s.1", path);
    log_write(&log, NULL, LOG_INFO, NULL, "one");
    ck_assert_int_eq(rename_to(old), 0);
    log_write(&log, NULL, LOG_INFO, NULL, "two");
    ck_assert_int_eq(log_reopen(&log), 0);
    log_write(&log, NULL, LOG_INFO, NULL, "three");
    log_close(&log);
    check_match(read_file(old), "one\n.*two\n$");
    check_match(read_file(path), TEXT_TIME "info  three\n$");
}
END_TEST

START_TEST(the_old_file_stays_if_it_cannot_be_reopened)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    char old[80];

    (void)snprintf(old, sizeof(old), "%s.1", path);
    ck_assert_int_eq(rename_to(old), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(log_reopen(&log), -EISDIR);
    log_write(&log, NULL, LOG_INFO, NULL, "still");
    log_close(&log);
    check_match(read_file(old), "info  still\n$");
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_successor_shares_the_file)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    struct log next;
    char old[80];

    (void)snprintf(old, sizeof(old), "%s.1", path);
    ck_assert_int_eq(rename_to(old), 0);
    ck_assert_int_eq(log_succeed(&next, &log, path, LOG_DEBUG, LOG_LOGFMT), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    log_close(&log);
    log_write(&next, NULL, LOG_DEBUG, NULL, "next");
    check_match(read_file(old), LOGFMT_TIME "level=debug msg=\"next\"\n$");
    ck_assert_int_eq(log_reopen(&next), 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    log_close(&next);
}
END_TEST

START_TEST(a_successor_may_have_another_file)
{
    struct log log = {.fd = STDERR_FILENO};
    struct log next;

    ck_assert_int_eq(log_succeed(&next, &log, path, LOG_INFO, LOG_TEXT), 0);
    ck_assert_int_eq(log_succeed(&log, &next, NULL, LOG_INFO, LOG_TEXT), 0);
    ck_assert_int_eq(log.fd, STDERR_FILENO);
    ck_assert_int_eq(
        log_succeed(&log, &next, "/nosuch/log", LOG_INFO, LOG_TEXT), -ENOENT);
    log_write(&next, NULL, LOG_INFO, NULL, "next");
    check_match(read_file(path), "next\n$");
    log_close(&next);
}
END_TEST

/* From a file to another one, and from stderr to a file; each time the other
   one stays the caller's. */
START_TEST(a_log_can_be_redirected)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    struct log err;
    char other[80];
    int fd;

    (void)snprintf(other, sizeof(other), "%s.1", path);
    fd = open(other, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(log_open(&err, NULL, LOG_INFO, LOG_TEXT), 0);
    log_redirect(&log, -1);
    log_write(&log, NULL, LOG_INFO, NULL, "one");
    log_redirect(&log, fd);
    log_redirect(&err, fd);
    ck_assert_int_eq(close(fd), 0);
    log_write(&log, NULL, LOG_INFO, NULL, "two");
    log_write(&err, NULL, LOG_INFO, NULL, "three");
    ck_assert_int_ne(err.fd, STDERR_FILENO);
    ck_assert_int_eq(fcntl(err.fd, F_GETFD), FD_CLOEXEC);
    log_close(&log);
    log_close(&err);
    check_match(read_file(path), TEXT_TIME "info  one\n$");
    check_match(read_file(other), TEXT_TIME "info  two\n.*info  three\n$");
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_told)
{
    struct log log = {.fd = 77};

    ck_assert_int_eq(log_open(&log, folder, LOG_INFO, LOG_TEXT), -EISDIR);
    ck_assert_int_eq(log_open(&log, "/nosuch/log", LOG_INFO, LOG_TEXT),
                     -ENOENT);
    ck_assert_int_eq(log.fd, 77);
}
END_TEST

START_TEST(a_fifo_without_a_reader_is_told)
{
    struct log log = {.fd = 77};

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(log_open(&log, path, LOG_INFO, LOG_TEXT), -ENXIO);
    ck_assert_str_eq(log_explain(-ENXIO),
                     "it is a FIFO that nobody reads, or a socket");
    ck_assert_str_eq(log_explain(-EISDIR), strerror(EISDIR));
    ck_assert_int_eq(log.fd, 77);
}
END_TEST

/* Nobody reads, so that it is full; returns how many were written by then. */
static uint32_t fill(struct log *log)
{
    uint32_t count = 0;

    while (log->lost == 0) {
        log_write(log, NULL, LOG_INFO, NULL, "%s", "line");
        ck_assert_uint_lt(++count, 10000);
    }
    return count - 1;
}

/* What is in the FIFO now. */
static size_t drain(int fd, char *text, size_t size)
{
    ssize_t count = read(fd, text, size - 1);

    ck_assert_int_gt(count, 0);
    text[count] = '\0';
    return (size_t)count;
}

START_TEST(what_a_full_fifo_does_not_take_is_counted_and_told)
{
    static char text[65536];
    struct log log;
    uint32_t written;
    int reader;

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    ck_assert_int_ge(fcntl(reader, F_SETPIPE_SZ, 4096), 0);
    log = open_log(LOG_INFO, LOG_TEXT);
    written = fill(&log);
    ck_assert_uint_gt(written, 10);
    log_write(&log, NULL, LOG_INFO, NULL, "lost, too");
    ck_assert_uint_eq(log.lost, 2);
    (void)drain(reader, text, sizeof(text));
    check_match(text, "^(" TEXT_TIME "info  line\n)+$");
    log_write(&log, NULL, LOG_INFO, NULL, "again");
    ck_assert_uint_eq(log.lost, 0);
    (void)drain(reader, text, sizeof(text));
    check_match(
        text, "^" TEXT_TIME "warn  2 lines of this log could not be written: "
              "Resource temporarily unavailable\n" TEXT_TIME "info  again\n$");
    log_close(&log);
    ck_assert_int_eq(close(reader), 0);
}
END_TEST

/* Puts the terminal at the place of stderr; returns its other end. */
static int take_terminal(void)
{
    int ours;
    int theirs;

    ck_assert_int_eq(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
    ck_assert_int_eq(dup2(theirs, STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(close(theirs), 0);
    return ours;
}

static bool shows_colour(const char *no_color, const char *term)
{
    int ours = take_terminal();
    struct log log;
    ssize_t count;

    (void)unsetenv("NO_COLOR");
    (void)unsetenv("TERM");
    if (no_color != NULL) {
        (void)setenv("NO_COLOR", no_color, 1);
    }
    if (term != NULL) {
        (void)setenv("TERM", term, 1);
    }
    ck_assert_int_eq(log_open(&log, NULL, LOG_INFO, LOG_AUTO), 0);
    ck_assert_int_eq(log.format, LOG_TEXT);
    ck_assert_int_eq(log_reopen(&log), 0);
    log_write(&log, NULL, LOG_ERROR, NULL, "x");
    count = read(ours, content, sizeof(content) - 1);
    ck_assert_int_gt(count, 0);
    content[count] = '\0';
    log_close(&log);
    ck_assert_int_eq(close(ours), 0);
    return strchr(content, '\033') != NULL;
}

START_TEST(only_a_terminal_that_wants_it_gets_colour)
{
    ck_assert(shows_colour(NULL, "xterm"));
    ck_assert(shows_colour("", "xterm"));
    ck_assert(!shows_colour("1", "xterm"));
    ck_assert(!shows_colour(NULL, "dumb"));
    ck_assert(!shows_colour(NULL, NULL));
}
END_TEST

/* A second file, which the caller closes. */
static int open_other(char name[80])
{
    int fd;

    (void)snprintf(name, 80, "%s.1", path);
    fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(a_redirected_log_writes_to_the_other_file)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    struct log view = log_view(&log, LOG_DEBUG);
    char other[80];
    int fd = open_other(other);
    const int before = log.fd;

    log_write(&log, NULL, LOG_INFO, NULL, "one");
    log_redirect(&log, fd);
    ck_assert_int_eq(log.fd, before);
    ck_assert_int_ne(fcntl(log.fd, F_GETFD) & FD_CLOEXEC, 0);
    log_write(&log, NULL, LOG_INFO, NULL, "two");
    log_write(&view, NULL, LOG_DEBUG, NULL, "three");
    /* It stays the caller's. */
    ck_assert_int_eq(write(fd, "four\n", 5), 5);
    ck_assert_int_eq(close(fd), 0);
    log_write(&log, NULL, LOG_INFO, NULL, "five");
    check_match(read_file(path), TEXT_TIME "info  one\n$");
    check_match(read_file(other), "info  two\n.*debug three\nfour\n.*five\n$");
    log_close(&log);
}
END_TEST

START_TEST(a_redirected_log_can_be_reopened)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);
    char other[80];
    int fd = open_other(other);

    log_redirect(&log, fd);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(log_reopen(&log), 0);
    log_write(&log, NULL, LOG_INFO, NULL, "here");
    log_close(&log);
    check_match(read_file(path), TEXT_TIME "info  here\n$");
    ck_assert_str_eq(read_file(other), "");
}
END_TEST

START_TEST(without_a_file_nothing_is_redirected)
{
    struct log log = open_log(LOG_INFO, LOG_TEXT);

    log_redirect(&log, -1);
    log_write(&log, NULL, LOG_INFO, NULL, "here");
    log_close(&log);
    check_match(read_file(path), TEXT_TIME "info  here\n$");
}
END_TEST

UNIT_MAIN_WITH("log",
               make_folder,
               remove_folder,
               text_has_time_level_subject_message,
               levels_are_padded,
               parts_of_the_subject_may_be_missing,
               logfmt_names_every_part,
               logfmt_quotes_values_that_need_it,
               no_peer_can_forge_a_line,
               a_newline_at_the_end_is_dropped,
               long_lines_are_cut_and_say_so,
               no_character_is_cut_in_two,
               levels_below_are_not_written,
               a_view_has_a_level_of_its_own,
               a_view_follows_the_log_to_another_file,
               a_message_is_written_whatever_its_level,
               the_rate_of_a_site_is_limited,
               what_was_held_back_is_told_once,
               sites_have_rates_of_their_own,
               errno_is_told_and_kept,
               a_file_is_appended_to_and_private,
               reopening_follows_a_rotation,
               the_old_file_stays_if_it_cannot_be_reopened,
               a_successor_shares_the_file,
               a_successor_may_have_another_file,
               a_log_can_be_redirected,
               a_file_that_cannot_be_opened_is_told,
               a_fifo_without_a_reader_is_told,
               what_a_full_fifo_does_not_take_is_counted_and_told,
               only_a_terminal_that_wants_it_gets_colour,
               a_redirected_log_writes_to_the_other_file,
               a_redirected_log_can_be_reopened,
               without_a_file_nothing_is_redirected)
