/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams in `query` replies (query_stream.h). Control's only thread.
 */
#include "query_stream.h"

#include <string.h>

/* --- reading --- */

static const struct call_flow *flow_of(const struct call_socket *so, unsigned int component)
{
	const struct call_flow *f = component == 1 ? &so->rtp : &so->rtcp;

	return f->id == RW_FLOW_NONE ? NULL : f;
}

static void add_ssrc(struct stream_numbers *n, const struct rw_flow_stats *st, unsigned int slot)
{
	const struct rw_ssrc_stats *s = &st->ssrc[slot];
	unsigned int i;

	for (i = 0; i < n->ssrc_count; i++) {
		struct rw_ssrc_stats *have = &n->ssrc[i].stats;

		if (have->ssrc != s->ssrc)
			continue;
		/* the same source on an older port: sums, and the state of the newer */
		struct rw_ssrc_stats sum = have->last_ns >= s->last_ns ? *have : *s;

		sum.packets = have->packets + s->packets;
		sum.bytes = have->bytes + s->bytes;
		sum.reordered = have->reordered + s->reordered;
		sum.duplicates = have->duplicates + s->duplicates;
		*have = sum;
		n->ssrc[i].lost += rw_ssrc_lost(st, slot);
		return;
	}
	if (i < STREAM_SSRC_MAX) {
		n->ssrc[i] = (struct ssrc_numbers){ *s, rw_ssrc_lost(st, slot) };
		n->ssrc_count++;
	}
}

static void add_stats(struct stream_numbers *n, const struct rw_flow_stats *st)
{
	n->packets += st->rx_packets;
	n->bytes += st->rx_bytes;
	n->errors += st->dropped;
	n->out_packets += st->tx_packets;
	n->out_bytes += st->tx_bytes;
	if (st->rx_last_ns > n->last_ns)
		n->last_ns = st->rx_last_ns;
	for (unsigned int d = 0; d < RW_DROP_FLOW_COUNT; d++)
		n->drops[d] += st->drops[d];
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		if (st->ssrc[i].packets)
			add_ssrc(n, st, i);
	}
}

static void take_own(struct stream_numbers *n, const struct rw_flow_stats *st)
{
	n->state = st->state;
	memcpy(n->pt_seen, st->pt_seen, sizeof(n->pt_seen));
	n->source = st->source;
	n->peer = st->peer;
	n->refused = st->refused;
}

/* The one that sent last comes first. */
static void sort_ssrcs(struct stream_numbers *n)
{
	for (unsigned int i = 1; i < n->ssrc_count; i++) {
		struct ssrc_numbers s = n->ssrc[i];
		unsigned int j = i;

		for (; j && n->ssrc[j - 1].stats.last_ns < s.stats.last_ns; j--)
			n->ssrc[j] = n->ssrc[j - 1];
		n->ssrc[j] = s;
	}
}

void stream_read(const struct engine *eng, const struct call_media *m, unsigned int component,
		 struct stream_numbers *out)
{
	struct rw_flow_stats st;

	memset(out, 0, sizeof(*out));
	for (int k = 0; k < m->socket_count; k++) {
		const struct call_flow *f = flow_of(&m->sockets[k], component);
		bool valid;

		if (!f)
			continue;
		valid = dplink_flow_stats(eng->link, f->id, &st) && engine_stats_valid(f, &st);
		if (valid)
			add_stats(out, &st);
		if (k != m->told)
			continue;
		out->flow = f;
		out->socket = &m->sockets[k];
		out->has_stats = valid;
		if (valid)
			take_own(out, &st);
	}
	sort_ssrcs(out);
}

/* --- writing --- */

struct ng_value *stream_counts(struct arena *a, uint64_t packets, uint64_t bytes, uint64_t errors)
{
	struct ng_value *d = ng_dict(a);

	ng_put_int(a, d, "packets", (int64_t)packets);
	ng_put_int(a, d, "bytes", (int64_t)bytes);
	ng_put_int(a, d, "errors", (int64_t)errors);
	return d;
}

