/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A descriptor that nothing else takes, so that the path stays the same. */
#define FILE_NUMBER 100
#define FILE_PATH "/proc/self/fd/100"

void fuzz_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    (void)dprintf(STDERR_FILENO, "%s:%d: ", file, line);
    va_start(args, format);
    (void)vdprintf(STDERR_FILENO, format, args);
    va_end(args);
    (void)dprintf(STDERR_FILENO, "\n");
    abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    FUZZ_REQUIRE(text != NULL, "no memory");
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

static void make_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    FUZZ_REQUIRE(fd >= 0 && dup3(fd, FILE_NUMBER, O_CLOEXEC) == FILE_NUMBER,
                 "no file in memory: %s", strerror(errno));
    (void)close(fd);
}

void fuzz_file(const uint8_t *data, size_t size)
{
    if (fcntl(FILE_NUMBER, F_GETFD) < 0) {
        make_file();
    }
    FUZZ_REQUIRE(ftruncate(FILE_NUMBER, 0) == 0 &&
                     pwrite(FILE_NUMBER, data, size, 0) == (ssize_t)size,
                 "the file in memory cannot be written: %s", strerror(errno));
}

const char *fuzz_path(void)
{
    return FILE_PATH;
}

void fuzz_silence(void)
{
    static FILE *nowhere;

    if (nowhere == NULL) {
        nowhere = fopen("/dev/null", "we");
        FUZZ_REQUIRE(nowhere != NULL, "/dev/null: %s", strerror(errno));
        stderr = nowhere;
    }
}
