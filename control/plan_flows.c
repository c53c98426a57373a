/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call state to the flows that serve it: each local port of each party, with its source policy, its peer, its
 * keys and its way out. All of it is derived anew each time; what comes out unchanged is not sent again.
 * Control's only thread.
 */
#include "plan.h"

struct side {
	const struct call_party *party;
	const struct call_media *media;
	const struct call_media *other; /* where packets go; NULL: nowhere */
	enum rw_family family; /* of the socket's local address */
	uint8_t leg, index, tos;
	bool keyless; /* answered as SRTP, with no key */
};

/* The party that x exchanges media with: both have sent an SDP and mean each other. */
static const struct call_party *linked(const struct call_state *s, uint16_t x)
{
	const struct call_party *a = &s->parties[x], *b;

	if (!a->answered || a->peer == CALL_NONE)
		return NULL;
	b = &s->parties[a->peer];
	return b->answered && !b->gone && b->peer == x ? b : NULL;
}

static bool relayed(const struct call_media *m)
{
	return !m->rejected && !m->untouched && m->current >= 0;
}

static struct rw_endpoint of_family(struct rw_endpoint ep, enum rw_family family)
{
	static const struct rw_endpoint none;

	return ep.ip.family == family && ep.port_be ? ep : none;
}

/*
 * A profile of SRTP without keys, which sdp-rewrite section 3 lets pass: no a=crypto of an offer could be read, or an
 * answerer that was shown none chose it. Media that should be secured do not go in the clear: none pass at all.
 */
static bool keyless(const struct call_media *m)
{
	return sdp_proto_is_srtp(m->used_proto) && m->sdes.rx.key.suite == RW_SRTP_NONE;
}

/* Where the party's packets come from: as seen before a port change, else as signalled. */
static struct rw_endpoint place(const struct side *sd, const struct call_socket *so,
				const struct rw_endpoint *seen, const struct rw_endpoint *signalled)
{
	bool valid = seen->ip.family != RW_FAMILY_NONE &&
		     rw_endpoint_equal(&so->seen_at, &sd->media->remote);

	return of_family(valid ? *seen : *signalled, sd->family);
}

/*
 * Keys of the party's flows. Only the port that it is spoken to from has the sending key: when another takes over
 * it gets the streams together with the key, and no number is used twice. Meanwhile the others send nothing at all,
 * so that nothing leaves in the clear between two commands; like on hold they must not learn a peer.
 */
static void set_keys(const struct side *sd, const struct call_socket *so, struct call_flow *f)
{
	static const struct rw_srtp_key none;
	static const struct rw_endpoint nowhere;
	const struct call_media *m = sd->media;
	bool current = m->current >= 0 && so == &m->sockets[m->current];

	f->rx = f->tx = none;
	if (!sdp_proto_is_rtp(m->used_proto))
		return;
	f->rx = m->sdes.rx.key;
	if (!sd->keyless && (current || m->sdes.tx.key.suite == RW_SRTP_NONE)) {
		f->tx = m->sdes.tx.key;
		return;
	}
	f->peer = nowhere;
	if (f->policy != RW_SOURCE_STRICT) {
		f->policy = RW_SOURCE_ASYMMETRIC;
		f->learn_ms = PLAN_LEARN_MS;
	}
}

static void set_ends(const struct side *sd, struct call_flow *f, struct rw_endpoint where)
{
	static const struct rw_endpoint nowhere;
	const struct call_media *m = sd->media;

	f->source = f->peer = m->rejected ? nowhere : where;
	f->policy = m->policy;
	f->learn_ms =
		m->policy == RW_SOURCE_LEARN || m->policy == RW_SOURCE_ASYMMETRIC ? m->learn_ms : 0;
	if (m->hold) {
		/* nothing is sent to it, but what it sends (music) passes; it must not be learned
		   as a peer, which LEARN would do */
		f->peer = nowhere;
		f->policy = RW_SOURCE_ASYMMETRIC;
		f->learn_ms = PLAN_LEARN_MS;
	} else if (f->source.ip.family == RW_FAMILY_NONE) {
		/* not answered yet: learn nobody who happens to find the port */
		f->policy = RW_SOURCE_STRICT;
		f->learn_ms = 0;
	}
}

