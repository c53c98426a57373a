/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow as a worker executes it, and the table of a worker's flows. Only the worker that owns a
 * flow touches it. No DPDK type here. Thread: worker (table_init and table_free: manager, while the
 * worker does not run).
 */
#ifndef RTPWIRE_DATAPLANE_FLOW_H
#define RTPWIRE_DATAPLANE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtpwire/demux.h"
#include "rtpwire/flow.h"
#include "rtpwire/stats.h"

#include "adj.h"
#include "encap.h"
#include "rtp.h"
#include "srtp.h"

/* What is done with a packet of a class; compiled from kind and flags. */
enum flow_action {
	ACTION_RTP, /* count as RTP, send by out_rtp */
	ACTION_RTCP, /* count as RTCP, send by out_rtcp */
	ACTION_PASS, /* send untouched by out_rtp */
	ACTION_PUNT, /* to control */
	ACTION_REFUSE,
};

#define FLOW_CLASSES (RW_CLASS_UNKNOWN + 1)
#define FLOW_NO_SLOT 0xffffffffu

struct flow {
	/* Line 0: each packet that arrives. */
	_Alignas(64) bool live;
	uint8_t action[FLOW_CLASSES]; /* enum flow_action, by enum rw_class */
	uint32_t clock_hz;
	struct rw_endpoint known; /* admitted without any further rule; family NONE: nobody */
	uint32_t out_slot[2]; /* of out_rtp, out_rtcp; or FLOW_NO_SLOT */
	struct rtp_track track;
	struct srtp_context *rx; /* opens packets; NULL: they come as plain RTP */

	/* Lines 1 and 2: each packet that leaves. */
	_Alignas(64) uint32_t adj; /* entry in use, or ADJ_NONE */
	uint32_t adj_version; /* that the headers were built from */
	uint32_t mtu;
	uint8_t port; /* index of the dataplane's port */
	bool sendable; /* headers are valid; else refusal says why not */
	uint8_t refusal; /* enum rw_drop */
	bool resolve_due; /* the manager could not be asked about peer yet */
	struct encap encap;
	struct srtp_context *tx; /* secures packets; NULL: they leave as plain RTP */

	/* From here: rare. */
	_Alignas(64) struct rw_endpoint source; /* learned, else signalled */
	struct rw_endpoint peer;
	struct rw_endpoint before; /* learned before the current window opened; NONE: nobody */
	uint64_t window_end_ns;
	uint32_t adj_back; /* entry to give back with the next report; then adj is ADJ_NONE */
	bool learned; /* `source` was seen */
	bool seen; /* it was seen in this window */
	bool locked; /* the window is over */
	bool before_refused; /* `before` is the place that media has left */
	/*
	 * The key of before, or the one to come: after signalling a peer goes on with its old key for a while, and late
	 * packets of it come even later. NULL: there is none.
	 */
	struct srtp_context *rx_other;
	bool rx_other_is_new; /* signalling wants it; it takes over with the first packet that it opens */
	uint64_t rx_other_until_ns; /* when an old one is given up; 0 = as long as it is in use */
	uint64_t generation;
	struct rw_flow_spec spec; /* as control set it last */
	uint8_t padding[64];
};

_Static_assert(offsetof(struct flow, adj) == 64, "ingress takes one cache line");
_Static_assert(offsetof(struct flow, source) == 192, "egress takes two cache lines");
_Static_assert(
	sizeof(struct flow) / 64 % 2 == 1,
	"with an even number of lines the same ones of all flows would share few sets of a cache");

/* All flows of one worker: a lazily touched array with a place for every slot of the dataplane. */
struct flow_table {
	struct flow *flows;
	struct srtp *srtp; /* whose the contexts are */
	uint64_t *live; /* one bit per slot */
	uint32_t slots;
	uint32_t count; /* live flows */
};

/* Maps a table for slots flows; no page is touched. srtp may be NULL: then no spec has keys. 0 or -ENOMEM. */
int flow_table_init(struct flow_table *t, uint32_t slots, struct srtp *srtp);

/* Frees the flows' contexts and unmaps it; a zeroed table is fine. */
void flow_table_free(struct flow_table *t);

