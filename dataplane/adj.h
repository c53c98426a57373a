/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adjacencies: how to reach one destination address, as the kernel's routes and neighbours say.
 *
 * Writer: the manager thread (neigh.c), which alone allocates and frees entries. Readers: workers. A
 * worker keeps the version it built a flow's header from; as long as the entry's version is that one,
 * the header is right. No DPDK type here, so the stages can be tested without it.
 */
#ifndef RTPWIRE_DATAPLANE_ADJ_H
#define RTPWIRE_DATAPLANE_ADJ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define ADJ_MAX 65536u /* entries, number 0 included */
#define ADJ_NONE 0u /* "not resolved by the manager yet"; its state is ADJ_PENDING for ever */

enum adj_state {
	ADJ_PENDING, /* neighbour not resolved yet */
	ADJ_READY, /* all fields are valid */
	ADJ_NO_ROUTE, /* kernel has no usable route, or only one by an interface that is not ours */
	ADJ_SELF, /* destination is a media address of this dataplane */
};

/* What a worker needs to build an Ethernet header. */
struct adj_view {
	uint8_t state; /* enum adj_state */
	uint8_t port; /* index into the ports of the dataplane */
	uint16_t vlan; /* 802.1Q VLAN id, 0 = untagged */
	uint16_t mtu; /* largest IP packet, bytes */
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint8_t zero[6];
};

struct adj {
	_Alignas(32) _Atomic uint32_t version; /* odd while the manager writes */
	struct adj_view view;
};

_Static_assert(sizeof(struct adj) == 32, "two adjacencies per cache line");

/*
 * Copies an entry. Returns true and *version when the copy is whole; false when the manager is just
 * writing (use what you had, ask again with the next packet).
 */
static inline bool adj_read(const struct adj *a, struct adj_view *view, uint32_t *version)
{
	uint32_t before = atomic_load_explicit(&a->version, memory_order_acquire);

	*view = a->view;
	atomic_thread_fence(memory_order_acquire);
	*version = before;
	return !(before & 1) && before == atomic_load_explicit(&a->version, memory_order_relaxed);
}

/* Manager: replaces an entry. Readers see the old or the new one. */
static inline void adj_write(struct adj *a, const struct adj_view *view)
{
	uint32_t v = atomic_load_explicit(&a->version, memory_order_relaxed);

	atomic_store_explicit(&a->version, v + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	a->view = *view;
	atomic_store_explicit(&a->version, v + 2, memory_order_release);
}

#endif
