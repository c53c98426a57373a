/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow: one local (media address, UDP port) and everything the dataplane does with its packets.
 *
 * Control compiles SDP into struct rw_flow_spec; workers execute it and never ask what kind of call
 * it is. A packet that arrives on flow F is admitted by F's source policy and leaves through another
 * flow, G = F.out_rtp or F.out_rtcp: from G's local address and port, to G's peer, with G's TOS.
 * All flows of one call must have ports of one shard (shard.h), so one worker owns them all.
 */
#ifndef RTPWIRE_FLOW_H
#define RTPWIRE_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rtpwire/abi.h"
#include "rtpwire/addr.h"
#include "rtpwire/shard.h"
#include "rtpwire/srtp.h"

/* (index of the media address in hello's table) << 16 | local port in host byte order */
typedef uint32_t rw_flow_id;

#define RW_FLOW_NONE 0xffffffffu /* "no flow": drop */

static inline rw_flow_id rw_flow_id_make(unsigned int media, uint16_t port)
{
	return (rw_flow_id)(media << 16) | port;
}

static inline unsigned int rw_flow_media(rw_flow_id id)
{
	return id >> 16;
}

static inline uint16_t rw_flow_port(rw_flow_id id)
{
	return (uint16_t)id;
}

/* What the local port carries. */
enum rw_flow_kind {
	RW_FLOW_RTP, /* RTP; RTCP on another port */
	RW_FLOW_RTCP, /* RTCP only */
	RW_FLOW_MUX, /* RTP and RTCP, RFC 5761 */
	RW_FLOW_OPAQUE, /* UDP payload passes untouched by out_rtp: T.38 UDPTL and unknown media */
	RW_FLOW_KIND_MAX
};

/* Which packets are admitted and whether they move the peer. "source" and "peer" are spec fields. */
enum rw_source_policy {
	/* Only packets from `source`. */
	RW_SOURCE_STRICT,
	/*
	 * A window of learn_ms opens at each spec of a newer generation. While it is open, a packet
	 * from any allowed address is admitted and becomes source and peer. It ends at once with a
	 * packet from `source`, or from the address learned before if `source` did not change; when
	 * it did change (from one known address to another), the address learned before is refused, so
	 * late packets of the old place do not win media back. When the time is over the source seen last stays; if none was seen,
	 * the next packet decides. Afterwards other sources are refused.
	 */
	RW_SOURCE_LEARN,
	/* Every packet from a new allowed address moves source and peer, at any time. */
	RW_SOURCE_HANDOVER,
	/* Admits as LEARN does, but the peer stays where signalling put it. */
	RW_SOURCE_ASYMMETRIC,
	RW_SOURCE_POLICY_MAX
};

/* rw_flow_spec.flags */
#define RW_FLOW_PASS_OTHER 0x0001u /* ZRTP, TURN data and unknown classes pass by out_rtp */
#define RW_FLOW_FLAGS_ALL 0x0001u

struct rw_flow_spec {
	rw_flow_id id;
	uint32_t flags; /* RW_FLOW_PASS_OTHER */
	uint64_t generation; /* a set or delete with a lower one than the flow's is ignored */
	uint64_t call_ref; /* control's number for the call, equal in all its flows */
	struct rw_endpoint source; /* where packets should come from; NONE = not known */
	struct rw_endpoint peer; /* where packets of this flow go; NONE or zero address = nowhere */
	rw_flow_id out_rtp; /* egress of RTP (and of all of an OPAQUE flow), or RW_FLOW_NONE */
	rw_flow_id out_rtcp; /* egress of RTCP, or RW_FLOW_NONE */
	uint8_t kind; /* enum rw_flow_kind */
	uint8_t source_policy; /* enum rw_source_policy */
	uint8_t tos; /* IPv4 TOS / IPv6 traffic class of packets this flow sends */
	uint8_t allow_count; /* 0 = any address may be a source */
	uint16_t learn_ms; /* LEARN, ASYMMETRIC: length of the window */
	uint16_t zero;
	uint32_t clock_hz; /* RTP clock for jitter (RFC 3550 section 6.4.1); 0 for OPAQUE */
	struct rw_prefix allow[RW_ALLOW_MAX];
	uint8_t leg; /* control's own numbering, for SNAPSHOT and people */
	uint8_t media;
	uint8_t component; /* 1 = RTP, 2 = RTCP, as in RFC 8445 section 5.1.1 */
	uint8_t zero2;
	char call_id[RW_CALL_ID_BYTES]; /* NUL-terminated, cut if longer */
	/*
	 * SRTP. A key that is equal to the flow's (same suite, parameters, MKI) never touches the state of
	 * its streams; another one starts anew with ROC 0, or where the streams below say.
	 */
	struct rw_srtp_key rx; /* of packets that arrive */
	struct rw_srtp_key tx; /* of packets that this flow sends */
	struct rw_srtp_stream rx_streams[RW_SSRC_SLOTS]; /* only read when rx is new to the flow */
	struct rw_srtp_stream tx_streams[RW_SSRC_SLOTS]; /* only read when tx is new to the flow */
};

