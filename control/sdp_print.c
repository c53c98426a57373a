/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An SDP printed anew from parsed parts and a plan's decisions, in the incumbent's fixed order of lines,
 * which proxies' scripts and peers are used to. Text too long for the scratch memory is printed
 * twice: once to measure, once into the one allocation. Never parses. Pure; control's only thread.
 */
#include "sdp.h"

#include "decimal.h"
#include "sdes.h"
#include "sdp_attr.h"
#include "sdp_codec.h"
#include "sdp_line.h"
#include "sdp_scan.h"

#define SCRATCH_BYTES 16384

/* Where text goes; what is beyond size is only counted. */
struct output {
	char *p;
	size_t n;
	size_t size;
};

static void put(struct output *o, struct str s)
{
	if (s.n && o->n + s.n <= o->size)
		memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

static void put_text(struct output *o, const char *text)
{
	put(o, str_from(text));
}

static void put_number(struct output *o, uint64_t value)
{
	char text[DECIMAL_MAX];

	put(o, (struct str){ text, decimal_put(text, value) });
}

static void put_end(struct output *o)
{
	put_text(o, "\r\n");
}

/* prefix and value as one line. */
static void put_line(struct output *o, const char *prefix, struct str value)
{
	put_text(o, prefix);
	put(o, value);
	put_end(o);
}

static void put_line_if(struct output *o, const char *prefix, struct str value)
{
	if (value.p)
		put_line(o, prefix, value);
}

static void put_number_line(struct output *o, const char *prefix, uint64_t value)
{
	put_text(o, prefix);
	put_number(o, value);
	put_end(o);
}

/* "IN IP4 192.0.2.1"; no address is the zero address of IPv4. */
static void put_address(struct output *o, const struct rw_ip *ip)
{
	char text[RW_IP_TEXT];

	if (ip->family == RW_FAMILY_NONE) {
		put_text(o, "IN IP4 0.0.0.0");
		return;
	}
	put_text(o, ip->family == RW_FAMILY_IP6 ? "IN IP6 " : "IN IP4 ");
	put_text(o, rw_ip_text(ip, text));
}

static void put_bandwidth(struct output *o, const bool has[SDP_B_COUNT],
			  const uint64_t values[SDP_B_COUNT])
{
	for (unsigned int i = 0; i < SDP_B_COUNT; i++) {
		if (!has[i])
			continue;
		put_text(o, "b=");
		put_text(o, sdp_bandwidth_name(i));
		put_number_line(o, ":", values[i]);
	}
}

/* An attribute that passes: as sent, but a colon with nothing behind it is lost. */
static void put_unknown(struct output *o, const struct sdp_attr *a)
{
	bool bare_colon = a->value.p && !a->value.n;

	put_line(o, "a=", bare_colon ? a->name : a->line);
}

static void put_attrs_of_kind(struct output *o, const struct sdp_attr *attrs, unsigned int count,
			      enum sdp_attr_kind kind)
{
	for (unsigned int i = 0; i < count; i++) {
		if (attrs[i].kind == kind)
			put_unknown(o, &attrs[i]);
	}
}

static void put_all_attrs(struct output *o, const struct sdp_media *m)
{
	for (unsigned int i = 0; i < m->attr_count; i++)
		put_line(o, "a=", m->attrs[i].line);
}

static void put_origin(struct output *o, const struct sdp_origin *origin)
{
	put_text(o, "o=");
	put(o, origin->username);
	put_text(o, " ");
	put(o, origin->session_id);
	put_text(o, " ");
	put_number(o, origin->version);
	put_text(o, " ");
	put(o, origin->net_type);
	put_text(o, " ");
	put(o, origin->address_type);
	put_line(o, " ", origin->address);
}

static void put_session(struct output *o, const struct sdp_edit *edit)
{
	const struct sdp *src = edit->src;

	put_text(o, "v=0\r\n");
	put_origin(o, &edit->origin);
	put_line(o, "s=", edit->session_name);
	put_line_if(o, "i=", src->info);
	put_line_if(o, "u=", src->uri);
	put_line_if(o, "e=", src->email);
	put_line_if(o, "p=", src->phone);
	put_bandwidth(o, src->has_bandwidth, src->bandwidth);
	put_line(o, "t=", src->timing.p ? src->timing : STR("0 0"));
	put_line_if(o, "a=rtpengine:", edit->loop_id);
	put_attrs_of_kind(o, src->attrs, src->attr_count, SDP_ATTR_UNKNOWN);
}

/* The protocol that a section is printed with: the plan's, else the sender's. */
static enum sdp_proto section_proto(const struct sdp_section *s)
{
	return s->proto != SDP_PROTO_OTHER ? s->proto : s->src->proto;
}

/* The payload types that pass; an m= line needs a format, so it gets 0 when the sender gave none. */
static void put_payload_types(struct output *o, const struct sdp_media *m, const bool *keep)
{
	if (!m->format_count)
		put_text(o, " 0");
	for (unsigned int i = 0; i < m->format_count; i++) {
		if (!keep[i])
			continue;
		put_text(o, " ");
		put_number(o, m->formats[i].payload_type);
	}
}

/* Formats as they were received. */
static void put_formats_text(struct output *o, const struct sdp_media *m)
{
	bool none = sdp_proto_is_rtp(m->proto) && !scan_trim(m->formats_text).n;

	put_text(o, " ");
	put(o, none ? STR("0") : m->formats_text);
}

/* "m=audio 30000 RTP/AVP" without formats. */
static void put_media_start(struct output *o, const struct sdp_section *s, uint16_t port)
{
	const char *proto = sdp_proto_text(section_proto(s));

	put_text(o, "m=");
	put(o, s->src->type);
	put_text(o, " ");
	put_number(o, port);
	put_text(o, " ");
	put(o, proto ? str_from(proto) : s->src->proto_text);
}

/* Ends the m= line, then i=, c= and b=, which every kind of section has alike. */
static void put_media_head(struct output *o, const struct sdp_media *m, const struct rw_ip *address)
{
	put_end(o);
	put_line_if(o, "i=", m->title);
	put_text(o, "c=");
	put_address(o, address);
	put_end(o);
	put_bandwidth(o, m->has_bandwidth, m->bandwidth);
}

/* "a=rtpmap:99 /0" for a type that nobody named: what the incumbent prints. */
static void put_rtpmap(struct output *o, const struct sdp_format *f)
{
	put_text(o, "a=rtpmap:");
	put_number(o, f->payload_type);
	put_text(o, " ");
	put(o, f->name);
	put_text(o, "/");
	put_number(o, f->clock_hz);
	if (f->channels > 1) {
		put_text(o, "/");
		put_number(o, f->channels);
	}
	put_end(o);
}

static void put_format(struct output *o, const struct sdp_format *f)
{
	put_rtpmap(o, f);
	if (f->fmtp.p) {
		put_text(o, "a=fmtp:");
		put_number(o, f->payload_type);
		put_line(o, " ", f->fmtp);
	}
	for (const struct sdp_feedback *fb = f->feedback; fb; fb = fb->next) {
		put_text(o, "a=rtcp-fb:");
		put_number(o, f->payload_type);
		put_line(o, " ", fb->text);
	}
}

static void put_formats(struct output *o, const struct sdp_media *m, const bool *keep)
{
	for (unsigned int i = 0; i < m->format_count; i++) {
		if (keep[i])
			put_format(o, &m->formats[i]);
	}
}

/* A receiver that has sent extmaps without a=extmap-allow-mixed may not know it (RFC 8285 section 6). */
static void put_extmaps(struct output *o, const struct sdp_section *s)
{
	const struct sdp_media *m = s->src, *receiver = s->offered;
	bool one_byte = s->extmap_one_byte ||
			(receiver && receiver->extmap_count && !receiver->extmap_allow_mixed);

	if (m->extmap_count && !one_byte)
		put_text(o, "a=extmap-allow-mixed\r\n");
	for (unsigned int i = 0; i < m->extmap_count; i++) {
		put_text(o, "a=extmap:");
		put_number(o, m->extmaps[i].id);
		put_line(o, " ", m->extmaps[i].uri);
	}
}

static void put_direction(struct output *o, const struct sdp_edit *edit,
			  const struct sdp_section *s)
{
	static const char *const names[] = {
		[SDP_SENDRECV] = "sendrecv",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_INACTIVE] = "inactive",
	};

	if (!edit->original_direction)
		put_line(o, "a=", str_from(names[s->direction]));
	else if (s->kind != SDP_SECTION_MISSING)
		put_line_if(o, "a=", s->src->direction_text);
}

