/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pipe from end to end: classes, outputs, punts, and each reason for which nothing leaves.
 * Flow 8000 faces A, flow 8002 faces B.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "rtpwire/bytes.h"

#define A "198.51.100.1:4000"
#define B "198.51.100.2:5000"
#define LOCAL_A "192.0.2.1:8000"
#define SLOT_A 0
#define SLOT_B 2

static uint8_t frame[BENCH_FRAME_BYTES];

static void set(struct bench *b, const struct rw_flow_spec *s, uint32_t adj)
{
	bench_mail(b, MAIL_FLOW_SET, s, adj, 1);
	bench_drain(b);
}

static int setup(void **state)
{
	struct rw_flow_spec a = bench_spec(8000, 8002, A), o = bench_spec(8002, 8000, B);

	*state = bench_new_call(&a, &o);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static struct pkt *run(struct bench *b, const void *payload, uint32_t bytes)
{
	return bench_run(b, frame, bench_frame(frame, A, LOCAL_A, payload, bytes));
}

static void expect_drop(struct bench *b, struct pkt *p, enum rw_drop reason)
{
	assert_int_equal(p->exit, EXIT_FREE);
	assert_int_equal(b->stats->drops[reason], 1);
	assert_int_equal(b->flow_stats[SLOT_A].drops[reason], 1);
	assert_int_equal(b->flow_stats[SLOT_A].dropped, 1);
	b->stats->drops[reason] = 0;
	b->flow_stats[SLOT_A].drops[reason] = 0;
	b->flow_stats[SLOT_A].dropped = 0;
}

static void test_relays(void **state)
{
	struct bench *b = *state;
	struct pkt *p = bench_run_rtp(b, A, LOCAL_A, 7);
	const struct rw_flow_stats *in = &b->flow_stats[SLOT_A], *out = &b->flow_stats[SLOT_B];
	uint8_t want[172];

	bench_rtp(want, sizeof(want), 0, 7, 7 * 160, 0x1234);
	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(p->out_port, 0);
	assert_int_equal(p->len_bytes, 42 + 172);
	assert_memory_equal(p->data, "\2\0\0\0\0\2", 6);
	assert_memory_equal(p->data + 26, "\xc0\x00\x02\x01\xc6\x33\x64\x02\x1f\x42\x13\x88", 12);
	assert_memory_equal(p->data + 42, want, sizeof(want));
	assert_int_equal(in->rx_packets, 1);
	assert_int_equal(in->rx_bytes, 172);
	assert_int_equal(in->rx_last_ns, 1000000000u);
	assert_int_equal(in->ssrc[0].ssrc, 0x1234);
	assert_int_equal(out->tx_packets, 1);
	assert_int_equal(out->tx_bytes, 172);
	assert_int_equal(out->tx_last_ns, 1000000000u);
	assert_int_equal(out->tx_ssrc, 0x1234);
	assert_int_equal(out->tx_last_seq, 7);
	assert_int_equal(out->rx_packets + in->tx_packets, 0);
}

static void test_rtcp_has_its_own_output(void **state)
{
	static const uint8_t rr[8] = { 0x80, 201, 0, 1, 0, 0, 0, 9 };
	struct rw_flow_spec a = bench_spec(8000, 8002, A), c = bench_spec(8003, RW_FLOW_NONE, B);
	struct bench *b = *state;
	struct pkt *p;

	a.out_rtcp = 8003;
	set(b, &a, 1);
	set(b, &c, 2);
	p = run(b, rr, sizeof(rr));
	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(rw_load_be16(p->data + 34), 8003);
	assert_int_equal(b->flow_stats[SLOT_A].rtcp_packets, 1);
	assert_int_equal(b->flow_stats[SLOT_A].ssrc[0].packets, 0);
	a.out_rtcp = RW_FLOW_NONE;
	set(b, &a, 1);
	expect_drop(b, run(b, rr, sizeof(rr)), RW_DROP_no_output);
	expect_drop(b, run(b, rr, 7), RW_DROP_rtp_malformed);
}

static void test_punt(void **state)
{
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 9 };
	struct rw_endpoint from = bench_endpoint(A);
	struct bench *b = *state;
	struct rw_punt m;
	uint8_t big[RW_DATAGRAM_BYTES + 1] = { 22 };

	assert_int_equal(run(b, stun, sizeof(stun))->exit, EXIT_FREE);
	assert_int_equal(rw_ring_pop(b->punts, RW_PUNT_SLOT_BYTES, PUNT_SLOTS, &m), 0);
	assert_int_equal(m.flow, 8000);
	assert_int_equal(m.class_, RW_CLASS_STUN);
	assert_int_equal(m.generation, 1);
	assert_int_equal(m.received_ns, 1000000000u);
	assert_int_equal(m.len_bytes, sizeof(stun));
	assert_memory_equal(m.payload, stun, sizeof(stun));
	assert_true(rw_endpoint_equal(&m.source, &from));

	expect_drop(b, run(b, big, sizeof(big)), RW_DROP_class_refused);
	for (unsigned int i = 0; i < PUNT_SLOTS; i++)
		run(b, big, RW_DATAGRAM_BYTES);
	assert_int_equal(b->stats->counters[RW_COUNT_punts], PUNT_SLOTS + 1);
	expect_drop(b, run(b, big, RW_DATAGRAM_BYTES), RW_DROP_punt_full);
}

