/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "delete": ends a call, or one branch of it, at once or after the delete-delay; during the delay media
 * flow on and a new offer or answer cancels it (ng-protocol section 5, items 8 to 10). Control's only thread.
 */
#include "commands.h"
#include "ng_args.h"

#define NO_MATCH "Call-ID not found or tags didn't match"

enum match { MATCH_NONE, MATCH_CALL, MATCH_PARTY };

/* The leg of a branch: it is somebody's callee and was offered with this via-branch. */
static uint16_t find_branch(const struct call_state *s, struct str branch)
{
	for (uint16_t i = 0; branch.p && i < s->party_count; i++) {
		if (!s->parties[i].gone && s->parties[i].via_branch.p &&
		    str_equal(s->parties[i].via_branch, branch))
			return i;
	}
	return CALL_NONE;
}

static bool unanswered(const struct call_state *s)
{
	for (unsigned int i = 0; i < s->party_count; i++) {
		if (!s->parties[i].gone && s->parties[i].answered)
			return false;
	}
	return true;
}

/* Which party a delete is for. Tags of an adopted call are not known: the call-id has to do. */
static enum match find_target(const struct call *c, const struct ng_args *args, uint16_t *party)
{
	bool by_to = args->to_tag_given && args->to_tag.p;
	const struct call_state *s = c->state;

	if (!args->from_tag.p || c->adopted)
		return MATCH_CALL;
	*party = by_to ? CALL_NONE : find_branch(s, args->via_branch);
	if (*party == CALL_NONE)
		*party = call_find_tag(s, by_to ? args->to_tag : args->from_tag);
	if (*party == CALL_NONE)
		*party = find_branch(s, args->via_branch);
	if (*party == CALL_NONE && unanswered(s))
		*party = call_find_tag(s, args->from_tag);
	return *party == CALL_NONE ? MATCH_NONE : MATCH_PARTY;
}

/* True when q talks with nobody but the party that goes. */
static bool only_with(const struct call_state *s, uint16_t q, const bool *going)
{
	for (uint16_t i = 0; i < s->party_count; i++) {
		if (!going[i] && !s->parties[i].delete_at_ms && call_related(s, q, i))
			return false;
	}
	return true;
}

/* Marks the partners that are left alone too. True when nobody remains. */
static bool cascade(const struct call_state *s, uint16_t party, bool *going)
{
	bool nobody = true;

	going[party] = true;
	for (uint16_t q = 0; q < s->party_count; q++) {
		if (!going[q] && call_related(s, q, party) && only_with(s, q, going))
			going[q] = true;
	}
	for (uint16_t q = 0; q < s->party_count; q++)
		nobody &= going[q] || s->parties[q].gone || s->parties[q].delete_at_ms;
	return nobody;
}

static void end_parties(struct engine *eng, struct call *c, const bool *going, unsigned int delay_s)
{
	for (uint16_t i = 0; i < c->state->party_count; i++) {
		struct call_party *p = &c->state->parties[i];

		if (!going[i] || p->gone)
			continue;
		p->delete_at_ms = engine_now_ms() + delay_s * (uint64_t)1000;
		if (delay_s == 0)
			engine_end_party(eng, c, p);
	}
}

/* Returns the call if it ended now; replies still refer to it. */
static struct call *end_call(struct engine *eng, struct call *c, unsigned int delay_s)
{
	if (delay_s) {
		c->delete_at_ms = engine_now_ms() + delay_s * (uint64_t)1000;
		return NULL;
	}
	engine_detach_call(eng, c, CALL_END_REGULAR);
	return c;
}

static void reply_no_match(struct ng_request *rq, const struct ng_args *args)
{
	struct ng_value *reply = ng_dict(rq->arena);

	if (args->fatal) {
		ng_reply_error(rq, NO_MATCH);
		return;
	}
	ng_put_str(rq->arena, reply, "warning", STR(NO_MATCH));
	ng_reply(rq, ng_put_str(rq->arena, reply, "result", STR("ok")) ? reply : NULL);
}

static void delete_matched(struct engine *eng, struct ng_request *rq, struct call *c,
			   const struct ng_args *args, enum match match, uint16_t party)
{
	unsigned int delay_s = args->delete_delay_s >= 0 ? (unsigned int)args->delete_delay_s
							 : eng->cfg->delete_delay_s;
	bool *going = arena_alloc(rq->arena, c->state->party_count);
	struct ng_value *reply = ng_dict(rq->arena);
	struct call *ended = NULL;

	if (!going) {
		ng_reply_error(rq, "Out of memory");
		return;
	}
	if (!args->fast) /* before the end: the numbers go with the flows */
		query_call(eng, rq->arena, c, (struct str){ NULL, 0 }, reply);
	if (match == MATCH_CALL || cascade(c->state, party, going))
		ended = end_call(eng, c, delay_s);
	else
		end_parties(eng, c, going, delay_s);
	ng_reply(rq, ng_put_str(rq->arena, reply, "result", STR("ok")) ? reply : NULL);
	call_free(ended);
}

void cmd_delete(struct engine *eng, struct ng_request *rq)
{
	struct ng_args args;
	struct call *c;
	enum match match = MATCH_NONE;
	uint16_t party = CALL_NONE;

	if (ng_args_parse(rq->arena, rq->dict, &args)) {
		ng_reply_error(rq, "Out of memory");
		return;
	}
	if (!args.call_id.p) {
		ng_reply_error(rq, "No call-id in message");
		return;
	}
	c = calls_find(eng->calls, args.call_id);
	if (c && c->busy) {
		engine_hold(&c->held_first, &c->held_last, rq, args.call_id, cmd_delete);
		return;
	}
	if (c)
		match = find_target(c, &args, &party);
	if (match == MATCH_NONE)
		reply_no_match(rq, &args);
	else
		delete_matched(eng, rq, c, &args, match, party);
}
