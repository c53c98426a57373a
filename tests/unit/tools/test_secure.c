/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP of rtpwire-peer: each suite reads what it writes and refuses what was changed or came before; a change of
 * the key leaves the key before valid until it is forgotten, and the same key is no change.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/srtp.h"
#include "peer/wire.h"

#define SUITE "AES_CM_128_HMAC_SHA1_80"
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define OTHER_KEY "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"

static const struct {
	const char *name;
	unsigned int digits; /* of the key, RFC 4568: six bits each */
	size_t rtp_bytes, rtcp_bytes; /* that a packet grows by */
} suites[] = {
	{ "AEAD_AES_256_GCM", 59, 16, 20 },
	{ "AEAD_AES_128_GCM", 38, 16, 20 },
	{ "AES_256_CM_HMAC_SHA1_80", 62, 10, 14 },
	{ "AES_256_CM_HMAC_SHA1_32", 62, 4, 14 },
	{ SUITE, 40, 10, 14 },
	{ "AES_CM_128_HMAC_SHA1_32", 40, 4, 14 },
	{ "NULL_HMAC_SHA1_80", 40, 10, 14 },
	{ "NULL_HMAC_SHA1_32", 40, 4, 14 },
};

struct packet {
	_Alignas(8) uint8_t bytes[WIRE_BYTES_MAX + SECURE_TRAILER_BYTES];
	size_t n;
};

static struct packet make(bool rtcp, uint32_t number)
{
	struct wire_tag tag = { 7, number, 1, 0x11223344, (uint16_t)(65530 + number) };
	struct packet p = { .n = 0 };

	p.n = rtcp ? wire_rtcp_make(p.bytes, &tag, 1, 160)
		   : wire_media_make(p.bytes, WIRE_RTP, &tag);
	return p;
}

static struct packet sealed(struct secure *tx, bool rtcp, uint32_t number)
{
	struct packet p = make(rtcp, number);

	assert_int_equal(secure_protect(tx, rtcp, p.bytes, &p.n), 0);
	return p;
}

/* Packets stay as they are: works on a copy. */
static enum secure_verdict opened(struct secure *rx, bool rtcp, struct packet p)
{
	return secure_unprotect(rx, rtcp, p.bytes, &p.n);
}

static void open_pair(const char *suite, const char *key, struct secure **tx, struct secure **rx)
{
	assert_int_equal(secure_open(suite, key, true, 0x11223344, tx), 0);
	assert_int_equal(secure_open(suite, key, false, 0, rx), 0);
}

static void every_suite(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		char key[SECURE_KEY_TEXT] = "";
		struct secure *tx, *rx;

		memset(key, 'A', suites[i].digits);
		open_pair(suites[i].name, key, &tx, &rx);
		for (uint32_t n = 0; n < 40; n++) {
			bool rtcp = n & 1;
			struct packet plain = make(rtcp, n), p = sealed(tx, rtcp, n), bad = p;

			assert_int_equal(p.n - plain.n,
					 rtcp ? suites[i].rtcp_bytes : suites[i].rtp_bytes);
			bad.bytes[20 + n] ^= 1;
			assert_int_equal(opened(rx, rtcp, bad), SECURE_AUTH_FAILED);
			bad = p;
			assert_int_equal(secure_unprotect(rx, rtcp, p.bytes, &p.n), SECURE_OK);
			assert_int_equal(p.n, plain.n);
			assert_memory_equal(p.bytes, plain.bytes, plain.n);
			assert_int_equal(opened(rx, rtcp, bad), SECURE_REPLAYED);
		}
		secure_free(tx);
		secure_free(rx);
	}
}

static void bad_suites_and_keys(void **state)
{
	static const char *const keys[] = { "", "A", (KEY "A"), (KEY "AA"), (KEY "=x"), ("*" KEY) };
	struct secure *s;

	(void)state;
	assert_int_equal(secure_open("AES_CM_128", KEY, true, 1, &s), -EINVAL);
	assert_int_equal(secure_open("AES_192_CM_HMAC_SHA1_80", KEY, true, 1, &s), -EINVAL);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(secure_open(SUITE, keys[i], true, 1, &s), -EINVAL);
	assert_int_equal(secure_open(SUITE, KEY "==", true, 1, &s), 0);
	assert_int_equal(secure_rekey(s, "AAAA"), -EINVAL);
	secure_free(s);
	secure_free(NULL);
}

static void keys_change(void **state)
{
	struct secure *tx, *rx;
	struct packet late;

	(void)state;
	open_pair(SUITE, KEY, &tx, &rx);
	assert_int_equal(opened(rx, false, sealed(tx, false, 0)), SECURE_OK);
	late = sealed(tx, false, 1);
	assert_int_equal(secure_rekey(rx, OTHER_KEY), 0);
	assert_int_equal(opened(rx, false, sealed(tx, false, 2)), SECURE_OLD_KEY);
	assert_int_equal(secure_rekey(tx, OTHER_KEY), 0);
	assert_int_equal(opened(rx, false, sealed(tx, false, 3)), SECURE_OK);
	assert_int_equal(opened(rx, false, late), SECURE_OLD_KEY);
	late = sealed(tx, false, 4);
	assert_int_equal(secure_rekey(rx, OTHER_KEY), 0);
	assert_int_equal(opened(rx, false, late), SECURE_OK);
	assert_int_equal(opened(rx, false, late), SECURE_REPLAYED);
	assert_int_equal(secure_rekey(tx, KEY), 0);
	assert_int_equal(opened(rx, false, sealed(tx, false, 5)), SECURE_OLD_KEY);
	secure_forget_old(rx);
	assert_int_equal(opened(rx, false, sealed(tx, false, 6)), SECURE_AUTH_FAILED);
	secure_free(tx);
	secure_free(rx);
}

/* A key set again must not lose the rollover counter that its stream has reached. */
static void same_key_keeps_the_counter(void **state)
{
	struct secure *tx, *rx;

	(void)state;
	open_pair(SUITE, KEY, &tx, &rx);
	for (uint32_t n = 0; n < 12; n++) /* wraps after the sixth */
		assert_int_equal(opened(rx, false, sealed(tx, false, n)), SECURE_OK);
	assert_int_equal(secure_rekey(tx, KEY), 0);
	assert_int_equal(opened(rx, false, sealed(tx, false, 12)), SECURE_OK);
	assert_int_equal(secure_rekey(rx, KEY), 0);
	assert_int_equal(opened(rx, false, sealed(tx, false, 13)), SECURE_OK);
	secure_free(tx);
	secure_free(rx);
}

static void noise_is_refused(void **state)
{
	struct secure *tx, *rx;

	(void)state;
	open_pair(SUITE, KEY, &tx, &rx);
	for (size_t n = 0; n < sizeof(((struct packet *)0)->bytes); n++) {
		struct packet p = { .n = n };

		memset(p.bytes, 0x80, sizeof(p.bytes));
		assert_int_not_equal(opened(rx, false, p), SECURE_OK);
		assert_int_not_equal(opened(rx, true, p), SECURE_OK);
	}
	secure_free(tx);
	secure_free(rx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_suite),	    cmocka_unit_test(bad_suites_and_keys),
		cmocka_unit_test(keys_change),	    cmocka_unit_test(same_key_keeps_the_counter),
		cmocka_unit_test(noise_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
