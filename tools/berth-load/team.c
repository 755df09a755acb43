/* SPDX-License-Identifier: MIT */
#include "team.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amount.h"
#include "board.h"
#include "load.h"
#include "moment.h"

/* From the last process's readiness to the first message. */
#define START_NS (2 * MOMENT_MS)
#define PROGRESS_NS MOMENT_SECOND
/* A process that does not end by itself is killed so long after its time. */
#define PATIENCE_NS (10 * MOMENT_SECOND)

struct team {
    const struct options *options;
    const struct pattern *pattern;
    struct reply_model *model;
    struct team_facts *facts;
    struct board *board;
    size_t board_size;
    pid_t *pids; /* of board->count; 0: it has ended, or never was */
    size_t alive;
    uint64_t opened;      /* processes that have their connections */
    uint64_t due_ns;      /* when all must have ended; 0: not known yet */
    uint64_t progress_ns; /* when it is told next */
    uint64_t told;        /* messages */
    int error;            /* the first -errno */
    int opened_fd, start_fd, signal_fd;
    bool is_drawn; /* a line of progress is on the screen */
};

static int tell(const char *what, int error)
{
    (void)fprintf(stderr, "berth-load: %s: %s\n", what, strerror(-error));
    return error;
}

/* ---------------------------------------------------------------- processes */

static int run_member(const struct team *team, size_t number)
{
    const struct load_parts parts = {
        .options = team->options,
        .pattern = team->pattern,
        .model = team->model,
        .board = team->board,
        .number = number,
        .opened_fd = team->opened_fd,
        .start_fd = team->start_fd,
    };
    int error;

    /* Else a wait is up to 50 us too long. */
    (void)prctl(PR_SET_TIMERSLACK, 1);
    error = load_run(&parts);
    return error < 0 ? -tell("a process cannot work", error) : 0;
}

static int start_members(struct team *team)
{
    const pid_t parent = getpid();

    (void)fflush(NULL);
    for (size_t i = 0; i < team->board->count; i++) {
        const pid_t pid = fork();

        if (pid < 0) {
            return tell("fork", -errno);
        }
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            exit(getppid() == parent ? run_member(team, i) : EXIT_FAILURE);
        }
        team->pids[i] = pid;
        team->alive++;
    }
    return 0;
}

static void kill_members(const struct team *team)
{
    for (size_t i = 0; i < team->board->count; i++) {
        if (team->pids[i] > 0) {
            (void)kill(team->pids[i], SIGKILL);
        }
    }
}

