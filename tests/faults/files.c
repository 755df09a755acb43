/* SPDX-License-Identifier: MIT */
/* Calls about files and descriptors of any kind. */
#include "shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has_mode(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if (has_mode(flags)) {
        mode = va_arg(args, mode_t);
    }
    va_end(args);
    return plan_fails(CALL_open) ? -1 : REAL(open)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if (has_mode(flags)) {
        mode = va_arg(args, mode_t);
    }
    va_end(args);
    return plan_fails(CALL_openat) ? -1
                                   : REAL(openat)(folder, path, flags, mode);
}

/* close(2): the descriptor is gone whatever is said. */
int close(int fd)
{
    bool fails = plan_fails(CALL_close);
    int number = errno;
    int result = REAL(close)(fd);

    if (fails) {
        errno = number;
        return -1;
    }
    return result;
}

/* signalfd(2), eventfd(2), timerfd_create(2): they give whole records, and
   fstat(2) knows no type of file for them. */
static bool gives_records(int fd)
{
    struct stat status;

    return REAL(fstat)(fd, &status) == 0 && (status.st_mode & S_IFMT) == 0;
}

ssize_t read(int fd, void *buffer, size_t size)
{
    bool fails = gives_records(fd) ? plan_fails(CALL_read)
                                   : plan_fails_or_cuts(CALL_read, &size);

    return fails ? -1 : REAL(read)(fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
    return plan_fails_or_cuts(CALL_pread, &size)
               ? -1
               : REAL(pread)(fd, buffer, size, offset);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
    plan_note(buffer, size);
    return plan_fails_or_cuts(CALL_write, &size)
               ? -1
               : REAL(write)(fd, buffer, size);
}

/* Whatever the argument is, it travels like a pointer. Flags are always told
   of a descriptor that is open. */
int fcntl(int fd, int command, ...)
{
    bool can_fail = command != F_GETFD && command != F_GETFL;
    va_list args;
    void *arg;

    va_start(args, command);
    arg = va_arg(args, void *);
    va_end(args);
    return can_fail && plan_fails(CALL_fcntl) ? -1
                                              : REAL(fcntl)(fd, command, arg);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    void *arg;

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);
    return plan_fails(CALL_ioctl) ? -1 : REAL(ioctl)(fd, request, arg);
}

int stat(const char *path, struct stat *status)
{
    return plan_fails(CALL_stat) ? -1 : REAL(stat)(path, status);
}

int lstat(const char *path, struct stat *status)
{
    return plan_fails(CALL_lstat) ? -1 : REAL(lstat)(path, status);
}

int fstat(int fd, struct stat *status)
{
    return plan_fails(CALL_fstat) ? -1 : REAL(fstat)(fd, status);
}

int unlink(const char *path)
{
    return plan_fails(CALL_unlink) ? -1 : REAL(unlink)(path);
}

ssize_t readlink(const char *path, char *text, size_t size)
{
    return plan_fails(CALL_readlink) ? -1 : REAL(readlink)(path, text, size);
}

int memfd_create(const char *name, unsigned flags)
{
    return plan_fails(CALL_memfd_create) ? -1 : REAL(memfd_create)(name, flags);
}

int pipe2(int fds[2], int flags)
{
    return plan_fails(CALL_pipe2) ? -1 : REAL(pipe2)(fds, flags);
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    return plan_fails(CALL_getrandom) ? -1
                                      : REAL(getrandom)(buffer, size, flags);
}

/* Of those that have no function in libc it is openat2(2) that counts.
   Whatever the arguments are, they travel like longs. */
long syscall(long number, ...)
{
    long arguments[6];
    va_list args;

    va_start(args, number);
    for (int i = 0; i < 6; i++) {
        arguments[i] = va_arg(args, long);
    }
    va_end(args);
    if (number == SYS_openat2 && plan_fails(CALL_syscall)) {
        return -1;
    }
    return REAL(syscall)(number, arguments[0], arguments[1], arguments[2],
                         arguments[3], arguments[4], arguments[5]);
}

/* ------------------------------------------ of libc, and allocating in it */

char *realpath(const char *path, char *resolved)
{
    char *result;

    if (plan_fails(CALL_realpath)) {
        return NULL;
    }
    memory_charge(__builtin_return_address(0));
    result = REAL(realpath)(path, resolved);
    memory_charge(NULL);
    return result;
}

int glob(const char *pattern,
         int flags,
         int (*tell)(const char *path, int error),
         glob_t *found)
{
    int result;

    if (plan_fails(CALL_glob)) {
        return errno == ENOMEM ? GLOB_NOSPACE : GLOB_ABORTED;
    }
    memory_charge(__builtin_return_address(0));
    result = REAL(glob)(pattern, flags, tell, found);
    memory_charge(NULL);
    return result;
}

DIR *opendir(const char *path)
{
    DIR *result;

    if (plan_fails(CALL_opendir)) {
        return NULL;
    }
    memory_charge(__builtin_return_address(0));
    result = REAL(opendir)(path);
    memory_charge(NULL);
    return result;
}

struct dirent *readdir(DIR *folder)
{
    return plan_fails(CALL_readdir) ? NULL : REAL(readdir)(folder);
}

/* One that fails says so by dlerror(), which must have something to say. */
void *dlopen(const char *path, int flags)
{
    return REAL(dlopen)(plan_fails(CALL_dlopen) ? "/dev/null/none" : path,
                        flags);
}

/* ----------------------------------------------------------------- mappings */

void *
mmap(void *address, size_t size, int protection, int flags, int fd, off_t at)
{
    void *mapped;

    if (plan_fails(CALL_mmap)) {
        return MAP_FAILED;
    }
    mapped = REAL(mmap)(address, size, protection, flags, fd, at);
    if (mapped != MAP_FAILED) {
        memory_map((ptrdiff_t)size);
    }
    return mapped;
}

/* Never made to fail: it does so only where a process has 65,530 mappings. */
int munmap(void *address, size_t size)
{
    memory_map(-(ptrdiff_t)size);
    return REAL(munmap)(address, size);
}
