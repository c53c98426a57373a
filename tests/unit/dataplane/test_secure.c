/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP through the pipe: flow 8000 faces A, which secures, flow 8002 faces B, which does not or does so with another key.
 * What the peers do is done by hand with the same engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "rtpwire/bytes.h"

#define A "198.51.100.1:4000"
#define A_NEW "198.51.100.9:4100"
#define B "198.51.100.2:5000"
#define STRANGER "198.51.100.66:6666"
#define LOCAL_A "192.0.2.1:8000"
#define LOCAL_B "192.0.2.1:8002"
#define SLOT_A 0
#define SLOT_B 2
#define SSRC 0x1234u
#define HEADERS 42u /* Ethernet, IPv4, UDP */
#define TAG 10u

/* A peer's half of SRTP. */
struct phone {
	struct srtp_context *tx, *rx;
};

static struct rw_srtp_key make_key(uint8_t n)
{
	struct rw_srtp_key key = { .suite = RW_SRTP_AES_CM_128_HMAC_SHA1_80 };

	memset(key.key, n, 30);
	return key;
}

static struct phone phone_new(uint8_t sends, uint8_t receives)
{
	struct rw_srtp_key tx = make_key(sends), rx = make_key(receives);
	struct phone p;

	assert_int_equal(srtp_context_new(bench_srtp(), SRTP_SEND, &tx, NULL, NULL, &p.tx), 0);
	assert_int_equal(srtp_context_new(bench_srtp(), SRTP_RECEIVE, &rx, NULL, NULL, &p.rx), 0);
	return p;
}

static void phone_free(struct phone *p)
{
	srtp_context_free(bench_srtp(), p->tx);
	srtp_context_free(bench_srtp(), p->rx);
}

static uint32_t seal(struct srtp_context *tx, uint8_t *payload, uint32_t bytes, bool rtcp)
{
	struct srtp_packet p = { .context = tx,
				 .data = payload,
				 .len_bytes = (uint16_t)bytes,
				 .room_bytes = 64,
				 .rtcp = rtcp };

	srtp_batch_protect(bench_srtp(), &p, 1);
	assert_int_equal(p.status, SRTP_OK);
	return p.len_bytes;
}

/* Status; the packet is opened in place. */
static int unseal(struct srtp_context *rx, uint8_t *payload, uint32_t *bytes)
{
	struct srtp_packet p = { .context = rx, .data = payload, .len_bytes = (uint16_t)*bytes };

	srtp_batch_unprotect(bench_srtp(), &p, 1, 1);
	*bytes = p.len_bytes;
	return p.status;
}

static void set(struct bench *b, const struct rw_flow_spec *s, uint32_t adj)
{
	struct report r;

	bench_mail(b, MAIL_FLOW_SET, s, adj, 1);
	assert_true(bench_report(b, &r));
	assert_int_equal(r.status, RW_ACK_OK);
}

/* A sends with key 1 and gets key 2. */
static struct rw_flow_spec spec_a(uint64_t generation)
{
	struct rw_flow_spec s = bench_spec(8000, 8002, A);

	s.rx = make_key(1);
	s.tx = make_key(2);
	s.generation = generation;
	return s;
}

