/* SPDX-License-Identifier: MIT */
/* Checks of what one connection does to the server, and to others. */
#include "checks.h"

#include <stdlib.h>

#include "amount.h"

#define SLOW_SIZE ((size_t)8388608)
#define SLOW_REQUESTS ((size_t)64)
/* Much more than the kernel's buffers on both sides have room for. */
#define FLOOD_SIZE ((size_t)67108864)
#define EARLY_SIZE ((size_t)1048576)
#define EARLY_REQUESTS ((size_t)16)
/* What goes wrong once in a while shows up in several rounds. */
#define ROUNDS ((size_t)5)
#define VISITS ((size_t)50)
#define SILENT ((size_t)3)

/* ------------------------------------------------------------ who is slow */

void check_slow_reader(const struct site *site, struct verdict *verdict)
{
    char amount[AMOUNT_TEXT_MAX];
    struct script script;
    struct dialog dialog;

    script_fill(&script, &site->part, SLOW_REQUESTS, SLOW_SIZE);
    if (dialog_open(&dialog, site, &script, DIALOG_NARROW, verdict) &&
        dialog_push(&dialog, verdict) && dialog_hear(&dialog, verdict)) {
        amount_print_bytes(amount, dialog.came.size);
        verdict_note(verdict, "%s of answers", amount);
    }
    dialog_close(&dialog);
    script_fini(&script);
}

void check_back_pressure(const struct site *site, struct verdict *verdict)
{
    char amount[AMOUNT_TEXT_MAX];
    struct script script;
    struct dialog dialog;

    script_init(&script, &site->part);
    script_add_bulk(&script, FLOOD_SIZE);
    if (dialog_open(&dialog, site, &script, DIALOG_NARROW, verdict) &&
        dialog_push(&dialog, verdict)) {
        amount_print_bytes(amount, dialog.said);
        if (dialog.said == script.said.size) {
            verdict_expect(verdict, "that some time it takes no more");
            (void)verdict_fail(verdict, "%s taken, none read", amount);
        } else {
            verdict_note(verdict, "it took %s, then no more", amount);
        }
    }
    dialog_close(&dialog);
    script_fini(&script);
}

/* ----------------------------------------------------------- who goes away */

/* The server serves on: new connections, and one that was there before. */
static bool goes_on(const struct site *site,
                    struct dialog *bystander,
                    struct verdict *verdict)
{
    if (!dialog_ask(site, 1, verdict)) {
        verdict_when(verdict, ", on the next connection");
        return false;
    }
    if (!dialog_hear(bystander, verdict)) {
        verdict_when(verdict, ", on a connection that was there before");
        return false;
    }
    dialog_go_on(bystander, bystander->script);
    return true;
}

/* How somebody goes away. */
typedef bool leave_fn(const struct site *site, struct verdict *verdict);

static void leave_often(const struct site *site,
                        leave_fn *leave,
                        size_t rounds,
                        struct verdict *verdict)
{
    struct script script;
    struct dialog bystander;
    bool is_fine;

    script_init(&script, &site->part);
    script_add(&script, 0);
    is_fine = dialog_open(&bystander, site, &script, DIALOG_USUAL, verdict) &&
              goes_on(site, &bystander, verdict);
    for (size_t i = 0; is_fine && i < rounds; i++) {
        is_fine = leave(site, verdict) && goes_on(site, &bystander, verdict);
    }
    dialog_close(&bystander);
    script_fini(&script);
}

/* In the middle: half of it was said, and the answers are on their way. */
static bool leave_early(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;
    bool is_fine;

    script_fill(&script, &site->part, EARLY_REQUESTS, EARLY_SIZE);
    is_fine = dialog_open(&dialog, site, &script, DIALOG_NARROW, verdict) &&
              dialog_say(&dialog, script.said.size / 2, verdict);
    dialog_close(&dialog);
    script_fini(&script);
    return is_fine;
}

void check_close_early(const struct site *site, struct verdict *verdict)
{
    leave_often(site, leave_early, ROUNDS, verdict);
}

