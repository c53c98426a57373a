/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the workers from the ports, starts and stops their threads. Main thread.
 */
#include "workers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "rtpwire/clock.h"
#include "rtpwire/shm.h"

#include "eal.h"
#include "mailbox.h"
#include "wake.h"

#define PEER_RING_SLOTS 1024
#define REST_MS 50 /* so the heartbeat goes on */

struct workers {
	const struct ports *ports;
	struct rte_mempool *pool;
	const struct adj *adj;
	unsigned int count;
	int stats_fd;
	struct rw_stats_header *stats;
	uint64_t stats_bytes;
	struct dispatch_worker rings[RW_WORKERS_MAX];
	struct wake wake[RW_WORKERS_MAX];
	struct rte_ring *handoff[RW_WORKERS_MAX][RW_WORKERS_MAX]; /* [from][to] */
	struct rte_ring *tx[RW_WORKERS_MAX][RW_WORKERS_MAX]; /* [from][to] */
	struct worker *worker[RW_WORKERS_MAX];
	struct srtp *srtp[RW_WORKERS_MAX];
	unsigned int running;
	atomic_bool stop;
};

static int make_stats(struct workers *ws)
{
	const struct rw_limits *lim = &ws->ports->config->limits;
	uint64_t workers_offset = rw_wire_align(sizeof(struct rw_stats_header));
	uint64_t flows_offset = workers_offset + ws->count * sizeof(struct rw_worker_stats);
	void *map = NULL;

	ws->stats_bytes = flows_offset + rw_flow_slots(lim) * sizeof(struct rw_flow_stats);
	ws->stats_fd = rw_shm_create("rtpwire-stats", ws->stats_bytes, 1, &map);
	if (ws->stats_fd < 0)
		return -ENOMEM;
	madvise(map, ws->stats_bytes,
		MADV_HUGEPAGE); /* where the kernel has them for shared memory */
	ws->stats = map;
	*ws->stats = (struct rw_stats_header){
		.magic = RW_STATS_MAGIC,
		.version = RW_ABI_VERSION,
		.workers = ws->count,
		.flow_slots = rw_flow_slots(lim),
		.workers_offset = workers_offset,
		.flows_offset = flows_offset,
		.size_bytes = ws->stats_bytes,
		.started_ns = rw_monotonic_ns(),
	};
	return 0;
}

/* Keys pass through these rings, so they stay out of core dumps. */
static struct rw_ring *make_ring(uint32_t slot_bytes, uint32_t count)
{
	size_t bytes = rw_ring_bytes(slot_bytes, count);
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_DONTDUMP);
	return p;
}

static void free_ring(struct rw_ring *r, uint32_t slot_bytes, uint32_t count)
{
	if (r)
		munmap(r, rw_ring_bytes(slot_bytes, count));
}

/* A ring of mbufs between two workers. */
static struct rte_ring *make_peer_ring(const char *what, unsigned int from, unsigned int to)
{
	char name[64]; /* at most "handoff_31_31", well below RTE_RING_NAMESIZE */

