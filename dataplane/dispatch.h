/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between control's rings and the workers' mailboxes: takes commands, checks them, finds their
 * adjacency, forwards them to the worker that owns the flow, and brings reports and punts back.
 * Never trusts what stands in the wire memory. No DPDK, no socket. Manager thread.
 */
#ifndef RTPWIRE_DATAPLANE_DISPATCH_H
#define RTPWIRE_DATAPLANE_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/flow.h"
#include "rtpwire/ring.h"

#include "neigh.h"

struct dispatch;
struct wake;

/* The three rings of one worker (mailbox.h). */
struct dispatch_worker {
	struct rw_ring *mailbox; /* producer: dispatch */
	struct rw_ring *reports; /* consumer: dispatch */
	struct rw_ring *punts; /* consumer: dispatch */
	struct wake
		*wake; /* rung after the mailbox was filled; NULL: the worker looks often enough */
};

/* workers: limits->workers of them, copied. neigh must outlive it. 0 and *out, or -ENOMEM. */
int dispatch_new(const struct rw_limits *limits, const struct dispatch_worker *workers,
		 struct neigh *neigh, struct dispatch **out);
void dispatch_free(struct dispatch *d);

/*
 * A control has connected: wire is its memory (rw_wire_bytes(), layout of punt.h), zeroed but for the
 * header. Punts from before are thrown away. dispatch_detach() ends the session; what is under way
 * with workers is finished, its answers are dropped.
 */
void dispatch_attach(struct dispatch *d, void *wire);
void dispatch_detach(struct dispatch *d);

/* What a turn did. */
struct dispatch_turn {
	bool answered; /* events or punts were pushed: wake control */
	bool moved; /* anything at all was done: look again soon */
};

/*
 * One bounded turn: reports, then commands, then punts. 0; -EPROTO when control damaged a ring
 * or -ETIME when it did not take an event for two seconds: the caller ends the session.
 */
int dispatch_turn(struct dispatch *d, uint64_t now_ns, struct dispatch_turn *out);

/* Commands given to workers and not answered yet, those of ended sessions included. */
unsigned int dispatch_in_flight(const struct dispatch *d);

#endif
