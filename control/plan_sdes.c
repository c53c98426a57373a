/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys by SDES (RFC 4568) and opportunistic SRTP (RFC 8643): which a=crypto lines an offer shows its receiver, and
 * which keys an answer puts to use (sdp-rewrite sections 3 and 4). Control's only thread.
 *
 * No DTLS is offered or answered, as if each message said DTLS=off: nothing is printed that could not be served.
 */
#include "plan.h"

#include <errno.h>

/* Lines for the receiver of an offer, while they are being gathered. */
struct list {
	const struct plan *p;
	const struct sdp_media *src;
	const struct call_sdes *from;
	struct call_sdes *to;
	struct sdes_line *lines;
	unsigned int count;
	uint32_t next_tag;
};

static bool served(const struct plan *p, unsigned int suite)
{
	return p->env->srtp_suites >> suite & 1;
}

/* The proxy lets this suite through. */
static bool allowed(const struct ng_sdes *a, unsigned int suite)
{
	if (a->no_new)
		return true;
	return a->has_only ? a->only >> suite & 1 : !(a->no >> suite & 1);
}

/* Moves lines of these suites to the front, in this order; all else keeps its own. */
static void bring_forward(struct sdes_line *lines, unsigned int count,
			  const struct ng_sdes_list *order)
{
	unsigned int done = 0;

	for (unsigned int n = 0; n < order->count; n++) {
		for (unsigned int i = done; i < count; i++) {
			struct sdes_line line = lines[i];

			if (line.key.suite != order->suites[n])
				continue;
			memmove(&lines[done + 1], &lines[done], (i - done) * sizeof(*lines));
			lines[done++] = line;
		}
	}
}

static bool in_list(const struct ng_sdes_list *l, unsigned int suite)
{
	for (unsigned int i = 0; i < l->count; i++) {
		if (l->suites[i] == suite)
			return true;
	}
	return false;
}

/* --- the sender of an offer --- */

/* Its lines; those that the proxy takes away go, but never all of them. 0 or -ENOMEM. */
static int take_offered(struct plan *p, const struct sdp_media *src, struct call_sdes *s)
{
	const struct ng_sdes *a = &p->args->sdes;
	struct sdes_line *lines = arena_alloc(p->arena, src->crypto_count * sizeof(*lines));
	unsigned int count = 0;

	if (!lines)
		return -ENOMEM;
	for (unsigned int i = 0; i < src->crypto_count; i++) {
		bool last = count == 0 && i + 1 == src->crypto_count;

		if (last || allowed(a, src->crypto[i].key.suite))
			lines[count++] = src->crypto[i];
	}
	bring_forward(lines, count, &a->preferred);
	s->offered = lines;
	s->offered_count = (uint8_t)count;
	s->preferred = count && in_list(&a->preferred, lines[0].key.suite);
	return 0;
}

/* The line with this suite, and if there is one with this tag, too, that one; or NULL. */
static const struct sdes_line *match(const struct sdes_line *lines, unsigned int count,
				     const struct sdes_line *like)
{
	for (unsigned int i = 0; i < count; i++) {
		if (lines[i].key.suite == like->key.suite && lines[i].tag == like->tag)
			return &lines[i];
	}
	return sdes_find(lines, count, like->key.suite);
}

/* A sender in conversation may use its new key as soon as it has offered it: the dataplane takes both for a while. */
static void follow_key(struct call_sdes *s)
{
	const struct sdes_line *now = match(s->offered, s->offered_count, &s->rx);

	if (s->rx.key.suite && now)
		s->rx = *now;
}

/* --- the receiver of an offer --- */

/*
 * To a plain profile keys are offered when the proxy says so, or the sender did (RFC 8643) and the proxy does not
 * ask for the profile by name. A dataplane without SRTP leaves such an offer unheard, as anybody may.
 */
static bool offers_keys(const struct plan *p, const struct sdp_media *src,
			const struct call_media *to)
{
	if (p->args->sdes.off || !sdp_proto_is_rtp(to->proto))
		return false;
	if (sdp_proto_is_srtp(to->proto) || p->args->osrtp & NG_OSRTP_OFFER)
		return true;
	return src->crypto_count && !sdp_proto_is_srtp(src->proto) &&
	       p->args->transport == SDP_PROTO_OTHER && p->env->srtp_suites;
}

static bool may_offer(const struct list *l, unsigned int suite)
{
	const struct ng_sdes *a = &l->p->args->sdes;

	if (a->no_new && !sdes_find(l->src->crypto, l->src->crypto_count, suite))
		return false;
	return allowed(a, suite);
}

