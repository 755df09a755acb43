/* SPDX-License-Identifier: MIT */
/*
 * A login. "USER name\n" is not answered; "PASS word\n" is, with "OK name\n",
 * "ERR wrong\n", or "ERR busy\n" if too many words wait. Who is right is handed
 * to the entry `next` instead, if there is one, with the name as argument.
 * A check takes long, by intention: the pool does it, the connection pauses.
 */
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <berth/protocol.h>

enum {
    COUNT_RIGHT,
    COUNT_WRONG,
    COUNT_GONE
};

struct settings {
    berth_list users; /* berth_pair: a name, and the hash of a word */
    const char *next;
    int32_t max_failures;
};

struct state {
    const berth_pair *user; /* of the settings; NULL: nobody whom we know */
    int32_t failures;
};

/* The word lies in crypt, as does all that comes of it: one wipe is enough. */
struct check {
    berth_entry *entry;
    const char *hash; /* of the settings, which a job may read */
    bool is_known, is_right;
    struct crypt_data crypt;
};

static void forget(struct check *check)
{
    explicit_bzero(check, sizeof(*check));
    free(check);
}

static void answer(berth_conn *c, const char *text)
{
    (void)berth_write(c, text, strlen(text));
}

/* On a thread of the pool. */
static void check_word(void *arg)
{
    struct check *check = arg;
    const char *hash = crypt_rn(check->crypt.input, check->hash, &check->crypt,
                                sizeof(check->crypt));

    check->is_right =
        check->is_known && hash != NULL && strcmp(hash, check->hash) == 0;
}

static void admit(berth_conn *c)
{
    const struct settings *settings = c->entry->settings;
    const struct state *state = c->state;
    const char *name = state->user->key;

    if (settings->next == NULL) {
        answer(c, "OK ");
        answer(c, name);
        answer(c, "\n");
    } else if (berth_switch_to(c, settings->next, name, strlen(name)) < 0) {
        berth_log(c, BERTH_WARNING, "closed: '%s' is full, or is no entry",
                  settings->next);
        berth_close(c);
    }
}

static void refuse(berth_conn *c)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;

    answer(c, "ERR wrong\n");
    if (++state->failures >= settings->max_failures) {
        berth_close(c);
    }
}

/* On the worker again. A client that did not wait is counted, and that is all. */
static void tell_result(berth_conn *c, void *arg)
{
    struct check *check = arg;
    unsigned result = check->is_right ? COUNT_RIGHT : COUNT_WRONG;

    berth_count(check->entry, c == NULL ? COUNT_GONE : result, 1);
    if (c != NULL) {
        berth_resume(c);
        (check->is_right ? admit : refuse)(c);
    }
    forget(check);
}

/* Without a user another's word is checked: time must not tell who is known. */
static int begin_check(berth_conn *c, const berth_pair *user, const char *word)
{
    const struct settings *settings = c->entry->settings;
    const berth_pair *decoy = settings->users.items;
    struct check *check = calloc(1, sizeof(*check));
    int error;

    if (check == NULL) {
        return -ENOMEM;
    }
    check->entry = c->entry;
    check->is_known = user != NULL;
    check->hash = check->is_known ? user->value : decoy->value;
    memcpy(check->crypt.input, word, strlen(word) + 1);
    error = berth_work(c, check_word, tell_result, check);
    if (error < 0) {
        forget(check);
    } else {
        berth_pause(c);
    }
    return error;
}

static const berth_pair *find_user(const berth_list *users, const char *name)
{
    const berth_pair *user = users->items;

    for (size_t i = 0; i < users->count; i++) {
        if (strcmp(user[i].key, name) == 0) {
            return &user[i];
        }
    }
    return NULL;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    char *end = memchr(data, '\n', size);
    int error = -EBADMSG;

    if (end == NULL) {
        return 0;
    }
    *end = '\0';
    if (strncmp(data, "USER ", 5) == 0) {
        state->user = find_user(&settings->users, data + 5);
        error = 0;
    } else if (strncmp(data, "PASS ", 5) == 0 &&
               end - data < CRYPT_MAX_PASSPHRASE_SIZE) {
        error = begin_check(c, state->user, data + 5);
    }
    if (error == -EAGAIN) {
        answer(c, "ERR busy\n");
        error = 0;
    }
    explicit_bzero(data, (size_t)(end - data)); /* the server's buffer */
    return error < 0 ? error : end - data + 1;
}

static const berth_option options[] = {
    {.name = "users",
     .type = BERTH_MAPPING,
     .flags = BERTH_REQUIRED | BERTH_SECRET,
     BERTH_FIELD(struct settings, users),
     .min = 1,
     .max = INT64_MAX,
     .help = "name to hash of the word, as crypt(5) has them"},
    {.name = "next",
     .type = BERTH_STRING,
     BERTH_FIELD(struct settings, next),
     .help = "the entry that has the connection then"},
    {.name = "max_failures",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, max_failures),
     .fallback = "3",
     .help = "so many wrong words end the connection"},
    BERTH_OPTIONS_END,
};

static const berth_counter counters[] = {
    [COUNT_RIGHT] = {.name = "right", .help = "words that were right"},
    [COUNT_WRONG] = {.name = "wrong", .help = "words that were wrong"},
    [COUNT_GONE] = {.name = "gone", .help = "clients that did not wait"},
    BERTH_COUNTERS_END,
};

BERTH_PROTOCOL(.name = "password",
               .summary = "lets in who knows a password",
               .state_size = sizeof(struct state),
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .on_data = on_data);
