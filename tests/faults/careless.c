/* SPDX-License-Identifier: MIT */
/*
 * What a careful program does not do, to show that it would be noticed: the
 * argument says what. Without one it is careful.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define BLOCK_SIZE 100
#define MAPPING_SIZE 4096
#define EXIT_SYSTEM 71
#define EXIT_UNKNOWN 3 /* none that is documented */

static const char *how; /* one of: careful null silent status block mapping
                           descriptor hang lost */

static bool is(const char *word)
{
    return strcmp(how, word) == 0;
}

static int fail(const char *what)
{
    if (!is("silent")) {
        (void)fprintf(stderr, "careless: %s: %s\n", what, strerror(errno));
    }
    return is("status") ? EXIT_UNKNOWN : EXIT_SYSTEM;
}

static int use_mapping(void)
{
    char *mapping = mmap(NULL, MAPPING_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *copy;

    if (mapping == MAP_FAILED) {
        return fail("mapping");
    }
    copy = strndup("copied", 4);
    if (copy != NULL || !is("mapping")) {
        (void)munmap(mapping, MAPPING_SIZE);
    }
    if (copy == NULL) {
        return fail("copy");
    }
    free(copy);
    return 0;
}

static int use_block(void)
{
    char *block = malloc(BLOCK_SIZE);
    int status;

    if (block == NULL && !is("null")) {
        return fail("block");
    }
    *(volatile char *)block = 'x';
    status = use_mapping();
    if (status == 0 || !is("block")) {
        free(block);
    }
    return status;
}

static void *ring(void *arg)
{
    const int *bell = arg;

    return eventfd_write(*bell, 1) < 0 ? arg : NULL;
}

static int use_thread(void)
{
    int bell = eventfd(0, EFD_CLOEXEC);
    pthread_t thread;
    void *failed = NULL;
    int error;

    if (bell < 0) {
        return fail("event");
    }
    error = pthread_create(&thread, NULL, ring, &bell);
    if (error != 0) {
        if (!is("descriptor")) {
            (void)close(bell);
        }
        errno = error;
        return fail("thread");
    }
    (void)pthread_join(thread, &failed);
    (void)close(bell);
    return failed == NULL ? 0 : fail("bell");
}

/* The first bytes of the program itself. */
static int send_bytes(int to, int from)
{
    off_t offset = 0;

    while (offset < BLOCK_SIZE) {
        ssize_t sent =
            sendfile(to, from, &offset, (size_t)(BLOCK_SIZE - offset));

        if (sent < 0 && errno == EINTR && is("hang")) {
            (void)pause();
        }
        if (sent < 0 && errno != EINTR && errno != EAGAIN) {
            return fail("sending");
        }
        if (is("lost")) {
            break;
        }
    }
    (void)printf("%d bytes\n", (int)offset);
    return 0;
}

static int use_files(void)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to;
    int status;

    if (from < 0) {
        return fail("file");
    }
    to = open("/dev/null", O_WRONLY | O_CLOEXEC);
    status = to < 0 ? fail("file") : send_bytes(to, from);
    (void)close(from);
    if (to >= 0) {
        (void)close(to);
    }
    return status;
}

int main(int argc, char **argv)
{
    int status;

    how = argc > 1 ? argv[1] : "careful";
    status = use_block();
    if (status == 0) {
        status = use_thread();
    }
    if (status == 0) {
        status = use_files();
    }
    return status;
}
