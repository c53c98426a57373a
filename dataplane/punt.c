/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Punt: STUN and DTLS packets for control, copied into a ring that may overflow. Thread: worker.
 */
#include "stage.h"

void punt(struct path *w, struct pkt *p)
{
	struct rw_punt *m = &w->punt;
	uint32_t bytes = (uint32_t)offsetof(struct rw_punt, payload) + p->payload_bytes;

	if (p->payload_bytes > RW_DATAGRAM_BYTES) {
		drop_in_flow(w, p, RW_DROP_class_refused);
		return;
	}
	m->flow = p->id;
	m->class_ = p->class_;
	m->generation = p->in->generation;
	m->received_ns = w->now.ns;
	m->source = p->source;
	m->len_bytes = p->payload_bytes;
	memcpy(m->payload, p->data + p->payload_at, p->payload_bytes);
	if (rw_ring_push(w->config.punts, RW_PUNT_SLOT_BYTES, PUNT_SLOTS, m, bytes) < 0) {
		drop_in_flow(w, p, RW_DROP_punt_full);
		return;
	}
	count(w, RW_COUNT_punts, 1);
	p->exit = EXIT_FREE;
}
