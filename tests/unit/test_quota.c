/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quota.h"
#include "worker_process.h"

#define WORKERS 4
#define ROUNDS 1000
#define WITHDRAWALS 200

static struct stats *make(unsigned slots)
{
    struct stats *stats = NULL;

    ck_assert_int_eq(stats_new(slots, &stats), 0);
    for (unsigned i = 0; i < slots; i++) {
        ck_assert_int_eq(stats_claim(stats, i, 1), (int)i);
    }
    return stats;
}

static struct account *open_account(struct stats *stats, const char *name)
{
    return stats_open_account(
        stats, &(struct account_label){.name = name, .protocol = "p"});
}

/* ------------------------------------------------------------ one process */

START_TEST(alone_the_own_ones_count)
{
    const struct account_label label = {.name = "a", .protocol = "p"};
    const struct quota quota = {.stats = NULL};
    struct account *account = account_new(&label);

    account->open = 2;
    ck_assert(quota_claim(&quota, account, 3));
    quota_settle(account);
    ck_assert(!quota_claim(&quota, account, 2));
    quota_enter(&quota);
    ck_assert(quota_allows_peer(&quota, 5, 2, 2));
    ck_assert(!quota_allows_peer(&quota, 5, 3, 2));
    quota_leave(&quota);
    free(account);
}
END_TEST

/* -------------------------------------------------------------- connections */

static void have_three_of_b(struct stats *stats, const void *arg)
{
    (void)arg;
    open_account(stats, "a")->open = 50;
    open_account(stats, "b")->open = 3;
}

/* The entry is not in the same place there. */
static void have_two_of_b(struct stats *stats, const void *arg)
{
    (void)arg;
    open_account(stats, "b")->open = 2;
}

static void ask_for_b(struct stats *stats, const void *arg)
{
    const struct quota quota = {.stats = stats};
    struct account *account;

    (void)arg;
    (void)open_account(stats, "a");
    account = open_account(stats, "b");
    account->open = 1;
    if (quota_claim(&quota, account, 6) || account->claims != 0 ||
        !quota_claim(&quota, account, 7) || account->claims != 1) {
        _exit(2);
    }
    quota_settle(account);
    if (account->claims != 0 || stats_own_door(stats)->sequence != 4) {
        _exit(3);
    }
}

START_TEST(those_of_all_workers_count)
{
    struct stats *stats = make(3);

    ck_assert_int_eq(worker_process_run(stats, 0, have_three_of_b, NULL), 0);
    ck_assert_int_eq(worker_process_run(stats, 1, have_two_of_b, NULL), 0);
    ck_assert_int_eq(worker_process_run(stats, 2, ask_for_b, NULL), 0);
    stats_free(stats);
}
END_TEST

static void ask_for_one(struct stats *stats, const void *arg)
{
    const struct quota quota = {.stats = stats};

    (void)arg;
    if (!quota_claim(&quota, open_account(stats, "b"), 1)) {
        _exit(2);
    }
}

START_TEST(what_a_dead_worker_had_does_not_count)
{
    struct stats *stats = make(3);

    ck_assert_int_eq(worker_process_run(stats, 0, have_three_of_b, NULL), 0);
    ck_assert_int_eq(worker_process_run(stats, 1, have_two_of_b, NULL), 0);
    stats_reset(stats, 0);
    stats_retire(stats, 1);
    ck_assert_int_eq(worker_process_run(stats, 2, ask_for_one, NULL), 0);
    stats_free(stats);
}
END_TEST

/* ------------------------------------------------------------------- peers */

static void have_peers(struct stats *stats, const void *arg)
{
    const uint64_t *count = arg;

    headcount_set(stats_own_peers(stats), 77, *count);
}

