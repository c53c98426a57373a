/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Throughput as in RFC 2544 section 26.1: the highest rate at which nothing is lost, by halving. Main thread.
 */
#ifndef RTPWIRE_BENCH_WIRE_SEARCH_H
#define RTPWIRE_BENCH_WIRE_SEARCH_H

#include "wire_trial.h"

#define WIRE_TRIALS_MAX 64u

/* One trial, in short. */
struct wire_attempt {
	uint64_t asked_pps; /* 0 = as fast as it goes */
	double sent_pps, received_pps;
	uint64_t sent, lost, faults, skipped, waits;
	double p50_us, p99_us, max_us;
	bool passed;
};

struct wire_search {
	unsigned int count;
	struct wire_attempt trials[WIRE_TRIALS_MAX];
	bool found;
	bool slow; /* the highest rate is what could be sent, not what was lost from */
	struct wire_result *best; /* of the highest rate without loss, if found */
	struct wire_result *last;
};

/* 0 and *out, or -1 (said why). */
int wire_search_new(struct wire_search **out);
void wire_search_free(struct wire_search *s);

/* Runs trials until the rate is known as exactly as asked for, or a signal comes. */
void wire_search_run(const struct wire_options *o, struct wire_loop *g, const struct wire_flows *f,
		     struct wire_search *s);

#endif
