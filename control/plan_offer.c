/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An offer: the sender's media are taken over, the receiver is told a port for each (plan.h).
 * Control's only thread.
 */
#include "plan.h"

#include <errno.h>

/* rtcp-mux towards the receiver: the table of sdp-rewrite section 5. */
static void offer_mux(const struct plan *p, const struct sdp_media *src, struct call_media *from,
		      struct call_media *to)
{
	unsigned int words = p->args->rtcp_mux;
	bool same_port = src->has_rtcp && ntohs(src->rtcp.port_be) == src->port;

	from->mux_offered = src->rtcp_mux || same_port;
	from->mux_mode = words & NG_MUX_REJECT			  ? CALL_MUX_REJECT
			 : words & (NG_MUX_ACCEPT | NG_MUX_DEMUX) ? CALL_MUX_ACCEPT
								  : CALL_MUX_FOLLOW;
	if (words & NG_MUX_DEMUX)
		to->mux_told = to->mux_only = false;
	else if (to->mux_told || (words & NG_MUX_REQUIRE))
		to->mux_told = to->mux_only = true;
	else
		to->mux_told = from->mux_offered || (words & NG_MUX_OFFER);
}

static enum sdp_proto without_dtls(enum sdp_proto proto)
{
	if (proto == SDP_PROTO_TLS_SAVP)
		return SDP_PROTO_SAVP;
	return proto == SDP_PROTO_TLS_SAVPF ? SDP_PROTO_SAVPF : proto;
}

/*
 * The receiver's protocol: the one asked for; else the one it has, unless the sender changed its own; else
 * the sender's, but never one keyed by DTLS, which is not served. Only RTP profiles can be changed into one another
 * or, by request, into anything.
 */
static void offer_proto(const struct plan *p, const struct sdp_media *src, bool sender_changed,
			struct call_media *to)
{
	bool known = to->told >= 0;

	if (!sdp_proto_is_rtp(src->proto))
		to->proto = src->proto;
	else if (p->args->transport != SDP_PROTO_OTHER)
		to->proto = p->args->transport;
	else if (!known || sender_changed || !sdp_proto_is_rtp(to->proto))
		to->proto = without_dtls(src->proto);
}

static bool proto_changed(const struct call_media *m, const struct sdp_media *src)
{
	return m->described &&
	       (m->sent_proto != src->proto ||
		(src->proto == SDP_PROTO_OTHER && !str_equal(m->proto_text, src->proto_text)));
}

static int offer_ports(struct plan *p, const struct sdp_media *src, struct call_party *from,
		       struct call_media *mf, struct call_party *to, struct call_media *mt)
{
	struct plan_need need = {
		.rtcp_port = !mt->mux_only,
		.single = mt->mux_only && sdp_proto_is_rtp(mt->proto),
		.latch = p->args->port_latching || (src->has_ice && !p->args->no_port_latching),
	};
	int rc;

	if (!mf->hold)
		need.key = mf->remote;
	rc = plan_reserve(p, from, mf);
	return rc ? rc : plan_tell(p, to, mt, &need);
}

/* A party in conversation goes on as it was until the answer, which may never come; others have nothing to lose. */
static void use_proto(const struct call_party *party, struct call_media *m)
{
	if (!party->answered || m->told < 0)
		m->used_proto = m->proto;
}

/* Section n of the offer is media n of both parties. */
static int offer_media(struct plan *p, unsigned int n)
{
	struct call_party *from = &p->next->parties[p->from], *to = &p->next->parties[p->to];
	struct call_media *mf = &from->media[n], *mt = &to->media[n];
	const struct sdp_media *src = &p->sdp->media[n];
	bool changed = proto_changed(mf, src);
	int rc;

	plan_receive(p, mf, n);
	mf->proto = src->proto;
	offer_proto(p, src, changed, mt);
	use_proto(from, mf);
	use_proto(to, mt);
	if (src->untouched || src->port == 0)
		return 0;
	if (!mt->described)
		mt->clock_hz = mf->clock_hz;
	offer_mux(p, src, mf, mt);
	plan_pair_offer(p, mt);
	rc = plan_sdes_offer(p, src, mf, mt);
	return rc ? rc : offer_ports(p, src, from, mf, to, mt);
}

/* The first ports of a call decide which worker serves it. */
static void choose_shard(struct plan *p)
{
	const struct interfaces *ifs = p->env->ifs;
	const struct call_party *from = &p->next->parties[p->from];
	const struct call_party *to = &p->next->parties[p->to];
	int a = interfaces_pick(ifs, from->interface, from->family, 0);
	int b = interfaces_pick(ifs, to->interface, to->family, 0);

	if (a >= 0 && b >= 0)
		p->next->shard = (uint8_t)ports_choose_shard(p->env->ports, ifs->entries[a].media,
							     ifs->entries[b].media);
}

/* The receiver has itself sent header extensions without extmap-allow-mixed (RFC 8285 section 6). */
static bool one_byte_extmaps(struct plan *p, unsigned int i)
{
	const struct call_party *to = &p->next->parties[p->to];
	const struct sdp_media *sent = plan_old_media(p, to, &to->media[i]);

	return sent && sent->extmap_count && !sent->extmap_allow_mixed;
}

/* Media that an earlier offer had and this one has not: they stay as they are (section 2.3). */
static int offer_sections(struct plan *p, struct sdp_section **out, unsigned int *count)
{
	const struct call_party *from = &p->next->parties[p->from];
	struct sdp_section *list = arena_alloc(p->arena, 2u * from->media_count * sizeof(*list));

	*count = 0;
	*out = list;
	if (!list)
		return -ENOMEM;
	for (unsigned int i = 0; i < from->media_count; i++) {
		const struct sdp_media *src = plan_old_media(p, from, &from->media[i]);

		if (!src)
			continue;
		plan_section(p, i, src, &list[*count]);
		list[*count].extmap_one_byte = src->extmap_count && one_byte_extmaps(p, i);
		*count += plan_unfold_offer(&p->next->parties[p->to].media[i], &list[*count]);
	}
	return 0;
}

static int offer_all_media(struct plan *p)
{
	struct call_party *parties = p->next->parties;
	unsigned int count = p->sdp->media_count;
	int rc;

	/* a party that stayed silent about old media still has as many as the other */
	if (count < parties[p->from].media_count)
		count = parties[p->from].media_count;
	if (call_add_media(p->arena, &parties[p->from], count) ||
	    call_add_media(p->arena, &parties[p->to], count))
		return -ENOMEM;
	for (unsigned int n = 0; n < p->sdp->media_count; n++) {
		rc = offer_media(p, n);
		if (rc)
			return rc;
	}
	return plan_store_text(p);
}

int plan_offer(struct plan *p, const struct call_state *now)
{
	struct sdp_section *sections;
	unsigned int count;
	int rc = plan_check(p);

	if (rc)
		return rc;
	p->fresh = now == NULL;
	p->next = now ? call_state_copy(p->arena, now) : call_state_new(p->arena);
	if (!p->next)
		return -ENOMEM;
	rc = plan_offer_parties(p);
	if (rc == 0)
		rc = plan_check_usable(p);
	if (rc == 0)
		rc = plan_fold(p);
	if (rc)
		return rc;
	plan_legs(p);
	if (p->fresh)
		choose_shard(p);
	rc = offer_all_media(p);
	if (rc == 0)
		rc = offer_sections(p, &sections, &count);
	if (rc == 0)
		rc = plan_print(p, sections, count);
	if (rc)
		return rc;
	plan_flows(p->next, p->env->ifs, p->env->cfg->tos);
	return arena_failed(p->arena) ? -ENOMEM : 0;
}
