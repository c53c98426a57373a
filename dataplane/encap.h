/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers of everything a flow sends, built once and pasted before each payload:
 * Ethernet [802.1Q] IPv4 or IPv6, UDP. No DPDK type here. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_ENCAP_H
#define RTPWIRE_DATAPLANE_ENCAP_H

#include <stdint.h>

#include "rtpwire/addr.h"

#include "adj.h"

/* Room that must be writable before a payload: the longest header (66) up to a whole number of words. */
#define ENCAP_BYTES 72u

#define ENCAP_HOPS 64u /* IPv4 TTL, IPv6 hop limit */

struct encap {
	uint8_t bytes[ENCAP_BYTES]; /* headers at the end, lengths and checksums zero */
	uint32_t ip_sum; /* of the IPv4 header, folded, native order */
	uint32_t udp_sum; /* of pseudo header and UDP header, folded, native order */
	uint8_t link_bytes; /* Ethernet header, 14 or 18 */
	uint8_t ip_bytes; /* IP header, 20 or 40 */
};

/*
 * Builds the headers for packets from local to peer, which must be of one family, over the link that
 * adj describes; tos is the IPv4 TOS or the IPv6 traffic class.
 */
void encap_build(struct encap *e, const struct adj_view *adj, const struct rw_endpoint *local,
		 const struct rw_endpoint *peer, uint8_t tos);

/*
 * Writes the headers before payload and returns the start of the frame. ENCAP_BYTES before payload
 * must be writable; encap_packet_bytes() must be at most 65535.
 */
uint8_t *encap_paste(const struct encap *e, uint8_t *payload, uint16_t payload_bytes);

/* Bytes of the IP packet around a payload. */
static inline uint32_t encap_packet_bytes(const struct encap *e, uint16_t payload_bytes)
{
	return (uint32_t)e->ip_bytes + 8 + payload_bytes;
}

/*
 * One's complement sum of len bytes in native byte order (RFC 1071), folded to 16 bits. The sum of an
 * odd number of bytes is as if a zero byte followed.
 */
uint32_t inet_sum(const uint8_t *data, uint32_t len_bytes);

#endif
