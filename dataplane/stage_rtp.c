/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rtp: what each admitted packet is (RFC 7983), its statistics, and the flow it leaves by.
 * Thread: worker.
 */
#include "stage.h"

/* Index into flow.out_slot. */
enum output {
	OUT_RTP,
	OUT_RTCP,
};

static void count_received(struct path *w, const struct pkt *p)
{
	struct rw_flow_stats *s = flow_stats(w, p->in_slot);

	s->rx_packets++;
	s->rx_bytes += p->received_bytes;
	s->rx_last_ns = w->now.ns;
}

/* True when the packet goes on by *out. */
static bool classify(struct path *w, struct pkt *p, enum output *out)
{
	const uint8_t *payload = p->data + p->payload_at;
	struct rw_flow_stats *s = flow_stats(w, p->in_slot);
	struct rtp_header h;

	*out = OUT_RTP;
	switch (p->in->action[p->class_]) {
	case ACTION_RTP:
		if (!rtp_parse(payload, p->payload_bytes, &h))
			return drop_in_flow(w, p, RW_DROP_rtp_malformed);
		rtp_receive(s, &p->in->track, &h, p->payload_bytes, p->in->clock_hz, w->now);
		return true;
	case ACTION_RTCP:
		if (!rtcp_valid(payload, p->payload_bytes))
			return drop_in_flow(w, p, RW_DROP_rtp_malformed);
		s->rtcp_packets++;
		*out = OUT_RTCP;
		return true;
	case ACTION_PASS:
		p->class_ = RW_CLASS_UNKNOWN; /* not ours to read */
		return true;
	case ACTION_PUNT:
		punt(w, p);
		return false;
	default:
		return drop_in_flow(w, p, RW_DROP_class_refused);
	}
}

static bool rtp(struct path *w, struct pkt *p)
{
	enum output out;

	if (p->candidate && !source_still_admits(w, p))
		return false;
	count_received(w, p);
	if (!classify(w, p, &out))
		return false;
	if (p->candidate)
		source_learn(w, p);
	p->out_slot = p->in->out_slot[out];
	if (p->out_slot == FLOW_NO_SLOT)
		return drop_in_flow(w, p, RW_DROP_no_output);
	p->out = &w->table.flows[p->out_slot];
	__builtin_prefetch(&p->out->adj);
	__builtin_prefetch(&p->out->encap.bytes[ENCAP_BYTES - 1]);
	__builtin_prefetch(&flow_stats(w, p->out_slot)->tx_packets, 1);
	return true;
}

void stage_rtp(struct path *w, struct batch *b)
{
	batch_filter(w, b, rtp);
	for (unsigned int i = 0; i < b->live; i++)
		b->securing |= b->pkt[b->index[i]].out->tx != NULL;
}
