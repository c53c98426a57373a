/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a plan real: sets the flows that changed, waits for the dataplane's word, then lets the plan's state
 * take the place of the call's and answers the proxy. When any flow is refused, all is as before.
 * Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_COMMIT_H
#define RTPWIRE_CONTROL_COMMIT_H

#include "engine_internal.h"
#include "plan.h"

struct commit_args {
	struct call *call; /* in the table; or new and in no table, with replaces */
	struct call *replaces; /* adopted call that ends when call is there, or NULL */
	struct ng_request *rq; /* answered in any case, now or later */
	struct plan *plan; /* planned, in rq's arena */
	const struct ng_value *reply; /* for success */
};

/* Takes over everything in args. A call without a state is removed and freed on failure. */
void commit_start(struct engine *eng, const struct commit_args *args);

#endif
