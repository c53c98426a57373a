/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDP in and out (RFC 8866). sdp_parse() turns text into views and changes nothing else; a plan
 * (plan_*.c) decides ports, addresses and texts in struct sdp_edit; sdp_print() prints anew, in the
 * fixed order that proxies and peers already get from the incumbent. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_SDP_H
#define RTPWIRE_CONTROL_SDP_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/addr.h"

#include "arena.h"
#include "str.h"

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

/* Transport of an m= line. Anything not listed is SDP_PROTO_OTHER and passes as it is. */
enum sdp_proto {
	SDP_PROTO_OTHER,
	SDP_PROTO_UDPTL,
	SDP_PROTO_AVP,
	SDP_PROTO_AVPF,
	SDP_PROTO_SAVP,
	SDP_PROTO_SAVPF,
	SDP_PROTO_TLS_SAVP,
	SDP_PROTO_TLS_SAVPF,
};

/* b= types that survive, in output order. */
enum sdp_bandwidth { SDP_B_AS, SDP_B_RR, SDP_B_RS, SDP_B_CT, SDP_B_TIAS, SDP_B_COUNT };

struct sdp_attr {
	struct str line; /* all after "a=" */
	struct str name; /* up to the first colon */
	struct str value; /* after the colon; p is NULL when there is none */
	uint8_t kind; /* enum sdp_attr_kind: sdp_attr.h */
};

struct sdp_origin {
	bool present;
	struct str username;
	struct str session_id;
	uint64_t version;
	struct str net_type; /* "IN" */
	struct str address_type; /* "IP4", "IP6", or empty */
	struct str address; /* free text: a host name is allowed */
};

struct sdp_format; /* one payload type with its rtpmap, fmtp, rtcp-fb: sdp_codec.h */
struct sdp_extmap; /* one RTP header extension: sdp_attr.h */
struct sdes_line; /* one a=crypto: sdes.h */

struct sdp_media {
	struct str type; /* "audio" */
	uint16_t port; /* host order; 0 = rejected */
	uint16_t port_count; /* "5000/2" = 2, else 1; above 1, has_rtcp is never set */
	struct str proto_text; /* as sent */
	enum sdp_proto proto;
	struct str formats_text; /* all after the proto, verbatim */
	struct sdp_format *formats; /* RTP protos: in m= order */
	unsigned int format_count;
	struct str title; /* i= */
	bool has_address; /* from c= of the media, else of the session; only a port 0 may lack it */
	struct rw_ip address;
	bool has_bandwidth[SDP_B_COUNT];
	uint64_t bandwidth[SDP_B_COUNT];
	struct sdp_attr *attrs; /* all of them, original order */
	unsigned int attr_count;
	enum sdp_direction
		direction; /* of both levels, sdp-rewrite rules; zero address not applied */
	struct str
		direction_text; /* the line received at media, else session level; p NULL if none */
	struct str mid;
	struct str label;
	uint32_t ptime_ms; /* 0 = none */
	uint32_t maxptime_ms; /* 0 = none */
	bool has_rtcp; /* a=rtcp with a usable port */
	struct rw_endpoint rtcp; /* its port; address NONE when the line had none */
	bool rtcp_mux;
	bool has_ice; /* ice-ufrag at media or session level */
	const struct sdp_extmap *extmaps; /* the media's; the session's when it has no extmap */
	unsigned int extmap_count;
	bool extmap_allow_mixed; /* at media or session level */
	const struct sdes_line *crypto; /* RTP protos: the usable a=crypto, in order */
	unsigned int crypto_count;
	bool has_fingerprint; /* at media or session level */
	bool untouched; /* m=message: port and address stay the sender's */
};

struct sdp {
	struct sdp_origin origin;
	struct str session_name; /* p NULL when s= was missing */
	struct str info, uri, email, phone, timing; /* p NULL when missing or empty */
	bool has_bandwidth[SDP_B_COUNT];
	uint64_t bandwidth[SDP_B_COUNT];
	struct sdp_attr *attrs; /* session level, original order */
	unsigned int attr_count;
	struct sdp_media *media;
	unsigned int media_count;
	struct str loop_id; /* value of the session's a=rtpengine:, p NULL if none; when there are
				     several sessions, only set if all of them carry the same */
};

#define SDP_MEDIA_MAX 64 /* m= lines; more are refused */
#define SDP_TEXT_MAX_BYTES 65536

/* Results of sdp_parse(); the texts are protocol (sdp-rewrite section 8). */
enum sdp_error {
	SDP_OK,
	SDP_FAILED, /* "Failed to parse SDP" */
	SDP_INCOMPLETE, /* "Incomplete SDP specification" */
	SDP_NO_MEMORY,
};

