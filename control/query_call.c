/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `query` and `delete` answer about a call, key by key as the incumbent (ng-protocol section 4); the parts
 * that come from RTCP reports (MOS) are not there. Control's only thread.
 */
#include "commands.h"
#include "query_stream.h"

struct query {
	struct engine *eng;
	struct arena *a;
	struct call *call;
	struct ng_value *ssrcs; /* the call's, by number */
	struct stream_numbers sums[2]; /* of all streams listed: RTP, RTCP */
};

/* SSRCs of one media: into the call's dictionary, and the list to return. */
static struct ng_value *list_ssrcs(struct query *q, const struct stream_numbers *n)
{
	struct ng_value *list = ng_list(q->a);

	for (unsigned int i = 0; i < n->ssrc_count; i++) {
		const struct ssrc_numbers *s = &n->ssrc[i];
		struct ng_value *own = ng_dict(q->a), *global = ng_dict(q->a);
		struct str key = arena_printf(q->a, "%u", s->stats.ssrc);

		ng_put_int(q->a, own, "SSRC", s->stats.ssrc);
		stream_ssrc(q->a, own, s);
		ng_add(q->a, list, own);
		stream_ssrc(q->a, global, s);
		if (key.p && !ng_get(q->ssrcs, key.p))
			ng_put_key(q->a, q->ssrcs, key, global);
	}
	return list;
}

/* SSRCs that are sent to the party: those that its peer's media receives. */
static struct ng_value *egress_ssrcs(struct query *q, const struct call_party *p, unsigned int i)
{
	const struct call_state *s = q->call->state;
	struct ng_value *list = ng_list(q->a);
	struct stream_numbers *n = arena_alloc(q->a, sizeof(*n));

	if (!n || !p->answered || p->peer == CALL_NONE || i >= s->parties[p->peer].media_count)
		return list;
	stream_read(q->eng, &s->parties[p->peer].media[i], 1, n);
	for (unsigned int k = 0; k < n->ssrc_count; k++) {
		struct ng_value *d = ng_dict(q->a);

		ng_put_int(q->a, d, "SSRC", n->ssrc[k].stats.ssrc);
		stream_ssrc(q->a, d, &n->ssrc[k]);
		ng_add(q->a, list, d);
	}
	return list;
}

static struct ng_value *media_flags(struct query *q, const struct call_media *m)
{
	struct ng_value *l = ng_list(q->a);
	bool send = m->direction == SDP_SENDRECV || m->direction == SDP_SENDONLY;
	bool recv = m->direction == SDP_SENDRECV || m->direction == SDP_RECVONLY;

	ng_add(q->a, l, ng_str(q->a, STR("initialized")));
	if (m->policy == RW_SOURCE_ASYMMETRIC)
		ng_add(q->a, l, ng_str(q->a, STR("asymmetric")));
	if (send)
		ng_add(q->a, l, ng_str(q->a, STR("send")));
	if (recv)
		ng_add(q->a, l, ng_str(q->a, STR("recv")));
	if (m->muxed || m->mux_told)
		ng_add(q->a, l, ng_str(q->a, STR("rtcp-mux")));
	if (m->sdes.rx.key.suite)
		ng_add(q->a, l, ng_str(q->a, STR("SDES")));
	return l;
}

/* Text of the protocol towards the party. */
static struct str media_protocol(const struct call_media *m)
{
	const char *text = sdp_proto_text(m->proto);

	return text ? str_from(text) : m->proto_text;
}

static void add_sums(struct stream_numbers *sum, const struct stream_numbers *n)
{
	sum->packets += n->packets;
	sum->bytes += n->bytes;
	sum->errors += n->errors;
}

static struct ng_value *media_dict(struct query *q, const struct call_party *p, unsigned int i)
{
	const struct call_media *m = &p->media[i];
	struct ng_value *d = ng_dict(q->a), *streams = ng_list(q->a);
	struct stream_numbers *n = arena_alloc(q->a, 2 * sizeof(*n));
	struct str protocol = media_protocol(m);

	if (!n)
		return NULL;
	ng_put_int(q->a, d, "index", (int64_t)i + 1);
	ng_put_str(q->a, d, "type", m->type.p ? m->type : STR("audio"));
	if (protocol.p)
		ng_put_str(q->a, d, "protocol", protocol);
	if (m->codec.p)
		ng_put_str(q->a, d, "codec", m->codec);
	for (unsigned int component = 1; component <= 2; component++) {
		struct stream_numbers *one = &n[component - 1];

		stream_read(q->eng, m, component, one);
		if (component == 2 && !one->flow && m->socket_count)
			continue; /* RTCP shares the RTP port */
		ng_add(q->a, streams, stream_dict(q->eng, q->a, m, component, one));
		add_sums(&q->sums[component - 1], one);
	}
	ng_put(q->a, d, "streams", streams);
	ng_put(q->a, d, "flags", media_flags(q, m));
	ng_put(q->a, d, "ingress SSRCs", list_ssrcs(q, &n[0]));
	ng_put(q->a, d, "egress SSRCs", egress_ssrcs(q, p, i));
	return d;
}

