/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the SRTP protocol (srtp*.c) and the engines (crypto_*.c): contexts and streams as both see them, and what an
 * engine has to do. Not for others: they use srtp.h. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_SRTP_ENGINE_H
#define RTPWIRE_DATAPLANE_SRTP_ENGINE_H

#include "srtp.h"

enum srtp_kind { SRTP_RTP, SRTP_RTCP, SRTP_KINDS };

/* The stream of one SSRC, RTP or RTCP. 64 bytes with the shortest window. */
struct srtp_stream {
	/* highest sent or authenticated: ROC << 16 | sequence number; SRTCP index */
	uint64_t index;
	/*
	 * receive: highest index of before the stream fell back to an older ROC; 0 = it never did.
	 * send: the dataplane of before may have sent up to here.
	 */
	uint64_t before;
	uint32_t ssrc;
	uint32_t last_ms; /* receive: when a packet was authenticated last */
	union {
		uint16_t seq_offset; /* send: added to the numbers that come in */
		uint16_t
			fall_roc; /* receive: where a first packet under an older ROC was, low half */
	};
	union {
		uint16_t
			restart_seq; /* send: the number that would show that the sender began anew */
		uint16_t fall_seq;
	};
	uint16_t probing; /* receive: so many more packets may show another ROC */
	bool renewed : 1; /* no packet since srtp_context_renewed(), or since srtp_context_resume() */
	bool restarting : 1; /* restart_seq or fall_seq is valid */
	bool resumed : 1; /* receive: index is what another dataplane told, the window is unknown */
	uint64_t window[];
};

_Static_assert(sizeof(struct srtp_stream) == 32, "a stream and its window share a cache line");

/* What packets seldom need of a context. The engine's other keys follow it in memory. */
struct srtp_cold {
	_Alignas(64) struct rw_srtp_key key;
	uint32_t ssrc[SRTP_KINDS][SRTP_STREAMS_MAX];
	uint64_t call_ref; /* under which it was entered */
	uint32_t next; /* place in the pool: of the next free one, or of the same bucket */
	uint32_t place; /* its own, in the pool */
	uint32_t users;
	bool entered;
	uint8_t publish_next; /* which published place is given up next */
	uint8_t direction; /* enum srtp_direction */
};

/*
 * What each packet needs of a context: one line, with the first RTP stream before it and the engine's keys of RTP behind it
 * in memory. So close together because with thousands of contexts each page more costs as much as a hash.
 */
struct srtp_context {
	_Alignas(64) struct srtp_cold *cold; /* NULL: not used */
	struct rw_srtp_stream *publish;
	uint8_t cipher; /* enum rw_srtp_cipher */
	uint8_t key_bytes; /* of the cipher */
	uint8_t tag_bytes[SRTP_KINDS];
	uint8_t encrypted[SRTP_KINDS]; /* bool: bodies are encrypted */
	uint8_t authenticated[SRTP_KINDS]; /* bool */
	uint8_t mki_bytes;
	uint8_t current[SRTP_KINDS]; /* place of the stream used last */
	uint8_t stream_count[SRTP_KINDS];
	uint16_t key_id; /* equal in contexts of one call that may have one key; 0: not entered */
	uint8_t salt[SRTP_KINDS][16]; /* session salts, zeros behind */
};

_Static_assert(sizeof(struct srtp_context) == 64, "facts are one line");

struct srtp_engine_ops {
	const char *name;
	size_t hot_bytes; /* of the keys that RTP packets need, a multiple of 64 */
	size_t keys_bytes; /* of all others, a multiple of 64 */
	/* The engine's own state for one thread. 0 and *out, or -ENOMEM, -ENOTSUP. */
	int (*engine_new)(void **out);
	void (*engine_free)(void *engine);
	const char *(*details)(void *engine);
	uint32_t (*suites)(void); /* 0: not on this machine */
	/* Fills both parts of the keys (zeroed) and c->salt from the master key. 0, -ENOMEM or -ENOTSUP. */
	int (*context_open)(void *engine, struct srtp_context *c);
	/* Frees what the engine has outside of the keys, which the caller wipes. */
	void (*context_close)(void *engine, struct srtp_context *c);
	/* The stream of this SSRC has ended. */
	void (*stream_close)(void *engine, struct srtp_context *c, enum srtp_kind kind,
			     uint32_t ssrc);
	/* The packets' work says all (ok is true); len_bytes grows. Those that fail get another status than SRTP_OK. */
	void (*seal)(void *engine, struct srtp_packet **packets, unsigned int count);
	/* Sets work.ok, and if it is true shortens len_bytes. Honours work.keep. */
	void (*open)(void *engine, struct srtp_packet **packets, unsigned int count);
};

