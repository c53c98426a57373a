/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow table: setting, replacing and deleting flows, and their egress headers. Thread: worker.
 */
#include "flow.h"

#include <errno.h>
#include <sys/mman.h>

#define ADJ_VERSION_NEVER 0xffffffffu /* odd: no readable entry has it */

/* Specs hold keys, so none of it goes into a core dump. */
static void *map_lazily(size_t size_bytes)
{
	void *p = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size_bytes, MADV_DONTDUMP);
	madvise(p, size_bytes, MADV_HUGEPAGE); /* else each flow is in a page of its own */
	return p;
}

static size_t live_bytes(const struct flow_table *t)
{
	return ((size_t)t->slots + 63) / 64 * sizeof(*t->live);
}

int flow_table_init(struct flow_table *t, uint32_t slots, struct srtp *srtp)
{
	*t = (struct flow_table){ .slots = slots, .srtp = srtp };
	t->flows = map_lazily((size_t)slots * sizeof(*t->flows));
	t->live = map_lazily(live_bytes(t));
	if (t->flows && t->live)
		return 0;
	flow_table_free(t);
	return -ENOMEM;
}

void flow_table_free(struct flow_table *t)
{
	if (t->flows && t->live)
		for (uint32_t i = flow_table_next(t, 0); i < t->slots;
		     i = flow_table_next(t, i + 1))
			flow_keys_drop(t, &t->flows[i], NULL);
	if (t->flows)
		munmap(t->flows, (size_t)t->slots * sizeof(*t->flows));
	if (t->live)
		munmap(t->live, live_bytes(t));
	*t = (struct flow_table){ 0 };
}

uint32_t flow_table_next(const struct flow_table *t, uint32_t from)
{
	while (from < t->slots) {
		uint64_t word = t->live[from / 64] >> from % 64;

		if (word)
			return from + (uint32_t)__builtin_ctzll(word);
		from = (from / 64 + 1) * 64;
	}
	return t->slots;
}

/* RFC 7983 by class; what a kind carries decides. */
static void compile_actions(struct flow *f)
{
	uint8_t other = f->spec.flags & RW_FLOW_PASS_OTHER ? ACTION_PASS : ACTION_REFUSE;

	if (f->spec.kind == RW_FLOW_OPAQUE) {
		memset(f->action, ACTION_PASS, sizeof(f->action));
		return;
	}
	f->action[RW_CLASS_RTP] = ACTION_RTP;
	f->action[RW_CLASS_RTCP] = ACTION_RTCP;
	f->action[RW_CLASS_STUN] = ACTION_PUNT;
	f->action[RW_CLASS_DTLS] = ACTION_PUNT;
	f->action[RW_CLASS_ZRTP] = other;
	f->action[RW_CLASS_TURN] = other;
	f->action[RW_CLASS_UNKNOWN] = other;
}

static uint32_t output_slot(rw_flow_id id, const struct rw_limits *lim)
{
	return id == RW_FLOW_NONE ? FLOW_NO_SLOT : rw_flow_slot(id, lim);
}

static bool follows_source(uint8_t policy)
{
	return policy == RW_SOURCE_LEARN || policy == RW_SOURCE_HANDOVER;
}

/* True when signalling says that media now comes from another place than it said before. */
static bool has_moved(const struct rw_endpoint *old, const struct rw_endpoint *new)
{
	return !rw_ip_is_zero(&old->ip) && !rw_ip_is_zero(&new->ip) && !rw_endpoint_equal(old, new);
}

bool flow_allows(const struct rw_flow_spec *spec, const struct rw_ip *ip)
{
	for (unsigned int i = 0; i < spec->allow_count; i++)
		if (rw_prefix_contains(&spec->allow[i], ip))
			return true;
	return spec->allow_count == 0;
}

void flow_settle(struct flow *f)
{
	bool settled = f->learned && f->locked;

	if (f->spec.source_policy == RW_SOURCE_STRICT)
		settled = !rw_ip_is_zero(&f->source.ip) && flow_allows(&f->spec, &f->source.ip);
	else if (f->spec.source_policy == RW_SOURCE_HANDOVER)
		settled = f->learned && rw_endpoint_equal(&f->source, &f->peer);
	f->known = settled ? f->source : (struct rw_endpoint){ 0 };
}

/* A window opens: what was learned is either confirmed soon or belongs to the old place. */
static void open_window(struct flow *f, const struct rw_endpoint *old_source, uint64_t now_ns)
{
	f->before = f->learned ? f->source : (struct rw_endpoint){ 0 };
	f->before_refused = has_moved(old_source, &f->spec.source);
	f->learned = f->learned && !f->before_refused;
	f->seen = false;
	f->locked = false;
	f->window_end_ns = now_ns + f->spec.learn_ms * 1000000ull;
}

/*
 * Puts a spec over what was there. True when the peer was learned and stays; else it is the
 * signalled one now.
 */
