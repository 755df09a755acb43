/* SPDX-License-Identifier: MIT */
#include "mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

#define SENDERS 8
#define LETTERS 1000

/* A letter that tells where and when it was delivered. */
struct note {
    struct letter letter;
    char name;
    int result; /* of mailbox_send() */
    size_t deliveries;
    uint64_t turn; /* in which it was delivered */
    pthread_t thread;
    struct note *answer; /* sent while this one is delivered */
};

static struct loop loop;
static struct mailbox *mailbox;
static char delivered[64];
static size_t delivered_count;
static atomic_size_t wakes;
static atomic_int wake_errno; /* 0: the call is made */

/* Between the core and the C library, by the linker's --wrap. */
int call_eventfd_write(int fd, eventfd_t value) __asm__("__real_eventfd_write");
int count_wake(int fd, eventfd_t value) __asm__("__wrap_eventfd_write");

int count_wake(int fd, eventfd_t value)
{
    (void)atomic_fetch_add(&wakes, 1);
    if (wake_errno != 0) {
        errno = wake_errno;
        return -1;
    }
    return call_eventfd_write(fd, value);
}

static void set_up(void)
{
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(mailbox_open(&loop, &mailbox), 0);
}

static void tear_down(void)
{
    mailbox_close(mailbox);
    loop_close(&loop);
}

static void deliver_note(struct letter *letter)
{
    struct note *note = CONTAINER_OF(letter, struct note, letter);

    note->deliveries++;
    note->turn = loop.turn;
    note->thread = pthread_self();
    delivered[delivered_count++ % (sizeof(delivered) - 1)] = note->name;
    if (note->answer != NULL) {
        note->answer->result = mailbox_send(mailbox, &note->answer->letter);
    }
}

static struct note make_note(char name)
{
    return (struct note){.letter.deliver = deliver_note, .name = name};
}

static void send_note(struct note *note)
{
    note->result = mailbox_send(mailbox, &note->letter);
}

static void *send_from_thread(void *arg)
{
    send_note(arg);
    return NULL;
}

static pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

