/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD_HINT "build it with 'cc -shared -fPIC'"
#define AGAIN_HINT "is it still being written? Build or copy it again"

static int refuse(struct object_refusal *refusal,
                  int number,
                  const char *why,
                  const char *hint)
{
    (void)snprintf(refusal->why, sizeof(refusal->why), "%s", why);
    refusal->hint = hint;
    return number;
}

static int refuse_error(struct object_refusal *refusal, int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return refuse(refusal, -ENOENT, "there is no such file", NULL);
    case EACCES:
        return refuse(refusal, -EACCES, "it may not be read",
                      "chmod a+r the file, and a+x the folders above it");
    default:
        return refuse(refusal, -number, strerror(number), NULL);
    }
}

static int check_kind(mode_t mode, struct object_refusal *refusal)
{
    if (S_ISREG(mode)) {
        return 0;
    }
    if (S_ISDIR(mode)) {
        return refuse(refusal, -ENOEXEC, "it is a folder",
                      "name the file in it that ends in .so");
    }
    return refuse(refusal, -ENOEXEC, "it is not a regular file", NULL);
}

/* Files that are taken for plugins, by how they begin. */
static int blame_head(const char *head, size_t size, struct object_refusal *r)
{
    if (size == 0) {
        return refuse(r, -ENOEXEC, "the file is empty", AGAIN_HINT);
    }
    if (size >= 2 && memcmp(head, "#!", 2) == 0) {
        return refuse(r, -ENOEXEC, "it is a script, not a shared object",
                      "a plugin is compiled: " BUILD_HINT);
    }
    if (size >= 7 && memcmp(head, "!<arch>", 7) == 0) {
        return refuse(r, -ENOEXEC, "it is a static library",
                      "link it: 'cc -shared -Wl,--whole-archive'");
    }
    if (size >= 4 && memcmp(head, ELFMAG, SELFMAG) == 0) {
        return refuse(r, -ENOEXEC, "the file is cut short", AGAIN_HINT);
    }
    return refuse(r, -ENOEXEC, "it is not a shared object", BUILD_HINT);
}

/* Up to size bytes, fewer only at the end of the file; -errno. */
static ssize_t read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
    size_t used = 0;

    while (used < size) {
        ssize_t count = pread(fd, (char *)buffer + used, size - used,
                              (off_t)(offset + used));

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return -errno;
        }
        if (count == 0) {
            break;
        }
        used += (size_t)count;
    }
    return (ssize_t)used;
}

/* What this process is built for, as its own file says. */
static bool is_own_machine(const ElfW(Ehdr) * header)
{
    ElfW(Ehdr) own;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t count;

    if (fd < 0) {
        return true; /* no /proc: dlopen() will tell */
    }
    count = read_at(fd, &own, sizeof(own), 0);
    (void)close(fd);
    return count != (ssize_t)sizeof(own) ||
           (own.e_ident[EI_CLASS] == header->e_ident[EI_CLASS] &&
            own.e_ident[EI_DATA] == header->e_ident[EI_DATA] &&
            own.e_machine == header->e_machine);
}

static int check_type(const ElfW(Ehdr) * header, struct object_refusal *refusal)
{
    if (!is_own_machine(header)) {
        return refuse(refusal, -ENOEXEC,
                      "it is built for another kind of machine",
                      "build it on this machine, or for it");
    }
    switch (header->e_type) {
    case ET_DYN:
        return 0;
    case ET_REL:
        return refuse(refusal, -ENOEXEC, "it is compiled but not linked",
                      "link it with 'cc -shared'");
    default:
        return refuse(refusal, -ENOEXEC, "it is a program, not a shared object",
                      BUILD_HINT);
    }
}

static bool is_segment_complete(int fd, uint64_t offset, uint64_t file_size)
{
    ElfW(Phdr) segment;
    ssize_t count = read_at(fd, &segment, sizeof(segment), offset);

    if (count != (ssize_t)sizeof(segment)) {
        return false;
    }
    return segment.p_type != PT_LOAD ||
           (segment.p_offset <= file_size &&
            segment.p_filesz <= file_size - segment.p_offset);
}

static int check_segments(int fd,
                          const ElfW(Ehdr) * header,
                          uint64_t file_size,
                          struct object_refusal *refusal)
{
    bool is_complete = header->e_phentsize == sizeof(ElfW(Phdr)) &&
                       header->e_phoff < file_size;

