/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of a call, as plain data: parties (one per SIP tag or via-branch), their media, their
 * sockets (local ports) and the flows these become. A state is never changed by a request: a plan copies
 * it into the request's arena, changes the copy, and when the dataplane has agreed the copy is packed into one block
 * and takes the old one's place. Control's only thread.
 *
 * "Party X's socket" is the local port that faces X: X sends to it and receives from it.
 */
#ifndef RTPWIRE_CONTROL_CALL_H
#define RTPWIRE_CONTROL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/flow.h"

#include "arena.h"
#include "sdes.h"
#include "sdp.h"
#include "str.h"

#define CALL_NONE 0xffffu /* "no party" */

/* The part of a rw_flow_spec that is not the same for all flows of a call. */
struct call_flow {
	rw_flow_id id; /* RW_FLOW_NONE: the socket has no such port */
	bool wanted; /* stands, or has to stand, in the dataplane */
	uint8_t kind, policy, tos, component;
	uint8_t leg, media;
	uint16_t learn_ms;
	uint32_t clock_hz;
	rw_flow_id out_rtp, out_rtcp;
	struct rw_endpoint source, peer;
	struct rw_srtp_key rx, tx; /* of what arrives, of what is sent; suite NONE: plain */
	uint64_t generation; /* as set last; not part of what two flows are compared by */
};

struct call_socket {
	struct rw_endpoint
		key; /* where the other party received when this port was given out; NONE: reserved */
	/* Where packets really came from when this port took over from another, while `seen_at` is
	   the party's signalled address. A party behind NAT would be lost otherwise. */
	struct rw_endpoint seen_at, seen_rtp, seen_rtcp;
	uint8_t entry; /* index in interfaces.entries */
	struct call_flow rtp, rtcp;
};

/* What an offerer's a=rtcp-mux will be answered with: sdp-rewrite section 5. */
enum call_mux_mode { CALL_MUX_FOLLOW, CALL_MUX_ACCEPT, CALL_MUX_REJECT };

/*
 * Keys of one m= line of one party: sdp-rewrite section 4. Lists are replaced, never changed.
 */
struct call_sdes {
	/* from the party's last offer, in the order in which an answer chooses */
	const struct sdes_line *offered;
	uint8_t offered_count;
	bool preferred; /* the proxy chose offered[0], whatever the other side takes */
	/* printed to it last: in an offer all, in an answer one */
	const struct sdes_line *told;
	uint8_t told_count;
	bool told_used; /* answered: the next offer has new keys, but for the one in use */
	/* in use: what the party sends with, and what it is sent with. Suite NONE: plain RTP */
	struct sdes_line rx, tx;
};

/* One m= line of one party. */
struct call_media {
	bool described; /* the party sent an SDP with this line: text and section are valid */
	uint16_t text, section; /* index in party.texts, and of the m= line in it */
	bool rejected; /* port 0 in the party's last SDP */
	bool untouched; /* m=message: not relayed */
	bool hold; /* zero address in the party's last SDP */
	enum sdp_direction direction; /* of the party's last SDP, hold applied */
	enum sdp_proto sent_proto; /* of the party's last SDP */
	enum sdp_proto proto; /* as printed to the party last */
	/* what its media is in: as the last answer said, whatever was offered since */
	enum sdp_proto used_proto;
	struct str type, proto_text, codec, mid; /* of the party's last SDP */
	uint32_t clock_hz, ptime_ms;
	struct rw_endpoint remote,
		remote_rtcp; /* where it receives; kept during hold, NONE if unknown */

	/* RTP and RTCP on one port, RFC 5761 */
	bool mux_offered; /* by the party's last offer */
	enum call_mux_mode mux_mode;
	bool mux_told; /* a=rtcp-mux was printed to it and not declined */
	bool mux_only; /* and no other port for RTCP was printed with it */
	bool muxed; /* agreed: its RTCP goes to its RTP port */

	struct call_sdes sdes;

	/* legacy opportunistic SRTP: the party's SDPs have a second m= line for this media (plan_legacy.c) */
	bool paired, secure_first;
	uint16_t
		pair; /* index of it in texts[text]; no section when the party has not sent it yet */

