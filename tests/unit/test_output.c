/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define MIB ((size_t)1024 * 1024)
#define FILE_SHARE MIB                 /* of a turn */
#define FILE_JOINS ((size_t)64 * 1024) /* the largest that joins its head */

/* The stream under test's output: what it was given, and how it takes it. */
struct sink {
    struct stream stream;
    char *bytes;
    size_t size;
    size_t capacity;
    size_t calls;
    size_t limit; /* bytes of one call that are taken */
    int error;    /* what calls return instead; 0: they take bytes */
    unsigned short seed[3];
    bool is_random; /* takes any part, or none */
    bool more;      /* the last call said that a file follows */
};

static struct sink sink;
static struct output_pool pool;
static struct output *output;

static int choose_error(struct sink *to)
{
    if (to->is_random && nrand48(to->seed) % 4 == 0) {
        return nrand48(to->seed) % 4 == 0 ? -ECONNRESET : -EAGAIN;
    }
    return to->error;
}

static size_t total_of(const struct iovec *iov, int count)
{
    size_t total = 0;

    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len == 0) {
            ck_abort_msg("an empty piece was written");
        }
        total += iov[i].iov_len;
    }
    return total;
}

static size_t choose_size(struct sink *to, size_t total)
{
    if (to->is_random && nrand48(to->seed) % 2 == 0) {
        return 1 + ((size_t)nrand48(to->seed) % total);
    }
    return total < to->limit ? total : to->limit;
}

static void keep(struct sink *to, const char *bytes, size_t size)
{
    while (to->capacity <= to->size + size) { /* never NULL */
        to->capacity = (to->capacity * 2) + 4096;
        to->bytes = realloc(to->bytes, to->capacity);
        ck_assert_ptr_nonnull(to->bytes);
    }
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static ssize_t writev_sink(struct stream *stream,
                           const struct iovec *iov,
                           int count,
                           bool more)
{
    struct sink *to = stream->context;
    int error = choose_error(to);
    size_t left;
    size_t taken;

    ck_assert_int_ge(count, 1);
    ck_assert_int_le(count, STREAM_IOV_MAX);
    to->calls++;
    to->more = more;
    if (error < 0) {
        return error;
    }
    taken = choose_size(to, total_of(iov, count));
    left = taken;
    for (int i = 0; i < count && left > 0; i++) {
        size_t size = iov[i].iov_len < left ? iov[i].iov_len : left;

        keep(to, iov[i].iov_base, size);
        left -= size;
    }
    return (ssize_t)taken;
}

static ssize_t write_sink(struct stream *stream, const void *data, size_t size)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};

    return writev_sink(stream, &iov, 1, false);
}

/* As sendfile(2): less when the file ends. */
static ssize_t
sendfile_sink(struct stream *stream, int fd, uint64_t offset, size_t size)
{
    static char block[FILE_SHARE];
    ssize_t count;

    ck_assert_uint_gt(size, 0);
    ck_assert_uint_le(size, sizeof(block));
    count = pread(fd, block, size, (off_t)offset);
    return count <= 0 ? count : write_sink(stream, block, (size_t)count);
}

static const struct stream_ops sink_ops = {
    .write = write_sink,
    .writev = writev_sink,
    .sendfile = sendfile_sink,
};

static void set_up(void)
{
    sink = (struct sink){
        .stream = {.ops = &sink_ops, .context = &sink},
        .limit = SIZE_MAX,
    };
    output_pool_init(&pool);
    output = output_new(&pool);
    ck_assert_ptr_nonnull(output);
}

static void call(const struct output_segment *owed)
{
    owed->release(owed->arg);
}

static void tear_down(void)
{
    output_free(output);
    ck_assert(!output_pool_settle(&pool, call));
    output_pool_fini(&pool);
    free(sink.bytes);
}

static void append(const char *text)
{
    ck_assert_int_eq(output_append(output, text, strlen(text)), 0);
}

