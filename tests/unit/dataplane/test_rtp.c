/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RTP headers and receive statistics.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rtp.h"

#define START_NS 5000000000ull
#define MS 1000000ull

static struct rw_flow_stats stats;
static struct rtp_track track;
static uint64_t now_ns;

static int setup(void **state)
{
	(void)state;
	memset(&stats, 0, sizeof(stats));
	rtp_track_reset(&track);
	now_ns = START_NS;
	return 0;
}

static void receive(uint16_t seq, uint32_t timestamp, uint32_t ssrc, uint8_t pt)
{
	struct rtp_header h = {
		.payload_type = pt, .seq = seq, .timestamp = timestamp, .ssrc = ssrc
	};

	rtp_receive(&stats, &track, &h, 172, 8000, rtp_arrival(now_ns));
}

static void receive_seq(uint16_t seq)
{
	receive(seq, seq * 160u, 1, 0);
}

static void test_parse(void **state)
{
	uint8_t p[64] = { 0x80, 0x88, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct rtp_header h;

	(void)state;
	assert_true(rtp_parse(p, 12, &h));
	assert_int_equal(h.payload_type, 8);
	assert_int_equal(h.seq, 0x1234);
	assert_int_equal(h.timestamp, 0x01020304);
	assert_int_equal(h.ssrc, 0x05060708);
	assert_false(rtp_parse(p, 11, &h));
	p[0] = 0x40;
	assert_false(rtp_parse(p, 12, &h));
	p[0] = 0x82; /* two CSRCs */
	assert_true(rtp_parse(p, 20, &h));
	assert_false(rtp_parse(p, 19, &h));
	p[0] = 0x90; /* extension of two words */
	p[15] = 2;
	assert_false(rtp_parse(p, 15, &h));
	assert_false(rtp_parse(p, 23, &h));
	assert_true(rtp_parse(p, 24, &h));
	p[0] = 0xa0; /* padding */
	p[19] = 8;
	assert_true(rtp_parse(p, 20, &h));
	p[19] = 9;
	assert_false(rtp_parse(p, 20, &h));
	p[19] = 0;
	assert_false(rtp_parse(p, 20, &h));
	assert_false(rtp_parse(p, 12, &h)); /* no byte for the count */
}

static void test_rtcp(void **state)
{
	uint8_t p[32] = { 0x80, 200, 0, 6 };

	(void)state;
	assert_true(rtcp_valid(p, 28));
	assert_true(rtcp_valid(p, 32)); /* more may follow */
	assert_false(rtcp_valid(p, 27));
	p[3] = 1;
	assert_true(rtcp_valid(p, 8));
	assert_false(rtcp_valid(p, 7));
	p[0] = 0x40;
	assert_false(rtcp_valid(p, 8));
}

static void test_in_order_and_wrap(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 70000; i++)
		receive_seq((uint16_t)(65000 + i));
	assert_int_equal(stats.ssrc[0].packets, 70000);
	assert_int_equal(stats.ssrc[0].first_ext_seq, 65000);
	assert_int_equal(stats.ssrc[0].max_ext_seq, 65000 + 69999);
	assert_int_equal(stats.ssrc[0].bytes, 70000 * 172);
	assert_int_equal(stats.ssrc[0].last_ns, START_NS);
	assert_int_equal(stats.ssrc[0].reordered + stats.ssrc[0].duplicates, 0);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 0);
}

static void test_loss_over_wrap(void **state)
{
	(void)state;
	receive_seq(65534);
	receive_seq(1);
	receive_seq(5);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 5);
	assert_int_equal(stats.ssrc[0].max_ext_seq, 65536 + 5);
}

static void test_duplicates(void **state)
{
	(void)state;
	receive_seq(10);
	receive_seq(10);
	receive_seq(11);
	receive_seq(10);
	assert_int_equal(stats.ssrc[0].packets, 4);
	assert_int_equal(stats.ssrc[0].duplicates, 2);
	assert_int_equal(stats.ssrc[0].reordered, 0);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 0);
	receive_seq(13); /* a duplicate must not hide this loss */
	assert_int_equal(rw_ssrc_lost(&stats, 0), 1);
}