static int setup(void **state)
{
	struct rw_flow_spec a = spec_a(1), o = bench_spec(8002, 8000, B);
	struct bench *b = bench_new_call(&a, &o);

	if (!b)
		return -1;
	b->tailroom_bytes = 200;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static struct pkt *send_sealed(struct bench *b, struct srtp_context *tx, const char *from,
			       uint16_t seq)
{
	uint8_t frame[512], payload[300];
	uint32_t bytes;

	bench_rtp(payload, 172, 0, seq, seq * 160u, SSRC);
	bytes = seal(tx, payload, 172, false);
	return bench_run(b, frame, bench_frame(frame, from, LOCAL_A, payload, bytes));
}

static void expect_plain(const struct pkt *p, uint16_t seq)
{
	uint8_t want[172];

	bench_rtp(want, sizeof(want), 0, seq, seq * 160u, SSRC);
	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(p->len_bytes, HEADERS + 172);
	assert_memory_equal(p->data + HEADERS, want, sizeof(want));
}

static void expect_sealed(struct srtp_context *rx, struct pkt *p, uint16_t seq)
{
	uint32_t bytes = p->len_bytes - HEADERS;
	uint8_t want[172];

	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(bytes, 172 + TAG);
	assert_int_equal(unseal(rx, p->data + HEADERS, &bytes), SRTP_OK);
	bench_rtp(want, sizeof(want), 0, seq, seq * 160u, SSRC);
	assert_memory_equal(p->data + HEADERS, want, sizeof(want));
}

static void test_translates(void **state)
{
	struct phone phone = phone_new(1, 2);
	struct bench *b = *state;

	for (uint16_t seq = 65530; seq != 10; seq++) {
		expect_plain(send_sealed(b, phone.tx, A, seq), seq);
		expect_sealed(phone.rx, bench_run_rtp(b, B, LOCAL_B, seq), seq);
	}
	assert_int_equal(b->stats->counters[RW_COUNT_srtp_unprotected], 16);
	assert_int_equal(b->stats->counters[RW_COUNT_srtp_protected], 16);
	/* received and sent bytes are those on the wire */
	assert_int_equal(b->flow_stats[SLOT_A].rx_bytes, 16 * (172 + TAG));
	assert_int_equal(b->flow_stats[SLOT_A].tx_bytes, 16 * (172 + TAG));
	assert_int_equal(b->flow_stats[SLOT_B].tx_bytes, 16 * 172);
	/* both are one ROC on, and say so */
	assert_int_equal(b->flow_stats[SLOT_A].srtp_rx[0].ssrc, SSRC);
	assert_int_equal(b->flow_stats[SLOT_A].srtp_rx[0].roc, 1);
	assert_int_equal(b->flow_stats[SLOT_A].srtp_tx[0].roc, 1);
	phone_free(&phone);
}

static void test_rtcp(void **state)
{
	struct phone phone = phone_new(1, 2);
	uint8_t frame[512], payload[100] = { 0x80, 200, 0, 6, 0, 0, 0x12, 0x34 };
	struct bench *b = *state;
	uint32_t bytes;
	struct pkt *p;

	bytes = seal(phone.tx, payload, 28, true);
	assert_int_equal(bytes, 28 + TAG + 4);
	p = bench_run(b, frame, bench_frame(frame, A, LOCAL_A, payload, bytes));
	assert_int_equal(p->exit, EXIT_TX);
	assert_int_equal(p->len_bytes, HEADERS + 28);
	assert_int_equal(b->flow_stats[SLOT_A].rtcp_packets, 1);
	assert_int_equal(b->flow_stats[SLOT_A].srtp_rx[0].srtcp_index, 1);
	phone_free(&phone);
}

/* Whoever cannot authenticate neither is heard nor moves anything. */
static void test_forged(void **state)
{
	struct phone phone = phone_new(1, 2), stranger = phone_new(9, 2);
	struct bench *b = *state;
	struct rw_endpoint a = bench_endpoint(A);
	uint64_t rx_packets;

	expect_plain(send_sealed(b, phone.tx, A, 1), 1);
	rx_packets = b->flow_stats[SLOT_A].rx_packets;
	assert_int_equal(send_sealed(b, stranger.tx, A, 2)->exit, EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_A].drops[RW_DROP_srtp_auth_failed], 1);
	assert_int_equal(bench_run_rtp(b, A, LOCAL_A, 3)->exit, EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_A].drops[RW_DROP_srtp_auth_failed], 2);
	assert_int_equal(b->flow_stats[SLOT_A].rx_packets, rx_packets);
	assert_memory_equal(&b->flow_stats[SLOT_A].peer, &a, sizeof(a));
	phone_free(&phone);
	phone_free(&stranger);
}

/* In the learning window: a stranger's packet does not move the flow, one of A from its new address does. */
static void test_learning(void **state)
{
	struct phone phone = phone_new(1, 2), stranger = phone_new(9, 2);
	struct rw_endpoint a = bench_endpoint(A), new = bench_endpoint(A_NEW);
	struct bench *b = *state;

	assert_int_equal(send_sealed(b, stranger.tx, STRANGER, 1)->exit, EXIT_FREE);
	assert_memory_equal(&b->flow_stats[SLOT_A].peer, &a, sizeof(a));
	expect_plain(send_sealed(b, phone.tx, A_NEW, 1), 1);
	assert_memory_equal(&b->flow_stats[SLOT_A].peer, &new, sizeof(new));
	phone_free(&phone);
	phone_free(&stranger);
}