static void reserve(const char *text)
{
    size_t size = strlen(text);
    char *room = output_reserve(output, size);

    ck_assert_ptr_nonnull(room);
    for (size_t i = 0; i < size; i++) {
        room[i] = text[i];
    }
}

/* Sees to it that what leaves the queue is what the stream took. */
static int flush(void)
{
    size_t total = output->queued + sink.size;
    int error = output_flush(output, &sink.stream);

    ck_assert_uint_eq(output->queued + sink.size, total);
    return error;
}

static void expect_sent(const char *text)
{
    ck_assert_uint_eq(sink.size, strlen(text));
    ck_assert_int_eq(memcmp(sink.bytes, text, sink.size), 0);
    sink.size = 0;
}

/* Sends all, and sees that it is just this. */
static void expect_queued(const char *text)
{
    ck_assert_uint_eq(output->queued, strlen(text));
    ck_assert_int_eq(flush(), 0);
    ck_assert_uint_eq(output->queued, 0);
    expect_sent(text);
}

/* Gives the output back and takes one: the same, if it was kept. */
static void replace(void)
{
    output_free(output);
    output = output_new(&pool);
    ck_assert_ptr_nonnull(output);
}

/* ------------------------------------------------------------------ append */

START_TEST(a_new_output_is_empty)
{
    ck_assert_uint_eq(output->queued, 0);
    ck_assert_uint_eq(output->left, 0);
    ck_assert_uint_eq(output->direct, 0);
    ck_assert_int_eq(flush(), 0);
    ck_assert_uint_eq(sink.calls, 0);
}
END_TEST

START_TEST(what_is_appended_leaves_in_one_call_in_order)
{
    char text[] = "three";

    append("one ");
    append("two ");
    append(text);
    memset(text, 'x', sizeof(text)); /* a copy was queued */
    expect_queued("one two three");
    ck_assert_uint_eq(sink.calls, 1);
    append("four");
    expect_queued("four");
}
END_TEST

START_TEST(appending_nothing_queues_nothing)
{
    ck_assert_int_eq(output_append(output, "x", 0), 0);
    append("a");
    ck_assert_int_eq(output_append(output, "x", 0), 0);
    expect_queued("a");
}
END_TEST

START_TEST(without_memory_nothing_is_queued)
{
    volatile size_t huge = SIZE_MAX - 64; /* what no compiler objects to */

    append("one ");
    ck_assert_int_eq(output_append(output, "x", huge), -ENOMEM);
    ck_assert_ptr_null(output_reserve(output, huge));
    ck_assert_uint_eq(output->queued, 4);
    append("two");
    expect_queued("one two");
}
END_TEST

/* --------------------------------------------------------- reserve, commit */

START_TEST(what_is_reserved_is_sent_only_when_committed)
{
    reserve("hello");
    ck_assert_uint_eq(output->queued, 0);
    ck_assert_int_eq(flush(), 0);
    ck_assert_uint_eq(sink.calls, 0);
    append("one ");
    reserve("two and more");
    ck_assert_uint_eq(output->queued, 4);
    ck_assert_int_eq(output_commit(output, 3), 0);
    ck_assert_uint_eq(output->queued, 7);
    append(" three");
    expect_queued("one two three");
}
END_TEST

START_TEST(nothing_may_be_committed)
{
    reserve("hello");
    ck_assert_int_eq(output_commit(output, 0), 0);
    ck_assert_int_eq(output_commit(output, 1), -EINVAL);
    append("a");
    expect_queued("a");
}
END_TEST

START_TEST(no_more_can_be_committed_than_was_reserved)
{
    ck_assert_int_eq(output_commit(output, 1), -EINVAL);
    ck_assert_int_eq(output_commit(output, 0), 0);
    reserve("hello");
    ck_assert_int_eq(output_commit(output, 6), -EINVAL);
    ck_assert_uint_eq(output->queued, 0);
    ck_assert_int_eq(output_commit(output, 5), 0);
    ck_assert_int_eq(output_commit(output, 1), -EINVAL); /* only once */
    expect_queued("hello");
}
END_TEST

