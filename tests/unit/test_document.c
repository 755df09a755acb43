/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

static struct errors errors;
static struct document *document;
static char *printed;

static void set_up(void)
{
    errors_init(&errors);
    document = NULL;
    printed = NULL;
}

static void tear_down(void)
{
    document_free(document);
    document = NULL;
    errors_fini(&errors);
    free(printed);
    printed = NULL;
}

static const char *print(void)
{
    size_t size = 0;
    FILE *stream;

    free(printed);
    stream = open_memstream(&printed, &size);
    ck_assert_ptr_nonnull(stream);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return printed;
}

static int parse(const char *text, size_t size)
{
    return document_parse(text, size, "f", &errors, &document);
}

START_TEST(a_text_becomes_a_tree)
{
    const char text[] = "a: b\n";

    ck_assert_int_eq(parse(text, sizeof(text) - 1), 0);
    ck_assert_str_eq(node_find(document->root, "a")->text, "b");
    ck_assert_uint_eq(errors_count(&errors), 0);
}
END_TEST

START_TEST(the_text_is_not_needed_afterwards)
{
    char *text = strdup("a: 'b'\n");

    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(parse(text, strlen(text)), 0);
    memset(text, 'x', strlen(text));
    free(text);
    ck_assert_str_eq(document->root->first->text, "b");
}
END_TEST

START_TEST(nothing_but_comments_has_no_root)
{
    ck_assert_int_eq(parse("", 0), 0);
    ck_assert_ptr_null(document->root);
    tear_down();
    ck_assert_int_eq(parse("# a\n", 4), 0);
    ck_assert_ptr_null(document->root);
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    ck_assert_int_eq(parse("\xef\xbb\xbf"
                           "a: b\n",
                           8),
                     0);
    ck_assert_str_eq(document->root->first->key->text, "a");
}
END_TEST

START_TEST(utf16_is_refused)
{
    ck_assert_int_eq(parse("\xff\xfe"
                           "a\0:\0 \0b\0",
                           10),
                     -EINVAL);
    ck_assert_ptr_nonnull(
        strstr(print(), "f:1:1: error: not UTF-8 (byte 0xff)"));
}
END_TEST

START_TEST(a_nul_is_refused_with_its_place)
{
    ck_assert_int_eq(parse("a: b\nc: d\0e\n", 12), -EINVAL);
    ck_assert_ptr_nonnull(
        strstr(print(), "f:2:5: error: a control character (0x00)"));
}
END_TEST

