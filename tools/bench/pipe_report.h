/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `rtpwire-bench pipe` prints: a table for people, JSON for machines. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_PIPE_REPORT_H
#define RTPWIRE_BENCH_PIPE_REPORT_H

#include "pipe.h"

#define PIPE_LIST_MAX 8u
#define PIPE_ROUNDS_MAX 100u

struct pipe_result {
	struct pipe_case what;
	struct pipe_sample samples[PIPE_ROUNDS_MAX];
	unsigned int rounds;
	double ceiling_mpps; /* of testpmd, packets of this size; -1: not measured */
};

struct pipe_about {
	char cpu[128], command[512];
	char no_ceiling[PIPE_CEILING_TEXT]; /* why testpmd was not measured, or "" */
	unsigned int rounds;
	double round_ms;
	bool hugepages;
	uint64_t tsc_hz;
};

/* Name on the command line; mode must be below PIPE_MODES. */
const char *pipe_mode_name(enum pipe_mode mode);

/* about must stay until the end. table: print one. */
void pipe_report_start(const struct pipe_about *about, bool table);
void pipe_report_add(const struct pipe_result *r);

/* Writes the JSON to json, if not NULL; path is its name. 0, or -1 after a message. */
int pipe_report_end(FILE *json, const char *path);

#endif
