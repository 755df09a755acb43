/* SPDX-License-Identifier: MIT */
/* The bytes of an answer's head, but for Connection and the empty line. */
#ifndef HTTP_RENDER_H
#define HTTP_RENDER_H

#include "answer.h"
#include "date.h"

/* Where in a rendered head the date stands: behind "HTTP/1.1 200 " and the
   reason, and "\r\nDate: ". */
size_t render_date_offset(unsigned status);

/* How many bytes render_head() writes at most. common: the lines that all
   answers have. */
size_t render_measure(const struct http_answer *answer,
                      struct http_span common);

/* Writes it; returns where it ends. date: DATE_SIZE bytes. */
char *render_head(char *at,
                  const struct http_answer *answer,
                  struct http_span common,
                  const char *date);

/* Whether an answer with that status has a body at all (RFC 9110, 6.4.1). */
bool render_has_body(unsigned status);

/* Appends bytes; returns where they end. */
char *render_bytes(char *at, struct http_span bytes);

#endif
