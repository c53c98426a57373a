/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `rtpwire-bench wire` found, as text, JSON and a page. Main thread.
 */
#ifndef RTPWIRE_BENCH_WIRE_REPORT_H
#define RTPWIRE_BENCH_WIRE_REPORT_H

#include "wire_search.h"

struct wire_report {
	const struct wire_options *options;
	const struct wire_result
		*result; /* of the run, or the best of the search; NULL: none passed */
	const struct wire_search *search; /* NULL: one rate */
	char cpu[128], system[256], port[512], engine[32], started[32];
	char relay_reasons[256]; /* why the relay dropped packets, or "" */
	char relay_backend[64];
	double setup_s;
	bool relay_known;
	uint64_t relay_drops; /* from warm-up to end */
	char process_names[PROC_PIDS_MAX][16]; /* of --pid */
	double process_cpu_s[PROC_PIDS_MAX]; /* while packets were sent */
	uint64_t cpu_packets; /* received meanwhile */
	double relay_burst; /* packets that a turn of its loop found, if it found any; 64: it has no rest */
};

/* The table on stdout. */
void wire_report_text(const struct wire_report *r);

/* Writes o->json. 0, or -1 (said why). */
int wire_report_json(const struct wire_report *r);

/* Writes o->report. 0, or -1 (said why). */
int wire_report_html(const struct wire_report *r);

/* "AES_CM_128_HMAC_SHA1_80 on leg b", or "none". */
const char *wire_report_srtp(const struct wire_options *o, char *text, size_t bytes);

#endif
