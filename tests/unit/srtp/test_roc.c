/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Received streams, with each engine: rollover counter, replay window, forged and recorded packets, renewed signalling,
 * streams that go on from published state.
 */
#include "pair.h"

#define SSRC 0xcafe1234u
#define SUITE RW_SRTP_AES_CM_128_HMAC_SHA1_80
#define BLOCK 64u
#define WINDOW ((int)SRTP_WINDOW_MIN)

static void open_with(struct pair *p, enum srtp_engine_kind receiver, const struct rw_srtp_key *key)
{
	pair_open(p, SRTP_ENGINE_AUTO, receiver, key);
}

static void open_plain(struct pair *p, enum srtp_engine_kind receiver)
{
	struct rw_srtp_key key = pair_key(SUITE, 0, 0, 1);

	open_with(p, receiver, &key);
}

static struct memory sealed(struct pair *p, uint16_t seq)
{
	return pair_sealed(p, SSRC, seq);
}

/* Opens a copy; time goes on by 20 ms. */
static int receive(struct pair *p, const struct memory *wire)
{
	struct memory copy = *wire;

	p->now_ns += 20000000;
	return pair_unseal(p, &copy, NULL);
}

static void receive_new(struct pair *p, uint16_t seq)
{
	struct memory m = sealed(p, seq);

	assert_int_equal(receive(p, &m), SRTP_OK);
}

/* Sender begins (again) where we say, with the key it has. */
static void sender_at(struct pair *p, uint32_t roc, uint16_t seq)
{
	struct rw_srtp_stream streams[RW_SSRC_SLOTS] = {
		{ .ssrc = SSRC, .roc = roc, .seq = seq, .used = 1 }
	};
	struct rw_srtp_key key = *srtp_context_key(p->tx);

	srtp_context_free(p->sender, p->tx);
	assert_int_equal(srtp_context_new(p->sender, SRTP_SEND, &key, roc || seq ? streams : NULL,
					  p->sent, &p->tx),
			 0);
}

/* Both sides at this ROC, the last packet was seq. */
static void both_at(struct pair *p, uint32_t roc, uint16_t seq)
{
	struct rw_srtp_stream streams[RW_SSRC_SLOTS] = {
		{ .ssrc = SSRC, .roc = roc, .seq = (uint16_t)(seq - 1), .used = 1 }
	};
	struct rw_srtp_key key = *srtp_context_key(p->rx);

	sender_at(p, roc, (uint16_t)(seq - 1));
	srtp_context_free(p->receiver, p->rx);
	assert_int_equal(srtp_context_new(p->receiver, SRTP_RECEIVE, &key, streams, p->received,
					  &p->rx),
			 0);
	receive_new(p, seq);
	for (unsigned int i = 0; i < 1000; i++) /* until nothing is tried any more */
		receive_new(p, ++seq);
}

static unsigned int receive_batch(struct pair *p, struct memory *wires, unsigned int count,
				  int status)
{
	struct srtp_packet x[BLOCK];
	unsigned int found = 0;

	for (unsigned int i = 0; i < count; i++)
		x[i] = (struct srtp_packet){ .context = p->rx,
					     .data = wires[i].bytes,
					     .len_bytes = wires[i].len };
	srtp_batch_unprotect(p->receiver, x, count, p->now_ns += 20000000);
	for (unsigned int i = 0; i < count; i++)
		found += x[i].status == status;
	return found;
}

static void swap(struct memory *a, struct memory *b)
{
	struct memory t = *a;

	*a = *b;
	*b = t;
}

/* More than three wraps in blocks that arrive in any order, some packets never. */
static void test_wraps(void **state)
{
	static struct memory wires[BLOCK];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		uint32_t random = 5;
		uint16_t seq = 60000;

		open_plain(&p, engine);
		for (unsigned int block = 0; block < 3300; block++) {
			unsigned int n = 0;

			for (unsigned int i = 0; i < BLOCK; i++, seq++) {
				wires[n] = sealed(&p, seq);
				n += pair_random(&random) % 50 != 0;
			}
			for (unsigned int i = 0; block && i < n; i++)
				swap(&wires[i], &wires[pair_random(&random) % n]);
			assert_int_equal(receive_batch(&p, wires, n, SRTP_OK), n);
		}
		assert_int_equal(p.received[0].roc, (60000 + 3300 * BLOCK) >> 16);
		assert_int_equal(p.received[0].roc, 4);
		pair_close(&p);
	}
}

