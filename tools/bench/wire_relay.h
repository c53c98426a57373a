/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the relay tells of itself in the reply to `statistics`. Main thread.
 */
#ifndef RTPWIRE_BENCH_WIRE_RELAY_H
#define RTPWIRE_BENCH_WIRE_RELAY_H

#include "rtpwire/counters.h"

#include "ng.h"

/* Sums over the relay's workers. */
struct wire_relay {
	bool known; /* false: it tells none of this (another engine) */
	uint64_t busy_turns; /* of its loop: those that found packets */
	uint64_t rx_packets;
	uint64_t drops[RW_DROP_MAX];
	char backend[64];
};

/* Asks; no other request may be unanswered. */
void wire_relay_read(struct ng *ng, struct wire_relay *out);

/* Writes "12 tx_full, 3 no_flow": what was dropped between two readings. Returns the sum. */
uint64_t wire_relay_drops(const struct wire_relay *before, const struct wire_relay *after,
			  char *text, size_t bytes);

#endif
