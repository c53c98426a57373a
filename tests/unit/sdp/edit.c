/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The default edit of the golden tests and of the fuzz target.
 */
#include "edit.h"

static enum sdp_direction without_receive(enum sdp_direction direction)
{
	if (direction == SDP_SENDRECV)
		return SDP_SENDONLY;
	return direction == SDP_RECVONLY ? SDP_INACTIVE : direction;
}

static void edit_section(struct sdp_section *s, const struct sdp_media *m, unsigned int index)
{
	s->src = m;
	s->kind = SDP_SECTION_NORMAL;
	s->port = (uint16_t)(30000 + 2 * index);
	s->proto = m->proto;
	s->direction = m->direction;
	s->mid = m->mid;
	s->rtcp_port = s->port + 1;
	s->ptime_ms = m->ptime_ms;
	rw_ip_parse("203.0.113.1", &s->address);
	if (m->untouched) {
		s->kind = SDP_SECTION_UNTOUCHED;
	} else if (m->port == 0) {
		s->kind = SDP_SECTION_REJECTED;
		rw_ip_parse("0.0.0.0", &s->address);
	} else if (rw_ip_is_zero(&m->address)) {
		s->direction = without_receive(m->direction);
		rw_ip_parse("0.0.0.0", &s->address);
	}
}

struct sdp_edit *edit_new(struct arena *arena, const struct sdp *sdp)
{
	struct sdp_edit *e = arena_alloc(arena, sizeof(*e));

	if (!e)
		return NULL;
	e->sections = arena_alloc(arena, sdp->media_count * sizeof(*e->sections));
	if (!e->sections)
		return NULL;
	e->src = sdp;
	e->origin = sdp_origin_default(sdp, STR("4711"));
	e->session_name = sdp->session_name;
	e->section_count = sdp->media_count;
	for (unsigned int i = 0; i < sdp->media_count; i++)
		edit_section(&e->sections[i], &sdp->media[i], i);
	return e;
}