static void test_joined_after_wrap(void **state)
{
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		struct memory m;
		uint8_t events;

		open_plain(&p, engine);
		sender_at(&p, 1, 40000);
		m = sealed(&p, 40001);
		assert_int_equal(pair_unseal(&p, &m, &events), SRTP_OK);
		assert_int_equal(p.received[0].roc, 1);
		receive_new(&p, 40002);
		pair_close(&p);
	}
}

static void test_first_batch_wraps(void **state)
{
	static struct memory wires[BLOCK];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		for (unsigned int i = 0; i < BLOCK; i++)
			wires[i] = sealed(&p, (uint16_t)(65536 - BLOCK / 2 + i));
		assert_int_equal(receive_batch(&p, wires, BLOCK, SRTP_OK), BLOCK);
		assert_int_equal(p.received[0].roc, 1);
		pair_close(&p);
	}
}

static void test_replay(void **state)
{
	static struct memory wires[400];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		for (unsigned int i = 0; i < 400; i++)
			wires[i] = sealed(&p, (uint16_t)(65300 + i));
		for (unsigned int i = 0; i < 400; i += 2)
			assert_int_equal(receive(&p, &wires[i]), SRTP_OK);
		for (unsigned int i = 0; i < 400; i += 2)
			assert_int_equal(receive(&p, &wires[i]), SRTP_REPLAYED);
		/* the highest is 398 */
		for (int i = 1; i < 398; i += 2)
			assert_int_equal(receive(&p, &wires[i]),
					 398 - i < WINDOW ? SRTP_OK : SRTP_REPLAYED);
		for (int i = 1; i < 398; i += 2)
			assert_int_equal(receive(&p, &wires[i]), SRTP_REPLAYED);
		pair_close(&p);
	}
}

static void test_doubles_in_batch(void **state)
{
	static struct memory wires[BLOCK];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		for (unsigned int round = 0; round < 2; round++) {
			for (unsigned int i = 0; i < BLOCK / 2; i++)
				wires[i] = wires[i + BLOCK / 2] =
					sealed(&p, (uint16_t)(round * BLOCK + i));
			assert_int_equal(receive_batch(&p, wires, BLOCK, SRTP_OK), BLOCK / 2);
		}
		pair_close(&p);
	}
}

static void forge(struct pair *p, const struct memory *wire, uint32_t *random)
{
	struct rw_srtp_stream before[RW_SSRC_SLOTS];
	struct memory forged = *wire;
	unsigned int at = pair_random(random) % forged.len;

	/* anywhere, numbers and SSRC too */
	memcpy(before, p->received, sizeof(before));
	forged.bytes[at] ^= (uint8_t)(1 + pair_random(random) % 255);
	assert_int_not_equal(receive(p, &forged), SRTP_OK);
	assert_memory_equal(before, p->received, sizeof(before));
}

/* Nothing that is not authentic changes anything: the real packets pass all the same, once. */
static void test_forged(void **state)
{
	static const unsigned int suites[] = { SUITE, RW_SRTP_AEAD_AES_128_GCM };
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		for (unsigned int i = 0; i < 2; i++) {
			struct rw_srtp_key key = pair_key(suites[i], 0, 0, 1);
			uint32_t random = 9;

			open_with(&p, engine, &key);
			both_at(&p, 2, 64400);
			for (unsigned int n = 0; n < 250; n++) {
				struct memory m = sealed(&p, (uint16_t)(65401 + n));

				if (n % 100 == 50)
					srtp_context_renewed(p.receiver, p.rx);
				p.now_ns += n % 3 * 60000000ull; /* silence, so that all is tried */
				for (unsigned int k = 0; k < 4; k++)
					forge(&p, &m, &random);
				assert_int_equal(receive(&p, &m), SRTP_OK);
				assert_int_equal(receive(&p, &m), SRTP_REPLAYED);
				forge(&p, &m, &random);
			}
			assert_int_equal(p.received[0].roc, 3);
			pair_close(&p);
		}
	}
}

