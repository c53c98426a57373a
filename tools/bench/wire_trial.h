/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One trial: the generator runs at one rate, the main thread looks at it, shows progress and keeps samples for plots.
 */
#ifndef RTPWIRE_BENCH_WIRE_TRIAL_H
#define RTPWIRE_BENCH_WIRE_TRIAL_H

#include "wire_loop.h"

#define WIRE_SAMPLES_MAX                                                                           \
	720u /* when there are so many, each second one is merged into the one before */

/* What happened between two looks at the generator. */
struct wire_sample {
	double at_s, length_s; /* end, since the trial's begin, and length */
	uint64_t sent, received;
	int64_t missing; /* sent and not (yet) received since the trial's begin */
	double p50_us, p99_us, max_us; /* latency; 0: nothing arrived */
};

struct wire_result {
	uint64_t asked_pps; /* 0 = as fast as it goes */
	double send_s;
	double sent_pps, received_pps;
	struct wire_counts counts;
	uint64_t lost;
	uint64_t faults; /* all that should not have arrived as it did, lost ones not included */
	uint32_t streams_with_loss, worst_stream;
	uint64_t worst_lost;
	double jitter_p50_us, jitter_p99_us, jitter_max_us; /* over the streams' last values */
	struct hdr latency, part; /* of the trial; since the last look */
	unsigned int sample_count;
	struct wire_sample samples[WIRE_SAMPLES_MAX];
	bool interrupted;
};

/* 0 and *out with room for results, or -1 (said why). */
int wire_result_new(struct wire_result **out);
void wire_result_free(struct wire_result *r);

/* Runs it; label stands in the progress line, NULL: no progress. A signal ends it early. */
void wire_trial(struct wire_loop *g, const struct wire_flows *f, const struct wire_pace *pace,
		const char *label, struct wire_result *r);

/* True when a signal asked the program to end. */
bool wire_interrupted(void);

/* Lets the first SIGINT or SIGTERM end a trial, the second one the program. */
void wire_catch_signals(void);

/* Ends the progress line on a terminal. */
void wire_progress_end(void);

#endif
