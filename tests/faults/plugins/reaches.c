/* SPDX-License-Identifier: MIT */
/*
 * Planted: a job touches its connection.
 */
#include <berth/protocol.h>

static void job(void *arg)
{
    berth_conn *c = arg;

    (void)berth_write(c, "done\n", 5); /* on a thread of the pool */
}

static void done(berth_conn *c, void *arg)
{
    (void)arg;
    if (c != NULL) {
        berth_resume(c);
    }
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    int error = berth_work(c, job, done, c);

    (void)data;
    if (error < 0) {
        return error;
    }
    berth_pause(c);
    return (ssize_t)size;
}

BERTH_PROTOCOL(.name = "reaches",
               .summary = "does what takes long on another thread",
               .on_data = on_data);
