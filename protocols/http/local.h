/* SPDX-License-Identifier: MIT */
/* What an entry has besides its settings: entry->local. */
#ifndef HTTP_LOCAL_H
#define HTTP_LOCAL_H

#include "access.h"
#include "clock.h"
#include "files.h"
#include "head.h"
#include "route.h"

struct http_local {
    struct head head;
    struct date_clock clock;
    struct routes routes;
    struct access access;
    struct files *files;     /* NULL: none are served */
    struct http_span common; /* the lines that all answers have */
};

#endif
