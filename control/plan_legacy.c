/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opportunistic SRTP as it was before RFC 8643: two m= lines for one media, one plain and one secure, of which an
 * answer rejects one (sdp-rewrite section 3, OSRTP). Inside a plan they are one section and one media: pairs are
 * folded when an SDP comes in, and unfolded when one goes out to a party that has them. Control's only thread.
 */
#include "plan.h"

#include <errno.h>

#define NO_SECTION UINT16_MAX

/* Sections n and n + 1 could be a pair: the same media, plain in one of them. */
static bool pair_at(const struct sdp *sdp, unsigned int n)
{
	const struct sdp_media *a = &sdp->media[n], *b = a + 1;

	return n + 1 < sdp->media_count && str_equal(a->type, b->type) &&
	       sdp_proto_is_rtp(a->proto) && sdp_proto_is_rtp(b->proto) &&
	       sdp_proto_is_srtp(a->proto) != sdp_proto_is_srtp(b->proto);
}

/* The section that stands for a pair: the secure one, unless only the plain one is not rejected. */
static unsigned int stands_for(const struct sdp *sdp, unsigned int n)
{
	unsigned int secure = sdp_proto_is_srtp(sdp->media[n].proto) ? n : n + 1;
	unsigned int plain = 2 * n + 1 - secure;

	return sdp->media[secure].port == 0 && sdp->media[plain].port ? plain : secure;
}

static bool wants_folding(const struct plan *p)
{
	const struct call_party *from = &p->next->parties[p->from];

	if (p->args->osrtp & NG_OSRTP_ACCEPT_LEGACY)
		return true;
	for (unsigned int i = 0; i < from->media_count; i++) {
		if (from->media[i].paired)
			return true;
	}
	return false;
}

/* Which sections of the text the folded section `out` is made of. */
static void fold_one(struct plan *p, struct sdp *out, unsigned int *n)
{
	const struct call_party *from = &p->next->parties[p->from];
	unsigned int i = out->media_count++, section = *n;
	bool paired = (p->args->osrtp & NG_OSRTP_ACCEPT_LEGACY) ||
		      (i < from->media_count && from->media[i].paired);

	p->folds[i].pair = NO_SECTION;
	if (paired && pair_at(p->whole, *n)) {
		section = stands_for(p->whole, *n);
		p->folds[i].pair = (uint16_t)(2 * *n + 1 - section);
		(*n)++;
	}
	(*n)++;
	p->folds[i].section = (uint16_t)section;
	out->media[i] = p->whole->media[section];
}

int plan_fold(struct plan *p)
{
	struct sdp *out;

	p->whole = p->sdp;
	if (!wants_folding(p))
		return 0;
	out = arena_alloc(p->arena, sizeof(*out));
	p->folds = arena_alloc(p->arena, p->whole->media_count * sizeof(*p->folds));
	if (!out || !p->folds)
		return -ENOMEM;
	*out = *p->whole;
	out->media_count = 0;
	out->media = arena_alloc(p->arena, p->whole->media_count * sizeof(*out->media));
	if (!out->media)
		return -ENOMEM;
	for (unsigned int n = 0; n < p->whole->media_count;)
		fold_one(p, out, &n);
	p->sdp = out;
	return 0;
}

void plan_receive_pair(const struct plan *p, struct call_media *m, unsigned int n)
{
	const struct sdp_media *first;

	m->section = (uint16_t)n;
	m->paired = false;
	if (!p->folds)
		return;
	m->section = p->folds[n].section;
	m->pair = p->folds[n].pair;
	if (m->pair == NO_SECTION)
		return;
	first = &p->whole->media[m->pair < m->section ? m->pair : m->section];
	m->paired = true;
	m->secure_first = sdp_proto_is_srtp(first->proto);
}

void plan_pair_offer(const struct plan *p, struct call_media *to)
{
	if (!(p->args->osrtp & NG_OSRTP_OFFER_LEGACY) || !sdp_proto_is_srtp(to->proto) ||
	    to->paired)
		return;
	to->paired = true;
	to->pair = NO_SECTION;
	to->secure_first = false;
}

unsigned int plan_unfold_offer(const struct call_media *to, struct sdp_section *list)
{
	struct sdp_section plain = list[0];

	if (!to->paired || !sdp_proto_is_srtp(plain.proto) ||
	    (plain.kind != SDP_SECTION_NORMAL && plain.kind != SDP_SECTION_REJECTED))
		return 1;
	plain.proto = plain.proto == SDP_PROTO_SAVPF ? SDP_PROTO_AVPF : SDP_PROTO_AVP;
	plain.crypto_count = 0;
	plain.mid = (struct str){ NULL, 0 }; /* it names one section */
	list[1] = to->secure_first ? plain : list[0];
	if (!to->secure_first)
		list[0] = plain;
	return 2;
}

unsigned int plan_unfold_answer(struct plan *p, const struct call_party *party,
				const struct call_media *to, struct sdp_section *list)
{
	struct sdp_section bare = { .kind = SDP_SECTION_BARE };

	bare.src = to->paired ? plan_old_section(p, party, to, to->pair) : NULL;
	if (!bare.src)
		return 1;
	list[1] = bare;
	if (to->pair < to->section) {
		list[1] = list[0];
		list[0] = bare;
	}
	return 2;
}
