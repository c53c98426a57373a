/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers in blocks: over the ends of blocks none comes twice, each bound is kept and every value comes. And numbers
 * and addresses as text. One thread.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtpwire/addr.h"

#include "decimal.h"
#include "random.h"

#define NUMBERS 3000u
#define KEY_BYTES 46u /* no divisor of a block */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, KEY_BYTES);
}

static void test_bytes(void **state)
{
	static unsigned char keys[NUMBERS][KEY_BYTES], big[10000], zero[64];

	(void)state;
	for (unsigned int i = 0; i < NUMBERS; i++)
		random_bytes(keys[i], KEY_BYTES);
	qsort(keys, NUMBERS, KEY_BYTES, compare);
	for (unsigned int i = 1; i < NUMBERS; i++)
		assert_true(memcmp(keys[i - 1], keys[i], KEY_BYTES) < 0);
	for (unsigned int i = 0; i < NUMBERS; i++)
		for (unsigned int at = 0; at + 8 <= KEY_BYTES;
		     at += 8) /* nothing of it was wiped before */
			assert_memory_not_equal(keys[i] + at, zero, 8);
	random_bytes(big, sizeof(big));
	for (size_t at = 0; at + 8 <= sizeof(big); at += 8)
		assert_memory_not_equal(big + at, zero, 8);
}

static void test_below(void **state)
{
	static const uint32_t bounds[] = { 1, 2, 3, 7, 10, 255 };

	(void)state;
	for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
		unsigned int seen[256] = { 0 };

		for (unsigned int i = 0; i < 100 * bounds[b]; i++) {
			uint32_t v = random_below(bounds[b]);

			assert_true(v < bounds[b]);
			seen[v]++;
		}
		for (uint32_t v = 0; v < bounds[b];
		     v++) /* 100 are expected; a good source fails once in 10^20 */
			assert_in_range(seen[v], 10, 300);
	}
	assert_true(random_below(UINT32_MAX) < UINT32_MAX);
}

static void test_decimal(void **state)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 99, 100, 65535, UINT32_MAX, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char got[DECIMAL_MAX + 1] = { 0 }, want[32];

		snprintf(want, sizeof(want), "%" PRIu64, values[i]);
		assert_int_equal(decimal_put(got, values[i]), strlen(want));
		assert_string_equal(got, want);
	}
}

static void test_addresses(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "1.20.255.9", "255.255.255.255",
					     "::", "2001:db8::1" };
	char text[RW_ENDPOINT_TEXT], want[RW_ENDPOINT_TEXT + 8];
	struct rw_endpoint ep = { 0 };

	(void)state;
	assert_string_equal(rw_ip_text(&ep.ip, text), "-");
	assert_string_equal(rw_endpoint_text(&ep, text), "-:0");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(rw_ip_parse(texts[i], &ep.ip), 0);
		ep.port_be = htons((uint16_t)(65535 >> i * 4));
		assert_string_equal(rw_ip_text(&ep.ip, text), texts[i]);
		snprintf(want, sizeof(want), strchr(texts[i], ':') ? "[%s]:%u" : "%s:%u", texts[i],
			 65535u >> i * 4);
		assert_string_equal(rw_endpoint_text(&ep, text), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
