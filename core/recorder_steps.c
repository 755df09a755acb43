/* SPDX-License-Identifier: MIT */
/* What a recorded connection does, step by step. */
#include "recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "line.h"
#include "units.h"

/* Time that passes before the peer acts is told from so much on; less only
   where it was waited for. */
#define PAUSE_MS 10

/* ------------------------------------------------------------ what is beside */

/* Does output wait of which the peer has a part? Then what he does now comes
   before all of it: to one who reads as fast as it is sent it would have. */
static bool is_behind(const struct recorded *recorded,
                      const struct connection *c)
{
    return recorded->is_behind || connection_has_left(c);
}

static enum recording_place place_act(const struct recorded *recorded,
                                      const struct connection *c,
                                      enum recorder_step step)
{
    const bool is_early = step == RECORDER_ACT ? connection_queued(c) > 0
                                               : is_behind(recorded, c);

    return is_early ? RECORDING_BEFORE : RECORDING_END;
}

/*
 * Since the beginning. What the plugin writes of the time is by the wall clock,
 * which is read a little later in a turn than the loop's. A timer has run out
 * by the loop's clock: it must in a replay, too, where it was set when the wall
 * clock said so.
 */
static uint64_t measure(const struct recorded *recorded,
                        struct loop *loop,
                        enum recorder_step step)
{
    const uint64_t real_ms = loop_real_ms(loop);
    const uint64_t by_wall = real_ms < recorded->opened_real_ms
                                 ? 0
                                 : real_ms - recorded->opened_real_ms;
    const uint64_t by_loop =
        loop->now_ms - recorded->opened_ms + recorded->ahead_ms;

    return step != RECORDER_ACT && by_loop > by_wall ? by_loop : by_wall;
}

static void note_time(struct recorded *recorded, uint64_t now_ms)
{
    const uint64_t by_loop = now_ms - recorded->opened_ms;

    if (recorded->told_ms > by_loop + recorded->ahead_ms) {
        recorded->ahead_ms = recorded->told_ms - by_loop;
    }
    recorded->last_ms = now_ms;
}

static bool is_worth_telling(const struct recorded *recorded,
                             const struct loop *loop,
                             uint64_t passed_ms,
                             enum recorder_step step)
{
    const uint64_t from = recorded->opened_real_ms + recorded->told_ms;
    const uint64_t to = recorded->opened_real_ms + passed_ms;

    if (passed_ms <= recorded->told_ms) {
        return false;
    }
    if (step != RECORDER_ACT) {
        return loop->now_ms != recorded->last_ms;
    }
    return to - from >= PAUSE_MS || to / 1000 != from / 1000;
}

static void tell_time(struct recorded *recorded,
                      struct connection *c,
                      enum recorder_step step,
                      enum recording_place place)
{
    struct loop *loop = connection_entry(c)->loop;
    const uint64_t passed_ms = measure(recorded, loop, step);
    char duration[UNITS_TEXT_MAX];
    char line[UNITS_TEXT_MAX + 8];

    if ((step == RECORDER_ACT || place == RECORDING_END) &&
        is_worth_telling(recorded, loop, passed_ms, step)) {
        (void)units_format_duration(passed_ms - recorded->told_ms, duration,
                                    sizeof(duration));
        (void)snprintf(line, sizeof(line), "wait %s", duration);
        recorder_act(recorded, c, place, line);
        recorded->told_ms = passed_ms;
    }
    note_time(recorded, loop->now_ms);
}

/*
 * A connection that is emptied when the server stops is closed only when all
 * that came is answered, and so it is told then. The others hear of the stop
 * themselves: what they do now may be for its sake.
 */
static void tell_stop(struct recorded *recorded,
                      struct connection *c,
                      enum recorder_step step,
                      enum recording_place place)
{
    static const uint32_t owed = CONNECTION_STOP_EXIT | CONNECTION_STOP_RELOAD;
    const bool is_emptying = (c->flags & CONNECTION_EMPTYING) != 0;
    uint32_t flags = connection_all(c)->stop_flags;