/* Texts that do not parse, and the first line that is printed. */
static const struct {
    const char *text, *line;
} wrong[] = {
    {"a:\n\tb: 1\n", "2:1: error: a tab is used for indentation"},
    {"a:\n  b: 1\n\tc: 2\n", "3:1: error: a tab is used for indentation"},
    {"a: |\n\tx\n", "2:1: error: a tab is used for indentation"},
    {"l: [::1]:8080\n", "1:4: error: an address in brackets must be quoted"},
    {"l: [::]:8080\n", "1:4: error: an address in brackets must be quoted"},
    {"l: [fe80::1]:1\n", "1:4: error: an address in brackets must be quoted"},
    {"- [::1]:80\n- x\n", "1:3: error: an address in brackets must be quoted"},
    {"{a: [::1]:80}\n", "1:5: error: an address in brackets must be quoted"},
    {"a: *:8080\n", "1:4: error: a text that begins with '*' must be quoted"},
    {"a: &\n", "1:4: error: a text that begins with '&' must be quoted"},
    {"a: @b\n", "1:4: error: a text that begins with '@' must be quoted"},
    {"a: `b\n", "1:4: error: a text that begins with '`' must be quoted"},
    {"a: %b\n", "1:4: error: a text that begins with '%' must be quoted"},
    {"a: !<x y\n", "1:4: error: a text that begins with '!' must be quoted"},
    {"a: \"abc\n", "1:4: error: the quote that begins here is not closed"},
    {"a: 'b\nc: d\n", "1:4: error: the quote that begins here is not closed"},
    {"a: 'b\n---\n", "1:4: error: the quote that begins here is not closed"},
    {"a: \"\\p\"\n", "1:5: error: an unknown escape in double quotes"},
    {"a: b: c\n", "1:5: error: a ':' is not expected here"},
    {"a: b\n c: d\n", "2:3: error: a ':' is not expected here"},
    {"a: b\nfoo\nc: d\n", "2:1: error: a key without ':'"},
    {"a: \"x\" y\n", "1:8: error: a key is expected here"},
    {"a:\n  - b\n c\n", "3:2: error: a key is expected here"},
    {"a:\n  - b\n   c\n - d\n", "4:2: error: a key is expected here"},
    {"a: [1, 2\nb: c\n",
     "1:4: error: the list that begins here is not closed by ']'"},
    {"a: {1, 2\n",
     "1:4: error: the mapping that begins here is not closed by '}'"},
    {"a: - b\n", "1:4: error: an item ('-') cannot begin here"},
    {"  a: b\n c: d\n", "2:2: error: this does not belong to what is above"},
    {"p:\n  - a: b\n   c: d\n", "3:4: error: an item ('-') is expected here"},
    {"b: {c: ${X}}\n",
     "1:8: error: a variable between { } or [ ] must be quoted"},
    {"%YAML 2.0\n---\na: b\n", "1:1: error: an unknown version of YAML"},
    {"%TAG !a! b\n---\na: b\n", "1:1: error: tags are not supported"},
    {"a: b\rc: d\n",
     "1:5: error: the character U+000D ends a line for YAML only"},
    {"a: \x1b[31m\n", "1:4: error: a control character (0x1b)"},
    {"\xc3\xa9: \xff\n", "1:4: error: not UTF-8 (byte 0xff)"},
    {"a: \xed\xa0\x80\n", "1:4: error: not UTF-8 (byte 0xed)"},
    {"]\n", "1:1: error: not valid YAML: did not find expected node content "
            "while parsing a block node"},
};

START_TEST(syntax_errors_say_what_to_do)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char expected[256];
        const char *end;

        ck_assert_int_eq(parse(wrong[i].text, strlen(wrong[i].text)), -EINVAL);
        ck_assert_ptr_null(document);
        (void)snprintf(expected, sizeof(expected), "f:%s", wrong[i].line);
        end = strchr(print(), '\n');
        ck_assert_ptr_nonnull(end);
        printed[end - printed] = '\0';
        ck_assert_str_eq(printed, expected);
        tear_down();
    }
}
END_TEST

START_TEST(the_source_line_is_shown)
{
    const char text[] = "a: b\nlisten: *:8080\n";

    ck_assert_int_eq(parse(text, sizeof(text) - 1), -EINVAL);
    ck_assert_str_eq(print(),
                     "f:2:9: error: a text that begins with '*' must be "
                     "quoted\n"
                     "    2 | listen: *:8080\n"
                     "      |         ^~~~~~\n"
                     "  hint: write \"*:8080\"\n");
}
END_TEST

/* A text made of one piece again and again, up to the size. */
struct repeated {
    const char *begin, *piece;
};

/* What takes other readers of YAML seconds, minutes or their memory. */
static const struct repeated hostile[] = {
    {"", "["},
    {"", "{"},
    {"", "[\n"},
    {"", "- "},
    {"", "? "},
    {"", "a: "},
    {"", ": "},
    {"", "&a "},
    {"", "!<a> "},
    {"", "{a: "},
    {"", "{? "},
    {"", "{\""},
    {"", "\"a\": "},
    {"", "[a, "},
    {"a: |\n", " x\n"},
    {"", "%TAG !a! b\n"},
    {"", "#\n"},
    {"", "\n"},
    {"", " "},
    {"", "\t"},
    {"", "a: 1\n"},
    {"[", "a,"},
    {"", "*"},
    {"", "&"},
    {"", "!"},
    {"a: \"", "\\x41"},
    {"a: ", "x\n "},
    {"", "?\n"},
    {"- &a x\n", "- *a\n"},
    {"", "-\n"},
    {"", "---\n"},
    {"", "a\n"},
    {"a: ", "\xe4\xb8\x80"},
};