START_TEST(append_takes_back_what_was_reserved)
{
    reserve("hello");
    append("one");
    ck_assert_int_eq(output_commit(output, 5), -EINVAL);
    expect_queued("one");
}
END_TEST

START_TEST(reserve_takes_back_what_was_reserved)
{
    reserve("a longer text");
    reserve("short");
    ck_assert_int_eq(output_commit(output, 6), -EINVAL);
    ck_assert_int_eq(output_commit(output, 5), 0);
    expect_queued("short");
}
END_TEST

START_TEST(flush_takes_back_what_was_reserved)
{
    append("one");
    reserve("hello");
    ck_assert_int_eq(flush(), 0);
    ck_assert_int_eq(output_commit(output, 5), -EINVAL);
    expect_sent("one");
}
END_TEST

/* Segments that were reserved and not filled are in between. */
START_TEST(large_reservations_may_be_left_unused)
{
    append("one ");
    for (size_t i = 0; i < 8; i++) {
        ck_assert_ptr_nonnull(output_reserve(output, 100000 * (i + 1)));
    }
    append("two ");
    ck_assert_ptr_nonnull(output_reserve(output, 2 * MIB));
    ck_assert_int_eq(output_commit(output, 0), 0);
    reserve("three");
    ck_assert_int_eq(output_commit(output, 5), 0);
    expect_queued("one two three");
}
END_TEST

START_TEST(a_large_reservation_is_contiguous_and_all_of_it_is_sent)
{
    size_t size = 3 * MIB;
    char *room = output_reserve(output, size);

    ck_assert_ptr_nonnull(room);
    for (size_t i = 0; i < size; i++) {
        room[i] = (char)(i % 251);
    }
    ck_assert_int_eq(output_commit(output, size), 0);
    ck_assert_int_eq(flush(), 0);
    ck_assert_uint_eq(sink.size, size);
    for (size_t i = 0; i < size; i++) {
        if (sink.bytes[i] != (char)(i % 251)) {
            ck_abort_msg("byte %zu differs", i);
        }
    }
}
END_TEST

/* ------------------------------------------------------------------- flush */

START_TEST(a_partial_write_keeps_the_rest)
{
    append("one two three");
    sink.limit = 4;
    ck_assert_int_eq(flush(), -EAGAIN);
    ck_assert_uint_eq(sink.calls, 1);
    ck_assert_uint_eq(output->queued, 9);
    append(" four");
    sink.limit = SIZE_MAX;
    ck_assert_int_eq(flush(), 0);
    expect_sent("one two three four");
}
END_TEST

START_TEST(a_full_or_broken_stream_keeps_all)
{
    static const int errors[] = {-EAGAIN, -ECONNRESET, -EPIPE};

    append("hello");
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        sink.error = errors[i];
        ck_assert_int_eq(flush(), errors[i]);
        ck_assert_uint_eq(output->queued, 5);
    }
    sink.error = 0;
    expect_queued("hello");
}
END_TEST

/* Queues size bytes in small pieces. */
static void append_many(size_t size)
{
    static const char piece[1000];

    for (size_t done = 0; done < size; done += sizeof(piece)) {
        if (output_append(output, piece, sizeof(piece)) < 0) {
            ck_abort_msg("no memory");
        }
    }
}

START_TEST(one_flush_sends_a_share_so_that_others_have_their_turn)
{
    size_t before;

    append_many(20 * MIB);
    for (int i = 0; i < 4; i++) {
        before = sink.size;
        sink.calls = 0;
        ck_assert_int_eq(flush(),
                         -EINPROGRESS); /* though the stream takes all */
        ck_assert_uint_ge(sink.size - before, MIB);
        ck_assert_uint_le(sink.size - before, 4 * MIB);
        ck_assert_uint_le(sink.calls, 4);
    }
    while (flush() == -EINPROGRESS) {
    }
    ck_assert_uint_eq(output->queued, 0);
    ck_assert_uint_ge(sink.size, 20 * MIB);
}
END_TEST

