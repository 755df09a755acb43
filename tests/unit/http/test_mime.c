/* SPDX-License-Identifier: MIT */
#include "mime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char folder[64];
static char file[128];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/berth-mime-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/mime.types", folder);
}

static void remove_folder(void)
{
    (void)unlink(file);
    (void)rmdir(folder);
}

static void write_file(const char *text, size_t size)
{
    FILE *stream = fopen(file, "w");

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(text, 1, size, stream), size);
    ck_assert_int_eq(fclose(stream), 0);
}

static struct mime *read_text(const char *text)
{
    struct mime *mime = NULL;

    write_file(text, strlen(text));
    ck_assert_int_eq(mime_new(file, &mime), 0);
    ck_assert_ptr_nonnull(mime);
    return mime;
}

START_TEST(knows_common_types)
{
    ck_assert_str_eq(mime_find(NULL, "index.html"), "text/html; charset=utf-8");
    ck_assert_str_eq(mime_find(NULL, "a/b.js"),
                     "text/javascript; charset=utf-8");
    ck_assert_str_eq(mime_find(NULL, "a.json"), "application/json");
    ck_assert_str_eq(mime_find(NULL, "a.png"), "image/png");
    ck_assert_str_eq(mime_find(NULL, "a.7z"), "application/x-7z-compressed");
    ck_assert_str_eq(mime_find(NULL, "a.zst"), "application/zstd");
    ck_assert_str_eq(mime_find(NULL, "a.tar.gz"), "application/gzip");
}
END_TEST

START_TEST(case_does_not_matter)
{
    struct mime *mime = read_text("a/b FoO\n");

    ck_assert_str_eq(mime_find(NULL, "A.PNG"), "image/png");
    ck_assert_str_eq(mime_find(mime, "a.fOo"), "a/b");
    mime_free(mime);
}
END_TEST

START_TEST(the_rest_are_bytes)
{
    static const char *const paths[] = {
        "", "a", "a.", ".html", "a/.html", "a.html/b", "a.unheard", "a/", "."};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_msg(
            strcmp(mime_find(NULL, paths[i]), "application/octet-stream") == 0,
            "%s", paths[i]);
    }
}
END_TEST

/* All of the table is found: it is sorted. */
START_TEST(every_common_type_is_found)
{
    static const char *const extensions[] = {
        "7z",   "aac",  "apng", "atom",  "avif",        "bmp",   "bz2",  "c",
        "css",  "csv",  "doc",  "eot",   "epub",        "flac",  "gif",  "gz",
        "h",    "htm",  "html", "ico",   "ics",         "jar",   "jpeg", "jpg",
        "js",   "json", "log",  "m4a",   "jsonld",      "map",   "md",   "mid",
        "mjs",  "mov",  "mp3",  "mp4",   "mpeg",        "oga",   "ogg",  "ogv",
        "opus", "otf",  "pdf",  "png",   "rss",         "rtf",   "svg",  "tar",
        "text", "tif",  "tiff", "ttf",   "txt",         "vtt",   "wasm", "wav",
        "webm", "webp", "woff", "woff2", "webmanifest", "xhtml", "xml",  "xz",
        "yaml", "yml",  "zip",  "zst"};

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        char path[32];

        (void)snprintf(path, sizeof(path), "a.%s", extensions[i]);
        ck_assert_msg(
            strcmp(mime_find(NULL, path), "application/octet-stream") != 0,
            "%s", path);
    }
}
END_TEST

