/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting DPDK: how much memory of which kind, which threads on which CPUs. Main thread.
 */
#ifndef RTPWIRE_DATAPLANE_EAL_H
#define RTPWIRE_DATAPLANE_EAL_H

#include <stdbool.h>

#include "config.h"

/* The lcore of a worker; the manager has lcore 0. */
#define EAL_WORKER_LCORE(worker) ((worker) + 1)

#define EAL_PAGE_BYTES 4096u

struct eal_plan {
	unsigned int mbufs; /* packet buffers */
	unsigned int data_room_bytes; /* of each, headroom included */
	bool whole_pages; /* each fills a page, as xdp: needs it (pool.c) */
	unsigned int memory_mb; /* for them and all else that DPDK allocates */
	bool hugepages;
	unsigned int hugepages_mb; /* what it would take in huge pages */
	unsigned int hugepages_free_mb; /* when the plan was made */
	unsigned int cpu_count; /* CPUs that this process may use */
	unsigned int cpus[RW_WORKERS_MAX]; /* of the workers, if pinned */
	bool pinned;
};

/*
 * Plans for `rings` receive and transmit queues in all and buffers that hold buffer_bytes each. 0, or -EINVAL (logged)
 * when --cpus names one that this process may not use.
 */
int eal_plan(const struct config *c, unsigned int rings, unsigned int buffer_bytes,
	     struct eal_plan *out);

/* Starts DPDK. 0, or -EIO (logged). Signals should be blocked before: its threads inherit that. */
int eal_start(const struct config *c, const struct eal_plan *plan);

/* Ends DPDK. Only after eal_start() returned 0. */
void eal_stop(void);

#endif
