/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixtures.h"
#include "object.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>

#include <berth/protocol.h>

static struct object_refusal refusal;

static void check_refusal(const char *path,
                          int result,
                          int expected,
                          const char *why,
                          const char *hint)
{
    ck_assert_msg(result == expected, "%s: %d %s", path, result, refusal.why);
    ck_assert_msg(strstr(refusal.why, why) != NULL, "%s: %s", path,
                  refusal.why);
    ck_assert_msg((refusal.hint == NULL) == (hint == NULL), "%s: %s", path,
                  refusal.hint);
    if (hint != NULL) {
        ck_assert_msg(strstr(refusal.hint, hint) != NULL, "%s: %s", path,
                      refusal.hint);
    }
}

static void
refused(const char *path, int number, const char *why, const char *hint)
{
    memset(&refusal, 'x', sizeof(refusal));
    check_refusal(path, object_check(path, &refusal), number, why, hint);
}

static void
refused_bytes(const void *bytes, size_t size, const char *why, const char *hint)
{
    fixtures_write("x.so", bytes, size);
    refused(fixtures_path("x.so"), -ENOEXEC, why, hint);
}

static void refused_text(const char *text, const char *why, const char *hint)
{
    refused_bytes(text, strlen(text), why, hint);
}

/* The plugin `good` with its head changed. */
static void
refused_head(const ElfW(Ehdr) * header, const char *why, const char *hint)
{
    char path[PATH_MAX];
    size_t size;
    char *bytes;

    fixtures_find("good", path);
    bytes = fixtures_read(path, &size);
    memcpy(bytes, header, sizeof(*header));
    refused_bytes(bytes, size, why, hint);
    free(bytes);
}

static ElfW(Ehdr) read_head(void)
{
    ElfW(Ehdr) header;
    char path[PATH_MAX];
    size_t size;
    char *bytes;

    fixtures_find("good", path);
    bytes = fixtures_read(path, &size);
    ck_assert_uint_gt(size, sizeof(header));
    memcpy(&header, bytes, sizeof(header));
    free(bytes);
    return header;
}

START_TEST(a_shared_object_is_fine)
{
    char path[PATH_MAX];

    fixtures_find("good", path);
    ck_assert_int_eq(object_check(path, &refusal), 0);
}
END_TEST

START_TEST(tells_what_is_not_there)
{
    refused("/nosuch/x.so", -ENOENT, "no such file", NULL);
    refused("/dev/null/x.so", -ENOENT, "no such file", NULL);
    refused("", -ENOENT, "no such file", NULL);
}
END_TEST

START_TEST(tells_folders_and_devices)
{
    refused("/tmp", -ENOEXEC, "it is a folder", "ends in .so");
    refused("/dev/null", -ENOEXEC, "not a regular file", NULL);
    ck_assert_int_eq(mkfifo(fixtures_path("fifo"), 0600), 0);
    refused(fixtures_path("fifo"), -ENOEXEC, "not a regular file", NULL);
}
END_TEST

START_TEST(tells_loops_of_links)
{
    ck_assert_int_eq(symlink("loop", fixtures_path("loop")), 0);
    refused(fixtures_path("loop"), -ELOOP, "symbolic links", NULL);
}
END_TEST

