/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams that are sent: no number goes out twice under one key, whatever comes in, and a receiver that is libsrtp2 alone
 * takes all of it.
 */
#include "pair.h"

#include <stdlib.h>

#include <srtp2/srtp.h>

#include "rtpwire/bytes.h"

#define SSRC 0x1234cafeu

/* A sender, and the receiver that knows nothing of our code. */
struct bench {
	struct srtp *s;
	struct srtp_context *c;
	struct rw_srtp_key key;
	struct rw_srtp_stream published[RW_SSRC_SLOTS];
	srtp_t peer;
	uint64_t index; /* of the packet sent last */
	uint8_t events;
};

static void bench_open(struct bench *b, enum srtp_engine_kind engine, unsigned int window)
{
	srtp_policy_t policy = { .ssrc = { ssrc_any_inbound, 0 }, .window_size = 1024 };

	memset(b, 0, sizeof(*b));
	b->key = pair_key(RW_SRTP_AES_CM_128_HMAC_SHA1_80, 0, 0, 5);
	assert_int_equal(srtp_new(engine, 4, window, &b->s), 0);
	assert_int_equal(srtp_context_new(b->s, SRTP_SEND, &b->key, NULL, b->published, &b->c), 0);
	srtp_crypto_policy_set_rtp_default(&policy.rtp);
	srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
	policy.key = b->key.key;
	assert_int_equal(srtp_create(&b->peer, &policy), srtp_err_status_ok);
}

static void bench_close(struct bench *b)
{
	srtp_dealloc(b->peer);
	srtp_free(b->s);
}

/* Secures in place. Returns the status. */
static int protect(struct bench *b, struct memory *m)
{
	struct srtp_packet x = { .context = b->c,
				 .data = m->bytes,
				 .len_bytes = m->len,
				 .room_bytes = 200,
				 .rtcp = m->rtcp };
	struct memory before = *m;

	srtp_batch_protect(b->s, &x, 1);
	if (x.status != SRTP_OK) {
		assert_int_equal(x.len_bytes, before.len);
		assert_memory_equal(m->bytes, before.bytes, before.len);
	}
	m->len = x.len_bytes;
	b->index = x.work.index;
	b->events = x.events;
	return x.status;
}

static int send_seq(struct bench *b, uint16_t seq)
{
	struct memory m;

	pair_rtp(&m, SSRC, seq, 40, 0, 0, 0);
	return protect(b, &m);
}

/* Sends, and the peer must take it; with the payload that was sent. */
static void deliver(struct bench *b, uint16_t seq)
{
	struct memory m, plain;
	int bytes;

	pair_rtp(&m, SSRC, seq, 40, 0, 0, 0);
	plain = m;
	assert_int_equal(protect(b, &m), SRTP_OK);
	bytes = m.len;
	assert_int_equal(srtp_unprotect(b->peer, m.bytes, &bytes), srtp_err_status_ok);
	assert_int_equal(bytes, plain.len);
	assert_memory_equal(m.bytes + 12, plain.bytes + 12, plain.len - 12u);
}

static void deliver_rtcp(struct bench *b)
{
	struct memory m;
	int bytes;

	pair_rtcp(&m, SSRC, 10);
	assert_int_equal(protect(b, &m), SRTP_OK);
	bytes = m.len;
	assert_int_equal(srtp_unprotect_rtcp(b->peer, m.bytes, &bytes), srtp_err_status_ok);
}

static void test_doubles_and_late(void **state)
{
	struct bench b;

	(void)state;
	EACH_ENGINE (engine) {
		bench_open(&b, engine, SRTP_WINDOW_MIN);
		for (unsigned int i = 0; i < 300; i += 2)
			deliver(&b, (uint16_t)(65400 + i));
		assert_int_equal(send_seq(&b, (uint16_t)(65400 + 298)), SRTP_REPEATED);
		deliver(&b, (uint16_t)(65400 + 300));
		assert_int_equal(send_seq(&b, (uint16_t)(65400 + 298)), SRTP_REPEATED);
		for (unsigned int i = 299; i > 301 - SRTP_WINDOW_MIN; i -= 2) {
			deliver(&b, (uint16_t)(65400 + i));
			assert_int_equal(b.index, 65400 + i);
			assert_int_equal(b.events, 0);
		}
		bench_close(&b);
	}
}

