/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine: what happens when the dataplane comes and goes, and how calls end. Control's only thread.
 */
#include "engine_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtpwire/clock.h"

#include "log.h"
#include "plan.h"
#include "reaper.h"
#include "streams.h"

uint64_t engine_now_ms(void)
{
	return rw_monotonic_ns() / 1000000u;
}

int64_t engine_now_us(void)
{
	return (int64_t)(rw_clock_ns(CLOCK_REALTIME) / 1000u);
}

/* --- requests that wait --- */

void engine_hold(struct held **first, struct held **last, struct ng_request *rq, struct str call_id,
		 void (*handle)(struct engine *eng, struct ng_request *rq))
{
	struct held *h = arena_alloc(rq->arena, sizeof(*h));

	if (!h) {
		ng_reply_error(rq, "Out of memory");
		return;
	}
	h->rq = rq;
	h->call_id = call_id;
	h->handle = handle;
	if (*first)
		(*last)->next = h;
	else
		*first = h;
	*last = h;
}

void engine_release(struct engine *eng, struct held **first, struct held **last)
{
	struct held *h = *first;

	*first = *last = NULL;
	while (h) {
		struct held now = *h; /* h dies with the reply */

		h = now.next;
		now.handle(eng, now.rq);
	}
}

void engine_release_call(struct engine *eng, struct held *first, struct held *last)
{
	while (first) {
		struct held now = *first; /* first dies with the reply */
		struct call *c;

		now.handle(eng, now.rq);
		first = now.next;
		c = first ? calls_find(eng->calls, first->call_id) : NULL;
		if (!c || !c->busy)
			continue;
		/* whoever came meanwhile stands behind them */
		last->next = c->held_first;
		if (!c->held_first)
			c->held_last = last;
		c->held_first = first;
		return;
	}
}

/* --- flows without anybody waiting --- */

bool engine_stats_valid(const struct call_flow *f, const struct rw_flow_stats *st)
{
	/* an older flow of this port is not of this call; so is the block before the first set */
	return f->wanted && st->generation && st->generation <= f->generation;
}

void engine_set_flow(struct engine *eng, const struct call *c, struct call_flow *f,
		     const struct rw_flow_stats *before)
{
	struct rw_flow_spec spec;

	f->generation = dplink_next_generation(eng->link);
	call_flow_spec(f, c->id, c->ref, &spec);
	if (before && f->rx.suite)
		streams_resume_rx(&spec, before);
	if (before && f->tx.suite)
		streams_resume_tx(&spec, before);
	/* without a link nothing is lost: the next snapshot shows what is missing */
	dplink_send(eng->link, RW_COMMAND_FLOW_SET, &spec, NULL, NULL);
	explicit_bzero(&spec, sizeof(spec));
}

void engine_delete_flow(struct engine *eng, rw_flow_id id)
{
	struct rw_flow_spec spec = { .id = id,
				     .generation = dplink_next_generation(eng->link),
				     .out_rtp = RW_FLOW_NONE,
				     .out_rtcp = RW_FLOW_NONE };

	dplink_send(eng->link, RW_COMMAND_FLOW_DEL, &spec, NULL, NULL);
}

/* --- the end of calls --- */

static void end_flow(void *ctx, struct call_flow *f)
{
	struct engine *eng = ctx;

	if (f->wanted)
		engine_delete_flow(eng, f->id);
	if (eng->ports)
		ports_release(eng->ports, f->id, engine_now_ms());
}

static void count_quality(struct engine_totals *t, const struct rw_flow_stats *st)
{
	t->seq_resets += st->seq_resets;
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		const struct rw_ssrc_stats *s = &st->ssrc[i];

		t->packets_lost += rw_ssrc_lost(st, i);
		t->duplicates += s->duplicates;
		t->reordered += s->reordered;
	}
}

/* RTP packets that the party sent for this media on any port. */
static uint64_t media_packets(struct engine *eng, const struct call_media *m)
{
	struct rw_flow_stats st;
	uint64_t packets = 0;

	for (unsigned int k = 0; k < m->socket_count; k++) {
		if (!dplink_flow_stats(eng->link, m->sockets[k].rtp.id, &st))
			continue;
		packets += st.rx_packets;
		count_quality(&eng->totals, &st);
	}
	return packets;
}

static void count_media(struct engine *eng, const struct call_state *s)
{
	for (unsigned int i = 0; i < s->party_count; i++) {
		const struct call_party *a = &s->parties[i];
		const struct call_party *b = a->peer == CALL_NONE ? NULL : &s->parties[a->peer];

		/* each pair once */
		if (!a->answered || !b || !b->answered || b->peer != i || a->peer < i)
			continue;
		for (unsigned int j = 0; j < a->media_count && j < b->media_count; j++) {
			uint64_t there = media_packets(eng, &a->media[j]);
			uint64_t back = media_packets(eng, &b->media[j]);

			if (!there && !back)
				eng->totals.zero_way++;
			else if (!there || !back)
				eng->totals.one_way++;
		}
	}
}

