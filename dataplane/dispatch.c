/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands from control to the workers, reports and punts back. Manager thread.
 *
 * References: each adjacency that goes out with a mail comes back in exactly one report (mailbox.h), so
 * nothing has to be remembered per flow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rtpwire/msg.h"
#include "rtpwire/punt.h"
#include "rtpwire/shard.h"

#include "dispatch.h"
#include "mailbox.h"
#include "wake.h"

#define COMMANDS_A_TURN 256u
#define REPORTS_A_TURN 512u /* of one worker */
#define PUNTS_A_TURN 64u /* of one worker */
#define STUCK_NS 2000000000ull
#define IN_FLIGHT_MAX RW_EVENT_SLOTS
#define LIST_END 0xffffffffu

/* A command that workers have and did not answer. */
struct in_flight {
	uint64_t seq; /* control's */
	uint32_t session;
	uint32_t next; /* among the free ones */
	uint16_t waiting; /* workers that have not answered; 0 = free */
};

/* A flow whose worker learned a peer and waits for its adjacency. Indexed by flow slot. */
struct wanted {
	struct rw_endpoint peer;
	rw_flow_id flow;
	uint32_t next;
	bool queued;
};

struct worker_state {
	struct dispatch_worker rings;
	struct report stash; /* taken from the ring, not handled yet: control's ring is full */
	bool stashed;
	uint32_t wanted_first, wanted_last;
};

struct dispatch {
	struct rw_limits limits;
	struct neigh *neigh;
	uint64_t now_ns;
	uint32_t session; /* number of the control connected now or last */
	struct rw_ring *commands, *events, *punts; /* of that control; NULL = none is connected */
	unsigned int session_in_flight; /* its unanswered commands: so many events are reserved */
	uint64_t stuck_ns; /* since when an event waits for room; 0 = none does */
	unsigned int in_flight_count;
	uint32_t in_flight_free;
	struct in_flight in_flight[IN_FLIGHT_MAX];
	struct wanted *wanted; /* rw_flow_slots(), mapped lazily */
	struct worker_state workers[RW_WORKERS_MAX];
	struct mail mail; /* scratch: too large for comfort on a stack */
	struct report report;
	struct rw_punt punt;
};

int dispatch_new(const struct rw_limits *limits, const struct dispatch_worker *workers,
		 struct neigh *neigh, struct dispatch **out)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->wanted = mmap(NULL, rw_flow_slots(limits) * sizeof(*d->wanted), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->wanted == MAP_FAILED) {
		free(d);
		return -ENOMEM;
	}
	d->limits = *limits;
	d->neigh = neigh;
	for (uint32_t i = 0; i < IN_FLIGHT_MAX; i++)
		d->in_flight[i].next = i + 1 < IN_FLIGHT_MAX ? i + 1 : LIST_END;
	for (unsigned int w = 0; w < limits->workers; w++) {
		d->workers[w].rings = workers[w];
		d->workers[w].wanted_first = LIST_END;
	}
	*out = d;
	return 0;
}

void dispatch_free(struct dispatch *d)
{
	if (!d)
		return;
	munmap(d->wanted, rw_flow_slots(&d->limits) * sizeof(*d->wanted));
	free(d);
}

void dispatch_attach(struct dispatch *d, void *wire)
{
	uint8_t *base = wire;

	d->session++;
	d->session_in_flight = 0;
	d->stuck_ns = 0;
	d->commands = (struct rw_ring *)(base + rw_wire_commands_offset());
	d->events = (struct rw_ring *)(base + rw_wire_events_offset());
	d->punts = (struct rw_ring *)(base + rw_wire_punts_offset());
	for (unsigned int w = 0; w < d->limits.workers; w++)
		while (rw_ring_pop(d->workers[w].rings.punts, RW_PUNT_SLOT_BYTES, PUNT_SLOTS,
				   &d->punt) == 0)
			;
}