static void test_other_classes(void **state)
{
	static const uint8_t first[] = { 16, 64, 80, 255 }; /* ZRTP, TURN, nobody's, nobody's */
	struct rw_flow_spec a = bench_spec(8000, 8002, A);
	struct bench *b = *state;
	uint8_t payload[40] = { 0 };

	for (size_t i = 0; i < sizeof(first); i++) {
		payload[0] = first[i];
		expect_drop(b, run(b, payload, sizeof(payload)), RW_DROP_class_refused);
	}
	expect_drop(b, run(b, payload, 0), RW_DROP_class_refused);
	a.flags = RW_FLOW_PASS_OTHER;
	set(b, &a, 1);
	for (size_t i = 0; i < sizeof(first); i++) {
		payload[0] = first[i];
		assert_int_equal(run(b, payload, sizeof(payload))->exit, EXIT_TX);
	}
	payload[0] = 20; /* DTLS is control's also then */
	assert_int_equal(run(b, payload, sizeof(payload))->exit, EXIT_FREE);
	assert_int_equal(b->stats->counters[RW_COUNT_punts], 1);
}

static void test_opaque_passes_all(void **state)
{
	static const uint8_t first[] = { 0, 16, 20, 64, 128, 200, 255 };
	struct rw_flow_spec a = bench_spec(8000, 8002, A);
	struct bench *b = *state;
	uint8_t payload[5] = { 0 };

	a.kind = RW_FLOW_OPAQUE;
	a.out_rtcp = RW_FLOW_NONE;
	set(b, &a, 1);
	for (size_t i = 0; i < sizeof(first); i++) {
		payload[0] = first[i];
		payload[1] = 200;
		assert_int_equal(run(b, payload, sizeof(payload))->exit, EXIT_TX);
	}
	assert_int_equal(run(b, payload, 0)->exit, EXIT_TX);
	assert_int_equal(b->stats->counters[RW_COUNT_punts], 0);
	assert_int_equal(b->flow_stats[SLOT_A].rx_packets, sizeof(first) + 1);
	assert_int_equal(b->flow_stats[SLOT_A].ssrc[0].packets, 0);
	assert_int_equal(b->flow_stats[SLOT_B].tx_ssrc, 0);
}

static struct pkt *run_rtp(struct bench *b)
{
	return bench_run_rtp(b, A, LOCAL_A, 1);
}

static void test_egress_refusals(void **state)
{
	struct bench *b = *state;
	struct rw_flow_spec o = bench_spec(8002, 8000, B);

	bench_adj_state(b, 2, ADJ_PENDING);
	expect_drop(b, run_rtp(b), RW_DROP_neighbour_unresolved);
	bench_adj_state(b, 2, ADJ_NO_ROUTE);
	expect_drop(b, run_rtp(b), RW_DROP_no_route);
	bench_adj_state(b, 2, ADJ_SELF);
	expect_drop(b, run_rtp(b), RW_DROP_peer_is_relay);
	bench_adj_ready(b, 2, 0, 199);
	expect_drop(b, run_rtp(b), RW_DROP_mtu_exceeded);
	bench_adj_ready(b, 2, 0, 200);
	assert_int_equal(run_rtp(b)->exit, EXIT_TX);

	o.source = o.peer = bench_endpoint("0.0.0.0:5000"); /* hold of old */
	set(b, &o, ADJ_NONE);
	expect_drop(b, run_rtp(b), RW_DROP_no_peer);
	o.source = o.peer = bench_endpoint("198.51.100.2:0");
	set(b, &o, 2);
	expect_drop(b, run_rtp(b), RW_DROP_no_peer);
	o.source = o.peer = (struct rw_endpoint){ 0 };
	set(b, &o, ADJ_NONE);
	expect_drop(b, run_rtp(b), RW_DROP_no_peer);
	bench_mail(b, MAIL_FLOW_DEL, &o, ADJ_NONE, 1);
	expect_drop(b, run_rtp(b), RW_DROP_no_output);
	assert_int_equal(b->flow_stats[SLOT_B].dropped, 0);
}

