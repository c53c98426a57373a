/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each proxy asked and how long it took: the numbers under `controlstatistics`. Control's
 * only thread.
 */
#ifndef RTPWIRE_CONTROL_NG_STATS_H
#define RTPWIRE_CONTROL_NG_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NG_STATS_PROXY_MAX 256 /* proxies told apart; the rest are counted as "others" */
#define NG_STATS_COMMAND_MAX 64 /* rows of ng_commands */

struct ng_stats_command {
	uint64_t count;
	uint64_t duration_ns; /* from request to reply, summed up */
};

struct ng_stats_proxy {
	char name[64]; /* source without transport and port: "127.0.0.1", "::1", "unix" */
	struct ng_stats_command commands[NG_STATS_COMMAND_MAX]; /* by row of ng_commands */
	uint64_t errors; /* replies with result "error", of unknown commands too */
};

/*
 * Counts one answered request; source as in struct ng_request. A row >= NG_STATS_COMMAND_MAX has
 * no command.
 */
void ng_stats_count(const char *source, unsigned int row, uint64_t duration_ns, bool error);

/* How many proxies there are, and the i-th, in order of appearance; i below the count. */
size_t ng_stats_proxy_count(void);
const struct ng_stats_proxy *ng_stats_proxy(size_t i);

/* Forgets all (tests). */
void ng_stats_clear(void);

#endif
