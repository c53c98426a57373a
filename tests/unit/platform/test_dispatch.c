/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands to workers and answers back: order, room, references, ends of sessions, damaged rings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "desk.h"

static int setup(void **state)
{
	*state = desk_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	desk_free(*state);
	return 0;
}

static void set(struct desk *d, uint64_t seq, uint16_t port, const char *peer)
{
	struct rw_flow_spec s = desk_spec(port, peer);

	assert_int_equal(desk_command(d, RW_COMMAND_FLOW_SET, seq, &s), 0);
}

static struct mail mail(struct desk *d, unsigned int worker, enum mail_type type)
{
	struct mail m;

	assert_true(desk_mail(d, worker, &m));
	assert_int_equal(m.type, type);
	return m;
}

static void ack(struct desk *d, unsigned int worker, const struct mail *m, uint32_t status,
		uint32_t adj)
{
	struct report r;

	memset(&r, 0, sizeof(r));
	r.type = REPORT_ACK;
	r.status = status;
	r.seq = m->seq;
	r.adj = adj;
	assert_true(desk_report(d, worker, &r));
}

static void expect_ack(struct desk *d, uint64_t seq, uint32_t status, uint32_t reason)
{
	struct rw_event ev;

	assert_true(desk_event(d, &ev));
	assert_int_equal(ev.type, RW_EVENT_ACK);
	assert_int_equal(ev.seq, seq);
	assert_int_equal(ev.status, status);
	assert_int_equal(ev.reason, reason);
}

static void expect_nothing(struct desk *d)
{
	struct rw_event ev;

	assert_false(desk_event(d, &ev));
}

/* A flow's worker is that of its port; both ports of a pair have the same. */
static void test_owner(void **state)
{
	struct desk *d = *state;
	struct mail m;

	set(d, 1, 8000, NULL);
	set(d, 2, 8001, NULL);
	set(d, 3, 8002, NULL);
	desk_run(d);
	assert_int_equal(mail(d, 0, MAIL_FLOW_SET).spec.id, 8000);
	assert_int_equal(mail(d, 0, MAIL_FLOW_SET).spec.id, 8001);
	m = mail(d, 1, MAIL_FLOW_SET);
	assert_int_equal(m.spec.id, 8002);
	assert_int_equal(m.adj, ADJ_NONE);
	assert_false(desk_mail(d, 0, &m) || desk_mail(d, 1, &m));
	assert_int_equal(dispatch_in_flight(d->dispatch), 3);
}

static void test_answer(void **state)
{
	struct desk *d = *state;
	struct mail m;

	set(d, 77, 8000, NULL);
	desk_run(d);
	expect_nothing(d); /* not before the worker has applied it */
	m = mail(d, 0, MAIL_FLOW_SET);
	ack(d, 0, &m, RW_ACK_STALE, ADJ_NONE);
	desk_run(d);
	expect_ack(d, 77, RW_ACK_STALE, 0);
	assert_int_equal(dispatch_in_flight(d->dispatch), 0);
	ack(d, 0, &m, RW_ACK_OK, ADJ_NONE); /* a second answer to the same is none */
	desk_run(d);
	expect_nothing(d);
}

static void test_references(void **state)
{
	struct desk *d = *state;
	struct mail first, second;

	set(d, 1, 8000, "10.0.0.2");
	set(d, 2, 8000, "10.0.0.3");
	desk_run(d);
	first = mail(d, 0, MAIL_FLOW_SET);
	second = mail(d, 0, MAIL_FLOW_SET);
	assert_int_not_equal(first.adj, ADJ_NONE);
	assert_int_not_equal(first.adj, second.adj);
	ack(d, 0, &first, RW_ACK_OK, ADJ_NONE);
	ack(d, 0, &second, RW_ACK_OK, first.adj);
	desk_run(d);
	assert_int_equal(neigh_refs(d->neigh, first.adj), 0);
	assert_int_equal(neigh_refs(d->neigh, second.adj), 1);
}

