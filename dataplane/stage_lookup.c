/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lookup: the flow of each packet, by its place in the table. Memory of all packets of the batch is
 * asked for before the first is looked at. Thread: worker.
 */
#include "stage.h"

static bool locate(struct path *w, struct pkt *p)
{
	p->in_slot = rw_flow_slot(p->id, &w->config.limits);
	p->in = &w->table.flows[p->in_slot];
	__builtin_prefetch(p->in);
	__builtin_prefetch(flow_stats(w, p->in_slot), 1);
	__builtin_prefetch(&flow_stats(w, p->in_slot)->ssrc[0], 1); /* most flows have one SSRC */
	return true;
}

static bool is_live(struct path *w, struct pkt *p)
{
	if (!p->in->live)
		return drop(w, p, RW_DROP_no_flow);
	p->class_ = (uint8_t)rw_demux(p->data + p->payload_at, p->payload_bytes);
	return true;
}

void stage_lookup(struct path *w, struct batch *b)
{
	batch_filter(w, b, locate);
	batch_filter(w, b, is_live);
	for (unsigned int i = 0; i < b->live; i++)
		b->secured |= b->pkt[b->index[i]].in->rx != NULL;
}