/* ----------------------------------------------------------- write through */

static ssize_t write_through(const char *text)
{
    return output_write_through(output, &sink.stream, text, strlen(text));
}

START_TEST(writing_through_sends_the_queue_first_in_one_call)
{
    ck_assert_int_eq(write_through("one "), 4);
    append("two ");
    ck_assert_int_eq(write_through("three"), 5);
    ck_assert_uint_eq(sink.calls, 2);
    ck_assert_uint_eq(output->queued, 0);
    expect_sent("one two three");
}
END_TEST

START_TEST(writing_through_tells_how_much_was_taken)
{
    append("one ");
    sink.limit = 3;
    ck_assert_int_eq(write_through("two"), 0); /* not even the queue */
    ck_assert_uint_eq(output->queued, 1);
    sink.limit = 1;
    ck_assert_int_eq(write_through("two"), 0); /* just the queue */
    ck_assert_uint_eq(output->queued, 0);
    sink.limit = 2;
    ck_assert_int_eq(write_through("two"), 2);
    ck_assert_uint_eq(output->queued, 0);
    expect_sent("one tw");
}
END_TEST

START_TEST(writing_through_to_a_full_or_broken_stream_takes_nothing)
{
    append("one ");
    sink.error = -EAGAIN;
    ck_assert_int_eq(write_through("two"), -EAGAIN);
    sink.error = -ECONNRESET;
    ck_assert_int_eq(write_through("two"), -ECONNRESET);
    sink.error = 0;
    ck_assert_uint_eq(sink.calls, 2);
    expect_queued("one ");
}
END_TEST

START_TEST(writing_through_leaves_reservations_out)
{
    append("one ");
    reserve("hello");
    ck_assert_int_eq(write_through("two"), 3);
    ck_assert_int_eq(output_commit(output, 5), -EINVAL);
    expect_sent("one two");
}
END_TEST

START_TEST(writing_through_never_overtakes_a_long_queue)
{
    size_t queued;

    append_many(4 * MIB);
    queued = output->queued;
    ck_assert_int_eq(write_through("x"), -EINTR);
    ck_assert_uint_eq(sink.calls, 0);
    ck_assert_uint_eq(output->queued, queued);
}
END_TEST

/* -------------------------------------------------------------------- pool */

/* How many the pool holds; none is more than an output and a segment. */
static size_t count_pooled(void)
{
    size_t count = 0;

    for (const struct output *o = pool.outputs; o != NULL; o = o->next_free) {
        ck_assert_ptr_eq(o->first, o->last);
        ck_assert_uint_eq(o->first->capacity, OUTPUT_SEGMENT_BYTES);
        count++;
    }
    ck_assert_uint_eq(count, pool.output_count);
    return count;
}

START_TEST(the_pool_is_bounded)
{
    static struct output *others[2 * OUTPUT_POOL_MAX];

    for (size_t i = 0; i < 2 * (size_t)OUTPUT_POOL_MAX; i++) {
        others[i] = output_new(&pool);
        ck_assert_ptr_nonnull(others[i]);
    }
    for (size_t i = 0; i < 2 * (size_t)OUTPUT_POOL_MAX; i++) {
        output_free(others[i]);
    }
    ck_assert_uint_eq(count_pooled(), OUTPUT_POOL_MAX);
    ck_assert_uint_le(count_pooled() * OUTPUT_SEGMENT_BYTES, MIB);
}
END_TEST

