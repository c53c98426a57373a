/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One a=crypto line: what is read, what is not, how it is printed, and new keys (sdp-rewrite section 4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sdes.h"

#define K40 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e" /* bytes 1 to 30 */
#define K38 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA" /* bytes 1 to 28 */
#define CM80 "AES_CM_128_HMAC_SHA1_80"

/* Parses an exact copy on the heap: reading past it is caught. */
static bool parse(const char *text, struct sdes_line *out)
{
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, text, n);
	ok = sdes_parse((struct str){ copy, n }, out);
	free(copy);
	return ok;
}

static void assert_reads(const char *in, struct sdes_style style, const char *printed)
{
	char text[SDES_TEXT_BYTES];
	struct sdes_line line;

	if (!parse(in, &line))
		fail_msg("not read: %s", in);
	assert_true(rw_srtp_key_valid(&line.key));
	assert_int_equal(sdes_print(&line, style, text), strlen(printed));
	assert_string_equal(text, printed);
}

static void good_lines(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "1 " CM80 " inline:" K40, "1 " CM80 " inline:" K40 },
		{ "999999999 aes_cm_128_hmac_sha1_80 INLINE:" K40 "   ",
		  "999999999 " CM80 " inline:" K40 },
		{ "0001 " CM80 " inline:" K40 "|2^48", "1 " CM80 " inline:" K40 },
		{ "1 " CM80 " inline:" K40 "|281474976710656|1:128",
		  "1 " CM80 " inline:" K40 "|1:128" },
		{ "1 " CM80 " inline:" K40 "|255:1", "1 " CM80 " inline:" K40 "|255:1" },
		{ "1 " CM80 " inline:" K40 "|2^20|0:4;inline:what|ever",
		  "1 " CM80 " inline:" K40 "|0:4" },
		{ "1 " CM80 " inline:" K40
		  " KDR=1 UNENCRYPTED_SRTCP -x unencrypted_srtp UNAUTHENTICATED_SRTP",
		  "1 " CM80 " inline:" K40 " UNENCRYPTED_SRTCP UNAUTHENTICATED_SRTP" },
		{ "2 AEAD_AES_128_GCM inline:" K38 "== UNENCRYPTED_SRTP",
		  "2 AEAD_AES_128_GCM inline:" K38 " UNENCRYPTED_SRTP" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reads(rows[i].in, (struct sdes_style){ 0 }, rows[i].out);
}

static void malformed_lines(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"1",
		"1 " CM80,
		"1 " CM80 " ",
		"x " CM80 " inline:" K40,
		"1x " CM80 " inline:" K40,
		"-1 " CM80 " inline:" K40,
		"1000000000 " CM80 " inline:" K40,
		" 1 " CM80 " inline:" K40,
		"1  " CM80 " inline:" K40,
		"1 " CM80 "  inline:" K40,
		"1 " CM80 " inline:" K40 "  KDR=0",
		"1 FOO inline:" K40,
		"1 AES_128_CM_HMAC_SHA1_80 inline:" K40,
		"1 AEAD_AES_128_GCM_8 inline:" K38,
		"1 " CM80 " " K40,
		"1 " CM80 " inline:",
		"1 " CM80 " inline",
		"1 " CM80 " inline:" K40 "A",
		"1 " CM80 " inline:" K40 "=",
		"1 " CM80 " inline:" K38,
		"1 AEAD_AES_128_GCM inline:" K38 "=",
		"1 AEAD_AES_128_GCM inline:" K38 "===",
		"1 AEAD_AES_128_GCM inline:" K38 "xx",
		"1 " CM80 " inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0-",
		"1 " CM80 " inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=",
		"1 " CM80 " inline:" K40 "|",
		"1 " CM80 " inline:" K40 "|0",
		"1 " CM80 " inline:" K40 "|2^",
		"1 " CM80 " inline:" K40 "|2^49",
		"1 " CM80 " inline:" K40 "|281474976710657",
		"1 " CM80 " inline:" K40 "|2^20|2^20",
		"1 " CM80 " inline:" K40 "|2^20|",
		"1 " CM80 " inline:" K40 "|1:",
		"1 " CM80 " inline:" K40 "|:1",
		"1 " CM80 " inline:" K40 "|1:0",
		"1 " CM80 " inline:" K40 "|256:1",
		"1 " CM80 " inline:" K40 "|1:129",
		"1 " CM80 " inline:" K40 "|1:1:1",
		"1 " CM80 " inline:" K40 "|99999999999999999999:16",
		"1 " CM80 " inline:" K40 "|1:1|2^20",
		"1 AEAD_AES_128_GCM inline:" K38 " UNAUTHENTICATED_SRTP",
	};
	struct sdes_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse(rows[i], &line))
			fail_msg("read: %s", rows[i]);
	}
}