void stream_ssrc(struct arena *a, struct ng_value *dict, const struct ssrc_numbers *s)
{
	ng_put_int(a, dict, "bytes", (int64_t)s->stats.bytes);
	ng_put_int(a, dict, "packets", (int64_t)s->stats.packets);
	ng_put_int(a, dict, "last RTP timestamp", s->stats.rtp_timestamp);
	ng_put_int(a, dict, "last RTP seq", s->stats.max_ext_seq & 0xffff);
	ng_put_int(a, dict, "cumulative loss", (int64_t)s->lost);
}

static void put_family(struct arena *a, struct ng_value *d, const struct rw_ip *ip)
{
	ng_put_str(a, d, "family", ip->family == RW_FAMILY_IP6 ? STR("IPv6") : STR("IPv4"));
}

static void put_address(struct arena *a, struct ng_value *d, const char *key,
			const struct rw_ip *ip)
{
	char text[RW_IP_TEXT];

	ng_put_str(a, d, key, arena_str(a, str_from(rw_ip_text(ip, text))));
}

/* {} when not known. */
static struct ng_value *endpoint_dict(struct arena *a, const struct rw_endpoint *ep)
{
	struct ng_value *d = ng_dict(a);

	if (ep->ip.family == RW_FAMILY_NONE || !rw_ip_valid(&ep->ip))
		return d;
	put_family(a, d, &ep->ip);
	put_address(a, d, "address", &ep->ip);
	ng_put_int(a, d, "port", ntohs(ep->port_be));
	return d;
}

/* Epoch seconds of a monotonic time; 0 = never. */
static int64_t epoch_s(uint64_t ns)
{
	int64_t ago_ms = (int64_t)engine_now_ms() - (int64_t)(ns / 1000000);

	return ns ? (engine_now_us() / 1000 - ago_ms) / 1000 : 0;
}

static bool learned(const struct stream_numbers *n)
{
	return n->has_stats && (n->state & RW_FLOW_STATE_LEARNED);
}

static struct ng_value *stream_flags(struct arena *a, const struct call_media *m,
				     unsigned int component, const struct stream_numbers *n)
{
	struct ng_value *l = ng_list(a);

	if (component == 1)
		ng_add(a, l, ng_str(a, STR("RTP")));
	if (component == 2 || m->muxed)
		ng_add(a, l, ng_str(a, STR("RTCP")));
	if (component == 2 && !m->muxed)
		ng_add(a, l, ng_str(a, STR("fallback RTCP")));
	if (m->remote.ip.family != RW_FAMILY_NONE)
		ng_add(a, l, ng_str(a, STR("filled")));
	if (learned(n))
		ng_add(a, l, ng_str(a, STR("confirmed")));
	if (m->strict_source || m->policy == RW_SOURCE_STRICT)
		ng_add(a, l, ng_str(a, STR("strict source address")));
	if (m->policy == RW_SOURCE_HANDOVER)
		ng_add(a, l, ng_str(a, STR("media handover")));
	return l;
}

/* RFC 3550 jitter of an SSRC in milliseconds, as text: bencode has no fractions. */
static struct str jitter_text(struct arena *a, const struct rw_ssrc_stats *s, uint32_t clock_hz)
{
	double ms = clock_hz ? s->jitter_q4 / 16.0 * 1000.0 / clock_hz : 0;

	return arena_printf(a, "%.3f", ms);
}

static void put_quality(struct arena *a, struct ng_value *d, const struct stream_numbers *n,
			uint32_t clock_hz)
{
	uint64_t lost = 0, reordered = 0, duplicates = 0;

	for (unsigned int i = 0; i < n->ssrc_count; i++) {
		lost += n->ssrc[i].lost;
		reordered += n->ssrc[i].stats.reordered;
		duplicates += n->ssrc[i].stats.duplicates;
	}
	ng_put_int(a, d, "lost", (int64_t)lost);
	ng_put_int(a, d, "reordered", (int64_t)reordered);
	ng_put_int(a, d, "duplicates", (int64_t)duplicates);
	if (n->ssrc_count)
		ng_put_str(a, d, "jitter ms", jitter_text(a, &n->ssrc[0].stats, clock_hz));
}

