/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as commands. Input: records of struct rw_command, the last one may be cut. What must hold:
 * each command is answered exactly once, workers get only what the validator accepts, and every
 * adjacency reference comes back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "fuzz.h"

/* Flows of the workers that this target plays: the adjacency that each slot holds. */
struct world {
	struct desk *d;
	uint32_t held[2 * (DESK_PORT_MAX - DESK_PORT_MIN + 1)];
	unsigned int asked, answered;
};

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* A worker that applies everything at once. */
static void work(struct world *w, unsigned int worker)
{
	struct mail m;
	struct report r;

	while (desk_mail(w->d, worker, &m)) {
		uint32_t *held;

		memset(&r, 0, sizeof(r));
		r.type = REPORT_ACK;
		r.seq = m.seq;
		if (m.type != MAIL_SNAPSHOT) {
			must(rw_flow_id_valid(m.spec.id, &w->d->limits), "id is valid");
			must(rw_shard(rw_flow_port(m.spec.id), DESK_WORKERS) == worker,
			     "worker is the owner");
			held = &w->held[rw_flow_slot(m.spec.id, &w->d->limits)];
			r.adj = *held;
			*held = m.adj;
		}
		if (m.type == MAIL_FLOW_SET)
			must(rw_flow_spec_check(&m.spec, &w->d->limits) == RW_FLOW_ERR_OK,
			     "spec is valid");
		must(desk_report(w->d, worker, &r), "room for the report");
	}
}

static void step(struct world *w)
{
	struct rw_event ev;

	must(desk_run(w->d) == 0, "no ring is damaged");
	for (unsigned int i = 0; i < DESK_WORKERS; i++)
		work(w, i);
	must(desk_run(w->d) == 0, "no ring is damaged");
	while (desk_event(w->d, &ev))
		w->answered += ev.type == RW_EVENT_ACK;
}

static void run(struct world *w, const uint8_t *data, size_t size)
{
	while (size) {
		size_t len = size < sizeof(struct rw_command) ? size : sizeof(struct rw_command);
		struct rw_command c;

		memset(&c, 0, sizeof(c));
		memcpy(&c, data, len);
		must(rw_ring_push(w->d->commands, RW_COMMAND_SLOT_BYTES, RW_COMMAND_SLOTS, &c,
				  sizeof(c)) == 0,
		     "room for the command");
		w->asked++;
		data += len;
		size -= len;
		if (w->asked % 16 == 0)
			step(w);
	}
	step(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	w.d = desk_new();
	must(w.d != NULL, "memory");
	run(&w, data, size);
	must(w.answered == w.asked, "each command is answered once");
	must(dispatch_in_flight(w.d->dispatch) == 0, "nothing is under way");
	for (size_t i = 0; i < sizeof(w.held) / sizeof(w.held[0]); i++)
		neigh_put(w.d->neigh, w.held[i], w.d->now_ns);
	for (uint32_t adj = 1; adj < 256; adj++)
		must(neigh_refs(w.d->neigh, adj) == 0, "each reference comes back");
	desk_free(w.d);
	return 0;
}
