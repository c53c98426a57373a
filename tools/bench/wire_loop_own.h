/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator's inside: between wire_loop.c, wire_send.c and wire_check.c.
 */
#ifndef RTPWIRE_BENCH_WIRE_LOOP_OWN_H
#define RTPWIRE_BENCH_WIRE_LOOP_OWN_H

#include <stdatomic.h>

#include <rte_mbuf.h>

#include "wire_loop.h"

/* Frames that wait for a port. */
struct wire_list {
	unsigned int first, count;
	struct rte_mbuf *frames[WIRE_BURST_MAX];
};

struct wire_loop {
	struct wire_flows *flows;
	const struct wire_queues *queues;
	uint64_t epoch_tsc; /* of the run's clock */
	double ns_per_tick;
	uint64_t ticks_per_s;
	uint64_t retry_ticks;
	/* of the trial; written before it starts */
	uint32_t trial;
	struct wire_pace pace;
	double packets_per_tick; /* 0: as fast as it goes */
	unsigned int quantum; /* packets that have to be due before some are sent */
	uint64_t behind_max; /* packets that may be made up for at once */
	bool keeps_pattern; /* nothing changes what buffers hold behind the stamp */
	/* generator */
	uint64_t start_tsc, end_tsc; /* of sending; end: 0 while it goes on */
	uint64_t over_tsc; /* when sending should have ended; 0 = not yet */
	uint64_t scheduled; /* packets sent or skipped */
	uint64_t last_rx_tsc;
	uint64_t retry_tsc; /* a port was full: not before that again */
	uint32_t cursor; /* into flows->tx */
	unsigned int pending; /* frames in all lists */
	struct wire_counts counts;
	struct wire_list lists[WORKER_PORTS_MAX];
	struct srtp_packet srtp[SRTP_BATCH_MAX];
	unsigned int filling; /* which histogram */
	struct hdr latency[2];
	/* writer: generator, reader: main thread once `served` is `wanted` */
	struct wire_counts published;
	/* main thread -> generator, and back */
	_Alignas(64) atomic_uint wanted;
	atomic_bool stop;
	_Alignas(64) atomic_uint served;
	atomic_bool done;
};

/* Sends what is due at tsc, one burst at most. Generator. */
void wire_send(struct wire_loop *g, uint64_t tsc);

/* What no port took counts as sent, and so as lost. After the end of sending. Generator. */
void wire_give_up(struct wire_loop *g);

/* Receives one burst of each queue and checks it. Returns frames taken. Generator. */
unsigned int wire_receive(struct wire_loop *g);

/* Nanoseconds of the run's clock. */
static inline uint64_t wire_ns(const struct wire_loop *g, uint64_t tsc)
{
	return (uint64_t)((double)(tsc - g->epoch_tsc) * g->ns_per_tick);
}

#endif