_Static_assert(sizeof(struct rw_flow_spec) % 8 == 0, "no hidden tail padding in the ABI");

/* What the dataplane can serve: from hello; the validator needs nothing else. */
struct rw_limits {
	uint16_t port_min;
	uint16_t port_max;
	uint16_t workers;
	uint16_t media_count;
	uint32_t
		srtp_suites; /* bit n: suite n of enum rw_srtp_suite is served; bit 0 is never set */
	struct rw_ip media[RW_MEDIA_MAX];
};

/* True when limits from a peer can be used: counts in range, ports ordered, addresses canonical. */
static inline bool rw_limits_valid(const struct rw_limits *lim)
{
	if (lim->port_min == 0 || lim->port_min > lim->port_max || lim->workers == 0 ||
	    lim->workers > RW_WORKERS_MAX || lim->media_count == 0 ||
	    lim->media_count > RW_MEDIA_MAX || lim->srtp_suites & 1 ||
	    lim->srtp_suites >> RW_SRTP_SUITE_MAX)
		return false;
	for (unsigned int i = 0; i < lim->media_count; i++)
		if (!rw_ip_valid(&lim->media[i]) || rw_ip_is_zero(&lim->media[i]))
			return false;
	return true;
}

/* Why a spec is refused. X(name, text) */
#define RW_FLOW_ERRORS(X)                                                                          \
	X(OK, "accepted")                                                                          \
	X(ID, "flow id is outside the media addresses or the port range")                          \
	X(GENERATION, "generation is zero")                                                        \
	X(FLAGS, "unknown flag bits")                                                              \
	X(KIND, "unknown kind")                                                                    \
	X(POLICY, "unknown source policy")                                                         \
	X(ADDRESS, "source or peer is not a canonical address")                                    \
	X(FAMILY, "peer is not of the media address's family")                                     \
	X(OUTPUT, "output is not a flow of the same worker")                                       \
	X(ALLOW, "allow list is too long or holds a bad prefix")                                   \
	X(CLOCK, "clock rate is out of range")                                                     \
	X(CALL_ID, "call id is not NUL-terminated")                                                \
	X(SUITE, "crypto suite is not served by the SRTP engine")                                  \
	X(SRTP, "SRTP key or stream is not usable")                                                \
	X(RESERVED, "reserved bytes are not zero")

enum rw_flow_error {
#define RW_X(name, text) RW_FLOW_ERR_##name,
	RW_FLOW_ERRORS(RW_X)
#undef RW_X
		RW_FLOW_ERR_MAX
};

/* Text of an error; never NULL. */
static inline const char *rw_flow_error_text(unsigned int error)
{
	static const char *const texts[] = {
#define RW_X(name, text) text,
		RW_FLOW_ERRORS(RW_X)
#undef RW_X
	};

	return error < RW_FLOW_ERR_MAX ? texts[error] : "unknown error";
}

static inline bool rw_flow_id_valid(rw_flow_id id, const struct rw_limits *lim)
{
	return rw_flow_media(id) < lim->media_count && rw_flow_port(id) >= lim->port_min &&
	       rw_flow_port(id) <= lim->port_max;
}

/* Position of a valid id's state in arrays of rw_flow_slots() entries: media-major, port-minor. */
static inline uint32_t rw_flow_slot(rw_flow_id id, const struct rw_limits *lim)
{
	uint32_t ports = (uint32_t)lim->port_max - lim->port_min + 1;

	return rw_flow_media(id) * ports + (uint32_t)(rw_flow_port(id) - lim->port_min);
}

static inline uint32_t rw_flow_slots(const struct rw_limits *lim)
{
	return lim->media_count * ((uint32_t)lim->port_max - lim->port_min + 1);
}

