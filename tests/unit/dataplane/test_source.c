/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source policies, rule by rule as rtpwire/flow.h states them. Flow 8000 is under test; what it
 * receives leaves by flow 8002.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

#define LOCAL "192.0.2.1:8000"
#define SIGNALLED "198.51.100.1:4000"
#define NAT "203.0.113.1:5000"
#define OTHER "203.0.113.2:6000"
#define MOVED "198.51.100.2:4000" /* where a re-INVITE moves media to */

#define ID 8000u
#define MS 1000000ull

static uint16_t seq;

static int setup(void **state)
{
	struct bench *b = bench_new(0, 1);
	struct rw_flow_spec out = bench_spec(8002, ID, "198.51.100.77:7000");

	if (!b)
		return -1;
	bench_adj_ready(b, 1, 0, 1500);
	bench_mail(b, MAIL_FLOW_SET, &out, 1, 1);
	bench_drain(b);
	seq = 0;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static void signal_flow(struct bench *b, uint8_t policy, uint64_t generation, const char *peer)
{
	struct rw_flow_spec s = bench_spec(ID, 8002, peer);

	s.source_policy = policy;
	s.generation = generation;
	bench_mail(b, MAIL_FLOW_SET, &s, 1, generation);
}

static bool admitted(struct bench *b, const char *from)
{
	return bench_run_rtp(b, from, LOCAL, seq++)->exit == EXIT_TX;
}

static struct rw_flow_stats *stats(struct bench *b)
{
	return &b->flow_stats[0];
}

static bool goes_to(struct bench *b, const char *peer)
{
	struct rw_endpoint ep = bench_endpoint(peer);

	return rw_endpoint_equal(&b->path.table.flows[0].peer, &ep) &&
	       rw_endpoint_equal(&stats(b)->peer, &ep);
}

static bool comes_from(struct bench *b, const char *source)
{
	struct rw_endpoint ep = bench_endpoint(source);

	return rw_endpoint_equal(&stats(b)->source, &ep);
}

static void after_ms(struct bench *b, uint64_t ms)
{
	bench_set_time(b, b->path.now.ns + ms * MS);
}

static void test_strict(void **state)
{
	struct bench *b = *state;
	struct rw_endpoint other = bench_endpoint(OTHER);

	signal_flow(b, RW_SOURCE_STRICT, 1, SIGNALLED);
	assert_true(admitted(b, SIGNALLED));
	assert_false(admitted(b, "198.51.100.1:4002"));
	assert_false(admitted(b, OTHER));
	assert_true(goes_to(b, SIGNALLED));
	assert_int_equal(stats(b)->drops[RW_DROP_source_refused], 2);
	assert_int_equal(stats(b)->dropped, 2);
	assert_int_equal(stats(b)->rx_packets, 1);
	assert_true(rw_endpoint_equal(&stats(b)->refused, &other));
	signal_flow(b, RW_SOURCE_STRICT, 2, NULL); /* not known: nobody */
	assert_false(admitted(b, SIGNALLED));
}

static void test_learn_moves_until_signalled(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	assert_true(goes_to(b, SIGNALLED));
	assert_int_equal(stats(b)->state, RW_FLOW_STATE_LIVE);
	assert_true(admitted(b, NAT));
	assert_true(goes_to(b, NAT) && comes_from(b, NAT));
	assert_int_equal(stats(b)->state, RW_FLOW_STATE_LIVE | RW_FLOW_STATE_LEARNED);
	assert_true(admitted(b, OTHER));
	assert_true(goes_to(b, OTHER));
	assert_true(admitted(b, SIGNALLED)); /* ends the window at once */
	assert_true(goes_to(b, SIGNALLED));
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
	assert_false(admitted(b, NAT));
	assert_true(admitted(b, SIGNALLED));
	assert_int_equal(b->stats->counters[RW_COUNT_learned], 3);
}

static void test_learn_time_is_over(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	assert_true(admitted(b, OTHER));
	after_ms(b, 2999);
	assert_true(admitted(b, NAT));
	after_ms(b, 1);
	assert_false(admitted(b, OTHER)); /* the one seen last stays */
	assert_false(admitted(b, SIGNALLED));
	assert_true(admitted(b, NAT));
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
	assert_true(goes_to(b, NAT));
}

static void test_learn_none_seen(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	after_ms(b, 10000);
	assert_true(admitted(b, NAT)); /* the next packet decides */
	assert_true(goes_to(b, NAT));
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
	assert_false(admitted(b, OTHER));
	assert_false(admitted(b, SIGNALLED));
}

static void test_reinvite_same_place(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	assert_true(admitted(b, NAT));
	after_ms(b, 5000);
	assert_true(admitted(b, NAT));
	signal_flow(b, RW_SOURCE_LEARN, 2, SIGNALLED);
	assert_true(goes_to(b, NAT) && comes_from(b, NAT)); /* kept */
	assert_false(stats(b)->state & RW_FLOW_STATE_LOCKED);
	assert_true(admitted(b, NAT)); /* learned before: ends the window at once */
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
	assert_false(admitted(b, OTHER));
	assert_int_equal(stats(b)->rx_packets, 3); /* statistics go on */
}

static void test_reinvite_moves(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	assert_true(admitted(b, NAT));
	after_ms(b, 5000);
	assert_true(admitted(b, NAT));
	signal_flow(b, RW_SOURCE_LEARN, 2, MOVED);
	assert_true(goes_to(b, MOVED) && comes_from(b, MOVED));
	assert_false(admitted(b, NAT)); /* late packets of the old place */
	assert_true(goes_to(b, MOVED));
	assert_true(admitted(b, OTHER)); /* the new place, behind its own NAT */
	assert_false(admitted(b, NAT));
	assert_true(goes_to(b, OTHER));
	after_ms(b, 3000);
	assert_true(admitted(b, OTHER));
	assert_false(admitted(b, NAT));
}

static void test_reinvite_moves_to_learned_place(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	assert_true(admitted(b, NAT));
	signal_flow(b, RW_SOURCE_LEARN, 2, NAT); /* what was learned is signalled now */
	assert_true(admitted(b, NAT));
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
}

/* A source that becomes known with the answer has not moved. */
static void test_early_media(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, NULL);
	assert_true(admitted(b, NAT));
	signal_flow(b, RW_SOURCE_LEARN, 2, SIGNALLED);
	assert_true(goes_to(b, SIGNALLED)); /* newly signalled wins ... */
	assert_true(admitted(b, NAT));
	assert_true(goes_to(b, NAT)); /* ... until media says otherwise */
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
}

