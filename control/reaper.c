/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time-outs (reaper.h). Silence is measured from the dataplane's "last packet" times, in CLOCK_MONOTONIC as
 * they are. Control's only thread.
 */
#include "reaper.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#include "engine_internal.h"
#include "log.h"

#define TICK_S 0.1
#define ROUND_TICKS 10 /* every call is looked at about once a second */

struct reaper {
	struct engine *eng;
	struct ev_loop *loop;
	ev_timer timer;
	unsigned int tick;
	struct engine_rates before; /* sums at the last measurement */
	uint64_t before_ms;
};

struct last_packet {
	const struct dplink *link;
	uint64_t ns;
};

static void latest(void *ctx, struct call_flow *f)
{
	struct last_packet *lp = ctx;
	uint64_t ns = f->wanted ? dplink_flow_last_ns(lp->link, f->id) : 0;

	if (ns > lp->ns)
		lp->ns = ns;
}

/* Of an adopted call the directions are not known: then they count as sendrecv. */
static bool wants_both_ways(const struct call_media *m)
{
	return !m->rejected && !m->hold && m->direction == SDP_SENDRECV &&
	       m->remote.ip.family != RW_FAMILY_NONE;
}

/* True when no media of the call is meant to flow both ways. */
static bool on_hold(const struct call_state *s)
{
	for (unsigned int i = 0; i < s->party_count; i++) {
		const struct call_party *p = &s->parties[i], *q;

		if (p->gone || !p->answered || p->peer == CALL_NONE)
			continue;
		q = &s->parties[p->peer];
		for (unsigned int j = 0; j < p->media_count && j < q->media_count; j++) {
			if (wants_both_ways(&p->media[j]) && wants_both_ways(&q->media[j]))
				return false;
		}
	}
	return true;
}

static bool answered(const struct call_state *s)
{
	for (unsigned int i = 0; i < s->party_count; i++) {
		if (!s->parties[i].gone && s->parties[i].answered)
			return true;
	}
	return false;
}

/* Seconds of silence that the call is allowed, and what it is called when they are over. */
static unsigned int allowance(const struct engine *eng, const struct call *c, enum call_end *end)
{
	const struct config *cfg = eng->cfg;

	if (!answered(c->state)) {
		*end = CALL_END_OFFER;
		return cfg->offer_timeout_s;
	}
	if (on_hold(c->state)) {
		*end = CALL_END_SILENT;
		return cfg->silent_timeout_s;
	}
	*end = CALL_END_TIMEOUT;
	return cfg->timeout_s;
}

static const char *end_text(enum call_end end)
{
	switch (end) {
	case CALL_END_OFFER:
		return "offer not answered";
	case CALL_END_SILENT:
		return "silent while on hold";
	default:
		return "no packet on any of its ports";
	}
}

/* True when the call was ended. */
static bool check_silence(struct engine *eng, struct call *c, uint64_t now_ms)
{
	struct last_packet lp = { .link = eng->link };
	enum call_end end = CALL_END_TIMEOUT;
	uint64_t since_ms = c->signal_ms;
	unsigned int limit_s = allowance(eng, c, &end);

	/* a dataplane that was started anew remembers no packets */
	if (end != CALL_END_OFFER && eng->synced_ms > since_ms)
		since_ms = eng->synced_ms;
	if (limit_s == 0 || now_ms - since_ms < limit_s * (uint64_t)1000)
		return false;
	if (end != CALL_END_OFFER) {
		call_each_flow(c->state, latest, &lp);
		if (lp.ns / 1000000 > since_ms)
			since_ms = lp.ns / 1000000;
	}
	if (since_ms > now_ms || now_ms - since_ms < limit_s * (uint64_t)1000)
		return false;
	log_info("call %.*s: %s for %u s; ended", STR_FMT(c->id), end_text(end), limit_s);
	engine_end_call(eng, c, end);
	return true;
}

static void check_parties(struct engine *eng, struct call *c, uint64_t now_ms)
{
	for (unsigned int i = 0; i < c->state->party_count; i++) {
		struct call_party *p = &c->state->parties[i];

		if (!p->gone && p->delete_at_ms && now_ms >= p->delete_at_ms)
			engine_end_party(eng, c, p);
	}
}

static void check_call(struct engine *eng, struct call *c, uint64_t now_ms)
{
	if (c->busy || !c->state)
		return;
	if (c->delete_at_ms && now_ms >= c->delete_at_ms) {
		engine_end_call(eng, c, CALL_END_REGULAR);
		return;
	}
	/* without a dataplane nobody can tell whether packets flow */
	if (!dplink_ready(eng->link) || !check_silence(eng, c, now_ms))
		check_parties(eng, c, now_ms);
}

static uint64_t per_second(uint64_t now, uint64_t before, uint64_t ms)
{
	return now > before && ms ? (now - before) * 1000 / ms : 0;
}

static void measure(struct reaper *r, uint64_t now_ms)
{
	const struct rw_welcome *w = dplink_welcome(r->eng->link);
	uint64_t ms = now_ms - r->before_ms;
	struct engine_rates sum = { 0 };
	struct rw_worker_stats ws;

	for (unsigned int i = 0; w && i < w->limits.workers; i++) {
		if (!dplink_worker_stats(r->eng->link, i, &ws))
			continue;
		sum.packets += ws.counters[RW_COUNT_tx_packets];
		sum.bytes += ws.counters[RW_COUNT_tx_bytes];
		for (unsigned int d = 0; d < RW_DROP_FLOW_COUNT; d++)
			sum.errors += ws.drops[d];
	}
	r->eng->rates = (struct engine_rates){
		.packets = per_second(sum.packets, r->before.packets, ms),
		.bytes = per_second(sum.bytes, r->before.bytes, ms),
		.errors = per_second(sum.errors, r->before.errors, ms),
	};
	r->before = sum;
	r->before_ms = now_ms;
}

void reaper_tick(struct reaper *r)
{
	struct engine *eng = r->eng;
	size_t share = calls_count(eng->calls) / ROUND_TICKS + 1;
	uint64_t now_ms = engine_now_ms();

	for (size_t n = 0; n < share; n++) {
		struct call *c = calls_cursor_next(eng->calls);

		if (c)
			check_call(eng, c, now_ms);
	}
	if (++r->tick % ROUND_TICKS == 0)
		measure(r, now_ms);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	reaper_tick(w->data);
}

int reaper_new(struct engine *eng, struct ev_loop *loop, struct reaper **out)
{
	struct reaper *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->eng = eng;
	r->loop = loop;
	r->before_ms = engine_now_ms();
	ev_timer_init(&r->timer, on_timer, TICK_S, TICK_S);
	r->timer.data = r;
	ev_timer_start(loop, &r->timer);
	*out = r;
	return 0;
}

void reaper_free(struct reaper *r)
{
	if (!r)
		return;
	ev_timer_stop(r->loop, &r->timer);
	free(r);
}

static void on_wait_over(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ONE);
}

void reaper_run_for(struct reaper *r, unsigned int ms)
{
	ev_timer timer;

	ev_now_update(r->loop);
	ev_timer_init(&timer, on_wait_over, ms / 1000.0, 0);
	ev_timer_start(r->loop, &timer);
	ev_run(r->loop, 0);
	ev_timer_stop(r->loop, &timer);
}
