/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker: its loop over ports, rings and mailbox. Thread: one lcore per worker.
 *
 * A turn takes at most one burst from each place, reads the TSC once and makes no system call. Every
 * 256 turns it tidies up; an idle worker sleeps or naps if it may (--poll adaptive).
 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "rtpwire/clock.h"

#include "apply.h"
#include "wake.h"
#include "worker_io.h"

#define HOUSEKEEPING_TURNS 256u

/* A machine that is busy with other things must not keep packets waiting. Only for a worker that naps. */
#define WORKER_NICE (-10)

/* Empty turns before a worker sleeps that a packet wakes. */
#define REST_TURNS 100u

/* Empty turns before the first nap of one that nothing wakes, and the lengths of naps: doubled from one to the other. */
#define IDLE_TURNS 2000u
#define NAP_FIRST_NS 2000u
#define NAP_LONGEST_NS 100000u

static uint32_t bypass_ports(const struct worker_config *config)
{
	uint32_t ports = 0;

	for (unsigned int i = 0; i < config->port_count; i++)
		if (config->ports[i].bypass_port >= 0)
			ports |= 1u << i;
	return ports;
}

int worker_new(const struct worker_config *config, struct worker **out)
{
	struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);
	struct path_config path = {
		.index = config->index,
		.limits = config->limits,
		.bypass_ports = bypass_ports(config),
		.adj = config->adj,
		.mailbox = config->mailbox,
		.reports = config->reports,
		.punts = config->punts,
		.stats = config->stats,
		.flow_stats = config->flow_stats,
		.srtp = config->srtp,
	};

	if (!w)
		return -ENOMEM;
	memset(w, 0, sizeof(*w));
	w->config = *config;
	if (path_init(&w->path, &path) < 0) {
		free(w);
		return -ENOMEM;
	}
	*out = w;
	return 0;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	path_free(&w->path);
	free(w);
}

static unsigned int poll_ports(struct worker *w)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < w->config.queue_count; i++) {
		const struct worker_queue *q = &w->config.queues[i];
		unsigned int n;

		if (w->config.ports[q->port].bypass_all) {
			total += stage_rx_bypass(w, q);
			continue;
		}
		n = stage_rx(w, q);
		if (n) {
			path_run(&w->path, &w->batch);
			stage_tx(w);
		}
		total += n;
	}
	return total;
}

static unsigned int poll_workers(struct worker *w)
{
	unsigned int total = 0;

	for (unsigned int from = 0; from < w->config.limits.workers; from++) {
		unsigned int n = stage_handoff_take(w, from);

		if (n) {
			path_run(&w->path, &w->batch);
			stage_tx(w);
		}
		total += n + stage_tx_take(w, from);
	}
	return total;
}

/* The vDSO's clock is read about once a second; the TSC carries the time in between. */
static void housekeeping(struct worker *w, uint64_t tsc)
{
	if (tsc - w->anchored_tsc >= w->tsc_hz) {
		uint64_t ns = rw_monotonic_ns();

		w->anchored_tsc = rte_rdtsc();
		clock_anchor(&w->clock, w->anchored_tsc, ns);
	}
	w->config.stats->heartbeat_ns = w->path.now.ns;
	w->config.stats->flows = w->path.table.count;
}

/* Mail comes without a signal, so no nap may be longer than its sender can wait. */
static void nap(struct worker *w)
{
	struct timespec ts = { 0 };

	w->nap_ns = w->nap_ns ? w->nap_ns * 2 : NAP_FIRST_NS;
	if (w->nap_ns > NAP_LONGEST_NS)
		w->nap_ns = NAP_LONGEST_NS;
	ts.tv_nsec = w->nap_ns;
	count(&w->path, RW_COUNT_pauses, 1);
	nanosleep(&ts, NULL);
}

