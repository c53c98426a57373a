/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks at everything that arrives (wire_loop_own.h): is it for this address and port, from the relay, whole, new. Generator:
 * no allocation, no system call, no log.
 */
#include "wire_loop_own.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "rtpwire/bytes.h"

#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_IP4 0x0800u
#define ETHERTYPE_IP6 0x86ddu
#define PROTOCOL_UDP 17u
#define UDP_BYTES 8u
#define WINDOW_BITS 64u

/* A datagram that arrived for one of our streams. */
struct datagram {
	struct wire_rx *rx;
	const uint8_t *source; /* address, source_bytes of it */
	uint8_t *data;
	uint16_t len_bytes;
	uint16_t source_port_be;
	uint8_t source_bytes;
	bool usable;
};

static inline struct wire_rx *find_stream(const struct wire_flows *f, const uint8_t *to,
					  unsigned int bytes, uint16_t port)
{
	uint32_t at = (uint32_t)port - f->port_min, stream;

	if (at >= f->ports)
		return NULL;
	for (unsigned int i = 0; i < f->local_count; i++) {
		const struct rw_ip *ip = &f->local[i];

		if ((ip->family == RW_FAMILY_IP6 ? 16u : 4u) != bytes ||
		    memcmp(ip->bytes, to, bytes) != 0)
			continue;
		stream = f->by_port[i * f->ports + at];
		return stream == WIRE_NO_STREAM ? NULL : &f->rx[stream];
	}
	return NULL;
}

/* ip: an IP header of ip_bytes whose addresses end with it; udp: what it carries. */
static bool take_udp(struct wire_loop *g, struct datagram *d, const uint8_t *ip_end,
		     unsigned int address_bytes, uint8_t *udp, uint32_t bytes)
{
	const uint8_t *to = ip_end - address_bytes, *from = to - address_bytes;
	uint16_t len = bytes < UDP_BYTES ? 0 : rw_load_be16(udp + 4);
	uint64_t sum;

	if (len < UDP_BYTES || len > bytes)
		return false;
	d->rx = find_stream(g->flows, to, address_bytes, rw_load_be16(udp + 2));
	if (!d->rx)
		return false;
	rte_prefetch0(d->rx);
	sum = (uint64_t)inet_sum(from, 2 * address_bytes) + inet_sum(udp, len) +
	      htons(PROTOCOL_UDP) + htons(len);
	if (sum % 0xffff != 0) {
		g->counts.wrong_checksum++;
		d->usable = false;
	}
	d->source = from;
	d->source_bytes = (uint8_t)address_bytes;
	memcpy(&d->source_port_be, udp, 2);
	d->data = udp + UDP_BYTES;
	d->len_bytes = (uint16_t)(len - UDP_BYTES);
	return true;
}

static bool take_ip4(struct wire_loop *g, struct datagram *d, uint8_t *ip, uint32_t bytes)
{
	if (bytes < 20 || ip[0] != 0x45 || ip[9] != PROTOCOL_UDP || rw_load_be16(ip + 2) > bytes ||
	    rw_load_be16(ip + 2) < 20)
		return false;
	if (!take_udp(g, d, ip + 20, 4, ip + 20, rw_load_be16(ip + 2) - 20u))
		return false;
	if (inet_sum(ip, 20) != 0xffff && d->usable) {
		g->counts.wrong_checksum++;
		d->usable = false;
	}
	return true;
}

static bool take_ip6(struct wire_loop *g, struct datagram *d, uint8_t *ip, uint32_t bytes)
{
	if (bytes < 40 || ip[6] != PROTOCOL_UDP || rw_load_be16(ip + 4) > bytes - 40)
		return false;
	return take_udp(g, d, ip + 40, 16, ip + 40, rw_load_be16(ip + 4));
}

/* False when the frame is not for one of our streams. */
static bool take(struct wire_loop *g, struct datagram *d, struct rte_mbuf *m)
{
	uint8_t *at = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t bytes = m->data_len;
	unsigned int link = 14;

	if (m->nb_segs != 1 || bytes < 18)
		return false;
	if (rw_load_be16(at + 12) == ETHERTYPE_VLAN)
		link = 18;
	d->usable = true;
	if (rw_load_be16(at + link - 2) == ETHERTYPE_IP4)
		return take_ip4(g, d, at + link, bytes - link);
	if (rw_load_be16(at + link - 2) == ETHERTYPE_IP6)
		return take_ip6(g, d, at + link, bytes - link);
	return false;
}

/* Opens what is secured; usable says which packets still count. */
static void unprotect(struct wire_loop *g, struct datagram *all, unsigned int n, uint64_t now_ns)
{
	struct datagram *secured[WIRE_BURST_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct srtp_packet *p = &g->srtp[count];

		if (!all[i].usable || !all[i].rx->context)
			continue;
		secured[count++] = &all[i];
		p->context = all[i].rx->context;
		p->other = NULL;
		p->data = all[i].data;
		p->len_bytes = all[i].len_bytes;
		p->rtcp = false;
	}
	if (!count)
		return;
	srtp_batch_unprotect(g->flows->srtp, g->srtp, count, now_ns);
	for (unsigned int i = 0; i < count; i++) {
		secured[i]->len_bytes = g->srtp[i].len_bytes;
		if (g->srtp[i].status == SRTP_OK)
			continue;
		secured[i]->usable = false;
		if (g->srtp[i].status == SRTP_AUTH_FAILED)
			g->counts.srtp_auth_failed++;
		else
			g->counts.srtp_other++;
	}
}

