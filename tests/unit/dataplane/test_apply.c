/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mailbox: answers, generations, snapshots and the way of adjacency references.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

static int setup(void **state)
{
	*state = bench_new(0, 1);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static void set(struct bench *b, rw_flow_id id, uint64_t generation, const char *peer, uint32_t adj)
{
	struct rw_flow_spec s = bench_spec(id, RW_FLOW_NONE, peer);

	s.generation = generation;
	bench_mail(b, MAIL_FLOW_SET, &s, adj, 100 + generation);
}

static void del(struct bench *b, rw_flow_id id, uint64_t generation)
{
	struct rw_flow_spec s = { .id = id, .generation = generation };

	bench_mail(b, MAIL_FLOW_DEL, &s, ADJ_NONE, 200 + generation);
}

static void expect(struct bench *b, enum report_type type, enum rw_ack_status status, uint64_t seq,
		   uint32_t adj)
{
	struct report r;

	assert_true(bench_report(b, &r));
	assert_int_equal(r.type, type);
	assert_int_equal(r.status, status);
	assert_int_equal(r.seq, seq);
	assert_int_equal(r.adj, adj);
}

static void expect_none(struct bench *b)
{
	struct report r;

	assert_false(bench_report(b, &r));
}

static void test_set_and_del(void **state)
{
	struct bench *b = *state;

	set(b, 8000, 5, "198.51.100.1:4000", 3);
	expect(b, REPORT_ACK, RW_ACK_OK, 105, ADJ_NONE);
	assert_int_equal(b->flow_stats[0].state, RW_FLOW_STATE_LIVE);
	assert_int_equal(b->flow_stats[0].generation, 5);
	assert_int_equal(b->path.table.count, 1);
	set(b, 8000, 5, "198.51.100.1:4000", 3); /* repeated: one reference comes back */
	expect(b, REPORT_ACK, RW_ACK_OK, 105, 3);
	set(b, 8000, 6, "198.51.100.2:4000", 4);
	expect(b, REPORT_ACK, RW_ACK_OK, 106, 3);
	del(b, 8000, 6);
	expect(b, REPORT_ACK, RW_ACK_OK, 206, 4);
	assert_int_equal(b->path.table.count, 0);
	assert_int_equal(b->flow_stats[0].state, 0);
	del(b, 8000, 6); /* unknown is fine */
	expect(b, REPORT_ACK, RW_ACK_OK, 206, ADJ_NONE);
	expect_none(b);
	assert_int_equal(b->stats->counters[RW_COUNT_commands], 5);
}

static void test_stale(void **state)
{
	struct bench *b = *state;
	struct rw_endpoint peer = bench_endpoint("198.51.100.1:4000");

	set(b, 8000, 5, "198.51.100.1:4000", 3);
	expect(b, REPORT_ACK, RW_ACK_OK, 105, ADJ_NONE);
	set(b, 8000, 4, "198.51.100.2:4000", 9);
	expect(b, REPORT_ACK, RW_ACK_STALE, 104, 9);
	assert_true(rw_endpoint_equal(&b->path.table.flows[0].peer, &peer));
	del(b, 8000, 4);
	expect(b, REPORT_ACK, RW_ACK_STALE, 204, ADJ_NONE);
	assert_int_equal(b->path.table.count, 1);
}

static void test_statistics_live_as_long_as_the_flow(void **state)
{
	struct bench *b = *state;

	set(b, 8000, 1, "198.51.100.1:4000", 3);
	bench_run_rtp(b, "198.51.100.1:4000", "192.0.2.1:8000", 1);
	assert_int_equal(b->flow_stats[0].rx_packets, 1);
	assert_int_equal(b->flow_stats[0].drops[RW_DROP_no_output], 1);
	set(b, 8000, 2, "198.51.100.1:4000", 3);
	assert_int_equal(b->flow_stats[0].rx_packets, 1);
	del(b, 8000, 2);
	assert_int_equal(b->flow_stats[0].rx_packets, 1);
	bench_run_rtp(b, "198.51.100.1:4000", "192.0.2.1:8000", 2);
	assert_int_equal(b->stats->drops[RW_DROP_no_flow], 1);
	set(b, 8000, 1, "198.51.100.1:4000", 3); /* a new flow: any generation */
	assert_int_equal(b->flow_stats[0].rx_packets, 0);
	assert_int_equal(b->flow_stats[0].generation, 1);
}

static void test_learned_peer_asks_for_its_adjacency(void **state)
{
	struct bench *b = *state;
	struct rw_endpoint nat = bench_endpoint("203.0.113.1:5000");
	struct rw_flow_spec s = { .id = 8000, .peer = nat };
	struct report r;

	set(b, 8000, 1, "198.51.100.1:4000", 3);
	bench_drain(b);
	bench_run_rtp(b, "203.0.113.1:5000", "192.0.2.1:8000", 1);
	assert_true(bench_report(b, &r));
	assert_int_equal(r.type, REPORT_RESOLVE);
	assert_int_equal(r.adj, 3); /* the old peer's */
	assert_int_equal(r.spec.id, 8000);
	assert_true(rw_endpoint_equal(&r.spec.peer, &nat));
	bench_mail(b, MAIL_ADJ, &s, 4, 0);
	expect_none(b);
	assert_int_equal(b->path.table.flows[0].adj, 4);
	bench_mail(b, MAIL_ADJ, &s, 5, 0); /* another one: the first comes back */
	expect(b, REPORT_RELEASE, RW_ACK_OK, 0, 4);

	set(b, 8000, 2, "198.51.100.1:4000",
	    3); /* learned peer stays: the new reference comes back */
	expect(b, REPORT_ACK, RW_ACK_OK, 102, 3);
	assert_int_equal(b->path.table.flows[0].adj, 5);
	set(b, 8000, 3, "198.51.100.2:4000", 6); /* another place was signalled */
	expect(b, REPORT_ACK, RW_ACK_OK, 103, 5);
	assert_int_equal(b->path.table.flows[0].adj, 6);

	bench_mail(b, MAIL_ADJ, &s, 7, 0); /* too late */
	expect(b, REPORT_RELEASE, RW_ACK_OK, 0, 7);
	del(b, 8000, 3);
	expect(b, REPORT_ACK, RW_ACK_OK, 203, 6);
	bench_mail(b, MAIL_ADJ, &s, 8, 0); /* flow is gone */
	expect(b, REPORT_RELEASE, RW_ACK_OK, 0, 8);
}

/* Behind a NAT only the port is another one: the link is known, and not a packet is lost. */
static void test_moved_port_keeps_the_adjacency(void **state)
{
	struct bench *b = *state;
	struct rw_flow_spec out = bench_spec(8002, 8000, "198.51.100.9:4000");
	struct rw_flow_spec s = { .id = 8000, .peer = bench_endpoint("203.0.113.1:5000") };
	struct report r;

	bench_adj_ready(b, 3, 0, 1500);
	set(b, 8000, 1, "198.51.100.1:4000", 3);
	bench_mail(b, MAIL_FLOW_SET, &out, 3, 1);
	bench_drain(b);
	bench_run_rtp(b, "198.51.100.1:61000", "192.0.2.1:8000", 1);
	expect_none(b);
	assert_int_equal(bench_run_rtp(b, "198.51.100.9:4000", "192.0.2.1:8002", 1)->exit, EXIT_TX);

	/* An answer for the address counts, though the port has changed again. */
	bench_run_rtp(b, "203.0.113.1:5000", "192.0.2.1:8000", 2);
	bench_run_rtp(b, "203.0.113.1:5001", "192.0.2.1:8000", 3);
	assert_true(bench_report(b, &r));
	assert_int_equal(r.type, REPORT_RESOLVE);
	expect_none(b);
	bench_mail(b, MAIL_ADJ, &s, 3, 0);
	expect_none(b);
	assert_int_equal(bench_run_rtp(b, "198.51.100.9:4000", "192.0.2.1:8002", 2)->exit, EXIT_TX);
}

static void fill_reports(struct bench *b)
{
	struct report r = { .type = 99 };

	while (rw_ring_push(b->reports, REPORT_SLOT_BYTES, REPORT_SLOTS, &r, sizeof(r)) == 0)
		;
}

static void take(struct bench *b, unsigned int n)
{
	struct report r;

	while (n--)
		assert_true(bench_report(b, &r));
}

static void test_resolve_waits_for_room(void **state)
{
	struct bench *b = *state;
	struct rw_flow_spec out = bench_spec(8002, 8000, NULL);
	struct report r;

	set(b, 8000, 1, "198.51.100.1:4000", 3);
	bench_mail(b, MAIL_FLOW_SET, &out, ADJ_NONE, 1);
	bench_drain(b);
	fill_reports(b);
	bench_run_rtp(b, "203.0.113.1:5000", "192.0.2.1:8000", 1);
	bench_run_rtp(b, "203.0.113.2:5000", "192.0.2.1:8000", 2);
	bench_drain(b);
	bench_run_rtp(b, "198.51.100.9:4000", "192.0.2.1:8002", 1); /* wants out by 8000 */
	assert_true(bench_report(b, &r)); /* of flow 8002, which has learned */
	while (r.spec.id != 8000)
		assert_true(bench_report(b, &r));
	assert_int_equal(r.type, REPORT_RESOLVE);
	assert_int_equal(r.adj, 3);
	assert_true(rw_endpoint_equal(&r.spec.peer, &b->path.table.flows[0].peer));
	expect_none(b);
}

static void test_full_reports_hold_mail_back(void **state)
{
	struct bench *b = *state;

	fill_reports(b);
	set(b, 8000, 1, NULL, ADJ_NONE);
	assert_int_equal(b->path.table.count, 0);
	take(b, 1);
	apply(&b->path);
	assert_int_equal(b->path.table.count, 1);
	take(b, REPORT_SLOTS - 1);
	expect(b, REPORT_ACK, RW_ACK_OK, 101, ADJ_NONE);
	expect_none(b);
}

static void test_at_most_16_a_turn(void **state)
{
	struct mail m = { .type = MAIL_FLOW_SET, .spec = bench_spec(0, RW_FLOW_NONE, NULL) };
	struct bench *b = *state;

	for (uint16_t i = 0; i < 20; i++) {
		m.spec.id = 8000u + i;
		rw_ring_push(b->mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, &m, sizeof(m));
	}
	assert_int_equal(apply(&b->path), 16);
	assert_int_equal(b->path.table.count, 16);
	assert_int_equal(apply(&b->path), 4);
	assert_int_equal(apply(&b->path), 0);
}

static void test_snapshot(void **state)
{
	struct rw_endpoint nat = bench_endpoint("203.0.113.1:5000");
	struct bench *b = *state;
	struct report r;

	for (uint16_t i = 0; i < 40; i++)
		set(b, rw_flow_id_make(i % 2, (uint16_t)(8000 + i)), 1, NULL, ADJ_NONE);
	set(b, 8099, 1, "198.51.100.1:4000", 3);
	bench_run_rtp(b, "203.0.113.1:5000", "192.0.2.1:8099", 1);
	bench_drain(b);
	bench_mail(b, MAIL_SNAPSHOT, NULL, ADJ_NONE, 77);
	for (int turn = 0; turn < 3; turn++)
		apply(&b->path);
	for (int i = 0; i < 41; i++) {
		assert_true(bench_report(b, &r));
		assert_int_equal(r.type, REPORT_FLOW);
		assert_int_equal(r.seq, 77);
		if (r.spec.id != 8099)
			continue;
		assert_true(rw_endpoint_equal(&r.spec.peer, &nat)); /* as of now */
		assert_true(rw_endpoint_equal(&r.spec.source, &nat));
	}
	expect(b, REPORT_ACK, RW_ACK_OK, 77, ADJ_NONE);
	expect_none(b);
}

static void test_snapshot_goes_on_beside_mail(void **state)
{
	struct bench *b = *state;
	struct report r;
	unsigned int acks = 0, flows = 0;

	for (uint16_t i = 0; i < 100; i++)
		set(b, 8000u + i, 1, NULL, ADJ_NONE);
	bench_drain(b);
	fill_reports(b);
	bench_mail(b, MAIL_SNAPSHOT, NULL, ADJ_NONE, 77);
	bench_mail(b, MAIL_SNAPSHOT, NULL, ADJ_NONE, 78); /* has to wait for the first */
	take(b, REPORT_SLOTS / 8);
	apply(&b->path);
	del(b, 8001, 1); /* not held up by the snapshot, which has no room */
	assert_int_equal(b->path.table.count, 100); /* ... but by the second snapshot before it */
	bench_drain(b);
	for (int turn = 0; turn < 40; turn++) {
		apply(&b->path);
		while (bench_report(b, &r)) {
			flows += r.type == REPORT_FLOW;
			if (r.type != REPORT_ACK)
				continue;
			assert_true(r.seq == (acks == 0 ? 77 : acks == 1 ? 201 : 78));
			acks++;
		}
	}
	assert_int_equal(acks, 3);
	assert_int_equal(flows, 199);
}

static void test_snapshot_leaves_room_for_others(void **state)
{
	struct bench *b = *state;

	for (uint16_t i = 0; i < 100; i++)
		set(b, 8000u + i, 1, NULL, ADJ_NONE);
	bench_drain(b);
	fill_reports(b);
	take(b, REPORT_SLOTS / 4);
	bench_mail(b, MAIL_SNAPSHOT, NULL, ADJ_NONE, 77);
	del(b, 8001, 1);
	assert_int_equal(b->path.table.count, 99);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_set_and_del),
		TEST(test_stale),
		TEST(test_statistics_live_as_long_as_the_flow),
		TEST(test_learned_peer_asks_for_its_adjacency),
		TEST(test_moved_port_keeps_the_adjacency),
		TEST(test_resolve_waits_for_room),
		TEST(test_full_reports_hold_mail_back),
		TEST(test_at_most_16_a_turn),
		TEST(test_snapshot),
		TEST(test_snapshot_goes_on_beside_mail),
		TEST(test_snapshot_leaves_room_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
