/* SPDX-License-Identifier: MIT */
/* Checks of the profile http alone. */
#include "checks.h"

#define KEPT ((size_t)3)
#define BODY_SIZE 262144
#define STRINGIFY_(text_) #text_
#define STRINGIFY(text_) STRINGIFY_(text_)

void check_keep_alive(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;
    bool is_fine;

    script_init(&script, &site->part);
    script_add(&script, 0);
    is_fine = dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict);
    for (size_t i = 0; is_fine && i < KEPT; i++) {
        is_fine = dialog_hear(&dialog, verdict);
        verdict_when(verdict, ", for request %zu", i + 1);
        dialog_go_on(&dialog, &script);
    }
    dialog_close(&dialog);
    script_fini(&script);
}

/* The answers, and then the end. */
static bool talk_to_the_end(const struct site *site,
                            const struct script *script,
                            struct verdict *verdict)
{
    struct dialog dialog;
    const bool is_fine =
        dialog_open(&dialog, site, script, DIALOG_USUAL, verdict) &&
        dialog_hear(&dialog, verdict) && dialog_hear_end(&dialog, verdict);

    dialog_close(&dialog);
    return is_fine;
}

void check_connection_close(const struct site *site, struct verdict *verdict)
{
    struct script script;

    script_init(&script, &site->part);
    script_request(&script, "GET", "Connection: close\r\n", REPLY_GET);
    (void)talk_to_the_end(site, &script, verdict);
    script_fini(&script);
}

void check_head(const struct site *site, struct verdict *verdict)
{
    struct script script;

    /* A body would be taken for the next answer, which it is not. */
    script_init(&script, &site->part);
    script_request(&script, "HEAD", "", REPLY_HEAD);
    script_request(&script, "GET", "", REPLY_GET);
    script_request(&script, "HEAD", "Connection: close\r\n", REPLY_HEAD);
    (void)talk_to_the_end(site, &script, verdict);
    script_fini(&script);
}

void check_unread_body(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;

    script_init(&script, &site->part);
    script_request(&script, "POST",
                   "Connection: close\r\n"
                   "Content-Length: " STRINGIFY(BODY_SIZE) "\r\n",
                   REPLY_ANY);
    bytes_format(&script.said, "%0*d", BODY_SIZE, 1);
    if (dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict) &&
        dialog_hear(&dialog, verdict) && dialog_hear_end(&dialog, verdict)) {
        verdict_note(verdict, "POST %s: %u", site->part.path,
                     dialog.progress.last.status);
    }
    dialog_close(&dialog);
    script_fini(&script);
}

static bool refuses(const struct site *site,
                    const char *text,
                    const char *name,
                    struct verdict *verdict)
{
    struct script script;
    bool is_fine;

    script_init(&script, &site->part);
    bytes_format(&script.said, "%s", text);
    bytes_add(&script.replies, "B", 1);
    is_fine = talk_to_the_end(site, &script, verdict);
    verdict_when(verdict, ", for %s", name);
    script_fini(&script);
    return is_fine;
}

void check_bad_request(const struct site *site, struct verdict *verdict)
{
    static const struct {
        const char *text;
        const char *name;
    } requests[] = {
        {"NONSENSE\r\n\r\n", "a line that is no request"},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
         "Content-Length: 2\r\n\r\n",
         "two values of Content-Length"},
        {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
         "a request without Host"},
    };
    bool is_fine = true;

    for (size_t i = 0; is_fine && i < sizeof(requests) / sizeof(requests[0]);
         i++) {
        is_fine = refuses(site, requests[i].text, requests[i].name, verdict);
    }
}

/* The body, for which the server waits. */
static void send_body(struct dialog *dialog,
                      const struct part *part,
                      struct verdict *verdict)
{
    struct script body;

    script_init(&body, part);
    bytes_add(&body.said, "hello", 5);
    bytes_add(&body.replies, "A", 1);
    dialog_go_on(dialog, &body);
    if (dialog_hear(dialog, verdict)) {
        verdict_note(verdict, "100, then %u", dialog->progress.last.status);
    }
    script_fini(&body);
}

void check_continue(const struct site *site, struct verdict *verdict)
{
    struct script script;
    struct dialog dialog;

    script_init(&script, &site->part);
    script_request(&script, "POST",
                   "Expect: 100-continue\r\nContent-Length: 5\r\n",
                   REPLY_CONTINUE);
    if (!dialog_open(&dialog, site, &script, DIALOG_USUAL, verdict) ||
        !dialog_hear(&dialog, verdict)) {
        verdict_when(verdict, ", without the body");
    } else if (dialog.progress.last.status >= 200) {
        verdict_note(verdict, "%u at once", dialog.progress.last.status);
    } else if (dialog.progress.at == dialog.came.size) {
        send_body(&dialog, &site->part, verdict);
    }
    dialog_close(&dialog);
    script_fini(&script);
}