START_TEST(an_output_that_was_given_back_is_taken_again_as_new)
{
    const struct output *kept = output;

    append("one");
    ck_assert_int_eq(flush(), 0);
    reserve("left");
    output->left = 7;
    output->direct = 8;
    replace();
    ck_assert_ptr_eq(output, kept);
    ck_assert_uint_eq(count_pooled(), 0);
    ck_assert_uint_eq(output->left, 0);
    ck_assert_uint_eq(output->direct, 0);
    ck_assert_int_eq(output_commit(output, 4), -EINVAL);
    expect_sent("one");
    append("two");
    expect_queued("two");
}
END_TEST

START_TEST(what_is_queued_is_dropped_with_the_output)
{
    append("old");
    replace();
    append("new");
    expect_queued("new");
    append_many(MIB);
    ck_assert_ptr_nonnull(output_reserve(output, MIB));
    replace();
    append("newer");
    expect_queued("newer");
}
END_TEST

START_TEST(large_segments_are_not_kept)
{
    append("small");
    ck_assert_ptr_nonnull(output_reserve(output, MIB));
    ck_assert_int_eq(output_commit(output, 1), 0);
    ck_assert_int_eq(flush(), 0);
    output_free(output);
    ck_assert_uint_eq(count_pooled(), 0);
    output = output_new(&pool);
    ck_assert_uint_eq(output->first->capacity, OUTPUT_SEGMENT_BYTES);
}
END_TEST

/* ------------------------------------------------------------------- loans */

static size_t releases;

static void note_release(void *arg)
{
    size_t *number = arg;

    *number += 1;
    releases++;
}

static void lend(const char *text, size_t *number)
{
    const struct output_loan loan = {.data = text,
                                     .size = strlen(text),
                                     .release = note_release,
                                     .arg = number};

    ck_assert_int_eq(output_lend(output, &loan), 0);
}