static void test_replayed(void **state)
{
	struct phone phone = phone_new(1, 2);
	uint8_t frame[512], payload[300];
	struct bench *b = *state;
	uint32_t bytes;

	bench_rtp(payload, 172, 0, 5, 800, SSRC);
	bytes = bench_frame(frame, A, LOCAL_A, payload, seal(phone.tx, payload, 172, false));
	expect_plain(bench_run(b, frame, bytes), 5);
	assert_int_equal(bench_run(b, frame, bytes)->exit, EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_A].drops[RW_DROP_srtp_replayed], 1);
	phone_free(&phone);
}

/* Signalling again with the same keys touches no state: the ROC stays, in both directions. */
static void test_same_key(void **state)
{
	struct phone phone = phone_new(1, 2);
	struct rw_flow_spec again = spec_a(2);
	struct bench *b = *state;

	for (uint16_t seq = 65534; seq != 2; seq++) {
		expect_plain(send_sealed(b, phone.tx, A, seq), seq);
		expect_sealed(phone.rx, bench_run_rtp(b, B, LOCAL_B, seq), seq);
	}
	set(b, &again, 1);
	expect_plain(send_sealed(b, phone.tx, A, 2), 2);
	expect_sealed(phone.rx, bench_run_rtp(b, B, LOCAL_B, 2), 2);
	assert_int_equal(b->stats->counters[RW_COUNT_srtp_roc_kept], 1);
	phone_free(&phone);
}

/* A new key: what A still sends under the old one passes, until it has used the new one for a while. */
static void test_new_key(void **state)
{
	struct phone old = phone_new(1, 2), new = phone_new(3, 4);
	struct rw_flow_spec again = spec_a(2);
	struct bench *b = *state;

	expect_plain(send_sealed(b, old.tx, A, 1), 1);
	again.rx = make_key(3);
	again.tx = make_key(4);
	set(b, &again, 1);
	expect_plain(send_sealed(b, old.tx, A, 2), 2);
	expect_plain(send_sealed(b, new.tx, A, 3), 3);
	expect_plain(send_sealed(b, old.tx, A, 4), 4); /* late */
	expect_sealed(new.rx, bench_run_rtp(b, B, LOCAL_B, 1), 1);
	bench_set_time(b, 7000000000u);
	expect_plain(send_sealed(b, new.tx, A, 5), 5);
	assert_int_equal(send_sealed(b, old.tx, A, 6)->exit, EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_A].srtp_rx[0].used, 1);
	phone_free(&old);
	phone_free(&new);
}

/* Another port towards A, the same keys: indices go on, or a key stream would be used twice. */
static void test_other_port(void **state)
{
	struct phone phone = phone_new(1, 2);
	struct rw_flow_spec moved = spec_a(2), o = bench_spec(8002, 8004, B);
	struct bench *b = *state;
	struct pkt *p;

	for (uint16_t seq = 65534; seq != 2; seq++)
		expect_sealed(phone.rx, bench_run_rtp(b, B, LOCAL_B, seq), seq);
	moved.id = 8004;
	o.generation = 2;
	set(b, &moved, 1);
	set(b, &o, 2);
	bench_mail(b, MAIL_FLOW_DEL, &(struct rw_flow_spec){ .id = 8000, .generation = 3 }, 0, 1);
	bench_drain(b);
	p = bench_run_rtp(b, B, LOCAL_B, 2);
	expect_sealed(phone.rx, p, 2);
	assert_int_equal(b->flow_stats[4].srtp_tx[0].roc, 1);
	phone_free(&phone);
}

