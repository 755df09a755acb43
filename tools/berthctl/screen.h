/* SPDX-License-Identifier: MIT */
/*
 * A terminal that is drawn on line by line, in plain ANSI, and that is given
 * back as it was.
 */
#ifndef BERTHCTL_SCREEN_H
#define BERTHCTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct screen {
    bool is_shown;
    bool has_keys; /* stdin is a terminal: keys come at once and unseen */
    bool is_known; /* has_keys and before are */
    struct termios before;
    size_t width;
    size_t height;
    size_t used; /* lines of the frame that is being made */
};

/*
 * Takes stdout, a terminal, over: what was on it is kept aside. Once more after
 * the process was stopped: somebody else had the terminal meanwhile. It is the
 * first time that says how it was.
 */
void screen_show(struct screen *screen);

/* Gives it back. May be called at any time, also twice. */
void screen_hide(struct screen *screen);

/* Asks how large the terminal is; 80x24 if it does not say. */
void screen_measure(struct screen *screen);

/*
 * A frame: its lines, from above. A line is cut to the width, at a character of
 * UTF-8; one too many is left out. screen_end() draws what was made.
 */
void screen_begin(struct screen *screen);
void screen_line(struct screen *screen, const char *text, bool is_bold);
void screen_end(struct screen *screen);

#endif