static void add_line(struct list *l, const struct sdes_line *line)
{
	l->lines[l->count++] = *line;
	if (line->tag >= l->next_tag)
		l->next_tag = line->tag + 1;
}

static bool tag_taken(const struct list *l, uint32_t tag)
{
	for (unsigned int i = 0; i < l->count; i++) {
		if (l->lines[i].tag == tag)
			return true;
	}
	return false;
}

/* Behind the highest, unless that one is the highest that there can be. */
static uint32_t free_tag(const struct list *l)
{
	uint32_t tag = l->next_tag > SDES_TAG_MAX ? 1 : l->next_tag;

	while (tag_taken(l, tag))
		tag++;
	return tag;
}

/* A line with a key of our own. As long as nobody has answered, an offer that is repeated shows the same keys. */
static void add_fresh(struct list *l, unsigned int suite, uint32_t tag)
{
	struct sdes_line line = { .tag = tag };
	const struct sdes_line *told =
		l->to->told_used ? NULL : sdes_find(l->to->told, l->to->told_count, suite);

	if (told && !told->passed) {
		line.key = told->key;
		line.key.flags = 0;
	} else {
		sdes_new_key(suite, &line.key);
	}
	add_line(l, &line);
}

/* What is in use stays first, with its key; unless it is the sender's key, and the sender has another now. */
static void add_accepted(struct list *l)
{
	struct sdes_line line = l->to->tx;
	const struct sdes_line *sender =
		sdes_find(l->src->crypto, l->src->crypto_count, line.key.suite);

	if (!line.key.suite || !may_offer(l, line.key.suite))
		return;
	if (line.passed && sender)
		line.key = sender->key;
	add_line(l, &line);
}

/*
 * The sender's own lines. Behind one in use only their suites count, unless no new keys are wanted. A receiver that joins
 * a sender in conversation gets keys of ours: packets under a passed key keep the sender's numbers, and whoever was not
 * there from the first one cannot know how often these have wrapped.
 */
static void add_passed(struct list *l)
{
	bool again = l->count != 0, joins = !again && l->from->rx.key.suite;

	for (unsigned int i = 0; i < l->src->crypto_count; i++) {
		struct sdes_line line = l->src->crypto[i];

		if (!allowed(&l->p->args->sdes, line.key.suite) ||
		    (again && sdes_find(l->lines, l->count, line.key.suite)))
			continue;
		if (joins || (again && !l->p->args->sdes.no_new)) {
			add_fresh(l, line.key.suite, joins ? line.tag : free_tag(l));
			continue;
		}
		line.passed = true;
		if (again)
			line.tag = free_tag(l);
		add_line(l, &line);
	}
}

static void add_others(struct list *l)
{
	for (unsigned int suite = RW_SRTP_NONE + 1; suite <= SDES_SUITES; suite++) {
		if (may_offer(l, suite) && !sdes_find(l->lines, l->count, suite))
			add_fresh(l, suite, free_tag(l));
	}
}

/* Session parameters that the proxy adds or takes away. AEAD suites go without authentication never: RFC 7714. */
static void set_parameters(struct list *l)
{
	const struct ng_sdes *a = &l->p->args->sdes;

	for (unsigned int i = 0; i < l->count; i++) {
		struct rw_srtp_key *k = &l->lines[i].key;

		k->flags = (uint8_t)((k->flags & ~a->remove) | a->add);
		if (rw_srtp_suite_info(k->suite)->cipher == RW_SRTP_CIPHER_GCM)
			k->flags &= (uint8_t)~RW_SRTP_UNAUTHENTICATED_SRTP;
	}
}

static void tell(struct call_sdes *s, const struct sdes_line *lines, unsigned int count)
{
	s->told = lines;
	s->told_count = (uint8_t)count;
	s->told_used = false;
}

int plan_sdes_offer(struct plan *p, const struct sdp_media *src, struct call_media *from,
		    struct call_media *to)
{
	struct list l = { .p = p, .src = src, .from = &from->sdes, .to = &to->sdes, .next_tag = 1 };

	if (take_offered(p, src, &from->sdes))
		return -ENOMEM;
	follow_key(&from->sdes);
	if (!offers_keys(p, src, to)) {
		tell(&to->sdes, NULL, 0);
		return 0;
	}
	l.lines = arena_alloc(p->arena, (SDES_LINES_MAX + SDES_SUITES + 1u) * sizeof(*l.lines));
	if (!l.lines)
		return -ENOMEM;
	add_accepted(&l);
	add_passed(&l);
	if (!p->args->sdes.no_new)
		add_others(&l);
	set_parameters(&l);
	bring_forward(l.lines, l.count, &p->args->sdes.order);
	tell(&to->sdes, l.lines, l.count);
	return 0;
}

/* --- the sender of an answer --- */