/* The flow of another call with the same key shares nothing. */
static void test_other_call(void **state)
{
	struct phone phone = phone_new(1, 2);
	struct rw_flow_spec other = spec_a(1);
	struct bench *b = *state;

	expect_sealed(phone.rx, bench_run_rtp(b, B, LOCAL_B, 7), 7);
	other.id = 8010;
	other.call_ref = 8;
	set(b, &other, 1);
	assert_int_equal(b->flow_stats[10].srtp_tx[0].used, 0);
	phone_free(&phone);
}

/* Both sides secured, a batch of both directions at once, and no room behind a packet. */
static void test_both_secured(void **state)
{
	struct phone a = phone_new(1, 2), other = phone_new(5, 6);
	struct rw_flow_spec o = bench_spec(8002, 8000, B);
	uint8_t frame[512], payload[300];
	struct bench *b = *state;
	uint32_t bytes;

	o.generation = 2;
	o.rx = make_key(5);
	o.tx = make_key(6);
	set(b, &o, 2);
	batch_reset(&b->batch);
	for (uint16_t seq = 1; seq <= BATCH_MAX / 2; seq++) {
		bench_rtp(payload, 172, 0, seq, seq * 160u, SSRC);
		bytes = bench_frame(frame, A, LOCAL_A, payload, seal(a.tx, payload, 172, false));
		bench_add(b, frame, bytes);
		bench_rtp(payload, 172, 0, seq, seq * 160u, SSRC);
		bytes = bench_frame(frame, B, LOCAL_B, payload,
				    seal(other.tx, payload, 172, false));
		bench_add(b, frame, bytes);
	}
	path_run(&b->path, &b->batch);
	for (uint16_t i = 0; i < BATCH_MAX; i++)
		expect_sealed(i % 2 ? a.rx : other.rx, &b->batch.pkt[i], (uint16_t)(i / 2 + 1));
	phone_free(&a);
	phone_free(&other);
}

static void test_no_room(void **state)
{
	struct bench *b = *state;

	b->tailroom_bytes = TAG - 1;
	assert_int_equal(bench_run_rtp(b, B, LOCAL_B, 1)->exit, EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_B].drops[RW_DROP_srtp_no_room], 1);
}

/* Nothing but RTP and RTCP leaves by a flow that secures. */
static void test_only_media(void **state)
{
	struct rw_flow_spec o = bench_spec(8002, 8000, B);
	uint8_t frame[128], zrtp[20] = { 0x10 };
	struct bench *b = *state;

	o.generation = 2;
	o.flags = RW_FLOW_PASS_OTHER;
	set(b, &o, 2);
	assert_int_equal(
		bench_run(b, frame, bench_frame(frame, B, LOCAL_B, zrtp, sizeof(zrtp)))->exit,
		EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_B].drops[RW_DROP_class_refused], 1);
}

/* A's key passed on to B by signalling. */
static void pass_key(struct bench *b)
{
	struct rw_flow_spec o = bench_spec(8002, 8000, B);

	o.generation = 2;
	o.rx = make_key(5);
	o.tx = make_key(1);
	set(b, &o, 2);
}

static struct pkt *send_report(struct bench *b, uint8_t payload[static 100], uint32_t bytes)
{
	uint8_t frame[512];

	return bench_run(b, frame, bench_frame(frame, A, LOCAL_A, payload, bytes));
}

/* Under a key that is A's own its packets go on as they came: the numbers are A's, or one would be used for two texts. */
static void test_passed_key(void **state)
{
	struct phone phone = phone_new(1, 2);
	struct bench *b = *state;

	pass_key(b);
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t payload[100] = { 0x80, 200, 0, 6, 0, 0, 0x12, 0x34, (uint8_t)i }, rtp[300];
		uint32_t bytes = seal(phone.tx, payload, 28, true), rtp_bytes;
		struct pkt *p;

		bench_rtp(rtp, 172, 0, (uint16_t)(65533 + i), 0, SSRC);
		rtp_bytes = seal(phone.tx, rtp, 172, false);
		if (i == 1)
			continue; /* lost on the way to us */
		p = send_report(b, payload, bytes);
		assert_int_equal(p->exit, EXIT_TX);
		assert_int_equal(p->len_bytes, HEADERS + bytes);
		assert_memory_equal(p->data + HEADERS, payload, bytes);
		p = send_report(b, rtp, rtp_bytes);
		assert_int_equal(p->len_bytes, HEADERS + rtp_bytes);
		assert_memory_equal(p->data + HEADERS, rtp, rtp_bytes);
	}
	phone_free(&phone);
}

