/* SPDX-License-Identifier: MIT */
#include "berthctl/rates.h"

#include "samples.h"
#include "unit.h"

static struct sample now;
static struct sample before;

static void tear_down(void)
{
    sample_free(&now);
    sample_free(&before);
}

/* Two samples, 2 seconds apart. */
static void take(const char *earlier, const char *later)
{
    samples_fill(&before, 10, SAMPLES_STATUS, earlier, SAMPLES_WORKERS);
    samples_fill(&now, 12, SAMPLES_STATUS, later, SAMPLES_WORKERS);
}

START_TEST(an_entry_has_rates_and_gauges)
{
    struct entry_rates rates;

    take(SAMPLES_ENTRIES "b\tserving\t1\t1\t1\t1\t1\t1\t\n"
                         "a\tserving\t3\t10\t1000\t2000\t5\t7\t10:100,20:1\n",
         SAMPLES_ENTRIES "a\tdraining\t4\t30\t5000\t2000\t6\t9\t10:198,20:3\n");
    rates_of_entry(&rates, &now, &before, 0);
    ck_assert_str_eq(rates.name, "a");
    ck_assert_str_eq(rates.state, "draining");
    ck_assert(rates.open == 4);
    ck_assert(rates.queued == 9);
    ck_assert(rates.accepted == 10);
    ck_assert(rates.in == 2000);
    ck_assert(rates.out == 0);
    ck_assert(rates.callbacks == 0);     /* one in two seconds */
    ck_assert_uint_eq(rates.p99_ns, 20); /* 98 and 2 in between */
}
END_TEST

START_TEST(without_an_earlier_sample_there_are_no_rates)
{
    struct entry_rates rates;
    static const struct sample none;

    take(SAMPLES_ENTRIES,
         SAMPLES_ENTRIES "a\tserving\t4\t30\t50\t60\t6\t9\t10:99,20:1\n");
    rates_of_entry(&rates, &now, &none, 0);
    ck_assert(rates.accepted == RATES_NONE);
    ck_assert(rates.open == 4);
    ck_assert_uint_eq(rates.p99_ns, 10); /* of all that was sampled */
    rates_of_entry(&rates, &now, &before, 0);
    ck_assert(rates.in == RATES_NONE);
    ck_assert(rates_of_server(&now, &none) == RATES_NONE);
}
END_TEST

START_TEST(a_counter_that_went_back_has_no_rate)
{
    struct entry_rates rates;

    take(SAMPLES_ENTRIES "a\tserving\t4\t30\t50\t60\t6\t9\t10:99\n",
         SAMPLES_ENTRIES "a\tserving\t4\t29\t51\t62\t8\t9\t10:1\n");
    rates_of_entry(&rates, &now, &before, 0);
    ck_assert(rates.accepted == RATES_NONE);
    ck_assert(rates.out == 1);
    ck_assert_uint_eq(rates.p99_ns, 0);
}
END_TEST

START_TEST(times_that_are_none_are_left_out)
{
    struct entry_rates rates;

    take(SAMPLES_ENTRIES "a\tserving\t4\t30\t50\t60\t6\t9\tnonsense\n",
         SAMPLES_ENTRIES "a\tserving\t4\t30\t50\t60\t6\t9\tinf:1\n");
    rates_of_entry(&rates, &now, &before, 0);
    ck_assert_uint_eq(rates.p99_ns, BUCKETS_INFINITE);
}
END_TEST

START_TEST(a_worker_is_known_by_its_process)
{
    struct worker_rates rates;

    samples_fill(&before, 10, SAMPLES_STATUS, SAMPLES_ENTRIES,
                 SAMPLES_WORKERS "0\t1\t77\tserving\t1\t100\t1000\n"
                                 "1\t1\t\tdown\t0\t0\t0\n");
    samples_fill(&now, 12, SAMPLES_STATUS, SAMPLES_ENTRIES,
                 SAMPLES_WORKERS "0\t1\t77\tserving\t1\t150\t2500\n"
                                 "1\t1\t78\tstarting\t0\t0\t9\n"
                                 "2\t1\t\tdown\t0\t0\t9\n");
    rates_of_worker(&rates, &now, &before, 0);
    ck_assert_str_eq(rates.pid, "77");
    ck_assert(rates.number == 0);
    ck_assert(rates.generation == 1);
    ck_assert(rates.accepted == 25);
    ck_assert(rates.cpu == 750); /* thousandths of a CPU */
    rates_of_worker(&rates, &now, &before, 1);
    ck_assert_str_eq(rates.state, "starting");
    ck_assert(rates.cpu == RATES_NONE);
    rates_of_worker(&rates, &now, &before, 2);
    ck_assert_str_eq(rates.pid, "");
    ck_assert(rates.cpu == RATES_NONE);
}
END_TEST

START_TEST(the_server_has_a_rate)
{
    samples_fill(&before, 10,
                 SAMPLES_STATUS "1\t7\tserving\t1\t1\t\t2\t0\t5\t10\n",
                 SAMPLES_ENTRIES, SAMPLES_WORKERS);
    samples_fill(&now, 12,
                 SAMPLES_STATUS "1\t7\tserving\t1\t1\t\t2\t0\t5\t50\n",
                 SAMPLES_ENTRIES, SAMPLES_WORKERS);
    ck_assert(rates_of_server(&now, &before) == 20);
}
END_TEST

UNIT_MAIN_WITH("berthctl/rates",
               NULL,
               tear_down,
               an_entry_has_rates_and_gauges,
               without_an_earlier_sample_there_are_no_rates,
               a_counter_that_went_back_has_no_rate,
               times_that_are_none_are_left_out,
               a_worker_is_known_by_its_process,
               the_server_has_a_rate)
