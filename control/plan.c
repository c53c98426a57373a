/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steps that offers and answers share (plan.h). Control's only thread.
 */
#include "plan.h"

#include <errno.h>

int plan_fail(struct plan *p, const char *reason)
{
	p->error = reason;
	return -EINVAL;
}

void plan_drop(struct plan *p)
{
	for (unsigned int i = 0; i < p->taken_count; i++)
		ports_give_back(p->env->ports, p->taken[i]);
	p->taken_count = 0;
}

bool plan_sip_source(const struct plan *p, const struct sdp_media *m)
{
	return (p->args->sip_source_address || p->env->cfg->sip_source) &&
	       !p->args->trust_address && !m->has_ice;
}

struct rw_endpoint plan_endpoint(const struct plan *p, const struct sdp_media *m)
{
	struct rw_endpoint ep = { .port_be = htons(m->port) };

	if (plan_sip_source(p, m))
		ep.ip = p->args->received_from;
	else if (m->has_address)
		ep.ip = m->address;
	return ep;
}

#define NO_DTLS "DTLS-SRTP is not supported yet: "

/* Keyed by DTLS and nothing else. In a plain profile a fingerprint is an offer that may be left unheard. */
static int check_dtls(struct plan *p, const struct sdp_media *m)
{
	if (!sdp_proto_is_srtp(m->proto) || m->crypto_count)
		return 0;
	if (sdp_proto_is_dtls(m->proto))
		return plan_fail(p, NO_DTLS "the SDP has an m= line with UDP/TLS and no a=crypto");
	if (m->has_fingerprint)
		return plan_fail(p, NO_DTLS "the SDP has a=fingerprint and no a=crypto");
	return 0;
}

static int check_media(struct plan *p, const struct sdp_media *m)
{
	int rc = check_dtls(p, m);

	if (rc)
		return rc;
	if (plan_sip_source(p, m)) {
		if (!p->args->has_received_from || p->args->received_from_bad)
			return plan_fail(p, "Incomplete SDP specification");
	} else if (!m->has_address) {
		return plan_fail(p, "Incomplete SDP specification");
	}
	return 0;
}

int plan_check(struct plan *p)
{
	if (sdp_proto_is_dtls(p->args->transport))
		return plan_fail(p, NO_DTLS "transport-protocol asks for it");
	for (unsigned int i = 0; i < p->sdp->media_count; i++) {
		const struct sdp_media *m = &p->sdp->media[i];
		int rc = m->port && !m->untouched ? check_media(p, m) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

int plan_check_usable(struct plan *p)
{
	for (unsigned int i = 0; i < p->sdp->media_count; i++) {
		if (p->sdp->media[i].port)
			return 0;
	}
	p->error_with_sdp = true;
	return plan_fail(p, "Error rewriting SDP");
}

/* Room for two more ports in the list of those taken. */
static int room_for_two(struct plan *p)
{
	unsigned int room = 2 * p->taken_room + 8;
	rw_flow_id *list;

	if (p->taken_count + 2 <= p->taken_room)
		return 0;
	list = arena_alloc(p->arena, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	if (p->taken_count)
		memcpy(list, p->taken, p->taken_count * sizeof(*list));
	p->taken = list;
	p->taken_room = room;
	return 0;
}

int plan_take(struct plan *p, unsigned int logical, enum rw_family family, bool single,
	      struct call_socket *out)
{
	const struct plan_env *env = p->env;
	int entry, rc = -ENOSPC;
	rw_flow_id id = RW_FLOW_NONE;

	if (room_for_two(p))
		return -ENOMEM;
	/* addresses of one name serve one after the other: the next when the one before is full */
	for (unsigned int n = 0; rc; n++) {
		entry = interfaces_pick(env->ifs, logical, family, n);
		if (entry < 0)
			return -ENOSPC;
		rc = (single ? ports_take_single
			     : ports_take_pair)(env->ports, env->ifs->entries[entry].media,
						p->next->shard, env->now_ms, &id);
	}
	out->entry = (uint8_t)entry;
	out->rtp.id = id;
	p->taken[p->taken_count++] = id;
	if (!single) {
		out->rtcp.id = id + 1;
		p->taken[p->taken_count++] = id + 1;
	}
	return 0;
}

/* Older SDPs are stored as text; each is parsed at most once in a plan. */
static const struct sdp *parse_old(struct plan *p, struct str text)
{
	const char *why;

	for (unsigned int i = 0; i < p->old_count; i++) {
		if (p->old_text[i].p == text.p)
			return &p->old_sdp[i];
	}
	if (!p->old_sdp) {
		p->old_sdp = arena_alloc(p->arena, SDP_MEDIA_MAX * sizeof(*p->old_sdp));
		p->old_text = arena_alloc(p->arena, SDP_MEDIA_MAX * sizeof(*p->old_text));
	}
	if (!p->old_sdp || !p->old_text || p->old_count == SDP_MEDIA_MAX)
		return NULL;
	if (sdp_parse(p->arena, text, &p->old_sdp[p->old_count], &why) != SDP_OK)
		return NULL;
	p->old_text[p->old_count] = text;
	return &p->old_sdp[p->old_count++];
}

const struct sdp_media *plan_old_section(struct plan *p, const struct call_party *party,
					 const struct call_media *m, unsigned int section)
{
	const struct sdp *sdp;

	if (!m->described || m->text >= party->text_count)
		return NULL;
	if (party->texts[m->text].p == p->args->sdp.p)
		sdp = p->whole;
	else
		sdp = parse_old(p, party->texts[m->text]);
	return sdp && section < sdp->media_count ? &sdp->media[section] : NULL;
}

const struct sdp_media *plan_old_media(struct plan *p, const struct call_party *party,
				       const struct call_media *m)
{
	return plan_old_section(p, party, m, m->section);
}