static void test_same_generation_opens_no_window(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 3, SIGNALLED);
	assert_true(admitted(b, SIGNALLED));
	signal_flow(b, RW_SOURCE_LEARN, 3, SIGNALLED);
	assert_true(stats(b)->state & RW_FLOW_STATE_LOCKED);
	assert_false(admitted(b, OTHER));
	assert_true(admitted(b, SIGNALLED));
}

static void test_handover(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_HANDOVER, 1, SIGNALLED);
	assert_true(admitted(b, SIGNALLED));
	after_ms(b, 60000);
	assert_true(admitted(b, OTHER));
	assert_true(goes_to(b, OTHER));
	assert_true(admitted(b, NAT));
	assert_true(goes_to(b, NAT) && comes_from(b, NAT));
	signal_flow(b, RW_SOURCE_HANDOVER, 2, SIGNALLED);
	assert_true(goes_to(b, NAT));
	signal_flow(b, RW_SOURCE_HANDOVER, 3, MOVED);
	assert_true(goes_to(b, MOVED));
	assert_true(admitted(b, NAT));
	assert_true(goes_to(b, NAT));
}

static void test_asymmetric(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_ASYMMETRIC, 1, SIGNALLED);
	assert_true(admitted(b, NAT));
	assert_true(goes_to(b, SIGNALLED) && comes_from(b, NAT));
	after_ms(b, 3000);
	assert_true(admitted(b, NAT));
	assert_false(admitted(b, OTHER));
	assert_true(goes_to(b, SIGNALLED));
}

