/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP and SRTCP (RFC 3711, 6188, 7714) on plain memory, a batch at a time: contexts, streams, index guess,
 * replay windows and the rules of the rollover counter are here; the ciphers are an engine's (srtp_engine.h).
 * No mbuf and no DPDK type. One struct srtp per thread; what belongs to it is used by that thread only.
 *
 * Authenticate, then commit: a packet changes nothing before its tag was found right. Contexts hold keys:
 * their memory is left out of core dumps and wiped when they are freed.
 */
#ifndef RTPWIRE_DATAPLANE_SRTP_H
#define RTPWIRE_DATAPLANE_SRTP_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/srtp.h"

#define SRTP_BATCH_MAX 64u
#define SRTP_STREAMS_MAX 32u /* SSRCs of one context; RTP and RTCP are counted on their own */
#define SRTP_WINDOW_MIN 128u /* packets of a replay window, RFC 3711 section 3.3.2 asks for 64 */
#define SRTP_WINDOW_MAX 960u
#define SRTP_TRAILER_MAX (16u + 4u + RW_SRTP_MKI_BYTES_MAX) /* tag, SRTCP index, MKI */

enum srtp_engine_kind {
	SRTP_ENGINE_AUTO, /* the fastest that this machine has */
	SRTP_ENGINE_IPSEC_MB, /* x86-64 */
	SRTP_ENGINE_LIBSRTP2, /* everywhere; slow where libsrtp2 is built on NSS, as Debian's */
};

enum srtp_direction { SRTP_SEND, SRTP_RECEIVE };

struct srtp;
struct srtp_context;

/*
 * An engine with room for so many contexts (mapped lazily). window: packets of the replay windows, SRTP_WINDOW_MIN to
 * SRTP_WINDOW_MAX. 0 and *out; -ENOMEM; -ENOTSUP when this machine or build has no such engine.
 */
int srtp_new(enum srtp_engine_kind kind, uint32_t contexts, unsigned int window, struct srtp **out);

/* Frees it with all its contexts; NULL is fine. */
void srtp_free(struct srtp *s);

/* "ipsec-mb" or "libsrtp2", and for people how it works here ("AVX2, SHA-NI ..."). */
const char *srtp_engine_name(const struct srtp *s);
const char *srtp_engine_details(const struct srtp *s);

/* Name on the command line ("auto", "ipsec-mb", "libsrtp2") to kind. 0 or -EINVAL. */
int srtp_engine_parse(const char *name, enum srtp_engine_kind *out);

/* Bit n: suite n of enum rw_srtp_suite is served. A kind that this machine has not: 0. */
uint32_t srtp_engine_suites(enum srtp_engine_kind kind);

/*
 * One direction of a flow under one master key, which must be valid and of a suite that is served. streams
 * (RW_SSRC_SLOTS, may be NULL): where streams go on. publish (RW_SSRC_SLOTS, may be NULL; must outlive the context):
 * where their state is written whenever SRTCP index or offset change, and every 1024 RTP packets; must not be `streams`.
 * 0 and *out; -ENOMEM; -ENOTSUP when the engine
 * does not have the suite with these parameters.
 */
int srtp_context_new(struct srtp *s, enum srtp_direction direction, const struct rw_srtp_key *key,
		     const struct rw_srtp_stream *streams, struct rw_srtp_stream *publish,
		     struct srtp_context **out);

/*
 * Enters a context under the call that owns it, so that other flows of the call find it: one that uses the same key in
 * the same direction must use the same context, or an index would be used twice under one key. Once per context.
 */
void srtp_context_enter(struct srtp *s, struct srtp_context *c, uint64_t call_ref);

/* A context entered for this call, direction and key, with one more user; NULL when there is none. */
struct srtp_context *srtp_context_find(struct srtp *s, enum srtp_direction direction,
				       uint64_t call_ref, const struct rw_srtp_key *key);

/* Moves streams forward to where another dataplane has left them (RW_SSRC_SLOTS, as srtp_context_new). */
void srtp_context_resume(struct srtp *s, struct srtp_context *c,
			 const struct rw_srtp_stream *streams);

/* True when both were entered for one call and have one key. */
bool srtp_context_same_key(const struct srtp_context *a, const struct srtp_context *b);

/* True when a sending context's key is one that the call receives with: a peer's own, passed on by signalling. */
bool srtp_context_is_passed(struct srtp *s, const struct srtp_context *c);

