/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One m= line in a plan: what it says about its sender, and which socket its receiver is told
 * (sdp-rewrite sections 1.3, 2.3 and 5). Control's only thread.
 */
#include "plan.h"

#include <errno.h>

int plan_store_text(struct plan *p)
{
	struct call_party *party = &p->next->parties[p->from];
	struct str *texts = arena_alloc(p->arena, (party->media_count + 1u) * sizeof(*texts));
	uint16_t count = 1;

	if (!texts)
		return -ENOMEM;
	texts[0] = p->args->sdp;
	/* older texts stay only for media that this SDP no longer has */
	for (unsigned int i = 0; i < party->media_count; i++) {
		struct call_media *m = &party->media[i];
		uint16_t t = 1;

		if (!m->described)
			continue;
		if (m->text == PLAN_TEXT_NEW) {
			m->text = 0;
			continue;
		}
		while (t < count && texts[t].p != party->texts[m->text].p)
			t++;
		if (t == count)
			texts[count++] = party->texts[m->text];
		m->text = t;
	}
	party->texts = texts;
	party->text_count = count;
	return 0;
}

static struct rw_endpoint rtcp_endpoint(const struct plan *p, const struct sdp_media *m,
					struct rw_endpoint rtp)
{
	struct rw_endpoint ep = rtp;

	if (m->has_rtcp) {
		ep.port_be = m->rtcp.port_be;
		if (m->rtcp.ip.family != RW_FAMILY_NONE && !plan_sip_source(p, m))
			ep.ip = m->rtcp.ip;
	} else if (m->port < UINT16_MAX) {
		ep.port_be = htons((uint16_t)(m->port + 1));
	} else {
		return (struct rw_endpoint){ 0 };
	}
	return ep;
}

/* Source policy as the sender's message wants it. */
static void receive_policy(const struct ng_args *args, struct call_media *m)
{
	m->policy = RW_SOURCE_LEARN;
	m->learn_ms = PLAN_LEARN_MS;
	if (args->endpoint_learning == NG_LEARN_IMMEDIATE)
		m->learn_ms = PLAN_LEARN_IMMEDIATE_MS;
	m->strict_source = args->strict_source;
	if (args->asymmetric)
		m->policy = RW_SOURCE_ASYMMETRIC;
	else if (args->media_handover)
		m->policy = RW_SOURCE_HANDOVER;
	else if (args->endpoint_learning == NG_LEARN_OFF)
		m->policy = RW_SOURCE_STRICT;
}

/*
 * A party may be behind NAT, where only its packets tell the address. What the dataplane learned on the current
 * port is noted in a socket that takes over, or that will be needed again after a hold.
 */
static void remember_seen(const struct plan *p, const struct call_media *m, struct call_socket *s)
{
	const struct call_socket *old = m->current >= 0 ? &m->sockets[m->current] : NULL;

	if (!old || !p->env->learned || m->policy == RW_SOURCE_STRICT ||
	    m->policy == RW_SOURCE_ASYMMETRIC)
		return;
	if (!p->env->learned(p->env->learned_ctx, &old->rtp, &s->seen_rtp))
		return;
	s->seen_at = m->remote;
	if (old->rtcp.id != RW_FLOW_NONE)
		p->env->learned(p->env->learned_ctx, &old->rtcp, &s->seen_rtcp);
}

static void receive_endpoint(const struct plan *p, const struct sdp_media *s, struct call_media *m)
{
	struct rw_endpoint ep = plan_endpoint(p, s);
	bool was_on_hold = m->hold;

	m->hold = rw_ip_is_zero(&ep.ip);
	if (m->hold && !was_on_hold && m->current >= 0)
		remember_seen(p, m, &m->sockets[m->current]);
	if (m->hold)
		return; /* the old addresses are kept: it may still send from there */
	m->remote = ep;
	m->remote_rtcp = rtcp_endpoint(p, s, ep);
}

void plan_receive(struct plan *p, struct call_media *m, unsigned int n)
{
	const struct sdp_media *s = &p->sdp->media[n];

	m->described = true;
	m->text = PLAN_TEXT_NEW;
	plan_receive_pair(p, m, n);
	m->type = s->type;
	m->proto_text = s->proto_text;
	m->sent_proto = s->proto;
	m->codec = sdp_media_codec(p->arena, s);
	m->mid = s->mid;
	m->ptime_ms = s->ptime_ms;
	if (sdp_proto_is_rtp(s->proto))
		m->clock_hz = sdp_media_clock_hz(s);
	m->rejected = s->port == 0;
	m->untouched = s->untouched;
	m->direction = plan_direction(p, s);
	if (m->rejected || m->untouched)
		return;
	receive_endpoint(p, s, m);
	receive_policy(p->args, m);
}

/* --- sockets --- */

static enum rw_family entry_family(const struct plan *p, unsigned int entry)
{
	return p->env->ifs->entries[entry].address.family;
}

/* The family that the party's interface will really give. */
static enum rw_family usable_family(const struct plan *p, const struct call_party *party,
				    enum rw_family wanted)
{
	int entry = interfaces_pick(p->env->ifs, party->interface, wanted, 0);

	return entry < 0 ? wanted : entry_family(p, (unsigned int)entry);
}

