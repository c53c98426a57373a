/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header templates and checksums. Thread: worker.
 *
 * The UDP checksum is computed over the whole payload each time. It is never patched from the received
 * one: frames of local senders on a veth or tap carry only a partial checksum.
 */
#include "encap.h"

#include <string.h>

#include "rtpwire/bytes.h"

#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_IP4 0x0800u
#define ETHERTYPE_IP6 0x86ddu
#define PROTOCOL_UDP 17u
#define IP4_DONT_FRAGMENT 0x4000u
#define UDP_BYTES 8u

static inline uint32_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint32_t)sum;
}

/* The last bytes, below 16. Copies of a fixed size are loads; a single one of the rest would be a call. */
static inline uint64_t tail_sum(const uint8_t *data, uint32_t len_bytes)
{
	uint32_t w[2] = { 0 };
	uint64_t sum = 0;
	uint16_t half = 0;

	if (len_bytes & 8) {
		memcpy(w, data, 8);
		sum = (uint64_t)w[0] + w[1];
		data += 8;
	}
	if (len_bytes & 4) {
		memcpy(w, data, 4);
		sum += w[0];
		data += 4;
	}
	if (len_bytes & 2) {
		memcpy(&half, data, 2);
		sum += half;
		data += 2;
	}
	half = 0;
	if (len_bytes & 1)
		memcpy(&half, data, 1);
	return sum + half;
}

uint32_t inet_sum(const uint8_t *data, uint32_t len_bytes)
{
	uint64_t even = 0, odd = 0;
	uint32_t w[4];

	/* 32-bit words into 64-bit sums: no carry is lost below 2^32 words. */
	for (; len_bytes >= 16; data += 16, len_bytes -= 16) {
		memcpy(w, data, 16);
		even += (uint64_t)w[0] + w[2];
		odd += (uint64_t)w[1] + w[3];
	}
	return fold(even + odd + tail_sum(data, len_bytes));
}

static void put_link(uint8_t *at, const struct adj_view *adj, uint16_t ethertype)
{
	memcpy(at, adj->dst_mac, 6);
	memcpy(at + 6, adj->src_mac, 6);
	at += 12;
	if (adj->vlan) {
		rw_store_be16(at, ETHERTYPE_VLAN);
		rw_store_be16(at + 2, adj->vlan);
		at += 4;
	}
	rw_store_be16(at, ethertype);
}

/* RFC 791 section 3.1. Identification stays 0, as RFC 6864 allows when DF is set. */
static void put_ip4(uint8_t *at, const struct rw_ip *local, const struct rw_ip *peer, uint8_t tos)
{
	at[0] = 0x45;
	at[1] = tos;
	rw_store_be16(at + 6, IP4_DONT_FRAGMENT);
	at[8] = ENCAP_HOPS;
	at[9] = PROTOCOL_UDP;
	memcpy(at + 12, local->bytes, 4);
	memcpy(at + 16, peer->bytes, 4);
}

/* RFC 8200 section 3. */
static void put_ip6(uint8_t *at, const struct rw_ip *local, const struct rw_ip *peer, uint8_t tos)
{
	rw_store_be32(at, 0x60000000u | (uint32_t)tos << 20);
	at[6] = PROTOCOL_UDP;
	at[7] = ENCAP_HOPS;
	memcpy(at + 8, local->bytes, 16);
	memcpy(at + 24, peer->bytes, 16);
}

/* Sum of what does not change in UDP header and pseudo header (RFC 768; RFC 8200 section 8.1). */
static uint32_t udp_sum(const uint8_t *udp, const struct rw_ip *local, const struct rw_ip *peer)
{
	uint8_t protocol[2] = { 0, PROTOCOL_UDP };

	return fold((uint64_t)inet_sum(udp, UDP_BYTES) + inet_sum(local->bytes, 16) +
		    inet_sum(peer->bytes, 16) + inet_sum(protocol, 2));
}

void encap_build(struct encap *e, const struct adj_view *adj, const struct rw_endpoint *local,
		 const struct rw_endpoint *peer, uint8_t tos)
{
	bool ip6 = peer->ip.family == RW_FAMILY_IP6;
	uint8_t *udp = e->bytes + ENCAP_BYTES - UDP_BYTES, *ip;

	memset(e, 0, sizeof(*e));
	e->link_bytes = adj->vlan ? 18 : 14;
	e->ip_bytes = ip6 ? 40 : 20;
	ip = udp - e->ip_bytes;
	put_link(ip - e->link_bytes, adj, ip6 ? ETHERTYPE_IP6 : ETHERTYPE_IP4);
	if (ip6)
		put_ip6(ip, &local->ip, &peer->ip, tos);
	else
		put_ip4(ip, &local->ip, &peer->ip, tos);
	memcpy(udp, &local->port_be, 2);
	memcpy(udp + 2, &peer->port_be, 2);
	e->ip_sum = inet_sum(ip, 20);
	e->udp_sum = udp_sum(udp, &local->ip, &peer->ip);
}

uint8_t *encap_paste(const struct encap *e, uint8_t *payload, uint16_t payload_bytes)
{
	uint8_t *udp = payload - UDP_BYTES, *ip = udp - e->ip_bytes;
	uint16_t udp_len_be = htons((uint16_t)(payload_bytes + UDP_BYTES));
	uint16_t ip_len_be = htons((uint16_t)(payload_bytes + UDP_BYTES + e->ip_bytes));
	uint16_t sum;

	memcpy(payload - ENCAP_BYTES, e->bytes, ENCAP_BYTES);
	/* The length counts twice: in the pseudo header and in the UDP header. */
	sum = (uint16_t)~fold((uint64_t)e->udp_sum + udp_len_be + udp_len_be +
			      inet_sum(payload, payload_bytes));
	if (sum == 0)
		sum = 0xffff; /* 0 would mean "no checksum" */
	memcpy(udp + 4, &udp_len_be, 2);
	memcpy(udp + 6, &sum, 2);
	if (e->ip_bytes == 20) {
		sum = (uint16_t)~fold((uint64_t)e->ip_sum + ip_len_be);
		memcpy(ip + 2, &ip_len_be, 2);
		memcpy(ip + 10, &sum, 2);
	} else {
		memcpy(ip + 4, &udp_len_be, 2);
	}
	return ip - e->link_bytes;
}
