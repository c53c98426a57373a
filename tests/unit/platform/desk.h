/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dispatch.c between a control and workers that a test plays itself: rings in plain memory, no thread.
 */
#ifndef RTPWIRE_TESTS_DESK_H
#define RTPWIRE_TESTS_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/msg.h"
#include "rtpwire/punt.h"

#include "dispatch.h"
#include "mailbox.h"

#define DESK_WORKERS 2u
#define DESK_PORT_MIN 8000
#define DESK_PORT_MAX 8063

struct desk {
	struct rw_limits limits;
	struct neigh *neigh;
	struct dispatch *dispatch;
	struct dispatch_worker rings[DESK_WORKERS];
	uint8_t *wire;
	struct rw_ring *commands, *events, *punts;
	uint64_t now_ns;
};

/* Media addresses 192.0.2.1 and 2001:db8::1, ports without a kernel; a control is attached. NULL: no memory. */
struct desk *desk_new(void);
void desk_free(struct desk *d);

/* A new control with fresh memory. */
void desk_attach(struct desk *d);

/* A spec that is accepted; peer is IPv4 text or NULL. */
struct rw_flow_spec desk_spec(uint16_t port, const char *peer);

/* Control's side: 0 or -EAGAIN. */
int desk_command(struct desk *d, uint32_t type, uint64_t seq, const struct rw_flow_spec *spec);
bool desk_event(struct desk *d, struct rw_event *out);

/* One worker's side. */
bool desk_mail(struct desk *d, unsigned int worker, struct mail *out);
bool desk_report(struct desk *d, unsigned int worker, const struct report *r);

/* Turns until nothing moves any more. Returns what the last dispatch_turn() returned. */
int desk_run(struct desk *d);

#endif