static void ask_for_a_peer(struct stats *stats, const void *arg)
{
    const struct quota quota = {.stats = stats};

    (void)arg;
    quota_enter(&quota);
    if (!quota_allows_peer(&quota, 77, 1, 6) ||
        quota_allows_peer(&quota, 77, 1, 5) ||
        !quota_allows_peer(&quota, 78, 1, 1)) {
        _exit(2);
    }
    quota_leave(&quota);
}

START_TEST(a_peer_counts_in_all_workers)
{
    static const uint64_t counts[2] = {3, 2};
    struct stats *stats = make(3);

    ck_assert_int_eq(worker_process_run(stats, 0, have_peers, &counts[0]), 0);
    ck_assert_int_eq(worker_process_run(stats, 2, have_peers, &counts[1]), 0);
    ck_assert_int_eq(worker_process_run(stats, 1, ask_for_a_peer, NULL), 0);
    stats_free(stats);
}
END_TEST

/* ---------------------------------------------------- at the same moment */

/* One who died at the door is not waited for without end. */
static void stay_at_the_door(struct stats *stats, const void *arg)
{
    const struct quota quota = {.stats = stats};

    (void)arg;
    open_account(stats, "b")->open = 5;
    quota_enter(&quota);
}

static void ask_beside_the_dead(struct stats *stats, const void *arg)
{
    const struct quota quota = {.stats = stats};

    (void)arg;
    if (quota_claim(&quota, open_account(stats, "b"), 5) ||
        !quota_claim(&quota, open_account(stats, "b"), 6)) {
        _exit(2);
    }
}

START_TEST(nobody_is_waited_for_for_ever)
{
    struct stats *stats = make(2);

    ck_assert_int_eq(worker_process_run(stats, 1, stay_at_the_door, NULL), 0);
    ck_assert_int_eq(worker_process_run(stats, 0, ask_beside_the_dead, NULL),
                     0);
    stats_free(stats);
}
END_TEST

/* Shared by those who compete. */
struct field {
    _Atomic int used;
};

/* Takes places and gives them back until it had some hundred. Exits with 2 if
   there are ever more in use than there may be. */
static void compete(struct stats *stats, struct field *field)
{
    const struct quota quota = {.stats = stats};
    struct account *account = open_account(stats, "b");

    for (int got = 0; got < 300;) {
        if (!quota_claim(&quota, account, 2)) {
            (void)sched_yield();
            continue;
        }
        account_count(&account->open, 1);
        quota_settle(account);
        if (atomic_fetch_add(&field->used, 1) >= 2) {
            _exit(2);
        }
        got++;
        atomic_fetch_sub(&field->used, 1);
        account_count(&account->open, (uint64_t)-1);
    }
    _exit(0);
}

/* All of them must have ended well. */
static void await_workers(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        int status = 0;

        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
}

START_TEST(competitors_all_get_their_turn)
{
    struct stats *stats = make(WORKERS);
    struct field *field = mmap(NULL, sizeof(*field), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(field, MAP_FAILED);
    for (unsigned i = 0; i < WORKERS; i++) {
        const pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0 && stats_own(stats, i) == 0) {
            compete(stats, field);
        }
    }
    await_workers();
    (void)munmap(field, sizeof(*field));
    stats_free(stats);
}
END_TEST

/* Shared by one who asks for the last place and one who does not keep it. */
struct duel {
    _Atomic int held;
    _Atomic int asked;
};

/* Holds the last place until slot 0 is at the door, or has given up. */
static void hold_and_withdraw(const struct stats *stats,
                              struct account *account,
                              struct duel *duel)
{
    const struct quota quota = {.stats = stats};
    const struct stats_door *other = stats_door(stats, 0);
    int round;

    quota_enter(&quota);
    atomic_store(&account->claims, 1);
    round = atomic_fetch_add(&duel->held, 1) + 1;
    while (atomic_load(&other->sequence) % 2 == 0 &&
           atomic_load(&duel->asked) < round) {
        (void)sched_yield();
    }
    for (int i = 0; i < 10; i++) { /* let it look */
        (void)sched_yield();
    }
    quota_settle(account);
    quota_leave(&quota);
    while (atomic_load(&duel->asked) < round) {
        (void)sched_yield();
    }
}

