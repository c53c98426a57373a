/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers and checksums of what leaves, against a byte-by-byte checksum written apart from the code
 * under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "encap.h"
#include "rtpwire/bytes.h"

static uint8_t buffer[ENCAP_BYTES + 2048];

static const struct adj_view ready = { .state = ADJ_READY,
				       .mtu = 1500,
				       .dst_mac = { 2, 0, 0, 0, 0, 1 },
				       .src_mac = { 2, 0, 0, 0, 0, 2 } };

/* RFC 1071, as its text says: 16-bit words in network order, end-around carry. */
static uint32_t slow_sum(const uint8_t *data, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static uint16_t fold_be(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void test_inet_sum(void **state)
{
	/* RFC 1071 section 3 */
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t data[70];

	(void)state;
	assert_int_equal(htons((uint16_t)inet_sum(example, 8)), 0xddf2);
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 200);
	for (unsigned int at = 0; at < 4; at++)
		for (unsigned int n = 0; n < 66; n++)
			assert_int_equal(htons((uint16_t)inet_sum(data + at, n)),
					 fold_be(slow_sum(data + at, n)));
	memset(buffer, 0xff, sizeof(buffer));
	assert_int_equal(inet_sum(buffer, sizeof(buffer)), 0xffff);
}

/* A receiver's view: over pseudo header and datagram the sum is all ones. */
static void check_udp(const uint8_t *udp, const uint8_t *addresses, uint32_t address_bytes,
		      uint16_t payload_bytes)
{
	uint32_t sum = slow_sum(addresses, address_bytes) + 17 + payload_bytes + 8u +
		       slow_sum(udp, payload_bytes + 8u);

	assert_int_equal(fold_be(sum), 0xffff);
	assert_int_not_equal(rw_load_be16(udp + 6), 0);
	assert_int_equal(rw_load_be16(udp + 4), payload_bytes + 8);
	assert_int_equal(rw_load_be16(udp), 8000);
	assert_int_equal(rw_load_be16(udp + 2), 4000);
}

static uint8_t *paste(struct encap *e, const char *local, const char *peer, uint16_t vlan,
		      uint16_t payload_bytes)
{
	struct rw_endpoint l = bench_endpoint(local), p = bench_endpoint(peer);
	struct adj_view adj = ready;

	adj.vlan = vlan;
	encap_build(e, &adj, &l, &p, 0xb8);
	for (unsigned int i = 0; i < payload_bytes; i++)
		buffer[ENCAP_BYTES + i] = (uint8_t)(i * 11 + 3);
	return encap_paste(e, buffer + ENCAP_BYTES, payload_bytes);
}

static void check_ip4(const uint8_t *ip, uint16_t payload_bytes)
{
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ip[1], 0xb8);
	assert_int_equal(rw_load_be16(ip + 2), payload_bytes + 28);
	assert_int_equal(rw_load_be16(ip + 6), 0x4000);
	assert_int_equal(ip[8], 64);
	assert_int_equal(ip[9], 17);
	assert_int_equal(fold_be(slow_sum(ip, 20)), 0xffff);
	assert_memory_equal(ip + 12, "\xc0\x00\x02\x01\xc6\x33\x64\x01", 8);
	check_udp(ip + 20, ip + 12, 8, payload_bytes);
}

static void test_ip4(void **state)
{
	struct encap e;

	(void)state;
	for (uint16_t n = 0; n < 1472; n = (uint16_t)(n < 70 ? n + 1 : n + 97)) {
		uint8_t *f = paste(&e, "192.0.2.1:8000", "198.51.100.1:4000", 0, n);

		assert_ptr_equal(f, buffer + ENCAP_BYTES - 42);
		assert_memory_equal(f, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00", 14);
		assert_int_equal(encap_packet_bytes(&e, n), n + 28);
		check_ip4(f + 14, n);
	}
}

static void test_ip4_vlan(void **state)
{
	struct encap e;
	uint8_t *f = paste(&e, "192.0.2.1:8000", "198.51.100.1:4000", 4094, 33);

	(void)state;
	assert_ptr_equal(f, buffer + ENCAP_BYTES - 46);
	assert_memory_equal(f, "\2\0\0\0\0\1\2\0\0\0\0\2\x81\x00\x0f\xfe\x08\x00", 18);
	check_ip4(f + 18, 33);
}

static void check_ip6(const uint8_t *ip, uint16_t payload_bytes)
{
	struct rw_endpoint local = bench_endpoint("[2001:db8::1]:0");
	struct rw_endpoint peer = bench_endpoint("[2001:db8:ffff::abcd]:0");

	assert_int_equal(rw_load_be32(ip), 0x6b800000);
	assert_int_equal(rw_load_be16(ip + 4), payload_bytes + 8);
	assert_int_equal(ip[6], 17);
	assert_int_equal(ip[7], 64);
	assert_memory_equal(ip + 8, local.ip.bytes, 16);
	assert_memory_equal(ip + 24, peer.ip.bytes, 16);
	check_udp(ip + 40, ip + 8, 32, payload_bytes);
}

static void test_ip6(void **state)
{
	struct encap e;
	uint8_t *f;

	(void)state;
	for (uint16_t n = 0; n < 70; n++) {
		f = paste(&e, "[2001:db8::1]:8000", "[2001:db8:ffff::abcd]:4000", 0, n);
		assert_ptr_equal(f, buffer + ENCAP_BYTES - 62);
		assert_memory_equal(f + 12, "\x86\xdd", 2);
		check_ip6(f + 14, n);
	}
	f = paste(&e, "[2001:db8::1]:8000", "[2001:db8:ffff::abcd]:4000", 7, 171);
	assert_ptr_equal(f, buffer + ENCAP_BYTES - 66);
	assert_memory_equal(f + 12, "\x81\x00\x00\x07\x86\xdd", 6);
	check_ip6(f + 18, 171);
}

/* A checksum that comes out as 0 is sent as 0xffff (RFC 768). */
static void test_never_zero(void **state)
{
	struct encap e;
	uint8_t *f;

	(void)state;
	for (uint32_t x = 0; x < 0x10000; x++) {
		f = paste(&e, "192.0.2.1:8000", "198.51.100.1:4000", 0, 2);
		rw_store_be16(buffer + ENCAP_BYTES, (uint16_t)x);
		f = encap_paste(&e, buffer + ENCAP_BYTES, 2);
		check_udp(f + 34, f + 26, 8, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inet_sum),   cmocka_unit_test(test_ip4),
		cmocka_unit_test(test_ip4_vlan),   cmocka_unit_test(test_ip6),
		cmocka_unit_test(test_never_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
