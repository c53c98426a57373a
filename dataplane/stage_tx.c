/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tx: carries out the exits of a batch. Frames are collected per port and leave by this worker's
 * queue, or by the ring to the worker that has one. Thread: worker.
 */
#include "worker_io.h"

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ring.h>

#include "wake.h"

/* A queue may be full only until the driver has reclaimed what was sent. */
#define TX_ATTEMPTS 4

static void drop_unsent(struct worker *w, struct rte_mbuf **frames, unsigned int n)
{
	w->path.config.stats->drops[RW_DROP_tx_full] += n;
	rte_pktmbuf_free_bulk(frames, n);
}

static uint64_t bytes_of(struct rte_mbuf **frames, unsigned int n)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < n; i++)
		bytes += frames[i]->pkt_len;
	return bytes;
}

static void send_by_queue(struct worker *w, const struct worker_port *wp, struct frame_list *list)
{
	uint64_t bytes = bytes_of(list->frames, list->count); /* before they belong to the driver */
	unsigned int sent = 0, rest;

	for (int i = 0; i < TX_ATTEMPTS && sent < list->count; i++)
		sent += rte_eth_tx_burst(wp->ethdev, wp->tx_queue, list->frames + sent,
					 (uint16_t)(list->count - sent));
	rest = list->count - sent;
	count(&w->path, RW_COUNT_tx_packets, sent);
	count(&w->path, RW_COUNT_tx_bytes, bytes - bytes_of(list->frames + sent, rest));
	if (rest)
		drop_unsent(w, list->frames + sent, rest);
}

/* The owner learns the port from the mbuf. */
static void send_by_owner(struct worker *w, const struct worker_port *wp, struct frame_list *list)
{
	struct rte_ring *ring = NULL;
	unsigned int sent = 0;

	if (wp->tx_owner < RW_WORKERS_MAX)
		ring = w->config.tx_out[wp->tx_owner];
	if (ring)
		sent = rte_ring_enqueue_burst(ring, (void **)list->frames, list->count, NULL);
	count(&w->path, RW_COUNT_tx_handoff, sent);
	if (sent)
		wake_up(w->config.wake[wp->tx_owner]);
	if (sent < list->count)
		drop_unsent(w, list->frames + sent, list->count - sent);
}

void stage_tx_put(struct worker *w, struct rte_mbuf *m, unsigned int port)
{
	struct frame_list *list = &w->tx[port];

	m->port = (uint16_t)port;
	list->frames[list->count++] = m;
}

void stage_tx_flush(struct worker *w)
{
	for (unsigned int i = 0; i < w->config.port_count; i++) {
		const struct worker_port *wp = &w->config.ports[i];

		if (w->tx[i].count == 0)
			continue;
		if (wp->tx_queue != WORKER_NO_QUEUE)
			send_by_queue(w, wp, &w->tx[i]);
		else
			send_by_owner(w, wp, &w->tx[i]);
		w->tx[i].count = 0;
	}
}

unsigned int stage_tx_take(struct worker *w, unsigned int from)
{
	struct rte_ring *ring = w->config.tx_in[from];
	struct rte_mbuf *frames[BATCH_MAX];
	unsigned int n;

	if (!ring)
		return 0;
	n = rte_ring_dequeue_burst(ring, (void **)frames, BATCH_MAX, NULL);
	for (unsigned int i = 0; i < n; i++)
		stage_tx_put(w, frames[i], frames[i]->port);
	if (n)
		stage_tx_flush(w);
	return n;
}

/* The mbuf becomes what the pipe has made of its packet. */
static void finish(struct worker *w, const struct pkt *p)
{
	struct rte_mbuf *m = p->mbuf;

	if (p->out_port >= w->config.port_count) {
		w->path.config.stats->drops[RW_DROP_no_route]++;
		worker_done(w, m);
		return;
	}
	m->data_off = (uint16_t)(p->data - (uint8_t *)m->buf_addr);
	m->data_len = p->len_bytes;
	m->pkt_len = p->len_bytes;
	m->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT; /* nothing of what rx said */
	stage_tx_put(w, m, p->out_port);
}

/* The kernel gets the frame as it came, also the tag that the port took off. */
static void bypass(struct worker *w, const struct pkt *p)
{
	unsigned int to = (unsigned int)w->config.ports[p->in_port].bypass_port;
	struct rte_mbuf *m = p->mbuf;

	if (m->pkt_len > w->config.ports[to].frame_max) {
		w->path.config.stats->drops[RW_DROP_mtu_exceeded]++;
		worker_done(w, m);
		return;
	}
	if (p->rx_flags & PKT_VLAN_STRIPPED && rte_vlan_insert(&m) < 0) {
		w->path.config.stats->drops[RW_DROP_no_memory]++;
		worker_done(w, m);
		return;
	}
	count(&w->path, RW_COUNT_kernel_packets, 1);
	stage_tx_put(w, m, to);
}

void stage_tx(struct worker *w)
{
	struct batch *b = &w->batch;

	for (unsigned int i = 0; i < b->count; i++) {
		struct pkt *p = &b->pkt[i];
		struct rte_mbuf *m = p->mbuf;

		switch (p->exit) {
		case EXIT_TX:
			finish(w, p);
			break;
		case EXIT_BYPASS:
			bypass(w, p);
			break;
		case EXIT_HANDOFF:
			m->port = p->in_port;
			stage_handoff_put(w, m, p->owner);
			break;
		default:
			worker_done(w, m);
			break;
		}
	}
	batch_reset(b);
	stage_handoff_flush(w);
	stage_tx_flush(w);
	worker_free_done(w);
}
