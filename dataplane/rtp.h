/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RTP and RTCP headers and the receive statistics of RFC 3550. No DPDK type here. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_RTP_H
#define RTPWIRE_DATAPLANE_RTP_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/stats.h"

struct rtp_header {
	uint8_t payload_type;
	uint16_t seq;
	uint32_t timestamp;
	uint32_t ssrc;
};

/* When a packet arrived, split so that RTP clock units come without a wide division. */
struct rtp_arrival {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint64_t seconds;
	uint32_t fraction_ns; /* below 1e9 */
};

static inline struct rtp_arrival rtp_arrival(uint64_t now_ns)
{
	struct rtp_arrival a = { .ns = now_ns, .seconds = now_ns / 1000000000u };

	a.fraction_ns = (uint32_t)(now_ns - a.seconds * 1000000000u);
	return a;
}

/* RFC 3550 A.1 "bad_seq": the number after a jump that would confirm a new start. Private to the worker. */
struct rtp_track {
	uint16_t expected_seq[RW_SSRC_SLOTS]; /* of each statistics slot */
	uint8_t expected; /* bit n: expected_seq[n] is valid */
};

/*
 * Reads the header (RFC 3550 section 5.1). True when version is 2 and CSRC list, extension and padding
 * fit len_bytes; false leaves *out unspecified.
 */
bool rtp_parse(const uint8_t *payload, uint32_t len_bytes, struct rtp_header *out);

/*
 * True when the first RTCP packet of a datagram (RFC 3550 section 6.4.1) has version 2 and fits. What
 * follows it is not judged: reduced-size and encrypted packets differ there.
 */
bool rtcp_valid(const uint8_t *payload, uint32_t len_bytes);

/* Forgets all SSRCs; for a flow whose statistics were cleared. */
void rtp_track_reset(struct rtp_track *t);

/*
 * Counts one received RTP packet of bytes (UDP payload) in s->ssrc[], s->ssrc_current and s->pt_seen.
 * clock_hz is at most 1e6; 0: no jitter.
 */
void rtp_receive(struct rw_flow_stats *s, struct rtp_track *t, const struct rtp_header *h,
		 uint32_t bytes, uint32_t clock_hz, struct rtp_arrival at);

#endif
