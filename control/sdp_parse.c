/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An SDP text (RFC 8866) into struct sdp. Two passes over the lines: the first counts what has to be
 * allocated and refuses what is no SDP line, the second stores. Nothing outside the arena is allocated or
 * changed. Pure; control's only thread.
 */
#include "sdp.h"

#include "sdp_attr.h"
#include "sdp_codec.h"
#include "sdp_line.h"
#include "sdp_scan.h"

/* The session being read; a body may hold several, each starting with v=. */
struct session {
	bool open;
	bool has_address;
	struct rw_ip address;
	struct sdp_level level;
	struct str loop_id;
	const struct sdp_attr *attrs;
	unsigned int attr_count;
	const struct sdp_extmap *extmaps; /* NULL = not parsed yet */
	unsigned int extmap_count;
};

struct parser {
	struct arena *arena;
	struct sdp *out;
	struct session session;
	unsigned int sessions_closed;
	struct sdp_media *media; /* being read; NULL at session level */
	struct sdp_level media_level;
	struct sdp_attr *media_attrs; /* of all media, one after the other */
	unsigned int media_attr_count;
	const char
		*incomplete; /* first reason for SDP_INCOMPLETE: counts once all lines are read */
	bool no_memory;
};

static const char *line_check(struct str line)
{
	if (line.n < 2 || line.p[1] != '=')
		return "line without = at its second place";
	if (memchr(line.p, '\0', line.n))
		return "NUL byte";
	/* some receivers take it for a line end, so it could smuggle a line past this parser */
	if (memchr(line.p, '\r', line.n))
		return "carriage return inside a line";
	return NULL;
}

/* First pass. The reason why text is no SDP, or NULL and all arrays allocated (or no_memory). */
static const char *prepare(struct parser *p, struct str text)
{
	unsigned int media = 0, session_attrs = 0, media_attrs = 0;
	bool in_media = false;
	struct str line;

	while (sdp_line_next(&text, &line)) {
		const char *why = line_check(line);

		if (why)
			return why;
		if (line.p[0] == 'm' && ++media > SDP_MEDIA_MAX)
			return "more than 64 m= lines";
		in_media = line.p[0] == 'm' || (in_media && line.p[0] != 'v');
		if (line.p[0] == 'a')
			in_media ? media_attrs++ : session_attrs++;
	}
	p->out->media = arena_alloc(p->arena, media * sizeof(struct sdp_media));
	p->out->attrs = arena_alloc(p->arena, session_attrs * sizeof(struct sdp_attr));
	p->media_attrs = arena_alloc(p->arena, media_attrs * sizeof(struct sdp_attr));
	p->no_memory = !p->out->media || !p->out->attrs || !p->media_attrs;
	return NULL;
}

/* Header extensions of the media; the session's when it has none of its own. */
static void close_extmaps(struct parser *p, struct sdp_media *m)
{
	struct session *s = &p->session;

	if (p->media_level.has_extmap) {
		p->no_memory |= sdp_extmaps_parse(p->arena, m->attrs, m->attr_count, &m->extmaps,
						  &m->extmap_count) != 0;
		return;
	}
	if (!s->level.has_extmap)
		return;
	if (!s->extmaps)
		p->no_memory |= sdp_extmaps_parse(p->arena, s->attrs, s->attr_count, &s->extmaps,
						  &s->extmap_count) != 0;
	m->extmaps = s->extmaps;
	m->extmap_count = s->extmap_count;
}

/* Formats and address of a media with port 0 mean nothing (RFC 3264 section 6), so they may be bad. */
static void close_formats(struct parser *p, struct sdp_media *m)
{
	const char *why = NULL;
	enum sdp_error error = SDP_OK;

	if (sdp_proto_is_rtp(m->proto) && !m->untouched)
		error = sdp_formats_parse(p->arena, m, &why);
	p->no_memory |= error == SDP_NO_MEMORY;
	if (!m->has_address)
		why = "no c= line for a media";
	if (m->port && why && !p->incomplete)
		p->incomplete = why;
}

static void close_media(struct parser *p)
{
	struct sdp_media *m = p->media;

	if (!m)
		return;
	sdp_level_merge(m, &p->session.level, &p->media_level);
	close_extmaps(p, m);
	close_formats(p, m);
	if (sdp_proto_is_rtp(m->proto) &&
	    sdp_crypto_parse(p->arena, m->attrs, m->attr_count, &m->crypto, &m->crypto_count))
		p->no_memory = true;
	p->media = NULL;
}

/* The loop mark counts only when every session of the body carries the same. */
static void close_session(struct parser *p)
{
	struct str id = p->session.loop_id;

	close_media(p);
	if (!p->session.open)
		return;
	if (p->sessions_closed++ == 0)
		p->out->loop_id = id;
	else if (!str_equal(p->out->loop_id, id))
		p->out->loop_id = (struct str){ NULL, 0 };
}

