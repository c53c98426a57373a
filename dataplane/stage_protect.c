/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Protect: RTP and RTCP that leave by flows with a key become SRTP and SRTCP, all of a batch together. Nothing else leaves
 * by such a flow. Thread: worker.
 */
#include "stage.h"

/* The key is the sender's own, passed on by signalling: its packets go on under the index that they have. */
static bool is_passed(const struct pkt *p)
{
	return p->opened_by && srtp_context_same_key(p->opened_by, p->out->tx);
}

/*
 * Nothing but media leaves. And while a peer whose key was passed on still uses the one before, its SRTCP waits: numbers of
 * our own would be those of the peer, and one key stream would cover two packets.
 */
static bool may_leave(struct path *w, struct pkt *p)
{
	if (!p->out->tx)
		return true;
	if (!pkt_is_media(p))
		return drop_in_flow(w, p, RW_DROP_class_refused);
	if (p->class_ == RW_CLASS_RTCP && !is_passed(p) &&
	    srtp_context_is_passed(w->config.srtp, p->out->tx))
		return drop_in_flow(w, p, RW_DROP_srtp_repeated);
	return true;
}

static unsigned int gather(struct path *w, struct batch *b)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < b->live; i++) {
		struct pkt *p = &b->pkt[b->index[i]];
		struct srtp_packet *s = &w->secure[n];

		if (!p->out->tx)
			continue;
		s->context = p->out->tx;
		s->data = p->data + p->payload_at;
		s->len_bytes = p->payload_bytes;
		s->room_bytes = p->tailroom_bytes;
		s->rtcp = p->class_ == RW_CLASS_RTCP;
		s->fixed = is_passed(p);
		s->index = p->srtp_index;
		n++;
	}
	return n;
}

static bool take(struct path *w, struct pkt *p, const struct srtp_packet *s)
{
	if (s->status != SRTP_OK)
		return drop_refused(w, p, s->status);
	p->payload_bytes = s->len_bytes;
	count(w, RW_COUNT_srtp_protected, 1);
	count(w, RW_COUNT_srtp_renumbered, (s->events & SRTP_EVENT_RENUMBERED) != 0);
	flow_keys_publish(&w->table, p->out->spec.kind, s->context,
			  flow_stats(w, p->out_slot)->srtp_tx);
	return true;
}

void stage_protect(struct path *w, struct batch *b)
{
	unsigned int n, kept = 0, at = 0;

	if (!b->securing)
		return;
	batch_filter(w, b, may_leave);
	n = gather(w, b);
	srtp_batch_protect(w->config.srtp, w->secure, n);
	for (unsigned int i = 0; i < b->live; i++) {
		struct pkt *p = &b->pkt[b->index[i]];

		if (!p->out->tx || take(w, p, &w->secure[at++]))
			b->index[kept++] = b->index[i];
	}
	b->live = kept;
}
