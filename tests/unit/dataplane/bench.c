/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pipe on plain memory; see bench.h.
 */
#include "bench.h"

#include <stdlib.h>

#include "../mapped.h"
#include "rtpwire/bytes.h"

static struct rw_limits limits(unsigned int workers)
{
	struct rw_limits lim = { .port_min = BENCH_PORT_MIN,
				 .port_max = BENCH_PORT_MAX,
				 .workers = (uint16_t)workers,
				 .media_count = 2,
				 .srtp_suites = srtp_engine_suites(SRTP_ENGINE_AUTO) };

	rw_ip_parse("192.0.2.1", &lim.media[BENCH_MEDIA4]);
	rw_ip_parse("2001:db8::1", &lim.media[BENCH_MEDIA6]);
	return lim;
}

/* Made once: a fuzz target makes thousands of benches. */
struct srtp *bench_srtp(void)
{
	static struct srtp *srtp;

	if (!srtp && srtp_new(SRTP_ENGINE_AUTO, 1024, SRTP_WINDOW_MIN, &srtp) < 0) {
		fprintf(stderr, "bench: no SRTP engine\n");
		abort();
	}
	return srtp;
}

struct bench *bench_new(unsigned int index, unsigned int workers)
{
	struct bench *b = mapped_new(sizeof(*b));
	struct path_config config = { .index = index, .limits = limits(workers) };
	bool has_buffers = true;

	if (!b)
		return NULL;
	b->adj = mapped_new(ADJ_MAX * sizeof(*b->adj));
	b->mailbox = mapped_new(rw_ring_bytes(MAIL_SLOT_BYTES, MAIL_SLOTS));
	b->reports = mapped_new(rw_ring_bytes(REPORT_SLOT_BYTES, REPORT_SLOTS));
	b->punts = mapped_new(rw_ring_bytes(RW_PUNT_SLOT_BYTES, PUNT_SLOTS));
	b->stats = mapped_new(sizeof(*b->stats));
	b->flow_stats = mapped_new(rw_flow_slots(&config.limits) * sizeof(*b->flow_stats));
	config.adj = b->adj;
	config.mailbox = b->mailbox;
	config.reports = b->reports;
	config.punts = b->punts;
	config.stats = b->stats;
	config.flow_stats = b->flow_stats;
	config.srtp = bench_srtp();
	for (unsigned int i = 0; i < BATCH_MAX; i++)
		has_buffers &= (b->buffers[i] = malloc(BENCH_HEADROOM + BENCH_FRAME_BYTES)) != NULL;
	if (!has_buffers || !b->adj || !b->mailbox || !b->reports || !b->punts || !b->stats ||
	    !b->flow_stats || path_init(&b->path, &config) < 0) {
		bench_free(b);
		return NULL;
	}
	bench_set_time(b, 1000000000u);
	return b;
}

void bench_free(struct bench *b)
{
	if (!b)
		return;
	path_free(&b->path);
	for (unsigned int i = 0; i < BATCH_MAX; i++)
		free(b->buffers[i]);
	mapped_free(b->adj, ADJ_MAX * sizeof(*b->adj));
	mapped_free(b->mailbox, rw_ring_bytes(MAIL_SLOT_BYTES, MAIL_SLOTS));
	mapped_free(b->reports, rw_ring_bytes(REPORT_SLOT_BYTES, REPORT_SLOTS));
	mapped_free(b->punts, rw_ring_bytes(RW_PUNT_SLOT_BYTES, PUNT_SLOTS));
	mapped_free(b->stats, sizeof(*b->stats));
	mapped_free(b->flow_stats, rw_flow_slots(&b->path.config.limits) * sizeof(*b->flow_stats));
	mapped_free(b, sizeof(*b));
}

void bench_set_time(struct bench *b, uint64_t now_ns)
{
	b->path.now = rtp_arrival(now_ns);
}

void bench_adj_ready(struct bench *b, uint32_t n, uint16_t vlan, uint16_t mtu)
{
	struct adj_view v = { .state = ADJ_READY,
			      .vlan = vlan,
			      .mtu = mtu,
			      .dst_mac = { 2, 0, 0, 0, 0, (uint8_t)n },
			      .src_mac = { 2, 0, 0, 0, 1, 0 } };

	adj_write(&b->adj[n], &v);
}

void bench_adj_state(struct bench *b, uint32_t n, enum adj_state state)
{
	struct adj_view v = { .state = (uint8_t)state };

	adj_write(&b->adj[n], &v);
}

struct rw_endpoint bench_endpoint(const char *text)
{
	struct rw_endpoint ep = { 0 };
	const char *colon = strrchr(text, ':');
	size_t skip = text[0] == '[';
	char ip[RW_IP_TEXT] = "";

	if (colon && (size_t)(colon - text) - 2 * skip < sizeof(ip))
		memcpy(ip, text + skip, (size_t)(colon - text) - 2 * skip);
	if (rw_ip_parse(ip, &ep.ip) < 0) {
		fprintf(stderr, "bench: \"%s\" is not an endpoint\n", text);
		abort();
	}
	ep.port_be = htons((uint16_t)atoi(colon + 1));
	return ep;
}

