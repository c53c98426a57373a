/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copying, packing and looking up in call states (call.h). Control's only thread.
 */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wipe.h"

/* --- growing a state in an arena --- */

static void *copy_array(struct arena *a, const void *from, size_t count, size_t size, size_t room)
{
	void *to = arena_alloc(a, room * size);

	if (to && count)
		memcpy(to, from, count * size);
	return to;
}

struct call_state *call_state_new(struct arena *a)
{
	struct call_state *s = arena_alloc(a, sizeof(*s));

	if (s)
		s->tos = -1;
	return s;
}

static int copy_media(struct arena *a, struct call_party *p)
{
	p->media = copy_array(a, p->media, p->media_count, sizeof(*p->media), p->media_count);
	if (!p->media)
		return -ENOMEM;
	for (unsigned int i = 0; i < p->media_count; i++) {
		struct call_media *m = &p->media[i];

		m->sockets = copy_array(a, m->sockets, m->socket_count, sizeof(*m->sockets),
					m->socket_count);
		if (!m->sockets)
			return -ENOMEM;
	}
	return 0;
}

struct call_state *call_state_copy(struct arena *a, const struct call_state *s)
{
	struct call_state *c = copy_array(a, s, 1, sizeof(*s), 1);

	if (!c)
		return NULL;
	c->parties = copy_array(a, s->parties, s->party_count, sizeof(*s->parties), s->party_count);
	if (!c->parties)
		return NULL;
	for (unsigned int i = 0; i < c->party_count; i++) {
		if (copy_media(a, &c->parties[i]))
			return NULL;
	}
	return c;
}

int call_add_party(struct arena *a, struct call_state *s)
{
	unsigned int n = s->party_count;
	struct call_party *p;

	if (n >= CALL_NONE)
		return -ENOMEM;
	p = copy_array(a, s->parties, n, sizeof(*p), n + 1);
	if (!p)
		return -ENOMEM;
	p[n].peer = CALL_NONE;
	s->parties = p;
	s->party_count++;
	return (int)n;
}

int call_add_media(struct arena *a, struct call_party *p, unsigned int count)
{
	struct call_media *m;

	if (count <= p->media_count)
		return 0;
	m = copy_array(a, p->media, p->media_count, sizeof(*m), count);
	if (!m)
		return -ENOMEM;
	for (unsigned int i = p->media_count; i < count; i++) {
		m[i].told = m[i].current = -1;
		m[i].policy = RW_SOURCE_LEARN;
	}
	p->media = m;
	p->media_count = (uint16_t)count;
	return 0;
}

int call_add_socket(struct arena *a, struct call_media *m)
{
	unsigned int n = m->socket_count;
	struct call_socket *s;

	if (n >= INT16_MAX)
		return -ENOMEM;
	s = copy_array(a, m->sockets, n, sizeof(*s), n + 1);
	if (!s)
		return -ENOMEM;
	s[n].rtp = s[n].rtcp = call_flow_none();
	m->sockets = s;
	m->socket_count++;
	return (int)n;
}

int call_add_alias(struct arena *a, struct call_party *p, struct str tag)
{
	struct str *t;

	if (p->alias_count == UINT16_MAX)
		return -ENOMEM;
	t = copy_array(a, p->aliases, p->alias_count, sizeof(*t), p->alias_count + 1u);
	if (!t)
		return -ENOMEM;
	t[p->alias_count++] = tag;
	p->aliases = t;
	return 0;
}

/* --- packing: run twice over the same code, first to measure, then to copy --- */

struct packer {
	char *base; /* NULL: measuring */
	size_t used;
};

static void *pack(struct packer *pk, const void *from, size_t bytes)
{
	size_t at = (pk->used + 7) & ~(size_t)7;

	pk->used = at + bytes;
	if (!pk->base)
		return NULL;
	if (bytes)
		memcpy(pk->base + at, from, bytes);
	return pk->base + at;
}

static struct str pack_str(struct packer *pk, struct str s)
{
	size_t at = pk->used;

