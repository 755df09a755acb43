/* SPDX-License-Identifier: MIT */
#include "spin.h"

void spin_init(struct spin *spin, uint64_t budget_ns)
{
    *spin = (struct spin){.budget_ns = budget_ns, .needed = SPIN_WAITS};
}

static void turn(struct spin *spin, bool is_on)
{
    spin->is_on = is_on;
    spin->count = 0;
}

static void end_in_vain(struct spin *spin)
{
    if (spin->count >= SPIN_WAITS) {
        spin->needed = SPIN_WAITS;
    } else if (spin->needed < SPIN_WAITS_MAX) {
        spin->needed *= 2;
    }
    turn(spin, false);
}

uint64_t spin_begin(struct spin *spin, uint64_t now_ns)
{
    uint64_t waited_ns;

    if (spin->since_ns == 0) {
        spin->since_ns = now_ns;
    }
    if (!spin->is_on) {
        return 0;
    }
    waited_ns = now_ns - spin->since_ns;
    if (waited_ns >= spin->budget_ns) {
        end_in_vain(spin);
        return 0;
    }
    return spin->budget_ns - waited_ns;
}

/* A report came after so long. */
static void learn(struct spin *spin, uint64_t waited_ns)
{
    if (!spin->is_on && waited_ns > 2 * spin->budget_ns) {
        spin->count = 0;
        return;
    }
    spin->count += spin->count < SPIN_WAITS_MAX ? 1 : 0;
    if (!spin->is_on && spin->count >= spin->needed) {
        turn(spin, true);
    }
}

void spin_end(struct spin *spin, uint64_t now_ns, bool is_report)
{
    const uint64_t waited_ns =
        spin->since_ns == 0 ? 0 : now_ns - spin->since_ns;

    if (is_report) {
        spin->since_ns = 0;
        learn(spin, waited_ns);
    } else if (spin->is_on && waited_ns >= spin->budget_ns) {
        end_in_vain(spin);
    }
}
