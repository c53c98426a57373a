/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who an offer or answer is from and for: tags, branches of forks, and the legs that nobody has answered yet
 * (ng-protocol section 5, items 10 to 13). Control's only thread.
 *
 * Where versions of the incumbent differ we follow the newer one: an answer with another to-tag from a leg that
 * is tagged already makes the tag an alias of the leg. All such answers reply to one SDP and so to one set of
 * ports; a leg of its own would listen on ports that nobody was told.
 */
#include "plan.h"

#include <errno.h>

static struct call_party *at(const struct plan *p, uint16_t i)
{
	return &p->next->parties[i];
}

/* Adds a party; tag may be absent. 0 and *out, -EINVAL or -ENOMEM. */
static int add_party(struct plan *p, struct str tag, uint16_t *out)
{
	int i;

	if (p->next->party_count >= PLAN_PARTIES_MAX)
		return plan_fail(p, "Too many branches in call");
	i = call_add_party(p->arena, p->next);
	if (i < 0)
		return -ENOMEM;
	at(p, (uint16_t)i)->tag = tag;
	at(p, (uint16_t)i)->created_s = p->env->now_s;
	*out = (uint16_t)i;
	return 0;
}

/* The leg of `of` that was offered with this via-branch, tagged or not. */
static uint16_t find_branch(const struct plan *p, uint16_t of, struct str branch)
{
	for (uint16_t i = 0; branch.p && i < p->next->party_count; i++) {
		const struct call_party *c = at(p, i);

		if (!c->gone && c->via_branch.p && call_related(p->next, i, of) &&
		    str_equal(c->via_branch, branch))
			return i;
	}
	return CALL_NONE;
}

/* A leg of `of` that has no tag: the one it talks with, else the one offered last. */
static uint16_t find_untagged(const struct plan *p, uint16_t of)
{
	uint16_t peer = at(p, of)->peer;

	if (peer != CALL_NONE && !at(p, peer)->gone && !at(p, peer)->tag.p)
		return peer;
	for (uint16_t i = p->next->party_count; i-- > 0;) {
		if (!at(p, i)->tag.p && call_related(p->next, i, of))
			return i;
	}
	return CALL_NONE;
}

static uint16_t living_peer(const struct plan *p, uint16_t of)
{
	uint16_t peer = at(p, of)->peer;

	return peer != CALL_NONE && !at(p, peer)->gone ? peer : CALL_NONE;
}

/* A branch's leg, else (with the branch not known) a leg that waits for its tag. */
static uint16_t find_waiting(const struct plan *p, uint16_t of)
{
	uint16_t branch = find_branch(p, of, p->args->via_branch);

	if (branch != CALL_NONE && !at(p, branch)->tag.p)
		return branch;
	return find_untagged(p, of);
}

static int offer_from(struct plan *p, uint16_t known_to)
{
	p->from = call_find_tag(p->next, p->args->from_tag);
	if (p->from != CALL_NONE)
		return 0;
	if (known_to != CALL_NONE)
		p->from = find_waiting(p, known_to);
	if (p->from == CALL_NONE)
		return add_party(p, p->args->from_tag, &p->from);
	at(p, p->from)->tag = p->args->from_tag;
	return 0;
}

/* An offer with a to-tag that nobody answered with: its leg waits for it, or there is none yet. */
static int offer_to_tag(struct plan *p)
{
	p->to = find_waiting(p, p->from);
	if (p->to == CALL_NONE)
		return add_party(p, p->args->to_tag, &p->to);
	at(p, p->to)->tag = p->args->to_tag;
	return 0;
}

static int offer_to_branch(struct plan *p)
{
	static const struct str none;
	int rc;

	p->to = find_branch(p, p->from, p->args->via_branch);
	if (p->to != CALL_NONE)
		return 0;
	rc = add_party(p, none, &p->to);
	if (rc == 0)
		at(p, p->to)->via_branch = p->args->via_branch;
	return rc;
}

static int offer_to_anybody(struct plan *p)
{
	static const struct str none;

	p->to = living_peer(p, p->from);
	return p->to == CALL_NONE ? add_party(p, none, &p->to) : 0;
}

/* a is told about b; whoever has been answered goes on with that party until b's answer. */
static void meet(struct plan *p, uint16_t a, uint16_t b)
{
	if (!at(p, a)->answered || living_peer(p, a) == CALL_NONE)
		at(p, a)->peer = b;
}

/* What a message says about its sender, and signs of life that cancel a pending delete. */
static void greet(struct plan *p)
{
	struct call_party *sender = at(p, p->from);

	if (p->args->label.p)
		sender->label = p->args->label;
	if (p->args->metadata.p)
		sender->metadata = p->next->metadata = p->args->metadata;
	if (p->args->tos >= 0)
		p->next->tos = (int16_t)p->args->tos;
	sender->delete_at_ms = 0;
	at(p, p->to)->delete_at_ms = 0;
}

