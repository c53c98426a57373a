/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse: what is ours, what is dropped and why, and that no length can mislead it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "rtpwire/bytes.h"

#define IP 14 /* of the IP header in an untagged frame */
#define UDP4 (IP + 20)
#define UDP6 (IP + 40)

static uint8_t frame[BENCH_FRAME_BYTES];
static uint32_t bytes;

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

static void make(const char *from, const char *to)
{
	uint8_t payload[100] = { 0x80 };

	bytes = bench_frame(frame, from, to, payload, sizeof(payload));
}

static void make4(void)
{
	make("198.51.100.9:4000", "192.0.2.1:8010");
}

static void make6(void)
{
	make("[2001:db8::9]:4000", "[2001:db8::1]:8010");
}

/* New IPv4 header checksum after a change. */
static void sum4(void)
{
	uint16_t sum;

	memset(frame + IP + 10, 0, 2);
	sum = (uint16_t)~inet_sum(frame + IP, (frame[IP] & 15) * 4u);
	memcpy(frame + IP + 10, &sum, 2);
}

static struct pkt *parse_flags(struct bench *b, uint8_t rx_flags)
{
	struct pkt *p;

	batch_reset(&b->batch);
	memset(b->stats, 0, sizeof(*b->stats));
	p = bench_add(b, frame, bytes);
	p->rx_flags = rx_flags;
	stage_parse(&b->path, &b->batch);
	return p;
}

static void expect_ours(struct bench *b, uint8_t rx_flags, uint16_t payload_bytes)
{
	struct pkt *p = parse_flags(b, rx_flags);

	assert_int_equal(p->exit, EXIT_NONE);
	assert_int_equal(b->batch.live, 1);
	assert_int_equal(p->payload_bytes, payload_bytes);
	assert_int_equal(rw_flow_port(p->id), 8010);
	assert_int_equal(p->source.port_be, htons(4000));
}

static void expect_drop(struct bench *b, uint8_t rx_flags, enum rw_drop reason)
{
	struct pkt *p = parse_flags(b, rx_flags);

	assert_int_equal(p->exit, EXIT_FREE);
	assert_int_equal(b->batch.live, 0);
	for (unsigned int i = 0; i < RW_DROP_MAX; i++)
		assert_int_equal(b->stats->drops[i], i == reason);
}

static void test_accepts(void **state)
{
	struct rw_endpoint want = bench_endpoint("198.51.100.9:4000");
	struct bench *b = *state;

	make4();
	expect_ours(b, 0, 100);
	assert_true(rw_endpoint_equal(&b->batch.pkt[0].source, &want));
	assert_int_equal(rw_flow_media(b->batch.pkt[0].id), BENCH_MEDIA4);
	make6();
	expect_ours(b, 0, 100);
	want = bench_endpoint("[2001:db8::9]:4000");
	assert_true(rw_endpoint_equal(&b->batch.pkt[0].source, &want));
	assert_int_equal(rw_flow_media(b->batch.pkt[0].id), BENCH_MEDIA6);
}

static void test_vlan(void **state)
{
	make4();
	memmove(frame + 16, frame + 12, bytes - 12);
	rw_store_be16(frame + 12, 0x8100);
	rw_store_be16(frame + 14, 100);
	bytes += 4;
	expect_ours(*state, 0, 100);
	expect_drop(*state, PKT_VLAN_STRIPPED, RW_DROP_not_ours); /* a second tag */
	bytes = 17;
	expect_drop(*state, 0, RW_DROP_truncated);
	make4();
	expect_ours(*state, PKT_VLAN_STRIPPED, 100);
}

static void test_padding_and_options(void **state)
{
	make4();
	rw_store_be16(frame + UDP4 + 4, 8 + 5);
	rw_store_be16(frame + IP + 2, 20 + 8 + 5);
	sum4();
	bytes = 60; /* smallest Ethernet frame */
	expect_ours(*state, 0, 5);

	make4();
	memmove(frame + UDP4 + 4, frame + UDP4, bytes - UDP4);
	memset(frame + UDP4, 1, 4); /* options: no operation */
	frame[IP] = 0x46;
	bytes += 4;
	rw_store_be16(frame + IP + 2, (uint16_t)(bytes - IP));
	sum4();
	expect_ours(*state, 0, 100);
}

static void test_every_length(void **state)
{
	uint32_t whole;

	make4();
	whole = bytes;
	for (bytes = 0; bytes < whole; bytes++)
		expect_drop(*state, 0, RW_DROP_truncated);
	make6();
	whole = bytes;
	for (bytes = 0; bytes < whole; bytes++)
		expect_drop(*state, 0, RW_DROP_truncated);
}

