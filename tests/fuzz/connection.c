/* SPDX-License-Identifier: MIT */
/*
 * Connections: whatever peers, time and the plugin do, the contract is kept.
 * The bytes are a script (connection_script.h); it is run level-triggered and
 * edge-triggered, and a model (connection_model.h) says what must come out.
 */
#include <errno.h>
#include <string.h>

#include "connection_plugin.h"
#include "driver.h"
#include "fuzz.h"

#define SCRIPT_SIZE_MAX 2048
#define WORLD_ACTS_MAX 200
#define PLUGIN_ACTS_MAX 400
#define PLUGIN_BYTES_MAX 400000
/* More than any script can cause: then the server never comes to rest. */
#define TURNS_MAX 20000
#define TRICKLE_TURNS_MAX 1000

/* Everything of a run; acts of the world are for the chosen connection. */
struct world {
    struct script script;
    struct simulator simulator;
    struct model model;
    struct plugin_run run;
    struct model_connection *chosen; /* NULL: there is none yet */
};

/* An act of the world. */
struct act {
    char letter;
    bool has_number;
    bool needs_peer;
    void (*run)(struct world *world, size_t number);
};

static bool turn(struct world *world)
{
    bool is_active = simulator_turn(&world->simulator);

    model_turn(&world->model);
    return is_active;
}

/* A kernel that takes a byte at a time has shown by then what it can show. */
static void end_trickles(struct world *world)
{
    for (size_t i = 0; i < world->model.count; i++) {
        world->model.connections[i].peer->write_most = SIZE_MAX;
    }
}

static void run_to_rest(struct world *world)
{
    int turns = 0;

    while (turn(world)) {
        if (++turns == TRICKLE_TURNS_MAX) {
            end_trickles(world);
        }
        FUZZ_REQUIRE(turns < TURNS_MAX, "the server never comes to rest");
    }
    model_rest(&world->model);
}

static void act_turn(struct world *world, size_t number)
{
    (void)number;
    (void)turn(world);
}

static void act_rest(struct world *world, size_t number)
{
    (void)number;
    run_to_rest(world);
}

/* As simulator_wait(), with a look at each turn. */
static void act_wait(struct world *world, size_t number)
{
    struct simulator *simulator = &world->simulator;
    uint64_t end_ms = simulator->now_ms + number;

    run_to_rest(world);
    while (simulator->now_ms < end_ms) {
        int64_t next_ms = timer_wheel_next(&simulator->loop.wheel);
        uint64_t left_ms = end_ms - simulator->now_ms;

        if (next_ms < 0 || (uint64_t)next_ms > left_ms) {
            next_ms = (int64_t)left_ms;
        }
        simulator->now_ms += (uint64_t)(next_ms == 0 ? 1 : next_ms);
        run_to_rest(world);
    }
}

/* A server accepts within a turn, so that the turn's end comes before any
   event of the newcomer. */
static void act_connect(struct world *world, size_t number)
{
    size_t count = world->model.count;

    (void)number;
    if (count < MODEL_CONNECTIONS_MAX) {
        FUZZ_REQUIRE(simulator_connect(&world->simulator) != NULL, "no memory");
        FUZZ_REQUIRE(world->model.count == count + 1, "on_open has not come");
        world->chosen = &world->model.connections[count];
        (void)turn(world);
    }
}

static void act_choose(struct world *world, size_t number)
{
    if (world->model.count > 0) {
        world->chosen = &world->model.connections[number % world->model.count];
    }
}

static void act_send(struct world *world, size_t number)
{
    struct model_connection *conn = world->chosen;

    if (!conn->is_finished && !conn->peer->is_reset) {
        const void *data = model_send(conn, &number);

        peer_send(conn->peer, data, number);
    }
}

static void act_finish(struct world *world, size_t number)
{
    (void)number;
    world->chosen->is_finished = true;
    peer_finish(world->chosen->peer);
}

/* When both sides have finished there is nothing left that could be reset. */
static void act_reset(struct world *world, size_t number)
{
    struct model_connection *conn = world->chosen;

    (void)number;
    if (!conn->is_finished || !conn->peer->has_end) {
        model_break(conn, -ECONNRESET);
        model_break(conn, -EPIPE);
        peer_reset(conn->peer);
    }
}

static void act_window(struct world *world, size_t number)
{
    struct peer *peer = world->chosen->peer;

    peer->window =
        peer->window == PEER_READS_ALL ? number : peer->window + number;
}

static void act_open_window(struct world *world, size_t number)
{
    (void)number;
    world->chosen->peer->window = PEER_READS_ALL;
}

/* How much one write takes; 0: all. */
static void act_limit_writes(struct world *world, size_t number)
{
    world->chosen->peer->write_most = number == 0 ? SIZE_MAX : number;
}

