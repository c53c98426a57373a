/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An answer: its sections are brought into the offer's order, the offerer is told a port for each media, and
 * from now on both sides' flows lead to each other (plan.h). "from" is the answerer, "to" the offerer.
 * Control's only thread.
 */
#include "plan.h"

#include <errno.h>

#define UNASSIGNED UINT32_MAX

/* Slot of the offer whose mid a section of the answer repeats, or UNASSIGNED. */
static uint32_t slot_by_mid(const struct plan *p, const uint32_t *order, struct str mid)
{
	const struct call_party *to = &p->next->parties[p->to];

	for (uint32_t i = 0; mid.p && i < to->media_count; i++) {
		if (order[i] == UNASSIGNED && to->media[i].described && to->media[i].mid.p &&
		    str_equal(to->media[i].mid, mid))
			return i;
	}
	return UNASSIGNED;
}

/* Fills order[slot] = section of the answer: by mid, then by place, surplus ones appended. Number of slots, 0 if too many. */
static unsigned int order_sections(const struct plan *p, uint32_t *order)
{
	unsigned int slots = p->next->parties[p->to].media_count;
	uint32_t placed_at[SDP_MEDIA_MAX];

	for (unsigned int n = 0; n < p->sdp->media_count; n++) {
		placed_at[n] = slot_by_mid(p, order, p->sdp->media[n].mid);
		if (placed_at[n] != UNASSIGNED)
			order[placed_at[n]] = n;
	}
	for (unsigned int n = 0; n < p->sdp->media_count; n++) {
		uint32_t slot = n;

		if (placed_at[n] != UNASSIGNED)
			continue;
		if (slot >= slots || order[slot] != UNASSIGNED)
			for (slot = 0; slot < slots && order[slot] != UNASSIGNED;)
				slot++;
		if (slot >= SDP_MEDIA_MAX)
			return 0;
		order[slot] = n;
		if (slot >= slots)
			slots = slot + 1;
	}
	return slots;
}

/* What the offerer's a=rtcp-mux is answered: the table of sdp-rewrite section 5. */
static void answer_mux(const struct sdp_media *src, struct call_media *from, struct call_media *to)
{
	bool same_port = src->has_rtcp && ntohs(src->rtcp.port_be) == src->port;

	from->muxed = from->mux_told = from->mux_only =
		from->mux_told && (src->rtcp_mux || same_port);
	to->muxed = to->mux_offered &&
		    (to->mux_mode == CALL_MUX_ACCEPT ||
		     (to->mux_mode == CALL_MUX_FOLLOW && (src->rtcp_mux || same_port)));
	to->mux_told = to->mux_only = to->muxed;
}

/* The offerer gets its own protocol back, unless the message says otherwise or the kind of media changed. */
static void answer_proto(const struct plan *p, const struct sdp_media *src, struct call_media *to)
{
	bool rtp = sdp_proto_is_rtp(src->proto);

	if (!to->described || !rtp || !sdp_proto_is_rtp(to->sent_proto))
		to->proto = src->proto;
	else if (p->args->transport_accept)
		to->proto = src->proto;
	else if (p->args->transport != SDP_PROTO_OTHER)
		to->proto = p->args->transport;
	else
		to->proto = to->sent_proto;
}

static int answer_ports(struct plan *p, const struct sdp_media *src, struct call_media *mf,
			struct call_media *mt)
{
	struct plan_need need = {
		.rtcp_port = !mt->muxed,
		.latch = p->args->port_latching || (src->has_ice && !p->args->no_port_latching),
	};
	int rc;

	if (!mf->hold)
		need.key = mf->remote;
	rc = plan_reserve(p, &p->next->parties[p->from], mf);
	if (rc == 0)
		rc = plan_tell(p, &p->next->parties[p->to], mt, &need);
	if (rc)
		return rc;
	mf->current = mf->told;
	mt->current = mt->told;
	return 0;
}

