/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The manager: the thread on the main lcore that serves control, mirrors the kernel and feeds workers.
 * It sleeps in epoll and wakes for sockets, the doorbell, signals and timers. No DPDK.
 */
#ifndef RTPWIRE_DATAPLANE_MANAGER_H
#define RTPWIRE_DATAPLANE_MANAGER_H

#include <stdatomic.h>
#include <stdint.h>

#include "rtpwire/stats.h"

#include "dispatch.h"
#include "neigh.h"
#include "netlink/mirror.h"
#include "shmhost.h"

struct manager_config {
	struct mirror *mirror; /* NULL = ports without a kernel */
	void (*links_changed)(void *arg); /* the mirror's links or routes may have changed */
	void *links_arg;
	struct neigh *neigh;
	struct dispatch *dispatch;
	const struct rw_worker_stats *worker_stats; /* workers of them */
	unsigned int workers;
	struct shmhost_config host;
};

struct manager;

/*
 * Starts to listen for control. SIGINT and SIGTERM must be blocked in all threads. What config points
 * to must outlive the manager. 0 and *out, or -EXXX (logged).
 */
int manager_new(const struct manager_config *config, struct manager **out);

/* Runs until SIGINT or SIGTERM. 0, or -errno when waiting fails (logged). */
int manager_run(struct manager *m);

/* Disconnects control and removes the socket; NULL is fine. */
void manager_free(struct manager *m);

#endif
