/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The desk of tests of dispatch.c.
 */
#include <stdlib.h>
#include <string.h>

#include "../mapped.h"
#include "desk.h"

static struct rw_ring *make_ring(uint32_t slot_bytes, uint32_t count)
{
	return mapped_new(rw_ring_bytes(slot_bytes, count));
}

static void free_ring(struct rw_ring *r, uint32_t slot_bytes, uint32_t count)
{
	mapped_free(r, rw_ring_bytes(slot_bytes, count));
}

struct desk *desk_new(void)
{
	struct desk *d = calloc(1, sizeof(*d));
	struct neigh_config nc = { .kernel = NULL };
	bool ok = d != NULL;

	if (!d)
		return NULL;
	d->limits = (struct rw_limits){ .port_min = DESK_PORT_MIN,
					.port_max = DESK_PORT_MAX,
					.workers = DESK_WORKERS,
					.media_count = 2,
					.srtp_suites = (1u << RW_SRTP_SUITE_MAX) - 2 };
	rw_ip_parse("192.0.2.1", &d->limits.media[0]);
	rw_ip_parse("2001:db8::1", &d->limits.media[1]);
	nc.limits = d->limits;
	for (unsigned int w = 0; w < DESK_WORKERS; w++) {
		d->rings[w].mailbox = make_ring(MAIL_SLOT_BYTES, MAIL_SLOTS);
		d->rings[w].reports = make_ring(REPORT_SLOT_BYTES, REPORT_SLOTS);
		d->rings[w].punts = make_ring(RW_PUNT_SLOT_BYTES, PUNT_SLOTS);
		ok = ok && d->rings[w].mailbox && d->rings[w].reports && d->rings[w].punts;
	}
	d->wire = mapped_new(rw_wire_bytes());
	ok = ok && d->wire && neigh_new(&nc, &d->neigh) == 0 &&
	     dispatch_new(&d->limits, d->rings, d->neigh, &d->dispatch) == 0;
	if (!ok) {
		desk_free(d);
		return NULL;
	}
	d->now_ns = 1000000000;
	desk_attach(d);
	return d;
}

void desk_free(struct desk *d)
{
	if (!d)
		return;
	dispatch_free(d->dispatch);
	neigh_free(d->neigh);
	for (unsigned int w = 0; w < DESK_WORKERS; w++) {
		free_ring(d->rings[w].mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS);
		free_ring(d->rings[w].reports, REPORT_SLOT_BYTES, REPORT_SLOTS);
		free_ring(d->rings[w].punts, RW_PUNT_SLOT_BYTES, PUNT_SLOTS);
	}
	mapped_free(d->wire, rw_wire_bytes());
	free(d);
}

void desk_attach(struct desk *d)
{
	d->commands = (struct rw_ring *)(d->wire + rw_wire_commands_offset());
	d->events = (struct rw_ring *)(d->wire + rw_wire_events_offset());
	d->punts = (struct rw_ring *)(d->wire + rw_wire_punts_offset());
	memset(d->commands, 0, sizeof(*d->commands));
	memset(d->events, 0, sizeof(*d->events));
	memset(d->punts, 0, sizeof(*d->punts));
	dispatch_attach(d->dispatch, d->wire);
}

struct rw_flow_spec desk_spec(uint16_t port, const char *peer)
{
	struct rw_flow_spec s;

	memset(&s, 0, sizeof(s));
	s.id = rw_flow_id_make(0, port);
	s.generation = 1;
	s.out_rtp = s.out_rtcp = RW_FLOW_NONE;
	s.clock_hz = 8000;
	if (peer && rw_ip_parse(peer, &s.peer.ip) == 0)
		s.peer.port_be = htons(4000);
	return s;
}

int desk_command(struct desk *d, uint32_t type, uint64_t seq, const struct rw_flow_spec *spec)
{
	struct rw_command c;

	memset(&c, 0, sizeof(c));
	c.type = type;
	c.seq = seq;
	if (spec)
		c.spec = *spec;
	return rw_ring_push(d->commands, RW_COMMAND_SLOT_BYTES, RW_COMMAND_SLOTS, &c, sizeof(c));
}

bool desk_event(struct desk *d, struct rw_event *out)
{
	return rw_ring_pop(d->events, RW_EVENT_SLOT_BYTES, RW_EVENT_SLOTS, out) == 0;
}

bool desk_mail(struct desk *d, unsigned int worker, struct mail *out)
{
	return rw_ring_pop(d->rings[worker].mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, out) == 0;
}

bool desk_report(struct desk *d, unsigned int worker, const struct report *r)
{
	return rw_ring_push(d->rings[worker].reports, REPORT_SLOT_BYTES, REPORT_SLOTS, r,
			    sizeof(*r)) == 0;
}

int desk_run(struct desk *d)
{
	struct dispatch_turn t;
	int rc;

	do
		rc = dispatch_turn(d->dispatch, d->now_ns, &t);
	while (rc == 0 && t.moved);
	return rc;
}
