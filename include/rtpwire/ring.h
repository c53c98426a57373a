/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bounded single-producer single-consumer ring of fixed-size slots in memory that both programs map
 * and neither trusts.
 *
 * Geometry (slot size, count) is never read from shared memory: each side has it from the contract and
 * passes it in. head and tail are free-running; whatever the other side writes there, an index is masked
 * before use and a distance beyond the ring's size counts as damage. Slots are copied out before anybody
 * looks into them.
 */
#ifndef RTPWIRE_RING_H
#define RTPWIRE_RING_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rtpwire/abi.h"

struct rw_ring {
	_Alignas(RW_CACHE_LINE_BYTES) _Atomic uint32_t head; /* writer: producer */
	_Alignas(RW_CACHE_LINE_BYTES) _Atomic uint32_t tail; /* writer: consumer */
	_Alignas(RW_CACHE_LINE_BYTES) uint8_t slots[]; /* count × slot_bytes */
};

/* Bytes that a ring takes. count must be a power of two, slot_bytes a multiple of 8. */
static inline uint64_t rw_ring_bytes(uint32_t slot_bytes, uint32_t count)
{
	return sizeof(struct rw_ring) + (uint64_t)slot_bytes * count;
}

/*
 * Producer: copies len_bytes (at most slot_bytes) into the next slot.
 * 0; -EAGAIN when the ring is full; -EPROTO when the consumer's index is impossible.
 */
static inline int rw_ring_push(struct rw_ring *r, uint32_t slot_bytes, uint32_t count,
			       const void *msg, uint32_t len_bytes)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t used = head - atomic_load_explicit(&r->tail, memory_order_acquire);

	if (used > count)
		return -EPROTO;
	if (used == count)
		return -EAGAIN;
	memcpy(r->slots + (uint64_t)(head & (count - 1)) * slot_bytes, msg, len_bytes);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return 0;
}

/* Consumer: true when nothing is there to be popped. */
static inline bool rw_ring_empty(const struct rw_ring *r)
{
	return atomic_load_explicit(&r->head, memory_order_acquire) ==
	       atomic_load_explicit(&r->tail, memory_order_relaxed);
}

/*
 * Consumer: copies one slot (slot_bytes) to msg and wipes it: messages may hold keys.
 * 0; -EAGAIN when the ring is empty; -EPROTO when the producer's index is impossible.
 */
static inline int rw_ring_pop(struct rw_ring *r, uint32_t slot_bytes, uint32_t count, void *msg)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint32_t used = atomic_load_explicit(&r->head, memory_order_acquire) - tail;

	if (used > count)
		return -EPROTO;
	if (used == 0)
		return -EAGAIN;
	memcpy(msg, r->slots + (uint64_t)(tail & (count - 1)) * slot_bytes, slot_bytes);
	explicit_bzero(r->slots + (uint64_t)(tail & (count - 1)) * slot_bytes, slot_bytes);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return 0;
}

#endif
