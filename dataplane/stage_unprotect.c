/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unprotect: SRTP and SRTCP of flows with a key become RTP and RTCP, all of a batch together. What does not pass ends here,
 * before it could move anything: statistics, learned source, peer. Thread: worker.
 */
#include "stage.h"

static bool is_secured(const struct pkt *p)
{
	return p->in->rx && pkt_is_media(p);
}

static struct srtp_context *other_context(struct path *w, struct flow *f,
					  struct rw_flow_stats *stats)
{
	if (f->rx_other && f->rx_other_until_ns && w->now.ns >= f->rx_other_until_ns)
		flow_keys_drop_other(&w->table, f, stats);
	return f->rx_other;
}

/* A packet refers to its place among those of the engine; the list stays in order. */
static unsigned int gather(struct path *w, struct batch *b)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < b->live; i++) {
		struct pkt *p = &b->pkt[b->index[i]];
		struct srtp_packet *s = &w->secure[n];

		if (!is_secured(p))
			continue;
		s->context = p->in->rx;
		s->other = other_context(w, p->in, flow_stats(w, p->in_slot));
		s->data = p->data + p->payload_at;
		s->len_bytes = p->payload_bytes;
		s->rtcp = p->class_ == RW_CLASS_RTCP;
		n++;
	}
	return n;
}

static void count_events(struct path *w, uint8_t events)
{
	count(w, RW_COUNT_srtp_roc_kept, (events & SRTP_EVENT_ROC_KEPT) != 0);
	count(w, RW_COUNT_srtp_roc_zero, (events & SRTP_EVENT_ROC_ZERO) != 0);
	count(w, RW_COUNT_srtp_roc_next, (events & SRTP_EVENT_ROC_NEXT) != 0);
	count(w, RW_COUNT_srtp_roc_previous, (events & SRTP_EVENT_ROC_PREVIOUS) != 0);
}

/* False when the packet has not passed. */
static bool take(struct path *w, struct pkt *p, const struct srtp_packet *s)
{
	struct rw_flow_stats *stats = flow_stats(w, p->in_slot);

	if (s->status != SRTP_OK)
		return drop_refused(w, p, s->status);
	p->tailroom_bytes = (uint16_t)(p->tailroom_bytes + p->payload_bytes - s->len_bytes);
	p->payload_bytes = s->len_bytes;
	p->opened_by = s->context;
	p->srtp_index = s->index;
	/* what nobody has signed, and what may be a recording of an older time, moves no address */
	if (!s->work.authenticated || s->events & SRTP_EVENT_ROC_DOUBTFUL)
		p->candidate = false;
	count(w, RW_COUNT_srtp_unprotected, 1);
	if (s->events)
		count_events(w, s->events);
	if (s->used_other && s->context == p->in->rx_other)
		flow_keys_other_used(&w->table, p->in, stats, w->now.ns);
	flow_keys_publish(&w->table, p->in->spec.kind, s->context, stats->srtp_rx);
	return true;
}

void stage_unprotect(struct path *w, struct batch *b)
{
	unsigned int n, kept = 0, at = 0;

	if (!b->secured)
		return;
	n = gather(w, b);
	srtp_batch_unprotect(w->config.srtp, w->secure, n, w->now.ns);
	for (unsigned int i = 0; i < b->live; i++) {
		struct pkt *p = &b->pkt[b->index[i]];

		if (!is_secured(p) || take(w, p, &w->secure[at++]))
			b->index[kept++] = b->index[i];
	}
	b->live = kept;
}
