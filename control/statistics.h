/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums that `statistics` prints: over the workers of the dataplane and the flows of all calls. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_STATISTICS_H
#define RTPWIRE_CONTROL_STATISTICS_H

#include "engine_internal.h"

/* Running calls' flows on one entry of the interfaces. */
struct statistics_interface {
	uint64_t rx_packets, rx_bytes, errors, tx_packets, tx_bytes, lost, duplicates;
};

struct statistics {
	struct engine *eng;
	struct arena *a;
	uint64_t counters[RW_COUNT_MAX], drops[RW_DROP_MAX]; /* of all workers */
	uint64_t errors; /* drops that concern a flow */
	uint64_t medias; /* media of all calls that have a port */
	struct statistics_interface interfaces[INTERFACES_MAX];
};

/* Reads everything; in the arena. NULL when memory is out. */
struct statistics *statistics_read(struct engine *eng, struct arena *a);

/* The dictionary "rtpwire". */
struct ng_value *statistics_rtpwire(const struct statistics *s);

#endif
