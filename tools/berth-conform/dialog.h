/* SPDX-License-Identifier: MIT */
/*
 * A connection to the server under test, and what is said over it.
 *
 * What returns a bool returns false when it went wrong: then the verdict says
 * what came instead, or is one already. Everything that waits does so for the
 * site's timeout at most while nothing happens, and until its due time at most.
 */
#ifndef BERTH_CONFORM_DIALOG_H
#define BERTH_CONFORM_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "script.h"
#include "verdict.h"

/* The server under test. */
struct site {
    struct part part;
    struct address address;
    uint64_t timeout_ms;
    uint64_t due_ms;    /* when a check must be over, by dialog_clock() */
    size_t connections; /* that may be open at once */
};

struct dialog {
    const struct site *site;
    const struct script *script; /* what was said, and is to be answered */
    int fd;                      /* -1: none */
    size_t said;                 /* bytes of the script */
    struct bytes came;
    struct progress progress;
    bool is_ended;    /* by the server */
    bool is_complete; /* all answers have come */
    char ignored;     /* one such byte may come before all else; 0: none */
};

/* What kind of connection. */
enum dialog_manner {
    DIALOG_USUAL = 0,
    DIALOG_NARROW, /* the buffers of the kernel are small */
};

/* ms of a clock that only goes forward. */
uint64_t dialog_clock(void);

/* Connects to site, which must outlive it; script: what is going to be said,
   NULL: nothing. dialog_close() is for any dialog, opened or not, once or
   more. */
bool dialog_open(struct dialog *dialog,
                 const struct site *site,
                 const struct script *script,
                 enum dialog_manner manner,
                 struct verdict *verdict);
void dialog_close(struct dialog *dialog);

/* Closes it with a reset. */
void dialog_reset(struct dialog *dialog);

/* Is there somebody who takes connections? Returns 0 or -errno. */
int dialog_reach(const struct site *site);

/* Says size bytes more of the script, or all that is left; meanwhile takes what
   comes. */
bool dialog_say(struct dialog *dialog, size_t size, struct verdict *verdict);

/* The same in pieces of a byte, with a short pause behind each. */
bool dialog_say_slowly(struct dialog *dialog,
                       size_t size,
                       struct verdict *verdict);

/* Says on without listening until the server has taken nothing for a while, or
   all. */
bool dialog_push(struct dialog *dialog, struct verdict *verdict);

/* Sends a byte of urgent data; it may come back as the first one, or not. Not
   while anything is to be heard, or over a unix socket. */
bool dialog_urge(struct dialog *dialog, char byte, struct verdict *verdict);

/* Says what is left, and hears all answers. */
bool dialog_hear(struct dialog *dialog, struct verdict *verdict);

/* Says nothing any more. */
bool dialog_finish(struct dialog *dialog, struct verdict *verdict);

/* Hears the end: no bytes beyond the answers, and no reset. */
bool dialog_hear_end(struct dialog *dialog, struct verdict *verdict);

/* Another script, over the same connection; the last one was answered. */
void dialog_go_on(struct dialog *dialog, const struct script *script);

/* Opens, says, hears and closes. */
bool dialog_talk(const struct site *site,
                 const struct script *script,
                 struct verdict *verdict);

/* The same with one message of that number. */
bool dialog_ask(const struct site *site,
                size_t number,
                struct verdict *verdict);

/* A moment, so that what was sent is read before more comes. Returns true. */
bool dialog_pause(void);

#endif
