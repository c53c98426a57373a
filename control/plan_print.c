/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SDP that goes on to the receiver: its sections, and the session lines that have to stay what they were
 * once printed (sdp-rewrite sections 1.3, 2.1, 2.2 and 5). Control's only thread.
 */
#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "random.h"

static bool is_hold(const struct plan *p, const struct sdp_media *m)
{
	struct rw_endpoint ep = plan_endpoint(p, m);

	return m->port && rw_ip_is_zero(&ep.ip);
}

enum sdp_direction plan_direction(const struct plan *p, const struct sdp_media *m)
{
	if (!is_hold(p, m))
		return m->direction;
	switch (m->direction) {
	case SDP_SENDRECV:
		return SDP_SENDONLY;
	case SDP_RECVONLY:
		return SDP_INACTIVE;
	default:
		return m->direction;
	}
}

static const struct interface_entry *told_entry(const struct plan *p, const struct call_media *m)
{
	return &p->env->ifs->entries[m->sockets[m->told].entry];
}

static struct rw_ip zero_address(const struct plan *p, const struct call_party *to,
				 const struct call_media *m)
{
	uint8_t family = m->told >= 0 ? told_entry(p, m)->address.family : to->family;

	return (struct rw_ip){ .family = family == RW_FAMILY_IP6 ? RW_FAMILY_IP6 : RW_FAMILY_IP4 };
}

/* a=rtcp; the plan has decided on the port in mux_only. */
static void section_rtcp(const struct plan *p, const struct call_media *m, struct sdp_section *out)
{
	const struct call_socket *so = &m->sockets[m->told];

	if (!sdp_proto_is_rtp(out->proto) || p->args->no_rtcp_attribute)
		return;
	out->rtcp_port =
		rw_flow_port(m->mux_only || so->rtcp.id == RW_FLOW_NONE ? so->rtp.id : so->rtcp.id);
	if (p->args->full_rtcp_attribute)
		out->rtcp_address = out->address;
}

void plan_section(const struct plan *p, unsigned int i, const struct sdp_media *src,
		  struct sdp_section *out)
{
	const struct call_party *to = &p->next->parties[p->to];
	const struct call_media *m = &to->media[i];

	*out = (struct sdp_section){ .src = src,
				     .proto = m->proto,
				     .mid = src->mid,
				     .ptime_ms = src->ptime_ms,
				     .direction = plan_direction(p, src) };
	if (src->untouched) {
		out->kind = SDP_SECTION_UNTOUCHED;
		return;
	}
	if (src->port == 0 || m->told < 0) {
		out->kind = SDP_SECTION_REJECTED;
		out->address = p->args->has_media_address ? p->args->media_address
							  : zero_address(p, to, m);
		return;
	}
	out->kind = SDP_SECTION_NORMAL;
	out->port = rw_flow_port(m->sockets[m->told].rtp.id);
	out->address =
		p->args->has_media_address ? p->args->media_address : told_entry(p, m)->advertised;
	section_rtcp(p, m, out);
	out->rtcp_mux = sdp_proto_is_rtp(out->proto) && m->mux_told;
	out->crypto = m->sdes.told;
	out->crypto_count = m->sdes.told_count;
	out->crypto_pad = p->args->sdes.pad;
	out->crypto_lifetime = p->args->sdes.lifetime;
	if (is_hold(p, src) && !p->args->replace_zero_address && !src->has_ice)
		out->address = zero_address(p, to, m);
}

/* --- session lines --- */

static bool sticky_version(const struct ng_args *args)
{
	return args->replace_sdp_version || args->replace_force_increment;
}

/* Address of the first usable media's interface, for replace=origin. */
static void own_address(struct plan *p, struct sdp_origin *o)
{
	const struct call_party *to = &p->next->parties[p->to];
	char text[RW_IP_TEXT];

	for (unsigned int i = 0; i < to->media_count; i++) {
		const struct call_media *m = &to->media[i];
		const struct rw_ip *ip;

		if (m->told < 0)
			continue;
		ip = &told_entry(p, m)->advertised;
		o->net_type = STR("IN");
		o->address_type = ip->family == RW_FAMILY_IP6 ? STR("IP6") : STR("IP4");
		o->address = arena_str(p->arena, str_from(rw_ip_text(ip, text)));
		return;
	}
}

/* o= but for its version. What was printed first to this party stays, if the message asks for that. */
static void make_origin(struct plan *p, struct sdp_origin *o)
{
	struct call_printed *pr = &p->next->parties[p->to].printed;
	const struct ng_args *a = p->args;

	if (!pr->once) {
		if (a->replace_origin || a->replace_origin_full)
			own_address(p, o);
		pr->username = o->username;
		pr->session_id = o->session_id;
		pr->address_type = o->address_type;
		pr->address = o->address;
		return;
	}
	if (a->replace_origin || a->replace_origin_full) {
		o->address_type = pr->address_type;
		o->address = pr->address;
	}
	if (a->replace_username || a->replace_origin_full)
		o->username = pr->username;
	if (a->replace_origin_full)
		o->session_id = pr->session_id;
}

/* FNV-1a, 64 bits: only tells whether two texts of one call differ. */
static uint64_t hash_text(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}

/* The version to print. Needs the text as it would be with any version: printed with 0 and hashed. */
static int make_version(struct plan *p, struct sdp_edit *edit)
{
	struct call_printed *pr = &p->next->parties[p->to].printed;
	uint64_t version = edit->origin.version, hash = 0;

	if (p->args->replace_sdp_version) {
		struct str text;

		edit->origin.version = 0;
		text = sdp_print(p->arena, edit);
		if (!text.p)
			return -ENOMEM;
		hash = hash_text(text);
	}
	if (pr->once && sticky_version(p->args)) {
		bool differs = p->args->replace_force_increment || pr->hash != hash;

		version = pr->version;
		/* a raised version makes the text differ, so with both flags it counts twice */
		if (p->args->replace_sdp_version && pr->has_hash && differs)
			version++;
		if (p->args->replace_force_increment)
			version++;
	}
	edit->origin.version = pr->version = version;
	if (p->args->replace_sdp_version) {
		pr->hash = hash;
		pr->has_hash = true;
	}
	pr->once = true;
	return 0;
}

static struct str make_session_name(struct plan *p)
{
	struct call_party *from = &p->next->parties[p->from];

	if (!from->sent_once) {
		from->sent_once = true;
		from->session_name = p->sdp->session_name;
	}
	return p->args->replace_session_name ? from->session_name : p->sdp->session_name;
}

int plan_print(struct plan *p, struct sdp_section *sections, unsigned int count)
{
	const struct call_printed *pr = &p->next->parties[p->to].printed;
	struct str id = pr->session_id;
	struct sdp_edit edit = {
		.src = p->sdp,
		.session_name = make_session_name(p),
		.original_direction = p->args->original_sendrecv,
		.sections = sections,
		.section_count = count,
	};

	if (!pr->once || p->sdp->origin.present)
		id = arena_printf(p->arena, "%" PRIu32, random_below(UINT32_MAX));
	edit.origin = sdp_origin_default(p->sdp, id);
	if (p->args->loop_protect)
		edit.loop_id = p->env->instance_id;
	make_origin(p, &edit.origin);
	if (make_version(p, &edit))
		return -ENOMEM;
	p->reply_sdp = sdp_print(p->arena, &edit);
	if (p->reply_sdp.p)
		return 0;
	return arena_failed(p->arena) ? -ENOMEM : plan_fail(p, "Error rewriting SDP");
}
