/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link to the dataplane: commands out, acknowledgements and snapshots in (dplink.h). Whatever the other side
 * writes is copied before it is looked at; an event that makes no sense ends the connection, never the
 * process. Control's only thread.
 */
#include "dplink.h"
#include "dplink_internal.h"

#include <stdlib.h>

#include "rtpwire/clock.h"

#include "log.h"
#include "wipe.h"

/* Seconds; the wall clock may jump, and waiting must not depend on it. */
static double monotonic_s(void)
{
	return (double)rw_monotonic_ns() / 1e9;
}

/* --- commands --- */

static struct dplink_command **flight_slot(struct dplink *l, uint64_t seq)
{
	return &l->flight[seq & (DPLINK_FLIGHT_SLOTS - 1)];
}

static void age_add(struct dplink *l, struct dplink_command *c)
{
	c->older = l->newest;
	c->newer = NULL;
	if (l->newest)
		l->newest->newer = c;
	else
		l->oldest = c;
	l->newest = c;
}

static void age_remove(struct dplink *l, struct dplink_command *c)
{
	if (c->older)
		c->older->newer = c->newer;
	else
		l->oldest = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		l->newest = c->older;
}

/* Tells who waits, once. The command itself lives on until its ACK. */
static void command_done(struct dplink *l, struct dplink_command *c, int rc, const char *reason)
{
	dplink_done *done = c->done;

	if (!done)
		return;
	c->done = NULL;
	age_remove(l, c);
	done(c->arg, rc, reason);
}

/* Sets the timer by the oldest command. In other states than READY it is somebody else's: see dplink_internal.h. */
static void watch_oldest(struct dplink *l)
{
	double left;

	if (l->state != DPLINK_READY)
		return;
	ev_timer_stop(l->loop, &l->timer);
	if (!l->oldest)
		return;
	left = l->oldest->sent_at + DPLINK_ACK_TIMEOUT_MS / 1000.0 - monotonic_s();
	ev_timer_set(&l->timer, left > 0 ? left : 0, 0);
	ev_timer_start(l->loop, &l->timer);
}

static struct rw_ring *ring_at(const struct dplink *l, uint64_t offset)
{
	return (struct rw_ring *)((char *)l->wire + offset);
}

/* 0, -EAGAIN when ring or window is full, -EPROTO when the ring is damaged. */
static int push_one(struct dplink *l, struct dplink_command *c)
{
	struct dplink_command **slot = flight_slot(l, c->msg.seq);
	int rc;

	if (*slot || l->in_flight >= DPLINK_WINDOW)
		return -EAGAIN;
	rc = rw_ring_push(ring_at(l, rw_wire_commands_offset()), RW_COMMAND_SLOT_BYTES,
			  RW_COMMAND_SLOTS, &c->msg, sizeof(c->msg));
	if (rc)
		return rc == -EAGAIN ? -EAGAIN : -EPROTO;
	*slot = c;
	l->in_flight++;
	return 0;
}

/* Moves commands from the queue into the ring as far as they fit. 0 or -EPROTO. */
static int flush(struct dplink *l)
{
	while (l->queue_head) {
		struct dplink_command *c = l->queue_head;
		int rc = push_one(l, c);

		if (rc == -EPROTO)
			return -EPROTO;
		if (rc)
			break;
		l->ring_bell = true;
		l->queue_head = c->next;
		if (!l->queue_head)
			l->queue_tail = NULL;
		l->queued--;
	}
	return 0;
}

