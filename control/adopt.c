/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the dataplane still has when control (re)connects. Flows of known calls are compared by generation;
 * leftovers of calls that this process has ended are deleted; all others belong to calls of a control that
 * was killed. Those calls are adopted: they relay on, block their ports, are listed, can be deleted, time out, and
 * even an answer still finds its offer. What was only in the old process (tags, SDPs) is not known:
 * a new offer replaces an adopted call by a new one with new ports.
 * Control's only thread.
 */
#include "engine_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "plan.h"
#include "wipe.h"

struct adopt {
	struct rw_flow_spec *flows; /* of calls not known here */
	size_t flow_count, flow_room;
	rw_flow_id *leftovers;
	size_t leftover_count, leftover_room;
	bool no_memory;
};

int adopt_begin(struct engine *eng)
{
	adopt_drop(eng);
	eng->adopt = calloc(1, sizeof(*eng->adopt));
	return eng->adopt ? 0 : -ENOMEM;
}

void adopt_drop(struct engine *eng)
{
	if (!eng->adopt)
		return;
	wipe_free(eng->adopt->flows, eng->adopt->flow_count * sizeof(*eng->adopt->flows));
	free(eng->adopt->leftovers);
	free(eng->adopt);
	eng->adopt = NULL;
}

/* Room for one more element. 0 or -ENOMEM. */
static int grow(struct adopt *a, void **list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *p;

	if (count < *room)
		return 0;
	p = wipe_grow(*list, count * size, more * size);
	if (!p) {
		a->no_memory = true;
		return -ENOMEM;
	}
	*list = p;
	*room = more;
	return 0;
}

static void add_leftover(struct adopt *a, rw_flow_id id)
{
	if (grow(a, (void **)&a->leftovers, a->leftover_count, &a->leftover_room,
		 sizeof(*a->leftovers)) == 0)
		a->leftovers[a->leftover_count++] = id;
}

/* The dataplane has the flow as the call wants it. */
static void confirm(struct engine *eng, rw_flow_id id)
{
	uint32_t slot = rw_flow_slot(id, &eng->limits);

	eng->confirmed[slot / 8] |= (uint8_t)(1u << slot % 8);
}

static void known_flow(struct engine *eng, struct call *c, const struct rw_flow_spec *spec)
{
	const struct call_flow *f = call_find_flow(c->state, spec->leg, spec->media, spec->id);

	if (!f || !f->wanted)
		add_leftover(eng->adopt, spec->id);
	else if (f->generation == spec->generation)
		confirm(eng, spec->id);
}

void adopt_flow(struct engine *eng, const struct rw_flow_spec *spec)
{
	struct adopt *a = eng->adopt;
	struct call *c = calls_find_ref(eng->calls, spec->call_ref);

	if (!a)
		return;
	if (c && c->state)
		known_flow(eng, c, spec);
	else if (spec->call_ref >= eng->first_ref && spec->call_ref < eng->next_ref)
		add_leftover(a, spec->id);
	else if (grow(a, (void **)&a->flows, a->flow_count, &a->flow_room, sizeof(*a->flows)) == 0)
		a->flows[a->flow_count++] = *spec;
}

/* --- from flows to a call --- */

static int by_call_and_place(const void *x, const void *y)
{
	const struct rw_flow_spec *a = x, *b = y;

	if (a->call_ref != b->call_ref)
		return a->call_ref < b->call_ref ? -1 : 1;
	if (a->leg != b->leg)
		return a->leg - b->leg;
	if (a->media != b->media)
		return a->media - b->media;
	return a->id < b->id ? -1 : a->id > b->id;
}

static bool adoptable(const struct rw_flow_spec *s)
{
	return s->leg < PLAN_PARTIES_MAX && s->media < SDP_MEDIA_MAX &&
	       (s->component == 1 || s->component == 2);
}

static int entry_of(const struct interfaces *ifs, unsigned int media)
{
	for (unsigned int i = 0; i < ifs->entry_count; i++) {
		if (ifs->entries[i].media == media)
			return (int)i;
	}
	return -1;
}

static struct call_flow flow_of(const struct rw_flow_spec *s)
{
	return (struct call_flow){
		.id = s->id,
		.wanted = true,
		.kind = s->kind,
		.policy = s->source_policy,
		.tos = s->tos,
		.component = s->component,
		.leg = s->leg,
		.media = s->media,
		.learn_ms = s->learn_ms,
		.clock_hz = s->clock_hz,
		.out_rtp = s->out_rtp,
		.out_rtcp = s->out_rtcp,
		.source = s->source,
		.peer = s->peer,
		.rx = s->rx,
		.tx = s->tx,
		.generation = s->generation,
	};
}

