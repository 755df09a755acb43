/* SPDX-License-Identifier: MIT */
#include "cpus.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUPS "/proc/self/cgroup"
#define MOUNT "/sys/fs/cgroup"

/* The bound of the kernel's own NR_CPUS is 8192. */
#define AFFINITY_MAX 65536

/* ---------------------------------------------------------------- affinity */

static int count_affinity_in(size_t cpus)
{
    cpu_set_t *set = CPU_ALLOC(cpus);
    const size_t size = CPU_ALLOC_SIZE(cpus);
    int count;

    if (set == NULL) {
        return -ENOMEM;
    }
    count =
        sched_getaffinity(0, size, set) < 0 ? -errno : CPU_COUNT_S(size, set);
    CPU_FREE(set);
    return count;
}

/* EINVAL: the kernel's set is larger than the one that it was given. */
static int count_affinity(void)
{
    int count = -EINVAL;

    for (size_t cpus = CPU_SETSIZE; count == -EINVAL && cpus <= AFFINITY_MAX;
         cpus *= 2) {
        count = count_affinity_in(cpus);
    }
    return count;
}

/* ------------------------------------------------------------------- quota */

static int smaller_quota(int a, int b)
{
    if (a == CPUS_NO_QUOTA || b == CPUS_NO_QUOTA) {
        return a + b;
    }
    return a < b ? a : b;
}

int cpus_parse_max(const char *text)
{
    char *end = NULL;
    const long long quota = strtoll(text, &end, 10);
    const long long period = strtoll(end, NULL, 10);
    long long cpus;

    if (quota <= 0 || period <= 0) {
        return CPUS_NO_QUOTA; /* "max", or -1 in the first version */
    }
    cpus = quota / period + (quota % period > 0 ? 1 : 0);
    return cpus > INT_MAX ? INT_MAX : (int)cpus;
}

/* The beginning of a file, as a text; what cannot be read is empty. */
static void read_text(const char *path, char *text, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = 0;

    if (fd >= 0) {
        length = read(fd, text, size - 1);
        (void)close(fd);
    }
    text[length < 0 ? 0 : length] = '\0';
}

static void
read_file_of(const char *folder, const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    const int length = snprintf(path, sizeof(path), "%s/%s", folder, name);

    text[0] = '\0';
    if (length > 0 && (size_t)length < sizeof(path)) {
        read_text(path, text, size);
    }
}

/* Both versions: the first has two files for what is in the second's one. */
static int read_quota(const char *folder)
{
    char text[64];
    char quota[24], period[24];

    read_file_of(folder, "cpu.max", text, sizeof(text));
    if (text[0] == '\0') {
        read_file_of(folder, "cpu.cfs_quota_us", quota, sizeof(quota));
        read_file_of(folder, "cpu.cfs_period_us", period, sizeof(period));
        (void)snprintf(text, sizeof(text), "%s %s", quota, period);
    }
    return cpus_parse_max(text);
}

/*
 * From the cgroup up to the root. In a container the path may be one of the
 * host, of which nothing is mounted here but the container's own cgroup, as the
 * root: so what is not there is passed over.
 */
static int walk_up(const char *root, const char *cgroup)
{
    char folder[PATH_MAX];
    const size_t base = strlen(root);
    int quota = CPUS_NO_QUOTA;
    const int length = snprintf(folder, sizeof(folder), "%s%s", root, cgroup);

    if (length < 0 || (size_t)length >= sizeof(folder) ||
        strstr(cgroup, "/..") != NULL) {
        return read_quota(root); /* it is outside of what is mounted */
    }
    while (strlen(folder) > base) {
        quota = smaller_quota(quota, read_quota(folder));
        *strrchr(folder, '/') = '\0';
    }
    return smaller_quota(quota, read_quota(root));
}

/* Is it in the list "cpu,cpuacct"? */
static bool has_controller(const char *list, size_t length, const char *name)
{
    const size_t size = strlen(name);
    const char *end = list + length;

    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma == NULL ? end : comma;

        if ((size_t)(stop - list) == size && memcmp(list, name, size) == 0) {
            return true;
        }
        list = stop + 1;
    }
    return false;
}

/* A line "NUMBER:CONTROLLERS:PATH"; the second version's has no controllers.
   The first's are mounted at a folder for each controller. */
static int read_line_quota(char *line, const char *root)
{
    const char *list = strchr(line, ':');
    const char *cgroup = list == NULL ? NULL : strchr(list + 1, ':');
    char folder[PATH_MAX];

    if (cgroup == NULL || cgroup[1] != '/') {
        return CPUS_NO_QUOTA;
    }
    list++;
    if (list == cgroup) {
        return walk_up(root, cgroup + 1);
    }
    if (!has_controller(list, (size_t)(cgroup - list), "cpu")) {
        return CPUS_NO_QUOTA;
    }
    (void)snprintf(folder, sizeof(folder), "%s/cpu", root);
    return walk_up(folder, cgroup + 1);
}

int cpus_quota(const char *cgroups, const char *root)
{
    int quota = CPUS_NO_QUOTA;

    while (*cgroups != '\0') {
        const size_t length = strcspn(cgroups, "\n");
        char line[PATH_MAX];

        if (length < sizeof(line)) {
            memcpy(line, cgroups, length);
            line[length] = '\0';
            quota = smaller_quota(quota, read_line_quota(line, root));
        }
        cgroups += length + (cgroups[length] == '\n' ? 1 : 0);
    }
    return quota;
}

int cpus_allowed(void)
{
    char cgroups[2 * PATH_MAX];
    const int affinity = count_affinity();
    int quota;

    read_text(CGROUPS, cgroups, sizeof(cgroups));
    quota = cpus_quota(cgroups, MOUNT);
    return smaller_quota(affinity < 1 ? 1 : affinity, quota);
}