/* The ROC that a peer has after signalling was renewed, and what is counted for it. */
static void check_renewed(enum srtp_engine_kind engine, uint32_t roc, uint16_t seq, uint8_t event)
{
	uint8_t events, doubtful = roc < 3 ? SRTP_EVENT_ROC_DOUBTFUL : 0;
	struct memory m;
	struct pair p;

	open_plain(&p, engine);
	both_at(&p, 3, 30000);
	srtp_context_renewed(p.receiver, p.rx);
	p.now_ns += 100000000;
	sender_at(&p, roc, seq);
	m = sealed(&p, ++seq);
	if (doubtful) { /* it may be a recorded one: the next has to follow it */
		assert_int_not_equal(pair_unseal(&p, &m, &events), SRTP_OK);
		m = sealed(&p, ++seq);
	}
	assert_int_equal(pair_unseal(&p, &m, &events), SRTP_OK);
	assert_int_equal(events, event | doubtful);
	m = sealed(&p, ++seq);
	assert_int_equal(pair_unseal(&p, &m, &events), SRTP_OK);
	assert_int_equal(events, doubtful);
	pair_close(&p);
}

static void test_renewed(void **state)
{
	(void)state;
	EACH_ENGINE (engine) {
		check_renewed(engine, 3, 31000, SRTP_EVENT_ROC_KEPT);
		check_renewed(engine, 0, 31000, SRTP_EVENT_ROC_ZERO);
		check_renewed(engine, 0, 500, SRTP_EVENT_ROC_ZERO);
		check_renewed(engine, 4, 31000, SRTP_EVENT_ROC_NEXT);
		check_renewed(engine, 2, 31000, SRTP_EVENT_ROC_PREVIOUS);
	}
}

/* Old packets of the same key, of this ROC and of earlier ones, while the real stream runs. */
static void test_recorded(void **state)
{
	static struct memory old[3];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		uint16_t seq = 31000;

		open_plain(&p, engine);
		for (unsigned int i = 0; i < 3; i++) {
			sender_at(&p, i, 31500);
			old[i] = sealed(&p, 31501);
		}
		both_at(&p, 3, 30000);
		for (unsigned int i = 0; i < 600; i++) {
			if (i == 100)
				srtp_context_renewed(p.receiver, p.rx);
			receive_new(&p, ++seq);
			assert_int_not_equal(receive(&p, &old[i % 3]), SRTP_OK);
		}
		assert_int_equal(p.received[0].roc, 3);
		pair_close(&p);
	}
}

/* If the real stream pauses in the time of trials, a recorded packet may pass, but the real one is back at once. */
static void test_recorded_in_silence(void **state)
{
	static struct memory old[1200], last[100];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		uint16_t seq = 31000;

		open_plain(&p, engine);
		for (unsigned int i = 0; i < 1200; i++) {
			if (i == 0)
				sender_at(&p, 0, 31099);
			old[i] = sealed(&p, (uint16_t)(31100 + i));
		}
		both_at(&p, 3, 30000);
		srtp_context_renewed(p.receiver, p.rx);
		for (unsigned int round = 0; round < 3; round++) {
			for (unsigned int i = 0; i < 100; i++) {
				last[i] = sealed(&p, ++seq);
				assert_int_equal(receive(&p, &last[i]), SRTP_OK);
			}
			p.now_ns += 1000000000;
			/* more than there are trials */
			for (unsigned int i = 0; i < 1200; i++)
				receive(&p, &old[i]);
			receive_new(&p, ++seq);
			for (unsigned int i = 0; i < 100; i++)
				assert_int_equal(receive(&p, &last[i]), SRTP_REPLAYED);
		}
		pair_close(&p);
	}
}

