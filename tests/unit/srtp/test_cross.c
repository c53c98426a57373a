/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every suite, both engines against each other in both directions: what one secures the other opens, byte for byte, with
 * random sizes, extensions, CSRCs, padding, loss, reordering, around the wrap of the sequence number; doubles and forged
 * packets are refused by both.
 */
#include "pair.h"

#include <errno.h>

#define ROUNDS 600u
#define SSRC 0xcafe1234u

static const enum srtp_engine_kind both[] = { SRTP_ENGINE_IPSEC_MB, SRTP_ENGINE_LIBSRTP2 };

static void make_random(struct memory *m, uint32_t *random, uint16_t seq)
{
	unsigned int padding = pair_random(random) % 5 == 0 ? 1 + pair_random(random) % 12 : 0;
	unsigned int csrcs = pair_random(random) % 4 == 0 ? pair_random(random) % 16 : 0;
	unsigned int words = pair_random(random) % 4 == 0 ? pair_random(random) % 9 : 0;

	pair_rtp(m, SSRC, seq, pair_random(random) % 1401, csrcs, words, padding);
}

/* Sends a copy of the same plain packets through the other engine: the bytes on the wire must be the same. */
static void check_same_wire(struct pair *reference, const struct memory *plain,
			    const struct memory *wire)
{
	struct memory other = *plain;

	assert_int_equal(pair_seal(reference, &other), SRTP_OK);
	assert_int_equal(other.len, wire->len);
	assert_memory_equal(other.bytes, wire->bytes, wire->len);
}

static void check_opens(struct pair *p, const struct memory *plain, struct memory wire)
{
	struct memory again = wire;

	assert_int_equal(pair_unseal(p, &wire, NULL), SRTP_OK);
	assert_int_equal(wire.len, plain->len);
	assert_memory_equal(wire.bytes, plain->bytes, plain->len);
	assert_int_equal(pair_unseal(p, &again, NULL), SRTP_REPLAYED);
}

static void check_forged(struct pair *p, struct memory wire, uint32_t *random, bool whole)
{
	/* of an unauthenticated packet nothing but the size can be wrong */
	if (!whole)
		return;
	wire.bytes[12 + pair_random(random) % (wire.len - 12u)] ^=
		(uint8_t)(1 + pair_random(random) % 255);
	assert_int_not_equal(pair_unseal(p, &wire, NULL), SRTP_OK);
}

/* Packets are sent in order and arrive in pairs the other way round, every eleventh never. */
static void run_rtp(enum srtp_engine_kind a, enum srtp_engine_kind b, const struct rw_srtp_key *key)
{
	bool authenticated = !(key->flags & RW_SRTP_UNAUTHENTICATED_SRTP);
	struct memory plain[2], wire[2];
	struct pair p, reference;
	uint32_t random = key->suite;
	uint16_t seq = 65400;

	pair_open(&p, a, b, key);
	pair_open(&reference, b, a, key);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		for (unsigned int k = 0; k < 2; k++) {
			make_random(&plain[k], &random, seq++);
			wire[k] = plain[k];
			assert_int_equal(pair_seal(&p, &wire[k]), SRTP_OK);
			check_same_wire(&reference, &plain[k], &wire[k]);
			check_forged(&p, wire[k], &random, authenticated && i);
		}
		if (i % 11 != 5)
			check_opens(&p, &plain[1], wire[1]);
		if (i % 11 != 7)
			check_opens(&p, &plain[0], wire[0]);
	}
	pair_close(&p);
	pair_close(&reference);
}

static void run_rtcp(enum srtp_engine_kind a, enum srtp_engine_kind b,
		     const struct rw_srtp_key *key)
{
	struct pair p, reference;
	struct memory plain, wire;
	uint32_t random = key->suite + 7u;

	pair_open(&p, a, b, key);
	pair_open(&reference, b, a, key);
	for (unsigned int i = 0; i < 100; i++) {
		pair_rtcp(&plain, SSRC, 7 + pair_random(&random) % 300);
		wire = plain;
		assert_int_equal(pair_seal(&p, &wire), SRTP_OK);
		check_same_wire(&reference, &plain, &wire);
		check_forged(&p, wire, &random, true);
		if (i % 7 != 3)
			check_opens(&p, &plain, wire);
	}
	pair_close(&p);
	pair_close(&reference);
}

