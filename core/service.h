/* SPDX-License-Identifier: MIT */
/*
 * A protocol's time with a connection: from on_open to on_close, and from one
 * protocol to the next.
 */
#ifndef BERTH_SERVICE_H
#define BERTH_SERVICE_H

#include "connection.h"

/* Memory for the protocol's state, if it has any. Returns 0 or -ENOMEM. */
int service_prepare(struct connection *c);

/* on_open; a failure begins a close. */
void service_begin(struct connection *c);

/* on_close, for which the connection is past all change; then the state and
   the unused input go. */
void service_end(struct connection *c, int why);

/*
 * Makes the switch that was ordered (CONNECTION_SWITCH): on_close(SWITCHED) of
 * the old protocol, on_open of the new one. Without memory for its state the
 * connection is reset.
 */
void service_switch(struct connection *c);

#endif