static void join(pthread_t thread)
{
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

static void take_turn(void)
{
    ck_assert_int_eq(loop_turn(&loop), 0);
}

/* Whether a turn would begin without waiting. */
static bool is_ready(void)
{
    struct epoll_event report;

    return selector_wait(&loop.selector, &report, 1, 0) == 1;
}

/* ---------------------------------------------------------------- delivering */

START_TEST(letters_come_in_the_order_in_which_they_were_sent)
{
    struct note notes[] = {make_note('a'), make_note('b'), make_note('c')};

    for (size_t i = 0; i < 3; i++) {
        send_note(&notes[i]);
        ck_assert_int_eq(notes[i].result, 0);
    }
    ck_assert_str_eq(delivered, "");
    ck_assert(!mailbox_is_empty(mailbox));
    take_turn();
    ck_assert_str_eq(delivered, "abc");
    ck_assert(!is_ready());
    ck_assert(mailbox_is_empty(mailbox));
}
END_TEST

START_TEST(a_letter_of_another_thread_wakes_the_loop)
{
    struct note note = make_note('a');
    pthread_t thread = start(send_from_thread, &note);

    while (note.deliveries == 0) {
        take_turn();
    }
    join(thread);
    ck_assert_int_eq(note.result, 0);
    ck_assert_uint_eq(note.deliveries, 1);
    ck_assert(pthread_equal(note.thread, pthread_self()));
}
END_TEST

static void free_letter(struct letter *letter)
{
    free(letter);
    delivered_count++;
}

START_TEST(a_letter_may_be_freed_where_it_is_delivered)
{
    for (size_t i = 0; i < 3; i++) {
        struct letter *letter = malloc(sizeof(*letter));

        letter->deliver = free_letter;
        ck_assert_int_eq(mailbox_send(mailbox, letter), 0);
    }
    take_turn();
    ck_assert_uint_eq(delivered_count, 3);
}
END_TEST

START_TEST(a_batch_wakes_the_loop_once)
{
    struct note notes[] = {make_note('a'), make_note('b'), make_note('c')};

    send_note(&notes[0]);
    send_note(&notes[1]);
    ck_assert_uint_eq(wakes, 1);
    take_turn();
    send_note(&notes[2]);
    ck_assert_uint_eq(wakes, 2);
    take_turn();
    ck_assert_str_eq(delivered, "abc");
    ck_assert_uint_eq(wakes, 2);
}
END_TEST

START_TEST(a_letter_is_not_accepted_if_the_loop_cannot_be_woken)
{
    struct note refused = make_note('r');
    struct note note = make_note('a');

    wake_errno = EIO;
    send_note(&refused);
    wake_errno = 0;
    ck_assert_int_eq(refused.result, -EIO);
    send_note(&note);
    take_turn();
    ck_assert_str_eq(delivered, "a");
}
END_TEST

/* -------------------------------------------------------------- the next turn */

START_TEST(a_letter_that_sends_a_letter_takes_a_turn_for_each)
{
    struct note notes[] = {make_note('a'), make_note('b'), make_note('c')};

    notes[0].answer = &notes[1];
    notes[1].answer = &notes[2];
    send_note(&notes[0]);
    take_turn();
    ck_assert_str_eq(delivered, "a");
    take_turn();
    ck_assert_str_eq(delivered, "ab");
    take_turn();
    ck_assert_str_eq(delivered, "abc");
}
END_TEST

/* Something that is ready in each turn, before the mailbox is: it was ready
   first, and reports keep that order. */
struct ready {
    struct source source;
    int fd;
    struct note own;   /* sent by the loop's thread */
    struct note other; /* sent by another thread after it */
};

static void send_both(struct source *source, uint32_t events)
{
    struct ready *ready = CONTAINER_OF(source, struct ready, source);

    (void)events;
    if (ready->own.deliveries == 0) {
        send_note(&ready->own);
        join(start(send_from_thread, &ready->other));
        (void)close(ready->fd);
    }
}

static const struct source_ops sending = {.ready = send_both};

static void ready_open(struct ready *ready)
{
    ready->own = make_note('o');
    ready->other = make_note('t');
    ready->fd = eventfd(1, EFD_NONBLOCK);
    source_init(&ready->source, &sending);
    ck_assert_int_eq(selector_register(&loop.selector, ready->fd, SELECTOR_READ,
                                       SELECTOR_LEVEL, &ready->source),
                     0);
}

START_TEST(what_a_turn_sends_before_the_box_has_its_turn_comes_in_the_next)
{
    struct ready ready;
    struct note first = make_note('f');

    ready_open(&ready);
    send_note(&first);
    take_turn();
    ck_assert_int_eq(ready.other.result, 0);
    ck_assert_str_eq(delivered, "f");
    ck_assert(is_ready());
    take_turn();
    ck_assert_str_eq(delivered, "fot");
    ck_assert(!is_ready());
}
END_TEST

START_TEST(what_was_put_off_is_not_lost_when_the_box_is_shut)
{
    struct ready ready;
    struct note first = make_note('f');

    ready_open(&ready);
    send_note(&first);
    take_turn();
    mailbox_shut(mailbox);
    mailbox_deliver_rest(mailbox);
    ck_assert_str_eq(delivered, "fot");
}
END_TEST

static struct note *crossing;

static void let_another_thread_send(struct letter *letter)
{
    (void)letter;
    join(start(send_from_thread, crossing));
}

START_TEST(what_others_send_meanwhile_comes_in_the_next_turn)
{
    struct note note = make_note('a');
    struct letter letter = {.deliver = let_another_thread_send};

    crossing = &note;
    ck_assert_int_eq(mailbox_send(mailbox, &letter), 0);
    take_turn();
    ck_assert_uint_eq(note.deliveries, 0);
    take_turn();
    ck_assert_uint_eq(note.deliveries, 1);
}
END_TEST

/* -------------------------------------------------------------------- ending */

START_TEST(a_shut_box_delivers_what_it_accepted_and_no_more)
{
    struct note early = make_note('e');
    struct note late = make_note('l');

    send_note(&early);
    mailbox_shut(mailbox);
    send_note(&late);
    ck_assert_int_eq(late.result, -ESHUTDOWN);
    take_turn();
    mailbox_deliver_rest(mailbox);
    ck_assert_str_eq(delivered, "e");
}
END_TEST

START_TEST(the_rest_is_delivered_at_once_and_cannot_grow)
{
    struct note note = make_note('a');
    struct note answer = make_note('b');

    note.answer = &answer;
    send_note(&note);
    mailbox_shut(mailbox);
    mailbox_deliver_rest(mailbox);
    ck_assert_str_eq(delivered, "a");
    ck_assert_int_eq(answer.result, -ESHUTDOWN);
    mailbox_deliver_rest(mailbox);
    ck_assert_str_eq(delivered, "a");
    ck_assert(!is_ready());
}
END_TEST

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

START_TEST(closing_delivers_the_rest_and_gives_the_descriptor_back)
{
    struct note note = make_note('a');
    size_t before = count_descriptors();

    send_note(&note);
    mailbox_close(mailbox);
    mailbox = NULL;
    ck_assert_str_eq(delivered, "a");
    ck_assert_uint_eq(count_descriptors(), before - 1);
}
END_TEST

START_TEST(who_holds_a_box_may_send_after_its_end)
{
    struct note note = make_note('a');
    struct mailbox *held = mailbox_hold(mailbox);

    ck_assert_ptr_eq(held, mailbox);
    mailbox_close(mailbox);
    mailbox = NULL;
    ck_assert_int_eq(mailbox_send(held, &note.letter), -ESHUTDOWN);
    mailbox_let_go(held);
    ck_assert_uint_eq(note.deliveries, 0);
}
END_TEST

START_TEST(without_descriptors_there_is_no_mailbox)
{
    struct rlimit limit;
    struct mailbox *other = NULL;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(mailbox_open(&loop, &other), -EMFILE);
    ck_assert_ptr_null(other);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

START_TEST(without_a_selector_there_is_no_mailbox)
{
    struct loop closed = {.selector.fd = -1};
    struct mailbox *other = NULL;
    size_t before = count_descriptors();

    ck_assert_int_eq(mailbox_open(&closed, &other), -EBADF);
    ck_assert_ptr_null(other);
    ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

/* ------------------------------------------------------------- many at a time */

struct numbered {
    struct letter letter;
    struct sender *sender;
    size_t number;
    size_t deliveries;
};

struct sender {
    struct mailbox *mailbox;
    struct numbered letters[LETTERS];
    size_t accepted; /* the first so many */
    size_t next;     /* the number that is to be delivered next */
    size_t misplaced;
    pthread_t thread;
};

static struct sender senders[SENDERS];

static void deliver_numbered(struct letter *letter)
{
    struct numbered *numbered = CONTAINER_OF(letter, struct numbered, letter);
    struct sender *sender = numbered->sender;

    numbered->deliveries++;
    if (numbered->number != sender->next++) {
        sender->misplaced++;
    }
    delivered_count++;
}

static void *send_until_refused(void *arg)
{
    struct sender *sender = arg;

    for (size_t i = 0; i < LETTERS; i++) {
        struct numbered *numbered = &sender->letters[i];

        numbered->letter.deliver = deliver_numbered;
        numbered->sender = sender;
        numbered->number = i;
        if (mailbox_send(sender->mailbox, &numbered->letter) < 0) {
            break;
        }
        sender->accepted++;
    }
    mailbox_let_go(sender->mailbox);
    return NULL;
}

static void start_senders(void)
{
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i].mailbox = mailbox_hold(mailbox);
        senders[i].thread = start(send_until_refused, &senders[i]);
    }
}

/* What was accepted was delivered once, in order, and nothing else. */
static void check_sender(const struct sender *sender)
{
    ck_assert_uint_eq(sender->misplaced, 0);
    for (size_t i = 0; i < LETTERS; i++) {
        ck_assert_uint_eq(sender->letters[i].deliveries,
                          i < sender->accepted ? 1 : 0);
    }
}

static size_t check_senders(void)
{
    size_t accepted = 0;

    for (size_t i = 0; i < SENDERS; i++) {
        join(senders[i].thread);
        check_sender(&senders[i]);
        accepted += senders[i].accepted;
    }
    ck_assert_uint_eq(delivered_count, accepted);
    return accepted;
}

START_TEST(letters_of_many_threads_are_delivered_once_and_in_order)
{
    start_senders();
    while (delivered_count < (size_t)SENDERS * LETTERS) {
        take_turn();
    }
    ck_assert_uint_eq(check_senders(), (size_t)SENDERS * LETTERS);
    ck_assert(!is_ready());
}
END_TEST

START_TEST(a_box_may_be_shut_while_others_send)
{
    start_senders();
    while (delivered_count < LETTERS) {
        take_turn();
    }
    mailbox_shut(mailbox);
    mailbox_deliver_rest(mailbox);
    (void)check_senders();
}
END_TEST

START_TEST(a_box_may_be_closed_while_others_send)
{
    start_senders();
    take_turn();
    mailbox_close(mailbox);
    mailbox = NULL;
    (void)check_senders();
}
END_TEST

UNIT_MAIN_WITH("mailbox",
               set_up,
               tear_down,
               letters_come_in_the_order_in_which_they_were_sent,
               a_letter_of_another_thread_wakes_the_loop,
               a_letter_may_be_freed_where_it_is_delivered,
               a_batch_wakes_the_loop_once,
               a_letter_is_not_accepted_if_the_loop_cannot_be_woken,
               a_letter_that_sends_a_letter_takes_a_turn_for_each,
               what_a_turn_sends_before_the_box_has_its_turn_comes_in_the_next,
               what_others_send_meanwhile_comes_in_the_next_turn,
               what_was_put_off_is_not_lost_when_the_box_is_shut,
               a_shut_box_delivers_what_it_accepted_and_no_more,
               the_rest_is_delivered_at_once_and_cannot_grow,
               closing_delivers_the_rest_and_gives_the_descriptor_back,
               who_holds_a_box_may_send_after_its_end,
               without_descriptors_there_is_no_mailbox,
               without_a_selector_there_is_no_mailbox,
               letters_of_many_threads_are_delivered_once_and_in_order,
               a_box_may_be_shut_while_others_send,
               a_box_may_be_closed_while_others_send)
