/* SPDX-License-Identifier: MIT */
/*
 * Linked to a plugin that is instrumented for berth-fuzz (BERTH_FUZZ): what the
 * instrumentation calls, and does nothing. berth-fuzz has functions of the same
 * names, which stand before these; any other program that loads the plugin has
 * none.
 */
#include <stdint.h>

#define STUB __attribute__((weak, visibility("default"))) void

STUB __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
STUB __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);
STUB __sanitizer_cov_trace_pc_indir(uintptr_t callee);
STUB __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b);
STUB __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b);
STUB __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
STUB __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);
STUB __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b);
STUB __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b);
STUB __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b);
STUB __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b);
STUB __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases);

STUB __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop)
{
    (void)start;
    (void)stop;
}

STUB __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop)
{
    (void)start;
    (void)stop;
}

STUB __sanitizer_cov_trace_pc_indir(uintptr_t callee)
{
    (void)callee;
}

STUB __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b)
{
    (void)a;
    (void)b;
}

STUB __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases)
{
    (void)value;
    (void)cases;
}
