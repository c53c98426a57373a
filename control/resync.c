/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs a dataplane that has lost flows (it was started anew) from the calls, as fast as it takes them. SRTP
 * streams go on where the dataplane before it has published that they were.
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
	struct rw_flow_stats st;
	bool known;

	if (!f->wanted || w->eng->confirmed[slot / 8] & (1u << slot % 8))
		return;
	known = (f->rx.suite || f->tx.suite) && dplink_old_flow_stats(w->eng->link, f->id, &st) &&
		engine_stats_valid(f, &st) && st.state & RW_FLOW_STATE_LIVE;
	engine_set_flow(w->eng, w->call, f, known ? &st : NULL);
}

void resync_call(struct engine *eng, struct call *c)
{
	struct walk w = { .eng = eng, .call = c };

	if (!c->resync)
		return;
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
			if (!c->busy)
				resync_call(eng, c);
		}
	}
	if (!eng->resync_at)
		dplink_forget_old(eng->link);
}