struct rw_flow_spec bench_spec(rw_flow_id id, rw_flow_id out, const char *peer)
{
	struct rw_flow_spec s = { .id = id,
				  .generation = 1,
				  .call_ref = 7,
				  .out_rtp = out,
				  .out_rtcp = out,
				  .kind = RW_FLOW_MUX,
				  .source_policy = RW_SOURCE_LEARN,
				  .learn_ms = 3000,
				  .clock_hz = 8000,
				  .component = 1,
				  .call_id = "bench" };

	if (peer)
		s.peer = s.source = bench_endpoint(peer);
	return s;
}

void bench_mail(struct bench *b, enum mail_type type, const struct rw_flow_spec *spec, uint32_t adj,
		uint64_t seq)
{
	struct mail m = { .type = type, .adj = adj, .seq = seq };

	if (spec)
		m.spec = *spec;
	rw_ring_push(b->mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, &m, sizeof(m));
	apply(&b->path);
}

bool bench_report(struct bench *b, struct report *out)
{
	return rw_ring_pop(b->reports, REPORT_SLOT_BYTES, REPORT_SLOTS, out) == 0;
}

/* Sets a flow by an adjacency made ready. */
static bool add_flow(struct bench *b, const struct rw_flow_spec *s, uint32_t adj)
{
	struct report r;

	bench_adj_ready(b, adj, 0, 1500);
	bench_mail(b, MAIL_FLOW_SET, s, adj, 1);
	return bench_report(b, &r) && r.status == RW_ACK_OK;
}

struct bench *bench_new_call(const struct rw_flow_spec *first, const struct rw_flow_spec *second)
{
	struct bench *b = bench_new(0, 1);

	if (b && add_flow(b, first, 1) && add_flow(b, second, 2))
		return b;
	bench_free(b);
	return NULL;
}

void bench_drain(struct bench *b)
{
	struct report r;

	while (bench_report(b, &r))
		;
}

static uint16_t checksum(const uint8_t *data, uint32_t bytes, uint32_t sum)
{
	for (uint32_t i = 0; i < bytes; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t *put_ip(uint8_t *at, const struct rw_endpoint *from, const struct rw_endpoint *to,
		       uint32_t bytes)
{
	if (from->ip.family == RW_FAMILY_IP6) {
		memset(at, 0, 40);
		at[0] = 0x60;
		rw_store_be16(at + 4, (uint16_t)bytes);
		at[6] = 17;
		at[7] = 61;
		memcpy(at + 8, from->ip.bytes, 16);
		memcpy(at + 24, to->ip.bytes, 16);
		return at + 40;
	}
	memset(at, 0, 20);
	at[0] = 0x45;
	rw_store_be16(at + 2, (uint16_t)(bytes + 20));
	at[8] = 61;
	at[9] = 17;
	memcpy(at + 12, from->ip.bytes, 4);
	memcpy(at + 16, to->ip.bytes, 4);
	rw_store_be16(at + 10, checksum(at, 20, 0));
	return at + 20;
}

uint32_t bench_frame(uint8_t *frame, const char *from, const char *to, const void *payload,
		     uint32_t payload_bytes)
{
	struct rw_endpoint src = bench_endpoint(from), dst = bench_endpoint(to);
	uint8_t *udp;

	memset(frame, 2, 12);
	rw_store_be16(frame + 12, src.ip.family == RW_FAMILY_IP6 ? 0x86dd : 0x0800);
	udp = put_ip(frame + 14, &src, &dst, payload_bytes + 8);
	memcpy(udp, &src.port_be, 2);
	memcpy(udp + 2, &dst.port_be, 2);
	rw_store_be16(udp + 4, (uint16_t)(payload_bytes + 8));
	rw_store_be16(udp + 6, 0xbad0); /* as partial as that of a local sender on a veth */
	memcpy(udp + 8, payload, payload_bytes);
	return (uint32_t)(udp + 8 + payload_bytes - frame);
}

void bench_rtp(uint8_t *out, uint32_t bytes, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	out[0] = 0x80;
	out[1] = pt;
	rw_store_be16(out + 2, seq);
	rw_store_be32(out + 4, ts);
	rw_store_be32(out + 8, ssrc);
	memset(out + 12, 0xd5, bytes - 12);
}

struct pkt *bench_add(struct bench *b, const uint8_t *frame, uint32_t bytes)
{
	uint8_t *end =
		b->buffers[b->batch.count] + BENCH_HEADROOM + BENCH_FRAME_BYTES - b->tailroom_bytes;
	struct pkt *p = batch_add(&b->batch);

	p->data = end - bytes; /* any read beyond the frame leaves the buffer */
	memcpy(p->data, frame, bytes);
	p->len_bytes = (uint16_t)bytes;
	p->headroom_bytes = BENCH_HEADROOM;
	p->tailroom_bytes = b->tailroom_bytes;
	p->in_port = 0;
	p->rx_flags = 0;
	p->mbuf = NULL;
	return p;
}

struct pkt *bench_run(struct bench *b, const uint8_t *frame, uint32_t bytes)
{
	struct pkt *p;

	batch_reset(&b->batch);
	p = bench_add(b, frame, bytes);
	path_run(&b->path, &b->batch);
	return p;
}

struct pkt *bench_run_rtp(struct bench *b, const char *from, const char *to, uint16_t seq)
{
	uint8_t frame[512], payload[172];

	bench_rtp(payload, sizeof(payload), 0, seq, seq * 160u, 0x1234);
	return bench_run(b, frame, bench_frame(frame, from, to, payload, sizeof(payload)));
}