static void test_refusals(void **state)
{
	struct desk *d = *state;
	struct rw_flow_spec s = desk_spec(7999, NULL);
	struct rw_command c;

	desk_command(d, RW_COMMAND_FLOW_SET, 1, &s);
	desk_command(d, RW_COMMAND_FLOW_DEL, 2, &s);
	s = desk_spec(8000, "2001:db8::2");
	desk_command(d, RW_COMMAND_FLOW_SET, 3, &s);
	desk_command(d, 0, 4, &s);
	desk_command(d, RW_COMMAND_MAX, 5, &s);
	memset(&c, 0, sizeof(c));
	c.type = RW_COMMAND_SNAPSHOT;
	c.zero = 1;
	c.seq = 6;
	rw_ring_push(d->commands, RW_COMMAND_SLOT_BYTES, RW_COMMAND_SLOTS, &c, sizeof(c));
	desk_run(d);
	expect_ack(d, 1, RW_ACK_REFUSED, RW_FLOW_ERR_ID);
	expect_ack(d, 2, RW_ACK_REFUSED, RW_FLOW_ERR_ID);
	expect_ack(d, 3, RW_ACK_REFUSED, RW_FLOW_ERR_FAMILY);
	expect_ack(d, 4, RW_ACK_REFUSED, RW_FLOW_ERR_RESERVED);
	expect_ack(d, 5, RW_ACK_REFUSED, RW_FLOW_ERR_RESERVED);
	expect_ack(d, 6, RW_ACK_REFUSED, RW_FLOW_ERR_RESERVED);
	assert_int_equal(dispatch_in_flight(d->dispatch), 0);
}

static bool report_flow(struct desk *d, unsigned int worker, const struct mail *m, uint16_t port)
{
	struct report r;

	memset(&r, 0, sizeof(r));
	r.type = REPORT_FLOW;
	r.seq = m->seq;
	r.spec = desk_spec(port, NULL);
	return desk_report(d, worker, &r);
}

/* All workers tell of their flows, then there is one answer. */
static void test_snapshot(void **state)
{
	struct desk *d = *state;
	struct mail a, b;
	struct rw_event ev;

	desk_command(d, RW_COMMAND_SNAPSHOT, 9, NULL);
	desk_run(d);
	a = mail(d, 0, MAIL_SNAPSHOT);
	b = mail(d, 1, MAIL_SNAPSHOT);
	report_flow(d, 0, &a, 8000);
	ack(d, 0, &a, RW_ACK_OK, ADJ_NONE);
	report_flow(d, 1, &b, 8002);
	desk_run(d);
	assert_true(desk_event(d, &ev));
	assert_int_equal(ev.type, RW_EVENT_FLOW);
	assert_int_equal(ev.seq, 9);
	assert_int_equal(ev.spec.id, 8000);
	assert_true(desk_event(d, &ev));
	assert_int_equal(ev.spec.id, 8002);
	expect_nothing(d);
	ack(d, 1, &b, RW_ACK_OK, ADJ_NONE);
	desk_run(d);
	expect_ack(d, 9, RW_ACK_OK, 0);
}

/* A control that reads nothing: flows wait, answers still have their places, commands are not taken. */
static void test_full_events(void **state)
{
	struct desk *d = *state;
	struct mail snap, m;
	struct rw_event ev;
	unsigned int flows = 0;

	desk_command(d, RW_COMMAND_SNAPSHOT, 1, NULL);
	set(d, 2, 8000, NULL);
	desk_run(d);
	snap = mail(d, 0, MAIL_SNAPSHOT);
	mail(d, 0, MAIL_FLOW_SET);
	for (;;) { /* until both rings are full */
		if (report_flow(d, 0, &snap, 8000))
			continue;
		assert_int_equal(desk_run(d), 0);
		if (!report_flow(d, 0, &snap, 8000))
			break;
	}
	set(d, 3, 8000, NULL);
	assert_int_equal(desk_run(d), 0);
	assert_false(desk_mail(d, 0, &m));
	for (; desk_event(d, &ev); flows++)
		assert_int_equal(ev.type, RW_EVENT_FLOW);
	assert_int_equal(flows, RW_EVENT_SLOTS - 2); /* two places are kept for the answers */
	desk_run(d);
	assert_true(desk_event(d, &ev)); /* and on it goes */
}