/* Ends one use; wipes and frees with the last one. NULL is fine. */
void srtp_context_free(struct srtp *s, struct srtp_context *c);

/* Publishes the state of its streams there from now on; NULL: nowhere. */
void srtp_context_publish(struct srtp *s, struct srtp_context *c, struct rw_srtp_stream *publish);

/* Where that is, or NULL. */
const struct rw_srtp_stream *srtp_context_published(const struct srtp_context *c);

/* The key it was made from. */
const struct rw_srtp_key *srtp_context_key(const struct srtp_context *c);

/*
 * Signalling has renewed the call under the same key. Streams keep their ROC; but for a while a received
 * packet whose tag is wrong is also tried with ROC 0 and one ROC ahead and behind: peers get this wrong. Of no effect on a
 * context that sends.
 */
void srtp_context_renewed(struct srtp *s, struct srtp_context *c);

enum srtp_status {
	SRTP_OK,
	SRTP_MALFORMED, /* no RTP or RTCP header, too short for its trailer, or another MKI */
	SRTP_AUTH_FAILED,
	SRTP_REPLAYED, /* received before, or older than the window */
	SRTP_REPEATED, /* send: this index was used before */
	SRTP_SSRC_LIMIT, /* send: SRTP_STREAMS_MAX streams are there, or all numbers of the key are used up */
	SRTP_NO_ROOM, /* send: trailer does not fit */
};

/* srtp_packet.events */
#define SRTP_EVENT_ROC_KEPT 0x01u /* first success after srtp_context_renewed(), ROC as before */
#define SRTP_EVENT_ROC_ZERO 0x02u /* ... or the stream had begun anew */
#define SRTP_EVENT_ROC_NEXT 0x04u
#define SRTP_EVENT_ROC_PREVIOUS 0x08u
#define SRTP_EVENT_ROC_DOUBTFUL 0x20u /* the stream fell back to an older ROC not long ago */
#define SRTP_EVENT_RENUMBERED                                                                      \
	0x10u /* send: the sender began anew, its numbers are shifted from here on */

/* What the engine and the protocol part keep of a packet while they work on it. */
struct srtp_work {
	_Alignas(16) uint8_t iv[16];
	uint8_t tag[16]; /* as received */
	uint64_t index; /* RFC 3711 section 3.3.1, or the SRTCP index */
	struct srtp_stream *stream; /* NULL: an SSRC not seen before */
	uint32_t ssrc;
	uint16_t seq;
	uint16_t body_at; /* of what is encrypted, from data */
	uint16_t body_bytes;
	uint8_t tag_bytes;
	bool encrypted; /* body is, or is to be */
	bool authenticated; /* the tag is there and counts */
	bool keep; /* open: data must be as before when the tag is wrong */
	bool forced; /* index is not what packets so far suggest */
	bool ok; /* open: result */
};

struct srtp_packet {
	struct srtp_context *context;
	struct srtp_context
		*other; /* receive: tried when the tag is wrong under `context`; NULL: none */
	uint8_t *data; /* RTP or RTCP header; changed in place */
	uint16_t len_bytes; /* grows or shrinks by the trailer */
	uint16_t room_bytes; /* send: writable bytes behind it */
	bool rtcp;
	uint8_t status; /* enum srtp_status */
	uint8_t events; /* SRTP_EVENT_* */
	bool used_other; /* receive: it was `other` that fitted */
	/*
	 * receive: the index that it came under. send, when fixed: the index to use, because the key is the sender's own and
	 * numbers its packets already; the context keeps no account of it then.
	 */
	bool fixed;
	uint64_t index;
	struct srtp_work work;
};

/*
 * Secures count packets (at most SRTP_BATCH_MAX, of any contexts and suites, all made for SRTP_SEND), in
 * order. Sequence numbers may be rewritten: a number never goes out twice under one key. Packets whose
 * status is not SRTP_OK are unchanged and must not be sent.
 */
void srtp_batch_protect(struct srtp *s, struct srtp_packet *packets, unsigned int count);

/*
 * Opens count packets of contexts made for SRTP_RECEIVE, at now_ns (any clock that does not go back). What the data of
 * a packet is whose status is not SRTP_OK is not said.
 */
void srtp_batch_unprotect(struct srtp *s, struct srtp_packet *packets, unsigned int count,
			  uint64_t now_ns);

#endif