/* As somebody else if need be: root may read anything. */
START_TEST(tells_what_may_not_be_read)
{
    fixtures_write("x.so", "x", 1);
    ck_assert_int_eq(chmod(fixtures_path("x.so"), 0), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(fixtures_root, 0755), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    refused(fixtures_path("x.so"), -EACCES, "may not be read", "chmod");
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(tells_what_else_people_name)
{
    refused_text("", "is empty", "written");
    refused_text("#!/bin/sh\necho\n", "a script", "-shared");
    refused_text("#include <stdio.h>\n", "not a shared object",
                 "-shared -fPIC");
    refused_text("!<arch>\n", "static library", "--whole-archive");
    refused_text("{}", "not a shared object", "-shared -fPIC");
    refused_text("x", "not a shared object", "-shared -fPIC");
}
END_TEST

START_TEST(tells_other_kinds_of_elf)
{
    ElfW(Ehdr) header = read_head();

    header.e_type = ET_REL;
    refused_head(&header, "not linked", "-shared");
    header.e_type = ET_EXEC;
    refused_head(&header, "a program", "-shared");
    header.e_type = ET_CORE;
    refused_head(&header, "a program", "-shared");
}
END_TEST

START_TEST(tells_other_machines)
{
    ElfW(Ehdr) header = read_head();

    header.e_machine = EM_SPARC;
    refused_head(&header, "another kind of machine", "this machine");
    header = read_head();
    header.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    refused_head(&header, "another kind of machine", "this machine");
    header = read_head();
    header.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    refused_head(&header, "another kind of machine", "this machine");
}
END_TEST

/* Where the last byte ends that is mapped. */
static size_t measure_mapped(const char *bytes)
{
    ElfW(Ehdr) header;
    size_t end = 0;

    memcpy(&header, bytes, sizeof(header));
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;

        memcpy(&segment, bytes + header.e_phoff + i * sizeof(segment),
               sizeof(segment));
        if (segment.p_type == PT_LOAD &&
            segment.p_offset + segment.p_filesz > end) {
            end = segment.p_offset + segment.p_filesz;
        }
    }
    return end;
}

/* dlopen(3) would be killed by SIGBUS over some of these. */
START_TEST(what_is_cut_short_is_never_loaded)
{
    char path[PATH_MAX];
    size_t size;
    char *bytes;
    size_t mapped;

    fixtures_find("good", path);
    bytes = fixtures_read(path, &size);
    mapped = measure_mapped(bytes);
    ck_assert_uint_gt(mapped, 64);
    for (size_t cut = 4; cut < mapped; cut += 1 + cut / 8) {
        void *handle;

        refused_bytes(bytes, cut, "cut short", "again");
        check_refusal("load",
                      object_load(fixtures_path("x.so"), &handle, &refusal),
                      -ENOEXEC, "cut short", "again");
    }
    refused_bytes(bytes, mapped - 1, "cut short", "again");
    fixtures_write("x.so", bytes, mapped);
    ck_assert_int_eq(object_check(fixtures_path("x.so"), &refusal), 0);
    free(bytes);
}
END_TEST

START_TEST(segments_beyond_all_numbers_are_refused)
{
    char path[PATH_MAX];
    ElfW(Ehdr) header = read_head();
    ElfW(Phdr) segment = {.p_type = PT_LOAD, .p_filesz = 1};
    size_t size;
    char *bytes;

    header.e_phoff = (ElfW(Off)) - 1;
    refused_head(&header, "cut short", "again");
    header = read_head();
    header.e_phentsize = 1;
    refused_head(&header, "cut short", "again");

    fixtures_find("good", path);
    bytes = fixtures_read(path, &size);
    segment.p_offset = (ElfW(Off)) - 1;
    memcpy(bytes + read_head().e_phoff, &segment, sizeof(segment));
    refused_bytes(bytes, size, "cut short", "again");
    segment.p_offset = 1;
    segment.p_filesz = (ElfW(Xword)) - 1;
    memcpy(bytes + read_head().e_phoff, &segment, sizeof(segment));
    refused_bytes(bytes, size, "cut short", "again");
    free(bytes);
}
END_TEST

START_TEST(loads_and_finds)
{
    char path[PATH_MAX];
    struct object_symbol symbol;
    void *handle = NULL;

    fixtures_find("good", path);
    ck_assert_int_eq(object_load(path, &handle, &refusal), 0);
    ck_assert_ptr_nonnull(handle);
    ck_assert_int_eq(object_find(handle, "berth_protocol_1", &symbol), 0);
    ck_assert(symbol.is_data);
    ck_assert_uint_ge(symbol.size, sizeof(berth_protocol));
    ck_assert_str_eq(((const berth_protocol *)symbol.address)->name, "good");
    ck_assert_int_eq(object_find(handle, "nosuch", &symbol), -ENOENT);
}
END_TEST

START_TEST(symbols_stay_local)
{
    char path[PATH_MAX];
    void *handle = NULL;

    fixtures_find("good", path);
    ck_assert_int_eq(object_load(path, &handle, &refusal), 0);
    ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "berth_protocol_1"));
}
END_TEST

START_TEST(a_function_is_not_data)
{
    char path[PATH_MAX];
    struct object_symbol symbol;
    void *handle = NULL;

    fixtures_find("symbol_function", path);
    ck_assert_int_eq(object_load(path, &handle, &refusal), 0);
    ck_assert_int_eq(object_find(handle, "berth_protocol_1", &symbol), 0);
    ck_assert(!symbol.is_data);
}
END_TEST

START_TEST(what_the_loader_says_is_told_with_a_remedy)
{
    char path[PATH_MAX];
    void *handle = (void *)&handle;

    fixtures_find("undefined", path);
    check_refusal(path, object_load(path, &handle, &refusal), -ENOEXEC,
                  "undefined symbol: berth_nobody_defines_this", "-Wl,-z,defs");
    ck_assert_int_eq(strncmp(refusal.why, "undefined symbol", 16), 0);
    ck_assert_ptr_eq(handle, (void *)&handle);
}
END_TEST

/* This test is a program, mostly one that looks like a shared object. */
START_TEST(programs_are_refused)
{
    char path[PATH_MAX] = "";
    void *handle;

    ck_assert_int_gt(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
    check_refusal(path, object_load(path, &handle, &refusal), -ENOEXEC, "",
                  "-shared");
}
END_TEST

UNIT_MAIN_WITH("object",
               fixtures_begin,
               fixtures_end,
               a_shared_object_is_fine,
               tells_what_is_not_there,
               tells_folders_and_devices,
               tells_loops_of_links,
               tells_what_may_not_be_read,
               tells_what_else_people_name,
               tells_other_kinds_of_elf,
               tells_other_machines,
               what_is_cut_short_is_never_loaded,
               segments_beyond_all_numbers_are_refused,
               loads_and_finds,
               symbols_stay_local,
               a_function_is_not_data,
               what_the_loader_says_is_told_with_a_remedy,
               programs_are_refused)