static void test_window_edge(void **state)
{
	(void)state;
	receive_seq(100);
	receive_seq(163);
	receive_seq(100); /* 63 behind: still known */
	assert_int_equal(stats.ssrc[0].duplicates, 1);
	receive_seq(164);
	receive_seq(100); /* 64 behind: forgotten */
	assert_int_equal(stats.ssrc[0].duplicates, 1);
	assert_int_equal(stats.ssrc[0].reordered, 1);
	receive_seq(101);
	assert_int_equal(stats.ssrc[0].reordered, 2);
	receive_seq(101);
	assert_int_equal(stats.ssrc[0].duplicates, 2);
}

static void test_reorder(void **state)
{
	(void)state;
	receive_seq(10);
	receive_seq(12);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 1);
	receive_seq(11);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 0);
	assert_int_equal(stats.ssrc[0].reordered, 1);
	receive_seq(9); /* before the first */
	receive_seq(14);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 1);
	assert_int_equal(stats.ssrc[0].reordered, 2);
}

static void test_restart(void **state)
{
	(void)state;
	for (uint16_t i = 1; i <= 10; i++)
		receive_seq(i);
	receive_seq(13); /* lost: 11, 12 */
	receive_seq(40000);
	assert_int_equal(stats.seq_resets, 0);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 2);
	receive_seq(40001);
	assert_int_equal(stats.seq_resets, 1);
	assert_int_equal(stats.ssrc[0].max_ext_seq, 40001);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 2);
	receive_seq(40001);
	receive_seq(40000);
	assert_int_equal(stats.ssrc[0].duplicates, 2);
	receive_seq(40003);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 3);
	assert_int_equal(stats.ssrc[0].packets, 16);
}

/* A packet of the new sequence that comes late makes up for nothing of the old one. */
static void test_late_at_restart(void **state)
{
	(void)state;
	for (uint16_t i = 1; i <= 10; i++)
		receive_seq(i);
	receive_seq(13); /* lost: 11, 12 */
	receive_seq(40001);
	receive_seq(40002);
	receive_seq(40000);
	assert_int_equal(stats.seq_resets, 1);
	assert_true(rw_ssrc_lost(&stats, 0) >= 2);
}

static void test_stray_packet(void **state)
{
	(void)state;
	receive_seq(1);
	receive_seq(30000);
	receive_seq(2);
	receive_seq(30001); /* not the one after a jump any more */
	receive_seq(4);
	assert_int_equal(stats.seq_resets, 0);
	assert_int_equal(stats.ssrc[0].max_ext_seq, 4);
	assert_int_equal(rw_ssrc_lost(&stats, 0), 1);
}

static void test_dropout_edge(void **state)
{
	(void)state;
	receive_seq(1);
	receive_seq(3000); /* 2999 ahead: a gap */
	assert_int_equal(rw_ssrc_lost(&stats, 0), 2998);
	receive_seq(6000); /* 3000 ahead: a jump */
	assert_int_equal(stats.ssrc[0].max_ext_seq, 3000);
	receive_seq(2901); /* 99 behind: late */
	assert_int_equal(stats.ssrc[0].reordered, 1);
	receive_seq(2900); /* 100 behind: a jump */
	assert_int_equal(stats.ssrc[0].reordered, 1);
}

/*
 * By hand, 8000 Hz, one packet each 20 ms (160 units), J in 1/16 units with J += |D| - ((J + 8) >> 4):
 *   arrival  0 ms  ts   0  transit   0
 *   arrival 20 ms  ts 160  transit   0  D   0  J   0
 *   arrival 50 ms  ts 320  transit  80  D  80  J  80
 *   arrival 60 ms  ts 480  transit   0  D -80  J 155 (80 + 80 - 5)
 *   arrival 80 ms  ts 640  transit   0  D   0  J 145 (155 - 10)
 */
