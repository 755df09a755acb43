/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"

#define MOST 100000

/* What memfd_create(2) is to say, if not 0: to all calls, or to those with
   flags that this kernel does not know. */
static int memfd_error;
static unsigned unknown_flags;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the
   names that --wrap of ld(1) makes. */
int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);

int __wrap_memfd_create(const char *name, unsigned flags)
{
    if (memfd_error != 0 || (flags & unknown_flags) != 0) {
        errno = memfd_error != 0 ? memfd_error : EINVAL;
        return -1;
    }
    return __real_memfd_create(name, flags);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct snapshot *snapshot;

static void set_up(void)
{
    fixtures_begin();
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
}

static void tear_down(void)
{
    snapshot_free(snapshot);
    fixtures_end();
}

static int try_plugin(const char *name,
                      const char *file,
                      const struct snapshot_file **taken)
{
    const struct snapshot_file named = {
        .kind = SNAPSHOT_PLUGIN,
        .name = name,
        .path = fixtures_path(file),
    };

    return snapshot_take(snapshot, &named, MOST, taken);
}

/* Takes a file of the test's folder. */
static const struct snapshot_file *take(const char *name, const char *file)
{
    const struct snapshot_file *taken = NULL;

    ck_assert_int_eq(try_plugin(name, file, &taken), 0);
    ck_assert_ptr_nonnull(taken);
    return taken;
}

static void expect_bytes(const struct snapshot_file *file, const char *bytes)
{
    char image[SNAPSHOT_IMAGE_MAX];
    char found[64] = "";
    int fd = open(snapshot_image(file, image), O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, found, sizeof(found) - 1),
                     (ssize_t)strlen(bytes));
    ck_assert_str_eq(found, bytes);
    ck_assert_int_eq(close(fd), 0);
}

/* Opened by the descriptor's number, so none is left open by mistake. */
static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(what_was_taken_stays_as_it_was)
{
    const struct snapshot_file *file;

    fixtures_write("a.so", "before", 6);
    file = take("a", "a.so");
    fixtures_write("a.so", "after!", 6); /* in place: the same inode */
    expect_bytes(file, "before");
    ck_assert_int_eq(unlink(fixtures_path("a.so")), 0);
    expect_bytes(file, "before");
    ck_assert_str_eq(file->name, "a");
    ck_assert_str_eq(file->path, fixtures_path("a.so"));
}
END_TEST

