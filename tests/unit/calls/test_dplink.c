/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane link against a dataplane that behaves, lies, keeps silent and dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "dplink_internal.h"
#include "fake_dataplane.h"
#include "log.h"

struct test {
	struct ev_loop *loop;
	struct fake fake;
	struct dplink *link;
	bool ready, is_down;
	unsigned int ups, flows, rooms;
	struct rw_flow_spec last;
};

static void on_up(void *ctx, const struct rw_welcome *w)
{
	struct test *t = ctx;

	assert_string_equal(w->backend, "fake");
	t->ups++;
}

static void on_flow(void *ctx, const struct rw_flow_spec *spec)
{
	struct test *t = ctx;

	t->flows++;
	t->last = *spec;
}

static void on_synced(void *ctx)
{
	struct test *t = ctx;

	t->ready = true;
	t->is_down = false;
}

static void on_room(void *ctx)
{
	struct test *t = ctx;

	t->rooms++;
}

static void on_down(void *ctx)
{
	struct test *t = ctx;

	t->ready = false;
	t->is_down = true;
}

static const struct dplink_ops ops = {
	.up = on_up, .flow = on_flow, .synced = on_synced, .room = on_room, .down = on_down
};

static int begin(void **state)
{
	static struct test t;

	memset(&t, 0, sizeof(t));
	log_set_level(0);
	t.loop = ev_loop_new(0);
	fake_start(&t.fake, t.loop);
	assert_int_equal(dplink_new(t.loop, t.fake.path, &ops, &t, &t.link), 0);
	*state = &t;
	return 0;
}

static int begin_ready(void **state)
{
	struct test *t;

	begin(state);
	t = *state;
	dplink_start(t->link);
	assert_true(run_until(t->loop, &t->ready, 2000));
	return 0;
}

static int end(void **state)
{
	struct test *t = *state;

	dplink_free(t->link);
	fake_end(&t->fake);
	ev_loop_destroy(t->loop);
	return 0;
}

static struct rw_flow_spec spec(struct test *t, uint16_t port)
{
	return (struct rw_flow_spec){ .id = rw_flow_id_make(0, port),
				      .generation = dplink_next_generation(t->link),
				      .out_rtp = RW_FLOW_NONE,
				      .out_rtcp = RW_FLOW_NONE };
}

struct result {
	bool done;
	unsigned int calls;
	int rc;
	const char *reason;
};

static void on_done(void *arg, int rc, const char *reason)
{
	struct result *r = arg;

	r->done = true;
	r->calls++;
	r->rc = rc;
	r->reason = reason;
}

static int send_set(struct test *t, uint16_t port, struct result *r)
{
	struct rw_flow_spec s = spec(t, port);

	return dplink_send(t->link, RW_COMMAND_FLOW_SET, &s, r ? on_done : NULL, r);
}

static void connects_and_asks_for_a_snapshot(void **state)
{
	struct test *t = *state;

	assert_int_equal(t->ups, 1);
	assert_int_equal(t->fake.snapshots, 1);
	assert_true(dplink_ready(t->link));
	assert_int_equal(dplink_last_error(t->link), 0);
	assert_int_equal(dplink_outstanding(t->link), 0);
}

static void commands_are_answered(void **state)
{
	struct test *t = *state;
	struct result ok = { 0 }, refused = { 0 }, stale = { 0 };

	assert_int_equal(send_set(t, 8000, &ok), 0);
	assert_false(ok.done); /* never from inside */
	assert_true(run_until(t->loop, &ok.done, 1000));
	assert_int_equal(ok.rc, 0);
	t->fake.refuse_at = 1;
	assert_int_equal(send_set(t, 8002, &refused), 0);
	assert_true(run_until(t->loop, &refused.done, 1000));
	assert_int_equal(refused.rc, -EPROTO);
	assert_string_equal(refused.reason, rw_flow_error_text(RW_FLOW_ERR_OUTPUT));
	t->fake.stale_at = 1;
	assert_int_equal(send_set(t, 8002, &stale), 0);
	assert_true(run_until(t->loop, &stale.done, 1000));
	assert_int_equal(stale.rc, -EPROTO);
	assert_true(t->rooms > 0);
	assert_int_equal(t->fake.flow_count, 1);
}

