/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rx: mbufs from a port become packets of a batch. Thread: worker.
 */
#include "worker_io.h"

#include <rte_ethdev.h>
#include <rte_prefetch.h>

/* What the port knows, without DPDK's names. A checksum that it did not look at is neither. */
static uint8_t rx_flags(const struct rte_mbuf *m)
{
	uint64_t ip = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint8_t flags = 0;

	if (ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		flags |= PKT_IP_CHECKSUM_GOOD;
	if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		flags |= PKT_IP_CHECKSUM_BAD;
	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		flags |= PKT_UDP_CHECKSUM_BAD;
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		flags |= PKT_VLAN_STRIPPED;
	return flags;
}

void worker_add(struct worker *w, struct rte_mbuf *m, unsigned int port)
{
	struct pkt *p;

	if (m->nb_segs > 1 && rte_pktmbuf_linearize(m) < 0) {
		w->path.config.stats->drops[RW_DROP_no_memory]++;
		rte_pktmbuf_free(m);
		return;
	}
	p = batch_add(&w->batch);
	p->data = rte_pktmbuf_mtod(m, uint8_t *);
	p->mbuf = m;
	p->len_bytes = m->data_len;
	p->headroom_bytes = rte_pktmbuf_headroom(m);
	p->tailroom_bytes = rte_pktmbuf_tailroom(m);
	p->in_port = (uint8_t)port;
	p->rx_flags = rx_flags(m);
}

static unsigned int receive(struct worker *w, const struct worker_queue *q,
			    struct rte_mbuf **frames)
{
	unsigned int n = rte_eth_rx_burst(q->ethdev, q->queue, frames, BATCH_MAX);
	uint64_t bytes = 0;

	if (n == 0)
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
		bytes += frames[i]->pkt_len;
	}
	count(&w->path, RW_COUNT_rx_packets, n);
	count(&w->path, RW_COUNT_rx_bytes, bytes);
	return n;
}

unsigned int stage_rx(struct worker *w, const struct worker_queue *q)
{
	struct rte_mbuf *frames[BATCH_MAX];
	unsigned int n = receive(w, q, frames);

	for (unsigned int i = 0; i < n; i++)
		worker_add(w, frames[i], q->port);
	return n;
}

unsigned int stage_rx_bypass(struct worker *w, const struct worker_queue *q)
{
	int to = w->config.ports[q->port].bypass_port;
	struct rte_mbuf *frames[BATCH_MAX];
	unsigned int n = receive(w, q, frames);

	if (n == 0)
		return 0;
	if (to < 0) {
		w->path.config.stats->drops[RW_DROP_not_ours] += n;
		rte_pktmbuf_free_bulk(frames, n);
		return n;
	}
	for (unsigned int i = 0; i < n; i++)
		stage_tx_put(w, frames[i], (unsigned int)to);
	count(&w->path, RW_COUNT_kernel_packets, n);
	stage_tx_flush(w);
	return n;
}
