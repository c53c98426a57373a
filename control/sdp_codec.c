/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formats of an RTP media: static payload types (RFC 3551 section 6), rtpmap and fmtp (RFC 8866 sections 6.6
 * and 6.15), rtcp-fb (RFC 4585 section 4.2), and which of them an answer may pass. Pure; control's only
 * thread.
 */
#include "sdp_codec.h"

#include "sdp_attr.h"
#include "sdp_opus.h"
#include "sdp_scan.h"

#define PAYLOAD_TYPES 128

struct static_type {
	const char *name;
	uint32_t clock_hz;
	uint32_t channels;
};

/*
 * RFC 3551 tables 4 and 5, with the incumbent's view of 10 and 11: the RFC has stereo at 10 and mono at 11.
 * Peers have been given these rtpmaps for years, so they stay.
 */
static const struct static_type static_types[PAYLOAD_TYPES] = {
	[0] = { "PCMU", 8000, 1 },   [3] = { "GSM", 8000, 1 },	  [4] = { "G723", 8000, 1 },
	[5] = { "DVI4", 8000, 1 },   [6] = { "DVI4", 16000, 1 },  [7] = { "LPC", 8000, 1 },
	[8] = { "PCMA", 8000, 1 },   [9] = { "G722", 8000, 1 },	  [10] = { "L16", 44100, 1 },
	[11] = { "L16", 44100, 2 },  [12] = { "QCELP", 8000, 1 }, [13] = { "CN", 8000, 1 },
	[14] = { "MPA", 90000, 1 },  [15] = { "G728", 8000, 1 },  [16] = { "DVI4", 11025, 1 },
	[17] = { "DVI4", 22050, 1 }, [18] = { "G729", 8000, 1 },  [25] = { "CelB", 90000, 1 },
	[26] = { "JPEG", 90000, 1 }, [28] = { "nv", 90000, 1 },	  [31] = { "H261", 90000, 1 },
	[32] = { "MPV", 90000, 1 },  [33] = { "MP2T", 90000, 1 }, [34] = { "H263", 90000, 1 },
};

/* What the attributes of one media say per payload type, before formats take it over. */
struct format_table {
	struct sdp_format types[PAYLOAD_TYPES];
	struct sdp_feedback *feedback_last[PAYLOAD_TYPES];
};

/* Takes "96 " from the front of an attribute's value. */
static bool take_payload_type(struct str *value, uint8_t *out)
{
	bool more;
	uint64_t type;
	struct str word = scan_until(value, ' ', &more);

	if (!more || !scan_whole_number(word, PAYLOAD_TYPES - 1, &type))
		return false;
	*out = (uint8_t)type;
	return true;
}

/*
 * "opus/48000/2". Of clock and channels the leading digits count, so trailing blanks do no harm; channels
 * that are no number are none.
 */
static void table_add_rtpmap(struct format_table *table, struct str value)
{
	struct str name, clock;
	uint64_t clock_hz, channels;
	uint8_t type;

	if (!take_payload_type(&value, &type))
		return;
	scan_blanks(&value);
	name = scan_until(&value, '/', NULL);
	clock = scan_until(&value, '/', NULL);
	if (!name.n || memchr(name.p, ' ', name.n) || !scan_number(&clock, UINT32_MAX, &clock_hz) ||
	    clock_hz == 0)
		return;
	if (!scan_number(&value, UINT32_MAX, &channels) || channels == 0)
		channels = 1;
	table->types[type].name = name;
	table->types[type].clock_hz = (uint32_t)clock_hz;
	table->types[type].channels = (uint32_t)channels;
}

static void table_add_fmtp(struct format_table *table, struct str value)
{
	uint8_t type;

	if (take_payload_type(&value, &type) && value.n)
		table->types[type].fmtp = value;
}

/* True when *node was used. */
static bool table_add_feedback(struct format_table *table, struct sdp_feedback *node,
			       struct str value)
{
	uint8_t type;

	if (!take_payload_type(&value, &type) || !value.n)
		return false;
	node->text = value;
	if (table->feedback_last[type])
		table->feedback_last[type]->next = node;
	else
		table->types[type].feedback = node;
	table->feedback_last[type] = node;
	return true;
}

static unsigned int count_feedback(const struct sdp_media *m)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < m->attr_count; i++)
		n += m->attrs[i].kind == SDP_ATTR_FEEDBACK;
	return n;
}

/* Collects the attributes of m. False when memory is out. */
static bool table_fill(struct format_table *table, struct arena *arena, const struct sdp_media *m)
{
	struct sdp_feedback *nodes =
		arena_alloc(arena, count_feedback(m) * sizeof(struct sdp_feedback));

	if (!nodes)
		return false;
	for (unsigned int i = 0; i < m->attr_count; i++) {
		const struct sdp_attr *a = &m->attrs[i];

		if (a->kind == SDP_ATTR_RTPMAP)
			table_add_rtpmap(table, a->value);
		else if (a->kind == SDP_ATTR_FMTP)
			table_add_fmtp(table, a->value);
		else if (a->kind == SDP_ATTR_FEEDBACK)
			nodes += table_add_feedback(table, nodes, a->value);
	}
	return true;
}

