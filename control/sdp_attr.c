/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes of an SDP: one table says which are consumed; the rest passes. Names are case-sensitive (RFC
 * 8866 section 9). Pure; control's only thread.
 */
#include "sdp_attr.h"

#include <errno.h>
#include <stdlib.h>

#include "sdes.h"
#include "sdp_line.h"
#include "sdp_scan.h"

struct attr_name {
	const char *name;
	enum sdp_attr_kind kind;
};

/* Sorted by name (strcmp order): searched by bisection. */
static const struct attr_name attr_names[] = {
	{ "bundle-only", SDP_ATTR_CONSUMED },
	{ "candidate", SDP_ATTR_CONSUMED },
	{ "crypto", SDP_ATTR_CRYPTO },
	{ "end-of-candidates", SDP_ATTR_CONSUMED },
	{ "extmap", SDP_ATTR_EXTMAP },
	{ "extmap-allow-mixed", SDP_ATTR_EXTMAP_MIXED },
	{ "fingerprint", SDP_ATTR_FINGERPRINT },
	{ "fmtp", SDP_ATTR_FMTP },
	{ "group", SDP_ATTR_CONSUMED },
	{ "ice-lite", SDP_ATTR_CONSUMED },
	{ "ice-mismatch", SDP_ATTR_CONSUMED },
	{ "ice-options", SDP_ATTR_CONSUMED },
	{ "ice-pwd", SDP_ATTR_CONSUMED },
	{ "ice-ufrag", SDP_ATTR_ICE_UFRAG },
	{ "inactive", SDP_ATTR_DIRECTION },
	{ "label", SDP_ATTR_LABEL },
	{ "maxptime", SDP_ATTR_MAXPTIME },
	{ "mid", SDP_ATTR_MID },
	{ "ptime", SDP_ATTR_PTIME },
	{ "recvonly", SDP_ATTR_DIRECTION },
	{ "remote-candidates", SDP_ATTR_CONSUMED },
	{ "rtcp", SDP_ATTR_RTCP },
	{ "rtcp-fb", SDP_ATTR_FEEDBACK },
	{ "rtcp-mux", SDP_ATTR_RTCP_MUX },
	{ "rtpengine", SDP_ATTR_LOOP },
	{ "rtpmap", SDP_ATTR_RTPMAP },
	{ "sendonly", SDP_ATTR_DIRECTION },
	{ "sendrecv", SDP_ATTR_DIRECTION },
	{ "setup", SDP_ATTR_CONSUMED },
	{ "tls-id", SDP_ATTR_CONSUMED },
};

static int name_compare(const void *key, const void *row)
{
	const struct str *name = key;
	const char *other = ((const struct attr_name *)row)->name;
	size_t n = strlen(other);
	int diff = memcmp(name->p, other, name->n < n ? name->n : n);

	if (diff)
		return diff;
	return name->n < n ? -1 : name->n > n;
}

static enum sdp_attr_kind attr_kind(const struct sdp_attr *a, bool session_level)
{
	const struct attr_name *row;

	/* The session's own ICE lines all end here; at media level only those we act on. */
	if (str_starts(a->name, "T38") || (session_level && str_starts(a->name, "ice-")))
		return str_is(a->name, "ice-ufrag") ? SDP_ATTR_ICE_UFRAG : SDP_ATTR_CONSUMED;
	row = bsearch(&a->name, attr_names, sizeof(attr_names) / sizeof(attr_names[0]),
		      sizeof(attr_names[0]), name_compare);
	if (!row)
		return SDP_ATTR_UNKNOWN;
	if (row->kind == SDP_ATTR_FEEDBACK && a->value.p && str_starts(a->value, "* "))
		return session_level ? SDP_ATTR_UNKNOWN : SDP_ATTR_FEEDBACK_ALL;
	return row->kind;
}

struct sdp_attr sdp_attr_split(struct str line, bool session_level)
{
	struct sdp_attr a = { .line = line, .value = line };
	bool has_value;

	a.name = scan_until(&a.value, ':', &has_value);
	if (!has_value)
		a.value = (struct str){ NULL, 0 };
	a.kind = (uint8_t)attr_kind(&a, session_level);
	return a;
}

/*
 * The incumbent's order of strength, over all lines of both levels:
 * recvonly > sendonly > inactive > sendrecv.
 */
static unsigned int direction_strength(enum sdp_direction direction)
{
	static const unsigned int strength[] = {
		[SDP_SENDRECV] = 0,
		[SDP_INACTIVE] = 1,
		[SDP_SENDONLY] = 2,
		[SDP_RECVONLY] = 3,
	};

	return strength[direction];
}

static enum sdp_direction direction_from(struct str name)
{
	if (str_is(name, "sendonly"))
		return SDP_SENDONLY;
	if (str_is(name, "recvonly"))
		return SDP_RECVONLY;
	if (str_is(name, "inactive"))
		return SDP_INACTIVE;
	return SDP_SENDRECV;
}

static void level_add_direction(struct sdp_level *level, const struct sdp_attr *a)
{
	enum sdp_direction direction = direction_from(a->name);

	if (!level->has_direction)
		level->direction_text = a->line;
	if (direction_strength(direction) > direction_strength(level->direction))
		level->direction = direction;
	level->has_direction = true;
}

