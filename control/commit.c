/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From plan to state (commit.h). Everything of a commit lives in the request's arena, which the reply frees.
 * Control's only thread.
 */
#include "commit.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "streams.h"

/* One flow that the plan changes. */
struct change {
	struct call_flow want; /* not wanted: to be deleted */
	struct call_flow was; /* wanted: it stood before, like this */
	struct rw_flow_stats *before; /* of then, when keys that it had go; else NULL */
	bool sent;
};

struct commit {
	struct engine *eng;
	struct commit_args args;
	struct call_state *packed;
	struct change *changes;
	unsigned int change_count, change_room;
	unsigned int waiting; /* for so many ACKs */
	bool starting; /* still sending: not over yet, whatever is answered */
	int rc; /* first failure */
	const char *reason;
};

/* --- which flows change --- */

static int add_change(struct commit *c, const struct call_flow *want, const struct call_flow *was)
{
	struct arena *a = c->args.rq->arena;

	if (c->change_count == c->change_room) {
		unsigned int room = 2 * c->change_room + 8;
		struct change *list = arena_alloc(a, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		if (c->change_count)
			memcpy(list, c->changes, c->change_count * sizeof(*list));
		c->changes = list;
		c->change_room = room;
	}
	c->changes[c->change_count++] =
		(struct change){ .want = *want, .was = was ? *was : call_flow_none() };
	return 0;
}

/* The party that signalled may have moved behind its NAT: its learning windows open anew. */
static bool reopens(const struct commit *c, const struct call_flow *f)
{
	return f->leg == c->args.plan->from &&
	       (f->policy == RW_SOURCE_LEARN || f->policy == RW_SOURCE_ASYMMETRIC);
}

static void compare_flow(void *ctx, struct call_flow *f)
{
	struct commit *c = ctx;
	struct call_state *old = c->args.call->state;
	const struct call_flow *was = old ? call_find_flow(old, f->leg, f->media, f->id) : NULL;

	if (was && !was->wanted)
		was = NULL;
	if (!f->wanted && !was)
		return;
	if (f->wanted && was && call_flow_same(f, was) && !reopens(c, f)) {
		f->generation = was->generation;
		return;
	}
	f->generation = dplink_next_generation(c->eng->link);
	if (add_change(c, f, was))
		c->rc = -ENOMEM;
}

/* --- in which order --- */

static bool gains(const struct rw_srtp_key *want, const struct rw_srtp_key *was)
{
	return want->suite && !rw_srtp_key_equal(want, was);
}

/*
 * A key that moves to another port takes its streams along, as long as the dataplane always has a flow that holds it:
 * flows that lose one come last, those that also gain one before them.
 */
enum { LOSES_NONE, EXCHANGES, LOSES, RANKS };

static unsigned int rank(const struct change *ch)
{
	const struct call_flow *want = &ch->want, *was = &ch->was;

	if (!was->wanted || (!gains(&was->rx, &want->rx) && !gains(&was->tx, &want->tx)))
		return LOSES_NONE;
	return gains(&want->rx, &was->rx) || gains(&want->tx, &was->tx) ? EXCHANGES : LOSES;
}

/* --- the end --- */

static void undo_change(struct commit *c, struct change *ch)
{
	struct call *call = c->args.call;
	const struct call_flow *w = &ch->want;
	struct call_flow *f = NULL;

	if (call->state)
		f = call_find_flow(call->state, w->leg, w->media, w->id);
	if (ch->was.wanted && f)
		engine_set_flow(c->eng, call, f, ch->before);
	else
		engine_delete_flow(c->eng, ch->want.id);
}

/* Who lost a key gets it back before another one loses it. True when there was something to undo. */
static bool undo_changes(struct commit *c)
{
	bool sent = false;

	for (unsigned int r = RANKS; r-- > 0;) {
		for (unsigned int i = 0; i < c->change_count; i++) {
			if (!c->changes[i].sent || rank(&c->changes[i]) != r)
				continue;
			undo_change(c, &c->changes[i]);
			sent = true;
		}
	}
	return sent;
}

/* Ports that the dataplane heard of rest before they are used again. */
static void undo(struct commit *c)
{
	struct plan *plan = c->args.plan;
	bool sent = undo_changes(c);

	for (unsigned int i = 0; sent && i < plan->taken_count; i++)
		ports_release(c->eng->ports, plan->taken[i], engine_now_ms());
	if (!sent)
		plan_drop(plan);
	plan->taken_count = 0;
	call_state_free(c->packed);
}

static void adopt_state(struct commit *c)
{
	struct call *call = c->args.call;
	bool fresh = call->state == NULL;

	call_state_free(call->state);
	call->state = c->packed;
	call->signal_s = engine_now_us() / 1000000;
	call->signal_ms = engine_now_ms();
	call->delete_at_ms = 0;
	call->adopted = false; /* an answer has named both parties */
	if (fresh)
		c->eng->totals.managed++;
}

static const char *failure_text(const struct commit *c)
{
	struct str s = { NULL, 0 };

	if (c->rc != -ENOMEM)
		s = arena_printf(c->args.rq->arena, "Dataplane did not take the media: %s",
				 c->reason);
	return s.p ? s.p : "Out of memory";
}

/* The call is free again; those who waited for it go on. args is a copy: the commit dies with the reply. */
static void settle(struct engine *eng, struct commit_args args, bool ok)
{
	struct call *keep = args.call;
	struct held *first = args.call->held_first, *last = args.call->held_last;

	args.call->busy = NULL;
	args.call->held_first = args.call->held_last = NULL;
	if (args.replaces) {
		args.replaces->busy = NULL;
		first = args.replaces->held_first;
		last = args.replaces->held_last;
		args.replaces->held_first = args.replaces->held_last = NULL;
		if (ok) {
			calls_remove(eng->calls, args.replaces);
			engine_end_call(eng, args.replaces, CALL_END_REGULAR);
			calls_insert(eng->calls, args.call);
		} else {
			keep = args.replaces;
		}
	}
	if (!ok && !args.call->state) {
		calls_remove(eng->calls, args.call);
		call_free(args.call);
		if (keep == args.call)
			keep = NULL;
	}
	if (keep)
		resync_call(eng, keep);
	engine_release_call(eng, first, last);
}

static void finish(struct commit *c)
{
	struct engine *eng = c->eng;
	struct commit_args args = c->args;
	bool ok = c->rc == 0;

	if (ok)
		adopt_state(c);
	else
		undo(c);
	/* the reply frees the commit's memory; what follows needs the copies only */
	if (ok)
		ng_reply(args.rq, args.reply);
	else
		ng_reply_error(args.rq, failure_text(c));
	settle(eng, args, ok);
}

static void on_ack(void *arg, int rc, const char *reason)
{
	struct commit *c = arg;

	c->waiting--;
	if (rc && !c->rc) {
		c->rc = rc;
		c->reason = reason;
		log_error("call %.*s: dataplane: %s", STR_FMT(c->args.call->id), reason);
	}
	if (!c->waiting && !c->starting)
		finish(c);
}

/* --- the beginning --- */

/* The flow from which the party was sent to until now, for the same component. */
static const struct call_flow *flow_in_use(const struct commit *c, const struct call_flow *f)
{
	const struct call_state *old = c->args.call->state;
	const struct call_media *m;

	if (!old || f->leg >= old->party_count || f->media >= old->parties[f->leg].media_count)
		return NULL;
	m = &old->parties[f->leg].media[f->media];
	if (m->current < 0)
		return NULL;
	return f->component == 1 ? &m->sockets[m->current].rtp : &m->sockets[m->current].rtcp;
}

/* A key that comes to this port from another one of the media brings along where its streams stand. */
static void resume_streams(struct commit *c, const struct change *ch, struct rw_flow_spec *spec)
{
	const struct call_flow *from = flow_in_use(c, &ch->want);
	bool rx = gains(&ch->want.rx, &ch->was.rx), tx = gains(&ch->want.tx, &ch->was.tx);
	struct rw_flow_stats st;

	if (!from || (!rx && !tx) || !dplink_flow_stats(c->eng->link, from->id, &st) ||
	    !engine_stats_valid(from, &st))
		return;
	if (rx && rw_srtp_key_equal(&ch->want.rx, &from->rx))
		streams_resume_rx(spec, &st);
	if (tx && rw_srtp_key_equal(&ch->want.tx, &from->tx))
		streams_resume_tx(spec, &st);
}

/* Where streams stand whose key goes: it comes back if the commit fails. */
static void save_streams(struct commit *c, struct change *ch)
{
	if (!gains(&ch->was.rx, &ch->want.rx) && !gains(&ch->was.tx, &ch->want.tx))
		return;
	ch->before = arena_alloc(c->args.rq->arena, sizeof(*ch->before));
	if (ch->before && (!dplink_flow_stats(c->eng->link, ch->was.id, ch->before) ||
			   !engine_stats_valid(&ch->was, ch->before)))
		ch->before = NULL;
}

static void send_change(struct commit *c, struct change *ch)
{
	struct rw_flow_spec spec;
	int rc;

	call_flow_spec(&ch->want, c->args.call->id, c->args.call->ref, &spec);
	resume_streams(c, ch, &spec);
	save_streams(c, ch);
	rc = dplink_send(c->eng->link, ch->want.wanted ? RW_COMMAND_FLOW_SET : RW_COMMAND_FLOW_DEL,
			 &spec, on_ack, c);
	explicit_bzero(&spec, sizeof(spec));
	if (rc) {
		c->rc = rc;
		c->reason = "too many commands wait for it";
		return;
	}
	ch->sent = true;
	c->waiting++;
}

static void send_changes(struct commit *c)
{
	for (unsigned int r = 0; r < RANKS; r++) {
		for (unsigned int i = 0; i < c->change_count && c->rc == 0; i++) {
			if (rank(&c->changes[i]) == r)
				send_change(c, &c->changes[i]);
		}
	}
}

static void fail_at_once(struct engine *eng, const struct commit_args *args)
{
	plan_drop(args->plan);
	ng_reply_error(args->rq, "Out of memory");
	settle(eng, *args, false);
}

void commit_start(struct engine *eng, const struct commit_args *args)
{
	struct commit *c = arena_alloc(args->rq->arena, sizeof(*c));

	if (!c || !args->reply) {
		fail_at_once(eng, args);
		return;
	}
	c->eng = eng;
	c->args = *args;
	c->starting = true;
	args->call->busy = c;
	if (args->replaces)
		args->replaces->busy = c;
	call_each_flow(args->plan->next, compare_flow, c);
	if (c->rc == 0)
		c->packed = call_state_pack(args->plan->next);
	if (!c->packed)
		c->rc = -ENOMEM;
	if (c->rc == 0)
		send_changes(c);
	c->starting = false;
	if (!c->waiting)
		finish(c);
}