/* The headers of the peer before must not be used for one packet more. */
static void test_moved_peer_waits_for_its_link(void **state)
{
	struct bench *b = *state;
	struct rw_flow_spec answer = { .id = 8002, .peer = bench_endpoint("203.0.113.5:5000") };
	struct pkt *p;

	assert_int_equal(run_rtp(b)->exit, EXIT_TX);
	bench_run_rtp(b, "203.0.113.5:5000", "192.0.2.1:8002", 1);
	expect_drop(b, run_rtp(b), RW_DROP_neighbour_unresolved);
	bench_adj_ready(b, 9, 5, 1500);
	bench_mail(b, MAIL_ADJ, &answer, 9, 0);
	p = run_rtp(b);
	assert_int_equal(p->exit, EXIT_TX);
	assert_memory_equal(p->data, "\2\0\0\0\0\x09", 6);
	assert_int_equal(p->len_bytes, 46 + 172);
	assert_memory_equal(p->data + 34, "\xcb\x00\x71\x05", 4);
}

/* While the manager writes the entry, what is known goes on being used. */
static void test_adjacency_being_written(void **state)
{
	struct bench *b = *state;
	struct adj *a = &b->adj[2];

	assert_int_equal(run_rtp(b)->exit, EXIT_TX);
	atomic_store(&a->version, a->version + 1);
	memset(a->view.dst_mac, 0xee, 6);
	assert_memory_equal(run_rtp(b)->data, "\2\0\0\0\0\2", 6);
	atomic_store(&a->version, a->version + 1);
	assert_memory_equal(run_rtp(b)->data, "\xee\xee\xee\xee\xee\xee", 6);
}

static void test_tos_follows_the_spec(void **state)
{
	struct bench *b = *state;
	struct rw_flow_spec o = bench_spec(8002, 8000, B);

	o.tos = 0xb8;
	o.generation = 2;
	set(b, &o, 2);
	assert_int_equal(run_rtp(b)->data[15], 0xb8);
}

static void test_between_families(void **state)
{
	rw_flow_id id6 = rw_flow_id_make(BENCH_MEDIA6, 8002);
	struct rw_flow_spec a = bench_spec(8000, id6, A);
	struct rw_flow_spec o = bench_spec(id6, 8000, "[2001:db8::9]:5000");
	struct bench *b = *state;
	struct pkt *p;

	set(b, &a, 1);
	set(b, &o, 2);
	p = run_rtp(b);
	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(p->len_bytes, 62 + 172);
	assert_int_equal(rw_load_be16(p->data + 12), 0x86dd);
	p = bench_run_rtp(b, "[2001:db8::9]:5000", "[2001:db8::1]:8002", 1);
	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(p->len_bytes, 42 + 172);
	assert_int_equal(rw_load_be16(p->data + 12), 0x0800);
}

static void test_no_headroom(void **state)
{
	struct bench *b = *state;
	uint8_t payload[20] = { 0x80 };
	struct pkt *p;

	batch_reset(&b->batch);
	p = bench_add(b, frame, bench_frame(frame, A, LOCAL_A, payload, sizeof(payload)));
	p->headroom_bytes = ENCAP_BYTES - 42 - 1;
	path_run(&b->path, &b->batch);
	assert_int_equal(p->exit, EXIT_FREE);
	assert_int_equal(b->stats->drops[RW_DROP_no_memory], 1);
}

static void test_full_batch_keeps_order(void **state)
{
	struct bench *b = *state;
	uint8_t payload[20];
	unsigned int sent = 0;

	batch_reset(&b->batch);
	for (uint16_t i = 0; i < BATCH_MAX; i++) {
		bench_rtp(payload, sizeof(payload), 0, i, i, 1);
		bench_add(b, frame,
			  bench_frame(frame, i % 3 ? A : "10.0.0.1:1",
				      i % 5 ? LOCAL_A : "192.0.2.1:8090", payload, 20));
	}
	path_run(&b->path, &b->batch);
	for (unsigned int i = 0; i < BATCH_MAX; i++) {
		const struct pkt *p = &b->batch.pkt[i];

		assert_int_not_equal(p->exit, EXIT_NONE);
		if (p->exit != EXIT_TX)
			continue;
		assert_int_equal(rw_load_be16(p->data + 44), i);
		sent++;
	}
	/* 1 is the first from A and ends the window; 13 are for no flow, and 17 from elsewhere */
	assert_int_equal(b->stats->drops[RW_DROP_no_flow], 13);
	assert_int_equal(b->stats->drops[RW_DROP_source_refused], 17);
	assert_int_equal(sent, BATCH_MAX - 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_relays),
		TEST(test_rtcp_has_its_own_output),
		TEST(test_punt),
		TEST(test_other_classes),
		TEST(test_opaque_passes_all),
		TEST(test_egress_refusals),
		TEST(test_moved_peer_waits_for_its_link),
		TEST(test_adjacency_being_written),
		TEST(test_tos_follows_the_spec),
		TEST(test_between_families),
		TEST(test_no_headroom),
		TEST(test_full_batch_keeps_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