static void put_rtcp(struct output *o, const struct sdp_section *s)
{
	if (s->rtcp_port) {
		put_text(o, "a=rtcp:");
		put_number(o, s->rtcp_port);
		if (s->rtcp_address.family != RW_FAMILY_NONE) {
			put_text(o, " ");
			put_address(o, &s->rtcp_address);
		}
		put_end(o);
	}
	if (s->rtcp_mux)
		put_text(o, "a=rtcp-mux\r\n");
}

static void put_crypto(struct output *o, const struct sdp_section *s)
{
	struct sdes_style style = { .pad = s->crypto_pad, .lifetime = s->crypto_lifetime };
	char text[SDES_TEXT_BYTES];

	for (unsigned int i = 0; i < s->crypto_count; i++) {
		size_t n = sdes_print(&s->crypto[i], style, text);

		put_line(o, "a=crypto:", (struct str){ text, n });
	}
	explicit_bzero(text, sizeof(text));
}

static void put_rtp_section(struct output *o, const struct sdp_edit *edit,
			    const struct sdp_section *s)
{
	const struct sdp_media *m = s->src;
	bool keep[SDP_FORMATS_MAX];

	sdp_formats_filter(m, s->offered, keep);
	put_media_start(o, s, s->port);
	put_payload_types(o, m, keep);
	put_media_head(o, m, &s->address);
	put_line_if(o, "a=mid:", s->mid);
	put_line_if(o, "a=label:", m->label);
	put_formats(o, m, keep);
	put_extmaps(o, s);
	put_attrs_of_kind(o, m->attrs, m->attr_count, SDP_ATTR_FEEDBACK_ALL);
	put_attrs_of_kind(o, m->attrs, m->attr_count, SDP_ATTR_UNKNOWN);
	put_direction(o, edit, s);
	put_rtcp(o, s);
	put_crypto(o, s);
	if (s->ptime_ms)
		put_number_line(o, "a=ptime:", s->ptime_ms);
	if (m->maxptime_ms)
		put_number_line(o, "a=maxptime:", m->maxptime_ms);
}

