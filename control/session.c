/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offers and answers from request to commit (session.h). Control's only thread.
 */
#include "session.h"

#include <errno.h>

#include "commit.h"
#include "log.h"
#include "plan.h"

struct session {
	struct engine *eng;
	struct ng_request *rq;
	enum session_kind kind;
	struct ng_args *args;
	struct sdp *sdp;
	struct call *call; /* NULL: not known yet */
};

static void retry_offer(struct engine *eng, struct ng_request *rq)
{
	session_run(eng, rq, SESSION_OFFER);
}

static void retry_answer(struct engine *eng, struct ng_request *rq)
{
	session_run(eng, rq, SESSION_ANSWER);
}

static void (*retry(const struct session *s))(struct engine *, struct ng_request *)
{
	return s->kind == SESSION_OFFER ? retry_offer : retry_answer;
}

/* --- checks: each returns NULL or the reason for the proxy --- */

static const char *check_keys(const struct session *s)
{
	if (!s->args->sdp.p)
		return "No SDP body in message";
	if (!s->args->call_id.p)
		return "No call-id in message";
	if (!s->args->from_tag.p)
		return "No from-tag in message";
	if (s->kind == SESSION_ANSWER && !s->args->to_tag.p)
		return "No to-tag in message";
	if (s->kind == SESSION_ANSWER && !s->call)
		return "Unknown call-id";
	return NULL;
}

static const char *check_sdp(struct session *s)
{
	const char *why;

	switch (sdp_parse(s->rq->arena, s->args->sdp, s->sdp, &why)) {
	case SDP_OK:
		return NULL;
	case SDP_FAILED:
		log_info("%s: SDP refused: %s", s->rq->source, why);
		return "Failed to parse SDP";
	case SDP_INCOMPLETE:
		log_info("%s: SDP refused: %s", s->rq->source, why);
		return "Incomplete SDP specification";
	default:
		return "Out of memory";
	}
}

/* Limits are for new calls; an offer for a running one always passes. */
static bool over_limit(const struct session *s)
{
	unsigned int most = s->eng->cfg->max_sessions;

	return s->kind == SESSION_OFFER && !s->call && most && calls_count(s->eng->calls) >= most;
}

/* Only proxies that said so understand "load limit"; both texts make a proxy try another engine. */
static void refuse_limit(struct session *s)
{
	struct arena *a = s->rq->arena;
	struct ng_value *reply = ng_dict(a);

	s->eng->totals.rejected++;
	if (!s->args->supports_load_limit) {
		ng_reply_error(s->rq, "Parallel session limit reached");
		return;
	}
	ng_put_str(a, reply, "result", STR("load limit"));
	ng_reply(s->rq, ng_put_str(a, reply, "message", STR("Parallel session limit reached"))
				? reply
				: NULL);
}

/* --- replies without a plan --- */

static void reply_sdp(struct session *s, struct str sdp)
{
	struct arena *a = s->rq->arena;
	struct ng_value *reply = ng_dict(a);

	if (sdp.p)
		ng_put_str(a, reply, "sdp", sdp);
	ng_reply(s->rq, ng_put_str(a, reply, "result", STR("ok")) ? reply : NULL);
}

static void reply_failure(struct session *s, const struct plan *p, int rc)
{
	struct arena *a = s->rq->arena;
	struct ng_value *reply;

	if (rc != -EINVAL) {
		ng_reply_error(s->rq, "Out of memory");
		return;
	}
	if (str_is(str_from(p->error), "Ran out of ports"))
		s->eng->totals.rejected++;
	if (!p->error_with_sdp) {
		ng_reply_error(s->rq, p->error);
		return;
	}
	reply = ng_dict(a);
	ng_put_str(a, reply, "sdp", STR(""));
	ng_put_str(a, reply, "result", STR("error"));
	ng_reply(s->rq, ng_put_str(a, reply, "error-reason", str_from(p->error)) ? reply : NULL);
}

/* --- planning --- */

static bool learned(void *ctx, const struct call_flow *f, struct rw_endpoint *out)
{
	const struct engine *eng = ctx;
	struct rw_flow_stats st;

	if (!dplink_flow_stats(eng->link, f->id, &st) || !(st.state & RW_FLOW_STATE_LEARNED) ||
	    st.generation != f->generation || !rw_endpoint_valid(&st.source) ||
	    rw_ip_is_zero(&st.source.ip))
		return false;
	*out = st.source;
	return true;
}