/* True when the engine has the suite with these parameters. */
static bool serves(enum srtp_engine_kind kind, const struct rw_srtp_key *key)
{
	struct srtp_context *c;
	struct srtp *s;
	int rc;

	assert_int_equal(srtp_new(kind, 1, SRTP_WINDOW_MIN, &s), 0);
	rc = srtp_context_new(s, SRTP_SEND, key, NULL, NULL, &c);
	assert_true(rc == 0 || rc == -ENOTSUP);
	srtp_free(s);
	return rc == 0;
}

static void run_key(const struct rw_srtp_key *key)
{
	for (unsigned int i = 0; i < 4; i++) {
		enum srtp_engine_kind a = both[i / 2], b = both[i % 2];

		if (!serves(a, key) || !serves(b, key))
			continue;
		run_rtp(a, b, key);
		run_rtcp(a, b, key);
	}
}

static void test_suites(void **state)
{
	(void)state;
	for (unsigned int suite = 1; suite < RW_SRTP_SUITE_MAX; suite++) {
		struct rw_srtp_key key = pair_key(suite, 0, 0, suite);

		run_key(&key);
	}
}

static void test_mki(void **state)
{
	static const unsigned int lengths[] = { 1, 4, 8, 128 };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct rw_srtp_key cm = pair_key(RW_SRTP_AES_CM_128_HMAC_SHA1_32, 0, lengths[i], 3);
		struct rw_srtp_key gcm = pair_key(RW_SRTP_AEAD_AES_128_GCM, 0, lengths[i], 4);

		run_key(&cm);
		run_key(&gcm);
	}
}

static void test_parameters(void **state)
{
	(void)state;
	for (uint8_t flags = 1; flags <= RW_SRTP_FLAGS_ALL; flags++) {
		struct rw_srtp_key cm = pair_key(RW_SRTP_AES_CM_128_HMAC_SHA1_80, flags, 0, flags);
		struct rw_srtp_key gcm;

		run_key(&cm);
		if (flags & RW_SRTP_UNAUTHENTICATED_SRTP)
			continue;
		gcm = pair_key(RW_SRTP_AEAD_AES_256_GCM, flags, 0, flags);
		run_key(&gcm);
	}
}

/* 64 packets of eight keys and suites and many SSRCs in one batch, in both engines: as one by one. */
static void test_mixed_batch(void **state)
{
	struct memory wire[SRTP_BATCH_MAX], alone[SRTP_BATCH_MAX];
	struct srtp_packet x[SRTP_BATCH_MAX];
	struct pair p[8];

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		struct rw_srtp_key key = pair_key(1 + i, 0, 0, 99 + i);

		pair_open(&p[i], SRTP_ENGINE_AUTO, SRTP_ENGINE_AUTO, &key);
	}
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < SRTP_BATCH_MAX; i++) {
			struct pair *q = &p[i % 8];
			struct srtp_context *own;

			pair_rtp(&wire[i], i / 16, (uint16_t)(65530 + round * 8 + i / 8), 20 + i, 0,
				 0, 0);
			alone[i] = wire[i];
			/* contexts of one engine can be in one batch: those of the first pair's */
			if (round == 0 && i < 8 && i) {
				struct rw_srtp_key key = *srtp_context_key(q->tx);

				assert_int_equal(srtp_context_new(p[0].sender, SRTP_SEND, &key,
								  NULL, NULL, &own),
						 0);
				srtp_context_free(q->sender, q->tx);
				q->tx = own;
			}
			x[i] = (struct srtp_packet){ .context = q->tx,
						     .data = wire[i].bytes,
						     .len_bytes = wire[i].len,
						     .room_bytes = 200 };
		}
		srtp_batch_protect(p[0].sender, x, SRTP_BATCH_MAX);
		for (unsigned int i = 0; i < SRTP_BATCH_MAX; i++) {
			assert_int_equal(x[i].status, SRTP_OK);
			wire[i].len = x[i].len_bytes;
			assert_int_equal(pair_unseal(&p[i % 8], &wire[i], NULL), SRTP_OK);
			assert_int_equal(wire[i].len, alone[i].len);
			assert_memory_equal(wire[i].bytes, alone[i].bytes, alone[i].len);
		}
	}
	for (unsigned int i = 1; i < 8; i++) {
		srtp_context_free(p[0].sender, p[i].tx);
		p[i].tx = NULL;
	}
	for (unsigned int i = 8; i-- > 0;)
		pair_close(&p[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_mki),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_mixed_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
