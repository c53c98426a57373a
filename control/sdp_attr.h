/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes (a= lines) of an SDP: which ones the relay understands, and what they say. Pure; control's
 * only thread.
 */
#ifndef RTPWIRE_CONTROL_SDP_ATTR_H
#define RTPWIRE_CONTROL_SDP_ATTR_H

#include "sdp.h"

/*
 * What an attribute is to the relay. UNKNOWN passes as it is, FEEDBACK_ALL before the others; all the rest
 * is consumed: printed anew from what was parsed, or not at all.
 */
enum sdp_attr_kind {
	SDP_ATTR_UNKNOWN,
	SDP_ATTR_FEEDBACK_ALL, /* rtcp-fb:* of a media */
	SDP_ATTR_CONSUMED, /* no use for it here: ICE, DTLS, T38, group, ... */
	SDP_ATTR_DIRECTION,
	SDP_ATTR_RTPMAP,
	SDP_ATTR_FMTP,
	SDP_ATTR_FEEDBACK, /* rtcp-fb with a payload type, or malformed */
	SDP_ATTR_EXTMAP,
	SDP_ATTR_EXTMAP_MIXED,
	SDP_ATTR_MID,
	SDP_ATTR_LABEL,
	SDP_ATTR_PTIME,
	SDP_ATTR_MAXPTIME,
	SDP_ATTR_RTCP,
	SDP_ATTR_RTCP_MUX,
	SDP_ATTR_CRYPTO,
	SDP_ATTR_FINGERPRINT,
	SDP_ATTR_ICE_UFRAG,
	SDP_ATTR_LOOP, /* a=rtpengine: */
};

/* An RTP header extension (RFC 8285 section 5), without direction and parameters. */
struct sdp_extmap {
	uint8_t id; /* 1..14 or 16..255 */
	struct str uri;
};

/* What the attributes of one level (session or media) say that both levels can say. */
struct sdp_level {
	bool has_direction;
	enum sdp_direction direction; /* the strongest found */
	struct str direction_text; /* the first found, as sent */
	bool has_ufrag;
	bool has_fingerprint;
	bool has_extmap; /* any, even a malformed one */
	bool allow_mixed;
	bool has_ptime, has_maxptime; /* media level: the first one was seen */
};

/* Splits the text after "a=" and finds its kind. Session level knows a few kinds more. */
struct sdp_attr sdp_attr_split(struct str line, bool session_level);

/* Adds what attribute a says to its level. */
void sdp_level_add(struct sdp_level *level, const struct sdp_attr *a);

/* Media level: stores what a says in *m (mid, label, ptime, rtcp); level is the media's. */
void sdp_attr_apply(struct sdp_media *m, struct sdp_level *level, const struct sdp_attr *a);

/* Media level, after its last attribute: stores what both levels say together in *m. */
void sdp_level_merge(struct sdp_media *m, const struct sdp_level *session,
		     const struct sdp_level *media);

/*
 * The usable a=crypto among count attributes of a media, as an array in the arena. 0, with nothing stored when there is
 * no such attribute; or -ENOMEM and nothing stored.
 */
int sdp_crypto_parse(struct arena *arena, const struct sdp_attr *attrs, unsigned int count,
		     const struct sdes_line **out, unsigned int *out_count);

/*
 * The well-formed a=extmap among count attributes, as an array in the arena. 0, or -ENOMEM and nothing
 * stored.
 */
int sdp_extmaps_parse(struct arena *arena, const struct sdp_attr *attrs, unsigned int count,
		      const struct sdp_extmap **out, unsigned int *out_count);

#endif