static int not_served(struct plan *p, unsigned int suite)
{
	struct str s = arena_printf(p->arena, "Crypto suite %s is not supported by the dataplane",
				    rw_srtp_suite_info(suite)->name);

	return s.p ? plan_fail(p, s.p) : -ENOMEM;
}

/*
 * The first of its lines that takes up one that it was told. Its tag may be wrong, as with the incumbent: the suite
 * counts. 0, -EINVAL or -ENOMEM.
 */
static int take_answer(struct plan *p, const struct sdp_media *src, struct call_sdes *s)
{
	const struct sdes_line *told = NULL;
	unsigned int i;

	for (i = 0; i < src->crypto_count && !told; i++)
		told = match(s->told, s->told_count, &src->crypto[i]);
	s->told_used = true;
	if (!told) {
		s->rx = s->tx = (struct sdes_line){ 0 };
		/* it says SRTP, and none of its keys is of use; when none was asked for, its media are blocked */
		if (sdp_proto_is_srtp(src->proto) && (src->crypto_count || s->told_count))
			return plan_fail(p, "The answer's a=crypto takes up none that was offered");
		return 0;
	}
	if (!served(p, told->key.suite))
		return not_served(p, told->key.suite);
	s->rx = src->crypto[i - 1];
	s->tx = *told;
	return 0;
}

/* --- the receiver of an answer --- */

static const struct sdes_line *first_served(const struct plan *p, const struct call_sdes *s)
{
	for (unsigned int i = 0; i < s->offered_count; i++) {
		if (served(p, s->offered[i].key.suite))
			return &s->offered[i];
	}
	return NULL;
}

/*
 * An offer with keys in a plain profile (RFC 8643) is answered with keys, if one of them is served, when the other
 * side took some, when it was shown none, or when the proxy wants it.
 */
static bool answers_keys(const struct plan *p, const struct call_media *from,
			 const struct call_media *to)
{
	if (!to->sdes.offered_count || !sdp_proto_is_rtp(to->proto))
		return false;
	if (sdp_proto_is_srtp(to->proto))
		return true;
	if (sdp_proto_is_srtp(to->sent_proto) || !first_served(p, &to->sdes))
		return false;
	return from->sdes.tx.key.suite || !from->sdes.told_count ||
	       p->args->osrtp & NG_OSRTP_ACCEPT;
}

/* Which of the offerer's lines is accepted. NULL: the dataplane serves none. */
static const struct sdes_line *choose(const struct plan *p, const struct call_sdes *from,
				      const struct call_sdes *to)
{
	const struct sdes_line *line = NULL;

	if (p->args->sdes.keep_suite && to->tx.key.suite) {
		line = match(to->offered, to->offered_count, &to->tx);
		if (line && line->tag == to->tx.tag && served(p, line->key.suite))
			return line;
	}
	line = NULL;
	if (from->tx.key.suite && !to->preferred)
		line = sdes_find(to->offered, to->offered_count, from->tx.key.suite);
	return line ? line : first_served(p, to);
}

/* The line to answer with: the key in use goes on, else the answerer's for the same suite passes, else a new one. */
static void answer_line(const struct call_sdes *from, const struct call_sdes *to,
			const struct sdes_line *mine, struct sdes_line *out)
{
	const struct rw_srtp_key *now = &to->tx.key;

	*out = to->tx;
	if (now->suite != mine->key.suite || (!to->tx.passed && now->flags != mine->key.flags)) {
		*out = (struct sdes_line){ 0 };
		if (from->rx.key.suite == mine->key.suite) {
			out->key = from->rx.key;
			out->passed = true;
		} else {
			sdes_new_key(mine->key.suite, &out->key);
			out->key.flags = mine->key.flags;
		}
	}
	out->tag = mine->tag;
}

int plan_sdes_answer(struct plan *p, const struct sdp_media *src, struct call_media *from,
		     struct call_media *to)
{
	struct call_sdes *s = &to->sdes;
	const struct sdes_line *mine;
	struct sdes_line *line;
	int rc = take_answer(p, src, &from->sdes);

	if (rc)
		return rc;
	if (!answers_keys(p, from, to)) {
		tell(s, NULL, 0);
		s->rx = s->tx = (struct sdes_line){ 0 };
		return 0;
	}
	mine = choose(p, &from->sdes, s);
	if (!mine)
		return not_served(p, s->offered[0].key.suite);
	line = arena_alloc(p->arena, sizeof(*line));
	if (!line)
		return -ENOMEM;
	answer_line(&from->sdes, s, mine, line);
	s->rx = *mine;
	s->tx = *line;
	tell(s, line, 1);
	s->told_used = true;
	return 0;
}