/*
 * Keys in use. Their tags are lost: 1 is what an offer with one line most often has. The lines of an offer that
 * nobody has answered yet were never in a flow, so such an answer will be refused.
 */
static void describe_keys(struct call_media *m, const struct rw_flow_spec *s)
{
	struct call_sdes *d = &m->sdes;

	if (s->rx.suite)
		d->rx = (struct sdes_line){ .tag = 1, .key = s->rx };
	if (s->tx.suite)
		d->tx = (struct sdes_line){ .tag = 1, .key = s->tx };
	if (d->rx.key.suite || d->tx.key.suite)
		m->proto = m->sent_proto = m->used_proto = SDP_PROTO_SAVP;
}

/* Lists are views: the media have to be where they stay. */
static void list_keys(struct call_party *p)
{
	for (unsigned int i = 0; i < p->media_count; i++) {
		struct call_sdes *d = &p->media[i].sdes;

		d->offered = &d->rx;
		d->offered_count = d->rx.key.suite != RW_SRTP_NONE;
		d->told = &d->tx;
		d->told_count = d->tx.key.suite != RW_SRTP_NONE;
		d->told_used = true;
	}
}

static void describe_media(struct call_media *m, const struct rw_flow_spec *s)
{
	if (s->component == 2) {
		m->remote_rtcp = s->source;
		return;
	}
	m->proto = s->kind == RW_FLOW_OPAQUE ? SDP_PROTO_UDPTL : SDP_PROTO_AVP;
	m->sent_proto = m->used_proto = m->proto;
	describe_keys(m, s);
	m->clock_hz = s->clock_hz;
	m->remote = s->source;
	m->hold = s->source.ip.family != RW_FAMILY_NONE && s->peer.ip.family == RW_FAMILY_NONE;
	if (s->source.ip.family != RW_FAMILY_NONE && !m->hold) {
		m->policy = s->source_policy;
		m->learn_ms = s->learn_ms;
	} else {
		m->learn_ms = PLAN_LEARN_MS;
	}
	m->mux_offered = m->mux_told = s->kind == RW_FLOW_MUX;
}

/* The socket of the RTP port that an RTCP port belongs to, if it came before; else a new one. */
static struct call_socket *socket_for(struct arena *a, struct call_media *m,
				      const struct rw_flow_spec *s)
{
	struct call_socket *last = m->socket_count ? &m->sockets[m->socket_count - 1] : NULL;
	int i;

	if (s->component == 2 && last && last->rtp.id == s->id - 1 && last->rtcp.id == RW_FLOW_NONE)
		return last;
	i = call_add_socket(a, m);
	return i < 0 ? NULL : &m->sockets[i];
}

static int add_flow(struct engine *eng, struct arena *a, struct call_state *st,
		    const struct rw_flow_spec *s)
{
	int entry = entry_of(&eng->ifs, rw_flow_media(s->id));
	struct call_party *party;
	struct call_socket *so;
	struct call_media *m;

	while (st->party_count <= s->leg) {
		if (call_add_party(a, st) < 0)
			return -ENOMEM;
	}
	party = &st->parties[s->leg];
	if (call_add_media(a, party, s->media + 1u))
		return -ENOMEM;
	m = &party->media[s->media];
	so = socket_for(a, m, s);
	if (!so)
		return -ENOMEM;
	so->entry = (uint8_t)(entry < 0 ? 0 : entry);
	*(s->component == 1 ? &so->rtp : &so->rtcp) = flow_of(s);
	m->told = m->current = (int16_t)(m->socket_count - 1);
	describe_media(m, s);
	party->interface = eng->ifs.entries[so->entry].logical;
	party->family = eng->limits.media[rw_flow_media(s->id)].family;
	party->answered |= s->out_rtp != RW_FLOW_NONE;
	st->shard = (uint8_t)rw_shard(rw_flow_port(s->id), eng->limits.workers);
	return 0;
}

struct target {
	struct call_state *st;
	struct call_party *party; /* whose flow looks for its target */
	const struct call_flow *flow;
};

