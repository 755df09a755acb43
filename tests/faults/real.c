/* SPDX-License-Identifier: MIT */
/* What is below the shim, and where it begins and ends. */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Higher ones are not looked at. */
#define DESCRIPTORS 1024

typedef int main_fn(int argc, char **argv, char **environment);
typedef int start_fn(main_fn *program,
                     int argc,
                     char **argv,
                     void (*init)(void),
                     void (*fini)(void),
                     void (*loader_fini)(void),
                     void *stack_end);

static main_fn *program_main;
static any_function *reals[CALL_COUNT];
static bool was_open[DESCRIPTORS];

static any_function *find_next(const char *name)
{
    any_function *found = NULL;
    void *address = dlsym(RTLD_NEXT, name);

    if (address == NULL) {
        abort();
    }
    /* dlsym(3): a pointer to data is one to a function, too, by POSIX. */
    memcpy(&found, &address, sizeof(found));
    return found;
}

any_function *real_find(enum call call)
{
    if (reals[call] == NULL) {
        reals[call] = find_next(plan_name(call));
    }
    return reals[call];
}

/* Before main, so that dlsym() allocates nothing while calls are counted.
   Allocations do not come here: memory.c says why. */
static void find_all(void)
{
    for (enum call call = CALL_mmap; call < CALL_COUNT; call++) {
        (void)real_find(call);
    }
}

/* Asks for nothing: what is not open says so. One call, as there are many runs.
   Not more than RLIMIT_NOFILE may be asked for. */
static void ask_descriptors(struct pollfd asked[DESCRIPTORS])
{
    struct rlimit limit;
    nfds_t count = DESCRIPTORS;

    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        asked[fd] = (struct pollfd){.fd = fd, .revents = POLLNVAL};
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count) {
        count = (nfds_t)limit.rlim_cur;
    }
    while (poll(asked, count, 0) < 0 && errno == EINTR) {
    }
}

static void note_descriptors(void)
{
    struct pollfd asked[DESCRIPTORS];

    ask_descriptors(asked);
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        was_open[fd] = (asked[fd].revents & POLLNVAL) == 0;
    }
}

static void report_descriptors(int report)
{
    struct pollfd asked[DESCRIPTORS];

    ask_descriptors(asked);
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        const bool is_open = (asked[fd].revents & POLLNVAL) == 0;

        if (fd != report && !was_open[fd] && is_open) {
            (void)dprintf(report, "descriptor %d\n", fd);
        }
    }
}

static void report(void)
{
    const char *path = getenv("BERTH_FAULT_COUNT");
    int fd;

    if (path == NULL) {
        return;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        abort();
    }
    plan_report(fd);
    memory_report(fd);
    report_descriptors(fd);
    (void)close(fd);
}

/* Whatever main ends by, a signal excepted, it ends by returning. */
static int run_main(int argc, char **argv, char **environment)
{
    int status;

    find_all();
    note_descriptors();
    /* A child is another program, which is not what is looked at. */
    (void)pthread_atfork(NULL, NULL, plan_end);
    plan_begin();
    status = program_main(argc, argv, environment);
    plan_end();
    report();
    return status;
}

/* libc's entry into the program: its name and its parameters are not ours. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,
               readability-function-size) */
start_fn __libc_start_main;

int __libc_start_main(main_fn *program,
                      int argc,
                      char **argv,
                      void (*init)(void),
                      void (*fini)(void),
                      void (*loader_fini)(void),
                      void *stack_end)
{
    start_fn *start = (start_fn *)find_next("__libc_start_main");

    program_main = program;
    return start(run_main, argc, argv, init, fini, loader_fini, stack_end);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,
             readability-function-size) */
