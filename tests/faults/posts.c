/* SPDX-License-Identifier: MIT */
/*
 * Sends back a command of five bytes after a way over other functions, threads
 * or both: see enum command. "slow" is answered with "begun\n" first. Aborts if
 * anything that was accepted did not come back exactly once.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <berth/protocol.h>

#define COMMAND_SIZE 5u
#define SLOW_NS 20000000
/* Where a letter was lost for want of memory, nothing else would come. */
#define PATIENCE_MS 3000

enum command {
    COMMAND_POST = 'p', /* berth_post() */
    COMMAND_WORK = 'w', /* berth_work() */
    COMMAND_SLOW = 's', /* the same, and the job sleeps */
    COMMAND_CALL = 'c', /* the job posts */
    COMMAND_NOTE = 'n', /* berth_entry_post(), which posts */
    COMMAND_TASK = 't', /* berth_entry_work(), whose end posts */
};

struct local {
    int owed; /* letters that are not back */
};

struct letter {
    struct local *local;
    berth_ref ref;
    int ways; /* on which it will come back */
    int error;
    char text[COMMAND_SIZE];
};

static void fini(berth_entry *entry)
{
    const struct local *local = entry->local;

    if (local->owed != 0) {
        abort();
    }
}

static void take_back(struct letter *letter)
{
    letter->local->owed--;
    letter->ways--;
    if (letter->ways == 0) {
        free(letter);
    }
}

static void tell(berth_conn *c, void *arg)
{
    struct letter *letter = arg;

    if (c != NULL) {
        (void)berth_write(c, letter->text, COMMAND_SIZE);
        (void)berth_deadline(c, 0);
        berth_resume(c);
    }
    take_back(letter);
}

/* Without it the connection waits until its patience is over. */
static void pass_on(berth_entry *entry, void *arg)
{
    struct letter *letter = arg;

    (void)entry;
    if (berth_post(letter->ref, tell, letter) < 0) {
        take_back(letter);
    }
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static void sleep_a_while(void *arg)
{
    const struct timespec time = {.tv_nsec = SLOW_NS};

    (void)arg;
    (void)nanosleep(&time, NULL);
}

static void call(void *arg)
{
    struct letter *letter = arg;

    letter->error = berth_post(letter->ref, tell, letter);
}

/* The letter that was posted came before this one, or never comes. */
static void end_call(berth_conn *c, void *arg)
{
    struct letter *letter = arg;

    if (letter->error < 0) {
        letter->local->owed--;
        letter->ways--;
        if (c != NULL) {
            berth_abort(c);
        }
    }
    take_back(letter);
}

static int send_letter(berth_conn *c, struct letter *letter)
{
    switch (letter->text[0]) {
    case COMMAND_POST:
        return berth_post(letter->ref, tell, letter);
    case COMMAND_WORK:
        return berth_work(c, do_nothing, tell, letter);
    case COMMAND_SLOW:
        (void)berth_write(c, "begun\n", 6);
        return berth_work(c, sleep_a_while, tell, letter);
    case COMMAND_CALL:
        letter->ways = 2;
        return berth_work(c, call, end_call, letter);
    case COMMAND_NOTE:
        return berth_entry_post(c->entry, pass_on, letter);
    case COMMAND_TASK:
        return berth_entry_work(c->entry, do_nothing, pass_on, letter);
    default:
        return -EBADMSG;
    }
}

static int obey(berth_conn *c, const char *command)
{
    struct local *local = c->entry->local;
    struct letter *letter = calloc(1, sizeof(*letter));
    int error;

    if (letter == NULL) {
        return -ENOMEM;
    }
    letter->local = local;
    letter->ref = berth_ref_of(c);
    letter->ways = 1;
    memcpy(letter->text, command, COMMAND_SIZE);
    local->owed += command[0] == COMMAND_CALL ? 2 : 1;
    error = send_letter(c, letter);
    if (error < 0) {
        local->owed -= letter->ways;
        free(letter);
        return error;
    }
    berth_pause(c);
    return berth_deadline(c, PATIENCE_MS);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    int error;

    if (size < COMMAND_SIZE) {
        return 0;
    }
    error = obey(c, data);
    return error < 0 ? error : (ssize_t)COMMAND_SIZE;
}

BERTH_PROTOCOL(.name = "posts",
               .version = "1",
               .summary = "answers from elsewhere",
               .local_size = sizeof(struct local),
               .fini = fini,
               .on_data = on_data);
