/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source: who may send to a flow, and who moves it. The rules are those of enum rw_source_policy in
 * rtpwire/flow.h. A packet that could move the flow is only a candidate here: it does so when the
 * later stages have found it to be media (source_learn). Thread: worker.
 */
#include "stage.h"

enum judgement {
	ADMITTED,
	CANDIDATE,
	REFUSED,
	NOT_ALLOWED,
};

static bool is_own(const struct rw_limits *lim, const struct rw_ip *ip)
{
	for (unsigned int i = 0; i < lim->media_count; i++)
		if (rw_ip_equal(&lim->media[i], ip))
			return true;
	return false;
}

/* An address that can be sent to: no loop to ourselves, no multicast or broadcast, a port. */
static bool is_learnable(const struct rw_limits *lim, const struct rw_endpoint *from)
{
	bool is_group = from->ip.family == RW_FAMILY_IP4 ? from->ip.bytes[0] >= 224
							 : from->ip.bytes[0] == 0xff;

	return from->port_be != 0 && !is_group && !rw_ip_is_zero(&from->ip) &&
	       !is_own(lim, &from->ip);
}

/* LEARN and ASYMMETRIC */
static enum judgement judge_window(const struct flow *f, const struct rw_endpoint *from,
				   uint64_t now_ns)
{
	bool is_current = f->learned && rw_endpoint_equal(from, &f->source);

	if (f->locked)
		return is_current ? ADMITTED : REFUSED;
	if (now_ns >= f->window_end_ns) {
		if (!f->seen || is_current)
			return CANDIDATE;
		return REFUSED;
	}
	if (f->before_refused && rw_endpoint_equal(from, &f->before) &&
	    !rw_endpoint_equal(from, &f->spec.source))
		return REFUSED;
	return CANDIDATE;
}

static enum judgement judge(const struct path *w, const struct flow *f,
			    const struct rw_endpoint *from)
{
	enum judgement j;

	if (!flow_allows(&f->spec, &from->ip))
		return NOT_ALLOWED;
	switch (f->spec.source_policy) {
	case RW_SOURCE_STRICT:
		return rw_endpoint_equal(from, &f->spec.source) ? ADMITTED : REFUSED;
	case RW_SOURCE_HANDOVER:
		j = CANDIDATE;
		break;
	default:
		j = judge_window(f, from, w->now.ns);
		break;
	}
	return j == CANDIDATE && !is_learnable(&w->config.limits, from) ? REFUSED : j;
}

static bool refuse(struct path *w, struct pkt *p, enum judgement j)
{
	flow_stats(w, p->in_slot)->refused = p->source;
	return drop_in_flow(w, p,
			    j == NOT_ALLOWED ? RW_DROP_source_not_allowed : RW_DROP_source_refused);
}

static bool admit(struct path *w, struct pkt *p)
{
	enum judgement j;

	if (rw_endpoint_equal(&p->source, &p->in->known))
		return true;
	j = judge(w, p->in, &p->source);
	p->candidate = j == CANDIDATE;
	return j <= CANDIDATE || refuse(w, p, j);
}

void stage_source(struct path *w, struct batch *b)
{
	batch_filter(w, b, admit);
}

bool source_still_admits(struct path *w, struct pkt *p)
{
	enum judgement j = judge(w, p->in, &p->source);

	return j <= CANDIDATE || refuse(w, p, j);
}

/* What ends a window at once, and what decides after it. */
static bool decides(const struct flow *f, const struct rw_endpoint *from, uint64_t now_ns)
{
	return now_ns >= f->window_end_ns || rw_endpoint_equal(from, &f->spec.source) ||
	       (!f->before_refused && rw_endpoint_equal(from, &f->before));
}

void source_learn(struct path *w, struct pkt *p)
{
	struct rw_flow_stats *s = flow_stats(w, p->in_slot);
	struct flow *f = p->in;
	bool is_new = !f->learned || !rw_endpoint_equal(&f->source, &p->source);

	if (f->spec.source_policy == RW_SOURCE_STRICT)
		return;
	f->source = p->source;
	f->learned = true;
	f->seen = true;
	if (f->spec.source_policy != RW_SOURCE_HANDOVER && !f->locked)
		f->locked = decides(f, &p->source, w->now.ns);
	if (f->spec.source_policy != RW_SOURCE_ASYMMETRIC &&
	    !rw_endpoint_equal(&f->peer, &p->source)) {
		flow_move_peer(f, &p->source, s);
		source_resolve(w, f);
		is_new = true;
	}
	if (is_new)
		count(w, RW_COUNT_learned, 1);
	flow_settle(f);
	flow_publish(f, s);
}

void source_resolve(struct path *w, struct flow *f)
{
	struct report *r = &w->report;

	if (!f->resolve_due)
		return;
	memset(r, 0, sizeof(*r));
	r->type = REPORT_RESOLVE;
	r->adj = f->adj_back;
	r->spec.id = f->spec.id;
	r->spec.generation = f->generation;
	r->spec.call_ref = f->spec.call_ref;
	r->spec.source = f->source;
	r->spec.peer = f->peer;
	if (rw_ring_push(w->config.reports, REPORT_SLOT_BYTES, REPORT_SLOTS, r, sizeof(*r)) < 0)
		return;
	f->adj_back = ADJ_NONE;
	f->resolve_due = false;
}
