/* SPDX-License-Identifier: MIT */
#include "top.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "frame.h"
#include "screen.h"

#define NS_IN_MS UINT64_C(1000000)
/* A server that is alive answers at once. */
#define ANSWER_TIMEOUT_MS 5000
#define USUAL_NOTICE "q: quit"

struct top {
    const struct top_options *options;
    struct sample now;
    struct sample before;
    struct screen screen;
    struct pollfd fds[CLIENT_OTHERS_MAX]; /* signals, keys */
    nfds_t fd_count;
    bool is_over;
    int signal; /* that ended it; 0: none that is worth telling */
    char notice[256];
};

static uint64_t read_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000 * NS_IN_MS) + (uint64_t)now.tv_nsec;
}

/* ------------------------------------------------------------------ samples */

/* Its first line. */
static void note_text(struct top *top, const char *text)
{
    (void)snprintf(top->notice, sizeof(top->notice), "%.*s",
                   (int)strcspn(text, "\n"), text);
}

static int ask_for(struct top *top, const char *request, struct sheet *sheet)
{
    const struct client_patience patience = {
        .timeout_ms = ANSWER_TIMEOUT_MS,
        .others = top->fds,
        .count = top->fd_count,
    };
    struct client_answer answer;
    int error = client_ask(top->options->socket, request, &patience, &answer);

    if (error < 0) {
        return error;
    }
    if (answer.is_ok) {
        error = sheet_read(sheet, answer.text);
    } else {
        note_text(top, answer.text);
        error = -EREMOTEIO;
    }
    client_forget(&answer);
    return error;
}

/* The one that was taken last becomes the one before. */
static int take_sample(struct top *top)
{
    struct sample sample = {.at_ns = read_clock()};
    int error = ask_for(top, "tsv status", &sample.status);

    if (error == 0) {
        error = ask_for(top, "tsv entries", &sample.entries);
    }
    if (error == 0) {
        error = ask_for(top, "tsv workers", &sample.workers);
    }
    if (error < 0) {
        sample_free(&sample);
        return error;
    }
    sample_free(&top->before);
    top->before = top->now;
    top->now = sample;
    return 0;
}

static void free_samples(struct top *top)
{
    sample_free(&top->now);
    sample_free(&top->before);
}

/* --------------------------------------------------------------------- once */

static void print_plain(void *arg, const char *text, bool is_title)
{
    (void)is_title;
    (void)fprintf(arg, "%s\n", text);
}

static void pause_for(uint64_t ms)
{
    const struct timespec pause = {
        .tv_sec = (time_t)(ms / 1000),
        .tv_nsec = (long)(ms % 1000 * NS_IN_MS),
    };

    (void)nanosleep(&pause, NULL);
}

static int run_once(struct top *top)
{
    int error = take_sample(top);

    if (error == 0) {
        pause_for(top->options->interval_ms);
        error = take_sample(top);
    }
    if (error == 0) {
        const struct frame frame = {
            .now = &top->now,
            .before = &top->before,
            .width = SIZE_MAX,
            .height = SIZE_MAX,
            .put = print_plain,
            .arg = stdout,
        };

        frame_print(&frame);
    }
    free_samples(top);
    return error;
}

/* --------------------------------------------------------------------- live */

static void print_on_screen(void *arg, const char *text, bool is_title)
{
    screen_line(arg, text, is_title);
}

static void draw(struct top *top)
{
    const struct frame frame = {
        .now = &top->now,
        .before = &top->before,
        .notice = top->notice,
        .width = top->screen.width,
        .height = top->screen.height,
        .put = print_on_screen,
        .arg = &top->screen,
    };

    screen_begin(&top->screen);
    frame_print(&frame);
    screen_end(&top->screen);
}

/* The first line of the explanation. */
static void note_failure(struct top *top, int error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL) {
        return;
    }
    client_explain(stream, top->options->socket, error);
    if (fclose(stream) == 0) {
        note_text(top, text);
    }
    free(text);
}

