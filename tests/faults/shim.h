/* SPDX-License-Identifier: MIT */
#ifndef FAULTS_SHIM_H
#define FAULTS_SHIM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The shim is a shared object that is preloaded into a program (ld.so(8),
 * LD_PRELOAD). It stands between the program and libc, counts calls, makes the
 * one fail that it is told to, and says at the end what was not given back.
 * tests/README.md has the variables that it is told by.
 *
 * What it keeps is global: nobody can pass it anything.
 */

/* Every call that can fail; allocations come first. memory stands for all of
   them, counted together. */
#define CALLS(X)                                                               \
    X(memory)                                                                  \
    X(malloc)                                                                  \
    X(calloc)                                                                  \
    X(realloc)                                                                 \
    X(reallocarray)                                                            \
    X(aligned_alloc)                                                           \
    X(posix_memalign)                                                          \
    X(mmap)                                                                    \
    X(munmap)                                                                  \
    X(accept4)                                                                 \
    X(bind)                                                                    \
    X(close)                                                                   \
    X(connect)                                                                 \
    X(dlopen)                                                                  \
    X(epoll_create1)                                                           \
    X(epoll_ctl)                                                               \
    X(epoll_wait)                                                              \
    X(eventfd)                                                                 \
    X(fcntl)                                                                   \
    X(fork)                                                                    \
    X(fstat)                                                                   \
    X(getpeername)                                                             \
    X(getrandom)                                                               \
    X(getsockname)                                                             \
    X(getsockopt)                                                              \
    X(glob)                                                                    \
    X(ioctl)                                                                   \
    X(listen)                                                                  \
    X(lstat)                                                                   \
    X(memfd_create)                                                            \
    X(open)                                                                    \
    X(openat)                                                                  \
    X(opendir)                                                                 \
    X(pipe2)                                                                   \
    X(pread)                                                                   \
    X(pthread_create)                                                          \
    X(read)                                                                    \
    X(readdir)                                                                 \
    X(readlink)                                                                \
    X(realpath)                                                                \
    X(recv)                                                                    \
    X(recvmsg)                                                                 \
    X(send)                                                                    \
    X(sendfile)                                                                \
    X(sendmsg)                                                                 \
    X(setsockopt)                                                              \
    X(shutdown)                                                                \
    X(signalfd)                                                                \
    X(socket)                                                                  \
    X(socketpair)                                                              \
    X(stat)                                                                    \
    X(syscall)                                                                 \
    X(timerfd_create)                                                          \
    X(timerfd_settime)                                                         \
    X(unlink)                                                                  \
    X(write)                                                                   \
    X(writev)

enum call {
#define CALL_NUMBER(name) CALL_##name,
    CALLS(CALL_NUMBER)
#undef CALL_NUMBER
    CALL_COUNT
};

/* ------------------------------------------------------- plan.c: what fails */

/* Its name in libc. */
const char *plan_name(enum call call);

/* Reads the environment. From here on calls count. */
void plan_begin(void);

/* From here on calls are neither counted nor made to fail. */
void plan_end(void);

bool plan_is_on(void);

/* Counts a call. True: it is to fail, and errno says with what. */
bool plan_fails(enum call call);

/* The same for a call that transfers bytes: if it is to be a short one, *size
   becomes smaller. */
bool plan_fails_or_cuts(enum call call, size_t *size);

/* The same for an allocation. */
bool plan_fails_memory(enum call call);

/* The calls so far are those of the start, if what is written says that it is
   over. */
void plan_note(const void *written, size_t size);

/* Writes lines to fd: how often each call came, and until the start was over,
   and which was made to fail. */
void plan_report(int fd);

/* ---------------------------------------------- memory.c: what is allocated */

/* Blocks that libc allocates on this thread belong to that caller, until NULL
   is given. */
void memory_charge(const void *caller);

/* Counts bytes that were mapped, or with less than 0: unmapped. */
void memory_map(ptrdiff_t bytes);

/* Writes a line for each block that the program, a plugin or a library other
   than libc allocated and did not free, and one for mappings. */
void memory_report(int fd);

/* ------------------------------------------------------- real.c: libc below */

typedef void any_function(void);

/* The function that the shim stands before. Never NULL. */
any_function *real_find(enum call call);

/* With the type that libc's header gives it. */
#define REAL(name) ((__typeof__(&(name)))real_find(CALL_##name))

#endif