static void every_lie_is_refused(void **state)
{
	struct test *t = *state;

	for (enum fake_lie lie = FAKE_SIZES; lie < FAKE_LIES; lie++) {
		if (lie == FAKE_MANY_FDS || lie == FAKE_MUTE)
			continue; /* see below */
		fake_hang_up(&t->fake);
		run_for(t->loop, 5);
		t->fake.lie = lie;
		t->ready = false;
		t->link->retry_s = 0.001;
		t->link->last_error = 0;
		dplink_start(t->link);
		for (unsigned int n = 0; n < 100 && dplink_last_error(t->link) == 0; n++)
			run_for(t->loop, 50);
		if (t->ready)
			fail_msg("lie %d was believed", lie);
		assert_true(dplink_last_error(t->link) < 0);
		if (lie == FAKE_BUSY)
			assert_int_equal(dplink_last_error(t->link), -EBUSY);
		dplink_fail(t->link, -ENOENT, "next");
		ev_timer_stop(t->loop, &t->link->timer);
	}
	assert_int_equal(t->ups, 0);
	/* and then it behaves */
	fake_hang_up(&t->fake);
	t->fake.lie = FAKE_HONEST;
	dplink_start(t->link);
	assert_true(run_until(t->loop, &t->ready, 1000));
}

/* Descriptors of this process: none may stay behind. */
static unsigned int open_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void surplus_descriptors_are_closed(void **state)
{
	struct test *t = *state;
	unsigned int before, after;

	dplink_start(t->link);
	assert_true(run_until(t->loop, &t->ready, 1000));
	before = open_fds();
	fake_hang_up(&t->fake);
	t->fake.lie = FAKE_MANY_FDS;
	t->ready = false;
	assert_true(run_until(t->loop, &t->ready, 2000));
	after = open_fds();
	assert_int_equal(before, after);
}

static void mute_dataplane_times_out(void **state)
{
	struct test *t = *state;

	t->fake.lie = FAKE_MUTE;
	dplink_start(t->link);
	run_for(t->loop, 2300);
	assert_int_equal(dplink_last_error(t->link), -ETIMEDOUT);
}