static void values_are_those_of_the_text(void **state)
{
	struct sdes_line line;

	(void)state;
	assert_true(parse("7 " CM80 " inline:" K40 "|2^31|66051:4 UNENCRYPTED_SRTP", &line));
	assert_int_equal(line.tag, 7);
	assert_false(line.passed);
	assert_int_equal(line.key.suite, RW_SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(line.key.mki, 66051);
	assert_int_equal(line.key.mki_bytes, 4);
	assert_int_equal(line.key.flags, RW_SRTP_UNENCRYPTED_SRTP);
	for (unsigned int i = 0; i < 30; i++)
		assert_int_equal(line.key.key[i], i + 1);
}

static void styles(void **state)
{
	const struct sdes_style both = { .pad = true, .lifetime = true };

	(void)state;
	assert_reads("1 AEAD_AES_128_GCM inline:" K38 "|3:1", both,
		     "1 AEAD_AES_128_GCM inline:" K38 "==|2^31|3:1");
	assert_reads("1 " CM80 " inline:" K40, both, "1 " CM80 " inline:" K40 "|2^31");
}

/* Every suite: the length of its text, and a new key each time. */
static void new_keys(void **state)
{
	static const uint8_t lengths[] = { 0, 59, 38, 62, 62, 51, 51, 40, 40, 40, 40, 40, 40 };

	(void)state;
	for (unsigned int suite = 1; suite <= SDES_SUITES; suite++) {
		const char *name = rw_srtp_suite_info(suite)->name;
		struct sdes_line a = { .tag = 1 }, b = { .tag = 1 };
		char text[SDES_TEXT_BYTES];

		sdes_new_key(suite, &a.key);
		sdes_new_key(suite, &b.key);
		assert_true(rw_srtp_key_valid(&a.key));
		assert_false(rw_srtp_key_equal(&a.key, &b.key));
		assert_int_equal(sdes_print(&a, (struct sdes_style){ 0 }, text),
				 strlen("1  inline:") + strlen(name) + lengths[suite]);
		assert_true(parse(text, &b));
		assert_true(rw_srtp_key_equal(&a.key, &b.key));
		assert_int_equal(sdes_suite_from(str_from(name)), suite);
	}
	assert_int_equal(sdes_suite_from(STR("AEAD_AES_256_GCM_8")), RW_SRTP_NONE);
}

static void longest_line_fits(void **state)
{
	struct sdes_line line = { .tag = 999999999,
				  .key = { .suite = RW_SRTP_AES_256_CM_HMAC_SHA1_80,
					   .mki = UINT64_MAX,
					   .mki_bytes = 128,
					   .flags = RW_SRTP_FLAGS_ALL } };
	char text[SDES_TEXT_BYTES];

	(void)state;
	assert_in_range(sdes_print(&line, (struct sdes_style){ true, true }, text), 150,
			SDES_TEXT_BYTES - 1);
	assert_non_null(strstr(text, " UNAUTHENTICATED_SRTP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),
		cmocka_unit_test(malformed_lines),
		cmocka_unit_test(values_are_those_of_the_text),
		cmocka_unit_test(styles),
		cmocka_unit_test(new_keys),
		cmocka_unit_test(longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
