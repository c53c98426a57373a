/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mailbox → flow table. A mail is only taken when its answer has room, so none is ever lost. A
 * snapshot runs beside other mail, and leaves part of the ring to the answers of that.
 * Thread: worker.
 */
#include "apply.h"

#define SNAPSHOT_LEAVES (REPORT_SLOTS / 4)

static uint32_t room(const struct rw_ring *r)
{
	uint32_t used = atomic_load_explicit(&r->head, memory_order_relaxed) -
			atomic_load_explicit(&r->tail, memory_order_acquire);

	return used < REPORT_SLOTS ? REPORT_SLOTS - used : 0;
}

/* The caller has seen that there is room. */
static void report(struct path *w, enum report_type type, enum rw_ack_status status, uint64_t seq,
		   uint32_t adj, const struct rw_flow_spec *spec)
{
	struct report *r = &w->report;

	memset(r, 0, sizeof(*r));
	r->type = type;
	r->status = status;
	r->seq = seq;
	r->adj = adj;
	if (spec)
		r->spec = *spec;
	rw_ring_push(w->config.reports, REPORT_SLOT_BYTES, REPORT_SLOTS, r, sizeof(*r));
	explicit_bzero(&r->spec, sizeof(r->spec));
}

static void apply_set(struct path *w, const struct mail *m)
{
	uint32_t slot = rw_flow_slot(m->spec.id, &w->config.limits);
	const struct flow *f = &w->table.flows[slot];
	uint32_t adj = m->adj;
	enum rw_ack_status status = RW_ACK_STALE;
	struct flow_keys keys;

	if (!f->live || m->spec.generation >= f->generation) {
		status = RW_ACK_REFUSED;
		if (flow_keys_make(&w->table, slot, &m->spec, &keys) == 0) {
			adj = flow_set(&w->table, slot, &m->spec, &keys, &w->config.limits, m->adj,
				       flow_stats(w, slot), w->now.ns);
			status = RW_ACK_OK;
		}
	}
	report(w, REPORT_ACK, status, m->seq, adj, &m->spec);
}

static void apply_del(struct path *w, const struct mail *m)
{
	uint32_t slot = rw_flow_slot(m->spec.id, &w->config.limits);
	const struct flow *f = &w->table.flows[slot];
	enum rw_ack_status status = RW_ACK_OK;
	uint32_t adj = ADJ_NONE;

	if (f->live && m->spec.generation < f->generation)
		status = RW_ACK_STALE;
	else if (f->live)
		adj = flow_del(&w->table, slot, flow_stats(w, slot));
	report(w, REPORT_ACK, status, m->seq, adj, &m->spec);
}

/* The answer to REPORT_RESOLVE; by now the flow may be gone or have moved on. */
static void apply_adj(struct path *w, const struct mail *m)
{
	struct flow *f = &w->table.flows[rw_flow_slot(m->spec.id, &w->config.limits)];
	uint32_t adj = m->adj;

	if (f->live && rw_ip_equal(&f->peer.ip, &m->spec.peer.ip))
		adj = flow_use_adj(f, m->adj);
	if (adj != ADJ_NONE)
		report(w, REPORT_RELEASE, RW_ACK_OK, m->seq, adj, &m->spec);
}

static void snapshot_begin(struct path *w, const struct mail *m)
{
	w->snapshot_runs = true;
	w->snapshot_next = 0;
	w->snapshot_seq = m->seq;
}

/* Returns how many flows were reported. */
static unsigned int snapshot_go_on(struct path *w)
{
	struct rw_flow_spec spec;
	unsigned int n;

	for (n = 0; w->snapshot_runs && n < APPLY_MAX; n++) {
		if (room(w->config.reports) <= SNAPSHOT_LEAVES)
			break;
		w->snapshot_next = flow_table_next(&w->table, w->snapshot_next);
		if (w->snapshot_next == w->table.slots) {
			w->snapshot_runs = false;
			report(w, REPORT_ACK, RW_ACK_OK, w->snapshot_seq, ADJ_NONE, NULL);
			break;
		}
		spec = w->table.flows[w->snapshot_next].spec;
		spec.source = w->table.flows[w->snapshot_next].source;
		spec.peer = w->table.flows[w->snapshot_next].peer;
		report(w, REPORT_FLOW, RW_ACK_OK, w->snapshot_seq, ADJ_NONE, &spec);
		explicit_bzero(&spec, sizeof(spec));
		w->snapshot_next++;
	}
	return n;
}

/* False: this mail has to wait. */
static bool apply_mail(struct path *w, const struct mail *m)
{
	switch (m->type) {
	case MAIL_FLOW_SET:
		apply_set(w, m);
		break;
	case MAIL_FLOW_DEL:
		apply_del(w, m);
		break;
	case MAIL_ADJ:
		apply_adj(w, m);
		break;
	case MAIL_SNAPSHOT:
		if (w->snapshot_runs)
			return false;
		snapshot_begin(w, m);
		break;
	default:
		break;
	}
	count(w, RW_COUNT_commands, 1);
	return true;
}

unsigned int apply(struct path *w)
{
	unsigned int n;

	for (n = 0; n < APPLY_MAX && room(w->config.reports) > 0; n++) {
		if (!w->mail_held &&
		    rw_ring_pop(w->config.mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, &w->mail) < 0)
			break;
		w->mail_held = !apply_mail(w, &w->mail);
		if (w->mail_held)
			break;
		explicit_bzero(&w->mail, sizeof(w->mail)); /* it may have held keys */
	}
	return n + snapshot_go_on(w);
}
