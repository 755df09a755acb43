/* SPDX-License-Identifier: MIT */
#include "seeds.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed.h"

/* Manners that take long are tried with so many transcripts. */
#define LONG_TEXTS_MAX ((size_t)8)
#define WORDS_MAX ((size_t)512)
#define WORD_MIN ((size_t)2)
#define WORD_MAX ((size_t)32)
#define PREFIX "/berth-fuzz-XXXXXX"

/* --------------------------------------------------------------- the folder */

int seeds_init(struct seeds *seeds)
{
    const char *temporary = getenv("TMPDIR");
    int length;
    int error;

    *seeds = (struct seeds){.inputs = 0};
    if (temporary == NULL || temporary[0] != '/') {
        temporary = "/tmp";
    }
    length =
        snprintf(seeds->folder, sizeof(seeds->folder), "%s" PREFIX, temporary);
    if ((size_t)length + sizeof(".words") > sizeof(seeds->words)) {
        error = -ENAMETOOLONG;
    } else {
        error = mkdtemp(seeds->folder) == NULL ? -errno : 0;
    }
    if (error < 0) {
        (void)fprintf(stderr, "berth-fuzz: %s: no folder in it: %s\n",
                      temporary, strerror(-error));
        seeds->folder[0] = '\0';
        return error;
    }
    memcpy(seeds->words, seeds->folder, (size_t)length);
    memcpy(seeds->words + length, ".words", sizeof(".words"));
    memcpy(seeds->list, seeds->folder, (size_t)length);
    memcpy(seeds->list + length, ".list", sizeof(".list"));
    return 0;
}

static void empty(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    if (folder == NULL) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0); /* "." is kept */
    }
    (void)closedir(folder);
}

void seeds_fini(struct seeds *seeds)
{
    if (seeds->folder[0] != '\0') {
        empty(seeds->folder);
        (void)rmdir(seeds->folder);
        (void)unlink(seeds->words);
        (void)unlink(seeds->list);
    }
}

/* --------------------------------------------------------------- the inputs */

static int write_input(struct seeds *seeds, const void *bytes, size_t size)
{
    char path[PATH_MAX + 32];
    FILE *file;
    bool is_written;

    (void)snprintf(path, sizeof(path), "%s/%06zu", seeds->folder,
                   seeds->inputs++);
    file = fopen(path, "we");
    if (file == NULL) {
        return -errno;
    }
    is_written = fwrite(bytes, 1, size, file) == size;
    return fclose(file) == 0 && is_written ? 0 : -EIO;
}

/* As it is, and in each of some manners: the last ones take long. */
#define ACTS_QUICK 6
static const char *const acts[] = {
    "", "E", "C", "H", "x", "A0", "T", "F0", "F1", "A7", "M", "G",
};

static int write_inputs(struct seeds *seeds, const uint8_t *bytes, size_t size)
{
    size_t most = sizeof(acts) / sizeof(acts[0]);
    uint8_t whole[FEED_MAX];
    int error = 0;

    if (seeds->texts++ >= LONG_TEXTS_MAX) {
        most = ACTS_QUICK;
    }
    memcpy(whole, bytes, size);
    for (size_t i = 0; i < most && error == 0; i++) {
        size_t length = strlen(acts[i]);

        if (size + 1 + length > sizeof(whole)) {
            continue;
        }
        whole[size] = FEED_MARK;
        memcpy(whole + size + 1, acts[i], length);
        error = write_input(seeds, whole, size + (length > 0 ? 1 + length : 0));
    }
    return error;
}

int seeds_add(struct seeds *seeds,
              const struct transcript *transcript,
              size_t variant)
{
    uint8_t bytes[FEED_MAX];
    size_t size = feed_encode(transcript, variant, bytes, sizeof(bytes));

    return write_inputs(seeds, bytes, size);
}

int seeds_add_usual(struct seeds *seeds)
{
    static const char *const usual[] = {"", "hello\n", "hello\r\nyou\r\n",
                                        "1\n"};
    int error = 0;

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && error == 0;
         i++) {
        error =
            write_inputs(seeds, (const uint8_t *)usual[i], strlen(usual[i]));
    }
    return error;
}

/* ---------------------------------------------------------------- the words */