/* Marks a number as arrived. False when it had before, or may have; then it is counted as that. */
static inline bool note_number(struct wire_loop *g, struct wire_rx *r, uint32_t number)
{
	uint32_t behind;

	if (number == r->next) {
		r->window = r->window << 1 | 1;
		r->next++;
		return true;
	}
	if ((int32_t)(number - r->next) > 0) {
		uint32_t steps = number + 1 - r->next;

		r->window = steps < WINDOW_BITS ? r->window << steps | 1 : 1;
		r->next = number + 1;
		return true;
	}
	behind = r->next - 1 - number;
	if (behind >= WINDOW_BITS) {
		g->counts.too_late++;
		return false;
	}
	if (r->window >> behind & 1) {
		g->counts.duplicates++;
		return false;
	}
	r->window |= 1ull << behind;
	g->counts.reordered++;
	return true;
}

static inline void note_time(struct wire_loop *g, struct wire_rx *r, uint64_t sent_ns,
			     uint64_t now_ns)
{
	int64_t transit = (int64_t)(now_ns - sent_ns), d = transit - r->transit_ns;

	hdr_record(&g->latency[g->filling], transit > 0 ? (uint64_t)transit : 0);
	if (r->transit_ns) {
		d = d < 0 ? -d : d;
		r->jitter = (uint32_t)(r->jitter + d - ((int64_t)r->jitter + 8) / 16);
	}
	r->transit_ns = transit;
}

static inline bool same_content(const struct wire_flows *f, const struct datagram *d,
				const struct wire_stamp *stamp)
{
	return rw_load_be32(d->data) == (0x80000000u | (stamp->number & 0xffffu)) &&
	       rw_load_be32(d->data + 4) == stamp->number * 160u &&
	       memcmp(d->data + WIRE_RTP_BYTES + WIRE_PAYLOAD_MIN, f->pattern + WIRE_PAYLOAD_MIN,
		      f->payload_bytes - WIRE_PAYLOAD_MIN) == 0;
}

static inline void check(struct wire_loop *g, const struct datagram *d, uint64_t now_ns)
{
	const struct wire_flows *f = g->flows;
	struct wire_rx *r = d->rx;
	struct wire_stamp stamp;

	if (d->len_bytes != WIRE_RTP_BYTES + f->payload_bytes) {
		g->counts.wrong_payload++;
		return;
	}
	memcpy(&stamp, d->data + WIRE_RTP_BYTES, sizeof(stamp));
	if (stamp.run != f->run) {
		g->counts.wrong_payload++;
	} else if (stamp.trial != g->trial) {
		g->counts.late++;
	} else if (stamp.stream != r->stream) {
		g->counts.wrong_destination++;
	} else if (!same_content(f, d, &stamp)) {
		g->counts.wrong_payload++;
	} else if (d->source_port_be != r->source_port_be || d->source_bytes != r->source_bytes ||
		   memcmp(d->source, r->source, d->source_bytes) != 0) {
		g->counts.wrong_source++;
	} else if (note_number(g, r, stamp.number)) {
		g->counts.received++;
		r->received++;
		note_time(g, r, stamp.sent_ns, now_ns);
	}
}

/* Frames of others go where the kernel's share goes, if it has one; those that went become NULL. */
static void foreign(struct wire_loop *g, unsigned int port, struct rte_mbuf **frame)
{
	g->counts.foreign++;
	if (wire_bypass(g->queues, port, *frame))
		*frame = NULL;
}

static void check_burst(struct wire_loop *g, unsigned int port, struct rte_mbuf **frames,
			unsigned int n, uint64_t now_ns)
{
	struct datagram all[WIRE_BURST_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (i + 1 < n)
			rte_prefetch0(rte_pktmbuf_mtod(frames[i + 1], void *));
		if (!g->queues->ports[port].bypass_all && take(g, &all[count], frames[i]))
			count++;
		else
			foreign(g, port, &frames[i]);
	}
	if (g->flows->srtp)
		unprotect(g, all, count, now_ns);
	for (unsigned int i = 0; i < count; i++)
		if (all[i].usable)
			check(g, &all[i], now_ns);
}

unsigned int wire_receive(struct wire_loop *g)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < g->queues->queue_count; i++) {
		const struct worker_queue *q = &g->queues->queues[i];
		struct rte_mbuf *frames[WIRE_BURST_MAX];
		uint16_t n = rte_eth_rx_burst(q->ethdev, q->queue, frames, WIRE_BURST_MAX);

		if (!n)
			continue;
		g->last_rx_tsc = rte_rdtsc();
		check_burst(g, q->port, frames, n, wire_ns(g, g->last_rx_tsc));
		rte_pktmbuf_free_bulk(frames, n);
		total += n;
	}
	return total;
}
