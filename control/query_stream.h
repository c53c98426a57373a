/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers of one stream (RTP or RTCP of one media of one party), summed over all ports the media has had, and what
 * `query` says about it. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_QUERY_STREAM_H
#define RTPWIRE_CONTROL_QUERY_STREAM_H

#include "engine_internal.h"

#define STREAM_SSRC_MAX 16 /* listed per media: the newest */

/* One SSRC of a media, on all ports that it had. */
struct ssrc_numbers {
	struct rw_ssrc_stats stats; /* counters are sums, the rest is of the port heard last */
	uint64_t lost;
};

struct stream_numbers {
	const struct call_flow *flow; /* of the port told last; NULL: there is none */
	const struct call_socket *socket;
	bool has_stats; /* the flow's own, below, are valid */
	uint32_t state; /* RW_FLOW_STATE_LEARNED etc. */
	uint64_t pt_seen[2];
	struct rw_endpoint source, peer, refused;
	uint64_t packets, bytes, errors, out_packets, out_bytes, last_ns;
	uint64_t drops[RW_DROP_FLOW_COUNT];
	struct ssrc_numbers ssrc[STREAM_SSRC_MAX]; /* of RTP, latest first */
	unsigned int ssrc_count;
};

/* Reads the numbers of component 1 (RTP) or 2 (RTCP). */
void stream_read(const struct engine *eng, const struct call_media *m, unsigned int component,
		 struct stream_numbers *out);

/* The stream's dictionary. */
struct ng_value *stream_dict(const struct engine *eng, struct arena *a, const struct call_media *m,
			     unsigned int component, const struct stream_numbers *n);

/* {packets, bytes, errors} */
struct ng_value *stream_counts(struct arena *a, uint64_t packets, uint64_t bytes, uint64_t errors);

/* What is known of an SSRC, added to dict; clock_hz for the jitter. */
void stream_ssrc(struct arena *a, struct ng_value *dict, const struct ssrc_numbers *s);

#endif
