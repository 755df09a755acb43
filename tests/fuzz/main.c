/* SPDX-License-Identifier: MIT */
/*
 * The main() of a fuzz target without libFuzzer: runs each file that is named,
 * and each file of a folder that is named, once. A finding ends the process.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static void run_file(const char *path, const struct stat *status)
{
    size_t size = (size_t)status->st_size;
    uint8_t *data = malloc(size + 1);
    FILE *file = fopen(path, "re");

    FUZZ_REQUIRE(data != NULL && file != NULL, "%s: %s", path, strerror(errno));
    FUZZ_REQUIRE(fread(data, 1, size, file) == size, "%s: cannot be read",
                 path);
    (void)fclose(file);
    (void)printf("%s\n", path);
    (void)fflush(stdout); /* the last line tells which one it was */
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

/* Returns how many files there were. */
static int run_path(const char *path);

static int run_folder(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    int files = 0;

    FUZZ_REQUIRE(count >= 0, "%s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *inner = NULL;

        if (names[i]->d_name[0] != '.') {
            FUZZ_REQUIRE(asprintf(&inner, "%s/%s", path, names[i]->d_name) > 0,
                         "no memory");
            files += run_path(inner);
        }
        free(inner);
        free(names[i]);
    }
    free(names);
    return files;
}

static int run_path(const char *path)
{
    struct stat status;

    FUZZ_REQUIRE(stat(path, &status) == 0, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode)) {
        return run_folder(path);
    }
    run_file(path, &status);
    return 1;
}

int main(int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++) {
        files += run_path(argv[i]);
    }
    (void)printf("%d inputs\n", files);
    return files > 0 ? 0 : 64;
}
