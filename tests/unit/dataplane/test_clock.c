/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time from the TSC: rate, corrections, and that it never goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"

#define HZ 2600000000ull
#define S 1000000000ull

static void test_rate(void **state)
{
	struct clock c;

	(void)state;
	clock_start(&c, 1000, 5 * S, HZ);
	assert_int_equal(clock_now(&c, 1000), 5 * S);
	assert_in_range(clock_now(&c, 1000 + HZ / 2), 5 * S + S / 2 - 1, 5 * S + S / 2);
	/* a thread that was held up for a day does not overflow */
	assert_in_range(clock_now(&c, 1000 + 86400 * HZ), 86405 * S - 86400, 86405 * S);
}

/* The TSC is 100 ppm faster than it says: after the first correction time runs right. */
static void test_correction(void **state)
{
	const uint64_t true_hz = HZ + HZ / 10000;
	struct clock c;

	(void)state;
	clock_start(&c, 0, S, HZ);
	assert_in_range(clock_now(&c, true_hz), 2 * S + 99990, 2 * S + 100001);
	clock_anchor(&c, true_hz, 2 * S);
	assert_in_range(clock_now(&c, true_hz * 11), 12 * S - 20, 12 * S);
}

static void test_never_back(void **state)
{
	struct clock c;
	uint64_t before;

	(void)state;
	clock_start(&c, 0, S, HZ);
	before = clock_now(&c, HZ);
	clock_anchor(&c, HZ, 2 * S - 5000); /* we were 5 µs ahead */
	assert_true(clock_now(&c, HZ + 26) >= before);
	assert_true(clock_now(&c, HZ - 26) >= before); /* another core's TSC, a little behind */
	assert_in_range(clock_now(&c, 2 * HZ), 3 * S - 11000, 3 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_correction),
		cmocka_unit_test(test_never_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
