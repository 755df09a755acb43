/* SPDX-License-Identifier: MIT */
/* Checks of one connection, and of what is said over it. */
#include "checks.h"

#include <sys/socket.h>

#define HALF_CLOSE_SIZE ((size_t)262144)
#define HALF_CLOSE_REQUESTS ((size_t)8)
#define PIPELINED ((size_t)1000)
#define PIPELINED_REQUESTS ((size_t)16)
#define LARGE_SIZE ((size_t)1048576)
/* Of lines and of fields; what is longer may be refused. */
#define LONG_SIZE 4000

/* ------------------------------------------------------------------ the end */

/* Says it all, finishes, and only then waits for the answers. */
static bool finish_and_hear(const struct site *site,
                            const struct script *script,
                            struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, script, DIALOG_USUAL, verdict) &&
        dialog_say(&dialog, script->said.size, verdict) &&
        dialog_finish(&dialog, verdict) && dialog_hear(&dialog, verdict) &&
        dialog_hear_end(&dialog, verdict);

    dialog_close(&dialog);
    return is_fine;
}

void check_half_close(const struct site *site, struct verdict *verdict)
{
    struct script one;
    struct script many;

    script_fill(&one, &site->part, 1, 1);
    script_fill(&many, &site->part, HALF_CLOSE_REQUESTS, HALF_CLOSE_SIZE);
    if (finish_and_hear(site, &one, verdict)) {
        (void)finish_and_hear(site, &many, verdict);
    }
    script_fini(&one);
    script_fini(&many);
}

void check_half_open(const struct site *site, struct verdict *verdict)
{
    struct dialog dialog;

    if (dialog_open(&dialog, site, NULL, DIALOG_USUAL, verdict) &&
        dialog_finish(&dialog, verdict)) {
        (void)dialog_hear_end(&dialog, verdict);
    }
    dialog_close(&dialog);
}

/* ------------------------------------------------------------------- pieces */

void check_byte_by_byte(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;

    script_init(&script, &site->part);
    script_add_many(&script, 2);
    if (dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict) &&
        dialog_say_slowly(&dialog, script.said.size, verdict)) {
        (void)dialog_hear(&dialog, verdict);
    }
    dialog_close(&dialog);
    script_fini(&script);
}

static bool split_at(const struct site *site,
                     const struct script *script,
                     size_t at,
                     struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, script, DIALOG_USUAL, verdict) &&
        dialog_say(&dialog, at, verdict) && dialog_pause() &&
        dialog_hear(&dialog, verdict);

    if (!is_fine) {
        verdict_when(verdict, ", when cut behind byte %zu", at);
    }
    dialog_close(&dialog);
    return is_fine;
}

void check_split(const struct site *site, struct verdict *verdict)
{
    struct script script;
    bool is_fine = true;

    script_init(&script, &site->part);
    script_add(&script, 0);
    for (size_t at = 1; is_fine && at < script.said.size; at++) {
        is_fine = split_at(site, &script, at, verdict);
    }
    script_fini(&script);
}

void check_pipelining(const struct site *site, struct verdict *verdict)
{
    struct script script;

    script_init(&script, &site->part);
    if (site->part.profile != PROFILE_HTTP) {
        script_add_many(&script, PIPELINED);
    }
    /* An order in which no answer can stand for another unseen. */
    for (size_t i = 0;
         site->part.profile == PROFILE_HTTP && i < PIPELINED_REQUESTS; i++) {
        const bool is_head = i % 3 == 1;

        script_request(&script, is_head ? "HEAD" : "GET", "",
                       is_head ? REPLY_HEAD : REPLY_GET);
    }
    (void)dialog_talk(site, &script, verdict);
    script_fini(&script);
}

/* ----------------------------------------------------------- what is said */

void check_binary(const struct site *site, struct verdict *verdict)
{
    const bool is_line = site->part.profile == PROFILE_LINE;
    struct script script;

    script_init(&script, &site->part);
    for (unsigned i = 0; i < 4 * 256; i++) {
        const char byte = (char)(unsigned char)i;

        if (!is_line || (byte != '\n' && byte != '\r')) {
            bytes_add(&script.said, &byte, 1);
        }
    }
    if (is_line) {
        bytes_add(&script.said, "\n", 1);
    }
    (void)dialog_talk(site, &script, verdict);
    script_fini(&script);
}

/* Its bytes come again after a prime number of them, so that none can take the
   place of another that a buffer's size away. */
static void add_large(struct bytes *bytes)
{
    for (size_t i = 0; i < LARGE_SIZE; i++) {
        const char byte = (char)(unsigned char)(i % 251);

        bytes_add(bytes, &byte, 1);
    }
}

void check_large_message(const struct site *site, struct verdict *verdict)
{
    struct bytes fields = {.size = 0};
    struct script script;

    script_init(&script, &site->part);
    switch (site->part.profile) {
    case PROFILE_ECHO:
        add_large(&script.said);
        break;
    case PROFILE_LINE:
        bytes_format(&script.said, "%0*d\n", LONG_SIZE, 1);
        break;
    default:
        bytes_format(&fields, "X-Conform: %0*d\r\n%c", LONG_SIZE, 1, '\0');
        if (!fields.is_broken) {
            script_request(&script, "GET", fields.data, REPLY_GET);
        }
        break;
    }
    verdict_note(verdict, "%zu bytes", script.said.size);
    script.said.is_broken = script.said.is_broken || fields.is_broken;
    (void)dialog_talk(site, &script, verdict);
    script_fini(&script);
    bytes_free(&fields);
}

/* Within the value of a field, where it does no harm if it is taken for a byte
   like others. */
static bool urge_within_field(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;
    bool is_fine;

    script_init(&script, &site->part);
    script_request(&script, "GET", "X-Urgent: a\r\n", REPLY_GET);
    is_fine = dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict) &&
              dialog_say(&dialog, script.said.size - 4, verdict) &&
              dialog_urge(&dialog, 'b', verdict) &&
              dialog_hear(&dialog, verdict);
    dialog_close(&dialog);
    script_fini(&script);
    return is_fine;
}

/* Between two messages: it may be the first byte of the second. */
static bool urge_between(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;
    bool is_fine;

    script_init(&script, &site->part);
    script_add(&script, 0);
    is_fine = dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict) &&
              dialog_hear(&dialog, verdict) &&
              dialog_urge(&dialog, '!', verdict);
    if (is_fine) {
        dialog_go_on(&dialog, &script);
        is_fine = dialog_hear(&dialog, verdict);
    }
    dialog_close(&dialog);
    script_fini(&script);
    return is_fine;
}

void check_urgent(const struct site *site, struct verdict *verdict)
{
    if (site->address.storage.ss_family == AF_UNIX) {
        verdict_skip(verdict, "unix sockets have no urgent data");
    } else if (site->part.profile == PROFILE_HTTP) {
        (void)urge_within_field(site, verdict);
    } else {
        (void)urge_between(site, verdict);
    }
}