static void test_late_around_wrap(void **state)
{
	struct bench b;

	(void)state;
	EACH_ENGINE (engine) {
		bench_open(&b, engine, SRTP_WINDOW_MIN);
		for (uint32_t wrap = 65536; wrap < 4 * 65536; wrap += 65536) {
			deliver(&b, (uint16_t)(wrap - 30000));
			deliver(&b, (uint16_t)(wrap - 20));
			deliver(&b, (uint16_t)(wrap + 20));
			deliver(&b, (uint16_t)(wrap - 10));
			assert_int_equal(b.index, wrap - 10);
			deliver(&b, (uint16_t)(wrap + 10));
			assert_int_equal(b.index, wrap + 10);
			deliver(&b, (uint16_t)(wrap + 15000));
		}
		bench_close(&b);
	}
}

/* The sender begins anew at `to`; its first packet may be lost, nothing else. */
static void check_restart(enum srtp_engine_kind engine, uint16_t from, uint16_t to, bool renumbered)
{
	struct bench b;
	uint64_t highest;

	bench_open(&b, engine, SRTP_WINDOW_MIN);
	for (unsigned int i = 0; i < 300; i++)
		deliver(&b, from++);
	highest = b.index;
	if (send_seq(&b, to) == SRTP_OK)
		assert_true(b.index > highest);
	for (unsigned int i = 1; i < 300; i++)
		deliver(&b, (uint16_t)(to + i));
	assert_true(b.index >= highest + 299);
	assert_int_equal(b.published[0].seq_offset != 0, renumbered);
	bench_close(&b);
}

static void test_restarts(void **state)
{
	(void)state;
	EACH_ENGINE (engine) {
		check_restart(engine, 20000, 100, true); /* far back */
		check_restart(engine, 20000, 20250, true); /* near back, sent before */
		check_restart(engine, 200, 60000, true); /* back, below 0 */
		check_restart(engine, 20000, 40000, false); /* ahead: looks like loss */
		check_restart(engine, 65400, 65450, true); /* back over the wrap */
	}
}

/* --- never twice --- */

#define USED_SIZE (1u << 20)

static uint64_t *used;

static void note_used(uint32_t ssrc, uint64_t index)
{
	uint64_t what = (index << 4 | ssrc) + 1;
	uint32_t at = (uint32_t)(what * 0x9e3779b97f4a7c15ull >> 44);

	while (used[at]) {
		assert_true(used[at] != what);
		at = (at + 1) % USED_SIZE;
	}
	used[at] = what;
}

/* The sender's next number: mostly one more; sometimes loss, reordering, doubles, or it begins anew. */
static uint16_t wild_seq(uint16_t last, uint32_t *random)
{
	switch (pair_random(random) % 40) {
	case 0:
		return (uint16_t)(last - pair_random(random) % 200);
	case 1:
		return (uint16_t)(last + pair_random(random) % 500);
	case 2:
		return pair_random(random) % 10 ? last : (uint16_t)pair_random(random);
	default:
		return (uint16_t)(last + 1);
	}
}

/* Another dataplane takes over from what was published. */
static void take_over(struct bench *b)
{
	struct rw_srtp_stream streams[RW_SSRC_SLOTS];

	memcpy(streams, b->published, sizeof(streams));
	srtp_context_free(b->s, b->c);
	assert_int_equal(srtp_context_new(b->s, SRTP_SEND, &b->key, streams, b->published, &b->c),
			 0);
}

static void test_never_twice(void **state)
{
	uint16_t last[3] = { 100, 65000, 30000 };
	uint32_t random = 77, sent = 0;
	struct bench b;

	(void)state;
	used = calloc(USED_SIZE, sizeof(*used));
	assert_non_null(used);
	bench_open(&b, SRTP_ENGINE_AUTO, SRTP_WINDOW_MIN);
	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int ssrc = pair_random(&random) % 3;
		struct memory m;

		last[ssrc] = wild_seq(last[ssrc], &random);
		pair_rtp(&m, ssrc, last[ssrc], 20, 0, 0, 0);
		if (protect(&b, &m) != SRTP_OK)
			continue;
		assert_int_equal(rw_load_be16(m.bytes + 2), (uint16_t)b.index);
		note_used(ssrc, b.index);
		sent++;
	}
	assert_true(sent > 180000);
	bench_close(&b);
	free(used);
}

