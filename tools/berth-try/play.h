/* SPDX-License-Identifier: MIT */
/*
 * One run: a simulated server, one connection or several, and what a peer does
 * there in one manner.
 */
#ifndef BERTH_TRY_PLAY_H
#define BERTH_TRY_PLAY_H

#include "finding.h"
#include "judge.h"
#include "manner.h"
#include "simulator.h"
#include "subject.h"

struct play;

/* What came is in play->peer->received; step: of the transcript, from 1 on; 0:
   before the first. */
typedef void play_see_fn(const struct play *play, size_t step);

struct play {
    const struct script *script;
    const struct transcript *transcript; /* the script's, or a changed one */
    const struct manner *manner;
    struct finding_board *board;
    bool is_verbose;   /* the server's log goes to stderr */
    bool is_guarded;   /* see pages_guard() */
    bool is_byte_wise; /* each byte is a piece, the end comes by itself */
    struct simulator simulator;
    struct peer *peer;
    size_t sent;    /* bytes so far */
    size_t most;    /* the peer never reads more; SIZE_MAX: all */
    size_t end_at;  /* the peer finishes after so many; SIZE_MAX: as it says */
    bool has_ended; /* the peer has finished or reset */
    play_see_fn *see; /* after each step; NULL: nobody */
    struct judge_protocol protocols[SIMULATOR_ENTRIES_MAX];
};

/*
 * Begins: a server with the script's plugin, and no connection yet. board,
 * script, transcript, manner and end_at are set. Returns 0, or -errno: init
 * refused, and there is nothing to be ended.
 */
int play_begin(struct play *play);

/* A connection, which becomes the peer. Returns 0 or -ENOMEM. */
int play_connect(struct play *play);

/* Plays the transcript. What differs from it is a finding if `is_strict`; else
   what it expects is left out. */
void play_transcript(struct play *play, bool is_strict);

/* Sends bytes in the manner's pieces; less, once the peer is to finish. */
void play_send(struct play *play, const char *bytes, size_t size);

/* Turns until nothing is left to do, jobs included. */
void play_settle(struct play *play);

/* The peer finishes, if it has not, and so much time passes that the
   connection is over whatever it waits for, also for a peer that reads no
   more. */
void play_out(struct play *play);

/* Ends all, with what the judge has to say in the end. */
void play_end(struct play *play);

#endif
