/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formats of an RTP media: payload types with what rtpmap, fmtp and rtcp-fb say about them. Pure; control's
 * only thread.
 */
#ifndef RTPWIRE_CONTROL_SDP_CODEC_H
#define RTPWIRE_CONTROL_SDP_CODEC_H

#include "sdp.h"

#define SDP_FORMATS_MAX 128 /* per m= line: there are no more payload types */

struct sdp_feedback {
	struct str text; /* of a=rtcp-fb, after the payload type: "nack pli" */
	const struct sdp_feedback *next;
};

struct sdp_format {
	uint8_t payload_type; /* 0..127 */
	struct str name; /* "opus"; p is NULL when neither rtpmap nor RFC 3551 names it */
	uint32_t clock_hz; /* 0 when it has no name */
	uint32_t channels; /* 1 when not given */
	struct str fmtp; /* after the payload type; p is NULL when there is none */
	const struct sdp_feedback *feedback; /* in order; only at the first of duplicate formats */
};

/*
 * Fills m->formats from formats_text and the attributes. SDP_INCOMPLETE, *why and no format stored for a
 * payload type that is none, or too many of them.
 */
enum sdp_error sdp_formats_parse(struct arena *arena, struct sdp_media *m, const char **why);

/*
 * Which formats of an answer's media pass to the party that sent the offer: keep[i] for format i. Those of
 * a codec that was offered; all when there is no overlap, since nothing here transcodes. offered may be
 * NULL: all.
 */
void sdp_formats_filter(const struct sdp_media *answer, const struct sdp_media *offered,
			bool keep[SDP_FORMATS_MAX]);

#endif
