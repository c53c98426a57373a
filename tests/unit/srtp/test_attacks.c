/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a stranger with recorded or forged packets must not achieve, and streams that go on after another dataplane.
 */
#include "pair.h"

#define SSRC 1u
#define SIZE 20u /* bytes of payload */
#define PAUSE_NS 60000000u /* longer than a stream is trusted to be running */
#define STEP_NS 20000000u

static struct rw_srtp_key key(void)
{
	return pair_key(RW_SRTP_AES_CM_128_HMAC_SHA1_80, 0, 0, 7);
}

/* The next packet of the stream, sealed. */
static struct memory next(struct pair *p, uint32_t ssrc, uint16_t seq)
{
	struct memory m;

	pair_rtp(&m, ssrc, seq, SIZE, 0, 0, 0);
	assert_int_equal(pair_seal(p, &m), SRTP_OK);
	return m;
}

static int hear(struct pair *p, struct memory m)
{
	p->now_ns += STEP_NS;
	return pair_unseal(p, &m, NULL);
}

/* Recorded packets of the first ROC, single ones and in order, after pauses and renewals: the stream stays. */
static void recorded_packets(struct pair *p)
{
	struct memory old[6];
	uint16_t seq = 0;

	for (uint32_t i = 0; i < 3 * 65536 + 1000; i++, seq++) {
		struct memory m = next(p, SSRC, seq);

		if (i >= 5000 && i < 5006)
			old[i - 5000] = m;
		assert_int_equal(hear(p, m), SRTP_OK);
	}
	for (unsigned int round = 0; round < 3; round++) {
		srtp_context_renewed(p->receiver, p->rx);
		for (unsigned int i = 0; i < 6; i++) {
			p->now_ns += PAUSE_NS;
			hear(p, old[i]);
			if (round == 0 || i == 5)
				for (unsigned int n = 0; n < 3; n++, seq++)
					assert_int_equal(hear(p, next(p, SSRC, seq)), SRTP_OK);
		}
		for (unsigned int n = 0; n < 1100; n++, seq++)
			assert_int_equal(hear(p, next(p, SSRC, seq)), SRTP_OK);
	}
	/* one at a time they do not even pass */
	srtp_context_renewed(p->receiver, p->rx);
	p->now_ns += PAUSE_NS;
	assert_int_not_equal(hear(p, old[0]), SRTP_OK);
	assert_int_equal(hear(p, next(p, SSRC, seq)), SRTP_OK);
	p->now_ns += PAUSE_NS;
	assert_int_not_equal(hear(p, old[1]), SRTP_OK);
}

/* A forged packet at a wrap, while another ROC is tried for: nothing is lost behind it. */
static void forged_at_wrap(struct pair *p)
{
	uint16_t seq = 65000;
	struct memory m;

	for (; seq != 0; seq++) {
		assert_int_equal(hear(p, next(p, SSRC, seq)), SRTP_OK);
		if (seq == 65500)
			srtp_context_renewed(p->receiver, p->rx);
	}
	pair_rtp(&m, SSRC, 0, SIZE + 10, 0, 0, 0);
	assert_int_equal(hear(p, m), SRTP_AUTH_FAILED);
	for (; seq < 3000; seq++)
		assert_int_equal(hear(p, next(p, SSRC, seq)), SRTP_OK);
}

static void with_both_engines(void (*run)(struct pair *p))
{
	struct rw_srtp_key k = key();
	struct pair p;

	pair_open(&p, SRTP_ENGINE_AUTO, SRTP_ENGINE_AUTO, &k);
	run(&p);
	pair_close(&p);
	pair_open(&p, SRTP_ENGINE_AUTO, SRTP_ENGINE_LIBSRTP2, &k);
	run(&p);
	pair_close(&p);
}

static void test_recorded(void **state)
{
	(void)state;
	with_both_engines(recorded_packets);
}

static void test_forged_at_wrap(void **state)
{
	(void)state;
	with_both_engines(forged_at_wrap);
}

/* The longest trailer, and an index to count up to, by the library that only counts by itself. */
static void test_long_trailer(void **state)
{
	struct rw_srtp_key k = pair_key(RW_SRTP_AEAD_AES_128_GCM, 0, RW_SRTP_MKI_BYTES_MAX, 7);
	struct rw_srtp_stream at[RW_SSRC_SLOTS] = {
		{ .ssrc = SSRC, .srtcp_index = 70, .used = 1 }
	};
	struct pair p;
	struct memory m;

	(void)state;
	pair_open(&p, SRTP_ENGINE_LIBSRTP2, SRTP_ENGINE_AUTO, &k);
	srtp_context_resume(p.sender, p.tx, at);
	pair_rtcp(&m, SSRC, 7);
	assert_int_equal(pair_seal(&p, &m), SRTP_OK);
	assert_int_equal(pair_unseal(&p, &m, NULL), SRTP_OK);
	assert_int_equal(p.received[0].srtcp_index, 71);
	pair_close(&p);
}

/* Two SSRCs in turn: both tell where they stand, and go on behind it elsewhere. */
static void test_two_sources(void **state)
{
	struct rw_srtp_key k = key();
	struct srtp_context *again;
	struct pair p;

	(void)state;
	pair_open(&p, SRTP_ENGINE_AUTO, SRTP_ENGINE_LIBSRTP2, &k);
	for (uint32_t i = 0; i < 40000; i++)
		assert_int_equal(hear(&p, next(&p, SSRC, (uint16_t)(100 + i))), SRTP_OK);
	assert_int_equal(hear(&p, next(&p, 2, 5)), SRTP_OK);
	assert_int_equal(p.sent[0].seq, (uint16_t)(100 + 39999));
	assert_int_equal(srtp_context_new(p.sender, SRTP_SEND, &k, p.sent, NULL, &again), 0);
	srtp_context_free(p.sender, p.tx);
	p.tx = again;
	for (uint32_t i = 40000; i < 40010; i++)
		assert_int_equal(hear(&p, next(&p, SSRC, (uint16_t)(100 + i))), SRTP_OK);
	assert_int_equal(hear(&p, next(&p, 2, 6)), SRTP_OK);
	pair_close(&p);
}

/* What another dataplane told may be ahead of the stream. */
static void test_told_too_high(void **state)
{
	struct rw_srtp_stream at[RW_SSRC_SLOTS] = {
		{ .ssrc = SSRC, .roc = 1, .seq = 20000, .used = 1 }
	};
	struct rw_srtp_key k = key();
	struct srtp_context *again;
	struct pair p;
	uint16_t seq = 0;

	(void)state;
	pair_open(&p, SRTP_ENGINE_AUTO, SRTP_ENGINE_AUTO, &k);
	for (uint32_t i = 0; i < 65536 + 100; i++, seq++)
		assert_int_equal(hear(&p, next(&p, SSRC, seq)), SRTP_OK);
	assert_int_equal(srtp_context_new(p.receiver, SRTP_RECEIVE, &k, at, NULL, &again), 0);
	srtp_context_free(p.receiver, p.rx);
	p.rx = again;
	for (; seq < 25000; seq++)
		assert_int_equal(hear(&p, next(&p, SSRC, seq)), SRTP_OK);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),      cmocka_unit_test(test_forged_at_wrap),
		cmocka_unit_test(test_long_trailer),  cmocka_unit_test(test_two_sources),
		cmocka_unit_test(test_told_too_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