/* Before the loop sleeps: one system call for all that was pushed meanwhile. */
static void on_prepare(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct dplink *l = w->data;
	uint64_t one = 1;

	(void)loop;
	(void)revents;
	if (!l->ring_bell)
		return;
	l->ring_bell = false;
	/* a full eventfd counter wakes the dataplane just as well */
	if (write(l->command_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		dplink_fail(l, -EPROTO, "cannot write its eventfd");
}

static void queue(struct dplink *l, struct dplink_command *c)
{
	c->msg.seq = l->next_seq++;
	c->sent_at = monotonic_s();
	if (l->queue_tail)
		l->queue_tail->next = c;
	else
		l->queue_head = c;
	l->queue_tail = c;
	l->queued++;
	if (c->done)
		age_add(l, c);
}

static struct dplink_command *make(enum rw_command_type type, const struct rw_flow_spec *spec,
				   dplink_done *done, void *arg)
{
	struct dplink_command *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->msg.type = type;
	if (spec)
		c->msg.spec = *spec;
	c->done = done;
	c->arg = arg;
	return c;
}

int dplink_send(struct dplink *l, enum rw_command_type type, const struct rw_flow_spec *spec,
		dplink_done *done, void *arg)
{
	struct dplink_command *c;

	if (l->state != DPLINK_READY)
		return -ENOTCONN;
	/* what nobody waits for follows from what was accepted, and would never be tried again */
	if (done && l->queued >= DPLINK_WAITING_MAX)
		return -EAGAIN;
	c = make(type, spec, done, arg);
	if (!c)
		return -ENOMEM;
	queue(l, c);
	if (c == l->oldest)
		watch_oldest(l);
	/* flush() fails only on a damaged ring; the next event finds that too, outside this call */
	if (flush(l))
		ev_feed_event(l->loop, &l->event_io, EV_READ);
	return 0;
}

/* --- events --- */

static int ack(struct dplink *l, const struct rw_event *ev)
{
	struct dplink_command **slot = flight_slot(l, ev->seq), *c = *slot;

	if (!c || c->msg.seq != ev->seq || ev->status >= RW_ACK_MAX)
		return -EPROTO;
	*slot = NULL;
	l->in_flight--;
	l->stalled = false;
	if (ev->status == RW_ACK_OK)
		command_done(l, c, 0, "accepted");
	else if (ev->status == RW_ACK_STALE)
		command_done(l, c, -EPROTO, "a newer generation is there");
	else
		command_done(l, c, -EPROTO, rw_flow_error_text(ev->reason));
	wipe_free(c, sizeof(*c));
	return 0;
}

static int snapshot_flow(struct dplink *l, const struct rw_event *ev)
{
	if (l->state != DPLINK_SNAPSHOT ||
	    rw_flow_spec_check(&ev->spec, &l->welcome.limits) != RW_FLOW_ERR_OK)
		return -EPROTO;
	if (ev->spec.generation > l->generation)
		l->generation = ev->spec.generation;
	ev_timer_again(l->loop, &l->timer);
	l->ops->flow(l->ctx, &ev->spec);
	return 0;
}

int dplink_event(struct dplink *l, const struct rw_event *ev)
{
	switch (ev->type) {
	case RW_EVENT_ACK:
		return ack(l, ev);
	case RW_EVENT_FLOW:
		return snapshot_flow(l, ev);
	default:
		return -EPROTO;
	}
}

/* Nothing understands STUN or DTLS yet: the packets are taken and counted, so that the ring never fills. */
static int drain_punts(struct dplink *l)
{
	static struct rw_punt punt;
	struct rw_ring *r = ring_at(l, rw_wire_punts_offset());
	int rc = 0;

	for (unsigned int n = 0; n < RW_PUNT_SLOTS && rc == 0; n++) {
		rc = rw_ring_pop(r, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &punt);
		if (rc == 0)
			l->punts++;
	}
	return rc == -EPROTO ? -EPROTO : 0;
}

/* At most one ring full per call, so that a busy dataplane cannot keep the loop from other work. */
static int drain_events(struct dplink *l)
{
	struct rw_ring *r = ring_at(l, rw_wire_events_offset());
	struct rw_event ev;

	for (unsigned int n = 0; n < RW_EVENT_SLOTS; n++) {
		int rc = rw_ring_pop(r, RW_EVENT_SLOT_BYTES, RW_EVENT_SLOTS, &ev);

		if (rc == -EAGAIN)
			return 0;
		if (rc == 0)
			rc = dplink_event(l, &ev);
		explicit_bzero(&ev.spec, sizeof(ev.spec)); /* with keys in it */
		if (rc)
			return -EPROTO;
		if (l->state == DPLINK_DOWN)
			return 0; /* who was told of the event has ended the connection */
	}
	ev_feed_event(l->loop, &l->event_io, EV_READ);
	return 0;
}

/* All that the dataplane wrote so far. False when that ended the connection. */
static bool take_all(struct dplink *l)
{
	if (drain_punts(l) || drain_events(l) || (l->state != DPLINK_DOWN && flush(l)))
		dplink_fail(l, -EPROTO, "it wrote nonsense into the shared memory");
	return l->state != DPLINK_DOWN;
}

static void on_events(struct ev_loop *loop, ev_io *w, int revents)
{
	struct dplink *l = w->data;
	uint64_t count;

	(void)loop;
	(void)revents;
	if (read(l->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN) {
		dplink_fail(l, -EPROTO, "cannot read its eventfd");
		return;
	}
	if (!take_all(l))
		return;
	watch_oldest(l);
	if (l->state == DPLINK_READY && l->queued + l->in_flight < DPLINK_WINDOW / 2)
		l->ops->room(l->ctx);
}

/* --- life of a connection --- */

static void on_snapshot_done(void *arg, int rc, const char *reason)
{
	struct dplink *l = arg;

	if (rc) {
		if (rc != -ENOTCONN)
			dplink_fail(l, -EPROTO, reason);
		return;
	}
	ev_timer_stop(l->loop, &l->timer);
	l->state = DPLINK_READY;
	l->last_error = 0;
	l->retry_s = DPLINK_RETRY_MIN_S;
	l->ops->synced(l->ctx);
}

void dplink_established(struct dplink *l)
{
	struct dplink_command *c = make(RW_COMMAND_SNAPSHOT, NULL, on_snapshot_done, l);

	if (!c) {
		dplink_fail(l, -ENOMEM, "out of memory");
		return;
	}
	l->state = DPLINK_SNAPSHOT;
	l->welcomed = true;
	ev_io_init(&l->event_io, on_events, l->event_fd, EV_READ);
	l->event_io.data = l;
	ev_io_start(l->loop, &l->event_io);
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, 0, DPLINK_SNAPSHOT_TIMEOUT_S);
	ev_timer_again(l->loop, &l->timer);
	l->ops->up(l->ctx, &l->welcome);
	if (l->state != DPLINK_SNAPSHOT) { /* up() has refused this dataplane */
		wipe_free(c, sizeof(*c));
		return;
	}
	queue(l, c);
	if (flush(l))
		dplink_fail(l, -EPROTO, "it wrote nonsense into the shared memory");
}

/* Answers all that wait and forgets all commands: after a reconnect the snapshot tells what was done. */
static void forget_commands(struct dplink *l)
{
	while (l->oldest)
		command_done(l, l->oldest, -ENOTCONN, "the dataplane is gone");
	while (l->queue_head) {
		struct dplink_command *c = l->queue_head;

		l->queue_head = c->next;
		wipe_free(c, sizeof(*c));
	}
	l->queue_tail = NULL;
	l->queued = 0;
	for (unsigned int i = 0; i < DPLINK_FLIGHT_SLOTS; i++) {
		wipe_free(l->flight[i], sizeof(*l->flight[i]));
		l->flight[i] = NULL;
	}
	l->in_flight = 0;
}

void dplink_fail(struct dplink *l, int error, const char *why)
{
	enum dplink_state was = l->state;

	if (was == DPLINK_DOWN)
		return;
	if (was != DPLINK_HELLO || error != l->last_error)
		log_warning("dataplane at %s: %s; trying again", l->path, why);
	l->state = DPLINK_DOWN;
	l->stalled = false;
	l->last_error = error;
	if (was == DPLINK_READY)
		dplink_keep_stats(l);
	dplink_close(l);
	forget_commands(l);
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, l->retry_s, 0);
	ev_timer_start(l->loop, &l->timer);
	l->retry_s = l->retry_s * 2 < DPLINK_RETRY_MAX_S ? l->retry_s * 2 : DPLINK_RETRY_MAX_S;
	if (was >= DPLINK_SNAPSHOT)
		l->ops->down(l->ctx);
}

/* Commands that took too long fail for who waits, but are still carried out when the dataplane wakes up. */
static void expire(struct dplink *l)
{
	double limit = monotonic_s() - DPLINK_ACK_TIMEOUT_MS / 1000.0;

	while (l->oldest && l->oldest->sent_at <= limit + 0.001) {
		l->stalled = true;
		command_done(l, l->oldest, -ETIMEDOUT, "the dataplane does not answer");
	}
	watch_oldest(l);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct dplink *l = w->data;

	(void)loop;
	(void)revents;
	switch (l->state) {
	case DPLINK_DOWN:
		dplink_connect(l);
		break;
	case DPLINK_HELLO:
		dplink_fail(l, -ETIMEDOUT, "no welcome");
		break;
	case DPLINK_SNAPSHOT:
		dplink_fail(l, -ETIMEDOUT, "no end of the snapshot");
		break;
	case DPLINK_READY:
		/* if it was this process that slept, the answers are there already */
		if (take_all(l))
			expire(l);
		break;
	}
}

int dplink_new(struct ev_loop *loop, const char *path, const struct dplink_ops *ops, void *ctx,
	       struct dplink **out)
{
	struct dplink *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->loop = loop;
	l->path = path;
	l->ops = ops;
	l->ctx = ctx;
	l->sock = l->command_fd = l->event_fd = -1;
	l->retry_s = DPLINK_RETRY_MIN_S;
	ev_init(&l->timer, on_timer);
	ev_init(&l->event_io, on_events);
	ev_prepare_init(&l->prepare, on_prepare);
	l->timer.data = l->event_io.data = l->prepare.data = l;
	ev_prepare_start(loop, &l->prepare);
	*out = l;
	return 0;
}

void dplink_start(struct dplink *l)
{
	dplink_connect(l);
}

void dplink_free(struct dplink *l)
{
	if (!l)
		return;
	l->state = DPLINK_DOWN;
	ev_timer_stop(l->loop, &l->timer);
	ev_prepare_stop(l->loop, &l->prepare);
	dplink_close(l);
	dplink_forget_old(l);
	forget_commands(l);
	free(l);
}

/* --- questions --- */

bool dplink_ready(const struct dplink *l)
{
	return l->state == DPLINK_READY;
}

bool dplink_syncing(const struct dplink *l)
{
	return l->state == DPLINK_SNAPSHOT;
}

bool dplink_stalled(const struct dplink *l)
{
	return l->stalled;
}

int dplink_last_error(const struct dplink *l)
{
	return l->last_error;
}

/* From the clock, so that generations grow over restarts of control too. */
uint64_t dplink_next_generation(struct dplink *l)
{
	uint64_t us = rw_clock_ns(CLOCK_REALTIME) / 1000u;

	l->generation = us > l->generation ? us : l->generation + 1;
	return l->generation;
}

const struct rw_welcome *dplink_welcome(const struct dplink *l)
{
	return l->welcomed ? &l->welcome : NULL;
}

unsigned int dplink_outstanding(const struct dplink *l)
{
	return l->queued + l->in_flight;
}

uint64_t dplink_punts(const struct dplink *l)
{
	return l->punts;
}
