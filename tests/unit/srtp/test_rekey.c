/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A receiver that knows two keys while signalling changes them, with each engine.
 */
#include "pair.h"

#define SSRC 0xcafe1234u
#define SUITE RW_SRTP_AES_CM_128_HMAC_SHA1_80

static int receive_either(struct pair *p, struct srtp_context *old, struct memory wire,
			  bool *used_old)
{
	struct srtp_packet x = { .context = p->rx,
				 .other = old,
				 .data = wire.bytes,
				 .len_bytes = wire.len,
				 .rtcp = wire.rtcp };

	srtp_batch_unprotect(p->receiver, &x, 1, p->now_ns += 20000000);
	*used_old = x.used_other;
	return x.status;
}

/* Packets of both keys mixed; each passes once, forged ones never. */
static void check_rekey(enum srtp_engine_kind engine, const struct rw_srtp_key *before,
			const struct rw_srtp_key *after)
{
	struct pair old, new;
	struct memory m;
	uint32_t random = 3;
	bool used_old;

	pair_open(&old, SRTP_ENGINE_AUTO, engine, before);
	pair_open(&new, SRTP_ENGINE_AUTO, engine, after);
	srtp_context_free(old.receiver, old.rx);
	assert_int_equal(srtp_context_new(new.receiver, SRTP_RECEIVE, before, NULL, NULL, &old.rx),
			 0);
	for (unsigned int i = 0; i < 200; i++) {
		struct pair *from = pair_random(&random) % 2 ? &old : &new;

		m = pair_sealed(from, SSRC, (uint16_t)(65400 + i));
		m.bytes[40] ^= 1;
		assert_int_not_equal(receive_either(&new, old.rx, m, &used_old), SRTP_OK);
		m.bytes[40] ^= 1;
		assert_int_equal(receive_either(&new, old.rx, m, &used_old), SRTP_OK);
		assert_int_equal(used_old, from == &old);
		assert_int_not_equal(receive_either(&new, old.rx, m, &used_old), SRTP_OK);
		pair_rtcp(&m, SSRC, 10);
		assert_int_equal(pair_seal(from, &m), SRTP_OK);
		assert_int_equal(receive_either(&new, old.rx, m, &used_old), SRTP_OK);
		assert_int_equal(used_old, from == &old);
	}
	srtp_context_free(new.receiver, old.rx);
	old.rx = NULL;
	pair_close(&new);
	pair_close(&old);
}

static void test_rekey(void **state)
{
	static const struct {
		unsigned int before, after, mki_before, mki_after;
	} cases[] = {
		{ SUITE, SUITE, 0, 0 },
		{ SUITE, RW_SRTP_AES_CM_128_HMAC_SHA1_32, 0, 0 },
		{ RW_SRTP_AES_CM_128_HMAC_SHA1_32, RW_SRTP_AEAD_AES_256_GCM, 0, 0 },
		{ RW_SRTP_AEAD_AES_128_GCM, RW_SRTP_AES_256_CM_HMAC_SHA1_80, 0, 4 },
		{ SUITE, SUITE, 1, 0 },
		{ SUITE, SUITE, 4, 128 },
		{ RW_SRTP_NULL_HMAC_SHA1_80, SUITE, 0, 1 },
	};

	(void)state;
	EACH_ENGINE (engine) {
		for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct rw_srtp_key before =
				pair_key(cases[i].before, 0, cases[i].mki_before, 1);
			struct rw_srtp_key after =
				pair_key(cases[i].after, 0, cases[i].mki_after, 2);

			check_rekey(engine, &before, &after);
		}
	}
}

/* A double of a packet under the key that authenticates is not taken for one of an old key that does not. */
static void test_rekey_unauthenticated(void **state)
{
	struct rw_srtp_key before = pair_key(SUITE, RW_SRTP_UNAUTHENTICATED_SRTP, 0, 1);
	struct rw_srtp_key after = pair_key(SUITE, 0, 0, 2);
	struct srtp_context *old;
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		struct memory m;
		bool used_old;

		pair_open(&p, SRTP_ENGINE_AUTO, engine, &after);
		assert_int_equal(srtp_context_new(p.receiver, SRTP_RECEIVE, &before, NULL, NULL,
						  &old),
				 0);
		m = pair_sealed(&p, SSRC, 7);
		assert_int_equal(receive_either(&p, old, m, &used_old), SRTP_OK);
		assert_int_equal(receive_either(&p, old, m, &used_old), SRTP_REPLAYED);
		m = pair_sealed(&p, SSRC, 8);
		m.bytes[20] ^= 1;
		assert_int_equal(receive_either(&p, old, m, &used_old), SRTP_AUTH_FAILED);
		srtp_context_free(p.receiver, old);
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_rekey_unauthenticated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