/* And what A still sends under its key of before gets no SRTCP number of ours. */
static void test_passed_key_too_early(void **state)
{
	struct phone old = phone_new(9, 2);
	uint8_t payload[100] = { 0x80, 200, 0, 6, 0, 0, 0x12, 0x34 };
	struct rw_flow_spec a = spec_a(2);
	struct bench *b = *state;

	a.rx = make_key(9);
	set(b, &a, 1);
	expect_plain(send_sealed(b, old.tx, A, 1), 1);
	a.generation = 3;
	a.rx = make_key(1);
	set(b, &a, 1);
	pass_key(b);
	assert_int_equal(send_report(b, payload, seal(old.tx, payload, 28, true))->exit, EXIT_FREE);
	assert_int_equal(b->flow_stats[SLOT_A].drops[RW_DROP_srtp_repeated], 1);
	phone_free(&old);
}

static void talk(struct bench *b, struct phone *phone, uint16_t from, uint16_t to)
{
	for (uint16_t seq = from; seq != to; seq++)
		expect_plain(send_sealed(b, phone->tx, A, seq), seq);
}

/* Flows that share a context come and go: one that stays tells where its streams stand, and none of another call does. */
static void test_published(void **state)
{
	struct rw_flow_spec second = spec_a(2), foreign;
	struct phone phone = phone_new(1, 2);
	struct bench *b = *state;

	second.id = 8004;
	talk(b, &phone, 65000, 65300);
	set(b, &second, 3);
	second.generation = 3;
	second.rx = (struct rw_srtp_key){ 0 };
	set(b, &second, 3);
	bench_mail(b, MAIL_FLOW_DEL, &(struct rw_flow_spec){ .id = 8004, .generation = 4 }, 0, 1);
	bench_drain(b);
	foreign = spec_a(5);
	foreign.id = 8004;
	foreign.call_ref = 99;
	set(b, &foreign, 3);
	talk(b, &phone, 65300, 64000);
	talk(b, &phone, 64000, 100);
	assert_int_equal(b->flow_stats[SLOT_A].srtp_rx[0].roc, 2);
	assert_int_equal(b->flow_stats[4].srtp_rx[0].used, 0);
	phone_free(&phone);
}

/* A recorded packet of an older ROC, from a stranger, while addresses may be learned and A is silent. */
static void test_recorded(void **state)
{
	struct phone phone = phone_new(1, 2);
	struct rw_endpoint a = bench_endpoint(A);
	uint8_t frame[512], recorded[3][300];
	struct rw_flow_spec again = spec_a(2);
	struct bench *b = *state;
	uint64_t now_ns = 1000000000;
	uint32_t bytes = 0;

	for (uint16_t i = 0; i < 3; i++) {
		bench_rtp(recorded[i], 172, 0, (uint16_t)(60000 + i), 0, SSRC);
		bytes = seal(phone.tx, recorded[i], 172, false);
	}
	talk(b, &phone, 60003, 2000);
	talk(b, &phone, 2000, 60000);
	again.source = (struct rw_endpoint){ 0 };
	bench_set_time(b, now_ns += 20000000);
	set(b, &again, 1);
	for (unsigned int i = 0; i < 3; i++) {
		bench_set_time(b, now_ns += 60000000);
		bench_run(b, frame, bench_frame(frame, STRANGER, LOCAL_A, recorded[i], bytes));
		assert_memory_equal(&b->flow_stats[SLOT_A].peer, &a, sizeof(a));
	}
	talk(b, &phone, 60000, 60100);
	phone_free(&phone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_translates), T(test_rtcp),
		T(test_forged),	    T(test_learning),
		T(test_replayed),   T(test_same_key),
		T(test_new_key),    T(test_other_port),
		T(test_other_call), T(test_both_secured),
		T(test_no_room),    T(test_only_media),
		T(test_passed_key), T(test_passed_key_too_early),
		T(test_published),  T(test_recorded),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