static bool take_spec(struct flow *f, const struct rw_flow_spec *spec, uint64_t now_ns)
{
	struct rw_endpoint old_source = f->spec.source;
	bool same_peer = rw_endpoint_equal(&f->spec.peer, &spec->peer), keeps_peer;

	f->spec = *spec;
	f->learned = f->learned && flow_allows(spec, &f->source.ip) &&
		     spec->source_policy != RW_SOURCE_STRICT;
	if (spec->generation > f->generation)
		open_window(f, &old_source, now_ns);
	f->generation = spec->generation;
	keeps_peer = f->learned && follows_source(spec->source_policy) && same_peer;
	if (!f->learned)
		f->source = spec->source;
	if (!keeps_peer && !rw_endpoint_equal(&f->peer, &spec->peer)) {
		f->peer = spec->peer;
		f->sendable = false; /* the headers have the old one */
		f->refusal = RW_DROP_neighbour_unresolved;
	}
	return keeps_peer;
}

static void clear_for_new(struct flow *f, struct rw_flow_stats *stats)
{
	memset(f, 0, sizeof(*f));
	memset(stats, 0, sizeof(*stats));
	rtp_track_reset(&f->track);
}

uint32_t flow_use_adj(struct flow *f, uint32_t adj)
{
	uint32_t unused = f->adj != ADJ_NONE ? f->adj : f->adj_back;

	f->adj = adj;
	f->adj_back = ADJ_NONE;
	f->resolve_due = false;
	f->adj_version = ADJ_VERSION_NEVER;
	return unused;
}

uint32_t flow_set(struct flow_table *t, uint32_t slot, const struct rw_flow_spec *spec,
		  const struct flow_keys *keys, const struct rw_limits *lim, uint32_t adj,
		  struct rw_flow_stats *stats, uint64_t now_ns)
{
	struct flow *f = &t->flows[slot];
	bool renewed;

	if (!f->live) {
		clear_for_new(f, stats);
		f->live = true;
		t->live[slot / 64] |= 1ull << slot % 64;
		t->count++;
	}
	renewed = spec->generation > f->generation;
	flow_keys_use(t, f, keys, spec, stats, renewed);
	if (!take_spec(f, spec, now_ns))
		adj = flow_use_adj(f, adj);
	f->clock_hz = spec->clock_hz;
	f->out_slot[0] = output_slot(spec->out_rtp, lim);
	f->out_slot[1] = output_slot(spec->out_rtcp, lim);
	compile_actions(f);
	flow_settle(f);
	f->adj_version = ADJ_VERSION_NEVER; /* the TOS may have changed */
	flow_publish(f, stats);
	return adj;
}

uint32_t flow_del(struct flow_table *t, uint32_t slot, struct rw_flow_stats *stats)
{
	struct flow *f = &t->flows[slot];

	flow_keys_drop(t, f, stats);
	explicit_bzero(&f->spec, sizeof(f->spec));
	f->live = false;
	f->sendable = false;
	t->live[slot / 64] &= ~(1ull << slot % 64);
	t->count--;
	stats->state &= ~RW_FLOW_STATE_LIVE;
	return flow_use_adj(f, ADJ_NONE);
}

void flow_move_peer(struct flow *f, const struct rw_endpoint *peer, struct rw_flow_stats *stats)
{
	if (!rw_ip_equal(&f->peer.ip, &peer->ip)) {
		if (f->adj != ADJ_NONE)
			f->adj_back = f->adj;
		f->adj = ADJ_NONE;
		f->resolve_due = true;
	}
	f->peer = *peer;
	f->adj_version = ADJ_VERSION_NEVER;
	f->sendable = false;
	f->refusal = RW_DROP_neighbour_unresolved;
	flow_publish(f, stats);
}

void flow_publish(const struct flow *f, struct rw_flow_stats *stats)
{
	uint32_t state = RW_FLOW_STATE_LIVE;

	if (f->learned)
		state |= RW_FLOW_STATE_LEARNED;
	if (f->locked)
		state |= RW_FLOW_STATE_LOCKED;
	stats->generation = f->generation;
	stats->source = f->source;
	stats->peer = f->peer;
	stats->state = state;
}

/* Why nothing can be sent to peer by this adjacency; RW_DROP_MAX when it can. */
static enum rw_drop refusal(const struct rw_endpoint *peer, const struct adj_view *view)
{
	if (rw_ip_is_zero(&peer->ip) || peer->port_be == 0)
		return RW_DROP_no_peer;
	switch (view->state) {
	case ADJ_READY:
		return RW_DROP_MAX;
	case ADJ_NO_ROUTE:
		return RW_DROP_no_route;
	case ADJ_SELF:
		return RW_DROP_peer_is_relay;
	default:
		return RW_DROP_neighbour_unresolved;
	}
}

void flow_refresh(struct flow *f, const struct adj *adjs, const struct rw_limits *lim)
{
	struct rw_endpoint local = { .ip = lim->media[rw_flow_media(f->spec.id)],
				     .port_be = htons(rw_flow_port(f->spec.id)) };
	struct adj_view view;
	uint32_t version;

	if (!adj_read(&adjs[f->adj], &view, &version))
		return;
	f->adj_version = version;
	f->refusal = (uint8_t)refusal(&f->peer, &view);
	f->sendable = f->refusal == RW_DROP_MAX;
	if (!f->sendable)
		return;
	f->port = view.port;
	f->mtu = view.mtu;
	encap_build(&f->encap, &view, &local, &f->peer, f->spec.tos);
}
