/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where clang keeps the counters of -fsanitize-coverage=inline-8bit-counters. */
#define COUNTERS "__sancov_cntrs"
#define CONSTANTS ".rodata"

typedef ElfW(Ehdr) header;
typedef ElfW(Shdr) section;

struct file {
    const char *bytes;
    size_t size;
};

static bool lies_within(const struct file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

/* The table of sections; NULL: there is none that can be read. */
static const section *find_table(const struct file *file, size_t *count)
{
    const header *head = (const void *)file->bytes;

    if (!lies_within(file, 0, sizeof(*head)) ||
        memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_shentsize != sizeof(section) ||
        head->e_shoff % _Alignof(section) != 0 ||
        head->e_shstrndx >= head->e_shnum ||
        !lies_within(file, head->e_shoff,
                     (uint64_t)head->e_shnum * sizeof(section))) {
        return NULL;
    }
    *count = head->e_shnum;
    return (const void *)(file->bytes + head->e_shoff);
}

static const section *find_section(const struct file *file, const char *name)
{
    const header *head = (const void *)file->bytes;
    size_t count;
    const section *table = find_table(file, &count);
    const section *names = table == NULL ? NULL : &table[head->e_shstrndx];

    if (names == NULL || !lies_within(file, names->sh_offset, names->sh_size)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t at = table[i].sh_name;

        if (at < names->sh_size && strncmp(file->bytes + names->sh_offset + at,
                                           name, names->sh_size - at) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static int copy_words(struct image *image, const struct file *file)
{
    const section *constants = find_section(file, CONSTANTS);
    size_t size;

    if (constants == NULL ||
        !lies_within(file, constants->sh_offset, constants->sh_size)) {
        return 0;
    }
    size = (size_t)constants->sh_size;
    image->words = malloc(size + 1);
    if (image->words == NULL) {
        return -ENOMEM;
    }
    memcpy(image->words, file->bytes + constants->sh_offset, size);
    image->words[size] = '\0';
    image->words_size = size + 1;
    return 0;
}

static int
look_into(struct image *image, const struct file *file, const char *base)
{
    const section *counters = find_section(file, COUNTERS);

    if (counters != NULL) {
        image->counters = (const uint8_t *)base + counters->sh_addr;
        image->edges = (size_t)counters->sh_size;
    }
    return copy_words(image, file);
}

int image_read(struct image *image, const void *function)
{
    struct file file = {.size = 0};
    struct stat status;
    Dl_info info;
    void *bytes;
    int fd;
    int error;

    *image = (struct image){.edges = 0};
    fd = dladdr(function, &info) == 0
             ? -1
             : open(info.dli_fname, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    file.size = fstat(fd, &status) < 0 ? 0 : (size_t)status.st_size;
    bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (bytes == MAP_FAILED) {
        return 0;
    }
    file.bytes = bytes;
    error = look_into(image, &file, info.dli_fbase);
    (void)munmap(bytes, file.size);
    return error;
}

void image_fini(struct image *image)
{
    free(image->words);
}