/* After size bytes, of which the server has had time to read. */
static bool reset_after(const struct site *site,
                        const struct script *script,
                        size_t size,
                        struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, script, DIALOG_NARROW, verdict) &&
        dialog_say(&dialog, size, verdict) && dialog_pause();

    dialog_reset(&dialog);
    return is_fine;
}

/* In the first message, and in the middle of a lot of them. */
static bool leave_by_reset(const struct site *site, struct verdict *verdict)
{
    struct script script;
    bool is_fine;

    script_fill(&script, &site->part, EARLY_REQUESTS, EARLY_SIZE);
    is_fine = reset_after(site, &script, 5, verdict) &&
              reset_after(site, &script, script.said.size / 2, verdict);
    script_fini(&script);
    return is_fine;
}

void check_reset(const struct site *site, struct verdict *verdict)
{
    leave_often(site, leave_by_reset, ROUNDS, verdict);
}

static bool leave_at_once(const struct site *site, struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, NULL, DIALOG_USUAL, verdict);

    dialog_close(&dialog);
    return is_fine;
}

void check_connect_close(const struct site *site, struct verdict *verdict)
{
    leave_often(site, leave_at_once, VISITS, verdict);
}

static bool reset_at_once(const struct site *site, struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, NULL, DIALOG_USUAL, verdict);

    dialog_reset(&dialog);
    return is_fine;
}

void check_connect_reset(const struct site *site, struct verdict *verdict)
{
    leave_often(site, reset_at_once, VISITS, verdict);
}

/* ------------------------------------------------------------ many of them */

static bool ask_beside_silence(const struct site *site, struct verdict *verdict)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        if (!dialog_ask(site, i, verdict)) {
            verdict_when(verdict, ", while %zu others are silent", SILENT);
            return false;
        }
    }
    return true;
}

void check_silent_client(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog silent[SILENT];
    size_t count = 0;
    bool is_fine = true;

    script_init(&script, &site->part);
    script_add(&script, 0);
    while (is_fine && count < SILENT) {
        is_fine =
            dialog_open(&silent[count++], site, &script, DIALOG_USUAL, verdict);
    }
    if (is_fine && ask_beside_silence(site, verdict) &&
        !dialog_hear(&silent[0], verdict)) {
        verdict_when(verdict, ", after a silence");
    }
    for (size_t i = 0; i < count; i++) {
        dialog_close(&silent[i]);
    }
    script_fini(&script);
}

struct client {
    struct script script;
    struct dialog dialog;
};

/* All are there before the first one speaks, and all have spoken before the
   first one hears. */
static bool
gather(const struct site *site, struct client *clients, struct verdict *verdict)
{
    bool is_fine = true;

    for (size_t i = 0; i < site->connections; i++) {
        clients[i].dialog.fd = -1;
        script_init(&clients[i].script, &site->part);
        script_add(&clients[i].script, i);
    }
    for (size_t i = 0; is_fine && i < site->connections; i++) {
        is_fine = dialog_open(&clients[i].dialog, site, &clients[i].script,
                              DIALOG_USUAL, verdict);
    }
    /* The first half of these rounds says, the second hears. */
    for (size_t i = 0; is_fine && i < 2 * site->connections; i++) {
        const size_t number = i % site->connections;
        struct dialog *dialog = &clients[number].dialog;

        is_fine = i < site->connections ? dialog_say(dialog, SIZE_MAX, verdict)
                                        : dialog_hear(dialog, verdict);
        verdict_when(verdict, ", on connection %zu of %zu", number + 1,
                     site->connections);
    }
    return is_fine;
}

void check_many_connections(const struct site *site, struct verdict *verdict)
{
    struct client *clients = calloc(site->connections, sizeof(*clients));

    if (clients == NULL) {
        verdict_skip(verdict, "no memory");
        return;
    }
    if (gather(site, clients, verdict)) {
        verdict_note(verdict, "%zu at once", site->connections);
    }
    for (size_t i = 0; i < site->connections; i++) {
        dialog_close(&clients[i].dialog);
        script_fini(&clients[i].script);
    }
    free(clients);
}
