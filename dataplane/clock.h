/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CLOCK_MONOTONIC from the time stamp counter, so that a turn costs one TSC read and no call. The
 * caller reads both clocks and passes them in. Pure; one thread per clock.
 */
#ifndef RTPWIRE_DATAPLANE_CLOCK_H
#define RTPWIRE_DATAPLANE_CLOCK_H

#include <stdint.h>

struct clock {
	uint64_t first_tsc, first_ns; /* where the rate is measured from */
	uint64_t base_tsc, base_ns;
	uint64_t rate; /* nanoseconds per tick × 2^32 */
	uint64_t last_ns; /* never goes back behind this */
};

/* Starts at the pair (tsc, ns), with the nominal frequency. hz must not be 0. */
static inline void clock_start(struct clock *c, uint64_t tsc, uint64_t ns, uint64_t hz)
{
	*c = (struct clock){ .first_tsc = tsc, .first_ns = ns, .base_tsc = tsc, .base_ns = ns };
	c->rate = (uint64_t)(((unsigned __int128)1000000000u << 32) / hz);
	c->last_ns = ns;
}

/* Time of a TSC value in nanoseconds; not below what it returned before. */
static inline uint64_t clock_now(struct clock *c, uint64_t tsc)
{
	uint64_t ticks = tsc > c->base_tsc ? tsc - c->base_tsc : 0; /* cores may differ a little */
	uint64_t ns = c->base_ns + (uint64_t)(((unsigned __int128)ticks * c->rate) >> 32);

	if (ns > c->last_ns)
		c->last_ns = ns;
	return c->last_ns;
}

/* Corrects offset and rate by a new pair, read at one moment. */
static inline void clock_anchor(struct clock *c, uint64_t tsc, uint64_t ns)
{
	c->base_tsc = tsc;
	c->base_ns = ns;
	if (tsc > c->first_tsc && ns > c->first_ns)
		c->rate = (uint64_t)(((unsigned __int128)(ns - c->first_ns) << 32) /
				     (tsc - c->first_tsc));
}

#endif