	if (!s.p)
		return s;
	pk->used += s.n;
	if (!pk->base)
		return s;
	memcpy(pk->base + at, s.p, s.n);
	return (struct str){ pk->base + at, s.n };
}

static void pack_strs(struct packer *pk, struct str **array, unsigned int count)
{
	struct str *to = pack(pk, *array, count * sizeof(*to));

	for (unsigned int i = 0; i < count; i++) {
		struct str s = pack_str(pk, (*array)[i]);

		if (to)
			to[i] = s;
	}
	if (to)
		*array = to;
}

/* from is read, *to (a copy of it when copying, NULL when measuring) gets the new pointers. */
static void pack_media(struct packer *pk, const struct call_media *from, struct call_media *to)
{
	struct call_media scratch = *from;

	scratch.sockets = pack(pk, from->sockets, from->socket_count * sizeof(*from->sockets));
	scratch.type = pack_str(pk, from->type);
	scratch.proto_text = pack_str(pk, from->proto_text);
	scratch.codec = pack_str(pk, from->codec);
	scratch.mid = pack_str(pk, from->mid);
	scratch.sdes.offered = pack(pk, from->sdes.offered,
				    from->sdes.offered_count * sizeof(*from->sdes.offered));
	scratch.sdes.told =
		pack(pk, from->sdes.told, from->sdes.told_count * sizeof(*from->sdes.told));
	if (to)
		*to = scratch;
}

static void pack_party(struct packer *pk, const struct call_party *from, struct call_party *to)
{
	struct call_party scratch = *from;

	scratch.media = pack(pk, from->media, from->media_count * sizeof(*from->media));
	for (unsigned int i = 0; i < from->media_count; i++)
		pack_media(pk, &from->media[i], scratch.media ? &scratch.media[i] : NULL);
	pack_strs(pk, &scratch.aliases, from->alias_count);
	pack_strs(pk, &scratch.texts, from->text_count);
	scratch.tag = pack_str(pk, from->tag);
	scratch.via_branch = pack_str(pk, from->via_branch);
	scratch.label = pack_str(pk, from->label);
	scratch.metadata = pack_str(pk, from->metadata);
	scratch.session_name = pack_str(pk, from->session_name);
	scratch.printed.username = pack_str(pk, from->printed.username);
	scratch.printed.session_id = pack_str(pk, from->printed.session_id);
	scratch.printed.address_type = pack_str(pk, from->printed.address_type);
	scratch.printed.address = pack_str(pk, from->printed.address);
	if (to)
		*to = scratch;
}

static struct call_state *pack_state(struct packer *pk, const struct call_state *s)
{
	struct call_state *to = pack(pk, s, sizeof(*s));
	struct call_party *parties = pack(pk, s->parties, s->party_count * sizeof(*parties));
	struct str metadata = pack_str(pk, s->metadata);

	for (unsigned int i = 0; i < s->party_count; i++)
		pack_party(pk, &s->parties[i], parties ? &parties[i] : NULL);
	if (to) {
		to->parties = parties;
		to->metadata = metadata;
	}
	return to;
}

struct call_state *call_state_pack(const struct call_state *s)
{
	struct packer pk = { 0 };
	struct call_state *packed;

	pack_state(&pk, s);
	pk.base = malloc(pk.used);
	if (!pk.base)
		return NULL;
	pk.used = 0;
	packed = pack_state(&pk, s); /* the first thing packed: also the block's address */
	packed->packed_bytes = pk.used;
	return packed;
}

void call_state_free(struct call_state *s)
{
	if (s)
		wipe_free(s, s->packed_bytes);
}

/* --- looking up --- */

static bool has_tag(const struct call_party *p, struct str tag)
{
	if (p->gone)
		return false;
	if (p->tag.p && str_equal(p->tag, tag))
		return true;
	for (unsigned int i = 0; i < p->alias_count; i++) {
		if (str_equal(p->aliases[i], tag))
			return true;
	}
	return false;
}

