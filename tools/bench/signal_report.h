/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `rtpwire-bench signal` found, and how it is shown. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_SIGNAL_REPORT_H
#define RTPWIRE_BENCH_SIGNAL_REPORT_H

#include <stdio.h>

#include "proc.h"
#include "signal_calls.h"

#define SIGNAL_ROUNDS_MAX 100u

/* The run as a whole. */
struct signal_about {
	char cpu[128], command[512];
	const char *ng, *srtp; /* as given */
	uint32_t calls; /* of a round */
	unsigned int rounds, pid_count;
	pid_t pids[PROC_PIDS_MAX];
	char names[PROC_PIDS_MAX][16];
};

/* All rounds with one window. */
struct signal_row {
	unsigned int window, rounds;
	double calls_per_s
		[SIGNAL_ROUNDS_MAX]; /* of each round; sorted once median_per_s is there */
	double median_per_s;
	struct calls_result sum; /* latencies and errors of all rounds */
	struct proc_cpu used[PROC_PIDS_MAX]; /* in all rounds */
};

/* What calls that stay take. */
struct signal_hold {
	uint32_t calls; /* that stood */
	struct calls_result setup, release;
	struct proc_memory before[PROC_PIDS_MAX], after[PROC_PIDS_MAX];
};

void signal_print_head(const struct signal_about *about);
void signal_print_hold(const struct signal_about *about, const struct signal_hold *hold);
void signal_print_row(const struct signal_about *about, const struct signal_row *row);

/* hold may be NULL. 0, or -1 after a message that names the path. */
int signal_write_json(const struct signal_about *about, const struct signal_hold *hold,
		      const struct signal_row *rows, unsigned int row_count, FILE *to,
		      const char *path);

#endif
