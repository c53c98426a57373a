/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Layout of the `stats` memory: a header, one block per worker, one block per flow slot.
 *
 * Writer: the worker that owns the block (the manager thread writes the header); readers: anybody who
 * attached, read-only. Each field is written with one aligned store, so a reader sees old or new, never
 * half; two fields may be from different packets. A flow's block is cleared when a flow is created
 * and keeps its last values after the flow is deleted, until the port is used again.
 * Times are CLOCK_MONOTONIC nanoseconds; 0 = never.
 */
#ifndef RTPWIRE_STATS_H
#define RTPWIRE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "rtpwire/abi.h"
#include "rtpwire/addr.h"
#include "rtpwire/counters.h"
#include "rtpwire/flow.h"

#define RW_STATS_MAGIC 0x53505752u /* "RWPS" */

/* Receive side of one SSRC, RFC 3550 appendix A. */
struct rw_ssrc_stats {
	uint32_t ssrc; /* host order */
	uint32_t first_ext_seq; /* extended sequence number: cycles << 16 | seq */
	uint32_t max_ext_seq;
	uint32_t reordered; /* arrived after a higher sequence number */
	uint32_t duplicates; /* seen before within the last 64 */
	uint32_t jitter_q4; /* interarrival jitter × 16 in RTP clock units, RFC 3550 A.8 */
	uint32_t rtp_timestamp; /* of the last packet */
	int32_t transit; /* arrival - timestamp of the last packet, RTP clock units */
	uint64_t window; /* bit n: max_ext_seq - n was received */
	uint64_t packets; /* 0 = slot unused; duplicates are counted too */
	uint64_t bytes; /* UDP payload */
	uint64_t last_ns;
};

_Static_assert(sizeof(struct rw_ssrc_stats) == RW_CACHE_LINE_BYTES, "each packet touches one line");

/* rw_flow_stats.state */
#define RW_FLOW_STATE_LIVE 0x1u /* a flow exists here now */
#define RW_FLOW_STATE_LEARNED 0x2u /* `source` below was seen, not only signalled */
#define RW_FLOW_STATE_LOCKED 0x4u /* the learning window is over */

/*
 * A whole number of cache lines, so that blocks in the memory share none. The type itself asks for no alignment: readers
 * have copies on their stacks.
 */
struct rw_flow_stats {
	/* Line 0: each packet that arrives. */
	uint64_t rx_packets; /* admitted by the source policy */
	uint64_t rx_bytes; /* UDP payload of those */
	uint64_t rx_last_ns;
	uint64_t rtcp_packets; /* part of rx_packets */
	uint64_t pt_seen[2]; /* bit n of the 128: RTP payload type n was received */
	uint32_t ssrc_current; /* index into ssrc[] of the last RTP packet */
	uint32_t seq_resets; /* jumps that were taken as a new start, RFC 3550 A.1 */
	uint32_t state;
	uint32_t zero;
	/* Line 1: each packet that leaves. */
	uint64_t tx_packets; /* sent from this flow's port */
	uint64_t tx_bytes; /* UDP payload of those */
	uint64_t tx_last_ns;
	uint32_t tx_ssrc; /* SSRC sent last, host order */
	uint32_t tx_last_seq; /* RTP sequence number sent last */
	uint64_t generation;
	uint64_t dropped; /* sum of drops[] */
	uint64_t zero2[2];
	/* Lines 2 to 5. */
	struct rw_ssrc_stats ssrc[RW_SSRC_SLOTS];
	/* From here: rare. */
	struct rw_endpoint source; /* where packets come from: learned, else signalled */
	struct rw_endpoint peer; /* where packets go */
	struct rw_endpoint refused; /* where the last refused packet came from */
	uint64_t drops
		[RW_DROP_FLOW_COUNT]; /* enum rw_drop; drops at egress count on the ingress flow */
	uint32_t prior_lost
		[RW_SSRC_SLOTS]; /* of each SSRC: lost before the last reset of its numbers */
	/* SRTP streams, written when srtcp_index or seq_offset changes and every 1024 RTP packets; seq is of that moment */
	struct rw_srtp_stream srtp_rx[RW_SSRC_SLOTS];
	struct rw_srtp_stream srtp_tx[RW_SSRC_SLOTS];
	/* An odd number of lines: the same ones of all flows share fewer sets of a cache. */
	uint64_t padding[8];
};

_Static_assert(sizeof(struct rw_flow_stats) % RW_CACHE_LINE_BYTES == 0, "blocks stay aligned");
_Static_assert(offsetof(struct rw_flow_stats, tx_packets) == RW_CACHE_LINE_BYTES &&
		       offsetof(struct rw_flow_stats, ssrc) == 2 * RW_CACHE_LINE_BYTES,
	       "a packet touches two lines where it arrives and one where it leaves");

/* Packets of SSRC slot n that should have come and did not (RFC 3550 A.3); never below zero. */
static inline uint64_t rw_ssrc_lost(const struct rw_flow_stats *s, unsigned int n)
{
	const struct rw_ssrc_stats *r = &s->ssrc[n];
	uint64_t expected = (uint64_t)(r->max_ext_seq - r->first_ext_seq) + 1;
	uint64_t unique = r->packets - r->duplicates;

	if (r->packets == 0)
		return 0;
	return s->prior_lost[n] + (expected > unique ? expected - unique : 0);
}

struct rw_worker_stats {
	uint64_t heartbeat_ns; /* CLOCK_MONOTONIC, about once a second */
	uint64_t flows; /* live flows */
	uint64_t counters[RW_COUNT_MAX]; /* enum rw_worker_counter */
	uint64_t drops[RW_DROP_MAX]; /* enum rw_drop */
	uint64_t padding[4]; /* as above */
};

_Static_assert(sizeof(struct rw_worker_stats) % RW_CACHE_LINE_BYTES == 0, "workers share no line");

struct rw_stats_header {
	uint32_t magic; /* RW_STATS_MAGIC */
	uint32_t version;
	uint32_t workers;
	uint32_t flow_slots; /* rw_flow_slots() of the limits in hello */
	uint64_t workers_offset; /* bytes from the header to struct rw_worker_stats[workers] */
	uint64_t flows_offset; /* bytes from the header to struct rw_flow_stats[flow_slots] */
	uint64_t size_bytes; /* of the whole memory */
	uint64_t started_ns; /* CLOCK_MONOTONIC */
};

#endif