	/* source policy, from the messages that the party sent */
	uint8_t policy;
	uint16_t learn_ms;
	bool strict_source; /* asked for, which query tells; LEARN is as strict once it has learned */

	struct call_socket *sockets;
	uint16_t socket_count;
	int16_t told; /* socket whose port the party was given last; -1: none */
	int16_t current; /* socket that sends to the party; -1: none */
};

/* What was printed to a party, and what of it has to stay: sdp-rewrite section 2.1. */
struct call_printed {
	bool once;
	uint64_t version; /* of o=, as printed last */
	bool has_hash; /* a message with SDP-version was printed */
	uint64_t hash; /* of that text, its version aside */
	struct str username, session_id, address_type, address; /* of the first o= */
};

struct call_party {
	struct str tag; /* p NULL: not known yet */
	struct str via_branch, label, metadata; /* p NULL when not given */
	struct str *aliases; /* other tags that answered in its place */
	uint16_t alias_count;
	uint16_t peer; /* who it talks with: index, or CALL_NONE */
	bool answered; /* it and its peer have both sent an SDP */
	bool gone; /* deleted; the index stays taken */
	uint8_t interface; /* index in interfaces.names */
	uint8_t family; /* enum rw_family; NONE: not known yet */
	int64_t created_s; /* CLOCK_REALTIME */
	uint64_t delete_at_ms; /* CLOCK_MONOTONIC; 0: not to be deleted */
	struct call_printed printed;
	struct str session_name; /* first s= that it sent */
	bool sent_once;
	struct str *texts; /* SDPs that media refer to */
	uint16_t text_count;
	struct call_media *media;
	uint16_t media_count;
};

struct call_state {
	struct call_party *parties;
	uint16_t party_count;
	uint8_t shard;
	int16_t tos; /* from a message; -1: the configured one */
	struct str metadata;
	size_t packed_bytes; /* of the block, when it is one */
};

/* Copies what a plan may change into the arena; strings stay views into s. NULL when memory is out. */
struct call_state *call_state_copy(struct arena *a, const struct call_state *s);

/* An empty state in the arena. NULL when memory is out. */
struct call_state *call_state_new(struct arena *a);

/* s and all that it refers to in one block. Free with call_state_free(). NULL when memory is out. */
struct call_state *call_state_pack(const struct call_state *s);

/* Wipes and frees a packed state, which holds keys; NULL is fine. */
void call_state_free(struct call_state *s);

/* Appends in the arena. Index of the new party, or -ENOMEM. */
int call_add_party(struct arena *a, struct call_state *s);

/* Makes room for media up to index count - 1. 0 or -ENOMEM. */
int call_add_media(struct arena *a, struct call_party *p, unsigned int count);

/* Appends a socket, all zero but for flow ids NONE. Its index, or -ENOMEM. */
int call_add_socket(struct arena *a, struct call_media *m);

/* Appends another tag under which the party is found. 0 or -ENOMEM. */
int call_add_alias(struct arena *a, struct call_party *p, struct str tag);

/* Index of the party with this tag or alias, or CALL_NONE. */
uint16_t call_find_tag(const struct call_state *s, struct str tag);

/* True when a and b talk with each other, in either's view. */
bool call_related(const struct call_state *s, uint16_t a, uint16_t b);

/* A flow with no port. */
struct call_flow call_flow_none(void);

/* True when b would be the same for the dataplane, generations aside. */
bool call_flow_same(const struct call_flow *a, const struct call_flow *b);

/* The full spec; call_id is cut to what fits. */
void call_flow_spec(const struct call_flow *f, struct str call_id, uint64_t call_ref,
		    struct rw_flow_spec *out);

/* Runs each() over every flow with a port, gone parties excluded. */
void call_each_flow(struct call_state *s, void (*each)(void *ctx, struct call_flow *f), void *ctx);

/*
 * The flow of this id in the media of this party, by their numbers (any), or NULL. Calls with thousands of flows are
 * compared flow by flow, so this must not look at all of them.
 */
struct call_flow *call_find_flow(const struct call_state *s, unsigned int leg, unsigned int media,
				 rw_flow_id id);

#endif
