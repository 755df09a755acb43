/* SPDX-License-Identifier: MIT */
/* Requests in, answers out: what the callbacks of a connection do. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <berth/protocol.h>

/* As on_open, on_data, on_end (left: bytes that were not used), on_timer,
   on_stop, on_close. */
int exchange_open(berth_conn *c);
ssize_t exchange_take(berth_conn *c, char *data, size_t size);
int exchange_end(berth_conn *c, size_t left);
void exchange_expire(berth_conn *c);
void exchange_stop(berth_conn *c, int reason);
void exchange_close(berth_conn *c, int why);

#endif