static void act_fail_write(struct world *world, size_t number)
{
    static const int errors[] = {-EPIPE, -ECONNRESET, -EIO, -ETIMEDOUT};
    int error = errors[number % 4];

    model_break(world->chosen, error);
    world->chosen->peer->fail_write = error;
}

static void act_fail_watch(struct world *world, size_t number)
{
    (void)number;
    model_break(world->chosen, -ENOMEM);
    world->chosen->peer->watch_error = -ENOMEM;
}

/* A server that ends does not reload any more. */
static void act_stop(struct world *world, size_t number)
{
    int reason = number == 0 ? BERTH_RELOAD : BERTH_EXIT;

    if ((world->model.stops & 1u << BERTH_EXIT) == 0) {
        model_stop(&world->model, reason);
        driver_stop_all(&world->simulator.connections, reason);
    }
}

static const struct act acts[] = {
    {'+', false, false, act_connect},    {'@', true, false, act_choose},
    {'.', false, false, act_turn},       {';', false, false, act_rest},
    {'t', true, false, act_wait},        {'q', true, false, act_stop},
    {'s', true, true, act_send},         {'f', false, true, act_finish},
    {'x', false, true, act_reset},       {'w', true, true, act_window},
    {'W', false, true, act_open_window}, {'m', true, true, act_limit_writes},
    {'e', true, true, act_fail_write},   {'E', false, true, act_fail_watch},
};

static const struct act *find_act(char letter)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (acts[i].letter == letter) {
            return &acts[i];
        }
    }
    return NULL;
}

/* Does what one line of the world says. Returns how many acts there were. */
static int play_line(struct world *world, struct script_line line)
{
    int count = 0;

    for (char c = script_take(&line); c != '\0'; c = script_take(&line)) {
        const struct act *act = find_act(c);
        size_t number = 0;

        if (act == NULL) {
            continue;
        }
        if (act->has_number) {
            number = script_number(script_take(&line));
        }
        if (!act->needs_peer || world->chosen != NULL) {
            act->run(world, number);
            count++;
        }
    }
    return count;
}

/* Peers read all there is, so that every promise comes due. */
static void finish(struct world *world)
{
    struct model *model = &world->model;
    const struct simulator *simulator = &world->simulator;

    run_to_rest(world);
    end_trickles(world);
    for (size_t i = 0; i < model->count; i++) {
        model->connections[i].peer->window = PEER_READS_ALL;
    }
    run_to_rest(world);
    model->is_ending = true;
    driver_kill_all(&world->simulator.connections);
    model_turn(model);
    for (size_t i = 0; i < model->count; i++) {
        FUZZ_REQUIRE(model->connections[i].is_closed, "on_close never came");
    }
    FUZZ_REQUIRE(model->loans == 0, "%zu loans are not released", model->loans);
    FUZZ_REQUIRE(simulator->connections.open == 0 &&
                     simulator->entries[0].open == 0 &&
                     simulator->entries[1].open == 0 &&
                     simulator->connections.slab.used == 0 &&
                     simulator->connections.extras.used == 0 &&
                     simulator->entries[0].service.states.used == 0 &&
                     simulator->entries[1].service.states.used == 0,
                 "something is left of a connection");
}

static void
run_script(const char *text, size_t size, enum selector_trigger trigger)
{
    struct world world = {
        .run = {.acts_left = PLUGIN_ACTS_MAX, .bytes_left = PLUGIN_BYTES_MAX}};
    struct plugin_settings settings = {.run = &world.run};
    berth_protocol protocol;
    berth_protocol other;
    struct simulator_parts parts = {
        .protocol = &protocol,
        .settings = &settings,
        .limits = &world.script.limits,
        .trigger = trigger,
    };

    script_read(&world.script, text, size);
    protocol = plugin_protocol(&world.script, "model");
    other = plugin_protocol(&world.script, "other");
    world.run.model = &world.model;
    world.run.script = &world.script;
    FUZZ_REQUIRE(simulator_init(&world.simulator, &parts) == 0 &&
                     simulator_add(&world.simulator, &other, &settings) == 0,
                 "no memory");
    model_init(&world.model, &world.script, &world.simulator);
    for (size_t i = 0, count = 0; i < world.script.counts[SCRIPT_WORLD]; i++) {
        if (count < WORLD_ACTS_MAX) {
            count += (size_t)play_line(
                &world, script_next(&world.script, SCRIPT_WORLD));
        }
    }
    finish(&world);
    simulator_fini(&world.simulator);
    FUZZ_REQUIRE(world.model.errands == 0, "%zu posted functions never came",
                 world.model.errands);
    model_fini(&world.model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= SCRIPT_SIZE_MAX) {
        fuzz_silence();
        run_script((const char *)data, size, SELECTOR_LEVEL);
        run_script((const char *)data, size, SELECTOR_EDGE);
    }
    return 0;
}
