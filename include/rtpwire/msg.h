/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages in the `wire` memory and its layout: a command ring (control → dataplane) and an event ring
 * (dataplane → control), followed by the punt ring of punt.h. Each control connection gets fresh memory.
 *
 * Commands set whole state and may be repeated; each is answered by exactly one RW_EVENT_ACK with its
 * seq. Commands of one flow are applied in order. A full command ring is waited for by control; the
 * dataplane stops taking commands while the event ring has no room, so no ACK is ever lost.
 */
#ifndef RTPWIRE_MSG_H
#define RTPWIRE_MSG_H

#include <stdint.h>

#include "rtpwire/abi.h"
#include "rtpwire/flow.h"
#include "rtpwire/ring.h"

enum rw_command_type {
	RW_COMMAND_FLOW_SET = 1, /* create or replace spec.id */
	RW_COMMAND_FLOW_DEL, /* delete spec.id if spec.generation is not older; unknown is fine */
	RW_COMMAND_SNAPSHOT, /* RW_EVENT_FLOW for every live flow, then the ACK */
	RW_COMMAND_MAX
};

struct rw_command {
	uint32_t type; /* enum rw_command_type */
	uint32_t zero;
	uint64_t seq; /* control's own number, returned in the ACK */
	struct rw_flow_spec spec;
};

enum rw_event_type {
	RW_EVENT_ACK = 1, /* the command with this seq was applied or refused */
	RW_EVENT_FLOW, /* one live flow of a snapshot: spec as set last, peer and source as of now */
	RW_EVENT_MAX
};

enum rw_ack_status {
	RW_ACK_OK,
	RW_ACK_STALE, /* older generation: ignored */
	RW_ACK_REFUSED, /* reason says why */
	RW_ACK_MAX
};

struct rw_event {
	uint32_t type; /* enum rw_event_type */
	uint32_t status; /* ACK: enum rw_ack_status */
	uint32_t reason; /* ACK with REFUSED: enum rw_flow_error */
	uint32_t zero;
	uint64_t seq; /* of the command */
	struct rw_flow_spec spec; /* FLOW */
};

#define RW_COMMAND_SLOTS 4096u
#define RW_COMMAND_SLOT_BYTES ((uint32_t)sizeof(struct rw_command))
#define RW_EVENT_SLOTS 4096u
#define RW_EVENT_SLOT_BYTES ((uint32_t)sizeof(struct rw_event))

_Static_assert(sizeof(struct rw_command) % 8 == 0, "slots stay aligned");
_Static_assert(sizeof(struct rw_event) % 8 == 0, "slots stay aligned");

#endif