static void ask_in_each_round(struct stats *stats, struct duel *duel)
{
    const struct quota quota = {.stats = stats};
    struct account *account = open_account(stats, "b");
    int given = 0;

    for (int round = 1; round <= WITHDRAWALS; round++) {
        while (atomic_load(&duel->held) < round) {
            (void)sched_yield();
        }
        given += quota_claim(&quota, account, 1) ? 1 : 0;
        quota_settle(account);
        atomic_store(&duel->asked, round);
    }
    _exit(given >= WITHDRAWALS / 10 ? 0 : 2);
}

START_TEST(who_withdraws_is_waited_for)
{
    struct stats *stats = make(2);
    struct duel *duel = mmap(NULL, sizeof(*duel), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct account *account;
    int status = 0;
    pid_t pid;

    ck_assert_ptr_ne(duel, MAP_FAILED);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0 && stats_own(stats, 0) == 0) {
        ask_in_each_round(stats, duel);
    }
    ck_assert_int_eq(stats_own(stats, 1), 0);
    account = open_account(stats, "b");
    for (int round = 0; round < WITHDRAWALS; round++) {
        hold_and_withdraw(stats, account, duel);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    (void)munmap(duel, sizeof(*duel));
    stats_free(stats);
}
END_TEST

/* All want the last place at once, and keep it. */
static void take_and_keep(struct stats *stats, int go, int answers)
{
    const struct quota quota = {.stats = stats};
    struct headcount *peers = stats_own_peers(stats);
    char byte;

    for (uint64_t tag = 1; read(go, &byte, 1) == 1; tag++) {
        bool is_allowed;

        quota_enter(&quota);
        headcount_set(peers, tag, 1);
        is_allowed = quota_allows_peer(&quota, tag, 1, 1);
        if (!is_allowed) {
            headcount_set(peers, tag, 0);
        }
        quota_leave(&quota);
        (void)!write(answers, is_allowed ? "y" : "n", 1);
    }
    _exit(0);
}

/* Returns how many got it. */
static int play_round(const int go[WORKERS], int answers)
{
    int allowed = 0;

    for (size_t i = 0; i < WORKERS; i++) {
        ck_assert_int_eq(write(go[i], "g", 1), 1);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        char told;

        ck_assert_int_eq(read(answers, &told, 1), 1);
        allowed += told == 'y' ? 1 : 0;
    }
    return allowed;
}

/* Returns the end to tell it to go. */
static int start_player(struct stats *stats, unsigned slot, int answers)
{
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)close(ends[1]);
        if (stats_own(stats, slot) == 0) {
            take_and_keep(stats, ends[0], answers);
        }
        _exit(1);
    }
    (void)close(ends[0]);
    return ends[1];
}

START_TEST(the_last_place_goes_to_one)
{
    struct stats *stats = make(WORKERS);
    int go[WORKERS];
    int answers[2];
    int given = 0;

    ck_assert_int_eq(pipe(answers), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        go[i] = start_player(stats, i, answers[1]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        const int allowed = play_round(go, answers[0]);

        ck_assert_int_le(allowed, 1);
        given += allowed;
    }
    ck_assert_int_ge(given, ROUNDS / 2);     /* see quota.h */
    for (unsigned i = WORKERS; i > 0; i--) { /* later ones hold the earlier */
        (void)close(go[i - 1]);
    }
    await_workers();
    stats_free(stats);
}
END_TEST

UNIT_MAIN("quota",
          alone_the_own_ones_count,
          those_of_all_workers_count,
          what_a_dead_worker_had_does_not_count,
          a_peer_counts_in_all_workers,
          nobody_is_waited_for_for_ever,
          competitors_all_get_their_turn,
          who_withdraws_is_waited_for,
          the_last_place_goes_to_one)