START_TEST(hostile_texts_are_read_or_refused_within_bounds)
{
    enum {
        SIZE = 1024 * 1024
    };
    char *text = malloc(SIZE);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        const size_t begin = strlen(hostile[i].begin);
        const size_t piece = strlen(hostile[i].piece);
        size_t size = begin;

        memcpy(text, hostile[i].begin, begin);
        while (size + piece <= SIZE) {
            memcpy(text + size, hostile[i].piece, piece);
            size += piece;
        }
        if (parse(text, size) != 0) {
            ck_assert_uint_gt(errors_count(&errors), 0);
            ck_assert_ptr_null(document);
        }
        tear_down();
    }
    free(text);
}
END_TEST

START_TEST(nested_brackets_are_refused_at_their_33rd_level)
{
    static char text[50000];

    memset(text, '[', sizeof(text));
    ck_assert_int_eq(parse(text, sizeof(text)), -EINVAL);
    ck_assert_ptr_nonnull(strstr(print(), "f:1:33: error: more than 32"));
}
END_TEST

/* Any byte, or one that means something to YAML. */
static char choose_byte(bool is_any, unsigned random)
{
    static const char letters[] = "{}[]:,-?&*!|>'\"%@` \n\tabc#$~=<\xc3\xa9";

    if (is_any) {
        return (char)random;
    }
    return letters[random % (sizeof(letters) - 1)];
}

START_TEST(random_bytes_never_crash)
{
    unsigned seed = 1;

    for (int i = 0; i < 2000; i++) {
        char text[200];

        for (size_t k = 0; k < sizeof(text); k++) {
            seed = seed * 1103515245 + 12345;
            text[k] = choose_byte(i % 4 == 0, seed >> 16);
        }
        if (parse(text, sizeof(text)) != 0) {
            ck_assert_uint_gt(errors_count(&errors), 0);
            ck_assert_ptr_nonnull(print());
        }
        tear_down();
    }
}
END_TEST

START_TEST(a_file_is_read)
{
    char path[] = "/tmp/berth-document-XXXXXX";
    const int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "a: b\n", 5), 5);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(document_load(path, path, &errors, &document), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_str_eq(document->root->first->text, "b");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told)
{
    ck_assert_int_eq(
        document_load("/nonexistent", "/nonexistent", &errors, &document),
        -ENOENT);
    ck_assert_str_eq(print(), "/nonexistent: error: cannot be read: No such "
                              "file or directory\n");
    tear_down();
    ck_assert_int_eq(document_load("/", "/", &errors, &document), -EISDIR);
    ck_assert_ptr_null(document);
}
END_TEST

START_TEST(an_endless_file_is_refused)
{
    ck_assert_int_eq(
        document_load("/dev/zero", "/dev/zero", &errors, &document), -EINVAL);
    ck_assert_str_eq(print(), "/dev/zero: error: larger than 1MiB\n");
}
END_TEST

START_TEST(null_may_be_freed)
{
    document_free(NULL);
}
END_TEST

UNIT_MAIN_WITH("document",
               set_up,
               tear_down,
               a_text_becomes_a_tree,
               the_text_is_not_needed_afterwards,
               nothing_but_comments_has_no_root,
               a_byte_order_mark_is_skipped,
               utf16_is_refused,
               a_nul_is_refused_with_its_place,
               syntax_errors_say_what_to_do,
               the_source_line_is_shown,
               hostile_texts_are_read_or_refused_within_bounds,
               nested_brackets_are_refused_at_their_33rd_level,
               random_bytes_never_crash,
               a_file_is_read,
               a_file_that_cannot_be_read_is_told,
               an_endless_file_is_refused,
               null_may_be_freed)
