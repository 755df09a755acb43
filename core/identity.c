/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

/* What an entry of a database takes; a group of thousands is longer. */
#define ENTRY_SIZE ((size_t)1024)
#define ENTRY_SIZE_MAX (1024 * ENTRY_SIZE)

/* NGROUPS_MAX of Linux. */
#define GROUPS_MAX 65536

/* --------------------------------------------------------------- databases */

/* A user or a group in decimal; the highest number stands for none. */
static bool read_number(const char *text, uint32_t *number)
{
    char *end = NULL;
    unsigned long long value;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    value = strtoull(text, &end, 10);
    if (*end != '\0' || value >= UINT32_MAX) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

/* getpwnam(3): modules say in many ways that there is no such entry. */
static int judge(int error, const void *found)
{
    switch (error) {
    case 0:
        return found == NULL ? -ENOENT : 0;
    case ENOENT:
    case ESRCH:
    case EBADF:
    case EPERM:
        return -ENOENT;
    default:
        return -error;
    }
}

/* Fills the entry; -ERANGE: its texts need a larger buffer. */
typedef int
look_up_fn(const char *text, void *entry, char *buffer, size_t size);

static int
look_up_user(const char *text, void *entry, char *buffer, size_t size)
{
    struct passwd *found = NULL;
    int error = getpwnam_r(text, entry, buffer, size, &found);
    uint32_t number;

    if (judge(error, found) == -ENOENT && read_number(text, &number)) {
        error = getpwuid_r(number, entry, buffer, size, &found);
    }
    return judge(error, found);
}

static int
look_up_group(const char *text, void *entry, char *buffer, size_t size)
{
    struct group *found = NULL;
    const int error = getgrnam_r(text, entry, buffer, size, &found);

    return judge(error, found);
}

/* The entry's texts are in the arena. */
static int
look_up(look_up_fn *fill, const char *text, void *entry, struct arena *arena)
{
    int error = -ERANGE;

    for (size_t size = ENTRY_SIZE; error == -ERANGE && size <= ENTRY_SIZE_MAX;
         size *= 2) {
        char *buffer = arena_alloc(arena, size);

        error = buffer == NULL ? -ENOMEM : fill(text, entry, buffer, size);
    }
    return error;
}

/* ----------------------------------------------------------------- finding */

/* An identity in the making. */
struct finding {
    struct arena *arena;
    struct identity *identity;
    struct identity_refusal *refusal;
    const char *name; /* the user's; NULL: a number without an entry */
    bool has_gid;
};

static int refuse(const struct finding *finding,
                  const char *key,
                  const char *why,
                  const char *hint)
{
    *finding->refusal = (struct identity_refusal){key, why, hint};
    return -EINVAL;
}

/* A failed look-up of something that is no number either. */
static int refuse_look_up(const struct finding *finding,
                          const char *key,
                          const char *unknown,
                          const char *hint,
                          int error)
{
    if (error == -ENOMEM) {
        return error;
    }
    return error == -ENOENT
               ? refuse(finding, key, unknown, hint)
               : refuse(finding, key, "cannot be looked up now", NULL);
}

static int find_user(struct finding *finding, const char *user)
{
    struct passwd entry = {.pw_name = NULL};
    uint32_t number;
    const int error = look_up(look_up_user, user, &entry, finding->arena);

    if (error == 0) {
        finding->identity->uid = entry.pw_uid;
        finding->identity->gid = entry.pw_gid;
        finding->name = entry.pw_name;
        finding->has_gid = true;
        return 0;
    }
    if (error == -ENOENT && read_number(user, &number)) {
        finding->identity->uid = number;
        return 0;
    }
    return refuse_look_up(finding, "user", "names no user of this machine",
                          "'getent passwd' lists them", error);
}

static int find_group(struct finding *finding, const char *group)
{
    struct group entry = {.gr_name = NULL};
    uint32_t number;
    const int error = look_up(look_up_group, group, &entry, finding->arena);

    finding->has_gid = true;
    if (error == 0) {
        finding->identity->gid = entry.gr_gid;
        return 0;
    }
    if (error == -ENOENT && read_number(group, &number)) {
        finding->identity->gid = number;
        return 0;
    }
    return refuse_look_up(finding, "group", "names no group of this machine",
                          "'getent group' lists them", error);
}

/* A user without a name, and a group without a user, have the group alone. */
static int list_groups(struct finding *finding)
{
    struct identity *identity = finding->identity;
    int count = 1;
    gid_t *groups;

    if (finding->name != NULL) {
        count = 0;
        (void)getgrouplist(finding->name, identity->gid, NULL, &count);
    }
    if (count < 1 || count > GROUPS_MAX) {
        return refuse(finding, "user", "is in too many groups", NULL);
    }
    groups = arena_array(finding->arena, (size_t)count, sizeof(*groups));
    if (groups == NULL) {
        return -ENOMEM;
    }
    groups[0] = identity->gid;
    if (finding->name != NULL &&
        getgrouplist(finding->name, identity->gid, groups, &count) < 0) {
        return refuse(finding, "user", "cannot be looked up now", NULL);
    }
    identity->groups = groups;
    identity->group_count = (size_t)count;
    return 0;
}

int identity_find(const char *user,
                  const char *group,
                  struct arena *arena,
                  struct identity *identity,
                  struct identity_refusal *refusal)
{
    struct identity found = {
        .is_given = user != NULL || group != NULL,
        .uid = geteuid(),
        .gid = getegid(),
    };
    struct finding finding = {arena, &found, refusal, NULL, false};
    int error = user == NULL ? 0 : find_user(&finding, user);

    if (error == 0 && group != NULL) {
        error = find_group(&finding, group);
    }
    if (error == 0 && found.is_given && !finding.has_gid) {
        error = refuse(&finding, "user",
                       "is a number that no user has, so "
                       "its group is not known",
                       "write 'group', too");
    }
    if (error == 0 && found.is_given) {
        error = list_groups(&finding);
    }
    if (error == 0) {
        *identity = found;
    }
    return error;
}

/* ---------------------------------------------------------------- becoming */

int identity_check(const struct identity *identity)
{
    const bool is_same =
        identity->uid == geteuid() && identity->gid == getegid();

    return !identity->is_given || geteuid() == 0 || is_same ? 0 : -EPERM;
}

/* Groups first: who is no root any more may not change them. */
static int become(const struct identity *identity)
{
    if (setgroups(identity->group_count, identity->groups) < 0 ||
        setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
        setresuid(identity->uid, identity->uid, identity->uid) < 0) {
        return -errno;
    }
    return 0;
}

/* Has it taken, and is there no way back? */
static int verify(const struct identity *identity)
{
    uid_t real_uid, uid, saved_uid;
    gid_t real_gid, gid, saved_gid;

    if (getresuid(&real_uid, &uid, &saved_uid) < 0 ||
        getresgid(&real_gid, &gid, &saved_gid) < 0) {
        return -errno;
    }
    if (real_uid != identity->uid || uid != identity->uid ||
        saved_uid != identity->uid || real_gid != identity->gid ||
        gid != identity->gid || saved_gid != identity->gid ||
        getgroups(0, NULL) != (int)identity->group_count) {
        return -EPERM;
    }
    return identity->uid != 0 && setuid(0) == 0 ? -EPERM : 0;
}

int identity_drop(const struct identity *identity, pid_t parent)
{
    int error = identity_check(identity);

    if (error == 0 && identity->is_given && geteuid() == 0) {
        error = become(identity);
        if (error == 0) {
            error = verify(identity);
        }
    }
    return error < 0 ? error : process_follow(parent);
}