/* What the answer left out: of the offer only the formats; its other lines are not the answerer's. */
static void put_missing_section(struct output *o, const struct sdp_edit *edit,
				const struct sdp_section *s)
{
	bool rtp = sdp_proto_is_rtp(section_proto(s));
	struct sdp_media bare = {
		.formats = s->src->formats,
		.format_count = s->src->format_count,
	};
	bool keep[SDP_FORMATS_MAX];

	sdp_formats_filter(&bare, NULL, keep);
	put_media_start(o, s, s->port);
	if (rtp)
		put_payload_types(o, &bare, keep);
	else
		put_formats_text(o, s->src);
	put_media_head(o, &bare, &s->address);
	put_line_if(o, "a=mid:", s->mid);
	put_formats(o, &bare, keep);
	put_direction(o, edit, s);
	if (rtp)
		put_rtcp(o, s);
	if (rtp && s->ptime_ms)
		put_number_line(o, "a=ptime:", s->ptime_ms);
}

static void put_rejected_section(struct output *o, const struct sdp_section *s)
{
	put_media_start(o, s, 0);
	put_formats_text(o, s->src);
	put_media_head(o, s->src, &s->address);
	put_line_if(o, "a=mid:", s->mid);
	put_line_if(o, "a=label:", s->src->label);
}

/* Not RTP: nothing in it is understood, so all of it passes. */
static void put_verbatim_section(struct output *o, const struct sdp_section *s)
{
	put_media_start(o, s, s->port);
	put_formats_text(o, s->src);
	put_media_head(o, s->src, &s->address);
	put_all_attrs(o, s->src);
}

/* RTP that the proxy wants turned into another protocol: neither formats nor attributes would fit. */
static void put_converted_section(struct output *o, const struct sdp_edit *edit,
				  const struct sdp_section *s)
{
	put_media_start(o, s, s->port);
	put_text(o, " ");
	put_media_head(o, s->src, &s->address);
	put_direction(o, edit, s);
}

static void put_untouched_section(struct output *o, const struct sdp_section *s)
{
	const struct sdp_media *m = s->src;

	put_text(o, "m=");
	put(o, m->type);
	put_text(o, " ");
	put_number(o, m->port);
	if (m->port_count > 1) {
		put_text(o, "/");
		put_number(o, m->port_count);
	}
	put_text(o, " ");
	put(o, m->proto_text);
	put_formats_text(o, m);
	put_media_head(o, m, &m->address);
	put_all_attrs(o, m);
}

static void put_section(struct output *o, const struct sdp_edit *edit, const struct sdp_section *s)
{
	switch (s->kind) {
	case SDP_SECTION_REJECTED:
		put_rejected_section(o, s);
		break;
	case SDP_SECTION_UNTOUCHED:
		put_untouched_section(o, s);
		break;
	case SDP_SECTION_MISSING:
		put_missing_section(o, edit, s);
		break;
	case SDP_SECTION_BARE:
		put_media_start(o, s, 0);
		put_formats_text(o, s->src);
		put_end(o);
		break;
	case SDP_SECTION_NORMAL:
		if (!sdp_proto_is_rtp(s->src->proto))
			put_verbatim_section(o, s);
		else if (!sdp_proto_is_rtp(section_proto(s)))
			put_converted_section(o, edit, s);
		else
			put_rtp_section(o, edit, s);
		break;
	}
}

static void put_all(struct output *o, const struct sdp_edit *edit)
{
	put_session(o, edit);
	for (unsigned int i = 0; i < edit->section_count && o->n <= SDP_PRINT_MAX_BYTES; i++)
		put_section(o, edit, &edit->sections[i]);
}

struct str sdp_print(struct arena *arena, const struct sdp_edit *edit)
{
	static char scratch[SCRATCH_BYTES];
	struct output o = { scratch, 0, sizeof(scratch) };
	size_t n;
	char *p;

	put_all(&o, edit);
	n = o.n;
	p = n <= SDP_PRINT_MAX_BYTES ? arena_alloc(arena, n + 1) : NULL;
	if (p && n <= sizeof(scratch)) {
		memcpy(p, scratch, n);
	} else if (p) {
		o = (struct output){ p, 0, n };
		put_all(&o, edit);
	}
	explicit_bzero(scratch, n < sizeof(scratch) ? n : sizeof(scratch)); /* it has keys */
	return (struct str){ p, p ? n : 0 };
}