static void test_control_that_stands_still(void **state)
{
	struct desk *d = *state;
	struct mail m;

	desk_command(d, RW_COMMAND_SNAPSHOT, 1, NULL);
	desk_run(d);
	m = mail(d, 0, MAIL_SNAPSHOT);
	for (unsigned int i = 0; i < RW_EVENT_SLOTS; i++) {
		if (!report_flow(d, 0, &m, 8000)) {
			desk_run(d);
			report_flow(d, 0, &m, 8000);
		}
	}
	assert_int_equal(desk_run(d), 0);
	d->now_ns += 1900000000;
	assert_int_equal(desk_run(d), 0);
	d->now_ns += 200000000;
	assert_int_equal(desk_run(d), -ETIME);
	dispatch_detach(d->dispatch);
	assert_int_equal(desk_run(d), 0);
}

/* A worker that does not empty its mailbox stops the commands, and none is lost. */
static void test_full_mailbox(void **state)
{
	struct desk *d = *state;
	struct mail m;
	unsigned int taken = 0;

	for (unsigned int i = 0; i < MAIL_SLOTS + 100; i++)
		set(d, i, 8000, NULL);
	desk_run(d);
	assert_int_equal(dispatch_in_flight(d->dispatch), MAIL_SLOTS);
	for (; desk_mail(d, 0, &m); taken++) {
		ack(d, 0, &m, RW_ACK_OK, ADJ_NONE);
		desk_run(d);
	}
	assert_int_equal(taken, MAIL_SLOTS + 100);
	for (unsigned int i = 0; i < MAIL_SLOTS + 100; i++)
		expect_ack(d, i, RW_ACK_OK, 0);
}

static void resolve(struct desk *d, unsigned int worker, uint16_t port, const char *peer,
		    uint32_t adj)
{
	struct report r;

	memset(&r, 0, sizeof(r));
	r.type = REPORT_RESOLVE;
	r.adj = adj;
	r.spec = desk_spec(port, peer);
	assert_true(desk_report(d, worker, &r));
}

static void test_learned_peer(void **state)
{
	struct desk *d = *state;
	struct rw_flow_spec want = desk_spec(8002, "10.0.0.9");
	struct mail m;
	struct report r;

	resolve(d, 1, 8002, "10.0.0.9", ADJ_NONE);
	desk_run(d);
	m = mail(d, 1, MAIL_ADJ);
	assert_int_equal(m.spec.id, 8002);
	assert_true(rw_endpoint_equal(&m.spec.peer, &want.peer));
	assert_int_equal(neigh_refs(d->neigh, m.adj), 1);
	memset(&r, 0, sizeof(r));
	r.type = REPORT_RELEASE;
	r.adj = m.adj;
	desk_report(d, 1, &r);
	desk_run(d);
	assert_int_equal(neigh_refs(d->neigh, m.adj), 0);
}

/* While the mailbox is full a flow may learn again: only the last peer is answered. */
static void test_learned_peer_waits(void **state)
{
	struct desk *d = *state;
	struct rw_flow_spec last = desk_spec(8001, "10.0.0.7");
	struct mail m;
	unsigned int answers = 0;

	for (unsigned int i = 0; i < MAIL_SLOTS; i++)
		set(d, i, 8000, NULL);
	desk_run(d);
	resolve(d, 0, 8000, "10.0.0.5", ADJ_NONE);
	resolve(d, 0, 8001, "10.0.0.6", ADJ_NONE);
	resolve(d, 0, 8001, "10.0.0.7", ADJ_NONE);
	desk_run(d);
	for (int i = 0; i < 2 * (int)MAIL_SLOTS; i++) {
		if (!desk_mail(d, 0, &m))
			break;
		desk_run(d);
		if (m.type != MAIL_ADJ)
			continue;
		answers++;
		if (m.spec.id == last.id)
			assert_true(rw_endpoint_equal(&m.spec.peer, &last.peer));
	}
	assert_int_equal(answers, 2);
}