static void count_end(struct engine *eng, const struct call *c, enum call_end why)
{
	struct engine_totals *t = &eng->totals;
	double seconds = (double)(engine_now_ms() - c->created_ms) / 1000.0;
	uint64_t *const by_reason[] = {
		[CALL_END_REGULAR] = &t->regular,	 [CALL_END_TIMEOUT] = &t->timeouts,
		[CALL_END_SILENT] = &t->silent_timeouts, [CALL_END_OFFER] = &t->offer_timeouts,
		[CALL_END_FORCED] = &t->forced,
	};

	++*by_reason[why];
	t->ended++;
	t->duration_s += seconds;
	t->duration2_s += seconds * seconds;
	count_media(eng, c->state);
}

void engine_detach_call(struct engine *eng, struct call *c, enum call_end why)
{
	if (eng->resync_at == c)
		eng->resync_at = c->newer;
	if (c->state) {
		if (c->listed)
			count_end(eng, c, why);
		call_each_flow(c->state, end_flow, eng);
	}
	calls_remove(eng->calls, c);
}

void engine_end_call(struct engine *eng, struct call *c, enum call_end why)
{
	engine_detach_call(eng, c, why);
	call_free(c);
}

struct resend {
	struct engine *eng;
	struct call *call;
	struct call_state *before;
};

static void resend_changed(void *ctx, struct call_flow *f)
{
	struct resend *r = ctx;
	const struct call_flow *was = call_find_flow(r->before, f->leg, f->media, f->id);

	if (was && f->wanted && !call_flow_same(f, was))
		engine_set_flow(r->eng, r->call, f, NULL);
}

static void end_party_flows(struct engine *eng, struct call_party *p)
{
	struct call_state alone = { .parties = p, .party_count = 1 };

	call_each_flow(&alone, end_flow, eng);
}

/* Somebody else that this party can talk with: a branch that answered, else any. */
static uint16_t other_peer(const struct call_state *s, uint16_t of)
{
	uint16_t found = CALL_NONE;

	for (uint16_t i = 0; i < s->party_count; i++) {
		if (s->parties[i].gone || s->parties[i].peer != of)
			continue;
		if (found == CALL_NONE || (s->parties[i].answered && !s->parties[found].answered))
			found = i;
	}
	return found;
}

void engine_end_party(struct engine *eng, struct call *c, struct call_party *p)
{
	struct resend r = { .eng = eng, .call = c, .before = call_state_pack(c->state) };
	uint16_t index = (uint16_t)(p - c->state->parties);

	if (!r.before)
		return; /* tried again at the next tick */
	resync_call(eng, c);
	end_party_flows(eng, p);
	p->gone = true;
	for (uint16_t i = 0; i < c->state->party_count; i++) {
		struct call_party *q = &c->state->parties[i];

		if (!q->gone && q->peer == index)
			q->peer = other_peer(c->state, i);
	}
	plan_flows(c->state, &eng->ifs, eng->cfg->tos);
	call_each_flow(c->state, resend_changed, &r);
	call_state_free(r.before);
}

static void end_all_calls(struct engine *eng)
{
	struct call *c = calls_first(eng->calls);

	while (c) {
		struct call *next = c->newer;

		engine_end_call(eng, c, CALL_END_FORCED);
		c = next;
	}
}

/* --- the dataplane comes and goes --- */

static bool limits_equal(const struct rw_limits *a, const struct rw_limits *b)
{
	if (a->port_min != b->port_min || a->port_max != b->port_max || a->workers != b->workers ||
	    a->media_count != b->media_count)
		return false;
	for (unsigned int i = 0; i < a->media_count; i++) {
		if (!rw_ip_equal(&a->media[i], &b->media[i]))
			return false;
	}
	return true;
}

static void check_interfaces(struct engine *eng, const struct rw_limits *limits)
{
	struct interfaces ifs;
	unsigned int bad = 0;
	char text[RW_IP_TEXT];

	eng->interfaces_bad = interfaces_build(eng->cfg, limits, &ifs, &bad) != 0;
	if (!eng->interfaces_bad) {
		eng->ifs = ifs;
		return;
	}
	memset(&eng->ifs, 0, sizeof(eng->ifs));
	log_error("--interface %s/%s: the dataplane has no such media address; start it with "
		  "--media %s, or correct the option",
		  eng->cfg->interfaces[bad].name,
		  rw_ip_text(&eng->cfg->interfaces[bad].address, text), text);
}

/* Another engine of the dataplane may serve other crypto suites; ports and calls stay what they are. */
static void take_suites(struct engine *eng, const struct rw_limits *limits)
{
	if (eng->limits.srtp_suites & ~limits->srtp_suites && calls_count(eng->calls))
		log_warning("the dataplane came back with fewer crypto suites: calls that use "
			    "the others have lost their media");
	eng->limits.srtp_suites = limits->srtp_suites;
}