uint16_t call_find_tag(const struct call_state *s, struct str tag)
{
	for (uint16_t i = 0; tag.p && i < s->party_count; i++) {
		if (has_tag(&s->parties[i], tag))
			return i;
	}
	return CALL_NONE;
}

bool call_related(const struct call_state *s, uint16_t a, uint16_t b)
{
	return a != b && !s->parties[a].gone && !s->parties[b].gone &&
	       (s->parties[a].peer == b || s->parties[b].peer == a);
}

/* --- flows --- */

struct call_flow call_flow_none(void)
{
	return (struct call_flow){ .id = RW_FLOW_NONE,
				   .out_rtp = RW_FLOW_NONE,
				   .out_rtcp = RW_FLOW_NONE };
}

bool call_flow_same(const struct call_flow *a, const struct call_flow *b)
{
	return a->id == b->id && a->wanted == b->wanted && a->kind == b->kind &&
	       a->policy == b->policy && a->tos == b->tos && a->component == b->component &&
	       a->leg == b->leg && a->media == b->media && a->learn_ms == b->learn_ms &&
	       a->clock_hz == b->clock_hz && a->out_rtp == b->out_rtp &&
	       a->out_rtcp == b->out_rtcp && rw_endpoint_equal(&a->source, &b->source) &&
	       rw_endpoint_equal(&a->peer, &b->peer) && rw_srtp_key_equal(&a->rx, &b->rx) &&
	       rw_srtp_key_equal(&a->tx, &b->tx);
}

/* What is no RTP would pass in the clear beside keys. It leaves where RTP does. */
static bool pass_other(const struct call_flow *f)
{
	return f->kind != RW_FLOW_OPAQUE && f->kind != RW_FLOW_RTCP && !f->rx.suite &&
	       !f->tx.suite && f->out_rtp != RW_FLOW_NONE;
}

void call_flow_spec(const struct call_flow *f, struct str call_id, uint64_t call_ref,
		    struct rw_flow_spec *out)
{
	size_t n = call_id.n < RW_CALL_ID_BYTES - 1 ? call_id.n : RW_CALL_ID_BYTES - 1;

	*out = (struct rw_flow_spec){
		.id = f->id,
		.flags = pass_other(f) ? RW_FLOW_PASS_OTHER : 0,
		.generation = f->generation,
		.call_ref = call_ref,
		.source = f->source,
		.peer = f->peer,
		.out_rtp = f->out_rtp,
		.out_rtcp = f->out_rtcp,
		.kind = f->kind,
		.source_policy = f->policy,
		.tos = f->tos,
		.learn_ms = f->learn_ms,
		.clock_hz = f->clock_hz,
		.leg = f->leg,
		.media = f->media,
		.component = f->component,
		.rx = f->rx,
		.tx = f->tx,
	};
	if (n)
		memcpy(out->call_id, call_id.p, n);
}

void call_each_flow(struct call_state *s, void (*each)(void *ctx, struct call_flow *f), void *ctx)
{
	for (unsigned int i = 0; i < s->party_count; i++) {
		struct call_party *p = &s->parties[i];

		for (unsigned int j = 0; !p->gone && j < p->media_count; j++) {
			for (unsigned int k = 0; k < p->media[j].socket_count; k++) {
				struct call_socket *so = &p->media[j].sockets[k];

				if (so->rtp.id != RW_FLOW_NONE)
					each(ctx, &so->rtp);
				if (so->rtcp.id != RW_FLOW_NONE)
					each(ctx, &so->rtcp);
			}
		}
	}
}

struct call_flow *call_find_flow(const struct call_state *s, unsigned int leg, unsigned int media,
				 rw_flow_id id)
{
	struct call_media *m;

	if (leg >= s->party_count || s->parties[leg].gone || media >= s->parties[leg].media_count)
		return NULL;
	m = &s->parties[leg].media[media];
	for (unsigned int i = 0; i < m->socket_count; i++) {
		if (m->sockets[i].rtp.id == id)
			return &m->sockets[i].rtp;
		if (m->sockets[i].rtcp.id == id)
			return &m->sockets[i].rtcp;
	}
	return NULL;
}