static void test_jitter(void **state)
{
	static const struct {
		uint64_t ms;
		uint32_t jitter_q4;
	} rows[] = { { 0, 0 }, { 20, 0 }, { 50, 80 }, { 60, 155 }, { 80, 145 } };

	(void)state;
	for (uint16_t i = 0; i < 5; i++) {
		now_ns = START_NS + rows[i].ms * MS;
		receive(i, i * 160u, 1, 0);
		assert_int_equal(stats.ssrc[0].jitter_q4, rows[i].jitter_q4);
	}
	assert_int_equal(stats.ssrc[0].rtp_timestamp, 640);
}

static void test_jitter_exceptions(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		receive(i, 0xfffff000u + i * 160u, 1, 0); /* the timestamp wraps */
		now_ns += 20 * MS;
	}
	assert_int_equal(stats.ssrc[0].jitter_q4, 0);
	receive(100, 123456789, 1, 0); /* a new timestamp base */
	assert_int_equal(stats.ssrc[0].jitter_q4, 0);
	now_ns += 20 * MS;
	receive(101, 123456789 + 160, 1, 0);
	assert_int_equal(stats.ssrc[0].jitter_q4, 0);
	now_ns += 500 * MS;
	receive(101, 123456789 + 160, 1, 0); /* a duplicate tells nothing */
	assert_int_equal(stats.ssrc[0].jitter_q4, 0);
}

static void test_no_clock(void **state)
{
	struct rtp_header h = { .seq = 1, .ssrc = 1 };

	(void)state;
	rtp_receive(&stats, &track, &h, 172, 0, rtp_arrival(now_ns));
	h.seq = 2;
	h.timestamp = 99999;
	rtp_receive(&stats, &track, &h, 172, 0, rtp_arrival(now_ns + 700 * MS));
	assert_int_equal(stats.ssrc[0].jitter_q4, 0);
	assert_int_equal(stats.ssrc[0].packets, 2);
}

static void test_ssrc_slots(void **state)
{
	(void)state;
	for (uint32_t ssrc = 11; ssrc <= 14; ssrc++) {
		receive(1, 0, ssrc, 0);
		now_ns += MS;
	}
	receive(2, 160, 11, 0); /* heard again: not the oldest now */
	now_ns += MS;
	assert_int_equal(stats.ssrc_current, 0);
	receive(1, 0, 15, 0);
	assert_int_equal(stats.ssrc_current, 1);
	assert_int_equal(stats.ssrc[1].ssrc, 15);
	assert_int_equal(stats.ssrc[1].packets, 1);
	assert_int_equal(stats.ssrc[0].packets, 2);
}

static void test_ssrc_zero(void **state)
{
	(void)state;
	receive(7, 0, 0, 0);
	receive(8, 160, 0, 0);
	assert_int_equal(stats.ssrc[0].packets, 2);
	assert_int_equal(stats.ssrc[0].first_ext_seq, 7);
}

static void test_payload_types(void **state)
{
	(void)state;
	receive(1, 0, 1, 0);
	receive(2, 0, 1, 101);
	receive(3, 0, 1, 127);
	assert_true(stats.pt_seen[0] == 1);
	assert_true(stats.pt_seen[1] == (1ull << 37 | 1ull << 63));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_rtcp),
		cmocka_unit_test_setup(test_in_order_and_wrap, setup),
		cmocka_unit_test_setup(test_loss_over_wrap, setup),
		cmocka_unit_test_setup(test_duplicates, setup),
		cmocka_unit_test_setup(test_window_edge, setup),
		cmocka_unit_test_setup(test_reorder, setup),
		cmocka_unit_test_setup(test_restart, setup),
		cmocka_unit_test_setup(test_late_at_restart, setup),
		cmocka_unit_test_setup(test_stray_packet, setup),
		cmocka_unit_test_setup(test_dropout_edge, setup),
		cmocka_unit_test_setup(test_jitter, setup),
		cmocka_unit_test_setup(test_jitter_exceptions, setup),
		cmocka_unit_test_setup(test_no_clock, setup),
		cmocka_unit_test_setup(test_ssrc_slots, setup),
		cmocka_unit_test_setup(test_ssrc_zero, setup),
		cmocka_unit_test_setup(test_payload_types, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