START_TEST(nobody_can_change_it)
{
    const struct snapshot_file *file;
    char image[SNAPSHOT_IMAGE_MAX];

    fixtures_write("a.so", "bytes", 5);
    file = take("a", "a.so");
    ck_assert_int_eq(pwrite(file->fd, "X", 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(file->fd, 1), -1);
    ck_assert_int_eq(ftruncate(file->fd, 100), -1);
    ck_assert_ptr_eq(mmap(NULL, 5, PROT_WRITE, MAP_SHARED, file->fd, 0),
                     MAP_FAILED);
    ck_assert_int_eq(fcntl(file->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    ck_assert_int_eq(fcntl(file->fd, F_GETFD), FD_CLOEXEC);
    ck_assert_str_eq(snapshot_image(file, image), image);
    expect_bytes(file, "bytes");
}
END_TEST

START_TEST(a_file_of_many_reads_is_whole)
{
    char *bytes = malloc(MOST);
    const struct snapshot_file *file;
    char image[SNAPSHOT_IMAGE_MAX];
    char *found;
    size_t size;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < MOST; i++) {
        bytes[i] = (char)(i * 7 >> 3);
    }
    fixtures_write("a.so", bytes, MOST); /* as large as may be */
    file = take("a", "a.so");
    found = fixtures_read(snapshot_image(file, image), &size);
    ck_assert_uint_eq(size, MOST);
    ck_assert_mem_eq(found, bytes, MOST);
    free(found);
    free(bytes);
}
END_TEST

START_TEST(a_file_that_is_too_large_is_refused)
{
    const struct snapshot_file *file = NULL;
    char *bytes = calloc(1, MOST + 1);

    ck_assert_ptr_nonnull(bytes);
    fixtures_write("a.so", bytes, MOST + 1);
    ck_assert_int_eq(try_plugin("a", "a.so", &file), -EFBIG);
    ck_assert_ptr_null(file);
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
    free(bytes);
}
END_TEST

START_TEST(an_endless_file_is_refused)
{
    const struct snapshot_file named = {SNAPSHOT_CONFIG, "x", "/dev/zero", -1};
    const struct snapshot_file *file = NULL;

    ck_assert_int_eq(snapshot_take(snapshot, &named, MOST, &file), -EFBIG);
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
    const struct snapshot_file *file = NULL;

    ck_assert_int_eq(try_plugin("a", "none", &file), -ENOENT);
    ck_assert_int_eq(try_plugin("a", ".", &file), -EISDIR);
    ck_assert_ptr_null(file);
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
    ck_assert_ptr_null(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "a"));
}
END_TEST

/* The same bytes for both, also if the file has changed in between. */
START_TEST(a_path_is_read_once)
{
    const struct snapshot_file *first;
    const struct snapshot_file *second;

    fixtures_write("a.so", "before", 6);
    first = take("a", "a.so");
    fixtures_write("a.so", "after!", 6);
    second = take("./a.so", "a.so");
    ck_assert_ptr_ne(first, second);
    ck_assert_int_eq(first->fd, second->fd);
    expect_bytes(second, "before");
    ck_assert_str_eq(second->name, "./a.so");
    ck_assert_uint_eq(snapshot_count(snapshot), 2);
    ck_assert_ptr_eq(snapshot_at(snapshot, 0), first);
    ck_assert_ptr_eq(snapshot_at(snapshot, 1), second);
}
END_TEST

START_TEST(names_of_different_kinds_do_not_meet)
{
    const struct snapshot_file named = {SNAPSHOT_CONFIG, "a",
                                        fixtures_path("a.yaml"), -1};
    const struct snapshot_file *config = NULL;
    const struct snapshot_file *plugin;

    fixtures_write("a.yaml", "yaml", 4);
    ck_assert_int_eq(snapshot_take(snapshot, &named, MOST, &config), 0);
    ck_assert_ptr_null(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "a"));
    fixtures_write("a.so", "plugin", 6);
    plugin = take("a", "a.so");
    ck_assert_ptr_eq(snapshot_find(snapshot, SNAPSHOT_CONFIG, "a"), config);
    ck_assert_ptr_eq(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "a"), plugin);
    ck_assert_ptr_null(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "b"));
}
END_TEST

START_TEST(it_is_sealed_when_it_is_told)
{
    ck_assert(!snapshot_is_sealed(snapshot));
    snapshot_seal(snapshot);
    ck_assert(snapshot_is_sealed(snapshot));
}
END_TEST

START_TEST(what_somebody_else_read_is_taken_over)
{
    const struct snapshot_file given = {
        SNAPSHOT_PLUGIN, "a", "/somewhere/a.so",
        open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const struct snapshot_file in_place = {SNAPSHOT_PLUGIN, "b",
                                           "/somewhere/b.so", -1};
    char image[SNAPSHOT_IMAGE_MAX];

    ck_assert_int_eq(snapshot_add(snapshot, &given), 0);
    ck_assert_int_eq(snapshot_add(snapshot, &in_place), 0);
    ck_assert_int_eq(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "a")->fd,
                     given.fd);
    ck_assert_str_eq(
        snapshot_image(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "b"), image),
        "/somewhere/b.so");
    snapshot_free(snapshot);
    ck_assert(!is_open(given.fd));
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
}
END_TEST

START_TEST(descriptors_are_closed_once_however_many_names_they_have)
{
    int shared;
    int single;

    fixtures_write("a.so", "a", 1);
    fixtures_write("b.so", "b", 1);
    shared = take("a", "a.so")->fd;
    single = take("b", "b.so")->fd;
    (void)take("c", "a.so");
    ck_assert_int_ne(shared, single);
    snapshot_free(snapshot);
    ck_assert(!is_open(shared));
    ck_assert(!is_open(single));
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
}
END_TEST

START_TEST(what_does_not_load_is_used_in_place_by_all_its_names)
{
    const struct snapshot_file *first;
    const struct snapshot_file *second;
    char image[SNAPSHOT_IMAGE_MAX];
    int fd;

    fixtures_write("a.so", "a", 1);
    first = take("a", "a.so");
    second = take("b", "a.so");
    fd = first->fd;
    snapshot_use_in_place(snapshot, second);
    ck_assert(!is_open(fd));
    ck_assert_str_eq(snapshot_image(first, image), fixtures_path("a.so"));
    ck_assert_str_eq(snapshot_image(second, image), fixtures_path("a.so"));
    snapshot_use_in_place(snapshot, first); /* again: nothing */
    ck_assert_int_eq(take("c", "a.so")->fd, -1);
}
END_TEST