/* Without tags every index seems to fit; a double must not move the stream for that. */
static void test_unauthenticated_double(void **state)
{
	struct rw_srtp_key key = pair_key(SUITE, RW_SRTP_UNAUTHENTICATED_SRTP, 0, 3);
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		struct memory m;

		open_with(&p, engine, &key);
		for (unsigned int i = 0; i < 10; i++) {
			srtp_context_renewed(p.receiver, p.rx);
			m = sealed(&p, (uint16_t)(100 + i));
			assert_int_equal(receive(&p, &m), SRTP_OK);
			p.now_ns += 1000000000;
			assert_int_equal(receive(&p, &m), SRTP_REPLAYED);
		}
		assert_int_equal(p.received[0].roc, 0);
		pair_close(&p);
	}
}

/* --- going on elsewhere --- */

/* A receiver made anew from what was published goes on at any ROC, and lets nothing old pass. */
static void test_resumed(void **state)
{
	struct rw_srtp_stream streams[RW_SSRC_SLOTS];
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		struct memory a, b, c;
		struct rw_srtp_key key;
		uint16_t seq = 65000;

		open_plain(&p, engine);
		key = *srtp_context_key(p.rx);
		for (unsigned int i = 0; i < 300; i++) {
			for (unsigned int n = 0; n < 700; n++)
				receive_new(&p, seq++);
			a = sealed(&p, seq++);
			assert_int_equal(receive(&p, &a), SRTP_OK);
			memcpy(streams, p.received, sizeof(streams));
			srtp_context_free(p.receiver, p.rx);
			assert_int_equal(srtp_context_new(p.receiver, SRTP_RECEIVE, &key, streams,
							  p.received, &p.rx),
					 0);
			b = sealed(&p, seq++);
			c = sealed(&p, seq++);
			assert_int_equal(receive(&p, &c), SRTP_OK);
			assert_int_equal(receive(&p, &b), SRTP_OK);
			assert_int_equal(receive(&p, &b), SRTP_REPLAYED);
		}
		assert_true(p.received[0].roc >= 3);
		pair_close(&p);
	}
}

/* --- SSRCs --- */

static int receive_ssrc(struct pair *p, uint32_t ssrc, uint16_t seq)
{
	struct memory m;

	pair_rtp(&m, ssrc, seq, 20, 0, 0, 0);
	if (pair_seal(p, &m) != SRTP_OK)
		fail();
	return receive(p, &m);
}

/* The stream that was silent for longest makes room; forged packets do not make any seem younger. */
static void test_ssrcs(void **state)
{
	struct pair p, second;
	struct memory first, m;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		open_plain(&second, engine);
		pair_rtp(&first, 0, 1, 20, 0, 0, 0);
		assert_int_equal(pair_seal(&p, &first), SRTP_OK);
		for (uint32_t ssrc = 0; ssrc < SRTP_STREAMS_MAX; ssrc++)
			assert_int_equal(receive_ssrc(&p, ssrc, 2), SRTP_OK);
		assert_int_equal(receive(&p, &first), SRTP_OK); /* late: now 1 is the oldest */
		pair_rtp(&m, 1, 9, 20, 0, 0, 0);
		m.len += 10;
		assert_int_equal(receive(&p, &m), SRTP_AUTH_FAILED);
		pair_rtp(&m, 100, 1, 20, 0, 0, 0);
		assert_int_equal(pair_seal(&second, &m), SRTP_OK);
		assert_int_equal(receive(&p, &m), SRTP_OK);
		for (uint32_t ssrc = 2; ssrc < SRTP_STREAMS_MAX; ssrc++)
			assert_int_equal(receive_ssrc(&p, ssrc, 3), SRTP_OK);
		assert_int_equal(receive(&p, &first), SRTP_REPLAYED); /* is still known */
		pair_close(&p);
		pair_close(&second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_joined_after_wrap),
		cmocka_unit_test(test_first_batch_wraps),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_doubles_in_batch),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_recorded_in_silence),
		cmocka_unit_test(test_unauthenticated_double),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_ssrcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