static void note_end(struct team *team, pid_t pid, int status)
{
    for (size_t i = 0; i < team->board->count; i++) {
        if (team->pids[i] == pid) {
            team->pids[i] = 0;
            team->alive--;
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return;
    }
    if (team->error == 0) {
        team->error = -ECHILD;
        if (WIFSIGNALED(status)) {
            (void)fprintf(stderr, "berth-load: a process was ended by %s\n",
                          strsignal(WTERMSIG(status)));
        }
        kill_members(team);
    }
}

static void collect(struct team *team, int options)
{
    int status;
    pid_t pid;

    while (team->alive > 0 && (pid = waitpid(-1, &status, options)) > 0) {
        note_end(team, pid, status);
    }
}

/* ----------------------------------------------------------------- progress */

static void draw_progress(struct team *team, uint64_t now_ns)
{
    char open[AMOUNT_TEXT_MAX], rate[AMOUNT_TEXT_MAX];
    uint64_t connections = 0, messages = 0, faults = 0;
    const uint64_t start_ns = atomic_load(&team->board->start_ns);
    const uint64_t seconds = start_ns == 0 || now_ns < start_ns
                                 ? 0
                                 : (now_ns - start_ns) / MOMENT_SECOND;

    for (size_t i = 0; i < team->board->count; i++) {
        const struct board_seat *seat = &team->board->seats[i];

        connections += atomic_load(&seat->open);
        messages += atomic_load(&seat->messages);
        faults += atomic_load(&seat->faults);
    }
    amount_print_count(open, connections);
    amount_print_count(rate, messages - team->told);
    team->told = messages;
    (void)fprintf(
        stderr, "\r\033[K%llu s  %s connections  %s messages/s  %llu faults",
        (unsigned long long)seconds, open, rate, (unsigned long long)faults);
    team->is_drawn = true;
}

static void show_progress(struct team *team, uint64_t now_ns)
{
    if (now_ns < team->progress_ns) {
        return;
    }
    team->progress_ns = now_ns + PROGRESS_NS;
    if (!team->options->is_quiet && isatty(STDERR_FILENO) != 0) {
        draw_progress(team, now_ns);
    }
}

static void clear_progress(const struct team *team)
{
    if (team->is_drawn) {
        (void)fputs("\r\033[K", stderr);
    }
}

/* ---------------------------------------------------------------- the whole */

static void start_talking(struct team *team)
{
    const struct options *options = team->options;
    const uint64_t start_ns = moment_now() + START_NS;

    team->due_ns =
        start_ns + PATIENCE_NS +
        ((options->warmup_ms + options->time_ms + (2 * options->timeout_ms)) *
         MOMENT_MS);
    atomic_store(&team->board->start_ns, start_ns);
    (void)eventfd_write(team->start_fd, 1);
    if (options->announces) {
        (void)fputs("berth-load: all connections are open\n", stderr);
    }
}

static void take_opened(struct team *team)
{
    eventfd_t count;

    if (eventfd_read(team->opened_fd, &count) < 0) {
        return;
    }
    team->opened += count;
    if (team->opened == team->board->count) {
        start_talking(team);
    }
}

static void take_signals(struct team *team)
{
    struct signalfd_siginfo info;

    while (read(team->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            continue; /* several may be one */
        }
        if (team->facts->is_interrupted) {
            kill_members(team); /* the second time */
        }
        team->facts->is_interrupted = true;
        atomic_store(&team->board->is_over, true);
    }
    collect(team, WNOHANG);
}

static void look_after(struct team *team)
{
    struct pollfd ready[] = {
        {.fd = team->opened_fd, .events = POLLIN},
        {.fd = team->signal_fd, .events = POLLIN},
    };

    while (team->alive > 0) {
        const uint64_t now_ns = moment_now();

        show_progress(team, now_ns);
        if (team->due_ns != 0 && now_ns > team->due_ns) {
            kill_members(team);
        }
        (void)poll(ready, 2, (int)(PROGRESS_NS / MOMENT_MS));
        take_opened(team);
        take_signals(team);
    }
    clear_progress(team);
}

static void add_up(const struct team *team, struct result *result)
{
    for (size_t i = 0; i < team->board->count; i++) {
        result_merge(result, &team->board->seats[i].result);
    }
    team->facts->cpu_ns = team->board->cpu_ns;
    team->facts->has_cpu = team->board->has_cpu;
}

static int open_descriptors(struct team *team)
{
    sigset_t signals;

    team->opened_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    team->start_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (team->opened_fd < 0 || team->start_fd < 0) {
        return tell("eventfd", -errno);
    }
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    team->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return team->signal_fd < 0 ? tell("signalfd", -errno) : 0;
}

static int allocate(struct team *team)
{
    const size_t count = team->options->workers;
    void *board;

    team->board_size =
        sizeof(struct board) + (count * sizeof(struct board_seat));
    board = mmap(NULL, team->board_size, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        return tell("mmap", -errno);
    }
    team->board = board;
    team->board->count = count;
    team->pids = calloc(count, sizeof(team->pids[0]));
    return team->pids == NULL ? tell("memory", -ENOMEM) : 0;
}

static void close_descriptor(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void free_all(struct team *team)
{
    close_descriptor(team->opened_fd);
    close_descriptor(team->start_fd);
    close_descriptor(team->signal_fd);
    free(team->pids);
    if (team->board != NULL) {
        (void)munmap(team->board, team->board_size);
    }
}

int team_run(const struct options *options,
             const struct pattern *pattern,
             struct reply_model *model,
             struct result *result,
             struct team_facts *facts)
{
    struct team team = {
        .options = options,
        .pattern = pattern,
        .model = model,
        .facts = facts,
        .opened_fd = -1,
        .start_fd = -1,
        .signal_fd = -1,
    };
    int error = allocate(&team);

    if (error == 0) {
        error = open_descriptors(&team);
    }
    if (error == 0) {
        error = start_members(&team);
        if (error < 0) {
            kill_members(&team);
        }
        look_after(&team);
        add_up(&team, result);
    }
    free_all(&team);
    return error < 0 ? error : team.error;
}