static void test_allow_list(void **state)
{
	struct bench *b = *state;
	struct rw_flow_spec s = bench_spec(ID, 8002, SIGNALLED);

	s.source_policy = RW_SOURCE_HANDOVER;
	s.allow_count = 2;
	s.allow[0] = (struct rw_prefix){ .ip = bench_endpoint("203.0.113.0:0").ip, .bits = 31 };
	s.allow[1] = (struct rw_prefix){ .ip = bench_endpoint("198.51.100.1:0").ip, .bits = 32 };
	bench_mail(b, MAIL_FLOW_SET, &s, 1, 1);
	assert_true(admitted(b, NAT));
	assert_true(admitted(b, SIGNALLED));
	assert_false(admitted(b, OTHER));
	assert_int_equal(stats(b)->drops[RW_DROP_source_not_allowed], 1);
	s.generation = 2;
	s.allow_count = 1; /* the source in use is not allowed any more */
	bench_mail(b, MAIL_FLOW_SET, &s, 1, 2);
	assert_false(admitted(b, SIGNALLED));
	s.generation = 3;
	s.source_policy = RW_SOURCE_STRICT;
	bench_mail(b, MAIL_FLOW_SET, &s, 1, 3);
	assert_false(admitted(b, SIGNALLED));
}

static void test_never_learned(void **state)
{
	static const char *const bad[] = { "192.0.2.1:8002", "224.0.0.5:4000",
					   "255.255.255.255:4000", "0.0.0.0:4000",
					   "203.0.113.9:0" };
	struct bench *b = *state;

	for (uint8_t policy = RW_SOURCE_LEARN; policy <= RW_SOURCE_ASYMMETRIC; policy++) {
		signal_flow(b, policy, 1u + policy, SIGNALLED);
		for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			assert_false(admitted(b, bad[i]));
		assert_true(goes_to(b, SIGNALLED) && comes_from(b, SIGNALLED));
	}
}

/* What is not media must not move media. */
static void test_only_media_moves(void **state)
{
	static const uint8_t junk[][12] = { { 0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42 },
					    { 0x16, 0xfe, 0xff },
					    { 0xff },
					    { 0x9f, 0x00 } };
	struct bench *b = *state;
	uint8_t frame[128];

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	for (size_t i = 0; i < 4; i++) {
		bench_run(b, frame, bench_frame(frame, OTHER, LOCAL, junk[i], sizeof(junk[i])));
		assert_true(goes_to(b, SIGNALLED) && comes_from(b, SIGNALLED));
	}
	assert_int_equal(b->stats->counters[RW_COUNT_punts], 2);
	assert_int_equal(stats(b)->drops[RW_DROP_class_refused], 1);
	assert_int_equal(stats(b)->drops[RW_DROP_rtp_malformed], 1);
}

/* Two packets in one batch: the first ends the window, so the second has come too late. */
static void test_within_a_batch(void **state)
{
	struct bench *b = *state;
	uint8_t frame[256], payload[172];
	struct pkt *first, *second;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	bench_rtp(payload, sizeof(payload), 0, 1, 160, 1);
	batch_reset(&b->batch);
	first = bench_add(b, frame, bench_frame(frame, SIGNALLED, LOCAL, payload, 172));
	second = bench_add(b, frame, bench_frame(frame, OTHER, LOCAL, payload, 172));
	path_run(&b->path, &b->batch);
	assert_int_equal(first->exit, EXIT_TX);
	assert_int_equal(second->exit, EXIT_FREE);
	assert_int_equal(stats(b)->drops[RW_DROP_source_refused], 1);
	assert_true(goes_to(b, SIGNALLED));
}

static void test_policy_change_ends_learning(void **state)
{
	struct bench *b = *state;

	signal_flow(b, RW_SOURCE_LEARN, 1, SIGNALLED);
	assert_true(admitted(b, NAT));
	signal_flow(b, RW_SOURCE_STRICT, 2, SIGNALLED);
	assert_true(goes_to(b, SIGNALLED));
	assert_false(admitted(b, NAT));
	assert_true(admitted(b, SIGNALLED));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_strict),
		TEST(test_learn_moves_until_signalled),
		TEST(test_learn_time_is_over),
		TEST(test_learn_none_seen),
		TEST(test_reinvite_same_place),
		TEST(test_reinvite_moves),
		TEST(test_reinvite_moves_to_learned_place),
		TEST(test_early_media),
		TEST(test_same_generation_opens_no_window),
		TEST(test_handover),
		TEST(test_asymmetric),
		TEST(test_allow_list),
		TEST(test_never_learned),
		TEST(test_only_media_moves),
		TEST(test_within_a_batch),
		TEST(test_policy_change_ends_learning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