void dispatch_detach(struct dispatch *d)
{
	d->commands = d->events = d->punts = NULL;
	d->session_in_flight = 0;
}

unsigned int dispatch_in_flight(const struct dispatch *d)
{
	return d->in_flight_count;
}

/* Free slots of a ring that we fill; 0 when the consumer's index is impossible. */
static uint32_t room(struct rw_ring *r, uint32_t count)
{
	uint32_t used = atomic_load_explicit(&r->head, memory_order_relaxed) -
			atomic_load_explicit(&r->tail, memory_order_acquire);

	return used <= count ? count - used : 0;
}

static bool mailbox_has_room(const struct worker_state *w)
{
	return room(w->rings.mailbox, MAIL_SLOTS) > 0;
}

static int push_event(struct dispatch *d, const struct rw_event *ev, struct dispatch_turn *turn)
{
	turn->answered = true;
	/* room was there when the command was taken: a full ring is a damaged one */
	return rw_ring_push(d->events, RW_EVENT_SLOT_BYTES, RW_EVENT_SLOTS, ev, sizeof(*ev)) < 0
		       ? -EPROTO
		       : 0;
}

static int push_ack(struct dispatch *d, uint64_t seq, uint32_t status, uint32_t reason,
		    struct dispatch_turn *turn)
{
	struct rw_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = RW_EVENT_ACK;
	ev.status = status;
	ev.reason = reason;
	ev.seq = seq;
	return push_event(d, &ev, turn);
}

/* The command that a worker's answer belongs to; NULL for a number that is not under way. */
static struct in_flight *in_flight_of(struct dispatch *d, uint64_t mail_seq)
{
	if (mail_seq >= IN_FLIGHT_MAX || d->in_flight[mail_seq].waiting == 0)
		return NULL;
	return &d->in_flight[mail_seq];
}

static bool of_this_session(const struct dispatch *d, const struct in_flight *f)
{
	return d->events && f->session == d->session;
}

static int handle_ack(struct dispatch *d, const struct report *r, struct dispatch_turn *turn)
{
	struct in_flight *f = in_flight_of(d, r->seq);

	if (!f || --f->waiting > 0)
		return 0;
	f->next = d->in_flight_free;
	d->in_flight_free = (uint32_t)(f - d->in_flight);
	d->in_flight_count--;
	if (!of_this_session(d, f))
		return 0;
	d->session_in_flight--;
	/* a worker refuses only what the SRTP engine refused */
	return push_ack(d, f->seq, r->status,
			r->status == RW_ACK_REFUSED ? RW_FLOW_ERR_SUITE : RW_FLOW_ERR_OK, turn);
}

/* One flow of a snapshot. -EAGAIN when control has to make room first. */
static int handle_flow(struct dispatch *d, const struct report *r, struct dispatch_turn *turn)
{
	struct in_flight *f = in_flight_of(d, r->seq);
	struct rw_event ev;
	int rc;

	if (!f || !of_this_session(d, f))
		return 0;
	if (room(d->events, RW_EVENT_SLOTS) <= d->session_in_flight)
		return -EAGAIN;
	memset(&ev, 0, sizeof(ev));
	ev.type = RW_EVENT_FLOW;
	ev.seq = f->seq;
	ev.spec = r->spec;
	rc = push_event(d, &ev, turn);
	explicit_bzero(&ev, sizeof(ev));
	return rc;
}

/* Puts a flow on its worker's list, or renews what is on the list. */
static void handle_resolve(struct dispatch *d, struct worker_state *w, const struct report *r)
{
	uint32_t slot;
	struct wanted *x;

	if (!rw_flow_id_valid(r->spec.id, &d->limits))
		return;
	slot = rw_flow_slot(r->spec.id, &d->limits);
	x = &d->wanted[slot];
	x->peer = r->spec.peer;
	x->flow = r->spec.id;
	if (x->queued)
		return;
	x->queued = true;
	x->next = LIST_END;
	if (w->wanted_first == LIST_END)
		w->wanted_first = slot;
	else
		d->wanted[w->wanted_last].next = slot;
	w->wanted_last = slot;
}

