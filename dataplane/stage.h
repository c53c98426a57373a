/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pipe: what its stages share, and the stages that know no mbuf. Each stage looks at the live
 * packets of a batch; a packet that leaves gets its exit and is taken off the batch's index.
 *
 *   parse → lookup → source → unprotect → rtp → protect → egress
 *
 * rx comes before; handoff and tx carry out the exits (worker_io.h). Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_STAGE_H
#define RTPWIRE_DATAPLANE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/counters.h"
#include "rtpwire/punt.h"
#include "rtpwire/ring.h"
#include "rtpwire/stats.h"

#include "adj.h"
#include "batch.h"
#include "flow.h"
#include "mailbox.h"
#include "srtp.h"

struct path_config {
	unsigned int index; /* of the worker */
	struct rw_limits limits;
	uint32_t
		bypass_ports; /* bit n: what is not ours on port n goes to the kernel by another port */
	const struct adj *adj; /* ADJ_MAX entries */
	struct rw_ring *mailbox; /* struct mail, consumer */
	struct rw_ring *reports; /* struct report, producer */
	struct rw_ring *punts; /* struct rw_punt, producer */
	struct rw_worker_stats *stats;
	struct rw_flow_stats *flow_stats; /* all slots */
	struct srtp *srtp; /* this worker's; outlives the path */
};

struct path {
	struct path_config config;
	struct flow_table table;
	struct rtp_arrival now; /* one reading per turn */

	/* apply.c */
	uint32_t snapshot_next; /* slot to report next */
	uint64_t snapshot_seq;
	bool snapshot_runs;
	bool mail_held; /* a second snapshot that waits for the first */
	struct mail mail;
	struct report report;

	struct rw_punt punt; /* punt.c: where the next one is put together */
	struct srtp_packet secure[SRTP_BATCH_MAX]; /* stage_unprotect.c, stage_protect.c */
};

/* Keeps config and maps the flow table. 0 or -ENOMEM; free with path_free. */
int path_init(struct path *w, const struct path_config *config);

/* Frees what path_init made. */
void path_free(struct path *w);

/* Sends a batch through all stages; afterwards every packet has an exit. */
void path_run(struct path *w, struct batch *b);

/* The stages in order; a stage that no packet of the batch needs costs one test. */
#define PATH_STAGES 7

struct path_stage {
	const char *name;
	void (*run)(struct path *w, struct batch *b);
};

extern const struct path_stage path_stages[PATH_STAGES];

void stage_parse(struct path *w, struct batch *b);
void stage_lookup(struct path *w, struct batch *b);
void stage_source(struct path *w, struct batch *b);
void stage_unprotect(struct path *w, struct batch *b);
void stage_rtp(struct path *w, struct batch *b);
void stage_protect(struct path *w, struct batch *b);
void stage_egress(struct path *w, struct batch *b);

/*
 * For a candidate, after it proved to be media: makes its source the flow's, as far as the policy
 * goes. stage_source.c.
 */
void source_learn(struct path *w, struct pkt *p);

/* For a candidate: true when no packet of the same batch has ended its chance. Else it is dropped. */
bool source_still_admits(struct path *w, struct pkt *p);

/* Asks the manager for the adjacency of f's peer if that is due; stays due while its ring is full. */
void source_resolve(struct path *w, struct flow *f);

/* Gives a packet to control and ends its way, or drops it. punt.c. */
void punt(struct path *w, struct pkt *p);

static inline void count(struct path *w, enum rw_worker_counter counter, uint64_t n)
{
	w->config.stats->counters[counter] += n;
}

static inline struct rw_flow_stats *flow_stats(struct path *w, uint32_t slot)
{
	return &w->config.flow_stats[slot];
}

/* Ends a packet's way; false, so that a stage can return it. */
static inline bool drop(struct path *w, struct pkt *p, enum rw_drop reason)
{
	p->exit = EXIT_FREE;
	w->config.stats->drops[reason]++;
	return false;
}

/* The same for a packet whose flow is known; reason is one of RW_FLOW_DROPS. */
static inline bool drop_in_flow(struct path *w, struct pkt *p, enum rw_drop reason)
{
	struct rw_flow_stats *s = flow_stats(w, p->in_slot);

	s->drops[reason]++;
	s->dropped++;
	return drop(w, p, reason);
}

/* The same for a packet that SRTP did not let pass; status is not SRTP_OK. */
static inline bool drop_refused(struct path *w, struct pkt *p, enum srtp_status status)
{
	static const uint8_t reasons[] = {
		[SRTP_MALFORMED] = RW_DROP_srtp_malformed,
		[SRTP_AUTH_FAILED] = RW_DROP_srtp_auth_failed,
		[SRTP_REPLAYED] = RW_DROP_srtp_replayed,
		[SRTP_REPEATED] = RW_DROP_srtp_repeated,
		[SRTP_SSRC_LIMIT] = RW_DROP_srtp_ssrc_limit,
		[SRTP_NO_ROOM] = RW_DROP_srtp_no_room,
	};

	return drop_in_flow(w, p, reasons[status]);
}

/* Runs step over the live packets; those for which it is false leave the batch. */
static inline __attribute__((always_inline)) void batch_filter(struct path *w, struct batch *b,
							       bool (*step)(struct path *w,
									    struct pkt *p))
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < b->live; i++) {
		uint8_t at = b->index[i];

		if (step(w, &b->pkt[at]))
			b->index[kept++] = at;
	}
	b->live = kept;
}

#endif
