/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator's loop, and how the main thread starts, watches and ends it (wire_loop.h).
 */
#include "wire_loop_own.h"

#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "eal.h"
#include "log.h"

/* When nothing has arrived for so long, what is missing is lost. */
#define SILENCE_MS 300u
#define GIVE_UP_MS 1000 /* after the end, for a port that takes no frames any more */
/* Packets are sent together that are due within this time: a burst costs less than its packets one by one. */
#define QUANTUM_US 4u
/* Bursts that are taken in a turn, as long as they are full. */
#define RECEIVE_ROUNDS 4u
/* A full port is asked again after that: a driver's rings are memory that the relay polls as well. */
#define RETRY_NS 500u
/* For so long the generator makes up for time that something took from it; then packets are skipped. */
#define BEHIND_MS 20u

static uint64_t ms_to_ticks(const struct wire_loop *g, uint64_t ms)
{
	return g->ticks_per_s / 1000 * ms;
}

/* --- generator --- */

/* Hands out counts and the histogram that was being filled. */
static void publish(struct wire_loop *g, unsigned int wanted)
{
	g->published = g->counts;
	g->filling = !g->filling;
	atomic_store_explicit(&g->served, wanted, memory_order_release);
}

static bool sending_ended(struct wire_loop *g, uint64_t tsc)
{
	bool over = tsc - g->start_tsc >= ms_to_ticks(g, g->pace.duration_ms) ||
		    atomic_load_explicit(&g->stop, memory_order_relaxed);

	if (over && !g->over_tsc)
		g->over_tsc = tsc;
	if (g->pending)
		return over && tsc - g->over_tsc > ms_to_ticks(g, GIVE_UP_MS);
	return over || (g->pace.packets && g->scheduled >= g->pace.packets);
}

static bool receiving_ended(const struct wire_loop *g, uint64_t tsc)
{
	uint64_t since = g->last_rx_tsc > g->end_tsc ? g->last_rx_tsc : g->end_tsc;

	if (g->counts.received >= g->counts.sent)
		return true;
	return (int64_t)(tsc - since) > (int64_t)ms_to_ticks(g, SILENCE_MS);
}

/* One turn: send what is due, take what is there. False when the trial is over. */
static bool turn(struct wire_loop *g)
{
	uint64_t tsc = rte_rdtsc();
	unsigned int wanted = atomic_load_explicit(&g->wanted, memory_order_acquire);

	if (!g->end_tsc) {
		wire_send(g, tsc);
		if (sending_ended(g, tsc)) {
			wire_give_up(g);
			g->end_tsc = tsc;
		}
	} else if (receiving_ended(g, tsc)) {
		return false;
	}
	/* what has arrived goes first: nobody shall lose it because we are busy sending */
	for (unsigned int n = 0; n < RECEIVE_ROUNDS && wire_receive(g) >= WIRE_BURST_MAX; n++)
		;
	if (wanted != atomic_load_explicit(&g->served, memory_order_relaxed))
		publish(g, wanted);
	return true;
}

static int run(void *arg)
{
	struct wire_loop *g = arg;

	g->start_tsc = rte_rdtsc();
	g->last_rx_tsc = g->start_tsc;
	while (turn(g))
		;
	atomic_store_explicit(&g->done, true, memory_order_release);
	return 0;
}

/* --- main thread --- */

static void write_pattern(struct rte_mempool *pool, void *arg, void *buffer, unsigned int i)
{
	const struct wire_flows *f = arg;
	struct rte_mbuf *m = buffer;

	(void)pool;
	(void)i;
	memcpy((uint8_t *)m->buf_addr + WIRE_PAYLOAD_AT + WIRE_RTP_BYTES, f->pattern,
	       f->payload_bytes);
}

static bool keeps_pattern(const struct wire_flows *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (f->tx[i].context)
			return false;
	return true;
}

int wire_loop_new(struct wire_flows *flows, const struct wire_queues *queues,
		  struct wire_loop **out)
{
	struct wire_loop *g = aligned_alloc(64, (sizeof(*g) + 63) / 64 * 64);

	if (!g)
		return -1;
	memset(g, 0, sizeof(*g));
	g->flows = flows;
	g->queues = queues;
	g->ticks_per_s = rte_get_tsc_hz();
	g->ns_per_tick = 1e9 / (double)g->ticks_per_s;
	g->epoch_tsc = rte_rdtsc();
	g->retry_ticks = g->ticks_per_s * RETRY_NS / 1000000000;
	g->keeps_pattern = keeps_pattern(flows);
	rte_mempool_obj_iter(queues->tx_pool, write_pattern, flows);
	*out = g;
	return 0;
}

void wire_loop_free(struct wire_loop *g)
{
	free(g);
}

/* All that was sent before is of no interest any more. */
static void reset_streams(const struct wire_flows *f)
{
	for (uint32_t i = 0; i < f->count; i++) {
		struct wire_rx *r = &f->rx[f->tx[i].stream];

		r->first = r->next = f->tx[i].next;
		r->window = ~0ull;
		r->received = 0;
		r->jitter = 0;
		r->transit_ns = 0;
	}
}

static void set_pace(struct wire_loop *g, const struct wire_pace *pace)
{
	uint64_t quantum = pace->rate * QUANTUM_US / 1000000;

	g->pace = *pace;
	g->packets_per_tick = (double)pace->rate / (double)g->ticks_per_s;
	g->quantum = quantum > pace->burst ? pace->burst : (unsigned int)quantum;
	g->behind_max = pace->rate * BEHIND_MS / 1000;
	if (g->behind_max < pace->burst)
		g->behind_max = pace->burst;
}

void wire_loop_start(struct wire_loop *g, const struct wire_pace *pace)
{
	set_pace(g, pace);
	g->trial++;
	g->end_tsc = 0;
	g->over_tsc = 0;
	g->scheduled = 0;
	g->pending = 0;
	memset(&g->counts, 0, sizeof(g->counts));
	memset(g->lists, 0, sizeof(g->lists));
	memset(g->latency, 0, sizeof(g->latency));
	reset_streams(g->flows);
	atomic_store(&g->stop, false);
	atomic_store(&g->done, false);
	rte_eal_remote_launch(run, g, EAL_WORKER_LCORE(0));
}

void wire_loop_stop(struct wire_loop *g)
{
	atomic_store(&g->stop, true);
}

bool wire_loop_done(struct wire_loop *g)
{
	if (!atomic_load_explicit(&g->done, memory_order_acquire))
		return false;
	rte_eal_wait_lcore(EAL_WORKER_LCORE(0));
	return true;
}

/* After the end nobody serves any more. */
void wire_loop_look(struct wire_loop *g, struct wire_counts *counts, struct hdr *latency)
{
	unsigned int wanted = atomic_load(&g->wanted) + 1;
	struct hdr *full;

	atomic_store_explicit(&g->wanted, wanted, memory_order_release);
	while (atomic_load_explicit(&g->served, memory_order_acquire) != wanted) {
		if (wire_loop_done(g))
			publish(g, wanted);
		else
			rte_pause();
	}
	full = &g->latency[!g->filling];
	hdr_merge(latency, full);
	memset(full, 0, sizeof(*full));
	*counts = g->published;
}

double wire_loop_send_s(const struct wire_loop *g)
{
	return (double)(g->end_tsc - g->start_tsc) / (double)g->ticks_per_s;
}