void sdp_level_add(struct sdp_level *level, const struct sdp_attr *a)
{
	switch (a->kind) {
	case SDP_ATTR_DIRECTION:
		level_add_direction(level, a);
		break;
	case SDP_ATTR_ICE_UFRAG:
		level->has_ufrag = true;
		break;
	case SDP_ATTR_FINGERPRINT:
		level->has_fingerprint = true;
		break;
	case SDP_ATTR_EXTMAP:
		level->has_extmap = true;
		break;
	case SDP_ATTR_EXTMAP_MIXED:
		level->allow_mixed = true;
		break;
	default:
		break;
	}
}

void sdp_level_merge(struct sdp_media *m, const struct sdp_level *session,
		     const struct sdp_level *media)
{
	bool stronger =
		direction_strength(session->direction) > direction_strength(media->direction);

	m->direction = stronger ? session->direction : media->direction;
	m->direction_text = media->has_direction ? media->direction_text : session->direction_text;
	m->has_ice = session->has_ufrag || media->has_ufrag;
	m->has_fingerprint = session->has_fingerprint || media->has_fingerprint;
	m->extmap_allow_mixed = session->allow_mixed || media->allow_mixed;
}

/* "20.5" is 20; 0 for anything that is no number of 32 bits. */
static uint32_t milliseconds(struct str value)
{
	uint64_t ms;

	scan_blanks(&value);
	return scan_number(&value, UINT64_MAX, &ms) && ms <= UINT32_MAX ? (uint32_t)ms : 0;
}

/* RFC 3605 section 2.1: "53020" or "53020 IN IP6 2001:db8::1". */
static void apply_rtcp(struct sdp_media *m, struct str value)
{
	struct rw_endpoint rtcp = { 0 };
	uint64_t port;

	if (m->has_rtcp || m->port_count > 1)
		return;
	if (!scan_whole_number(scan_word(&value), UINT16_MAX, &port) || port == 0)
		return;
	scan_blanks(&value);
	if (value.n && !sdp_address_parse(value, &rtcp.ip))
		return;
	rtcp.port_be = htons((uint16_t)port);
	m->rtcp = rtcp;
	m->has_rtcp = true;
}

/* The first value stays; an empty one is none. */
static void apply_first(struct str *field, struct str value)
{
	if (!field->p && value.n)
		*field = value;
}

static void apply_packet_time(uint32_t *field, bool *seen, struct str value)
{
	if (!*seen)
		*field = milliseconds(value);
	*seen = true;
}

void sdp_attr_apply(struct sdp_media *m, struct sdp_level *level, const struct sdp_attr *a)
{
	switch (a->kind) {
	case SDP_ATTR_MID:
		apply_first(&m->mid, a->value);
		break;
	case SDP_ATTR_LABEL:
		apply_first(&m->label, a->value);
		break;
	case SDP_ATTR_PTIME:
		apply_packet_time(&m->ptime_ms, &level->has_ptime, a->value);
		break;
	case SDP_ATTR_MAXPTIME:
		apply_packet_time(&m->maxptime_ms, &level->has_maxptime, a->value);
		break;
	case SDP_ATTR_RTCP:
		apply_rtcp(m, a->value);
		break;
	case SDP_ATTR_RTCP_MUX:
		m->rtcp_mux = true;
		break;
	default:
		break;
	}
}

/*
 * "2/sendonly URI parameters" (RFC 8285 section 5). Id 15 is reserved by the one-byte form, ids above 255 do
 * not fit in a packet.
 */
static bool extmap_parse(struct str value, struct sdp_extmap *out)
{
	struct str where = scan_word(&value);
	uint64_t id;

	if (!scan_whole_number(scan_until(&where, '/', NULL), UINT8_MAX, &id))
		return false;
	out->id = (uint8_t)id;
	out->uri = scan_word(&value);
	return id != 0 && id != 15 && out->uri.n != 0;
}

int sdp_extmaps_parse(struct arena *arena, const struct sdp_attr *attrs, unsigned int count,
		      const struct sdp_extmap **out, unsigned int *out_count)
{
	unsigned int wanted = 0, n = 0;
	struct sdp_extmap *list;

	for (unsigned int i = 0; i < count; i++)
		wanted += attrs[i].kind == SDP_ATTR_EXTMAP;
	list = arena_alloc(arena, wanted * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++) {
		if (attrs[i].kind == SDP_ATTR_EXTMAP && extmap_parse(attrs[i].value, &list[n]))
			n++;
	}
	*out = list;
	*out_count = n;
	return 0;
}

int sdp_crypto_parse(struct arena *arena, const struct sdp_attr *attrs, unsigned int count,
		     const struct sdes_line **out, unsigned int *out_count)
{
	unsigned int wanted = 0, n = 0;
	struct sdes_line *list;

	for (unsigned int i = 0; i < count; i++)
		wanted += attrs[i].kind == SDP_ATTR_CRYPTO && attrs[i].value.p;
	if (wanted == 0)
		return 0;
	if (wanted > SDES_LINES_MAX)
		wanted = SDES_LINES_MAX;
	list = arena_alloc(arena, wanted * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (unsigned int i = 0; i < count && n < wanted; i++) {
		if (attrs[i].kind == SDP_ATTR_CRYPTO && attrs[i].value.p &&
		    sdes_parse(attrs[i].value, &list[n]))
			n++;
	}
	*out = list;
	*out_count = n;
	return 0;
}