/* Name of a party in `tags`. */
static struct str party_name(struct query *q, uint16_t i)
{
	const struct call_party *p = &q->call->state->parties[i];

	return p->tag.p ? p->tag : arena_printf(q->a, "<untagged %u>", i + 1u);
}

static void put_subscriptions(struct query *q, uint16_t i, struct ng_value *tag)
{
	struct ng_value *to = ng_list(q->a), *from = ng_list(q->a);
	const struct call_state *s = q->call->state;

	for (uint16_t k = 0; k < s->party_count; k++) {
		if (!call_related(s, i, k))
			continue;
		for (unsigned int way = 0; way < 2; way++) {
			struct ng_value *d = ng_dict(q->a);

			/* media of k reaches i when i's peer is k, and the other way round */
			ng_put_str(q->a, d, "tag", party_name(q, k));
			ng_put_str(q->a, d, "type", STR("offer/answer"));
			ng_add(q->a, way ? from : to, d);
		}
	}
	ng_put(q->a, tag, "subscriptions", to);
	ng_put(q->a, tag, "subscribers", from);
}

static struct ng_value *tag_dict(struct query *q, uint16_t i)
{
	const struct call_party *p = &q->call->state->parties[i];
	struct ng_value *d = ng_dict(q->a), *medias = ng_list(q->a), *aliases = ng_list(q->a);

	ng_put_str(q->a, d, "tag", party_name(q, i));
	if (p->via_branch.p)
		ng_put_str(q->a, d, "via-branch", p->via_branch);
	for (unsigned int k = 0; k < p->alias_count; k++)
		ng_add(q->a, aliases, ng_str(q->a, p->aliases[k]));
	if (p->alias_count)
		ng_put(q->a, d, "tag-aliases", aliases);
	if (p->label.p)
		ng_put_str(q->a, d, "label", p->label);
	ng_put_int(q->a, d, "created", p->created_s);
	if (p->metadata.p)
		ng_put_str(q->a, d, "metadata", p->metadata);
	put_subscriptions(q, i, d);
	for (unsigned int k = 0; k < p->media_count; k++)
		ng_add(q->a, medias, media_dict(q, p, k));
	ng_put(q->a, d, "medias", medias);
	ng_put(q->a, d, "VSC", ng_list(q->a));
	return d;
}

/* The party of a tag and those it talks with; nobody for a tag that is not known. */
static bool listed(const struct call_state *s, uint16_t i, uint16_t only)
{
	return only != CALL_NONE && (i == only || call_related(s, only, i));
}

static void put_tags(struct query *q, struct str tag, struct ng_value *reply)
{
	const struct call_state *s = q->call->state;
	uint16_t only = call_find_tag(s, tag);
	/* tags of an adopted call are not known: the call-id has to do */
	bool all = !tag.p || q->call->adopted;
	struct ng_value *tags = ng_dict(q->a);

	for (uint16_t i = 0; i < s->party_count; i++) {
		if (!s->parties[i].gone && (all || listed(s, i, only)))
			ng_put_key(q->a, tags, party_name(q, i), tag_dict(q, i));
	}
	ng_put(q->a, reply, "tags", tags);
}

static void put_totals(struct query *q, struct ng_value *reply)
{
	static const char *const names[] = { "RTP", "RTCP" };
	struct ng_value *d = ng_dict(q->a);

	for (unsigned int i = 0; i < 2; i++)
		ng_put(q->a, d, names[i],
		       stream_counts(q->a, q->sums[i].packets, q->sums[i].bytes,
				     q->sums[i].errors));
	ng_put(q->a, reply, "totals", d);
}

void query_call(struct engine *eng, struct arena *a, struct call *c, struct str tag,
		struct ng_value *reply)
{
	struct query *q = arena_alloc(a, sizeof(*q));

	if (!q)
		return;
	q->eng = eng;
	q->a = a;
	q->call = c;
	q->ssrcs = ng_dict(a);
	ng_put_int(a, reply, "created", c->created_us / 1000000);
	ng_put_int(a, reply, "created_us", c->created_us % 1000000);
	ng_put_int(a, reply, "created_ts", c->created_us);
	ng_put_int(a, reply, "last signal", c->signal_s);
	ng_put_int(a, reply, "last redis update", 0);
	if (c->state->metadata.p)
		ng_put_str(a, reply, "metadata", c->state->metadata);
	ng_put(a, reply, "SSRC", q->ssrcs);
	put_tags(q, tag, reply);
	put_totals(q, reply);
}
