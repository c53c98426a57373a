/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends what is due (wire_loop_own.h). Generator: no allocation, no system call, no log.
 *
 * A packet is the stream's headers, pasted, the RTP header and the stamp; what follows lies in the buffer already, because
 * buffers of this pool have no other user. The UDP checksum is the stream's sum and what this packet adds to it.
 */
#include "wire_loop_own.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "rtpwire/bytes.h"

#define PREFETCH_AHEAD 4u
#define RTP_FIRST 0x80000000u /* version 2, PCMU */
#define RTP_SAMPLES 160u /* of a packet */

static inline uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)sum;
}

/* Frames that a port did not take keep their place before new ones. */
static void flush(struct wire_loop *g, unsigned int port)
{
	const struct worker_port *wp = &g->queues->ports[port];
	struct wire_list *l = &g->lists[port];
	unsigned int n = rte_eth_tx_burst(wp->ethdev, wp->tx_queue, l->frames + l->first,
					  (uint16_t)(l->count - l->first));

	g->counts.sent += n;
	g->pending -= n;
	l->first += n;
	if (l->first == l->count)
		l->first = l->count = 0;
	else
		g->counts.waits++;
}

static void flush_all(struct wire_loop *g)
{
	for (unsigned int i = 0; i < g->queues->port_count; i++)
		if (g->lists[i].count)
			flush(g, i);
}

/* Packets that are due now; what cannot be made up for any more is skipped. */
static unsigned int due(struct wire_loop *g, uint64_t tsc)
{
	uint64_t want = g->scheduled + g->pace.burst, ready;

	if (g->packets_per_tick > 0)
		want = (uint64_t)((double)(tsc - g->start_tsc) * g->packets_per_tick) + 1;
	if (g->pace.packets && want > g->pace.packets)
		want = g->pace.packets;
	if (want <= g->scheduled)
		return 0;
	ready = want - g->scheduled;
	if (ready > g->behind_max) {
		g->counts.skipped += ready - g->behind_max;
		g->scheduled += ready - g->behind_max;
		ready = g->behind_max;
	}
	if (ready < g->quantum && want != g->pace.packets)
		return 0;
	return ready < g->pace.burst ? (unsigned int)ready : g->pace.burst;
}

static inline void put_checksum(uint8_t *payload, uint64_t sum)
{
	uint16_t check = (uint16_t)~fold(sum);

	check = check ? check : 0xffff; /* 0 would mean "no checksum" */
	memcpy(payload - 2, &check, 2);
}

/* RTP header and stamp; returns what they add to the checksum. */
static inline uint64_t put_numbers(struct wire_loop *g, const struct wire_tx *t, uint8_t *payload,
				   uint64_t now_ns)
{
	struct wire_stamp stamp = { g->flows->run, t->stream, g->trial, t->next, now_ns };
	uint32_t first = htobe32(RTP_FIRST | (t->next & 0xffffu));
	uint32_t timestamp = htobe32(t->next * RTP_SAMPLES), ssrc = htobe32(t->stream);

	memcpy(payload, &first, 4);
	memcpy(payload + 4, &timestamp, 4);
	memcpy(payload + 8, &ssrc, 4);
	memcpy(payload + WIRE_RTP_BYTES, &stamp, sizeof(stamp));
	return (uint64_t)(first >> 16) + timestamp + g->trial + t->next + (now_ns >> 32) +
	       (now_ns & 0xffffffffu);
}

