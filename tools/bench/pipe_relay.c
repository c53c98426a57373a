/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker under test (pipe_relay.h), set up as workers.c and control would do it. Program's only thread.
 */
#include "rtpwire/shm.h"

#include "pipe_relay.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#define MBUFS (4 * PIPE_PACKETS - 1)
#define RING_SLOTS (2 * PIPE_PACKETS)
#define PORT_MIN 8000u
#define PORT_MAX 48000u
#define PEER_PORT 10000u
#define MTU 1500u

/* Large memory as the dataplane has it: zeroed, mapped, touched when used. */
static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* As workers.c has the statistics. */
static void *map_shared(size_t bytes)
{
	void *p = NULL;
	int fd = rw_shm_create("rtpwire-bench", bytes, 1, &p);

	if (fd < 0)
		return NULL;
	close(fd);
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

struct rw_endpoint relay_local(const struct relay *r, uint32_t i)
{
	struct rw_endpoint ep = { .ip = r->limits.media[0] };

	ep.port_be = htons((uint16_t)(PORT_MIN + 2 * i));
	return ep;
}

struct rw_endpoint relay_peer(const struct relay *r, uint32_t i)
{
	struct rw_endpoint ep = { 0 };

	rw_ip_parse(r->what.family == RW_FAMILY_IP4 ? "198.51.100.0" : "2001:db8:1::", &ep.ip);
	ep.ip.bytes[r->what.family == RW_FAMILY_IP4 ? 3 : 15] = (uint8_t)(i % RELAY_PEERS);
	ep.port_be = htons((uint16_t)(PEER_PORT + i));
	return ep;
}

struct rw_srtp_key relay_key(const struct relay *r, uint32_t i, bool sends)
{
	bool has = sends ? r->what.mode == PIPE_SEAL || r->what.mode == PIPE_BOTH
			 : r->what.mode == PIPE_OPEN || r->what.mode == PIPE_BOTH;
	struct rw_srtp_key key = { 0 };
	const struct rw_srtp_suite_info *info;

	if (!has)
		return key;
	info = rw_srtp_suite_info(r->what.suite);
	key.suite = (uint8_t)r->what.suite;
	for (unsigned int n = 0; n < (unsigned int)info->key_bytes + info->salt_bytes; n++)
		key.key[n] = (uint8_t)((i * 2 + sends) * 2654435761u >> (n % 4 * 8)) ^ (uint8_t)n;
	return key;
}

static int open_port(struct relay *r)
{
	static unsigned int number;
	struct rte_eth_conf conf = { 0 };
	char name[32];
	int port = -1;

	snprintf(name, sizeof(name), "pipe%u", number++);
	r->pool = rte_pktmbuf_pool_create(name, MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	snprintf(name, sizeof(name), "pipe_rx%u", number);
	r->rx = rte_ring_create(name, RING_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "pipe_tx%u", number);
	r->tx = rte_ring_create(name, RING_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (r->pool && r->rx && r->tx)
		port = rte_eth_from_rings(name, &r->rx, 1, &r->tx, 1, 0);
	r->ethdev = (uint16_t)port;
	if (port < 0 || rte_eth_dev_configure(r->ethdev, 1, 1, &conf) < 0 ||
	    rte_eth_rx_queue_setup(r->ethdev, 0, 64, 0, NULL, r->pool) < 0 ||
	    rte_eth_tx_queue_setup(r->ethdev, 0, 64, 0, NULL) < 0 ||
	    rte_eth_dev_start(r->ethdev) < 0) {
		fprintf(stderr, "rtpwire-bench: cannot make a port in memory: %s\n",
			rte_strerror(rte_errno));
		return -1;
	}
	return 0;
}

static int make_memory(struct relay *r)
{
	r->adj = map(ADJ_MAX * sizeof(*r->adj));
	r->mailbox = map(rw_ring_bytes(MAIL_SLOT_BYTES, MAIL_SLOTS));
	r->reports = map(rw_ring_bytes(REPORT_SLOT_BYTES, REPORT_SLOTS));
	r->punts = map(rw_ring_bytes(RW_PUNT_SLOT_BYTES, PUNT_SLOTS));
	r->stats = map(sizeof(*r->stats));
	r->flow_stats = map_shared(rw_flow_slots(&r->limits) * sizeof(*r->flow_stats));
	if (r->adj && r->mailbox && r->reports && r->punts && r->stats && r->flow_stats)
		return 0;
	fputs("rtpwire-bench: not enough memory\n", stderr);
	return -1;
}

static int make_worker(struct relay *r)
{
	struct worker_config c = { .limits = r->limits,
				   .port_count = 1,
				   .queue_count = 1,
				   .adj = r->adj,
				   .pool = r->pool,
				   .mailbox = r->mailbox,
				   .reports = r->reports,
				   .punts = r->punts,
				   .stats = r->stats,
				   .flow_stats = r->flow_stats,
				   .stop = &r->stop };

	if (srtp_new(SRTP_ENGINE_AUTO, 3 * r->flow_count, SRTP_WINDOW_MIN, &r->srtp) < 0) {
		fputs("rtpwire-bench: no SRTP engine\n", stderr);
		return -1;
	}
	c.srtp = r->srtp;
	c.ports[0] = (struct worker_port){ .ethdev = r->ethdev, .bypass_port = -1 };
	c.queues[0] = (struct worker_queue){ .ethdev = r->ethdev, .fd = -1 };
	if (worker_new(&c, &r->worker) < 0) {
		fputs("rtpwire-bench: not enough memory\n", stderr);
		return -1;
	}
	worker_start(r->worker);
	return 0;
}

static void make_neighbours(struct relay *r)
{
	for (uint32_t n = 0; n < RELAY_PEERS; n++) {
		struct adj_view v = { .state = ADJ_READY,
				      .mtu = MTU,
				      .dst_mac = { 2, 0, 0, 0, 0, (uint8_t)n },
				      .src_mac = { 2, 0, 0, 0, 1, 0 } };

		adj_write(&r->adj[1 + n], &v);
	}
}

/* As control sets the RTP port of one side of a call with two parties. */
static int set_flow(struct relay *r, uint32_t i)
{
	struct mail m = { .type = MAIL_FLOW_SET, .adj = 1 + i % RELAY_PEERS, .seq = i };
	struct rw_flow_spec *s = &m.spec;
	struct report report;
	uint32_t out = relay_partner(i);

	s->id = rw_flow_id_make(0, ntohs(relay_local(r, i).port_be));
	s->out_rtp = rw_flow_id_make(0, ntohs(relay_local(r, out).port_be));
	s->out_rtcp = RW_FLOW_NONE;
	s->generation = 1;
	s->call_ref = 1 + i / 2;
	s->source = s->peer = relay_peer(r, i);
	s->kind = RW_FLOW_RTP;
	s->source_policy = RW_SOURCE_LEARN;
	s->learn_ms = 3000;
	s->clock_hz = 8000;
	s->component = 1;
	s->rx = relay_key(r, i, false);
	s->tx = relay_key(r, i, true);
	if (rw_flow_spec_check(s, &r->limits) != RW_FLOW_ERR_OK ||
	    rw_ring_push(r->mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, &m, sizeof(m)) < 0)
		return -1;
	worker_turn(r->worker);
	return rw_ring_pop(r->reports, REPORT_SLOT_BYTES, REPORT_SLOTS, &report) == 0 &&
			       report.status == RW_ACK_OK
		       ? 0
		       : -1;
}

int relay_open(struct relay *r, const struct pipe_case *what)
{
	*r = (struct relay){ .what = *what, .flow_count = (what->flows + 1) & ~1u };
	r->limits = (struct rw_limits){ .port_min = PORT_MIN,
					.port_max = PORT_MAX,
					.workers = 1,
					.media_count = 1,
					.srtp_suites = srtp_engine_suites(SRTP_ENGINE_AUTO) };
	rw_ip_parse(what->family == RW_FAMILY_IP4 ? "192.0.2.1" : "2001:db8::1",
		    &r->limits.media[0]);
	if (open_port(r) < 0 || make_memory(r) < 0 || make_worker(r) < 0)
		return -1;
	make_neighbours(r);
	for (uint32_t i = 0; i < r->flow_count; i++) {
		if (set_flow(r, i) == 0)
			continue;
		fprintf(stderr, "rtpwire-bench: the worker does not take flow %u\n", i);
		return -1;
	}
	return 0;
}

uint64_t relay_drops(const struct relay *r)
{
	uint64_t drops = 0;

	for (unsigned int i = 0; i < RW_DROP_MAX; i++)
		drops += r->stats->drops[i];
	return drops;
}

void relay_close(struct relay *r)
{
	worker_free(r->worker);
	srtp_free(r->srtp);
	if (r->rx && r->tx && r->pool) {
		rte_eth_dev_stop(r->ethdev);
		rte_eth_dev_close(r->ethdev);
	}
	rte_ring_free(r->rx);
	rte_ring_free(r->tx);
	rte_mempool_free(r->pool);
	unmap(r->adj, ADJ_MAX * sizeof(*r->adj));
	unmap(r->mailbox, rw_ring_bytes(MAIL_SLOT_BYTES, MAIL_SLOTS));
	unmap(r->reports, rw_ring_bytes(REPORT_SLOT_BYTES, REPORT_SLOTS));
	unmap(r->punts, rw_ring_bytes(RW_PUNT_SLOT_BYTES, PUNT_SLOTS));
	unmap(r->stats, sizeof(*r->stats));
	unmap(r->flow_stats, rw_flow_slots(&r->limits) * sizeof(*r->flow_stats));
}
