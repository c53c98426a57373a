/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse: Ethernet, one 802.1Q tag, IPv4 or IPv6, UDP; decides whether a frame is media of ours and
 * of which worker. What is not ours goes the kernel's way. Nothing is read beyond p->len_bytes.
 * Thread: worker.
 */
#include "stage.h"

#include "rtpwire/bytes.h"
#include "rtpwire/shard.h"

#define ETHERNET_BYTES 14u
#define VLAN_TAG_BYTES 4u
#define IP4_BYTES 20u
#define IP6_BYTES 40u
#define IP6_FRAGMENT_BYTES 8u
#define UDP_BYTES 8u

#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_IP4 0x0800u
#define ETHERTYPE_IP6 0x86ddu
#define PROTOCOL_UDP 17u
#define PROTOCOL_IP6_FRAGMENT 44u

#define NO_MEDIA RW_MEDIA_MAX

/* The kernel gets its frames by another port, or has its own copy already. */
static bool not_ours(struct path *w, struct pkt *p, enum rw_drop reason)
{
	if (!(w->config.bypass_ports >> p->in_port & 1))
		return drop(w, p, reason);
	p->exit = EXIT_BYPASS;
	return false;
}

/* Index of a destination among the media addresses, or NO_MEDIA. Inlined for each family: bytes is constant then. */
static inline __attribute__((always_inline)) unsigned int find_media(const struct rw_limits *lim,
								     enum rw_family family,
								     const uint8_t *address)
{
	const size_t bytes = family == RW_FAMILY_IP4 ? 4 : 16;

	for (unsigned int i = 0; i < lim->media_count; i++)
		if (lim->media[i].family == family &&
		    memcmp(lim->media[i].bytes, address, bytes) == 0)
			return i;
	return NO_MEDIA;
}

static bool in_range(const struct path *w, uint16_t port)
{
	return port >= w->config.limits.port_min && port <= w->config.limits.port_max;
}

/*
 * A fragment of UDP to a media address: ours only if it is known to be for a media port. The others
 * may belong to a large SIP message, which the kernel puts together where it gets its frames from us.
 */
static bool fragment(struct path *w, struct pkt *p, bool is_first, const uint8_t *udp,
		     uint32_t bytes)
{
	if (is_first && bytes >= UDP_BYTES && in_range(w, rw_load_be16(udp + 2)))
		return drop(w, p, RW_DROP_fragment);
	return not_ours(w, p, RW_DROP_fragment);
}

/* udp: what IP carries, bytes long. */
static bool parse_udp(struct path *w, struct pkt *p, unsigned int media, const uint8_t *udp,
		      uint32_t bytes)
{
	uint16_t len, port;

	if (bytes < UDP_BYTES)
		return drop(w, p, RW_DROP_truncated);
	port = rw_load_be16(udp + 2);
	if (!in_range(w, port))
		return not_ours(w, p, RW_DROP_port_out_of_range);
	len = rw_load_be16(udp + 4);
	if (len < UDP_BYTES || len > bytes)
		return drop(w, p, RW_DROP_udp_malformed);
	if (p->rx_flags & PKT_UDP_CHECKSUM_BAD)
		return drop(w, p, RW_DROP_udp_checksum);
	memcpy(&p->source.port_be, udp, 2);
	p->source.zero = 0;
	p->id = rw_flow_id_make(media, port);
	p->payload_at = (uint16_t)(udp + UDP_BYTES - p->data);
	p->payload_bytes = (uint16_t)(len - UDP_BYTES);
	p->received_bytes = p->payload_bytes;
	/* what lies between the datagram and the end of the frame is padding, and ours as well */
	p->tailroom_bytes =
		(uint16_t)(p->tailroom_bytes + p->len_bytes - p->payload_at - p->payload_bytes);
	p->owner = (uint8_t)rw_shard(port, w->config.limits.workers);
	if (p->owner == w->config.index)
		return true;
	p->exit = EXIT_HANDOFF;
	return false;
}