static int answer_media(struct plan *p, unsigned int slot, unsigned int n)
{
	struct call_media *mf = &p->next->parties[p->from].media[slot];
	struct call_media *mt = &p->next->parties[p->to].media[slot];
	const struct sdp_media *src = &p->sdp->media[n];
	int rc;

	plan_receive(p, mf, n);
	answer_proto(p, src, mt);
	if (mf->told < 0)
		mf->proto = src->proto; /* nothing was printed to it for this media */
	if (src->untouched || src->port == 0)
		return 0;
	mf->used_proto = src->proto;
	mt->used_proto = mt->proto;
	answer_mux(src, mf, mt);
	rc = plan_sdes_answer(p, src, mf, mt);
	return rc ? rc : answer_ports(p, src, mf, mt);
}

/*
 * Sections that the answer left out: those offered come back with their port and a zero address, as from
 * the incumbent; those offered with port 0 stay rejected.
 */
static void missing_section(const struct plan *p, unsigned int slot,
			    const struct sdp_media *offered, struct sdp_section *out)
{
	const struct call_party *to = &p->next->parties[p->to];
	const struct call_media *m = &to->media[slot];

	plan_section(p, slot, offered, out);
	if (out->kind != SDP_SECTION_NORMAL)
		return;
	out->kind = SDP_SECTION_MISSING;
	out->direction = SDP_SENDRECV;
	out->address = (struct rw_ip){
		.family = p->env->ifs->entries[m->sockets[m->told].entry].address.family
	};
}

static void answered_section(const struct plan *p, unsigned int slot, const struct sdp_media *src,
			     const struct sdp_media *offered, struct sdp_section *out)
{
	plan_section(p, slot, src, out);
	out->offered = offered;
	out->mid = offered ? offered->mid : src->mid;
	if (out->ptime_ms == 0 && offered)
		out->ptime_ms = offered->ptime_ms;
}

static int answer_sections(struct plan *p, const uint32_t *order, unsigned int slots,
			   struct sdp_section **out, unsigned int *count)
{
	const struct call_party *to = &p->next->parties[p->to];
	struct sdp_section *list = arena_alloc(p->arena, 2u * slots * sizeof(*list));

	*out = list;
	*count = 0;
	if (!list)
		return -ENOMEM;
	for (unsigned int i = 0; i < slots; i++) {
		const struct call_media *m = &to->media[i];
		const struct sdp_media *offered = plan_old_media(p, to, m);
		struct sdp_section *s = &list[*count];

		if (order[i] == UNASSIGNED && !offered)
			continue;
		if (order[i] == UNASSIGNED)
			missing_section(p, i, offered, s);
		else
			answered_section(p, i, &p->sdp->media[order[i]], offered, s);
		*count += plan_unfold_answer(p, to, m, s);
	}
	return 0;
}

static int answer_all_media(struct plan *p, const uint32_t *order, unsigned int slots)
{
	struct call_party *parties = p->next->parties;

	if (call_add_media(p->arena, &parties[p->from], slots) ||
	    call_add_media(p->arena, &parties[p->to], slots))
		return -ENOMEM;
	for (unsigned int slot = 0; slot < slots; slot++) {
		int rc = order[slot] == UNASSIGNED ? 0 : answer_media(p, slot, order[slot]);

		if (rc)
			return rc;
	}
	return plan_store_text(p);
}

int plan_answer(struct plan *p, const struct call_state *now)
{
	uint32_t order[SDP_MEDIA_MAX];
	struct sdp_section *sections;
	unsigned int slots, count;
	int rc = plan_check(p);

	if (rc)
		return rc;
	p->next = call_state_copy(p->arena, now);
	if (!p->next)
		return -ENOMEM;
	rc = plan_answer_parties(p);
	if (rc == 0)
		rc = plan_check_usable(p);
	if (rc == 0)
		rc = plan_fold(p);
	if (rc)
		return rc;
	plan_legs(p);
	memset(order, 0xff, sizeof(order));
	slots = order_sections(p, order);
	if (slots == 0)
		return plan_fail(p, "Too many media in call");
	rc = answer_all_media(p, order, slots);
	if (rc == 0)
		rc = answer_sections(p, order, slots, &sections, &count);
	if (rc == 0)
		rc = plan_print(p, sections, count);
	if (rc)
		return rc;
	plan_flows(p->next, p->env->ifs, p->env->cfg->tos);
	return arena_failed(p->arena) ? -ENOMEM : 0;
}