    for (uint64_t i = 0; i < header->e_phnum && is_complete; i++) {
        is_complete = is_segment_complete(
            fd, header->e_phoff + i * header->e_phentsize, file_size);
    }
    return is_complete
               ? 0
               : refuse(refusal, -ENOEXEC, "the file is cut short", AGAIN_HINT);
}

static int check_open(int fd, struct object_refusal *refusal)
{
    ElfW(Ehdr) header;
    struct stat status;
    ssize_t count;
    int result;

    if (fstat(fd, &status) != 0) {
        return refuse_error(refusal, errno);
    }
    result = check_kind(status.st_mode, refusal);
    if (result != 0) {
        return result;
    }
    count = read_at(fd, &header, sizeof(header), 0);
    if (count < 0) {
        return refuse_error(refusal, (int)-count);
    }
    if (count != (ssize_t)sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return blame_head((const char *)&header, (size_t)count, refusal);
    }
    result = check_type(&header, refusal);
    if (result != 0) {
        return result;
    }
    return check_segments(fd, &header, (uint64_t)status.st_size, refusal);
}

int object_check(const char *path, struct object_refusal *refusal)
{
    struct stat status;
    int result;
    int fd;

    /* Before open(2), for which a socket or a device is an adventure. */
    if (stat(path, &status) != 0) {
        return refuse_error(refusal, errno);
    }
    result = check_kind(status.st_mode, refusal);
    if (result != 0) {
        return result;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return refuse_error(refusal, errno);
    }
    result = check_open(fd, refusal);
    (void)close(fd);
    return result;
}

/* ------------------------------------------------------------------ loading */

/* What dlopen(3) says, and what to do then. */
static const struct {
    const char *said;
    const char *hint;
} remedies[] = {
    {"undefined symbol",
     "nothing of the server can be linked to: link the plugin with -Wl,-z,defs "
     "to see what is missing, and with the libraries that it uses"},
    {"' not found (required by", "it was built on a newer system: build it on "
                                 "this one"},
    {"cannot open shared object file",
     "install that library, or name its folder when linking the plugin: "
     "-Wl,-rpath,FOLDER"},
    {"position-independent executable", "link it with -shared, not -pie"},
    {"failed to map segment",
     "is its file system mounted noexec? Copy the plugin elsewhere"},
    {"executable stack",
     "link it with -Wl,-z,noexecstack: no part of it may need such a stack"},
    {"static TLS", "build it without -ftls-model=initial-exec"},
};

static const char *find_remedy(const char *said)
{
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (strstr(said, remedies[i].said) != NULL) {
            return remedies[i].hint;
        }
    }
    return NULL;
}

/* Without the path, which the caller tells, and without lines that follow. */
static int refuse_load(const char *path, struct object_refusal *refusal)
{
    const char *said = dlerror();
    size_t length = strlen(path);

    if (said == NULL) {
        said = "it does not load";
    }
    if (strncmp(said, path, length) == 0 &&
        strncmp(said + length, ": ", 2) == 0) {
        said += length + 2;
    }
    (void)snprintf(refusal->why, sizeof(refusal->why), "%.*s",
                   (int)strcspn(said, "\n"), said);
    refusal->hint = find_remedy(said);
    return -ENOEXEC;
}

int object_load(const char *path, void **handle, struct object_refusal *refusal)
{
    void *loaded;
    int result = object_check(path, refusal);

    if (result != 0) {
        return result;
    }
    loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (loaded == NULL) {
        return refuse_load(path, refusal);
    }
    *handle = loaded;
    return 0;
}

int object_find(void *handle, const char *name, struct object_symbol *symbol)
{
    const void *address = dlsym(handle, name);
    const ElfW(Sym) *entry = NULL;
    void *found = NULL;
    Dl_info info;

    if (address == NULL) {
        return -ENOENT;
    }
    *symbol = (struct object_symbol){.address = address};
    if (dladdr1(address, &info, &found, RTLD_DL_SYMENT) != 0 && found != NULL) {
        entry = found;
        symbol->size = entry->st_size;
        /* The type is the same four bits of st_info in ELF32 and ELF64. */
        symbol->is_data = ELF64_ST_TYPE(entry->st_info) == STT_OBJECT;
    }
    return 0;
}
