/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that the dataplane does not understand on purpose (STUN, DTLS), on their way to control.
 * Lossy: a full ring drops the packet, counted as RW_DROP_punt_full.
 */
#ifndef RTPWIRE_PUNT_H
#define RTPWIRE_PUNT_H

#include <stdint.h>

#include "rtpwire/abi.h"
#include "rtpwire/addr.h"
#include "rtpwire/flow.h"
#include "rtpwire/msg.h"
#include "rtpwire/ring.h"

struct rw_punt {
	rw_flow_id flow; /* where it arrived */
	uint32_t class_; /* enum rw_class: STUN or DTLS */
	uint64_t generation; /* of that flow */
	uint64_t received_ns; /* CLOCK_MONOTONIC */
	struct rw_endpoint source;
	uint32_t len_bytes; /* at most RW_DATAGRAM_BYTES; check before use */
	uint32_t zero;
	uint8_t payload[RW_DATAGRAM_BYTES];
};

#define RW_PUNT_SLOTS 1024u
#define RW_PUNT_SLOT_BYTES ((uint32_t)sizeof(struct rw_punt))

_Static_assert(sizeof(struct rw_punt) % 8 == 0, "slots stay aligned");

/* Layout of the `wire` memory. All offsets are constants of the contract, in bytes. */
#define RW_WIRE_MAGIC 0x57505752u /* "RWPW" */

struct rw_wire_header {
	_Alignas(RW_CACHE_LINE_BYTES) uint32_t magic; /* RW_WIRE_MAGIC; writer: dataplane, once */
	uint32_t version;
	uint64_t size_bytes;
};

static inline uint64_t rw_wire_align(uint64_t n)
{
	return (n + RW_CACHE_LINE_BYTES - 1) / RW_CACHE_LINE_BYTES * RW_CACHE_LINE_BYTES;
}

static inline uint64_t rw_wire_commands_offset(void)
{
	return sizeof(struct rw_wire_header);
}

static inline uint64_t rw_wire_events_offset(void)
{
	return rw_wire_commands_offset() +
	       rw_wire_align(rw_ring_bytes(RW_COMMAND_SLOT_BYTES, RW_COMMAND_SLOTS));
}

static inline uint64_t rw_wire_punts_offset(void)
{
	return rw_wire_events_offset() +
	       rw_wire_align(rw_ring_bytes(RW_EVENT_SLOT_BYTES, RW_EVENT_SLOTS));
}

static inline uint64_t rw_wire_bytes(void)
{
	return rw_wire_punts_offset() +
	       rw_wire_align(rw_ring_bytes(RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS));
}

#endif
