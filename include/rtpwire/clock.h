/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks as one number. Pure; any thread.
 */
#ifndef RTPWIRE_CLOCK_H
#define RTPWIRE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock that every Linux has, such as CLOCK_REALTIME. */
static inline uint64_t rw_clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* CLOCK_MONOTONIC: the time base of all counters, statistics and timers here. */
static inline uint64_t rw_monotonic_ns(void)
{
	return rw_clock_ns(CLOCK_MONOTONIC);
}

#endif
