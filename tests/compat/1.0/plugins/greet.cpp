/* SPDX-License-Identifier: MIT */
/* In C++20, with settings of most types: greets, then counts what it reads. */
#include <berth/protocol.h>

#include <cstring>
#include <string>

namespace
{

struct settings {
    const char *greeting;
    std::int64_t times;
    std::int32_t mood;
    std::uint32_t wait_ms;
    std::uint64_t most;
    bool is_loud;
    berth_list names;
};

struct state {
    std::uint64_t count;
};

const char *const moods[] = {"calm", "cheerful", nullptr};

const berth_option name_option = {.type = BERTH_STRING};

const berth_option options[] = {
    {.name = "greeting",
     .type = BERTH_STRING,
     BERTH_FIELD(settings, greeting),
     .fallback = "hello",
     .min = 1,
     .max = 100,
     .help = "what a client reads first"},
    {.name = "times",
     .type = BERTH_INT,
     BERTH_FIELD(settings, times),
     .fallback = "1",
     .min = 1,
     .max = 10,
     .help = "how often"},
    {.name = "mood",
     .type = BERTH_ENUM,
     BERTH_FIELD(settings, mood),
     .fallback = "calm",
     .choices = moods,
     .help = "how the greeting ends"},
    {.name = "wait",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(settings, wait_ms),
     .fallback = "none",
     .help = "a silent client is left after this time"},
    {.name = "most",
     .type = BERTH_SIZE,
     BERTH_FIELD(settings, most),
     .fallback = "1MiB",
     .help = "a client that sent more is left"},
    {.name = "loud",
     .type = BERTH_BOOL,
     BERTH_FIELD(settings, is_loud),
     .fallback = "false",
     .help = "doubles the mood"},
    {.name = "names",
     .type = BERTH_LIST,
     BERTH_FIELD(settings, names),
     .items = &name_option,
     .help = "whom to greet"},
    BERTH_OPTIONS_END,
};

const settings &settings_of(const berth_conn *c)
{
    return *static_cast<const settings *>(c->entry->settings);
}

std::string make_greeting(const settings &wanted)
{
    std::string text = wanted.greeting;
    auto names = static_cast<const char *const *>(wanted.names.items);

    for (std::size_t i = 0; i < wanted.names.count; i++) {
        text += std::string(" ") + names[i];
    }
    text += wanted.mood == 1 ? "!" : ".";
    text += wanted.is_loud ? text.back() : '\n';
    return text;
}

int on_open(berth_conn *c)
{
    const settings &wanted = settings_of(c);
    std::string greeting = make_greeting(wanted);

    for (std::int64_t i = 0; i < wanted.times; i++) {
        berth_write(c, greeting.data(), greeting.size());
    }
    return berth_deadline(c, wanted.wait_ms);
}

ssize_t on_data(berth_conn *c, char *, size_t size)
{
    auto mine = static_cast<state *>(c->state);

    mine->count += size;
    if (mine->count > settings_of(c).most) {
        return -EMSGSIZE;
    }
    return static_cast<ssize_t>(size);
}

int on_end(berth_conn *c, char *, size_t)
{
    auto text = std::to_string(static_cast<state *>(c->state)->count);

    berth_write(c, text.data(), text.size());
    return BERTH_CLOSE;
}

} // namespace

BERTH_PROTOCOL(.name = "greet",
               .version = "1.0",
               .summary = "greets, then counts",
               .state_size = sizeof(state),
               .settings_size = sizeof(settings),
               .options = options,
               .on_open = on_open,
               .on_data = on_data,
               .on_end = on_end);
