/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker of the dataplane with its flows and a port in memory, for pipe.h. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_PIPE_RELAY_H
#define RTPWIRE_BENCH_PIPE_RELAY_H

#include <rte_mempool.h>
#include <rte_ring.h>

#include "mailbox.h"
#include "worker_io.h"

#include "pipe.h"

#define RELAY_PEERS 256u /* addresses of the peers: trunks have few */

struct relay {
	struct pipe_case what;
	unsigned int flow_count; /* what.flows, or one more so that each has a partner */
	struct rw_limits limits;
	struct rte_mempool *pool;
	struct rte_ring *rx, *tx;
	uint16_t ethdev;
	struct adj *adj;
	struct rw_ring *mailbox, *reports, *punts;
	struct rw_worker_stats *stats;
	struct rw_flow_stats *flow_stats;
	struct srtp *srtp;
	struct worker *worker;
	atomic_bool stop; /* never */
};

/* Makes the worker and sets its flows. 0, or -1 after a message; relay_close() in both cases. */
int relay_open(struct relay *r, const struct pipe_case *what);

void relay_close(struct relay *r);

/* Packets of all kinds that the worker has dropped. */
uint64_t relay_drops(const struct relay *r);

/* Flow i's own address, and its peer's. */
struct rw_endpoint relay_local(const struct relay *r, uint32_t i);
struct rw_endpoint relay_peer(const struct relay *r, uint32_t i);

/* The key that flow i receives or sends with; suite RW_SRTP_NONE: none. */
struct rw_srtp_key relay_key(const struct relay *r, uint32_t i, bool sends);

/* The flow that packets of flow i leave by. */
static inline uint32_t relay_partner(uint32_t i)
{
	return i ^ 1u;
}

#endif