int plan_offer_parties(struct plan *p)
{
	bool has_to = p->args->to_tag.p != NULL;
	int rc;

	if (has_to && str_equal(p->args->from_tag, p->args->to_tag))
		return plan_fail(p, "Invalid dialogue association");
	p->to = has_to ? call_find_tag(p->next, p->args->to_tag) : CALL_NONE;
	rc = offer_from(p, p->to);
	if (rc == 0 && p->to == CALL_NONE) {
		if (has_to)
			rc = offer_to_tag(p);
		else if (p->args->via_branch.p)
			rc = offer_to_branch(p);
		else
			rc = offer_to_anybody(p);
	}
	if (rc)
		return rc;
	if (p->from == p->to)
		return plan_fail(p, "Invalid dialogue association");
	meet(p, p->from, p->to);
	meet(p, p->to, p->from);
	greet(p);
	return 0;
}

/*
 * The offerer of an answer. An unknown tag is accepted, as by the incumbent: then it is who talks with the
 * answerer, else the party that began. Calls taken over from a killed control have no tags yet.
 */
static int answer_to(struct plan *p, uint16_t answerer)
{
	p->to = call_find_tag(p->next, p->args->from_tag);
	if (p->to != CALL_NONE)
		return 0;
	if (answerer != CALL_NONE)
		p->to = living_peer(p, answerer);
	for (uint16_t i = 0; p->to == CALL_NONE && i < p->next->party_count; i++) {
		if (!at(p, i)->gone && i != answerer)
			p->to = i;
	}
	if (p->to == CALL_NONE)
		return plan_fail(p, "Invalid dialogue association");
	if (!at(p, p->to)->tag.p)
		at(p, p->to)->tag = p->args->from_tag;
	return 0;
}

static int answer_from(struct plan *p)
{
	uint16_t leg = find_branch(p, p->to, p->args->via_branch);

	if (leg == CALL_NONE)
		leg = find_untagged(p, p->to);
	if (leg == CALL_NONE)
		leg = living_peer(p, p->to);
	if (leg == CALL_NONE)
		return add_party(p, p->args->to_tag, &p->from);
	p->from = leg;
	if (at(p, leg)->tag.p && at(p, leg)->alias_count >= PLAN_ALIASES_MAX)
		return plan_fail(p, "Too many tags in call");
	if (at(p, leg)->tag.p)
		return call_add_alias(p->arena, at(p, leg), p->args->to_tag);
	at(p, leg)->tag = p->args->to_tag;
	return 0;
}

int plan_answer_parties(struct plan *p)
{
	int rc;

	if (str_equal(p->args->from_tag, p->args->to_tag))
		return plan_fail(p, "Invalid dialogue association");
	p->from = call_find_tag(p->next, p->args->to_tag);
	rc = answer_to(p, p->from);
	if (rc == 0 && p->from == CALL_NONE)
		rc = answer_from(p);
	if (rc)
		return rc;
	if (p->from == p->to)
		return plan_fail(p, "Invalid dialogue association");
	at(p, p->to)->peer = p->from;
	at(p, p->from)->peer = p->to;
	at(p, p->to)->answered = at(p, p->from)->answered = true;
	greet(p);
	return 0;
}

/* Family of the first media that says where its sender is; a zero address says it only if nothing else does. */
static enum rw_family sender_family(const struct plan *p, enum rw_family fallback)
{
	enum rw_family zero = RW_FAMILY_NONE;

	for (unsigned int i = 0; i < p->sdp->media_count; i++) {
		struct rw_endpoint ep = plan_endpoint(p, &p->sdp->media[i]);

		if (p->sdp->media[i].port == 0 || p->sdp->media[i].untouched ||
		    ep.ip.family == RW_FAMILY_NONE)
			continue;
		if (!rw_ip_is_zero(&ep.ip))
			return ep.ip.family;
		zero = ep.ip.family;
	}
	if (fallback != RW_FAMILY_NONE)
		return fallback;
	return zero != RW_FAMILY_NONE ? zero : RW_FAMILY_IP4;
}

/* A message without an interface keeps the one remembered. */
static void choose_interface(const struct plan *p, struct call_party *party, struct str name,
			     enum rw_family *hint)
{
	*hint = RW_FAMILY_NONE;
	if (name.p)
		party->interface = (uint8_t)interfaces_find(p->env->ifs, name, hint);
}

/* A family that changes without a direction takes the default interface: sdp-rewrite section 2.2. */
static void ask_family(const struct plan *p, struct call_party *party, enum rw_family family)
{
	bool changes = party->family != RW_FAMILY_NONE && party->family != family;

	if (changes && !p->args->to_interface.p)
		party->interface = 0;
	party->family = (uint8_t)family;
}

void plan_legs(struct plan *p)
{
	struct call_party *from = at(p, p->from), *to = at(p, p->to);
	enum rw_family from_hint, to_hint;

	choose_interface(p, from, p->args->from_interface, &from_hint);
	choose_interface(p, to, p->args->to_interface, &to_hint);
	from->family = (uint8_t)sender_family(p, from->family);
	if (p->args->address_family == NG_FAMILY_IP4)
		ask_family(p, to, RW_FAMILY_IP4);
	else if (p->args->address_family == NG_FAMILY_IP6)
		ask_family(p, to, RW_FAMILY_IP6);
	else if (to->family == RW_FAMILY_NONE)
		to->family = (uint8_t)(to_hint != RW_FAMILY_NONE ? to_hint : from->family);
}
