/* SPDX-License-Identifier: MIT */
#include "connection_plugin.h"

#include "connection.h"
#include "fuzz.h"

static struct plugin_run *run_of(const berth_entry *entry)
{
    const struct plugin_settings *settings = entry->settings;

    return settings->run;
}

/* Whose callback it is; in on_open the newest one's. */
static struct model_connection *find(struct model *model, const berth_conn *c)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->connections[i].c == c && model->connections[i].is_open) {
            return &model->connections[i];
        }
    }
    fuzz_fail(__FILE__, __LINE__, "a callback of no connection");
}

static struct call begin(berth_conn *c, enum script_part part)
{
    struct plugin_run *run = run_of(c->entry);
    struct model_connection *self = find(run->model, c);

    model_enter(run->model, self, part);
    return (struct call){.run = run, .self = self, .target = self};
}

/* One that is switched, or a new one. */
static struct model_connection *receive(struct model *model, berth_conn *c)
{
    struct model_connection *conn;

    for (size_t i = 0; i < model->count; i++) {
        conn = &model->connections[i];
        if (conn->c == c && conn->is_switching) {
            model_on_arrive(model, conn);
            return conn;
        }
    }
    conn = &model->connections[model->count++];
    conn->c = c;
    conn->peer = connection_of(c)->stream.context;
    model_on_open(model, conn);
    return conn;
}

static int on_open(berth_conn *c)
{
    struct plugin_run *run = run_of(c->entry);
    struct model *model = run->model;
    struct call call = {.run = run};
    struct model_connection *self;

    model_enter(model, NULL, SCRIPT_OPEN);
    self = receive(model, c);
    call.self = self;
    call.target = self;
    act_play(&call, SCRIPT_OPEN);
    if (call.result < 0) {
        model_close(self, (int)call.result);
    }
    model_leave(model);
    return call.result < 0 ? (int)call.result : 0;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct call call = begin(c, SCRIPT_DATA);

    model_on_data(call.run->model, call.self, data, size);
    call.data = data;
    call.size = size;
    call.result = (ssize_t)size;
    act_play(&call, SCRIPT_DATA);
    model_used(call.run->model, call.self, call.result, size);
    model_leave(call.run->model);
    return call.result;
}

static int on_end(berth_conn *c, char *data, size_t size)
{
    struct call call = begin(c, SCRIPT_END);
    int result;

    model_on_end(call.run->model, call.self, data, size);
    call.result = BERTH_CLOSE;
    act_play(&call, SCRIPT_END);
    result = call.result > BERTH_KEEP ? BERTH_CLOSE : (int)call.result;
    model_ended(call.self, result);
    model_leave(call.run->model);
    return result;
}

static void on_drain(berth_conn *c)
{
    struct call call = begin(c, SCRIPT_DRAIN);

    model_on_drain(call.run->model, call.self);
    act_play(&call, SCRIPT_DRAIN);
    model_leave(call.run->model);
}

static void on_timer(berth_conn *c)
{
    struct call call = begin(c, SCRIPT_TIMER);

    model_on_timer(call.run->model, call.self);
    act_play(&call, SCRIPT_TIMER);
    model_leave(call.run->model);
}

static void on_stop(berth_conn *c, int reason)
{
    struct call call = begin(c, SCRIPT_STOP);

    model_on_stop(call.self, reason);
    act_play(&call, SCRIPT_STOP);
    model_leave(call.run->model);
}

static void on_close(berth_conn *c, int why)
{
    struct call call = begin(c, SCRIPT_CLOSE);

    if (why == BERTH_SWITCHED) {
        model_on_leave(call.self);
    } else {
        model_on_close(call.run->model, call.self, why);
    }
    act_play(&call, SCRIPT_CLOSE);
    call.self->is_open = false;
    model_leave(call.run->model);
}

static void on_tick(berth_entry *entry)
{
    struct plugin_run *run = run_of(entry);
    struct call call = {.run = run};

    model_enter(run->model, NULL, SCRIPT_TICK);
    model_on_tick(run->model);
    for (size_t i = 0; i < run->model->count && call.target == NULL; i++) {
        if (run->model->connections[i].is_open) {
            call.target = &run->model->connections[i];
        }
    }
    act_play(&call, SCRIPT_TICK);
    model_leave(run->model);
}

berth_protocol plugin_protocol(const struct script *script, const char *name)
{
    const bool *lacks = script->lacks;

    return (berth_protocol)
        BERTH_PROTOCOL_INIT(.name = name, .state_size = MODEL_STATE_SIZE,
                            .on_tick = lacks[SCRIPT_TICK] ? NULL : on_tick,
                            .on_open = on_open, .on_data = on_data,
                            .on_end = lacks[SCRIPT_END] ? NULL : on_end,
                            .on_drain = lacks[SCRIPT_DRAIN] ? NULL : on_drain,
                            .on_timer = lacks[SCRIPT_TIMER] ? NULL : on_timer,
                            .on_stop = lacks[SCRIPT_STOP] ? NULL : on_stop,
                            .on_close = on_close);
}
