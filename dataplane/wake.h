/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waking a worker that sleeps until a packet comes: a bell for those who put something into its rings. The sleeper says so,
 * then looks at its rings once more; who has filled one looks whether it sleeps. One of the two sees the other.
 * No DPDK type here.
 */
#ifndef RTPWIRE_DATAPLANE_WAKE_H
#define RTPWIRE_DATAPLANE_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>

struct wake {
	_Alignas(64) _Atomic bool asleep; /* writer: worker */
	int fd; /* eventfd, not blocking */
};

/* After a ring of the worker was filled; any thread. w may be NULL: a worker that only naps. */
static inline void wake_up(struct wake *w)
{
	if (!w)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&w->asleep, memory_order_relaxed))
		eventfd_write(w->fd, 1); /* it cannot fail short of 2^64 - 1 calls */
}

/* Worker: from now on others ring. It must look at its rings after this and before it sleeps. */
static inline void wake_sleep(struct wake *w)
{
	atomic_store_explicit(&w->asleep, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

/* Worker: it is awake again. */
static inline void wake_woken(struct wake *w)
{
	eventfd_t rung;

	atomic_store_explicit(&w->asleep, false, memory_order_relaxed);
	eventfd_read(w->fd, &rung); /* or nobody has */
}

#endif