/* Answers flows on the list while the mailbox has room. */
static void send_wanted(struct dispatch *d, struct worker_state *w)
{
	while (w->wanted_first != LIST_END && mailbox_has_room(w)) {
		struct wanted *x = &d->wanted[w->wanted_first];
		struct mail *m = &d->mail;

		memset(m, 0, sizeof(*m));
		m->type = MAIL_ADJ;
		m->spec.id = x->flow;
		m->spec.peer = x->peer;
		m->adj = neigh_get(d->neigh, rw_flow_media(x->flow), &x->peer.ip, d->now_ns);
		if (rw_ring_push(w->rings.mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, m, sizeof(*m)) <
		    0) {
			neigh_put(d->neigh, m->adj, d->now_ns);
			return;
		}
		wake_up(w->rings.wake);
		w->wanted_first = x->next;
		x->queued = false;
	}
}

/* -EAGAIN: the report has to wait for room in control's ring; -EPROTO as dispatch_turn(). */
static int handle_report(struct dispatch *d, struct worker_state *w, const struct report *r,
			 struct dispatch_turn *turn)
{
	if (r->type == REPORT_FLOW)
		return handle_flow(d, r, turn);
	neigh_put(d->neigh, r->adj, d->now_ns);
	if (r->type == REPORT_ACK)
		return handle_ack(d, r, turn);
	if (r->type == REPORT_RESOLVE)
		handle_resolve(d, w, r);
	return 0;
}

static int take_reports(struct dispatch *d, struct worker_state *w, struct dispatch_turn *turn)
{
	int rc;

	for (unsigned int i = 0; i < REPORTS_A_TURN; i++) {
		if (!w->stashed &&
		    rw_ring_pop(w->rings.reports, REPORT_SLOT_BYTES, REPORT_SLOTS, &w->stash) < 0)
			return 0;
		rc = handle_report(d, w, &w->stash, turn);
		w->stashed = rc == -EAGAIN;
		if (!w->stashed)
			explicit_bzero(&w->stash, sizeof(w->stash)); /* it may have held keys */
		if (rc < 0)
			return rc;
		turn->moved = true;
	}
	return 0;
}

/* Forwards a checked command to one worker, whose mailbox has room. */
static void post(struct dispatch *d, struct worker_state *w, const struct rw_command *c,
		 uint32_t type, uint32_t slot)
{
	struct mail *m = &d->mail;

	m->type = type;
	m->seq = slot;
	m->spec = c->spec;
	m->adj = type == MAIL_FLOW_SET ? neigh_get(d->neigh, rw_flow_media(c->spec.id),
						   &c->spec.peer.ip, d->now_ns)
				       : ADJ_NONE;
	rw_ring_push(w->rings.mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, m, sizeof(*m));
	wake_up(w->rings.wake);
	explicit_bzero(&m->spec, sizeof(m->spec));
}

/* Why a command is refused, or RW_FLOW_ERR_OK. */
static enum rw_flow_error check_command(const struct dispatch *d, const struct rw_command *c)
{
	if (c->zero || c->type == 0 || c->type >= RW_COMMAND_MAX)
		return RW_FLOW_ERR_RESERVED;
	if (c->type == RW_COMMAND_FLOW_SET)
		return rw_flow_spec_check(&c->spec, &d->limits);
	if (c->type == RW_COMMAND_FLOW_DEL && !rw_flow_id_valid(c->spec.id, &d->limits))
		return RW_FLOW_ERR_ID;
	return RW_FLOW_ERR_OK;
}

static int handle_command(struct dispatch *d, const struct rw_command *c,
			  struct dispatch_turn *turn)
{
	enum rw_flow_error err = check_command(d, c);
	uint32_t slot = d->in_flight_free;
	struct in_flight *f = &d->in_flight[slot];
	unsigned int owner;