static const char *open_session(struct parser *p, struct str value)
{
	if (!str_is(value, "0"))
		return "v= is not 0";
	close_session(p);
	p->session = (struct session){
		.open = true,
		.attrs = p->out->attrs + p->out->attr_count,
	};
	return NULL;
}

static const char *open_media(struct parser *p, struct str value)
{
	struct sdp_media *m;

	close_media(p);
	m = &p->out->media[p->out->media_count];
	if (!sdp_media_parse(value, m))
		return "unusable m= line";
	m->has_address = p->session.has_address;
	m->address = p->session.address;
	m->attrs = p->media_attrs + p->media_attr_count;
	p->out->media_count++;
	p->media = m;
	p->media_level = (struct sdp_level){ 0 };
	return NULL;
}

/* The first body's o= is that of all. */
static const char *session_origin(struct sdp *out, struct str value)
{
	struct sdp_origin origin;

	if (!sdp_origin_parse(value, &origin))
		return "o= with too few fields";
	if (!out->origin.present)
		out->origin = origin;
	return NULL;
}

static const char *address_line(struct str value, bool *has_address, struct rw_ip *address)
{
	if (!sdp_address_parse(value, address))
		return "c= is not \"IN IP4\" or \"IN IP6\" with a numeric address";
	*has_address = true;
	return NULL;
}

static void session_attribute(struct parser *p, struct str value)
{
	struct sdp_attr *a = &p->out->attrs[p->out->attr_count++];

	*a = sdp_attr_split(value, true);
	p->session.attr_count++;
	sdp_level_add(&p->session.level, a);
	if (a->kind == SDP_ATTR_LOOP && !p->session.loop_id.p)
		p->session.loop_id = a->value;
}

static void media_attribute(struct parser *p, struct str value)
{
	struct sdp_attr *a = &p->media_attrs[p->media_attr_count++];

	*a = sdp_attr_split(value, false);
	p->media->attr_count++;
	sdp_level_add(&p->media_level, a);
	sdp_attr_apply(p->media, &p->media_level, a);
}

/* A later line replaces an earlier one, an empty one does not. */
static const char *store(struct str *field, struct str value)
{
	if (value.n)
		*field = value;
	return NULL;
}

static const char *session_line(struct parser *p, char type, struct str value)
{
	struct sdp *out = p->out;

	switch (type) {
	case 'o':
		return session_origin(out, value);
	case 's':
		out->session_name = value;
		return NULL;
	case 'i':
		return store(&out->info, value);
	case 'u':
		return store(&out->uri, value);
	case 'e':
		return store(&out->email, value);
	case 'p':
		return store(&out->phone, value);
	case 't':
		return store(&out->timing, value);
	case 'c':
		return address_line(value, &p->session.has_address, &p->session.address);
	case 'b':
		sdp_bandwidth_parse(value, out->has_bandwidth, out->bandwidth);
		return NULL;
	case 'a':
		session_attribute(p, value);
		return NULL;
	default:
		return "unknown line type";
	}
}

static const char *media_line(struct parser *p, char type, struct str value)
{
	struct sdp_media *m = p->media;

	switch (type) {
	case 'i':
		return store(&m->title, value);
	case 'c':
		return address_line(value, &m->has_address, &m->address);
	case 'b':
		sdp_bandwidth_parse(value, m->has_bandwidth, m->bandwidth);
		return NULL;
	case 'a':
		media_attribute(p, value);
		return NULL;
	default:
		return "line type that is unknown, or not allowed after m=";
	}
}

static const char *any_line(struct parser *p, char type, struct str value)
{
	if (type == 'v')
		return open_session(p, value);
	if (!p->session.open)
		return "first line is not v=";
	if (type == 'm')
		return open_media(p, value);
	if (type == 'k' || type == 'r' || type == 'z')
		return NULL;
	return p->media ? media_line(p, type, value) : session_line(p, type, value);
}

/* Second pass. */
static const char *read_lines(struct parser *p, struct str text)
{
	const char *why = NULL;
	struct str line;

	while (!why && sdp_line_next(&text, &line))
		why = any_line(p, line.p[0], scan_skip(line, 2));
	if (!why)
		close_session(p);
	return why;
}

enum sdp_error sdp_parse(struct arena *arena, struct str text, struct sdp *out, const char **why)
{
	struct parser p = { .arena = arena, .out = out };

	*out = (struct sdp){ 0 };
	*why = text.n > SDP_TEXT_MAX_BYTES ? "longer than 65536 bytes" : prepare(&p, text);
	if (!*why && !p.no_memory)
		*why = read_lines(&p, text);
	if (*why)
		return SDP_FAILED;
	if (p.no_memory) {
		*why = "out of memory";
		return SDP_NO_MEMORY;
	}
	*why = p.incomplete;
	return *why ? SDP_INCOMPLETE : SDP_OK;
}