static rw_flow_id rtp_out(const struct side *sd)
{
	return sd->other ? sd->other->sockets[sd->other->current].rtp.id : RW_FLOW_NONE;
}

static rw_flow_id rtcp_out(const struct side *sd)
{
	const struct call_socket *so;

	if (!sd->other)
		return RW_FLOW_NONE;
	so = &sd->other->sockets[sd->other->current];
	return sd->other->muxed || so->rtcp.id == RW_FLOW_NONE ? so->rtp.id : so->rtcp.id;
}

/* The party may send RTCP to its RTP port: it asked to, was asked to, or has no other. */
static bool may_mux(const struct call_media *m, const struct call_socket *so)
{
	return m->mux_offered || m->mux_told || m->muxed || so->rtcp.id == RW_FLOW_NONE;
}

static void rtp_flow(const struct side *sd, struct call_socket *so)
{
	struct call_flow *f = &so->rtp;

	f->wanted = !sd->media->untouched;
	f->component = 1;
	f->clock_hz = sd->media->clock_hz;
	f->kind = may_mux(sd->media, so) ? RW_FLOW_MUX : RW_FLOW_RTP;
	if (!sdp_proto_is_rtp(sd->media->used_proto)) {
		f->kind = RW_FLOW_OPAQUE;
		f->clock_hz = 0;
	}
	set_ends(sd, f, place(sd, so, &so->seen_rtp, &sd->media->remote));
	set_keys(sd, so, f);
	f->out_rtp = rtp_out(sd);
	f->out_rtcp = f->kind == RW_FLOW_MUX ? rtcp_out(sd) : RW_FLOW_NONE;
}

static void rtcp_flow(const struct side *sd, struct call_socket *so)
{
	struct call_flow *f = &so->rtcp;

	f->wanted = !sd->media->untouched && sdp_proto_is_rtp(sd->media->used_proto);
	f->component = 2;
	f->kind = RW_FLOW_RTCP;
	set_ends(sd, f, place(sd, so, &so->seen_rtcp, &sd->media->remote_rtcp));
	set_keys(sd, so, f);
	f->out_rtp = RW_FLOW_NONE;
	f->out_rtcp = rtcp_out(sd);
}

static void media_flows(struct side *sd, struct call_media *m, const struct interfaces *ifs)
{
	for (unsigned int k = 0; k < m->socket_count; k++) {
		struct call_socket *so = &m->sockets[k];

		sd->family = ifs->entries[so->entry].address.family;
		so->rtp.leg = so->rtcp.leg = sd->leg;
		so->rtp.media = so->rtcp.media = sd->index;
		so->rtp.tos = so->rtcp.tos = sd->tos;
		if (so->rtp.id != RW_FLOW_NONE)
			rtp_flow(sd, so);
		if (so->rtcp.id != RW_FLOW_NONE)
			rtcp_flow(sd, so);
	}
}

void plan_flows(struct call_state *s, const struct interfaces *ifs, int default_tos)
{
	for (uint16_t i = 0; i < s->party_count; i++) {
		struct call_party *party = &s->parties[i];
		const struct call_party *peer = linked(s, i);

		for (unsigned int j = 0; !party->gone && j < party->media_count; j++) {
			struct call_media *m = &party->media[j];
			struct side sd = {
				.party = party,
				.media = m,
				.leg = (uint8_t)i,
				.index = (uint8_t)j,
				.tos = (uint8_t)(s->tos >= 0 ? s->tos : default_tos),
			};

			if (peer && j < peer->media_count && relayed(m) &&
			    relayed(&peer->media[j])) {
				sd.keyless = keyless(m);
				sd.other = sd.keyless ? NULL : &peer->media[j];
			}
			media_flows(&sd, m, ifs);
		}
	}
}
