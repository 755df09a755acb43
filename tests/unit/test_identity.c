/* SPDX-License-Identifier: MIT */
/*
 * Becoming another user is for root alone: without it those tests only see that
 * it is refused, and say so.
 */
#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* Numbers that no user has. */
#define NOBODYS_UID 54321
#define NOBODYS_GID 65432

static struct arena arena;
static struct identity identity;
static struct identity_refusal refusal;

static void set_up(void)
{
    arena_init(&arena);
    identity = (struct identity){.uid = 7, .gid = 8};
}

static void tear_down(void)
{
    arena_fini(&arena);
}

static void find(const char *user, const char *group)
{
    const int error = identity_find(user, group, &arena, &identity, &refusal);

    ck_assert_msg(error == 0, "%s, %s: '%s' %s", user, group, refusal.key,
                  refusal.why);
}

static void refused(const char *user, const char *group, const char *key)
{
    ck_assert_int_eq(identity_find(user, group, &arena, &identity, &refusal),
                     -EINVAL);
    ck_assert_str_eq(refusal.key, key);
    ck_assert_uint_eq(identity.uid, 7);
    ck_assert_uint_eq(identity.gid, 8);
}

START_TEST(nothing_given_is_nothing_changed)
{
    find(NULL, NULL);
    ck_assert(!identity.is_given);
    ck_assert_int_eq(identity_check(&identity), 0);
}
END_TEST

START_TEST(a_user_has_a_group_and_further_ones)
{
    const struct passwd *entry;
    bool has_own = false;

    find("daemon", NULL);
    entry = getpwnam("daemon");
    ck_assert(identity.is_given);
    ck_assert_uint_eq(identity.uid, entry->pw_uid);
    ck_assert_uint_eq(identity.gid, entry->pw_gid);
    ck_assert_uint_ge(identity.group_count, 1);
    for (size_t i = 0; i < identity.group_count; i++) {
        has_own = has_own || identity.groups[i] == identity.gid;
    }
    ck_assert(has_own);
}
END_TEST

START_TEST(a_number_is_the_user_that_has_it)
{
    find("0", NULL);
    ck_assert(identity.is_given);
    ck_assert_uint_eq(identity.uid, 0);
    ck_assert_uint_eq(identity.gid, getpwuid(0)->pw_gid);
}
END_TEST

START_TEST(a_group_stands_before_that_of_the_user)
{
    find("root", "daemon");
    ck_assert_uint_eq(identity.uid, 0);
    ck_assert_uint_eq(identity.gid, getgrnam("daemon")->gr_gid);
    find("0", "65432");
    ck_assert_uint_eq(identity.gid, NOBODYS_GID);
}
END_TEST

START_TEST(a_group_alone_changes_no_user)
{
    find(NULL, "65432");
    ck_assert(identity.is_given);
    ck_assert_uint_eq(identity.uid, geteuid());
    ck_assert_uint_eq(identity.gid, NOBODYS_GID);
    ck_assert_uint_eq(identity.group_count, 1);
    ck_assert_uint_eq(identity.groups[0], NOBODYS_GID);
}
END_TEST

START_TEST(a_number_that_no_user_has_needs_a_group)
{
    find("54321", "65432");
    ck_assert_uint_eq(identity.uid, NOBODYS_UID);
    ck_assert_uint_eq(identity.gid, NOBODYS_GID);
    ck_assert_uint_eq(identity.group_count, 1);
}
END_TEST

START_TEST(it_is_told_what_there_is_not)
{
    refused("54321", NULL, "user");
    ck_assert_str_eq(refusal.hint, "write 'group', too");
    refused("no such user", NULL, "user");
    refused("no such user", "daemon", "user");
    refused("daemon", "no such group", "group");
    refused(NULL, "no such group", "group");
    refused("4294967295", "0", "user");
    refused("0", "4294967295", "group");
    refused("-1", "0", "user");
    refused("1x", "0", "user");
    refused("", "0", "user");
}
END_TEST

/* Runs in a child, whose exit status is 0 if it returns true. */
static void check_in_child(bool (*child)(void))
{
    const pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        _exit(child() ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static bool follows_parent(void)
{
    int number = 0;

    return prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGTERM;
}

static bool is_nobody(void)
{
    gid_t groups[2] = {0};

    return getuid() == NOBODYS_UID && geteuid() == NOBODYS_UID &&
           getgid() == NOBODYS_GID && getegid() == NOBODYS_GID &&
           getgroups(2, groups) == 1 && groups[0] == NOBODYS_GID;
}

static bool drop(void)
{
    if (identity_drop(&identity, getppid()) != 0 || !is_nobody()) {
        return false;
    }
    return follows_parent() && setuid(0) < 0 && setgid(0) < 0 &&
           setgroups(0, NULL) < 0;
}

/* Who is it may stay it, whatever groups there are. */
static bool drop_again(void)
{
    return identity_drop(&identity, getppid()) == 0 &&
           identity_check(&identity) == 0 &&
           identity_drop(&identity, getppid()) == 0 && is_nobody();
}

static bool drop_to_another(void)
{
    struct identity other = identity;

    other.uid++;
    return identity_drop(&identity, getppid()) == 0 &&
           identity_check(&other) == -EPERM &&
           identity_drop(&other, getppid()) == -EPERM && is_nobody();
}

START_TEST(who_dropped_does_not_come_back)
{
    find("54321", "65432");
    if (geteuid() != 0) {
        (void)printf("skipped: only root becomes another user\n");
        ck_assert_int_eq(identity_check(&identity), -EPERM);
        ck_assert_int_eq(identity_drop(&identity, getppid()), -EPERM);
        return;
    }
    ck_assert_int_eq(identity_check(&identity), 0);
    check_in_child(drop);
    check_in_child(drop_again);
    check_in_child(drop_to_another);
}
END_TEST

static bool drop_nothing(void)
{
    return identity_drop(&identity, getppid()) == 0 && follows_parent();
}

static bool drop_as_an_orphan(void)
{
    return identity_drop(&identity, getpid()) == -ESRCH;
}

START_TEST(the_parent_is_followed_in_any_case)
{
    find(NULL, NULL);
    check_in_child(drop_nothing);
    check_in_child(drop_as_an_orphan);
}
END_TEST

UNIT_MAIN_WITH("identity",
               set_up,
               tear_down,
               nothing_given_is_nothing_changed,
               a_user_has_a_group_and_further_ones,
               a_number_is_the_user_that_has_it,
               a_group_stands_before_that_of_the_user,
               a_group_alone_changes_no_user,
               a_number_that_no_user_has_needs_a_group,
               it_is_told_what_there_is_not,
               who_dropped_does_not_come_back,
               the_parent_is_followed_in_any_case)
