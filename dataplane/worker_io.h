/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker with its queues, and the stages that know mbufs: rx fills a batch, handoff and tx carry
 * out the exits that the pipe has given. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_WORKER_IO_H
#define RTPWIRE_DATAPLANE_WORKER_IO_H

#include <poll.h>

#include <rte_mbuf.h>

#include "clock.h"
#include "stage.h"
#include "worker.h"

/* Frames that wait for the end of their batch. */
struct frame_list {
	unsigned int count;
	struct rte_mbuf *frames[BATCH_MAX];
};

struct worker {
	struct worker_config config;
	struct clock clock;
	uint64_t tsc_hz;
	uint64_t anchored_tsc; /* when the clock was corrected last */
	uint64_t turns;
	uint32_t empty_turns; /* in a row */
	uint32_t nap_ns; /* length of the last pause in a row, 0 = none */
	struct pollfd sleep_on[WORKER_QUEUES_MAX + 1]; /* queues, and the bell of its rings */
	unsigned int sleep_on_count; /* 0: it naps instead */
	struct frame_list tx[WORKER_PORTS_MAX]; /* by port index */
	struct frame_list handoff[RW_WORKERS_MAX]; /* by worker */
	struct frame_list done; /* to be freed */
	struct batch batch;
	struct path path;
};

/* Receives up to BATCH_MAX frames from a queue into the empty batch. Returns frames taken. */
unsigned int stage_rx(struct worker *w, const struct worker_queue *q);

/* The same from an exception TAP, straight to the port behind it. */
unsigned int stage_rx_bypass(struct worker *w, const struct worker_queue *q);

/* Takes what worker `from` has handed over into the empty batch. Returns packets taken. */
unsigned int stage_handoff_take(struct worker *w, unsigned int from);

/* Queues a packet for the worker that owns its flow; m->port must be the index of its port. */
void stage_handoff_put(struct worker *w, struct rte_mbuf *m, unsigned int owner);

/* Gives the queued packets to their workers. */
void stage_handoff_flush(struct worker *w);

/* Sends what worker `from` has no queue for. Returns frames taken. */
unsigned int stage_tx_take(struct worker *w, unsigned int from);

/* Queues a finished frame for a port; takes the mbuf. */
void stage_tx_put(struct worker *w, struct rte_mbuf *m, unsigned int port);

/* Sends what is queued for all ports; frees what they do not take. */
void stage_tx_flush(struct worker *w);

/* Carries out the exits of all packets of the batch and empties it. */
void stage_tx(struct worker *w);

/* Puts a received frame into the batch; one that is not in one piece and cannot be is dropped. */
void worker_add(struct worker *w, struct rte_mbuf *m, unsigned int port);

/* Queues a dropped frame to be freed with others; at most BATCH_MAX between two worker_free_done(). */
static inline void worker_done(struct worker *w, struct rte_mbuf *m)
{
	w->done.frames[w->done.count++] = m;
}

static inline void worker_free_done(struct worker *w)
{
	rte_pktmbuf_free_bulk(w->done.frames, w->done.count);
	w->done.count = 0;
}

#endif