/* Returns whether it is to be tried again at once. */
static bool renew(struct top *top)
{
    const int error = take_sample(top);

    if (error == 0) {
        note_text(top, USUAL_NOTICE);
    } else if (error != -EINTR && error != -EREMOTEIO) {
        note_failure(top, error);
    }
    return error == -EINTR;
}

/* Where the shell has the terminal until it continues us. */
static void stop_for_a_while(struct top *top)
{
    screen_hide(&top->screen);
    (void)kill(getpid(), SIGSTOP);
    screen_show(&top->screen);
}

static void take_signal(struct top *top)
{
    struct signalfd_siginfo info;

    if (read(top->fds[0].fd, &info, sizeof(info)) != sizeof(info)) {
        return;
    }
    switch (info.ssi_signo) {
    case SIGWINCH:
        screen_measure(&top->screen);
        break;
    case SIGTSTP:
        stop_for_a_while(top);
        break;
    case SIGCONT: /* after a SIGSTOP that nobody can see coming */
        screen_show(&top->screen);
        break;
    case SIGINT:
        top->is_over = true;
        break;
    default:
        top->is_over = true;
        top->signal = (int)info.ssi_signo;
        break;
    }
}

static void take_key(struct top *top)
{
    char key = 'q'; /* also where there will be none any more */

    if (read(STDIN_FILENO, &key, 1) < 0 && errno == EINTR) {
        return;
    }
    top->is_over = top->is_over || key == 'q' || key == 'Q';
}

/* Until something happened or the time has come. */
static void wait_until(struct top *top, uint64_t due_ns)
{
    const uint64_t now_ns = read_clock();
    const uint64_t ms =
        due_ns > now_ns ? (due_ns - now_ns + NS_IN_MS - 1) / NS_IN_MS : 0;

    if (poll(top->fds, top->fd_count, (int)(ms < INT_MAX ? ms : INT_MAX)) <=
        0) {
        return;
    }
    if (top->fds[0].revents != 0) {
        take_signal(top);
    }
    if (top->fd_count > 1 && top->fds[1].revents != 0) {
        take_key(top);
    }
}

static void show(struct top *top)
{
    const uint64_t interval_ns = top->options->interval_ms * NS_IN_MS;
    uint64_t due_ns = read_clock() + interval_ns;

    note_text(top, USUAL_NOTICE);
    while (!top->is_over) {
        draw(top);
        wait_until(top, due_ns);
        if (!top->is_over && read_clock() >= due_ns && !renew(top)) {
            due_ns = read_clock() + interval_ns;
        }
    }
}

/* From here on signals are read, so that none can end us unawares. */
static int open_signals(struct top *top, sigset_t *before)
{
    static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGTSTP, SIGCONT, SIGWINCH};
    sigset_t set;
    int fd;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)sigaddset(&set, numbers[i]);
    }
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    (void)sigprocmask(SIG_BLOCK, &set, before);
    top->fds[top->fd_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return 0;
}

static int run_live(struct top *top)
{
    sigset_t before;
    int error = take_sample(top); /* a failure is told on a terminal as it is */

    if (error == 0) {
        error = open_signals(top, &before);
    }
    if (error < 0) {
        free_samples(top);
        return error;
    }
    screen_show(&top->screen);
    if (top->screen.has_keys) {
        top->fds[top->fd_count++] =
            (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    }
    show(top);
    screen_hide(&top->screen);
    free_samples(top);
    (void)close(top->fds[0].fd);
    if (top->signal != 0) {
        (void)raise(top->signal); /* it waits until it is let in again */
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return 0;
}

int top_run(const struct top_options *options)
{
    struct top top = {.options = options};
    const bool is_live = !options->is_once && isatty(STDOUT_FILENO) == 1;
    const int error = is_live ? run_live(&top) : run_once(&top);

    if (error == -EREMOTEIO) {
        (void)fprintf(stderr, "%s\n", top.notice);
    }
    return error;
}
