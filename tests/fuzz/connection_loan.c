/* SPDX-License-Identifier: MIT */
#include "connection_loan.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

struct loan *loan_new(struct model *model, size_t size)
{
    struct loan *loan = malloc(sizeof(*loan) + size);

    FUZZ_REQUIRE(loan != NULL, "no memory");
    loan->model = model;
    loan->fd = -1;
    loan->size = size;
    model->loans++;
    return loan;
}

void loan_write_file(struct loan *loan)
{
    static const char start[LOAN_FILE_START] = "not sent";

    loan->fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(write(loan->fd, start, sizeof(start)) == sizeof(start) &&
                     write(loan->fd, loan->bytes, loan->size) ==
                         (ssize_t)loan->size,
                 "no file in memory");
}

void loan_free(struct loan *loan)
{
    loan->model->loans--;
    if (loan->fd >= 0) {
        (void)close(loan->fd);
    }
    free(loan);
}

void loan_release(void *arg)
{
    struct loan *loan = arg;

    FUZZ_REQUIRE(!loan->model->is_in_callback,
                 "a release from within a callback");
    loan_free(loan);
}