static void put_endpoint_text(struct arena *a, struct ng_value *d, const char *key,
			      const struct rw_endpoint *ep)
{
	char text[RW_ENDPOINT_TEXT];

	if (ep->ip.family != RW_FAMILY_NONE)
		ng_put_str(a, d, key, arena_str(a, str_from(rw_endpoint_text(ep, text))));
}

static struct ng_value *payload_types(struct arena *a, const uint64_t *seen)
{
	struct ng_value *l = ng_list(a);

	for (unsigned int pt = 0; pt < 128; pt++) {
		if (seen[pt / 64] >> pt % 64 & 1)
			ng_add(a, l, ng_int(a, pt));
	}
	return l;
}

/* What the incumbent has no keys for. */
static struct ng_value *own_dict(struct arena *a, const struct call_media *m,
				 unsigned int component, const struct stream_numbers *n)
{
	struct ng_value *d = ng_dict(a), *drops = ng_dict(a);

	if (component == 1)
		put_quality(a, d, n, m->clock_hz);
	for (unsigned int i = 0; i < RW_DROP_FLOW_COUNT; i++) {
		if (n->drops[i])
			ng_put_int(a, drops, rw_drop_name(i), (int64_t)n->drops[i]);
	}
	ng_put(a, d, "drops", drops);
	if (!n->has_stats)
		return d;
	put_endpoint_text(a, d, "source", &n->source);
	put_endpoint_text(a, d, "peer", &n->peer);
	put_endpoint_text(a, d, "last refused source", &n->refused);
	ng_put_int(a, d, "learned", learned(n));
	ng_put_int(a, d, "locked", (n->state & RW_FLOW_STATE_LOCKED) != 0);
	if (component == 1)
		ng_put(a, d, "payload types", payload_types(a, n->pt_seen));
	return d;
}

struct ng_value *stream_dict(const struct engine *eng, struct arena *a, const struct call_media *m,
			     unsigned int component, const struct stream_numbers *n)
{
	const struct rw_endpoint *signalled = component == 1 ? &m->remote : &m->remote_rtcp;
	const struct rw_endpoint *now = learned(n) ? &n->peer : signalled;
	const struct rw_srtp_suite_info *suite = rw_srtp_suite_info(m->sdes.rx.key.suite);
	struct ng_value *d = ng_dict(a);

	if (n->flow) {
		const struct interface_entry *e = &eng->ifs.entries[n->socket->entry];

		ng_put_int(a, d, "local port", rw_flow_port(n->flow->id));
		put_address(a, d, "local address", &e->address);
		put_family(a, d, &e->address);
	}
	ng_put(a, d, "endpoint", endpoint_dict(a, now));
	ng_put(a, d, "advertised endpoint", endpoint_dict(a, signalled));
	if (suite)
		ng_put_str(a, d, "crypto suite", str_from(suite->name));
	ng_put_int(a, d, "last packet", epoch_s(n->last_ns));
	ng_put_int(a, d, "last kernel packet", 0);
	ng_put_int(a, d, "last user packet", epoch_s(n->last_ns));
	if (component == 1 && n->ssrc_count)
		ng_put_int(a, d, "SSRC", n->ssrc[0].stats.ssrc);
	ng_put(a, d, "flags", stream_flags(a, m, component, n));
	ng_put(a, d, "stats", stream_counts(a, n->packets, n->bytes, n->errors));
	ng_put(a, d, "stats_out", stream_counts(a, n->out_packets, n->out_bytes, 0));
	ng_put(a, d, "rtpwire", own_dict(a, m, component, n));
	return d;
}
