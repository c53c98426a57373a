/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that measures one subject when it is told to (srtp_subject.h). Program's only thread.
 */
#ifndef RTPWIRE_BENCH_SRTP_CHILD_H
#define RTPWIRE_BENCH_SRTP_CHILD_H

#include <sys/types.h>

#include "srtp_subject.h"

struct child {
	const struct subject_ops *ops;
	struct srtp_case what;
	pid_t pid;
	int socket;
	char details[96];
};

struct sample {
	uint64_t packets;
	double ns; /* for each */
};

/* Starts it. 0, and then it must be ended by child_end(); or -1 after a message. */
int child_start(struct child *child, const struct subject_ops *ops, const struct srtp_case *what);

/* Waits until it has its contexts. 0; 1 when the subject does not have the suite; -1 after a message. */
int child_wait(struct child *child);

/* Measures for about time_ns of CPU time, with so many packets at once. 0, or -1 after a message. */
int child_measure(const struct child *child, uint32_t burst, uint64_t time_ns, struct sample *out);

void child_end(const struct child *child);

#endif
