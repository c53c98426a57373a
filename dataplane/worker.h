/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker: an lcore that owns the flows of its shard and runs the pipe over its queues.
 * main.c fills struct worker_config and starts worker_run() on an lcore.
 */
#ifndef RTPWIRE_DATAPLANE_WORKER_H
#define RTPWIRE_DATAPLANE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/flow.h"
#include "rtpwire/ring.h"
#include "rtpwire/stats.h"

#include "adj.h"

struct wake;
struct rte_mempool;
struct rte_ring;
struct srtp;
struct worker;

#define WORKER_PORTS_MAX 8
#define WORKER_QUEUES_MAX 64 /* receive queues that one worker can poll */
#define WORKER_NO_QUEUE 0xffffu

/* A port as one worker sees it. Ports have the same index in every worker. */
struct worker_port {
	uint16_t ethdev; /* DPDK port id of tx_queue */
	uint16_t tx_queue; /* queue that this worker sends on, or WORKER_NO_QUEUE */
	uint16_t tx_owner; /* worker that sends for us when tx_queue is WORKER_NO_QUEUE */
	int16_t bypass_port; /* index of the port to which frames that are not ours go (an exception TAP, */
	/* or the NIC behind it); -1: they are dropped, the kernel has its own copy */
	uint32_t frame_max; /* bytes; a driver may stop at a longer one and never get over it */
	bool bypass_all; /* every frame goes to bypass_port: this port is an exception TAP */
};

/* A receive queue that one worker polls. */
struct worker_queue {
	uint16_t ethdev; /* DPDK port id */
	uint16_t queue;
	uint8_t port; /* index of the port it belongs to */
	int fd; /* readable when packets are there; -1: there is no such thing */
};

struct worker_config {
	unsigned int index; /* 0 .. limits.workers-1 */
	struct rw_limits limits;
	unsigned int port_count;
	struct worker_port ports[WORKER_PORTS_MAX];
	unsigned int queue_count;
	struct worker_queue queues[WORKER_QUEUES_MAX];
	const struct adj *adj; /* ADJ_MAX entries */
	struct rte_mempool *pool; /* mbufs of this worker's socket */
	struct rte_ring *handoff_in
		[RW_WORKERS_MAX]; /* [from]: SPSC, mbufs whose flow is ours; [index] is NULL */
	struct rte_ring *handoff_out[RW_WORKERS_MAX]; /* [to] */
	struct rte_ring
		*tx_in[RW_WORKERS_MAX]; /* [from]: SPSC, finished frames to send on our queues */
	struct rte_ring *tx_out[RW_WORKERS_MAX]; /* [to] */
	struct rw_ring *mailbox; /* struct mail; consumer: worker */
	struct rw_ring *reports; /* struct report; producer: worker */
	struct rw_ring *punts; /* struct rw_punt; producer: worker */
	struct rw_worker_stats *stats; /* this worker's block in the stats memory */
	struct rw_flow_stats *flow_stats; /* all slots; the worker writes those of its shard */
	struct srtp *srtp; /* this worker's own */
	bool adaptive; /* --poll adaptive */
	struct wake *wake[RW_WORKERS_MAX]; /* of all workers; [index] is ours. NULL: it only naps */
	int rest_ms; /* longest sleep when nothing comes; -1 = for ever */
	const atomic_bool *stop; /* set by main: worker_run returns */
};

/*
 * Builds a worker (its flow table is mapped lazily, one slot per rw_flow_slots()). The config is copied.
 * 0 and *out, or -ENOMEM. Manager thread, before the worker's lcore starts.
 */
int worker_new(const struct worker_config *config, struct worker **out);

/* Frees a worker that does not run; NULL is fine. */
void worker_free(struct worker *w);

/* Starts the worker's clock; before the first turn. Worker thread. */
void worker_start(struct worker *w);

/* Once through everything: ports, rings, mailbox. Worker thread. */
void worker_turn(struct worker *w);

/* The loop: starts and takes turns; arg is struct worker *. Signature of lcore_function_t. Returns 0 when *stop is set. */
int worker_run(void *arg);

#endif
