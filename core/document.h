/* SPDX-License-Identifier: MIT */
/*
 * A YAML text read into nodes.
 *
 * Refused, as errors with a place: more than 1 MiB of text, the bounds of
 * tree.h exceeded, tags, a second document, keys that are no texts, a key
 * twice, merge keys ("<<"), an alias inside what it stands for.
 */
#ifndef BERTH_DOCUMENT_H
#define BERTH_DOCUMENT_H

#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "node.h"

struct document {
    const struct node *root; /* NULL: there is nothing but comments */
    struct arena arena;      /* the nodes; what lives as long may use it */
};

/*
 * Reads text[0..size), which is called file in messages, and attaches it to
 * errors. Returns 0 and a new *document, free of text; there may still be
 * errors that leave a usable tree (tags, keys that are there twice), so that
 * errors_count() decides. Or -EINVAL with at least one error added; -ENOMEM,
 * which is added, too.
 */
int document_parse(const char *text,
                   size_t size,
                   const char *file,
                   struct errors *errors,
                   struct document **document);

/*
 * The same of the file at path, which is called file in messages. Besides the
 * above it returns, with an error added, what open(2) or read(2) said.
 */
int document_load(const char *path,
                  const char *file,
                  struct errors *errors,
                  struct document **document);

void document_free(struct document *document);

#endif
