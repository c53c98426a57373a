/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through an ng engine, several at a time, each one request after the other. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_SIGNAL_CALLS_H
#define RTPWIRE_BENCH_SIGNAL_CALLS_H

#include "hdr.h"
#include "ng.h"

enum calls_step { CALLS_OFFER, CALLS_ANSWER, CALLS_DELETE, CALLS_STEPS };

/* Which legs have keys in SDP (SDES): none, the answering one, both. */
enum calls_srtp { CALLS_SRTP_NONE, CALLS_SRTP_ONE, CALLS_SRTP_BOTH };

struct calls_plan {
	const char *address; /* of both parties, in SDP */
	enum calls_srtp srtp;
	unsigned int batch; /* makes call-ids; the same for a later deletion of the same calls */
	unsigned int window; /* calls at a time */
	uint32_t calls;
	enum calls_step first, last;
};

struct calls_result {
	struct hdr latency[CALLS_STEPS];
	uint64_t elapsed_ns;
	uint32_t good; /* calls that went through all steps without an error */
	uint32_t errors; /* calls with one */
	char first_error[192]; /* "offer: text" */
};

/* Name of a step, as the ng command is called. */
const char *calls_step_name(enum calls_step step);

/*
 * Takes all calls through the steps; result must be zero. A call that fails is deleted, if the plan deletes at all. 0, also
 * when calls failed; a negative errno when the engine is gone, -ENOMEM.
 */
int calls_run(struct ng *ng, const struct calls_plan *plan, struct calls_result *result);

#endif
