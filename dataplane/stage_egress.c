/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Egress: the frame that leaves. The payload stays where it is, the egress flow's headers are put
 * before it. What cannot leave is counted at the flow it came in by. Thread: worker.
 */
#include "stage.h"

#include "rtpwire/bytes.h"

static void count_sent(struct path *w, const struct pkt *p, const uint8_t *payload)
{
	struct rw_flow_stats *s = flow_stats(w, p->out_slot);

	s->tx_packets++;
	s->tx_bytes += p->payload_bytes;
	s->tx_last_ns = w->now.ns;
	if (p->class_ == RW_CLASS_RTP) {
		s->tx_ssrc = rw_load_be32(payload + 8);
		s->tx_last_seq = rw_load_be16(payload + 2);
	}
}

/* What seldom happens: the flow has ended, its headers are out of date, or there is no way to its peer. */
static __attribute__((noinline)) bool make_sendable(struct path *w, struct pkt *p)
{
	struct flow *out = p->out;

	if (!out->live)
		return drop_in_flow(w, p, RW_DROP_no_output);
	if (flow_is_outdated(out, w->config.adj))
		flow_refresh(out, w->config.adj, &w->config.limits);
	if (out->sendable)
		return true;
	source_resolve(w, out);
	return drop_in_flow(w, p, out->refusal);
}

static bool egress(struct path *w, struct pkt *p)
{
	uint8_t *payload = p->data + p->payload_at;
	struct flow *out = p->out;
	uint8_t *frame;

	if ((!out->sendable || flow_is_outdated(out, w->config.adj)) && !make_sendable(w, p))
		return false;
	if (encap_packet_bytes(&out->encap, p->payload_bytes) > out->mtu)
		return drop_in_flow(w, p, RW_DROP_mtu_exceeded);
	if ((uint32_t)p->headroom_bytes + p->payload_at < ENCAP_BYTES)
		return drop(w, p, RW_DROP_no_memory);
	frame = encap_paste(&out->encap, payload, p->payload_bytes);
	p->len_bytes = (uint16_t)(payload + p->payload_bytes - frame);
	p->headroom_bytes = (uint16_t)(p->headroom_bytes + (frame - p->data));
	p->data = frame;
	p->out_port = out->port;
	p->exit = EXIT_TX;
	count_sent(w, p, payload);
	return true;
}

void stage_egress(struct path *w, struct batch *b)
{
	batch_filter(w, b, egress);
}