	snprintf(name, sizeof(name), "%s_%u_%u", what, from, to);
	return rte_ring_create(name, PEER_RING_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int make_rings(struct workers *ws, unsigned int w)
{
	struct dispatch_worker *r = &ws->rings[w];

	ws->wake[w].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ws->wake[w].fd < 0)
		return -ENOMEM;
	r->wake = &ws->wake[w];
	r->mailbox = make_ring(MAIL_SLOT_BYTES, MAIL_SLOTS);
	r->reports = make_ring(REPORT_SLOT_BYTES, REPORT_SLOTS);
	r->punts = make_ring(RW_PUNT_SLOT_BYTES, PUNT_SLOTS);
	if (!r->mailbox || !r->reports || !r->punts)
		return -ENOMEM;
	for (unsigned int to = 0; to < ws->count; to++) {
		if (to == w)
			continue;
		ws->handoff[w][to] = make_peer_ring("handoff", w, to);
		ws->tx[w][to] = make_peer_ring("tx", w, to);
		if (!ws->handoff[w][to] || !ws->tx[w][to])
			return -ENOMEM;
	}
	return 0;
}

/*
 * Contexts for all flows that a worker can have: two directions, and during a change of keys a third one.
 */
static uint32_t srtp_contexts(const struct rw_limits *lim)
{
	return (rw_flow_slots(lim) / lim->workers + 2u * RW_MEDIA_MAX) * 3u;
}

static int make_worker(struct workers *ws, unsigned int w)
{
	const struct config *config = ws->ports->config;
	uint8_t *stats = (uint8_t *)ws->stats;
	struct worker_config c = {
		.index = w,
		.limits = config->limits,
		.adj = ws->adj,
		.pool = ws->pool,
		.mailbox = ws->rings[w].mailbox,
		.reports = ws->rings[w].reports,
		.punts = ws->rings[w].punts,
		.stats = (struct rw_worker_stats *)(stats + ws->stats->workers_offset) + w,
		.flow_stats = (struct rw_flow_stats *)(stats + ws->stats->flows_offset),
		.adaptive = config_adaptive(config),
		.rest_ms = REST_MS,
		.stop = &ws->stop,
	};

	if (srtp_new(config->srtp_engine, srtp_contexts(&config->limits), config->srtp_window,
		     &ws->srtp[w]) < 0)
		return -ENOMEM;
	c.srtp = ws->srtp[w];
	c.port_count = ws->ports->count;
	ports_of_worker(ws->ports, w, c.ports);
	c.queue_count = ports_queues_of_worker(ws->ports, w, c.queues);
	for (unsigned int i = 0; i < ws->count; i++) {
		c.handoff_out[i] = ws->handoff[w][i];
		c.handoff_in[i] = ws->handoff[i][w];
		c.tx_out[i] = ws->tx[w][i];
		c.tx_in[i] = ws->tx[i][w];
		c.wake[i] = &ws->wake[i];
	}
	return worker_new(&c, &ws->worker[w]);
}

int workers_new(const struct ports *ports, struct rte_mempool *pool, const struct adj *adj,
		struct workers **out)
{
	struct workers *ws = aligned_alloc(64, (sizeof(*ws) + 63) / 64 * 64);
	int rc;

	if (!ws)
		return -ENOMEM;
	memset(ws, 0, sizeof(*ws));
	for (unsigned int w = 0; w < RW_WORKERS_MAX; w++)
		ws->wake[w].fd = -1;
	ws->ports = ports;
	ws->pool = pool;
	ws->adj = adj;
	ws->count = ports->config->limits.workers;
	rc = make_stats(ws);
	for (unsigned int w = 0; w < ws->count && rc == 0; w++)
		rc = make_rings(ws, w);
	for (unsigned int w = 0; w < ws->count && rc == 0; w++)
		rc = make_worker(ws, w);
	if (rc < 0) {
		log_error("not enough memory for %u workers; give less --workers or --media-ports",
			  ws->count);
		workers_free(ws);
		return -ENOMEM;
	}
	*out = ws;
	return 0;
}

/* A ring that still holds packets gives them back first: the pool outlives us. */
static void free_peer_ring(struct rte_ring *r)
{
	void *m;

	while (r && rte_ring_dequeue(r, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

void workers_free(struct workers *ws)
{
	if (!ws)
		return;
	atomic_store(&ws->stop, true);
	for (unsigned int w = 0; w < ws->running; w++) {
		wake_up(&ws->wake[w]);
		rte_eal_wait_lcore(EAL_WORKER_LCORE(w));
	}
	for (unsigned int w = 0; w < ws->count; w++) {
		worker_free(ws->worker[w]);
		srtp_free(ws->srtp[w]);
		if (ws->wake[w].fd >= 0)
			close(ws->wake[w].fd);
		free_ring(ws->rings[w].mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS);
		free_ring(ws->rings[w].reports, REPORT_SLOT_BYTES, REPORT_SLOTS);
		free_ring(ws->rings[w].punts, RW_PUNT_SLOT_BYTES, PUNT_SLOTS);
		for (unsigned int to = 0; to < ws->count; to++) {
			free_peer_ring(ws->handoff[w][to]);
			free_peer_ring(ws->tx[w][to]);
		}
	}
	if (ws->stats) {
		munmap(ws->stats, ws->stats_bytes);
		close(ws->stats_fd);
	}
	free(ws);
}

int workers_start(struct workers *ws)
{
	for (; ws->running < ws->count; ws->running++) {
		unsigned int w = ws->running;

		if (rte_eal_remote_launch(worker_run, ws->worker[w], EAL_WORKER_LCORE(w)) == 0)
			continue;
		log_error("worker %u does not start; check --lcores after --", w);
		return -EIO;
	}
	return 0;
}

const struct dispatch_worker *workers_rings(const struct workers *ws)
{
	return ws->rings;
}

int workers_stats_fd(const struct workers *ws)
{
	return ws->stats_fd;
}

const struct rw_worker_stats *workers_stats(const struct workers *ws)
{
	return (const struct rw_worker_stats *)((const uint8_t *)ws->stats +
						ws->stats->workers_offset);
}