/* Something is there to be done, also if not at once (mail that waits for room among the reports), or the end has come. */
static bool has_work(const struct worker *w)
{
	if (atomic_load_explicit(w->config.stop, memory_order_relaxed))
		return true;
	if (!rw_ring_empty(w->config.mailbox) || w->path.mail_held || w->path.snapshot_runs)
		return true;
	for (unsigned int from = 0; from < w->config.limits.workers; from++) {
		if (w->config.handoff_in[from] && !rte_ring_empty(w->config.handoff_in[from]))
			return true;
		if (w->config.tx_in[from] && !rte_ring_empty(w->config.tx_in[from]))
			return true;
	}
	return false;
}

/* An interface that went down leaves an error at its socket, which would end each sleep at once; reading takes it away. */
static bool take_errors(const struct worker *w)
{
	bool any = false;

	for (unsigned int i = 0; i < w->config.queue_count; i++) {
		int error;
		socklen_t len = sizeof(error);

		if (!(w->sleep_on[i].revents & (POLLERR | POLLHUP | POLLNVAL)))
			continue;
		getsockopt(w->sleep_on[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
		any = true;
	}
	return any;
}

/* Sleeps until something arrives anywhere; packets that are there already end it at once. */
static void rest(struct worker *w)
{
	struct wake *bell = w->config.wake[w->config.index];
	bool disturbed = true;

	wake_sleep(bell);
	if (!has_work(w)) {
		count(&w->path, RW_COUNT_pauses, 1);
		disturbed = poll(w->sleep_on, w->sleep_on_count, w->config.rest_ms) > 0 &&
			    take_errors(w);
	}
	wake_woken(bell);
	if (disturbed)
		nap(w);
	housekeeping(w, rte_rdtsc()); /* 256 turns can take long now */
}

/* Notes what to sleep on, if all queues can be slept on. */
static void prepare_rest(struct worker *w)
{
	struct wake *bell = w->config.wake[w->config.index];

	if (!w->config.adaptive || !bell)
		return;
	for (unsigned int i = 0; i < w->config.queue_count; i++) {
		if (w->config.queues[i].fd < 0)
			return;
		w->sleep_on[i] = (struct pollfd){ .fd = w->config.queues[i].fd, .events = POLLIN };
	}
	w->sleep_on[w->config.queue_count] = (struct pollfd){ .fd = bell->fd, .events = POLLIN };
	w->sleep_on_count = w->config.queue_count + 1;
}

static void idle(struct worker *w)
{
	count(&w->path, RW_COUNT_empty_polls, 1);
	if (w->empty_turns < (w->sleep_on_count ? REST_TURNS : IDLE_TURNS)) {
		w->empty_turns++;
		rte_pause();
	} else if (w->sleep_on_count) {
		rest(w);
	} else if (w->config.adaptive) {
		nap(w);
	} else {
		rte_pause();
	}
}

void worker_turn(struct worker *w)
{
	uint64_t tsc = rte_rdtsc();
	unsigned int packets, mails;

	w->path.now = rtp_arrival(clock_now(&w->clock, tsc));
	packets = poll_ports(w) + poll_workers(w);
	mails = apply(&w->path);
	count(&w->path, RW_COUNT_polls, 1);
	if (w->turns++ % HOUSEKEEPING_TURNS == 0)
		housekeeping(w, tsc);
	if (packets + mails) {
		w->empty_turns = 0;
		w->nap_ns = 0;
		if (packets)
			return;
	}
	idle(w);
}

void worker_start(struct worker *w)
{
	uint64_t ns = rw_monotonic_ns(), tsc = rte_rdtsc();

	w->tsc_hz = rte_get_tsc_hz();
	w->anchored_tsc = tsc;
	clock_start(&w->clock, tsc, ns, w->tsc_hz);
	prepare_rest(w);
}

int worker_run(void *arg)
{
	struct worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* else a nap of 2 µs takes 50 µs more */
	if (w->config.adaptive)
		setpriority(PRIO_PROCESS, 0, WORKER_NICE); /* this thread; may be forbidden */
	worker_start(w);
	while (!atomic_load_explicit(w->config.stop, memory_order_relaxed))
		worker_turn(w);
	return 0;
}
