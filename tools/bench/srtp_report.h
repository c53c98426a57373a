/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `rtpwire-bench srtp` found, and how it is shown. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_SRTP_REPORT_H
#define RTPWIRE_BENCH_SRTP_REPORT_H

#include "srtp_child.h"

#define ROUNDS_MAX 100u
#define LIST_MAX 8u

enum subject { SUBJECT_IPSEC_MB, SUBJECT_RAW, SUBJECT_LIBSRTP2, SUBJECT_PLAIN, SUBJECTS };

struct cell {
	double ns[ROUNDS_MAX]; /* a packet, of each round */
	unsigned int rounds; /* 0: not measured */
	uint64_t packets;
	double median;
};

/* One suite with one number of contexts. */
struct result {
	unsigned int suite;
	uint32_t contexts;
	uint32_t bursts[LIST_MAX];
	unsigned int burst_count;
	struct cell cells[SUBJECTS][2][LIST_MAX]; /* by enum srtp_direction, and burst */
};

/* The run as a whole. */
struct about {
	char cpu[128], command[512];
	char ipsec_mb[128], raw[128],
		libsrtp2[128]; /* details of the engines; raw: version of ipsec-mb */
	uint32_t payload_bytes;
	unsigned int rounds;
	double round_ms;
};

/* Has each suite's bursts of its own? libsrtp2 takes packets one by one, whatever a burst is. */
bool report_has_bursts(enum subject subject);
const char *report_subject_name(enum subject subject);

void report_head(const struct about *about);
void report_result(const struct result *result);
void report_foot(void);

/* Collects results for JSON, and writes them all at the end. 0, or -1 after a message that names the path. */
void report_json_add(const struct result *result);
int report_json_write(const struct about *about, FILE *to, const char *path);

#endif