/* First live slot at or after from, or t->slots. */
uint32_t flow_table_next(const struct flow_table *t, uint32_t from);

/* flow_keys.c: contexts that a spec needs and the flow in the slot has not. */
struct flow_keys {
	struct srtp_context *rx, *tx; /* NULL: nothing new */
};

/*
 * Makes (or finds among those of the call) the contexts for a spec that flow_set() is about to take. 0, or -ENOMEM or
 * -ENOTSUP and nothing has changed.
 */
int flow_keys_make(struct flow_table *t, uint32_t slot, const struct rw_flow_spec *spec,
		   struct flow_keys *out);

/* Puts them to use, with the keys that stay; renewed: the spec is of a newer generation. flow_set() calls it. */
void flow_keys_use(struct flow_table *t, struct flow *f, const struct flow_keys *keys,
		   const struct rw_flow_spec *spec, struct rw_flow_stats *stats, bool renewed);

/* The other key has opened a packet: if it is the new one, it takes over at now_ns. */
void flow_keys_other_used(struct flow_table *t, struct flow *f, struct rw_flow_stats *stats,
			  uint64_t now_ns);

/* Gives up the other key: an old one whose time is over, or one that is not to come any more. stats may be NULL. */
void flow_keys_drop_other(struct flow_table *t, struct flow *f, struct rw_flow_stats *stats);

/* Lets a context that a packet of a flow has just used tell where its streams stand, if it does so nowhere. */
static inline void flow_keys_publish(struct flow_table *t, uint8_t kind, struct srtp_context *c,
				     struct rw_srtp_stream *where)
{
	/* RTCP shares the contexts of RTP, whose flow tells for both */
	if (kind != RW_FLOW_RTCP && !srtp_context_published(c))
		srtp_context_publish(t->srtp, c, where);
}

/* Ends all use of keys by a flow that ends. */
void flow_keys_drop(struct flow_table *t, struct flow *f, struct rw_flow_stats *stats);

/*
 * Creates flow spec.id or replaces its policy by spec, which must have passed rw_flow_spec_check() and
 * have no lower generation than the flow; keys are from flow_keys_make() for it; adj is one reference to the adjacency of
 * spec.peer. Learned state stays as rtpwire/flow.h says. Returns the reference that is no longer used, or ADJ_NONE.
 */
uint32_t flow_set(struct flow_table *t, uint32_t slot, const struct rw_flow_spec *spec,
		  const struct flow_keys *keys, const struct rw_limits *lim, uint32_t adj,
		  struct rw_flow_stats *stats, uint64_t now_ns);

/* Deletes the live flow in a slot; its statistics stay. Returns its adjacency or ADJ_NONE. */
uint32_t flow_del(struct flow_table *t, uint32_t slot, struct rw_flow_stats *stats);

/*
 * Points the flow to another peer. Its adjacency stays if only the port is another one; else it is
 * unknown now, and the old one goes to adj_back.
 */
void flow_move_peer(struct flow *f, const struct rw_endpoint *peer, struct rw_flow_stats *stats);

/* Gives the flow the adjacency of its peer. Returns the reference that is no longer used. */
uint32_t flow_use_adj(struct flow *f, uint32_t adj);

/* Writes source, peer and state into the flow's statistics. */
void flow_publish(const struct flow *f, struct rw_flow_stats *stats);

/*
 * Brings the flow's headers up to date with its peer and its adjacency; afterwards sendable or
 * refusal says what to do. Nothing changes while the manager is just writing the adjacency.
 */
void flow_refresh(struct flow *f, const struct adj *adjs, const struct rw_limits *lim);

/* True when the allow list does not forbid an address as a source. */
bool flow_allows(const struct rw_flow_spec *spec, const struct rw_ip *ip);

/* Notes which source needs no look at the rules any more; call after source, peer or locked changed. */
void flow_settle(struct flow *f);

/* True when the headers may be out of date. */
static inline bool flow_is_outdated(const struct flow *f, const struct adj *adjs)
{
	return atomic_load_explicit(&adjs[f->adj].version, memory_order_relaxed) != f->adj_version;
}

#endif
