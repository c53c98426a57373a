/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The call table: every call under its call-id and its number, and in order of arrival. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_CALLS_H
#define RTPWIRE_CONTROL_CALLS_H

#include <stddef.h>

#include "call.h"

struct commit;
struct held;

struct call {
	/* the table's own */
	struct call *next_by_id, *next_by_ref; /* in a bucket */
	struct call *older, *newer; /* all calls by arrival */
	bool listed;

	uint64_t ref; /* rw_flow_spec.call_ref */
	struct call_state *state; /* what the dataplane agreed to; NULL: nothing yet */
	struct commit *busy; /* a commit is under way: nothing else may change the call */
	struct held *held_first, *held_last; /* requests that wait for its end */
	bool id_cut; /* adopted, and the flows had room for no more of its call-id */
	bool adopted; /* found in the dataplane after a restart; tags are not known */
	bool resync; /* flows have to be set again when the commit is over */
	int64_t created_us; /* CLOCK_REALTIME */
	uint64_t created_ms; /* CLOCK_MONOTONIC */
	int64_t signal_s; /* last offer or answer, CLOCK_REALTIME */
	uint64_t signal_ms; /* the same, CLOCK_MONOTONIC */
	uint64_t delete_at_ms; /* CLOCK_MONOTONIC; 0: not to be deleted */
	struct str id; /* points behind this struct */
};

struct calls;

/* An empty table. 0 and *out, or -ENOMEM. */
int calls_new(struct calls **out);

/* Frees the table and all calls in it; NULL is fine. */
void calls_free(struct calls *t);

/* A call that is in no table yet. NULL when memory is out. */
struct call *call_new(struct str id, uint64_t ref);

/* Frees a call that is in no table, and its state; NULL is fine. */
void call_free(struct call *c);

/* Puts a call into the table. Its id must not be there yet. */
void calls_insert(struct calls *t, struct call *c);

/* Takes a call out of the table, if it is there. */
void calls_remove(struct calls *t, struct call *c);

/* Look up; NULL when there is none. A call-id also finds the call whose id_cut is its beginning. */
struct call *calls_find(const struct calls *t, struct str id);
struct call *calls_find_ref(const struct calls *t, uint64_t ref);

size_t calls_count(const struct calls *t);

/* All calls, oldest first: calls_first(), then call.newer. */
struct call *calls_first(const struct calls *t);

/*
 * Walks round and round, a few calls at a time: the next call, or NULL once at each end. Calls may come
 * and go in between, the one returned too.
 */
struct call *calls_cursor_next(struct calls *t);

#endif