static bool fits(const struct plan *p, const struct call_party *party, const struct call_socket *s,
		 enum rw_family family, const struct plan_need *need)
{
	if (s->rtp.id == RW_FLOW_NONE || (need->rtcp_port && s->rtcp.id == RW_FLOW_NONE))
		return false;
	return p->env->ifs->entries[s->entry].logical == party->interface &&
	       entry_family(p, s->entry) == family;
}

static bool has_key(const struct call_socket *s)
{
	return s->key.ip.family != RW_FAMILY_NONE;
}

/* A socket that fits and was given out for key (or for nobody yet, if key is NONE). -1 if none. */
static int find_socket(const struct plan *p, const struct call_party *party,
		       const struct call_media *m, enum rw_family family,
		       const struct plan_need *need, const struct rw_endpoint *key)
{
	for (int i = 0; i < m->socket_count; i++) {
		const struct call_socket *s = &m->sockets[i];

		if (fits(p, party, s, family, need) && rw_endpoint_equal(&s->key, key))
			return i;
	}
	return -1;
}

/* Appends a socket. Its index, -ENOSPC or -ENOMEM. */
static int new_socket(struct plan *p, const struct call_party *party, struct call_media *m,
		      enum rw_family family, const struct plan_need *need)
{
	struct call_socket made = { .rtp = call_flow_none(), .rtcp = call_flow_none() };
	int rc = plan_take(p, party->interface, family, need->single && !need->rtcp_port, &made);
	int i;

	if (rc)
		return rc == -ENOSPC ? -ENOSPC : -ENOMEM;
	made.key = need->key;
	remember_seen(p, m, &made);
	i = call_add_socket(p->arena, m);
	if (i >= 0)
		m->sockets[i] = made;
	return i;
}

/* "Ran out of ports" makes a proxy try elsewhere, which must not happen to a running call. */
static int no_port(struct plan *p)
{
	if (p->fresh)
		return plan_fail(p, "Ran out of ports");
	return plan_fail(p, "No port left for another media of this call");
}

static int told_socket(const struct plan *p, const struct call_party *party,
		       const struct call_media *m, enum rw_family family,
		       const struct plan_need *need)
{
	return m->told >= 0 && fits(p, party, &m->sockets[m->told], family, need) ? m->told : -1;
}

/*
 * A party whose peer moves again and again does not gather ports without end: the oldest socket that is in nobody's
 * mind any more is given out once more. -1 when there is room for a new one.
 */
static int recycle_socket(const struct plan *p, const struct call_party *party,
			  struct call_media *m, enum rw_family family, const struct plan_need *need)
{
	if (m->socket_count < PLAN_SOCKETS_MAX)
		return -1;
	for (int i = 0; i < m->socket_count; i++) {
		struct call_socket *s = &m->sockets[i];

		if (i == m->told || i == m->current || !fits(p, party, s, family, need))
			continue;
		s->key = need->key;
		remember_seen(p, m, s);
		return i;
	}
	return -1;
}

/* By the rules of port stability; -1 when a new socket is needed. */
static int choose_socket(const struct plan *p, const struct call_party *party, struct call_media *m,
			 enum rw_family family, const struct plan_need *need)
{
	static const struct rw_endpoint nobody;
	int told = told_socket(p, party, m, family, need);
	int i = -1;

	if (need->key.ip.family == RW_FAMILY_NONE) {
		if (told >= 0)
			return told;
		return find_socket(p, party, m, family, need, &nobody);
	}
	if (need->latch && told >= 0) {
		if (!has_key(&m->sockets[told]))
			m->sockets[told].key = need->key;
		return told;
	}
	i = find_socket(p, party, m, family, need, &need->key);
	if (i >= 0)
		return i;
	i = find_socket(p, party, m, family, need, &nobody);
	if (i < 0)
		return recycle_socket(p, party, m, family, need);
	m->sockets[i].key = need->key;
	return i;
}

int plan_tell(struct plan *p, struct call_party *party, struct call_media *m,
	      const struct plan_need *need)
{
	enum rw_family family = usable_family(p, party, party->family);
	int i = choose_socket(p, party, m, family, need);

	if (i < 0)
		i = new_socket(p, party, m, family, need);
	if (i == -ENOSPC && m->told >= 0)
		i = m->told; /* a running call rather keeps its port than fails */
	if (i == -ENOSPC)
		return no_port(p);
	if (i < 0)
		return -ENOMEM;
	m->told = (int16_t)i;
	if (m->current < 0 || !party->answered)
		m->current = m->told;
	return 0;
}

int plan_reserve(struct plan *p, struct call_party *party, struct call_media *m)
{
	static const struct rw_endpoint nobody;
	struct plan_need need = { .rtcp_port = true };
	enum rw_family wanted = m->remote.ip.family, family;
	int i;

	if (wanted == RW_FAMILY_NONE || m->hold)
		wanted = party->family;
	family = usable_family(p, party, wanted);
	if (m->told >= 0 && fits(p, party, &m->sockets[m->told], family, &(struct plan_need){ 0 }))
		return 0;
	if (find_socket(p, party, m, family, &need, &nobody) >= 0)
		return 0;
	i = new_socket(p, party, m, family, &need);
	if (i == -ENOSPC)
		return m->told >= 0 ? 0 : no_port(p);
	if (i < 0)
		return -ENOMEM;
	if (m->told < 0)
		m->told = m->current = (int16_t)i;
	return 0;
}