/* Ports and calls belong to one set of media addresses, ports and workers. 0 or -ENOMEM. */
static int take_limits(struct engine *eng, const struct rw_limits *limits)
{
	struct ports *ports;
	uint8_t *confirmed;

	if (eng->ports && limits_equal(&eng->limits, limits)) {
		take_suites(eng, limits);
		return 0;
	}
	if (ports_new(limits, &ports))
		return -ENOMEM;
	confirmed = calloc(rw_flow_slots(limits) / 8 + 1, 1);
	if (!confirmed) {
		ports_free(ports);
		return -ENOMEM;
	}
	if (calls_count(eng->calls))
		log_warning("the dataplane came back with other addresses, ports or workers: %zu "
			    "calls ended",
			    calls_count(eng->calls));
	end_all_calls(eng);
	ports_free(eng->ports);
	free(eng->confirmed);
	eng->ports = ports;
	eng->confirmed = confirmed;
	eng->limits = *limits;
	return 0;
}

static void on_up(void *ctx, const struct rw_welcome *w)
{
	struct engine *eng = ctx;

	log_info("connected to rtpwire-dataplane at %s: %s, %u workers, ports %u-%u on %u "
		 "addresses, %d crypto suites",
		 eng->cfg->dataplane, w->backend, w->limits.workers, w->limits.port_min,
		 w->limits.port_max, w->limits.media_count,
		 __builtin_popcount(w->limits.srtp_suites));
	if (take_limits(eng, &w->limits) || adopt_begin(eng)) {
		log_error("no memory for the ports of the dataplane; give the service more");
		memset(&eng->ifs, 0, sizeof(eng->ifs)); /* no call may begin */
		eng->interfaces_bad = true;
		return;
	}
	check_interfaces(eng, &w->limits);
	memset(eng->confirmed, 0, rw_flow_slots(&eng->limits) / 8 + 1);
}

static void on_flow(void *ctx, const struct rw_flow_spec *spec)
{
	adopt_flow(ctx, spec);
}

static void on_synced(void *ctx)
{
	struct engine *eng = ctx;

	eng->synced_ms = engine_now_ms();
	adopt_end(eng);
	resync_begin(eng);
	engine_release(eng, &eng->waiting_first, &eng->waiting_last);
}

static void on_room(void *ctx)
{
	resync_continue(ctx);
}

static void on_down(void *ctx)
{
	struct engine *eng = ctx;

	adopt_drop(eng);
	eng->resync_at = NULL;
	engine_release(eng, &eng->waiting_first, &eng->waiting_last);
}

static const struct dplink_ops link_ops = {
	.up = on_up, .flow = on_flow, .synced = on_synced, .room = on_room, .down = on_down
};

/* --- life --- */

int engine_new(const struct config *cfg, struct ev_loop *loop, struct engine **out)
{
	struct engine *eng = calloc(1, sizeof(*eng));
	unsigned char id[6];

	if (!eng)
		return -ENOMEM;
	eng->cfg = cfg;
	eng->started_ms = engine_now_ms();
	eng->first_ref = eng->next_ref = (uint64_t)engine_now_us();
	arc4random_buf(id, sizeof(id));
	snprintf(eng->instance_id, sizeof(eng->instance_id), "%02x%02x%02x%02x%02x%02x", id[0],
		 id[1], id[2], id[3], id[4], id[5]);
	if (calls_new(&eng->calls) || reaper_new(eng, loop, &eng->reaper) ||
	    dplink_new(loop, cfg->dataplane, &link_ops, eng, &eng->link)) {
		engine_free(eng);
		return -ENOMEM;
	}
	dplink_start(eng->link);
	*out = eng;
	return 0;
}

int engine_wait_ready(struct engine *eng, unsigned int wait_ms)
{
	uint64_t until_ms = engine_now_ms() + wait_ms;

	while (!dplink_ready(eng->link) && engine_now_ms() < until_ms) {
		if (dplink_last_error(eng->link) == -EPROTO || eng->interfaces_bad)
			break;
		reaper_run_for(eng->reaper, 20);
	}
	if (eng->interfaces_bad)
		return -EINVAL;
	if (dplink_ready(eng->link))
		return 0;
	switch (dplink_last_error(eng->link)) {
	case -EPROTO: /* the link has logged both */
		return -EPROTO;
	case -EBUSY:
		return -EBUSY;
	case -EACCES:
		log_error("may not connect to the dataplane at %s: give rtpwire-dataplane "
			  "--socket-group with a group of this user, or start as root",
			  eng->cfg->dataplane);
		return -EACCES;
	default:
		break;
	}
	log_error("no dataplane at %s after %u ms: start rtpwire-dataplane --socket %s, or give "
		  "its path with --dataplane",
		  eng->cfg->dataplane, wait_ms, eng->cfg->dataplane);
	return dplink_last_error(eng->link) == -ENOENT ? -ENOENT : -ETIMEDOUT;
}

void engine_free(struct engine *eng)
{
	if (!eng)
		return;
	dplink_free(eng->link); /* answers what still waits for an ACK */
	adopt_drop(eng);
	reaper_free(eng->reaper);
	calls_free(eng->calls);
	ports_free(eng->ports);
	free(eng->confirmed);
	free(eng);
}
