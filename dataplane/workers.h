/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers as the manager sees them: their memory, rings and threads. Main thread.
 */
#ifndef RTPWIRE_DATAPLANE_WORKERS_H
#define RTPWIRE_DATAPLANE_WORKERS_H

#include "rtpwire/stats.h"

#include "dispatch.h"
#include "port.h"

struct workers;

/*
 * Makes the stats memory, the rings and all workers. ports must be open; adj is the adjacency table. 0
 * and *out, or -ENOMEM (logged).
 */
int workers_new(const struct ports *ports, struct rte_mempool *pool, const struct adj *adj,
		struct workers **out);

/* Stops the threads, if they run, and frees all; NULL is fine. */
void workers_free(struct workers *ws);

/* Starts one thread per worker. 0 or -EIO (logged). */
int workers_start(struct workers *ws);

/* The rings of all workers, for dispatch_new(). */
const struct dispatch_worker *workers_rings(const struct workers *ws);

/* The stats memory: its descriptor (stays ours) and the workers' blocks. */
int workers_stats_fd(const struct workers *ws);
const struct rw_worker_stats *workers_stats(const struct workers *ws);

#endif