static void test_ip_malformed(void **state)
{
	make4();
	frame[IP] = 0x44;
	expect_drop(*state, 0, RW_DROP_ip_malformed);
	frame[IP] = 0x65;
	expect_drop(*state, 0, RW_DROP_ip_malformed);
	make4();
	rw_store_be16(frame + IP + 2, 19);
	expect_drop(*state, 0, RW_DROP_ip_malformed);
	make4();
	rw_store_be16(frame + IP + 2, 27); /* no room for UDP */
	sum4();
	expect_drop(*state, 0, RW_DROP_truncated);
	make6();
	frame[IP] = 0x45;
	expect_drop(*state, 0, RW_DROP_ip_malformed);
}

static void test_checksums(void **state)
{
	make4();
	frame[IP + 10] ^= 1;
	expect_drop(*state, 0, RW_DROP_ip_checksum);
	expect_ours(*state, PKT_IP_CHECKSUM_GOOD, 100); /* the port has looked */
	make4();
	expect_drop(*state, PKT_IP_CHECKSUM_BAD, RW_DROP_ip_checksum);
	expect_drop(*state, PKT_UDP_CHECKSUM_BAD, RW_DROP_udp_checksum);
	make6();
	expect_drop(*state, PKT_UDP_CHECKSUM_BAD, RW_DROP_udp_checksum);
}

static void test_udp_length(void **state)
{
	make4();
	rw_store_be16(frame + UDP4 + 4, 7);
	expect_drop(*state, 0, RW_DROP_udp_malformed);
	rw_store_be16(frame + UDP4 + 4, 109);
	expect_drop(*state, 0, RW_DROP_udp_malformed);
	rw_store_be16(frame + UDP4 + 4, 8);
	expect_ours(*state, 0, 0);
	make6();
	rw_store_be16(frame + UDP6 + 4, 0);
	expect_drop(*state, 0, RW_DROP_udp_malformed);
}

static void test_fragments(void **state)
{
	struct bench *b = *state;

	make4();
	rw_store_be16(frame + IP + 6, 0x2000);
	sum4();
	expect_drop(b, 0, RW_DROP_fragment);
	rw_store_be16(frame + IP + 6, 0x0010);
	sum4();
	expect_drop(b, 0, RW_DROP_fragment);
	rw_store_be16(frame + IP + 6, 0x4000); /* DF alone is no fragment */
	sum4();
	expect_ours(b, 0, 100);

	make6();
	memmove(frame + UDP6 + 8, frame + UDP6, 108);
	memset(frame + UDP6, 0, 8);
	frame[UDP6] = 17;
	frame[UDP6 + 3] = 1;
	frame[IP + 6] = 44;
	bytes += 8;
	rw_store_be16(frame + IP + 4, 116);
	expect_drop(b, 0, RW_DROP_fragment);
	frame[UDP6] = 6;
	expect_drop(b, 0, RW_DROP_not_ours);
}

static void test_not_ours(void **state)
{
	make("198.51.100.9:4000", "192.0.2.2:8010");
	expect_drop(*state, 0, RW_DROP_not_ours);
	make("198.51.100.9:4000", "192.0.2.1:5060");
	expect_drop(*state, 0, RW_DROP_port_out_of_range);
	make("198.51.100.9:4000", "192.0.2.1:8100");
	expect_drop(*state, 0, RW_DROP_port_out_of_range);
	make4();
	frame[IP + 9] = 6;
	expect_drop(*state, 0, RW_DROP_not_ours);
	make4();
	frame[13] = 0x06; /* ARP */
	expect_drop(*state, 0, RW_DROP_not_ours);
}

/* With an exception TAP the kernel gets all that is not media, a large SIP message's pieces too. */
static void test_bypass(void **state)
{
	struct bench *b = *state;

	b->path.config.bypass_ports = 1;
	make("198.51.100.9:4000", "192.0.2.1:5060");
	assert_int_equal(parse_flags(b, 0)->exit, EXIT_BYPASS);
	rw_store_be16(frame + IP + 6, 0x2000);
	sum4();
	assert_int_equal(parse_flags(b, 0)->exit, EXIT_BYPASS);
	rw_store_be16(frame + IP + 6, 0x0010);
	sum4();
	assert_int_equal(parse_flags(b, 0)->exit, EXIT_BYPASS);
	make4();
	rw_store_be16(frame + IP + 6, 0x2000);
	sum4();
	expect_drop(b, 0, RW_DROP_fragment);
	frame[13] = 0x06;
	assert_int_equal(parse_flags(b, 0)->exit, EXIT_BYPASS);
}

static void test_owner(void **state)
{
	struct bench *b = *state;
	struct pkt *p;

	b->path.config.limits.workers = 3;
	make4(); /* (8010 >> 1) % 3 = 0 */
	expect_ours(b, 0, 100);
	make("198.51.100.9:4000", "192.0.2.1:8013");
	p = parse_flags(b, 0);
	assert_int_equal(p->exit, EXIT_HANDOFF);
	assert_int_equal(p->owner, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_accepts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vlan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_padding_and_options, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ip_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checksums, setup, teardown),
		cmocka_unit_test_setup_teardown(test_udp_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fragments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bypass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