/* Gives the static types their names, and opus its fixed form of fmtp. False when memory is out. */
static bool table_finish(struct format_table *table, struct arena *arena)
{
	for (unsigned int i = 0; i < PAYLOAD_TYPES; i++) {
		struct sdp_format *f = &table->types[i];

		f->payload_type = (uint8_t)i;
		if (!f->name.p && static_types[i].name) {
			f->name = str_from(static_types[i].name);
			f->clock_hz = static_types[i].clock_hz;
			f->channels = static_types[i].channels;
		}
		if (f->fmtp.p && str_case_is(f->name, "opus") &&
		    sdp_opus_normalise(arena, f->fmtp, &f->fmtp))
			return false;
	}
	return true;
}

/* Reads the payload types of the m= line. The reason of a failure, NULL when all is well. */
static const char *read_types(struct str text, uint8_t types[SDP_FORMATS_MAX], unsigned int *count)
{
	*count = 0;
	for (;;) {
		struct str word = scan_word(&text);
		uint64_t type;

		if (!word.n)
			return NULL;
		if (!scan_whole_number(word, PAYLOAD_TYPES - 1, &type))
			return "payload type is no number from 0 to 127";
		if (*count == SDP_FORMATS_MAX)
			return "more than 128 payload types in one m= line";
		types[(*count)++] = (uint8_t)type;
	}
}

enum sdp_error sdp_formats_parse(struct arena *arena, struct sdp_media *m, const char **why)
{
	struct format_table table = { 0 };
	uint8_t types[SDP_FORMATS_MAX];
	struct sdp_format *formats;
	unsigned int count;

	*why = read_types(m->formats_text, types, &count);
	if (*why)
		return SDP_INCOMPLETE;
	formats = arena_alloc(arena, count * sizeof(*formats));
	if (!formats || !table_fill(&table, arena, m) || !table_finish(&table, arena))
		return SDP_NO_MEMORY;
	for (unsigned int i = 0; i < count; i++) {
		formats[i] = table.types[types[i]];
		/* a duplicate must not double the lines each time the SDP passes a relay */
		table.types[types[i]].feedback = NULL;
	}
	m->formats = formats;
	m->format_count = count;
	return SDP_OK;
}

/*
 * Names compare as media subtypes do: case-insensitive (RFC 8866 section 6.6, RFC 4855 section 3). A payload
 * type below the dynamic range means the same on both sides, even where a peer's rtpmap is off (G722/16000);
 * where one side gave no rtpmap there is only the type to go by.
 */
static bool same_codec(const struct sdp_format *a, const struct sdp_format *b)
{
	bool same_type = a->payload_type == b->payload_type;

	if ((same_type && a->payload_type < 96) || !a->name.p || !b->name.p)
		return same_type;
	return a->clock_hz == b->clock_hz && a->channels == b->channels && a->name.n == b->name.n &&
	       strncasecmp(a->name.p, b->name.p, a->name.n) == 0;
}

static bool is_offered(const struct sdp_media *offered, const struct sdp_format *f)
{
	for (unsigned int i = 0; i < offered->format_count; i++) {
		if (same_codec(&offered->formats[i], f))
			return true;
	}
	return false;
}

/* Formats that only accompany a codec: RFC 4733 events, RFC 3389 comfort noise. */
static bool is_supplemental(const struct sdp_format *f)
{
	return str_case_is(f->name, "telephone-event") || str_case_is(f->name, "CN");
}

void sdp_formats_filter(const struct sdp_media *answer, const struct sdp_media *offered,
			bool keep[SDP_FORMATS_MAX])
{
	bool overlap = false;

	for (unsigned int i = 0; i < answer->format_count; i++) {
		const struct sdp_format *f = &answer->formats[i];

		keep[i] = offered && is_offered(offered, f);
		/* events in common are no codec in common: media would be left without any */
		overlap |= keep[i] && !is_supplemental(f);
	}
	for (unsigned int i = 0; i < answer->format_count && !overlap; i++)
		keep[i] = true;
}

static const struct sdp_format *first_codec(const struct sdp_media *m)
{
	for (unsigned int i = 0; i < m->format_count; i++) {
		if (m->formats[i].name.p && !is_supplemental(&m->formats[i]))
			return &m->formats[i];
	}
	return NULL;
}

uint32_t sdp_media_clock_hz(const struct sdp_media *m)
{
	const struct sdp_format *f = first_codec(m);

	return f ? f->clock_hz : 8000;
}

struct str sdp_media_codec(struct arena *arena, const struct sdp_media *m)
{
	const struct sdp_format *f = m->format_count ? &m->formats[0] : NULL;

	if (!f || !f->name.p)
		return (struct str){ NULL, 0 };
	if (f->channels > 1)
		return arena_printf(arena, "%.*s/%u/%u", STR_FMT(f->name), f->clock_hz,
				    f->channels);
	return arena_printf(arena, "%.*s/%u", STR_FMT(f->name), f->clock_hz);
}