/* A control dies with commands under way: their answers go nowhere, the references stay right. */
static void test_session_ends(void **state)
{
	struct desk *d = *state;
	struct mail old, snap, new;

	set(d, 5, 8000, "10.0.0.2");
	desk_command(d, RW_COMMAND_SNAPSHOT, 6, NULL);
	desk_run(d);
	dispatch_detach(d->dispatch);
	assert_int_equal(desk_run(d), 0);
	desk_attach(d);
	set(d, 5, 8002, NULL); /* the same number means another command now */
	desk_run(d);
	old = mail(d, 0, MAIL_FLOW_SET);
	snap = mail(d, 0, MAIL_SNAPSHOT);
	ack(d, 0, &old, RW_ACK_STALE, old.adj);
	report_flow(d, 0, &snap, 8000);
	ack(d, 0, &snap, RW_ACK_OK, ADJ_NONE);
	desk_run(d);
	expect_nothing(d);
	assert_int_equal(neigh_refs(d->neigh, old.adj), 0);
	snap = mail(d, 1, MAIL_SNAPSHOT);
	new = mail(d, 1, MAIL_FLOW_SET);
	ack(d, 1, &snap, RW_ACK_OK, ADJ_NONE);
	ack(d, 1, &new, RW_ACK_OK, ADJ_NONE);
	desk_run(d);
	expect_ack(d, 5, RW_ACK_OK, 0);
	expect_nothing(d);
	assert_int_equal(dispatch_in_flight(d->dispatch), 0);
}

static void put_punts(struct desk *d, unsigned int worker, unsigned int count)
{
	static struct rw_punt p;

	for (unsigned int i = 0; i < count; i++) {
		p.len_bytes = i;
		assert_int_equal(rw_ring_push(d->rings[worker].punts, RW_PUNT_SLOT_BYTES,
					      PUNT_SLOTS, &p, sizeof(p)),
				 0);
	}
}

static void test_punts(void **state)
{
	static struct rw_punt p;
	struct desk *d = *state;
	struct dispatch_turn t;

	put_punts(d, 1, 2);
	assert_int_equal(dispatch_turn(d->dispatch, d->now_ns, &t), 0);
	assert_true(t.answered);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(rw_ring_pop(d->punts, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &p), 0);
		assert_int_equal(p.len_bytes, i);
	}
	/* without a control they wait, and a new one does not get old ones */
	dispatch_detach(d->dispatch);
	put_punts(d, 1, 3);
	desk_run(d);
	desk_attach(d);
	desk_run(d);
	assert_int_equal(rw_ring_pop(d->punts, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &p), -EAGAIN);
}

/* Control's ring is full: the rest stays with the worker, who counts what it cannot add. */
static void test_full_punts(void **state)
{
	static struct rw_punt p;
	struct desk *d = *state;
	unsigned int moved = 0;

	for (unsigned int i = 0; i < RW_PUNT_SLOTS / PUNT_SLOTS; i++) {
		put_punts(d, 0, PUNT_SLOTS);
		desk_run(d);
	}
	put_punts(d, 0, 5);
	assert_int_equal(desk_run(d), 0);
	while (rw_ring_pop(d->punts, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &p) == 0)
		moved++;
	assert_int_equal(moved, RW_PUNT_SLOTS);
	desk_run(d);
	assert_int_equal(rw_ring_pop(d->punts, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &p), 0);
}

static void test_damaged_rings(void **state)
{
	struct desk *d = *state;
	struct mail m;

	atomic_store(&d->commands->head, 0x80000000u);
	assert_int_equal(desk_run(d), -EPROTO);
	dispatch_detach(d->dispatch);
	desk_attach(d);
	set(d, 1, 8000, NULL);
	desk_run(d);
	m = mail(d, 0, MAIL_FLOW_SET);
	atomic_store(&d->events->tail, 77u); /* the place kept for the answer is gone */
	ack(d, 0, &m, RW_ACK_OK, ADJ_NONE);
	assert_int_equal(desk_run(d), -EPROTO);
	dispatch_detach(d->dispatch);
	assert_int_equal(desk_run(d), 0);
	assert_int_equal(dispatch_in_flight(d->dispatch), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_owner),
		CASE(test_answer),
		CASE(test_references),
		CASE(test_refusals),
		CASE(test_snapshot),
		CASE(test_full_events),
		CASE(test_control_that_stands_still),
		CASE(test_full_mailbox),
		CASE(test_learned_peer),
		CASE(test_learned_peer_waits),
		CASE(test_session_ends),
		CASE(test_punts),
		CASE(test_full_punts),
		CASE(test_damaged_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
