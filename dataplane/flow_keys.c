/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP keys of flows (flow.h): which contexts a flow uses, and how it comes from one key to the next without a lost
 * packet. Thread: worker.
 *
 * Contexts belong to calls: all flows of a call that use one key in one direction share its context. A call that moves to
 * another port, or its RTCP to the port of RTP, goes on with the same indices.
 */
#include "flow.h"

#include <errno.h>

/* How long packets under the old key may be late. */
#define OLD_KEY_NS 5000000000ull

/* The context that signalling wants. */
static struct srtp_context *wanted_rx(const struct flow *f)
{
	return f->rx_other && f->rx_other_is_new ? f->rx_other : f->rx;
}

static bool has_key(const struct srtp_context *c, const struct rw_srtp_key *key)
{
	return c && rw_srtp_key_equal(srtp_context_key(c), key);
}

static int make(struct flow_table *t, enum srtp_direction direction,
		const struct rw_flow_spec *spec, struct srtp_context **out)
{
	const struct rw_srtp_key *key = direction == SRTP_SEND ? &spec->tx : &spec->rx;
	const struct rw_srtp_stream *streams =
		direction == SRTP_SEND ? spec->tx_streams : spec->rx_streams;
	int rc;

	*out = srtp_context_find(t->srtp, direction, spec->call_ref, key);
	if (*out) {
		srtp_context_resume(t->srtp, *out, streams);
		return 0;
	}
	rc = srtp_context_new(t->srtp, direction, key, streams, NULL, out);
	if (rc == 0)
		srtp_context_enter(t->srtp, *out, spec->call_ref);
	return rc;
}

int flow_keys_make(struct flow_table *t, uint32_t slot, const struct rw_flow_spec *spec,
		   struct flow_keys *out)
{
	const struct flow *f = &t->flows[slot];
	int rc = 0;

	*out = (struct flow_keys){ NULL, NULL };
	if (spec->rx.suite &&
	    !(f->live && (has_key(f->rx, &spec->rx) || has_key(f->rx_other, &spec->rx))))
		rc = make(t, SRTP_RECEIVE, spec, &out->rx);
	if (rc == 0 && spec->tx.suite && !(f->live && has_key(f->tx, &spec->tx)))
		rc = make(t, SRTP_SEND, spec, &out->tx);
	if (rc < 0)
		srtp_context_free(t->srtp, out->rx);
	return rc;
}

/* Nobody may write into the statistics of a flow that does not use the context any more. */
static void unpublish(struct flow_table *t, struct srtp_context *c,
		      const struct rw_srtp_stream *where)
{
	if (c && where && srtp_context_published(c) == where)
		srtp_context_publish(t->srtp, c, NULL);
}

static void release(struct flow_table *t, struct srtp_context *c,
		    const struct rw_srtp_stream *where)
{
	unpublish(t, c, where);
	srtp_context_free(t->srtp, c);
}

void flow_keys_drop_other(struct flow_table *t, struct flow *f, struct rw_flow_stats *stats)
{
	release(t, f->rx_other, stats ? stats->srtp_rx : NULL);
	f->rx_other = NULL;
	f->rx_other_is_new = false;
	f->rx_other_until_ns = 0;
}

static void use_rx(struct flow_table *t, struct flow *f, struct srtp_context *fresh,
		   const struct rw_flow_spec *spec, struct rw_flow_stats *stats)
{
	if (!spec->rx.suite) {
		flow_keys_drop_other(t, f, stats);
		release(t, f->rx, stats->srtp_rx);
		f->rx = NULL;
	} else if (fresh && f->rx) {
		flow_keys_drop_other(t, f, stats);
		f->rx_other = fresh;
		f->rx_other_is_new = true;
	} else if (fresh) {
		f->rx = fresh;
	} else if (f->rx_other && has_key(f->rx_other, &spec->rx)) {
		f->rx_other_is_new = true; /* back to a key of before */
		f->rx_other_until_ns = 0;
	} else if (f->rx_other_is_new) {
		flow_keys_drop_other(t, f, stats); /* the key to come is not to come any more */
	}
}

void flow_keys_use(struct flow_table *t, struct flow *f, const struct flow_keys *keys,
		   const struct rw_flow_spec *spec, struct rw_flow_stats *stats, bool renewed)
{
	use_rx(t, f, keys->rx, spec, stats);
	if (keys->tx || !spec->tx.suite) {
		release(t, f->tx, stats->srtp_tx);
		f->tx = keys->tx;
	}
	if (renewed && spec->rx.suite && !keys->rx)
		srtp_context_renewed(t->srtp, wanted_rx(f));
}

void flow_keys_other_used(struct flow_table *t, struct flow *f, struct rw_flow_stats *stats,
			  uint64_t now_ns)
{
	struct srtp_context *old = f->rx;

	if (!f->rx_other_is_new)
		return;
	unpublish(t, old, stats->srtp_rx);
	f->rx = f->rx_other;
	f->rx_other = old;
	f->rx_other_is_new = false;
	f->rx_other_until_ns = now_ns + OLD_KEY_NS;
}

void flow_keys_drop(struct flow_table *t, struct flow *f, struct rw_flow_stats *stats)
{
	flow_keys_drop_other(t, f, stats);
	release(t, f->rx, stats ? stats->srtp_rx : NULL);
	release(t, f->tx, stats ? stats->srtp_tx : NULL);
	f->rx = NULL;
	f->tx = NULL;
}