/* RFC 791 section 3.1. ip: the packet, bytes of it are in the frame (padding included). */
static bool parse_ip4(struct path *w, struct pkt *p, const uint8_t *ip, uint32_t bytes)
{
	uint32_t header, total;
	unsigned int media;
	uint16_t fragment_field;

	if (bytes < IP4_BYTES)
		return drop(w, p, RW_DROP_truncated);
	media = find_media(&w->config.limits, RW_FAMILY_IP4, ip + 16);
	if (media == NO_MEDIA || ip[9] != PROTOCOL_UDP)
		return not_ours(w, p, RW_DROP_not_ours);
	header = (ip[0] & 0x0fu) * 4;
	total = rw_load_be16(ip + 2);
	if (ip[0] >> 4 != 4 || header < IP4_BYTES || total < header)
		return drop(w, p, RW_DROP_ip_malformed);
	if (total > bytes)
		return drop(w, p, RW_DROP_truncated);
	if (p->rx_flags & PKT_IP_CHECKSUM_BAD ||
	    (!(p->rx_flags & PKT_IP_CHECKSUM_GOOD) && inet_sum(ip, header) != 0xffff))
		return drop(w, p, RW_DROP_ip_checksum);
	fragment_field = rw_load_be16(ip + 6) & 0x3fff; /* MF and offset */
	if (fragment_field)
		return fragment(w, p, (fragment_field & 0x1fff) == 0, ip + header, total - header);
	p->source.ip = rw_ip4(ip + 12);
	return parse_udp(w, p, media, ip + header, total - header);
}

/* RFC 8200 section 3; the only extension header looked into is the fragment header, section 4.5. */
static bool parse_ip6(struct path *w, struct pkt *p, const uint8_t *ip, uint32_t bytes)
{
	const uint8_t *next = ip + IP6_BYTES;
	unsigned int media;
	uint32_t length;

	if (bytes < IP6_BYTES)
		return drop(w, p, RW_DROP_truncated);
	media = find_media(&w->config.limits, RW_FAMILY_IP6, ip + 24);
	if (media == NO_MEDIA || (ip[6] != PROTOCOL_UDP && ip[6] != PROTOCOL_IP6_FRAGMENT))
		return not_ours(w, p, RW_DROP_not_ours);
	length = rw_load_be16(ip + 4);
	if (ip[0] >> 4 != 6)
		return drop(w, p, RW_DROP_ip_malformed);
	if (length > bytes - IP6_BYTES)
		return drop(w, p, RW_DROP_truncated);
	if (ip[6] == PROTOCOL_IP6_FRAGMENT) {
		if (length < IP6_FRAGMENT_BYTES)
			return drop(w, p, RW_DROP_truncated);
		if (next[0] != PROTOCOL_UDP)
			return not_ours(w, p, RW_DROP_not_ours);
		return fragment(w, p, (rw_load_be16(next + 2) & 0xfff8) == 0,
				next + IP6_FRAGMENT_BYTES, length - IP6_FRAGMENT_BYTES);
	}
	p->source.ip = rw_ip6(ip + 8);
	return parse_udp(w, p, media, next, length);
}

static bool parse(struct path *w, struct pkt *p)
{
	uint32_t at = ETHERNET_BYTES;
	uint16_t ethertype;

	if (p->len_bytes < ETHERNET_BYTES)
		return drop(w, p, RW_DROP_truncated);
	ethertype = rw_load_be16(p->data + 12);
	if (ethertype == ETHERTYPE_VLAN && !(p->rx_flags & PKT_VLAN_STRIPPED)) {
		at += VLAN_TAG_BYTES;
		if (p->len_bytes < at)
			return drop(w, p, RW_DROP_truncated);
		ethertype = rw_load_be16(p->data + at - 2);
	}
	if (ethertype == ETHERTYPE_IP4)
		return parse_ip4(w, p, p->data + at, p->len_bytes - at);
	if (ethertype == ETHERTYPE_IP6)
		return parse_ip6(w, p, p->data + at, p->len_bytes - at);
	return not_ours(w, p, RW_DROP_not_ours);
}

void stage_parse(struct path *w, struct batch *b)
{
	batch_filter(w, b, parse);
}
