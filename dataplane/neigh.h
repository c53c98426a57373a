/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The destinations that flows send to: owner and only writer of the adjacency table (adj.h).
 *
 * A destination is (local media address, remote address); its adjacency follows the kernel's route and
 * neighbour for as long as anybody holds a reference, and a minute longer, so that an entry is never
 * recycled under a worker that is about to let it go. Manager thread.
 */
#ifndef RTPWIRE_DATAPLANE_NEIGH_H
#define RTPWIRE_DATAPLANE_NEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/flow.h"

#include "adj.h"
#include "nexthop.h"

struct neigh;

struct neigh_config {
	struct rw_limits limits; /* the media addresses */
	const struct neigh_kernel *kernel; /* NULL: ports without a kernel, all is fixed */
	struct adj_view fixed[RW_MEDIA_MAX]; /* without a kernel: where each media address sends */
};

/* 0 and *out, or -ENOMEM. The config is copied. */
int neigh_new(const struct neigh_config *config, struct neigh **out);
void neigh_free(struct neigh *n);

/* ADJ_MAX entries, valid until neigh_free(). */
const struct adj *neigh_table(const struct neigh *n);

/*
 * Takes a reference on the destination ip as seen from media address number `media`. Returns its entry
 * in the adjacency table, or ADJ_NONE when ip is no address (or zero) or the table is full of used
 * entries. now_ns: CLOCK_MONOTONIC.
 */
uint32_t neigh_get(struct neigh *n, unsigned int media, const struct rw_ip *ip, uint64_t now_ns);
/* Gives a reference back; ADJ_NONE is fine. */
void neigh_put(struct neigh *n, uint32_t adj, uint64_t now_ns);

/* References on an entry, for tests. */
uint32_t neigh_refs(const struct neigh *n, uint32_t adj);

/* What the kernel announced: routes or links changed, a neighbour changed, announcements were lost. */
void neigh_routes_changed(struct neigh *n);
void neigh_update(struct neigh *n, const struct nl_neigh *nb, uint64_t now_ns);
void neigh_lost(struct neigh *n, uint64_t now_ns);

/*
 * Asks for a bounded number of routes again if they may have changed, and runs the timers.
 * True when more of that is waiting.
 */
bool neigh_work(struct neigh *n, uint64_t now_ns);

#endif