/* A dataplane that came back with another socket group is not the same as none. */
static void closed_door_is_told_from_an_empty_house(void **state)
{
	struct test *t = *state;
	uid_t user = geteuid();

	assert_int_equal(chmod(t->fake.path, 0), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	dplink_start(t->link);
	if (user == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(dplink_last_error(t->link), -EACCES);
	fake_die(&t->fake);
	run_for(t->loop, 300);
	assert_int_equal(dplink_last_error(t->link), -ENOENT);
	fake_rise(&t->fake);
	assert_true(run_until(t->loop, &t->ready, 2000));
}

static void silence_fails_who_waits_but_nothing_is_lost(void **state)
{
	struct result r = { 0 };
	struct test *t = *state;

	t->fake.silent = true;
	assert_int_equal(send_set(t, 8000, &r), 0);
	assert_false(run_until(t->loop, &r.done, DPLINK_ACK_TIMEOUT_MS - 200));
	assert_true(run_until(t->loop, &r.done, 400));
	assert_int_equal(r.rc, -ETIMEDOUT);
	assert_true(dplink_ready(t->link));
	fake_answer_all(&t->fake); /* late: taken without harm */
	run_for(t->loop, 20);
	assert_int_equal(r.calls, 1);
	assert_int_equal(dplink_outstanding(t->link), 0);
	assert_true(dplink_ready(t->link));
}

/* Control itself was stopped: the answers that came meanwhile count. */
static void answers_count_before_time_limits(void **state)
{
	struct result r = { 0 };
	struct test *t = *state;

	t->fake.silent = true;
	assert_int_equal(send_set(t, 8000, &r), 0);
	run_for(t->loop, 10);
	fake_answer_all(&t->fake);
	usleep((DPLINK_ACK_TIMEOUT_MS + 100) * 1000);
	assert_true(run_until(t->loop, &r.done, 1000));
	assert_int_equal(r.rc, 0);
}

/* A delete that was refused would leave a flow in the dataplane for ever. */
static void long_queue_refuses_only_who_can_be_told(void **state)
{
	struct result r = { 0 };
	struct test *t = *state;

	t->link->queued = DPLINK_WAITING_MAX;
	assert_int_equal(send_set(t, 8000, &r), -EAGAIN);
	assert_int_equal(send_set(t, 8002, NULL), 0);
	t->link->queued -= DPLINK_WAITING_MAX;
	run_for(t->loop, 20);
	assert_null(fake_flow(&t->fake, 0, 8000));
	assert_non_null(fake_flow(&t->fake, 0, 8002));
}

static void many_commands_ring_once(void **state)
{
	struct test *t = *state;
	uint64_t rings = 0;

	ev_io_stop(t->loop, &t->fake.command_io);
	for (unsigned int n = 0; n < 10; n++)
		assert_int_equal(send_set(t, (uint16_t)(8000 + n), NULL), 0);
	run_for(t->loop, 5);
	assert_int_equal(read(t->fake.command_fd, &rings, sizeof(rings)), sizeof(rings));
	assert_int_equal(rings, 1);
	ev_io_start(t->loop, &t->fake.command_io);
	assert_int_equal(send_set(t, 8020, NULL), 0);
	run_for(t->loop, 20);
	assert_int_equal(t->fake.sets, 11);
}

static void full_ring_holds_commands_in_order(void **state)
{
	struct result last = { 0 };
	struct test *t = *state;

	t->fake.asleep = true;
	for (unsigned int n = 0; n < 3 * DPLINK_WINDOW; n++)
		assert_int_equal(send_set(t, (uint16_t)(8000 + n % 100), NULL), 0);
	assert_int_equal(dplink_outstanding(t->link), 3 * DPLINK_WINDOW);
	t->fake.asleep = false;
	run_for(t->loop, 1);
	ev_io_start(t->loop, &t->fake.command_io);
	assert_int_equal(send_set(t, 8050, &last), 0);
	assert_true(run_until(t->loop, &last.done, 5000));
	assert_int_equal(last.rc, 0);
	assert_int_equal(t->fake.sets, 3 * DPLINK_WINDOW + 1);
	assert_int_equal(t->fake.refused, 0); /* no generation came out of order */
	assert_int_equal(dplink_outstanding(t->link), 0);
}

static void death_answers_all_and_it_reconnects(void **state)
{
	struct result waiting = { 0 };
	struct test *t = *state;

	t->fake.silent = true;
	assert_int_equal(send_set(t, 8000, &waiting), 0);
	run_for(t->loop, 10);
	fake_die(&t->fake);
	assert_true(run_until(t->loop, &t->is_down, 1000));
	assert_true(waiting.done);
	assert_int_equal(waiting.rc, -ENOTCONN);
	assert_int_equal(send_set(t, 8000, NULL), -ENOTCONN);
	run_for(t->loop, 300); /* several attempts find nobody */
	t->fake.silent = false;
	fake_rise(&t->fake);
	assert_true(run_until(t->loop, &t->ready, 3000));
	assert_int_equal(t->ups, 2);
}

static void snapshot_tells_of_flows_and_generations_grow(void **state)
{
	uint64_t future = UINT64_MAX / 2;
	struct test *t = *state;

	t->fake.flows[0] = spec(t, 8010);
	t->fake.flows[0].generation = future;
	t->fake.flow_count = 1;
	dplink_start(t->link);
	assert_true(run_until(t->loop, &t->ready, 2000));
	assert_int_equal(t->flows, 1);
	assert_int_equal(t->last.id, rw_flow_id_make(0, 8010));
	assert_true(dplink_next_generation(t->link) > future);
}

static void nonsense_ends_the_connection_only(void **state)
{
	struct rw_event bad[] = {
		{ .type = 0 },
		{ .type = RW_EVENT_MAX },
		{ .type = RW_EVENT_ACK, .seq = 12345 }, /* of nothing that was sent */
		{ .type = RW_EVENT_FLOW, .spec = { .id = 1 } }, /* outside of a snapshot */
	};
	struct test *t = *state;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t->is_down = false;
		fake_event(&t->fake, &bad[i]);
		assert_true(run_until(t->loop, &t->is_down, 1000));
		assert_true(run_until(t->loop, &t->ready, 3000));
	}
}

static void damaged_ring_ends_the_connection(void **state)
{
	struct test *t = *state;
	uint64_t offsets[] = { rw_wire_events_offset(), rw_wire_punts_offset() };
	uint64_t one = 1;

	for (unsigned int i = 0; i < 2; i++) {
		struct rw_ring *r = (struct rw_ring *)(t->fake.wire + offsets[i]);

		t->is_down = false;
		atomic_store(&r->head, atomic_load(&r->tail) + 1000000);
		assert_int_equal(write(t->fake.event_fd, &one, sizeof(one)), sizeof(one));
		assert_true(run_until(t->loop, &t->is_down, 1000));
		assert_true(run_until(t->loop, &t->ready, 3000));
	}
	t->is_down = false;
	atomic_store(&((struct rw_ring *)(t->fake.wire + rw_wire_commands_offset()))->tail, 77777);
	assert_int_equal(send_set(t, 8000, NULL), 0);
	assert_true(run_until(t->loop, &t->is_down, 1000));
}

/* The dataplane was stopped in the middle: who waits for the snapshot's end must not wait for ever. */
static void half_a_snapshot_times_out(void **state)
{
	struct test *t = *state;
	struct rw_event ev = { .type = RW_EVENT_FLOW, .spec = spec(t, 8010) };

	t->fake.silent = true;
	dplink_start(t->link);
	while (t->ups == 0)
		run_for(t->loop, 5);
	t->link->timer.repeat = 0.05;
	fake_event(&t->fake, &ev);
	assert_true(run_until(t->loop, &t->is_down, 1000));
	assert_int_equal(t->flows, 1);
	assert_int_equal(dplink_last_error(t->link), -ETIMEDOUT);
	t->fake.silent = false;
	assert_true(run_until(t->loop, &t->ready, 3000));
}

static void refused_snapshot_is_asked_for_again(void **state)
{
	struct test *t = *state;
	struct rw_event ev = { .type = RW_EVENT_ACK, .status = RW_ACK_REFUSED };

	t->fake.silent = true;
	dplink_start(t->link);
	while (t->fake.snapshots == 0)
		run_for(t->loop, 5);
	ev.seq = t->link->next_seq - 1;
	t->fake.silent = false;
	fake_event(&t->fake, &ev);
	assert_true(run_until(t->loop, &t->is_down, 1000));
	assert_true(run_until(t->loop, &t->ready, 3000));
}

static void punts_are_taken(void **state)
{
	struct test *t = *state;

	for (unsigned int n = 0; n < 5; n++) {
		fake_punts(&t->fake, RW_PUNT_SLOTS);
		run_for(t->loop, 20);
	}
	assert_int_equal(dplink_punts(t->link), 5 * RW_PUNT_SLOTS);
}

static void statistics_are_bounded(void **state)
{
	rw_flow_id id = rw_flow_id_make(0, 8004);
	struct rw_worker_stats ws;
	struct rw_flow_stats fs;
	struct test *t = *state;

	fake_stats(&t->fake, id)->rx_packets = 77;
	fake_stats(&t->fake, id)->rx_last_ns = 5;
	assert_true(dplink_flow_stats(t->link, id, &fs));
	assert_int_equal(fs.rx_packets, 77);
	assert_int_equal(dplink_flow_last_ns(t->link, id), 5);
	assert_false(dplink_flow_stats(t->link, rw_flow_id_make(0, 9000), &fs));
	assert_false(dplink_flow_stats(t->link, RW_FLOW_NONE, &fs));
	assert_true(dplink_worker_stats(t->link, 0, &ws));
	assert_false(dplink_worker_stats(t->link, 1, &ws));
	fake_die(&t->fake);
	assert_true(run_until(t->loop, &t->is_down, 1000));
	assert_false(dplink_flow_stats(t->link, id, &fs));
	assert_int_equal(dplink_flow_last_ns(t->link, id), 0);
}

#define IDLE(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define READY(name) cmocka_unit_test_setup_teardown(name, begin_ready, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		READY(connects_and_asks_for_a_snapshot),
		READY(commands_are_answered),
		IDLE(every_lie_is_refused),
		IDLE(surplus_descriptors_are_closed),
		IDLE(mute_dataplane_times_out),
		IDLE(closed_door_is_told_from_an_empty_house),
		READY(silence_fails_who_waits_but_nothing_is_lost),
		READY(answers_count_before_time_limits),
		READY(long_queue_refuses_only_who_can_be_told),
		READY(many_commands_ring_once),
		READY(full_ring_holds_commands_in_order),
		READY(death_answers_all_and_it_reconnects),
		IDLE(snapshot_tells_of_flows_and_generations_grow),
		READY(nonsense_ends_the_connection_only),
		READY(damaged_ring_ends_the_connection),
		IDLE(half_a_snapshot_times_out),
		IDLE(refused_snapshot_is_asked_for_again),
		READY(punts_are_taken),
		READY(statistics_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