static struct plan_env env_of(struct engine *eng)
{
	return (struct plan_env){
		.cfg = eng->cfg,
		.ifs = &eng->ifs,
		.ports = eng->ports,
		.srtp_suites = eng->limits.srtp_suites,
		.instance_id = str_from(eng->instance_id),
		.now_ms = engine_now_ms(),
		.now_s = engine_now_us() / 1000000,
		.learned = learned,
		.learned_ctx = eng,
	};
}

static struct call *make_call(struct session *s)
{
	struct call *c = call_new(s->args->call_id, s->eng->next_ref);

	if (!c)
		return NULL;
	s->eng->next_ref++;
	c->created_us = engine_now_us();
	c->created_ms = engine_now_ms();
	return c;
}

static void commit(struct session *s, struct plan *p)
{
	struct arena *a = s->rq->arena;
	struct ng_value *reply = ng_dict(a);
	/* what is known of an adopted call is not enough for an offer: a new call takes its place */
	bool replace = s->call && s->call->adopted && s->kind == SESSION_OFFER;
	struct commit_args args = { .call = s->call,
				    .replaces = replace ? s->call : NULL,
				    .rq = s->rq,
				    .plan = p,
				    .reply = reply };

	ng_put_str(a, reply, "sdp", p->reply_sdp);
	if (!ng_put_str(a, reply, "result", STR("ok")))
		args.reply = NULL;
	if (!args.call || replace) {
		args.call = make_call(s);
		if (!args.call) {
			plan_drop(p);
			ng_reply_error(s->rq, "Out of memory");
			return;
		}
		if (!replace)
			calls_insert(s->eng->calls, args.call);
	}
	commit_start(s->eng, &args);
}

static void run_plan(struct session *s)
{
	struct plan *p = arena_alloc(s->rq->arena, sizeof(*p));
	struct plan_env *env = arena_alloc(s->rq->arena, sizeof(*env));
	bool known = s->call && (s->kind == SESSION_ANSWER || !s->call->adopted);
	int rc;

	if (!p || !env) {
		ng_reply_error(s->rq, "Out of memory");
		return;
	}
	*env = env_of(s->eng);
	p->arena = s->rq->arena;
	p->env = env;
	p->args = s->args;
	p->sdp = s->sdp;
	rc = s->kind == SESSION_OFFER ? plan_offer(p, known ? s->call->state : NULL)
				      : plan_answer(p, s->call->state);
	if (rc == 0) {
		commit(s, p);
		return;
	}
	plan_drop(p);
	reply_failure(s, p, rc);
}

/* The message has come back to the engine that wrote it: nothing to do. */
static bool looped(const struct session *s)
{
	return s->args->loop_protect && s->sdp->loop_id.p &&
	       str_is(s->sdp->loop_id, s->eng->instance_id);
}

static void run_checked(struct session *s)
{
	struct engine *eng = s->eng;

	if (looped(s)) {
		reply_sdp(s, s->args->sdp);
	} else if (over_limit(s)) {
		refuse_limit(s);
	} else if (dplink_syncing(eng->link)) {
		engine_hold(&eng->waiting_first, &eng->waiting_last, s->rq, s->args->call_id,
			    retry(s));
	} else if (!dplink_ready(eng->link) || eng->ifs.entry_count == 0) {
		ng_reply_error(s->rq, "Dataplane is not connected: no media can be relayed now");
	} else if (dplink_stalled(eng->link)) {
		ng_reply_error(s->rq, "Dataplane does not answer: no media can be relayed now");
	} else {
		if (s->call)
			resync_call(eng, s->call);
		run_plan(s);
	}
}

void session_run(struct engine *eng, struct ng_request *rq, enum session_kind kind)
{
	struct session s = { .eng = eng, .rq = rq, .kind = kind };
	const char *why;

	s.args = arena_alloc(rq->arena, sizeof(*s.args));
	s.sdp = arena_alloc(rq->arena, sizeof(*s.sdp));
	if (!s.args || !s.sdp || ng_args_parse(rq->arena, rq->dict, s.args)) {
		ng_reply_error(rq, "Out of memory");
		return;
	}
	if (s.args->call_id.p)
		s.call = calls_find(eng->calls, s.args->call_id);
	if (s.call && s.call->busy) {
		engine_hold(&s.call->held_first, &s.call->held_last, rq, s.args->call_id,
			    retry(&s));
		return;
	}
	why = check_keys(&s);
	if (!why && s.args->fragment) {
		/* a trickle update: there is no ICE to update */
		reply_sdp(&s, (struct str){ NULL, 0 });
		return;
	}
	if (!why)
		why = check_sdp(&s);
	if (why)
		ng_reply_error(rq, why);
	else
		run_checked(&s);
}
