/* SPDX-License-Identifier: MIT */
/* What server.yaml says below `settings:` of an entry that serves HTTP. */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include <berth/protocol.h>

#include "files.h"

enum http_access_form {
    HTTP_ACCESS_OFF,
    HTTP_ACCESS_COMBINED,
    HTTP_ACCESS_JSON
};

struct http_respond_settings {
    int32_t status; /* 0: not given */
    const char *type;
    const char *body;
    berth_list headers;
};

struct http_redirect_settings {
    const char *to;
    int32_t status;
};

/* An item of `routes`. */
struct http_route_settings {
    const char *path;
    berth_list methods; /* int32_t: enum http_method */
    struct http_respond_settings respond;
    struct http_redirect_settings redirect;
    bool has_echo;
    bool has_health;
    bool has_metrics;
};

struct http_settings {
    struct files_settings files;
    berth_list routes;  /* struct http_route_settings */
    berth_list headers; /* berth_pair */
    const char *server_header;
    uint32_t max_head;
    uint32_t max_headers;
    uint64_t max_body;
    uint32_t max_requests;
    uint32_t header_timeout_ms;
    uint32_t body_timeout_ms;
    uint32_t keep_alive_ms;
    int32_t access_log; /* enum http_access_form */
    const char *access_file;
};

/* The table that fills it. */
extern const berth_option http_options[];

#endif
