/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the streams (wire_flow.h). Main thread, before the generator runs.
 */
#include "wire_flow.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "rtpwire/bytes.h"

#include "log.h"

#define WAYS_MAX 64u
#define RTP_VERSION 0x80u

/* How to reach the relay from a local address: asked for once. */
struct way {
	struct rw_ip local, relay;
	struct adj_view view;
};

struct ways {
	struct wire_port *port;
	unsigned int count;
	struct way ways[WAYS_MAX];
};

/* Zeroed memory of its own, in huge pages if the kernel has some. */
static void *map_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void unmap_memory(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

static const struct adj_view *find_way(struct ways *w, unsigned int leg, const struct wire_leg *l)
{
	struct way *way = w->ways;

	for (; way < w->ways + w->count; way++)
		if (rw_ip_equal(&way->local, &l->local.ip) &&
		    rw_ip_equal(&way->relay, &l->relay.ip))
			return &way->view;
	if (w->count == WAYS_MAX) {
		log_error("the relay gave more than %u addresses", WAYS_MAX);
		return NULL;
	}
	way->local = l->local.ip;
	way->relay = l->relay.ip;
	if (wire_port_way(w->port, leg, &l->local.ip, &l->relay.ip, &way->view) < 0)
		return NULL;
	w->count++;
	return &way->view;
}

static int make_context(struct wire_flows *f, enum srtp_direction direction,
			const struct rw_srtp_key *key, struct srtp_context **out)
{
	int rc = key->suite == RW_SRTP_NONE
			 ? 0
			 : srtp_context_new(f->srtp, direction, key, NULL, NULL, out);

	if (rc < 0)
		log_error("SRTP %s: %s", rw_srtp_suite_info(key->suite)->name, strerror(-rc));
	return rc;
}

/* The headers for packets of one size, once and for all; what changes is added to the sum later. */
static void make_head(const struct wire_flows *f, struct wire_tx *t, const struct adj_view *way,
		      const struct wire_leg *l, unsigned int trailer_bytes)
{
	uint16_t bytes = (uint16_t)(WIRE_RTP_BYTES + f->payload_bytes + trailer_bytes);
	uint8_t packet[ENCAP_BYTES + WIRE_RTP_BYTES + WIRE_PAYLOAD_MAX + SRTP_TRAILER_MAX];
	uint8_t *payload = packet + ENCAP_BYTES, *frame;
	struct encap e;

	memset(payload, 0, bytes);
	payload[0] = RTP_VERSION;

	rw_store_be32(payload + 8, t->stream);
	memcpy(payload + WIRE_RTP_BYTES, f->pattern, f->payload_bytes);
	memcpy(payload + WIRE_RTP_BYTES, &f->run, 4);
	memcpy(payload + WIRE_RTP_BYTES + 4, &t->stream, 4);
	encap_build(&e, way, &l->local, &l->relay, 0);
	frame = encap_paste(&e, payload, bytes);
	memcpy(t->head, packet, ENCAP_BYTES);
	t->head_bytes = (uint8_t)(payload - frame);
	t->port = way->port;
	t->sum = e.udp_sum + 2u * htons((uint16_t)(bytes + 8));
	/* of a secured packet all is summed up anew */
	if (!t->context)
		t->sum += inet_sum(payload, bytes);
}

static void make_rx(const struct wire_flows *f, struct wire_rx *r, const struct wire_leg *to)
{
	r->source_port_be = to->relay.port_be;
	r->source_bytes = to->relay.ip.family == RW_FAMILY_IP6 ? 16 : 4;
	memcpy(r->source, to->relay.ip.bytes, 16);
	for (unsigned int i = 0; i < f->local_count; i++)
		if (rw_ip_equal(&f->local[i], &to->local.ip))
			f->by_port[i * f->ports + ntohs(to->local.port_be) - f->port_min] =
				r->stream;
}

static int make_stream(const struct wire_options *o, struct wire_flows *f, struct ways *ways,
		       const struct wire_call *call, unsigned int from, struct wire_tx *t)
{
	struct wire_rx *r = &f->rx[t->stream];
	const struct wire_leg *l = &call->leg[from], *to = &call->leg[!from];
	const struct adj_view *way = find_way(ways, from, l);

	if (!way || make_context(f, SRTP_SEND, &l->send, &t->context) < 0 ||
	    make_context(f, SRTP_RECEIVE, &to->receive, &r->context) < 0)
		return -1;
	r->stream = t->stream;
	make_head(f, t, way, l, wire_trailer_bytes(o, from));
	make_rx(f, r, to);
	return 0;
}

/* Fisher and Yates, always the same order. */
static uint32_t *shuffled(uint32_t count)
{
	uint32_t *order = calloc(count, sizeof(*order));
	uint64_t random = 1;

	for (uint32_t i = 0; order && i < count; i++) {
		uint32_t with;

		random = random * 6364136223846793005u + 1442695040888963407u;
		with = (uint32_t)(random >> 33) % (i + 1);
		order[i] = order[with];
		order[with] = i;
	}
	return order;
}

/* Streams 0, 2, 4 ... are those of leg A. */
static int make_streams(const struct wire_options *o, const struct wire_call *calls,
			struct wire_port *port, struct wire_flows *f)
{
	struct ways ways = { .port = port };
	uint32_t *order = shuffled(f->count);
	int rc = order ? 0 : -1;

	for (uint32_t i = 0; i < f->count && rc == 0; i++) {
		uint32_t stream = o->one_way ? order[i] * 2 : order[i];

		f->tx[i].stream = stream;
		rc = make_stream(o, f, &ways, &calls[stream / 2], stream % 2, &f->tx[i]);
	}
	free(order);
	return rc;
}

static size_t tx_bytes(const struct wire_flows *f)
{
	return f->count * sizeof(struct wire_tx);
}

static size_t rx_bytes(const struct wire_flows *f)
{
	return (size_t)f->calls * WIRE_LEGS * sizeof(struct wire_rx);
}

static size_t by_port_bytes(const struct wire_flows *f)
{
	return (size_t)f->local_count * f->ports * sizeof(uint32_t);
}

static int allocate(const struct wire_options *o, struct wire_flows *f)
{
	f->tx = map_memory(tx_bytes(f));
	f->rx = map_memory(rx_bytes(f));
	f->by_port = map_memory(by_port_bytes(f));
	if (!f->tx || !f->rx || !f->by_port)
		return -1;
	memset(f->by_port, 0xff, by_port_bytes(f));
	if (!o->srtp[WIRE_A] && !o->srtp[WIRE_B])
		return 0;
	return srtp_new(o->config.srtp_engine, o->calls * 4, SRTP_WINDOW_MIN, &f->srtp);
}

int wire_flows_new(const struct wire_options *o, const struct wire_call *calls,
		   struct wire_port *port, struct wire_flows **out)
{
	const struct rw_limits *lim = &o->config.limits;
	struct wire_flows *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->calls = o->calls;
	f->count = wire_streams(o);
	f->payload_bytes = o->payload_bytes;
	f->port_min = lim->port_min;
	f->ports = (uint32_t)lim->port_max - lim->port_min + 1;
	f->local_count = lim->media_count;
	memcpy(f->local, lim->media, f->local_count * sizeof(f->local[0]));
	for (unsigned int i = WIRE_PAYLOAD_MIN; i < WIRE_PAYLOAD_MAX; i++)
		f->pattern[i] = (uint8_t)(i * 167u);
	if (getrandom(&f->run, sizeof(f->run), 0) != sizeof(f->run) || allocate(o, f) < 0) {
		log_error("not enough memory for %u streams", f->count);
		wire_flows_free(f);
		return -1;
	}
	if (make_streams(o, calls, port, f) < 0) {
		wire_flows_free(f);
		return -1;
	}
	*out = f;
	return 0;
}

void wire_flows_free(struct wire_flows *f)
{
	if (!f)
		return;
	srtp_free(f->srtp);
	unmap_memory(f->tx, tx_bytes(f));
	unmap_memory(f->rx, rx_bytes(f));
	unmap_memory(f->by_port, by_port_bytes(f));
	free(f);
}

const char *wire_flows_engine(const struct wire_flows *f)
{
	return f->srtp ? srtp_engine_name(f->srtp) : "none";
}
