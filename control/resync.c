/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs a dataplane that has lost flows (it was started anew) from the calls, as fast as it takes them.
 * Control's only thread.
 */
#include "engine_internal.h"

#include "log.h"

#define BATCH_CALLS 64 /* between two looks at the queue */

struct walk {
	struct engine *eng;
	struct call *call;
};

static void set_unconfirmed(void *ctx, struct call_flow *f)
{
	struct walk *w = ctx;
	uint32_t slot = rw_flow_slot(f->id, &w->eng->limits);

	if (f->wanted && !(w->eng->confirmed[slot / 8] & (1u << slot % 8)))
		engine_set_flow(w->eng, w->call, f);
}

void resync_call(struct engine *eng, struct call *c)
{
	struct walk w = { .eng = eng, .call = c };

	c->resync = false;
	if (c->state && dplink_ready(eng->link))
		call_each_flow(c->state, set_unconfirmed, &w);
}

void resync_begin(struct engine *eng)
{
	for (struct call *c = calls_first(eng->calls); c; c = c->newer)
		c->resync = true;
	eng->resync_at = calls_first(eng->calls);
	resync_continue(eng);
}

void resync_continue(struct engine *eng)
{
	while (eng->resync_at && dplink_outstanding(eng->link) < DPLINK_WINDOW / 2) {
		for (unsigned int n = 0; eng->resync_at && n < BATCH_CALLS; n++) {
			struct call *c = eng->resync_at;

			eng->resync_at = c->newer;
			/* a call in a commit does it when that is over */
			if (c->resync && !c->busy)
				resync_call(eng, c);
		}
	}
}
