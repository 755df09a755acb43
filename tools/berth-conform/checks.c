/* SPDX-License-Identifier: MIT */
#include "checks.h"

#define ECHO (1u << PROFILE_ECHO)
#define LINE (1u << PROFILE_LINE)
#define HTTP (1u << PROFILE_HTTP)
#define ALL (ECHO | LINE | HTTP)

static const struct check checks[] = {
    {"answer", "One message is answered: all that follows rests on it.", ALL,
     NULL},
    {"byte-by-byte", "TCP knows no messages: one may arrive a byte at a time.",
     ALL, check_byte_by_byte},
    {"split", "A message may arrive in two pieces, cut at any place.", ALL,
     check_split},
    {"pipelining",
     "Many messages may arrive at once: all are answered, in their order.", ALL,
     check_pipelining},
    {"binary", "A NUL or 0xff is a byte like others.", ECHO | LINE,
     check_binary},
    {"large-message", "What is larger than a buffer arrives whole.", ALL,
     check_large_message},
    {"half-close",
     "Who has said all shuts its side, as nc -N does; the answers still come, "
     "then the end.",
     ALL, check_half_close},
    {"half-open",
     "Who shuts its side and has said nothing gets the end: nobody is left "
     "hanging.",
     ALL, check_half_open},
    {"urgent", "Urgent data, which nobody needs, disturbs nothing.", ALL,
     check_urgent},
    {"slow-reader",
     "Who does not read for a while loses nothing: what cannot be sent waits.",
     ALL, check_slow_reader},
    {"back-pressure",
     "For who never reads, memory has a bound: the server stops reading, too.",
     ECHO | LINE, check_back_pressure},
    {"close-early",
     "Who leaves in the middle of an answer takes nobody else along.", ALL,
     check_close_early},
    {"reset",
     "A reset in the middle of a message is an end like others; all else goes "
     "on.",
     ALL, check_reset},
    {"connect-close",
     "Who connects and leaves at once, as health checks do, "
     "disturbs nothing.",
     ALL, check_connect_close},
    {"connect-reset",
     "Who connects and resets at once, as port scans do, disturbs nothing.",
     ALL, check_connect_reset},
    {"silent-client", "Who connects and says nothing keeps nobody waiting.",
     ALL, check_silent_client},
    {"many-connections",
     "Many clients at once: each gets its own answers, and none of another's.",
     ALL, check_many_connections},
    {"keep-alive", "HTTP/1.1 connections last: a second request is answered.",
     HTTP, check_keep_alive},
    {"connection-close",
     "After Connection: close the end follows the answer, and no reset.", HTTP,
     check_connection_close},
    {"head", "HEAD is answered as GET, without the body.", HTTP, check_head},
    {"unread-body",
     "A request whose body nobody wants has an answer that no reset destroys.",
     HTTP, check_unread_body},
    {"bad-request",
     "What is no request is answered 400, and the connection ends.", HTTP,
     check_bad_request},
    {"continue",
     "Who sends Expect: 100-continue waits for an answer before the body.",
     HTTP, check_continue},
};

_Static_assert(sizeof(checks) / sizeof(checks[0]) <= CHECKS_MAX,
               "more checks than can be chosen");

const struct check *checks_all(size_t *count)
{
    *count = sizeof(checks) / sizeof(checks[0]);
    return checks;
}

bool check_is_for(const struct check *check, enum profile profile)
{
    return (check->profiles & (1u << profile)) != 0;
}

bool checks_learn(struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;
    bool is_fine;

    script_init(&script, &site->part);
    if (site->part.profile == PROFILE_HTTP) {
        script_request(&script, "GET", "", REPLY_ANY);
    } else {
        script_add(&script, 0);
    }
    is_fine = dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict) &&
              dialog_hear(&dialog, verdict);
    if (is_fine && site->part.profile == PROFILE_HTTP) {
        site->part.model = dialog.progress.last;
        verdict_note(verdict, "GET %s: %u with a body of %zu bytes",
                     site->part.path, site->part.model.status,
                     site->part.model.body_size);
    }
    dialog_close(&dialog);
    script_fini(&script);
    return is_fine;
}
