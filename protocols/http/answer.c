/* SPDX-License-Identifier: MIT */
#include "answer.h"

int http_answer_copy(berth_conn *c,
                     const struct http_request *request,
                     const struct http_answer *answer,
                     const void *body)
{
    (void)c;
    (void)request;
    (void)answer;
    (void)body;
    return -ENOSYS;
}