static int make_file(const char *text)
{
    int fd = memfd_create("output", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static void send_part(int fd, uint64_t offset, size_t size, size_t *number)
{
    const struct output_loan loan = {.fd = fd,
                                     .offset = offset,
                                     .size = size,
                                     .release = note_release,
                                     .arg = number};

    ck_assert_int_eq(output_lend(output, &loan), 0);
}

START_TEST(what_is_lent_leaves_uncopied_with_what_is_around_it)
{
    char text[] = "lent ";
    static size_t released; /* until tear_down() */

    append("one ");
    lend(text, &released);
    append("two");
    text[0] = 'w'; /* no copy was queued */
    expect_queued("one went two");
    ck_assert_uint_eq(sink.calls, 1);
    ck_assert_uint_eq(released, 0); /* not from within the flush */
    ck_assert(!output_pool_settle(&pool, call));
    ck_assert_uint_eq(released, 1);
    ck_assert(!output_pool_settle(&pool, call));
    ck_assert_uint_eq(released, 1);
}
END_TEST

START_TEST(a_release_waits_until_the_last_byte_is_sent)
{
    static size_t released[2];

    lend("first", &released[0]);
    lend("second", &released[1]);
    sink.limit = 5;
    ck_assert_int_eq(flush(), -EAGAIN);
    (void)output_pool_settle(&pool, call);
    ck_assert_uint_eq(released[0], 1);
    ck_assert_int_eq(flush(), -EAGAIN);
    (void)output_pool_settle(&pool, call);
    ck_assert_uint_eq(released[1], 0);
    ck_assert_int_eq(flush(), 0);
    (void)output_pool_settle(&pool, call);
    ck_assert_uint_eq(released[1], 1);
    expect_sent("firstsecond");
}
END_TEST

START_TEST(what_is_dropped_is_released_too)
{
    static size_t released[3];
    int fd = make_file("file");

    append("x");
    lend("lent", &released[0]);
    send_part(fd, 0, 4, &released[1]);
    replace();
    ck_assert_uint_eq(released[0], 0);
    ck_assert_int_eq(output_promise(&pool), 0);
    output_owe(&pool, &(struct output_loan){.release = note_release,
                                            .arg = &released[2]});
    (void)output_pool_settle(&pool, call);
    ck_assert_uint_eq(released[0], 1);
    ck_assert_uint_eq(released[1], 1);
    ck_assert_uint_eq(released[2], 1);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(an_output_that_had_loans_is_as_new)
{
    const struct output *kept = output;
    const struct output_segment *segment = output->first;
    static size_t released; /* until tear_down() */

    append("one ");
    lend("lent", &released);
    expect_queued("one lent");
    ck_assert_ptr_eq(output->first, segment); /* for what is written next */
    append("two");
    expect_queued("two");
    replace();
    ck_assert_ptr_eq(output, kept);
    ck_assert_ptr_eq(output->first, segment);
}
END_TEST

START_TEST(nothing_is_appended_to_a_loan)
{
    static size_t released; /* until tear_down() */

    lend("lent ", &released);
    append("one ");
    lend("lent ", &released);
    reserve("two");
    ck_assert_int_eq(output_commit(output, 3), 0);
    expect_queued("lent one lent two");
}
END_TEST

START_TEST(a_file_follows_its_head_and_says_so)
{
    static size_t released; /* until tear_down() */
    int fd = make_file("0123456789");

    append("head ");
    send_part(fd, 2, 3, &released);
    append(" tail");
    ck_assert_uint_eq(output->queued, 13);
    ck_assert_uint_eq(output->file_bytes, 3);
    sink.limit = 5;
    sink.error = 0;
    ck_assert_int_eq(flush(), 0);
    expect_sent("head 234 tail");
    ck_assert_uint_eq(output->file_bytes, 0);
    (void)output_pool_settle(&pool, call);
    ck_assert_uint_eq(released, 1);
    append("again");
    sink.more = true;
    expect_queued("again");
    ck_assert(!sink.more);
    append("head");
    send_part(fd, 0, 1, &released);
    sink.limit = 3;
    ck_assert_int_eq(flush(), -EAGAIN);
    ck_assert(sink.more);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_large_file_lets_its_head_go_first)
{
    static size_t released; /* until tear_down() */
    int fd = memfd_create("output", MFD_CLOEXEC);

    ck_assert_int_eq(ftruncate(fd, (off_t)FILE_JOINS + 1), 0);
    for (size_t size = FILE_JOINS; size <= FILE_JOINS + 1; size++) {
        append("head");
        send_part(fd, 0, size, &released);
        sink.limit = 3;
        sink.more = false;
        ck_assert_int_eq(flush(), -EAGAIN);
        ck_assert_int_eq(sink.more, size == FILE_JOINS);
        sink.limit = SIZE_MAX;
        sink.error = 0;
        ck_assert_int_eq(flush(), 0);
        ck_assert_uint_eq(output->queued, 0);
        (void)output_pool_settle(&pool, call);
    }
    ck_assert_uint_eq(released, 2);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_file_that_is_shorter_is_told)
{
    static size_t released; /* until tear_down() */
    int fd = make_file("0123456789");

    send_part(fd, 8, 3, &released);
    ck_assert_int_eq(flush(), -ENODATA);
    expect_sent("89");
    ck_assert_uint_eq(output->queued, 1);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_large_file_is_sent_by_turns)
{
    static size_t released; /* until tear_down() */
    int fd = memfd_create("output", MFD_CLOEXEC);
    size_t turns = 1;

    ck_assert_int_eq(ftruncate(fd, (off_t)(10 * MIB)), 0);
    send_part(fd, 0, 10 * MIB, &released);
    while (flush() == -EINPROGRESS) {
        ck_assert_uint_eq(sink.calls, turns);
        turns++;
        ck_assert_uint_eq(released, 0);
    }
    ck_assert_uint_eq(turns, 10 * MIB / FILE_SHARE);
    ck_assert_uint_eq(sink.size, 10 * MIB);
    (void)output_pool_settle(&pool, call);
    ck_assert_uint_eq(released, 1);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

static void lend_again(void *arg)
{
    (void)arg;
    ck_assert_int_eq(output_promise(&pool), 0);
    output_owe(&pool, &(struct output_loan){.release = note_release,
                                            .arg = &releases});
}

START_TEST(a_release_that_lends_does_not_go_on_for_ever)
{
    ck_assert_int_eq(output_promise(&pool), 0);
    output_owe(&pool, &(struct output_loan){.release = lend_again});
    ck_assert(output_pool_settle(&pool, call));
    ck_assert(!output_pool_settle(&pool, call));
}
END_TEST

/* --------------------------------------------------------- against a model */

/* All that was ever queued; what the sink has is its beginning. */
struct model {
    unsigned short seed[3];
    struct sink all;
};

static size_t pick(struct model *model, size_t below)
{
    return (size_t)nrand48(model->seed) % below;
}

/* Mostly small, sometimes more than a segment. */
static size_t pick_size(struct model *model)
{
    static const size_t bounds[] = {2, 100, 4000, 17000, 40000, 300000};

    return pick(model, bounds[pick(model, 6)]);
}

static char *new_bytes(struct model *model, size_t size)
{
    char *bytes = malloc(size + 1);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)nrand48(model->seed);
    }
    return bytes;
}

static void append_random(struct model *model)
{
    size_t size = pick_size(model);
    char *bytes = new_bytes(model, size);

    ck_assert_int_eq(output_append(output, bytes, size), 0);
    keep(&model->all, bytes, size);
    free(bytes);
}

/* Commits some of it, or, one time in four, forgets about it. */
static void reserve_random(struct model *model)
{
    size_t size = pick_size(model);
    char *bytes = new_bytes(model, size);
    char *room = output_reserve(output, size);
    size_t used = pick(model, size + 1);

    ck_assert_ptr_nonnull(room);
    memcpy(room, bytes, size);
    if (pick(model, 4) != 0) {
        ck_assert_int_eq(output_commit(output, size + 1), -EINVAL);
        ck_assert_int_eq(output_commit(output, used), 0);
        keep(&model->all, bytes, used);
    }
    free(bytes);
}

/* Lent to the output until it is released. */
struct lent {
    char *bytes;
    int fd;
};

static size_t lent_count;

static void give_back(void *arg)
{
    struct lent *lent = arg;

    free(lent->bytes);
    if (lent->fd >= 0) {
        ck_assert_int_eq(close(lent->fd), 0);
    }
    free(lent);
    lent_count--;
}

/* Of the file only a part, from somewhere. */
static void lend_random(struct model *model)
{
    bool is_file = pick(model, 2) == 0;
    size_t size = 1 + pick_size(model);
    size_t start = is_file ? pick(model, size) : 0;
    struct lent *lent = malloc(sizeof(*lent));
    struct output_loan loan = {.size = size - start,
                               .offset = start,
                               .release = give_back,
                               .arg = lent};

    ck_assert_ptr_nonnull(lent);
    lent->bytes = new_bytes(model, size);
    lent->fd = is_file ? memfd_create("model", MFD_CLOEXEC) : -1;
    loan.data = is_file ? NULL : lent->bytes;
    loan.fd = lent->fd;
    if (is_file) {
        ck_assert_int_eq(write(lent->fd, lent->bytes, size), (ssize_t)size);
    }
    lent_count++;
    ck_assert_int_eq(output_lend(output, &loan), 0);
    keep(&model->all, lent->bytes + start, size - start);
}

static void flush_random(void)
{
    size_t total = output->queued + sink.size;
    int error = output_flush(output, &sink.stream);

    ck_assert_uint_eq(output->queued + sink.size, total);
    ck_assert(error != 0 || output->queued == 0);
}

static void write_through_random(struct model *model)
{
    size_t size = 1 + pick_size(model);
    char *bytes = new_bytes(model, size);
    size_t before = sink.size;
    size_t queued = output->queued;
    ssize_t taken = output_write_through(output, &sink.stream, bytes, size);

    if (taken < 0) {
        ck_assert_uint_eq(sink.size, before);
        ck_assert_uint_eq(output->queued, queued);
    } else {
        ck_assert_uint_le((size_t)taken, size);
        keep(&model->all, bytes, (size_t)taken);
    }
    free(bytes);
}

/* A new output, now and then: what was queued is gone. */
static void replace_random(struct model *model)
{
    model->all.size -= output->queued;
    replace();
}

static void take_step(struct model *model)
{
    switch (pick(model, 13)) {
    case 10:
    case 11:
        lend_random(model);
        break;
    case 12:
        (void)output_pool_settle(&pool, call);
        break;
    case 0:
    case 1:
    case 2:
        append_random(model);
        break;
    case 3:
    case 4:
        reserve_random(model);
        break;
    case 5:
    case 6:
        write_through_random(model);
        break;
    case 7:
        if (pick(model, 20) == 0) {
            replace_random(model);
        }
        break;
    default:
        flush_random();
        break;
    }
}

/* What was sent, and what is still queued, is all there was, in order. */
static void check_model(const struct model *model)
{
    ck_assert_uint_eq(sink.size + output->queued, model->all.size);
    ck_assert_int_eq(
        sink.size == 0 ? 0 : memcmp(sink.bytes, model->all.bytes, sink.size),
        0);
}

START_TEST(any_sequence_of_steps_sends_all_bytes_in_order)
{
    for (unsigned short number = 0; number < 10; number++) {
        struct model model = {.seed = {number}};

        sink.is_random = true;
        sink.seed[0] = number;
        for (int step = 0; step < 400; step++) {
            take_step(&model);
            ck_assert_uint_eq(sink.size + output->queued, model.all.size);
        }
        check_model(&model);
        sink.is_random = false;
        while (flush() != 0) {
        }
        (void)output_pool_settle(&pool, call);
        ck_assert_uint_eq(lent_count, 0);
        ck_assert_uint_eq(output->file_bytes, 0);
        ck_assert_uint_eq(output->queued, 0);
        check_model(&model);
        ck_assert_uint_gt(sink.size, 100000);
        sink.size = 0;
        free(model.all.bytes);
    }
}
END_TEST

UNIT_MAIN_WITH("output",
               set_up,
               tear_down,
               a_new_output_is_empty,
               what_is_appended_leaves_in_one_call_in_order,
               appending_nothing_queues_nothing,
               without_memory_nothing_is_queued,
               what_is_reserved_is_sent_only_when_committed,
               nothing_may_be_committed,
               no_more_can_be_committed_than_was_reserved,
               append_takes_back_what_was_reserved,
               reserve_takes_back_what_was_reserved,
               flush_takes_back_what_was_reserved,
               large_reservations_may_be_left_unused,
               a_large_reservation_is_contiguous_and_all_of_it_is_sent,
               a_partial_write_keeps_the_rest,
               a_full_or_broken_stream_keeps_all,
               one_flush_sends_a_share_so_that_others_have_their_turn,
               writing_through_sends_the_queue_first_in_one_call,
               writing_through_tells_how_much_was_taken,
               writing_through_to_a_full_or_broken_stream_takes_nothing,
               writing_through_leaves_reservations_out,
               writing_through_never_overtakes_a_long_queue,
               the_pool_is_bounded,
               an_output_that_was_given_back_is_taken_again_as_new,
               large_segments_are_not_kept,
               what_is_queued_is_dropped_with_the_output,
               what_is_lent_leaves_uncopied_with_what_is_around_it,
               a_release_waits_until_the_last_byte_is_sent,
               what_is_dropped_is_released_too,
               an_output_that_had_loans_is_as_new,
               nothing_is_appended_to_a_loan,
               a_file_follows_its_head_and_says_so,
               a_large_file_lets_its_head_go_first,
               a_file_that_is_shorter_is_told,
               a_large_file_is_sent_by_turns,
               a_release_that_lends_does_not_go_on_for_ever,
               any_sequence_of_steps_sends_all_bytes_in_order)