extern const struct srtp_engine_ops srtp_ipsec_mb; /* only on x86-64 */
extern const struct srtp_engine_ops srtp_libsrtp2;

#define SRTP_BUCKETS 4096u /* power of two */

struct srtp {
	const struct srtp_engine_ops *ops;
	void *engine;
	/*
	 * Hot parts of all contexts (stream, facts, keys), then cold ones, then streams: the second one of each context, the third
	 * one of each, ... Nearly none has more than two, and the pages of the others are never touched.
	 */
	uint8_t *pool;
	size_t pool_bytes;
	size_t hot_bytes, cold_bytes; /* of one */
	size_t streams_at; /* in the pool; the places of the first RTP streams are not used there */
	size_t stream_bytes;
	uint32_t contexts; /* places in the pool */
	uint32_t touched; /* places used so far */
	uint32_t free_first; /* of the given back ones; SRTP_NO_PLACE = none */
	uint32_t buckets[SRTP_BUCKETS]; /* entered contexts by call_ref */
	uint16_t key_ids; /* given out last */
	uint32_t now_ms; /* of the last batch received */
	unsigned int window; /* packets */
	unsigned int window_words;
};

#define SRTP_NO_PLACE 0xffffffffu

/* The engine's keys: what RTP packets need, and the others. */
static inline void *srtp_hot_keys(const struct srtp_context *c)
{
	return (void *)(uintptr_t)(c + 1);
}

static inline void *srtp_keys(const struct srtp_context *c)
{
	return c->cold + 1;
}

/* The stream that needs no look at the context. */
static inline struct srtp_stream *srtp_stream_first(const struct srtp *s,
						    const struct srtp_context *c)
{
	return (struct srtp_stream *)((uintptr_t)c - s->stream_bytes);
}

/* Stream in a place of a context. */
static inline struct srtp_stream *srtp_stream_at(const struct srtp *s, const struct srtp_context *c,
						 enum srtp_kind kind, unsigned int place)
{
	if (kind == SRTP_RTP && place == 0)
		return srtp_stream_first(s, c);
	return (struct srtp_stream *)(s->pool + s->streams_at +
				      (((size_t)kind * SRTP_STREAMS_MAX + place) * s->contexts +
				       c->cold->place) *
					      s->stream_bytes);
}

/* Streams' numbers are published each time that their index passes a multiple of this. */
#define SRTP_PUBLISH_STEP 1024u

/* srtp_context.c */

/* The stream of an SSRC, or NULL. */
struct srtp_stream *srtp_stream_find(const struct srtp *s, struct srtp_context *c,
				     enum srtp_kind kind, uint32_t ssrc);

/*
 * Makes a stream whose highest index is index, nothing of it seen. A receiving context gives up the stream that was
 * silent for longest if there is no place; a sending one must not (numbers could go out twice): NULL.
 */
struct srtp_stream *srtp_stream_new(struct srtp *s, struct srtp_context *c, enum srtp_kind kind,
				    uint32_t ssrc, uint64_t index);

/* Writes the stream's state to where the context publishes it. */
void srtp_stream_publish(struct srtp_context *c, enum srtp_kind kind, const struct srtp_stream *st);

/* srtp_layout.c: where things are in a packet, RFC 3711 sections 3.1 and 3.4, RFC 7714 sections 8 and 9. */

/* Reads ssrc, seq, body_at of a packet that is to be secured. False when it is no RTP or RTCP packet. */
bool srtp_layout_plain(struct srtp_packet *p);

/* The same for a secured packet; also tag, body_bytes, encrypted, and for SRTCP index. False when malformed. */
bool srtp_layout_secured(struct srtp_packet *p);

/* Fills work.iv for work.index. */
void srtp_layout_iv(struct srtp_packet *p);

/* Bytes behind the body: tag, SRTCP index, MKI. */
static inline unsigned int srtp_trailer_bytes(const struct srtp_context *c, enum srtp_kind kind)
{
	return c->tag_bytes[kind] + c->mki_bytes + (kind == SRTP_RTCP ? 4u : 0u);
}

/* Writes the master key identifier. */
void srtp_layout_put_mki(const struct srtp_context *c, uint8_t *at);

#endif