/* Where packets of one party leave tells who its peer is, and which socket sends to that peer. */
static void find_target(void *ctx, struct call_flow *f)
{
	struct target *t = ctx;
	struct call_party *peer = &t->st->parties[f->leg];
	struct call_media *m = &peer->media[f->media];

	if (f->id != t->flow->out_rtp && f->id != t->flow->out_rtcp)
		return;
	t->party->peer = f->leg;
	for (int16_t i = 0; i < m->socket_count; i++) {
		if (m->sockets[i].rtp.id == f->id || m->sockets[i].rtcp.id == f->id)
			m->current = i;
		if (m->sockets[i].rtp.id == f->id && f->id == t->flow->out_rtcp)
			m->muxed = true;
	}
}

static void find_peer(void *ctx, struct call_flow *f)
{
	struct target t = { .st = ctx, .flow = f };

	t.party = &t.st->parties[f->leg];
	call_each_flow(t.st, find_target, &t);
}

static struct call_state *state_of(struct engine *eng, struct arena *a,
				   const struct rw_flow_spec *flows, size_t count)
{
	struct call_state *st = call_state_new(a);

	for (size_t i = 0; st && i < count; i++) {
		if (add_flow(eng, a, st, &flows[i]))
			return NULL;
	}
	if (!st)
		return NULL;
	call_each_flow(st, find_peer, st);
	/* nobody answered yet: the first leg is the one that offered */
	for (uint16_t i = 0; i < st->party_count; i++) {
		st->parties[i].created_s = engine_now_us() / 1000000;
		list_keys(&st->parties[i]);
		if (st->parties[i].peer == CALL_NONE && st->party_count > 1)
			st->parties[i].peer = i ? 0 : 1;
	}
	return call_state_pack(st);
}

static struct call *call_of(struct engine *eng, const struct rw_flow_spec *flows, size_t count)
{
	struct str id = str_from(flows[0].call_id);
	struct call *c = call_new(id, flows[0].call_ref);
	struct arena *a = arena_new();

	if (c && a) {
		c->state = state_of(eng, a, flows, count);
		c->adopted = true;
		c->id_cut = id.n == RW_CALL_ID_BYTES - 1;
		c->created_us = engine_now_us();
		c->signal_s = c->created_us / 1000000;
		c->created_ms = c->signal_ms = engine_now_ms();
	}
	arena_free(a);
	if (c && c->state)
		return c;
	call_free(c);
	return NULL;
}

/*
 * Takes the ports of a group. A flow on a port that a known call holds is left out: that call's own flow will
 * take its place. How many remain, at the front.
 */
static size_t claim_ports(struct engine *eng, struct rw_flow_spec *flows, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (ports_claim(eng->ports, flows[i].id) == 0)
			flows[kept++] = flows[i];
	}
	return kept;
}

/* One group of flows. They are deleted when no call can be made of them. */
static bool adopt_group(struct engine *eng, struct rw_flow_spec *flows, size_t count)
{
	struct call *c = NULL;
	bool good = eng->ifs.entry_count != 0;

	count = claim_ports(eng, flows, count);
	for (size_t i = 0; i < count; i++)
		good &= adoptable(&flows[i]);
	if (good && count && !calls_find(eng->calls, str_from(flows[0].call_id)))
		c = call_of(eng, flows, count);
	for (size_t i = 0; i < count; i++) {
		if (c) {
			confirm(eng, flows[i].id);
		} else {
			engine_delete_flow(eng, flows[i].id);
			ports_release(eng->ports, flows[i].id, engine_now_ms());
		}
	}
	if (c)
		calls_insert(eng->calls, c);
	return c != NULL;
}

void adopt_end(struct engine *eng)
{
	struct adopt *a = eng->adopt;
	size_t calls = 0, end;

	if (!a)
		return;
	if (a->no_memory)
		log_error("no memory to take over all calls of the dataplane");
	for (size_t i = 0; i < a->leftover_count; i++)
		engine_delete_flow(eng, a->leftovers[i]);
	if (a->flow_count)
		qsort(a->flows, a->flow_count, sizeof(*a->flows), by_call_and_place);
	for (size_t i = 0; i < a->flow_count; i = end) {
		for (end = i + 1; end < a->flow_count; end++) {
			if (a->flows[end].call_ref != a->flows[i].call_ref)
				break;
		}
		calls += adopt_group(eng, &a->flows[i], end - i);
	}
	if (calls || a->leftover_count)
		log_info("took over %zu calls that the dataplane relays; deleted %zu left-over "
			 "flows",
			 calls, a->leftover_count);
	adopt_drop(eng);
}
