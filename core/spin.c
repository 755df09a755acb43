/* SPDX-License-Identifier: MIT */
#include "spin.h"

#define ALL ((UINT32_C(1) << SPIN_WAITS) - 1)

void spin_init(struct spin *spin, uint64_t budget_ns)
{
    *spin = (struct spin){.budget_ns = budget_ns};
}

static bool is_on(const struct spin *spin)
{
    return __builtin_popcount(spin->history) >= SPIN_ENOUGH;
}

uint64_t spin_begin(struct spin *spin, uint64_t now_ns)
{
    uint64_t waited_ns;

    if (spin->since_ns == 0) {
        spin->since_ns = now_ns;
    }
    waited_ns = now_ns - spin->since_ns;
    return is_on(spin) && waited_ns < spin->budget_ns
               ? spin->budget_ns - waited_ns
               : 0;
}

void spin_end(struct spin *spin, uint64_t now_ns, bool is_report)
{
    const uint64_t waited_ns =
        spin->since_ns == 0 ? 0 : now_ns - spin->since_ns;
    const uint64_t most_ns = spin->budget_ns * (is_on(spin) ? 1 : SPIN_SLEPT);

    if (is_report) {
        spin->since_ns = 0;
        spin->history =
            (spin->history << 1 | (waited_ns <= most_ns ? 1 : 0)) & ALL;
    }
}