static inline bool rw_flow_output_valid(rw_flow_id out, rw_flow_id id, const struct rw_limits *lim)
{
	return out == RW_FLOW_NONE ||
	       (rw_flow_id_valid(out, lim) && rw_shard(rw_flow_port(out), lim->workers) ==
						      rw_shard(rw_flow_port(id), lim->workers));
}

static inline bool rw_endpoint_valid(const struct rw_endpoint *ep)
{
	return rw_ip_valid(&ep->ip) && ep->zero == 0 &&
	       (ep->ip.family != RW_FAMILY_NONE || ep->port_be == 0);
}

static inline bool rw_flow_allow_valid(const struct rw_flow_spec *s)
{
	if (s->allow_count > RW_ALLOW_MAX)
		return false;
	for (unsigned int i = 0; i < s->allow_count; i++) {
		const struct rw_prefix *p = &s->allow[i];
		unsigned int most = p->ip.family == RW_FAMILY_IP4 ? 32 : 128;

		if (!rw_ip_valid(&p->ip) || p->ip.family == RW_FAMILY_NONE || p->bits > most)
			return false;
	}
	return true;
}

static inline enum rw_flow_error rw_flow_key_check(const struct rw_srtp_key *key,
						   const struct rw_srtp_stream *streams,
						   const struct rw_limits *lim)
{
	if (key->suite >= RW_SRTP_SUITE_MAX || !rw_srtp_key_valid(key))
		return RW_FLOW_ERR_SRTP;
	if (key->suite != RW_SRTP_NONE && !(lim->srtp_suites >> key->suite & 1))
		return RW_FLOW_ERR_SUITE;
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		if (!rw_srtp_stream_valid(&streams[i]))
			return RW_FLOW_ERR_SRTP;
	return RW_FLOW_ERR_OK;
}

/* What is secured must be RTP or RTCP: nothing else may slip through beside the keys. */
static inline enum rw_flow_error rw_flow_srtp_check(const struct rw_flow_spec *s,
						    const struct rw_limits *lim)
{
	enum rw_flow_error err = rw_flow_key_check(&s->rx, s->rx_streams, lim);

	if (err == RW_FLOW_ERR_OK)
		err = rw_flow_key_check(&s->tx, s->tx_streams, lim);
	if (err == RW_FLOW_ERR_OK && (s->rx.suite || s->tx.suite) &&
	    (s->kind == RW_FLOW_OPAQUE || s->flags & RW_FLOW_PASS_OTHER))
		err = RW_FLOW_ERR_SRTP;
	return err;
}

/*
 * The one check of a spec: control runs it before it sends, the dataplane on the copy it received.
 * Reads nothing but its arguments. Returns RW_FLOW_ERR_OK or the first reason found.
 */
static inline enum rw_flow_error rw_flow_spec_check(const struct rw_flow_spec *s,
						    const struct rw_limits *lim)
{
	if (!rw_flow_id_valid(s->id, lim))
		return RW_FLOW_ERR_ID;
	if (s->generation == 0)
		return RW_FLOW_ERR_GENERATION;
	if (s->flags & ~RW_FLOW_FLAGS_ALL)
		return RW_FLOW_ERR_FLAGS;
	if (s->kind >= RW_FLOW_KIND_MAX)
		return RW_FLOW_ERR_KIND;
	if (s->source_policy >= RW_SOURCE_POLICY_MAX)
		return RW_FLOW_ERR_POLICY;
	if (!rw_endpoint_valid(&s->source) || !rw_endpoint_valid(&s->peer))
		return RW_FLOW_ERR_ADDRESS;
	if (s->peer.ip.family != RW_FAMILY_NONE &&
	    s->peer.ip.family != lim->media[rw_flow_media(s->id)].family)
		return RW_FLOW_ERR_FAMILY;
	if (!rw_flow_output_valid(s->out_rtp, s->id, lim) ||
	    !rw_flow_output_valid(s->out_rtcp, s->id, lim))
		return RW_FLOW_ERR_OUTPUT;
	if (!rw_flow_allow_valid(s))
		return RW_FLOW_ERR_ALLOW;
	if (s->clock_hz > 1000000)
		return RW_FLOW_ERR_CLOCK;
	if (!memchr(s->call_id, 0, sizeof(s->call_id)))
		return RW_FLOW_ERR_CALL_ID;
	if (s->zero || s->zero2)
		return RW_FLOW_ERR_RESERVED;
	return rw_flow_srtp_check(s, lim);
}

#endif
