/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine's inside, for the files that carry out commands (session.c, commit.c, adopt.c, cmd_*.c) and
 * its clock (reaper.c). Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_ENGINE_INTERNAL_H
#define RTPWIRE_CONTROL_ENGINE_INTERNAL_H

#include "calls.h"
#include "config.h"
#include "dplink.h"
#include "engine.h"
#include "interfaces.h"
#include "ng.h"
#include "ports.h"

struct adopt;
struct reaper;

/* Counted since start, for `statistics`. */
struct engine_totals {
	uint64_t managed; /* calls that began */
	uint64_t rejected; /* offers refused for a limit or for want of ports */
	uint64_t timeouts, silent_timeouts, offer_timeouts;
	uint64_t regular; /* ended by delete */
	uint64_t forced; /* ended because the dataplane changed under them */
	uint64_t zero_way,
		one_way; /* media of ended calls: no packets at all, or one direction only */
	double duration_s, duration2_s; /* of ended calls: sum, and sum of squares */
	uint64_t ended;
	uint64_t packets_lost, duplicates, reordered, seq_resets; /* of ended calls */
};

/* Packets and bytes a second, measured by the reaper. */
struct engine_rates {
	uint64_t packets, bytes, errors;
};

struct engine {
	const struct config *cfg;
	struct dplink *link;
	struct calls *calls;
	struct interfaces ifs; /* empty before the first welcome */
	struct rw_limits limits; /* the ones that ports and calls were made for */
	struct ports *ports; /* NULL before the first welcome */
	struct adopt *adopt; /* snapshot being read; NULL otherwise */
	struct call *resync_at; /* next call whose flows have to be set again */
	uint8_t *confirmed; /* bit per flow slot: the snapshot had the flow as we set it */
	struct held *waiting_first,
		*waiting_last; /* requests that wait for the end of a snapshot */
	struct reaper *reaper;
	struct engine_totals totals;
	struct engine_rates rates;
	uint64_t first_ref, next_ref; /* call numbers of this process */
	uint64_t started_ms;
	uint64_t synced_ms; /* the link has been up since; before that nobody counted packets */
	bool interfaces_bad; /* an --interface address is no media address */
	char instance_id[13]; /* loop-protect: 12 hex digits */
};

/* A request that has to wait; lives in the request's arena. */
struct held {
	struct held *next;
	struct ng_request *rq;
	struct str call_id; /* view into rq */
	void (*handle)(struct engine *eng, struct ng_request *rq);
};

/* Appends rq to a list of held ones; answers "Out of memory" if it cannot. */
void engine_hold(struct held **first, struct held **last, struct ng_request *rq, struct str call_id,
		 void (*handle)(struct engine *eng, struct ng_request *rq));

/* Runs all handlers of a list anew, in order. */
void engine_release(struct engine *eng, struct held **first, struct held **last);

/*
 * The same for those that waited for one call. When one of them makes it busy again, the rest of the line goes on
 * waiting for it without being looked at.
 */
void engine_release_call(struct engine *eng, struct held *first, struct held *last);

/* Clocks. */
uint64_t engine_now_ms(void); /* CLOCK_MONOTONIC */
int64_t engine_now_us(void); /* CLOCK_REALTIME */

/* Why a call ends. */
enum call_end {
	CALL_END_REGULAR,
	CALL_END_TIMEOUT,
	CALL_END_SILENT,
	CALL_END_OFFER,
	CALL_END_FORCED
};

/*
 * Ends a call that is not busy: deletes its flows, releases its ports, counts, frees. A call that is not in the
 * table was replaced and is not counted as ended.
 */
void engine_end_call(struct engine *eng, struct call *c, enum call_end why);

/* The same, but the call itself is left to the caller, who frees it with call_free(). */
void engine_detach_call(struct engine *eng, struct call *c, enum call_end why);

/* Ends one party, its flows and ports, of a call that goes on with the others. */
void engine_end_party(struct engine *eng, struct call *c, struct call_party *p);

/*
 * Sets this flow of a call anew, with a new generation; nobody waits for it. before: statistics of a time when it had
 * the same keys and the dataplane may have forgotten where its streams stand, or NULL.
 */
void engine_set_flow(struct engine *eng, const struct call *c, struct call_flow *f,
		     const struct rw_flow_stats *before);

/* True when statistics are of this flow: as it was last set, or before that. */
bool engine_stats_valid(const struct call_flow *f, const struct rw_flow_stats *st);

/* Deletes a flow from the dataplane, with a new generation; nobody waits for it. */
void engine_delete_flow(struct engine *eng, rw_flow_id id);

/* --- adopt.c: the snapshot after (re)connecting --- */

/* Begins to collect; 0 or -ENOMEM. */
int adopt_begin(struct engine *eng);

/* One flow of the snapshot. */
void adopt_flow(struct engine *eng, const struct rw_flow_spec *spec);

/* The snapshot is complete: makes calls of unknown flows, deletes leftovers. */
void adopt_end(struct engine *eng);

/* Forgets what was collected. */
void adopt_drop(struct engine *eng);

/* --- resync.c: flows that the dataplane does not have (any more) are set again, some at a time --- */

void resync_begin(struct engine *eng);
void resync_continue(struct engine *eng);

/*
 * Sets all wanted flows of one call that the snapshot did not confirm, unless that was done already. Due before anything
 * else happens to the call: where its streams stand is only known until all calls are set again.
 */
void resync_call(struct engine *eng, struct call *c);

#endif