    if (is_emptying && step == RECORDER_FINISH) {
        flags = CONNECTION_STOP_EXIT; /* perhaps of its entry alone */
    }
    if (flags == recorded->stop_flags ||
        (step != RECORDER_FINISH && (is_emptying || (c->flags & owed) != 0))) {
        return;
    }
    recorded->stop_flags = flags;
    recorder_act(recorded, c, place,
                 flags == CONNECTION_STOP_EXIT ? "stop exit" : "stop reload");
}

/* A gate was only on the way: the first that it leads to gives the name. */
static void tell_switch(struct recorded *recorded, struct connection *c)
{
    const struct entry *before = recorded->entry;
    const struct entry *entry = connection_entry(c);
    struct line text = {.limit = LINE_SIZE - 1};
    char name[RECORDING_NAME_MAX];

    if (entry == before) {
        return;
    }
    recorded->entry = entry;
    line_put_text(&text, "# switched to '");
    line_escape(&text, entry->head.name, LINE_QUOTED);
    line_put_text(&text, "'");
    text.bytes[text.length] = '\0';
    if (!before->is_gate) {
        recorder_tell(recorded, c, RECORDING_END, text.bytes);
        return;
    }
    recorder_tell(recorded, c, RECORDING_HEAD, text.bytes);
    recorder_describe_entry(recorded, c);
    recorder_make_name(recorded, c, name);
    (void)recording_rename(&recorded->recording, name); /* it may keep it */
}

enum recording_place recorder_catch_up(struct recorded *recorded,
                                       struct connection *c,
                                       enum recorder_step step)
{
    const enum recording_place place = place_act(recorded, c, step);

    tell_switch(recorded, c);
    tell_time(recorded, c, step, place);
    tell_stop(recorded, c, step, place);
    return place;
}

/* ------------------------------------------------------------------ the end */

void recorder_cut(struct recorded *recorded,
                  struct connection *c,
                  const char *why)
{
    recorder_check(recorded, c, recording_cut(&recorded->recording, why));
}

/* What was written and is lost by it a replay would see. */
void recorder_meet_reset(struct recorded *recorded, struct connection *c)
{
    const bool is_lost = connection_queued(c) > 0;
    enum recording_place place;

    if (recorder_is_over(recorded) || recorded->is_reset) {
        return;
    }
    place = recorder_catch_up(recorded, c, RECORDER_ACT);
    recorded->is_reset = true;
    if (is_behind(recorded, c)) {
        recorder_cut(recorded, c, "the peer reset the connection");
        return;
    }
    recorder_act(recorded, c, place, "reset");
    if (is_lost) {
        recorder_cut(recorded, c, "there was more to be written");
    }
}

void recorder_tell_shut(struct recorded *recorded, struct connection *c)
{
    if (!recorded->is_shut && !recorded->is_reset) {
        recorder_tell(recorded, c, RECORDING_END, "eof");
    }
    recorded->is_shut = true;
}

/* What a replay cannot bring about; NULL: nothing. */
static const char *explain_end(const struct recorded *recorded, int why)
{
    if (recorded->is_behind) {
        return "the peer did not take all that was written";
    }
    if (why == BERTH_STOPPED) {
        return "the server ended the connection";
    }
    if (recorded->is_reset && why != 0 && why != -ECONNRESET) {
        return "the connection broke";
    }
    return NULL;
}

void recorder_finish(struct recorded *recorded,
                     struct connection *c,
                     bool reset)
{
    const int why = c->why;
    const char *name = why == 0 ? "0" : strerrorname_np(-why);
    const char *reason = explain_end(recorded, why);
    char line[64];

    if (recorder_is_over(recorded)) {
        return;
    }
    if (!recorded->is_behind) {
        (void)recorder_catch_up(recorded, c, RECORDER_FINISH);
    }
    if (!reset) {
        recorder_tell_shut(recorded, c);
    }
    if (reason != NULL) {
        recorder_cut(recorded, c, reason);
        return;
    }
    (void)snprintf(line, sizeof(line), "%s%s",
                   name == NULL ? "# closed by the plugin: " : "closed ",
                   name == NULL ? "no error has that number" : name);
    recorder_tell(recorded, c, RECORDING_END, line);
    recorded->recording.is_over = true;
}
