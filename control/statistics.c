/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums for `statistics` (statistics.h). Control's only thread.
 */
#include "statistics.h"

#include <time.h>

static void read_workers(struct statistics *s)
{
	const struct rw_welcome *w = dplink_welcome(s->eng->link);
	struct rw_worker_stats ws;

	for (unsigned int i = 0; w && i < w->limits.workers; i++) {
		if (!dplink_worker_stats(s->eng->link, i, &ws))
			continue;
		for (unsigned int n = 0; n < RW_COUNT_MAX; n++)
			s->counters[n] += ws.counters[n];
		for (unsigned int n = 0; n < RW_DROP_MAX; n++)
			s->drops[n] += ws.drops[n];
	}
	for (unsigned int n = 0; n < RW_DROP_FLOW_COUNT; n++)
		s->errors += s->drops[n];
}

static void add_flow(struct statistics *s, struct statistics_interface *sum,
		     const struct call_flow *f)
{
	struct rw_flow_stats st;

	if (f->id == RW_FLOW_NONE || !f->wanted || !dplink_flow_stats(s->eng->link, f->id, &st))
		return;
	sum->rx_packets += st.rx_packets;
	sum->rx_bytes += st.rx_bytes;
	sum->errors += st.dropped;
	sum->tx_packets += st.tx_packets;
	sum->tx_bytes += st.tx_bytes;
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		sum->lost += rw_ssrc_lost(&st, i);
		sum->duplicates += st.ssrc[i].duplicates;
	}
}

static void read_media(struct statistics *s, const struct call_media *m)
{
	s->medias += m->socket_count != 0;
	for (unsigned int k = 0; k < m->socket_count; k++) {
		const struct call_socket *so = &m->sockets[k];

		if (so->entry >= s->eng->ifs.entry_count)
			continue;
		add_flow(s, &s->interfaces[so->entry], &so->rtp);
		add_flow(s, &s->interfaces[so->entry], &so->rtcp);
	}
}

static void read_call(struct statistics *s, const struct call *c)
{
	for (unsigned int i = 0; c->state && i < c->state->party_count; i++) {
		const struct call_party *p = &c->state->parties[i];

		for (unsigned int j = 0; !p->gone && j < p->media_count; j++)
			read_media(s, &p->media[j]);
	}
}

struct statistics *statistics_read(struct engine *eng, struct arena *a)
{
	struct statistics *s = arena_alloc(a, sizeof(*s));

	if (!s)
		return NULL;
	s->eng = eng;
	s->a = a;
	read_workers(s);
	for (const struct call *c = calls_first(eng->calls); c; c = c->newer)
		read_call(s, c);
	return s;
}

static struct ng_value *dataplane_dict(const struct statistics *s)
{
	const struct rw_welcome *w = dplink_welcome(s->eng->link);
	bool up = dplink_ready(s->eng->link) && !s->eng->resync_at;
	struct ng_value *d = ng_dict(s->a);

	/* connected: and all calls' flows have been given to it */
	ng_put_int(s->a, d, "connected", up);
	if (!w)
		return d;
	ng_put_str(s->a, d, "backend", arena_printf(s->a, "%s", w->backend));
	ng_put_int(s->a, d, "workers", w->limits.workers);
	ng_put_str(s->a, d, "epoch", arena_printf(s->a, "%016llx", (unsigned long long)w->epoch));
	ng_put_int(s->a, d, "port min", w->limits.port_min);
	ng_put_int(s->a, d, "port max", w->limits.port_max);
	ng_put_int(s->a, d, "commands waiting", dplink_outstanding(s->eng->link));
	return d;
}

static struct ng_value *counters_dict(const struct statistics *s, const uint64_t *counters)
{
	struct ng_value *d = ng_dict(s->a);

	for (unsigned int n = 0; n < RW_COUNT_MAX; n++)
		ng_put_int(s->a, d, rw_worker_counter_name(n), (int64_t)counters[n]);
	return d;
}

static int64_t age_ms(uint64_t ns)
{
	uint64_t now_ms = engine_now_ms(), then_ms = ns / 1000000;

	return ns && now_ms > then_ms ? (int64_t)(now_ms - then_ms) : 0;
}

static struct ng_value *workers_list(const struct statistics *s)
{
	const struct rw_welcome *w = dplink_welcome(s->eng->link);
	struct ng_value *l = ng_list(s->a);
	struct rw_worker_stats ws;

	for (unsigned int i = 0; w && i < w->limits.workers; i++) {
		struct ng_value *d = ng_dict(s->a);

		if (!dplink_worker_stats(s->eng->link, i, &ws))
			continue;
		ng_put_int(s->a, d, "heartbeat_age_ms", age_ms(ws.heartbeat_ns));
		ng_put_int(s->a, d, "flows", (int64_t)ws.flows);
		ng_put(s->a, d, "counters", counters_dict(s, ws.counters));
		ng_add(s->a, l, d);
	}
	return l;
}

struct ng_value *statistics_rtpwire(const struct statistics *s)
{
	struct ng_value *d = ng_dict(s->a), *drops = ng_dict(s->a);

	ng_put_str(s->a, d, "version", STR(RTPWIRE_VERSION));
	ng_put(s->a, d, "dataplane", dataplane_dict(s));
	ng_put(s->a, d, "counters", counters_dict(s, s->counters));
	ng_put(s->a, d, "workers", workers_list(s));
	for (unsigned int n = 0; n < RW_DROP_MAX; n++)
		ng_put_int(s->a, drops, rw_drop_name(n), (int64_t)s->drops[n]);
	ng_put(s->a, d, "drops", drops);
	ng_put_int(s->a, d, "punts taken", (int64_t)dplink_punts(s->eng->link));
	return d;
}