static inline void build(struct wire_loop *g, struct wire_tx *t, struct rte_mbuf *m,
			 uint64_t now_ns)
{
	uint8_t *payload = (uint8_t *)m->buf_addr + WIRE_PAYLOAD_AT;
	unsigned int bytes = t->head_bytes + WIRE_RTP_BYTES + g->flows->payload_bytes;
	uint64_t sum;

	memcpy(payload - ENCAP_BYTES, t->head, ENCAP_BYTES);
	sum = t->sum + put_numbers(g, t, payload, now_ns);
	if (!g->keeps_pattern)
		memcpy(payload + WIRE_RTP_BYTES + WIRE_PAYLOAD_MIN,
		       g->flows->pattern + WIRE_PAYLOAD_MIN,
		       g->flows->payload_bytes - WIRE_PAYLOAD_MIN);
	if (!t->context)
		put_checksum(payload, sum);
	t->next++;
	m->data_off = (uint16_t)(WIRE_PAYLOAD_AT - t->head_bytes);
	m->data_len = (uint16_t)bytes;
	m->pkt_len = bytes;
}

static inline void put(struct wire_loop *g, unsigned int port, struct rte_mbuf *m)
{
	struct wire_list *l = &g->lists[port];

	l->frames[l->count++] = m;
}

/* Secures the n packets of a burst that have a key. One that cannot be is sent as it is: the relay refuses it. */
static void secure(struct wire_loop *g, struct rte_mbuf **frames, struct wire_tx **from,
		   unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct srtp_packet *p = &g->srtp[i];

		p->context = from[i]->context;
		p->data = (uint8_t *)frames[i]->buf_addr + WIRE_PAYLOAD_AT;
		p->len_bytes = (uint16_t)(WIRE_RTP_BYTES + g->flows->payload_bytes);
		p->room_bytes = SRTP_TRAILER_MAX;
		p->rtcp = false;
		p->fixed = false;
	}
	srtp_batch_protect(g->flows->srtp, g->srtp, n);
	for (unsigned int i = 0; i < n; i++) {
		const struct srtp_packet *p = &g->srtp[i];

		put_checksum(p->data, from[i]->sum + (uint64_t)inet_sum(p->data, p->len_bytes));
		frames[i]->data_len = (uint16_t)(from[i]->head_bytes + p->len_bytes);
		frames[i]->pkt_len = frames[i]->data_len;
	}
}

static void send_burst(struct wire_loop *g, unsigned int n, uint64_t now_ns)
{
	struct rte_mbuf *frames[WIRE_BURST_MAX], *keyed[WIRE_BURST_MAX];
	struct wire_tx *from[WIRE_BURST_MAX];
	unsigned int keyed_count = 0;

	if (rte_pktmbuf_alloc_bulk(g->queues->tx_pool, frames, n) < 0)
		return; /* the port has them all: they stay due */
	for (unsigned int i = 0; i < n; i++) {
		struct wire_tx *t = &g->flows->tx[g->cursor];

		rte_prefetch0(t + PREFETCH_AHEAD);
		rte_prefetch0((uint8_t *)(t + PREFETCH_AHEAD) + 64);
		g->cursor = g->cursor + 1 == g->flows->count ? 0 : g->cursor + 1;
		build(g, t, frames[i], now_ns);
		put(g, t->port, frames[i]);
		if (t->context) {
			keyed[keyed_count] = frames[i];
			from[keyed_count++] = t;
		}
	}
	if (keyed_count)
		secure(g, keyed, from, keyed_count);
	g->pending += n;
	g->scheduled += n;
	flush_all(g);
}

void wire_give_up(struct wire_loop *g)
{
	for (unsigned int port = 0; port < WORKER_PORTS_MAX; port++) {
		struct wire_list *l = &g->lists[port];

		rte_pktmbuf_free_bulk(l->frames, l->count);
		g->counts.sent += l->count;
		l->count = 0;
	}
	g->pending = 0;
}

void wire_send(struct wire_loop *g, uint64_t tsc)
{
	unsigned int n;

	if (g->pending && tsc < g->retry_tsc)
		return;
	if (g->pending)
		flush_all(g);
	if (g->pending) {
		g->retry_tsc = tsc + g->retry_ticks;
		return;
	}
	n = due(g, tsc);
	if (n)
		send_burst(g, n, wire_ns(g, tsc));
}