struct word {
    const char *text; /* within what they are taken from */
    size_t size;
};

struct words {
    struct word items[WORDS_MAX];
    size_t count;
};

static void add_word(struct words *words, const char *text, size_t size)
{
    if (size < WORD_MIN || size > WORD_MAX || words->count == WORDS_MAX) {
        return;
    }
    for (size_t i = 0; i < words->count; i++) {
        if (words->items[i].size == size &&
            memcmp(words->items[i].text, text, size) == 0) {
            return;
        }
    }
    words->items[words->count++] = (struct word){text, size};
}

static bool is_blank(char byte)
{
    return isspace((unsigned char)byte) != 0;
}

/* What stands between blanks, and within that what is of letters and digits. */
static void add_text(struct words *words, const char *text, size_t size)
{
    size_t begun = 0;
    size_t begun_plain = 0;

    for (size_t i = 0; i <= size; i++) {
        if (i == size || is_blank(text[i])) {
            add_word(words, text + begun, i - begun);
            begun = i + 1;
        }
        if (i == size || isalnum((unsigned char)text[i]) == 0) {
            add_word(words, text + begun_plain, i - begun_plain);
            begun_plain = i + 1;
        }
    }
}

static bool is_printable(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (isprint((unsigned char)text[i]) == 0 && !is_blank(text[i])) {
            return false;
        }
    }
    return true;
}

/* Constants that are texts. */
static void add_constants(struct words *words, const struct image *image)
{
    for (size_t i = 0; i < image->words_size;) {
        const char *text = image->words + i;
        size_t size = strlen(text);

        if (is_printable(text, size) && strchr(text, '%') == NULL) {
            add_word(words, text, size);
        }
        i += size + 1;
    }
}

static void write_word(const struct word *word, FILE *file)
{
    (void)fputc('"', file);
    for (size_t i = 0; i < word->size; i++) {
        (void)fprintf(file, "\\x%02x", (unsigned char)word->text[i]);
    }
    (void)fputs("\"\n", file);
}

static int copy_file(const char *path, FILE *file)
{
    FILE *from = fopen(path, "re");
    char line[4096];
    int error = 0;

    if (from == NULL) {
        return -errno;
    }
    while (fgets(line, sizeof(line), from) != NULL) {
        (void)fputs(line, file);
    }
    if (ferror(from) != 0) {
        error = -EIO;
    }
    (void)fclose(from);
    return error;
}

static void add_transcript(struct words *words,
                           const struct transcript *transcript)
{
    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        if (step->kind == STEP_SEND) {
            add_text(words, step->bytes, step->size);
        }
    }
}

static void gather(struct words *words, const struct seeds_words *from)
{
    for (size_t i = 0; i < from->count; i++) {
        add_transcript(words, from->transcripts[i]);
    }
    add_constants(words, from->image);
}

/* libFuzzer wants them with commas between, and no newline. */
static int write_list(const struct seeds *seeds)
{
    FILE *file = fopen(seeds->list, "wxe");

    if (file == NULL) {
        return -errno;
    }
    for (size_t i = 0; i < seeds->inputs; i++) {
        (void)fprintf(file, "%s%s/%06zu", i == 0 ? "" : ",", seeds->folder, i);
    }
    return fclose(file) == 0 ? 0 : -EIO;
}

static int write_words(struct seeds *seeds, const struct seeds_words *from)
{
    struct words words = {.count = 0};
    FILE *file = fopen(seeds->words, "wxe");
    int error = 0;

    if (file == NULL) {
        return -errno;
    }
    gather(&words, from);
    for (size_t i = 0; i < words.count; i++) {
        write_word(&words.items[i], file);
    }
    seeds->word_count = words.count;
    if (from->dictionary != NULL) {
        error = copy_file(from->dictionary, file);
        if (error < 0) {
            (void)fprintf(stderr, "berth-fuzz: %s: %s\n", from->dictionary,
                          strerror(-error));
        }
    }
    if (fclose(file) != 0 && error == 0) {
        error = -EIO;
    }
    return error;
}

int seeds_write(struct seeds *seeds, const struct seeds_words *words)
{
    int error = write_list(seeds);

    return error < 0 ? error : write_words(seeds, words);
}
