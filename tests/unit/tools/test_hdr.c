/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The benchmarks' histogram: percentiles within 0.8 % of the true ones, at every magnitude. One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/hdr.h"

static struct hdr a, b;

static int reset(void **state)
{
	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	return 0;
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(hdr_percentile_ns(&a, 50), 0);
	assert_int_equal(hdr_percentile_ns(&a, 100), 0);
}

/* One value alone comes back as it is; with a longer one behind it, within 0.8 % above. */
static void test_resolution(void **state)
{
	for (uint64_t ns = 1; ns < UINT64_C(1) << 41; ns += 1 + ns / 3) {
		uint64_t got;

		reset(state);
		hdr_record(&a, ns);
		assert_int_equal(hdr_percentile_ns(&a, 99), ns);
		hdr_record(&a, UINT64_C(1) << 41);
		got = hdr_percentile_ns(&a, 50);
		assert_true(got >= ns && (double)got <= (double)ns * 1.0079);
		assert_int_equal(hdr_percentile_ns(&a, 0), got);
	}
}

static void near(double percent, double want_ns)
{
	double got = (double)hdr_percentile_ns(&a, percent);

	assert_true(got >= want_ns && got <= want_ns * 1.008 + 1);
}

static void test_percentiles(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		hdr_record(i % 2 ? &a : &b, i * 10);
	hdr_merge(&a, &b);
	assert_int_equal(a.count, 100000);
	near(0.001, 10);
	near(50, 500000);
	near(90, 900000);
	near(99.9, 999000);
	assert_int_equal(hdr_percentile_ns(&a, 100), 1000000);
	assert_int_equal(a.max_ns, 1000000);
}

static void test_ends(void **state)
{
	(void)state;
	hdr_record(&a, 0);
	assert_int_equal(hdr_percentile_ns(&a, 100), 0);
	hdr_record(&a, UINT64_MAX);
	hdr_record(&a, UINT64_MAX);
	assert_int_equal(hdr_percentile_ns(&a, 50), UINT64_MAX);
	assert_int_equal(hdr_percentile_ns(&a, 1), 0);
	hdr_record(&b, (UINT64_C(1) << HDR_TOP_BITS) - 1); /* the last bucket */
	assert_int_equal(hdr_percentile_ns(&b, 50), (UINT64_C(1) << HDR_TOP_BITS) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, reset),
		cmocka_unit_test_setup(test_resolution, reset),
		cmocka_unit_test_setup(test_percentiles, reset),
		cmocka_unit_test_setup(test_ends, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
