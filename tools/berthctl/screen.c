/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Sequences of ECMA-48, and of xterm where a question mark follows. */
#define OTHER_SCREEN "\x1b[?1049h"
#define FIRST_SCREEN "\x1b[?1049l"
#define HIDE_CURSOR "\x1b[?25l"
#define SHOW_CURSOR "\x1b[?25h"
#define NO_WRAP "\x1b[?7l"
#define WRAP "\x1b[?7h"
#define HOME "\x1b[H"
#define CLEAR_LINE "\x1b[K"
#define CLEAR_REST "\x1b[J"
#define BOLD "\x1b[1m"
#define PLAIN "\x1b[0m"

/* Keys at once and unseen; Ctrl-C and Ctrl-Z are still signals. */
static void take_keys(struct screen *screen)
{
    struct termios raw;

    if (!screen->is_known) {
        screen->has_keys = tcgetattr(STDIN_FILENO, &screen->before) == 0;
        screen->is_known = true;
    }
    if (screen->has_keys) {
        raw = screen->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
}

void screen_show(struct screen *screen)
{
    /* First, as it stops a process that is in the background. */
    take_keys(screen);
    (void)fputs(OTHER_SCREEN HIDE_CURSOR NO_WRAP, stdout);
    (void)fflush(stdout);
    screen->is_shown = true;
    screen_measure(screen);
}

void screen_hide(struct screen *screen)
{
    if (!screen->is_shown) {
        return;
    }
    (void)fputs(WRAP SHOW_CURSOR FIRST_SCREEN, stdout);
    (void)fflush(stdout);
    if (screen->has_keys) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
    }
    screen->is_shown = false;
}

void screen_measure(struct screen *screen)
{
    struct winsize size;

    screen->width = 80;
    screen->height = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_row > 0) {
        screen->width = size.ws_col;
        screen->height = size.ws_row;
    }
}

/* Bytes of so many characters. */
static size_t cut(const char *text, size_t width)
{
    size_t length = 0;

    while (text[length] != '\0') {
        if (((unsigned char)text[length] & 0xc0u) != 0x80u && width-- == 0) {
            break;
        }
        length++;
    }
    return length;
}

void screen_begin(struct screen *screen)
{
    screen->used = 0;
    (void)fputs(HOME, stdout);
}

/* The last line has no newline, which would move all others up. */
void screen_line(struct screen *screen, const char *text, bool is_bold)
{
    if (screen->used == screen->height) {
        return;
    }
    (void)printf("%s" CLEAR_LINE "%s%.*s%s", screen->used == 0 ? "" : "\r\n",
                 is_bold ? BOLD : "", (int)cut(text, screen->width), text,
                 is_bold ? PLAIN : "");
    screen->used++;
}

void screen_end(struct screen *screen)
{
    if (screen->used < screen->height) {
        (void)fputs("\r\n" CLEAR_REST, stdout);
    }
    (void)fflush(stdout);
}