START_TEST(reads_a_file)
{
    struct mime *mime = read_text("# comment\n"
                                  "\n"
                                  "none/listed\n"
                                  "x/one\t\tone uno\r\n"
                                  "  x/two two # dos\n"
                                  "text/odd odd\n"
                                  "TEXT/loud loud\n"
                                  "x/html html\n"
                                  "x/last last");

    ck_assert_str_eq(mime_find(mime, "a.one"), "x/one");
    ck_assert_str_eq(mime_find(mime, "a.uno"), "x/one");
    ck_assert_str_eq(mime_find(mime, "a.two"), "x/two");
    ck_assert_str_eq(mime_find(mime, "a.dos"), "application/octet-stream");
    ck_assert_str_eq(mime_find(mime, "a.odd"), "text/odd; charset=utf-8");
    ck_assert_str_eq(mime_find(mime, "a.loud"), "TEXT/loud; charset=utf-8");
    ck_assert_str_eq(mime_find(mime, "a.html"), "text/html; charset=utf-8");
    ck_assert_str_eq(mime_find(mime, "a.last"), "x/last");
    mime_free(mime);
}
END_TEST

START_TEST(skips_malformed_types)
{
    struct mime *mime = read_text("plain aaa\n"
                                  "/b bbb\n"
                                  "c/ ccc\n"
                                  "d/d/d ddd\n"
                                  "e/\x01 eee\n"
                                  "f/\xc3\xa4 fff\n"
                                  "x/good ggg\n");
    static const char *const bad[] = {"aaa", "bbb", "ccc", "ddd", "eee", "fff"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char path[8];

        (void)snprintf(path, sizeof(path), "a.%s", bad[i]);
        ck_assert_str_eq(mime_find(mime, path), "application/octet-stream");
    }
    ck_assert_str_eq(mime_find(mime, "a.ggg"), "x/good");
    mime_free(mime);
}
END_TEST

START_TEST(takes_any_bytes)
{
    char *text = malloc(70000);
    struct mime *mime;

    ck_assert_ptr_nonnull(text);
    srandom(1);
    for (size_t i = 0; i < 70000; i++) {
        text[i] = "ab/./\n \t#\r\0\xff"[random() % 13];
    }
    write_file(text, 70000);
    ck_assert_int_eq(mime_new(file, &mime), 0);
    ck_assert_ptr_nonnull(mime_find(mime, "x.ab"));
    mime_free(mime);
    free(text);
}
END_TEST

START_TEST(a_file_that_is_not_there_gives_an_empty_table)
{
    struct mime *mime = NULL;

    ck_assert_int_eq(mime_new(file, &mime), 0);
    ck_assert_str_eq(mime_find(mime, "a.png"), "image/png");
    ck_assert_str_eq(mime_find(mime, "a.uno"), "application/octet-stream");
    mime_free(mime);
    mime_free(NULL);
}
END_TEST

START_TEST(an_empty_file_gives_an_empty_table)
{
    struct mime *mime = read_text("");

    ck_assert_str_eq(mime_find(mime, "a.uno"), "application/octet-stream");
    mime_free(mime);
}
END_TEST

START_TEST(refuses_what_is_too_large)
{
    struct mime *mime = NULL;

    write_file("x", 1);
    ck_assert_int_eq(truncate(file, (1 << 20) + 1), 0);
    ck_assert_int_eq(mime_new(file, &mime), -EFBIG);
    ck_assert_int_eq(truncate(file, 1 << 20), 0);
    ck_assert_int_eq(mime_new(file, &mime), 0);
    mime_free(mime);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    struct mime *mime = NULL;

    ck_assert_int_eq(mime_new(folder, &mime), -EINVAL);
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    ck_assert_int_eq(mime_new(file, &mime), -EINVAL);
    ck_assert_ptr_null(mime);
}
END_TEST

UNIT_MAIN_WITH("http.mime",
               make_folder,
               remove_folder,
               knows_common_types,
               case_does_not_matter,
               the_rest_are_bytes,
               every_common_type_is_found,
               reads_a_file,
               skips_malformed_types,
               takes_any_bytes,
               a_file_that_is_not_there_gives_an_empty_table,
               an_empty_file_gives_an_empty_table,
               refuses_what_is_too_large,
               refuses_what_is_no_file)