/*
 * Parses text into *out, all views pointing into text or arena; text must live as long as *out. why gets
 * a short reason for the log (static text), NULL when OK. Never reads outside text.
 */
enum sdp_error sdp_parse(struct arena *arena, struct str text, struct sdp *out, const char **why);

/* "RTP/AVP" etc., case-insensitive; SDP_PROTO_OTHER for anything else. */
enum sdp_proto sdp_proto_from(struct str text);

/* Canonical text; NULL for SDP_PROTO_OTHER. */
const char *sdp_proto_text(enum sdp_proto proto);

/* True for the six RTP profiles. */
bool sdp_proto_is_rtp(enum sdp_proto proto);

/* True for the four SRTP profiles. */
bool sdp_proto_is_srtp(enum sdp_proto proto);

/* True for the two that are keyed by DTLS. */
bool sdp_proto_is_dtls(enum sdp_proto proto);

/* Clock rate in Hz of the media's first format that is no telephone-event/CN; 8000 when unknown. */
uint32_t sdp_media_clock_hz(const struct sdp_media *m);

/* First format of the media as "PCMA/8000"; p NULL when there is none. */
struct str sdp_media_codec(struct arena *arena, const struct sdp_media *m);

/* How one section is printed. Sections come out in the order of sdp_edit.media. */
enum sdp_section_kind {
	SDP_SECTION_NORMAL, /* own port and address; RTP protos by the fixed order, others verbatim */
	SDP_SECTION_REJECTED, /* port 0: m=, i=, c=, b=, mid, label. The plan gives the address: zero
				 in the leg's family, or the message's "media address" */
	SDP_SECTION_UNTOUCHED, /* m=message: port, address, attributes as sent */
	SDP_SECTION_BARE, /* rejected, and no more than its m= line: src's formats and protocol */
	SDP_SECTION_MISSING, /* the answer left it out: src is the offer's section; port, zero c=,
				  rtpmaps of src, a=sendrecv */
};

struct sdp_section {
	enum sdp_section_kind kind;
	const struct sdp_media *src; /* where the texts come from */
	const struct sdp_media *offered; /* answer: formats not in here are dropped (sdp-rewrite
					    section 7, "answer"); NULL = no filter */
	uint16_t port; /* host order */
	struct rw_ip address; /* c=, advertised address; zero address = hold (family decides).
				 Printed as given, in all kinds but UNTOUCHED; family NONE
				 prints as 0.0.0.0 */
	enum sdp_proto proto; /* printed; SDP_PROTO_OTHER = src->proto_text as sent */
	enum sdp_direction direction; /* printed, unless sdp_edit.original_direction */
	struct str mid; /* printed if p; not taken from src */
	uint16_t rtcp_port; /* a=rtcp; 0 = no line. Never printed for non-RTP protos */
	struct rw_ip rtcp_address; /* "full rtcp attribute": family NONE = port alone */
	bool rtcp_mux; /* a=rtcp-mux */
	const struct sdes_line *crypto; /* a=crypto lines; RTP protos only */
	unsigned int crypto_count;
	bool crypto_pad, crypto_lifetime; /* struct sdes_style */
	uint32_t ptime_ms; /* 0 = no line; maxptime is always that of src */
	bool extmap_one_byte; /* the receiver has sent extmaps without extmap-allow-mixed, so it
				 gets none; `offered` says the same on its own */
};

struct sdp_edit {
	const struct sdp *src; /* session lines and unknown session attributes */
	struct sdp_origin origin; /* printed as it is (present is true) */
	struct str session_name; /* printed as it is */
	struct str loop_id; /* a=rtpengine: line if p */
	bool original_direction; /* flag "original sendrecv" */
	struct sdp_section *sections;
	unsigned int section_count;
};

/* A printed SDP that would be longer (duplicate formats with long parameters) is refused. */
#define SDP_PRINT_MAX_BYTES (4 * SDP_TEXT_MAX_BYTES)

/*
 * Prints the edited SDP, CRLF line ends. Returns the text in the arena (one allocation, n excludes the
 * NUL behind it); p is NULL when memory is out or the text would pass SDP_PRINT_MAX_BYTES.
 */
struct str sdp_print(struct arena *arena, const struct sdp_edit *edit);

/*
 * The origin to start from: the parsed one, or for an SDP without o= the incumbent's
 * "- <random id> 0 IN  " with the id given (digits).
 */
struct sdp_origin sdp_origin_default(const struct sdp *sdp, struct str random_id);

#endif
