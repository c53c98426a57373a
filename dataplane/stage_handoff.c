/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handoff: packets that a port delivered to another worker than the one that owns their flow. They
 * cross as they came and are parsed again over there: cheaper than to carry what parse found, and
 * nothing has to be trusted. Thread: worker.
 */
#include "worker_io.h"

#include <rte_ring.h>

#include "wake.h"

unsigned int stage_handoff_take(struct worker *w, unsigned int from)
{
	struct rte_ring *ring = w->config.handoff_in[from];
	struct rte_mbuf *frames[BATCH_MAX];
	unsigned int n;

	if (!ring)
		return 0;
	n = rte_ring_dequeue_burst(ring, (void **)frames, BATCH_MAX, NULL);
	for (unsigned int i = 0; i < n; i++)
		worker_add(w, frames[i], frames[i]->port);
	if (n)
		count(&w->path, RW_COUNT_handoff_in, n);
	return n;
}

void stage_handoff_put(struct worker *w, struct rte_mbuf *m, unsigned int owner)
{
	struct frame_list *list = &w->handoff[owner];

	list->frames[list->count++] = m;
}

static void hand_over(struct worker *w, unsigned int to)
{
	struct frame_list *list = &w->handoff[to];
	struct rte_ring *ring = w->config.handoff_out[to];
	unsigned int sent = 0, rest;

	if (ring)
		sent = rte_ring_enqueue_burst(ring, (void **)list->frames, list->count, NULL);
	rest = list->count - sent;
	list->count = 0;
	count(&w->path, RW_COUNT_handoff_out, sent);
	if (sent)
		wake_up(w->config.wake[to]);
	if (rest == 0)
		return;
	w->path.config.stats->drops[RW_DROP_handoff_full] += rest;
	rte_pktmbuf_free_bulk(list->frames + sent, rest);
}

void stage_handoff_flush(struct worker *w)
{
	for (unsigned int i = 0; i < w->config.limits.workers; i++)
		if (w->handoff[i].count)
			hand_over(w, i);
}