START_TEST(without_memfds_files_are_used_where_they_lie)
{
    const struct snapshot_file *file;
    char image[SNAPSHOT_IMAGE_MAX];

    fixtures_write("a.so", "a", 1);
    memfd_error = ENOSYS;
    file = take("a", "a.so");
    ck_assert_int_eq(file->fd, -1);
    ck_assert_str_eq(snapshot_image(file, image), fixtures_path("a.so"));
    ck_assert_int_eq(try_plugin("b", "none", &file), -ENOENT);
}
END_TEST

/* MFD_EXEC came with Linux 6.3. */
START_TEST(an_older_kernel_gives_memfds_all_the_same)
{
    const struct snapshot_file *file;

    fixtures_write("a.so", "bytes", 5);
    unknown_flags = 0x10;
    file = take("a", "a.so");
    ck_assert_int_ge(file->fd, 0);
    expect_bytes(file, "bytes");
}
END_TEST

/* A process that writes into a FIFO that it waits for; its pid. */
static pid_t write_fifo(const char *name, const char *bytes, size_t size)
{
    pid_t pid;

    ck_assert_int_eq(mkfifo(name, 0600), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)!write(open(name, O_WRONLY), bytes, size);
        _exit(0);
    }
    return pid;
}

START_TEST(what_can_be_read_once_is_held)
{
    const char *name = fixtures_path("fifo");
    const pid_t pid = write_fifo(name, "bytes", 5);
    struct snapshot_file held = {.path = name};

    ck_assert_int_eq(snapshot_hold(name, 5, &held.fd), 0);
    ck_assert_int_ge(held.fd, 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    expect_bytes(&held, "bytes");
    expect_bytes(&held, "bytes"); /* again */
    ck_assert_int_eq(close(held.fd), 0);
}
END_TEST

START_TEST(more_than_is_allowed_is_not_held)
{
    const char *name = fixtures_path("fifo");
    const pid_t pid = write_fifo(name, "bytes", 5);
    int fd = 0;

    ck_assert_int_eq(snapshot_hold(name, 4, &fd), -EFBIG);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(snapshot_hold("/dev/zero", MOST, &fd), -EFBIG);
}
END_TEST

START_TEST(what_can_be_read_again_is_left_alone)
{
    int fd = 0;

    fixtures_write("regular", "x", 1);
    ck_assert_int_eq(snapshot_hold(fixtures_path("regular"), MOST, &fd), 0);
    ck_assert_int_eq(fd, -1);
    fd = 0;
    ck_assert_int_eq(snapshot_hold(fixtures_path("none"), MOST, &fd), 0);
    ck_assert_int_eq(fd, -1);
    fd = 0;
    ck_assert_int_eq(snapshot_hold(fixtures_root, MOST, &fd), 0);
    ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(freeing_null_is_fine)
{
    snapshot_free(NULL);
}
END_TEST

START_TEST(a_sealed_one_takes_nothing)
{
    const struct snapshot_file *taken = NULL;

    fixtures_write("a.so", "one", 3);
    (void)take("a", "a.so");
    snapshot_seal(snapshot);
    fixtures_write("b.so", "two", 3);
    ck_assert_int_eq(try_plugin("b", "b.so", &taken), -ENOENT);
    ck_assert_int_eq(try_plugin("another", "a.so", &taken), -ENOENT);
    ck_assert_ptr_null(taken);
    ck_assert_uint_eq(snapshot_count(snapshot), 1);
    expect_bytes(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "a"), "one");
}
END_TEST

UNIT_MAIN_WITH("snapshot",
               set_up,
               tear_down,
               what_was_taken_stays_as_it_was,
               nobody_can_change_it,
               a_file_of_many_reads_is_whole,
               a_file_that_is_too_large_is_refused,
               an_endless_file_is_refused,
               what_cannot_be_read_is_told,
               a_path_is_read_once,
               names_of_different_kinds_do_not_meet,
               it_is_sealed_when_it_is_told,
               what_somebody_else_read_is_taken_over,
               descriptors_are_closed_once_however_many_names_they_have,
               what_does_not_load_is_used_in_place_by_all_its_names,
               without_memfds_files_are_used_where_they_lie,
               an_older_kernel_gives_memfds_all_the_same,
               what_can_be_read_once_is_held,
               more_than_is_allowed_is_not_held,
               what_can_be_read_again_is_left_alone,
               freeing_null_is_fine,
               a_sealed_one_takes_nothing)