	if (err != RW_FLOW_ERR_OK)
		return push_ack(d, c->seq, RW_ACK_REFUSED, err, turn);
	d->in_flight_free = f->next;
	d->in_flight_count++;
	d->session_in_flight++;
	f->seq = c->seq;
	f->session = d->session;
	if (c->type == RW_COMMAND_SNAPSHOT) {
		f->waiting = d->limits.workers;
		for (unsigned int w = 0; w < d->limits.workers; w++)
			post(d, &d->workers[w], c, MAIL_SNAPSHOT, slot);
		return 0;
	}
	f->waiting = 1;
	owner = rw_shard(rw_flow_port(c->spec.id), d->limits.workers);
	post(d, &d->workers[owner], c,
	     c->type == RW_COMMAND_FLOW_SET ? MAIL_FLOW_SET : MAIL_FLOW_DEL, slot);
	return 0;
}

/* A command is only taken when its answer has a place and any worker could take it. */
static bool can_take(struct dispatch *d)
{
	if (d->in_flight_count == IN_FLIGHT_MAX ||
	    room(d->events, RW_EVENT_SLOTS) <= d->session_in_flight)
		return false;
	for (unsigned int w = 0; w < d->limits.workers; w++)
		if (!mailbox_has_room(&d->workers[w]))
			return false;
	return true;
}

static int take_commands(struct dispatch *d, struct dispatch_turn *turn)
{
	struct rw_command c;
	int rc;

	for (unsigned int i = 0; i < COMMANDS_A_TURN && can_take(d); i++) {
		rc = rw_ring_pop(d->commands, RW_COMMAND_SLOT_BYTES, RW_COMMAND_SLOTS, &c);
		if (rc == -EAGAIN)
			return 0;
		if (rc == 0)
			rc = handle_command(d, &c, turn);
		explicit_bzero(&c, sizeof(c));
		if (rc < 0)
			return rc;
		turn->moved = true;
	}
	return 0;
}

/* What finds no room stays with the worker, which then counts RW_DROP_punt_full. */
static int take_punts(struct dispatch *d, struct worker_state *w, struct dispatch_turn *turn)
{
	uint32_t free_slots = room(d->punts, RW_PUNT_SLOTS);

	for (unsigned int i = 0; i < PUNTS_A_TURN && i < free_slots; i++) {
		if (rw_ring_pop(w->rings.punts, RW_PUNT_SLOT_BYTES, PUNT_SLOTS, &d->punt) < 0)
			return 0;
		if (rw_ring_push(d->punts, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &d->punt,
				 sizeof(d->punt)) < 0)
			return -EPROTO;
		turn->answered = turn->moved = true;
	}
	return 0;
}

/* Remembers since when control's events are stuck. -ETIME when that is too long. */
static int check_stuck(struct dispatch *d, bool stuck)
{
	if (!stuck)
		d->stuck_ns = 0;
	else if (!d->stuck_ns)
		d->stuck_ns = d->now_ns;
	else if (d->now_ns - d->stuck_ns > STUCK_NS)
		return -ETIME;
	return 0;
}

int dispatch_turn(struct dispatch *d, uint64_t now_ns, struct dispatch_turn *out)
{
	bool stuck = false;
	int rc = 0;

	*out = (struct dispatch_turn){ .moved = false };
	d->now_ns = now_ns;
	for (unsigned int w = 0; w < d->limits.workers && rc == 0; w++) {
		rc = take_reports(d, &d->workers[w], out);
		send_wanted(d, &d->workers[w]);
		stuck |= rc == -EAGAIN;
		if (rc == -EAGAIN)
			rc = 0;
	}
	if (rc == 0 && d->events)
		rc = take_commands(d, out);
	for (unsigned int w = 0; w < d->limits.workers && rc == 0 && d->punts; w++)
		rc = take_punts(d, &d->workers[w], out);
	return rc < 0 ? rc : check_stuck(d, stuck);
}