/* Restarts of the sender just when another dataplane took over. */
static void test_never_twice_taken_over(void **state)
{
	uint32_t random = 3;
	uint16_t seq = 500;
	struct bench b;

	(void)state;
	used = calloc(USED_SIZE, sizeof(*used));
	assert_non_null(used);
	bench_open(&b, SRTP_ENGINE_AUTO, SRTP_WINDOW_MIN);
	for (unsigned int round = 0; round < 300; round++) {
		for (unsigned int n = pair_random(&random) % 2500; n > 0; n--) {
			if (send_seq(&b, seq++) == SRTP_OK)
				note_used(0, b.index);
		}
		take_over(&b);
		if (round % 2)
			seq = (uint16_t)(seq - 3000 - pair_random(&random) % 20000);
	}
	bench_close(&b);
	free(used);
}

/* A peer that lives on takes each packet of a sender that is made anew time and again, SRTCP too. */
static void test_resumed(void **state)
{
	struct bench b;

	(void)state;
	EACH_ENGINE (engine) {
		uint16_t seq = 60000;
		uint64_t last = 0;

		bench_open(&b, engine, SRTP_WINDOW_MIN);
		for (unsigned int round = 0; round < 120; round++) {
			for (unsigned int i = 0; i < 1700; i++)
				deliver(&b, seq++);
			assert_int_equal(b.published[0].seq_offset, 0);
			for (unsigned int i = 0; i < 3; i++) {
				deliver_rtcp(&b);
				assert_true(b.index > last);
				last = b.index;
			}
			take_over(&b);
		}
		assert_true(b.published[0].roc >= 3);
		bench_close(&b);
	}
}

/* Renewed signalling is nothing to a sender. */
static void test_renewed(void **state)
{
	struct bench b;

	(void)state;
	EACH_ENGINE (engine) {
		bench_open(&b, engine, SRTP_WINDOW_MIN);
		for (uint32_t i = 65000; i < 4 * 65536; i += 100) {
			if (i % 5000 == 0)
				srtp_context_renewed(b.s, b.c);
			deliver(&b, (uint16_t)i);
			assert_int_equal(b.index, i);
		}
		bench_close(&b);
	}
}

static void test_windows(void **state)
{
	static const unsigned int windows[] = { 128, 192, 512, 960 };

	(void)state;
	EACH_ENGINE (engine) {
		for (unsigned int i = 0; i < 4; i++) {
			struct bench b;

			bench_open(&b, engine, windows[i]);
			deliver(&b, 1000);
			deliver(&b, 3000);
			deliver(&b, (uint16_t)(3000 - windows[i] + 1));
			assert_int_equal(b.index, 3000 - windows[i] + 1);
			assert_int_equal(send_seq(&b, (uint16_t)(3000 - windows[i])), SRTP_OK);
			assert_int_equal(b.events, SRTP_EVENT_RENUMBERED);
			assert_int_equal(b.index, 3001);
			bench_close(&b);
		}
	}
}

/* A key has 2^48 numbers of RTP and 2^31 of RTCP; then it is done. */
static void test_used_up(void **state)
{
	struct rw_srtp_stream streams[RW_SSRC_SLOTS] = { { .ssrc = SSRC,
							   .roc = UINT32_MAX,
							   .seq = UINT16_MAX - 2,
							   .srtcp_index = 0x7fffffff - 2,
							   .used = 1 } };
	struct memory m;
	struct bench b;

	(void)state;
	bench_open(&b, SRTP_ENGINE_AUTO, SRTP_WINDOW_MIN);
	memcpy(b.published, streams, sizeof(streams));
	take_over(&b);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(send_seq(&b, (uint16_t)(UINT16_MAX - 1 + i)),
				 i < 2 ? SRTP_OK : SRTP_SSRC_LIMIT);
		pair_rtcp(&m, SSRC, 10);
		assert_int_equal(protect(&b, &m), i < 2 ? SRTP_OK : SRTP_SSRC_LIMIT);
	}
	bench_close(&b);
}

/* The engine sets the library up, and can only do it once. */
static int set_up(void **state)
{
	struct srtp *s;

	(void)state;
	if (srtp_new(SRTP_ENGINE_LIBSRTP2, 1, SRTP_WINDOW_MIN, &s) < 0)
		return -1;
	srtp_free(s);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_and_late),
		cmocka_unit_test(test_late_around_wrap),
		cmocka_unit_test(test_restarts),
		cmocka_unit_test(test_never_twice),
		cmocka_unit_test(test_never_twice_taken_over),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_used_up),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
