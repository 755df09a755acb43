/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs the server may use.
 */
#ifndef BERTH_CPUS_H
#define BERTH_CPUS_H

/* There is no quota. */
#define CPUS_NO_QUOTA 0

/*
 * What the affinity of this process (sched_setaffinity(2)) and the quotas of
 * its cgroups (cgroups(7)) allow, the smaller of the two; at least 1.
 */
int cpus_allowed(void);

/*
 * The least quota of a cgroup and of those above it, in CPUs, rounded up.
 * cgroups: what /proc/self/cgroup says; root: where cgroups are mounted, as in
 * "/sys/fs/cgroup". What cannot be read sets no quota.
 */
int cpus_quota(const char *cgroups, const char *root);

/*
 * The quota in the text of a cpu.max, "150000 100000" or "max 100000": so many
 * microseconds in each period.
 */
int cpus_parse_max(const char *text);

#endif
