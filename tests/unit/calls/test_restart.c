/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane goes and comes, control is killed and comes back: what each finds, and what is done about it.
 */
#include "client.h"

#include <stdio.h>

#define QUERY(call) "{\"command\":\"query\",\"call-id\":\"" call "\"}"
#define LIST "{\"command\":\"list\"}"
#define DELETE_NOW(call, rest)                                                                     \
	"{\"command\":\"delete\",\"call-id\":\"" call "\",\"delete delay\":0" rest "}"

static int begin(void **state)
{
	static struct client c;

	client_begin(&c);
	client_connect(&c);
	*state = &c;
	return 0;
}

static int end(void **state)
{
	client_end(*state);
	return 0;
}

static unsigned int offer(struct client *c, const char *call, const char *more)
{
	const char *answer = client_answer(c, client_send(c, client_offer(call, "a", 4000, more)));

	assert_has(answer, "\"result\":\"ok\"");
	return client_port(answer);
}

static unsigned int answer(struct client *c, const char *call)
{
	const char *text =
		client_answer(c, client_send(c, client_reply_to(call, "a", "b", 5000, "")));

	assert_has(text, "\"result\":\"ok\"");
	return client_port(text);
}

/* kill -9: nothing is said to the dataplane; then a new process. */
static void kill_control(struct client *c)
{
	engine_free(c->eng);
	c->eng = NULL;
	run_for(c->loop, 10);
	client_connect(c);
}

static void wait_ready(struct client *c)
{
	for (unsigned int ms = 0; ms < 5000 && !dplink_ready(c->eng->link); ms += 10)
		run_for(c->loop, 10);
	assert_true(dplink_ready(c->eng->link));
	run_for(c->loop, 20);
}

static void without_a_dataplane_answers_come_at_once(void **state)
{
	struct client *c = *state;

	offer(c, "one", "");
	fake_die(&c->fake);
	run_for(c->loop, 10);
	assert_has(client_ask(c, "%s", client_offer("two", "a", 4000, "")),
		   "Dataplane is not connected");
	assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")),
		   "Dataplane is not connected");
	assert_has(client_ask(c, LIST), "one");
	assert_has(client_ask(c, QUERY("one")), "\"tags\"");
	assert_has(client_ask(c, "{\"command\":\"statistics\"}"), "\"connected\":0");
	assert_has(client_ask(c, DELETE_NOW("one", "")), "\"result\":\"ok\"");
	assert_has(client_ask(c, LIST), "\"calls\":[]");
}

static void new_dataplane_is_programmed_again(void **state)
{
	struct client *c = *state;
	struct rw_flow_spec before, after;
	unsigned int pa;

	offer(c, "one", "");
	pa = answer(c, "one");
	before = *fake_flow(&c->fake, 0, pa);
	fake_die(&c->fake);
	run_for(c->loop, 200);
	fake_rise(&c->fake);
	wait_ready(c);
	assert_int_equal(c->fake.flow_count, 4);
	after = *fake_flow(&c->fake, 0, pa);
	assert_true(after.generation > before.generation);
	after.generation = before.generation;
	assert_memory_equal(&after, &before, sizeof(before));
	assert_has(client_ask(c, "{\"command\":\"statistics\"}"), "\"connected\":1");
	offer(c, "one", ",\"to-tag\":\"b\"");
}

static void lost_link_alone_changes_nothing(void **state)
{
	struct client *c = *state;
	unsigned int sets;

	offer(c, "one", "");
	answer(c, "one");
	sets = c->fake.sets;
	fake_hang_up(&c->fake);
	run_for(c->loop, 10);
	wait_ready(c);
	assert_int_equal(c->fake.sets, sets); /* the snapshot showed all as it should be */
	assert_int_equal(c->fake.flow_count, 4);
}

static void flow_that_differs_is_set_again(void **state)
{
	struct client *c = *state;
	unsigned int sets;

	offer(c, "one", "");
	answer(c, "one");
	sets = c->fake.sets;
	fake_hang_up(&c->fake);
	c->fake.flows[1].generation--;
	c->fake.flow_count--; /* and one is missing */
	run_for(c->loop, 10);
	wait_ready(c);
	assert_int_equal(c->fake.sets, sets + 2);
	assert_int_equal(c->fake.flow_count, 4);
}

static void calls_deleted_meanwhile_leave_nothing(void **state)
{
	struct client *c = *state;

	offer(c, "one", "");
	offer(c, "two", "");
	fake_hang_up(&c->fake);
	run_for(c->loop, 5);
	assert_has(client_ask(c, DELETE_NOW("one", "")), "\"result\":\"ok\"");
	wait_ready(c);
	assert_int_equal(c->fake.flow_count, 4);
	assert_has(client_ask(c, LIST), "[\"two\"]");
}

static void commit_cut_off_is_undone(void **state)
{
	struct client *c = *state;
	unsigned int q;

	c->fake.silent = true;
	q = client_send(c, client_offer("one", "a", 4000, ""));
	run_for(c->loop, 20);
	assert_int_equal(c->fake.flow_count, 4);
	fake_hang_up(&c->fake);
	c->fake.silent = false;
	assert_has(client_answer(c, q), "\"result\":\"error\"");
	wait_ready(c);
	assert_int_equal(c->fake.flow_count, 0);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	assert_int_equal(client_ports_used(c), 0);
}

static void other_limits_end_all_calls(void **state)
{
	struct client *c = *state;

	offer(c, "one", "");
	fake_die(&c->fake);
	run_for(c->loop, 5);
	c->fake.limits.port_max = 8199;
	fake_rise(&c->fake);
	wait_ready(c);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	assert_has(client_ask(c, "{\"command\":\"statistics\"}"), "\"forcedterminatedsessions\":1");
	assert_int_equal(c->fake.flow_count, 0);
	offer(c, "two", "");
}

static void killed_control_finds_its_calls(void **state)
{
	struct client *c = *state;
	unsigned int sets, pa;
	const char *text;

	offer(c, "one", "");
	pa = answer(c, "one");
	offer(c, "two", "");
	answer(c, "two");
	sets = c->fake.sets;
	kill_control(c);
	assert_int_equal(c->fake.sets, sets); /* nothing is touched */
	assert_int_equal(client_ports_used(c), 8);
	text = client_ask(c, LIST);
	assert_has(text, "one");
	assert_has(text, "two");
	text = client_ask(c, QUERY("one"));
	assert_has(text, "\"<untagged 2>\"");
	assert_has(text, "\"address\":\"198.51.100.2\",\"port\":5000");
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"a\"")), "\"totals\"");
	run_for(c->loop, 10);
	assert_int_equal(c->fake.flow_count, 4);
	assert_null(fake_flow(&c->fake, 0, pa));
	assert_int_equal(client_ports_used(c), 4);
	offer(c, "three", "");
}

static void adopted_offer_can_be_answered(void **state)
{
	const struct rw_flow_spec *a, *b;
	struct client *c = *state;
	unsigned int pa, pb;

	pb = offer(c, "one", "");
	kill_control(c);
	pa = answer(c, "one");
	a = fake_flow(&c->fake, 0, pa);
	b = fake_flow(&c->fake, 0, pb);
	assert_non_null(a);
	assert_non_null(b); /* the callee still sends to the port it was told */
	assert_int_equal(a->out_rtp, b->id);
	assert_int_equal(b->out_rtp, a->id);
	assert_int_equal(ntohs(b->peer.port_be), 5000);
	assert_int_equal(ntohs(a->peer.port_be), 4000);
	assert_int_equal(c->fake.flow_count, 4);
	/* from now on it is a call like any other */
	assert_int_equal(offer(c, "one", ",\"to-tag\":\"b\""), pb);
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"x\"")), "warning");
}

/* Silence is counted from when the dataplane came back: it has forgotten the packets before. */
static void new_dataplane_does_not_end_old_calls(void **state)
{
	struct client *c = *state;

	c->cfg.timeout_s = 2;
	offer(c, "one", "");
	answer(c, "one");
	fake_die(&c->fake);
	run_for(c->loop, 2500);
	fake_rise(&c->fake);
	wait_ready(c);
	run_for(c->loop, 1300);
	assert_has(client_ask(c, LIST), "one");
	run_for(c->loop, 2000);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
}

/* A port that another call holds here is not taken from it by what a snapshot says. */
static void foreign_flow_on_a_known_port_is_replaced(void **state)
{
	struct client *c = *state;
	unsigned int pb = offer(c, "one", "");

	fake_hang_up(&c->fake);
	for (unsigned int i = 0; i < c->fake.flow_count; i++) {
		if (c->fake.flows[i].id == rw_flow_id_make(0, (uint16_t)pb)) {
			c->fake.flows[i].call_ref = 1;
			c->fake.flows[i].leg = 0;
		}
	}
	run_for(c->loop, 10);
	wait_ready(c);
	assert_has(client_ask(c, LIST), "[\"one\"]");
	assert_true(fake_flow(&c->fake, 0, pb)->call_ref != 1);
	assert_int_equal(client_ports_used(c), 4);
}

static void offer_replaces_an_adopted_call(void **state)
{
	struct client *c = *state;
	unsigned int pb, again;

	pb = offer(c, "one", "");
	answer(c, "one");
	kill_control(c);
	again = offer(c, "one", ",\"to-tag\":\"b\"");
	assert_int_not_equal(again, pb); /* both exist at the same time */
	run_for(c->loop, 10);
	assert_int_equal(c->fake.flow_count, 4);
	assert_null(fake_flow(&c->fake, 0, pb));
	assert_int_equal(client_ports_used(c), 4);
	assert_has(client_ask(c, LIST), "[\"one\"]");
	answer(c, "one");
	assert_has(client_ask(c, QUERY("one")), "\"b\"");
}

static void failed_replacement_keeps_the_adopted_call(void **state)
{
	struct client *c = *state;

	offer(c, "one", "");
	answer(c, "one");
	kill_control(c);
	c->fake.refuse_at = 2;
	assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")), "\"result\":\"error\"");
	run_for(c->loop, 10);
	assert_int_equal(c->fake.flow_count, 4);
	assert_has(client_ask(c, LIST), "[\"one\"]");
	assert_int_equal(client_ports_used(c), 4);
}

static void adopted_calls_time_out(void **state)
{
	struct client *c = *state;

	offer(c, "one", "");
	answer(c, "one");
	c->cfg.timeout_s = 1;
	kill_control(c);
	run_for(c->loop, 2400);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	assert_int_equal(c->fake.flow_count, 0);
}

/* Flows that no control of ours would make: deleted, and nothing breaks. */
/* A flow keeps no more than 127 bytes of a call-id; proxies go on to send all of it. */
static void long_call_ids_are_found_again(void **state)
{
	struct client *c = *state;
	char id[201], json[400];

	memset(id, 'x', 200);
	id[200] = '\0';
	offer(c, id, "");
	answer(c, id);
	kill_control(c);
	snprintf(json, sizeof(json), "{\"command\":\"query\",\"call-id\":\"%s\"}", id);
	assert_has(client_ask(c, "%s", json), "\"tags\"");
	id[100] = 'y';
	snprintf(json, sizeof(json), "{\"command\":\"query\",\"call-id\":\"%s\"}", id);
	assert_has(client_ask(c, "%s", json), "Unknown call-id");
	id[100] = 'x';
	snprintf(json, sizeof(json),
		 "{\"command\":\"delete\",\"call-id\":\"%s\",\"delete delay\":0,\"from-tag\":"
		 "\"a\"}",
		 id);
	assert_null(strstr(client_ask(c, "%s", json), "warning"));
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	run_for(c->loop, 20);
	assert_int_equal(c->fake.flow_count, 0);
	/* an offer replaces it under its whole name */
	offer(c, id, "");
	answer(c, id);
	kill_control(c);
	offer(c, id, ",\"to-tag\":\"b\"");
	assert_has(client_ask(c, LIST), id);
	run_for(c->loop, 20);
	assert_int_equal(calls_count(c->eng->calls), 1);
}

static void strange_flows_are_deleted(void **state)
{
	struct client *c = *state;

	engine_free(c->eng);
	c->eng = NULL;
	run_for(c->loop, 10);
	for (unsigned int i = 0; i < 3; i++)
		c->fake.flows[i] = (struct rw_flow_spec){ .id = rw_flow_id_make(0, 8000 + i),
							  .generation = 5,
							  .call_ref = 1,
							  .out_rtp = RW_FLOW_NONE,
							  .out_rtcp = RW_FLOW_NONE,
							  .leg = 250,
							  .media = 99,
							  .component = 7 };
	c->fake.flow_count = 3;
	client_connect(c);
	run_for(c->loop, 20);
	assert_int_equal(c->fake.flow_count, 0);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
}

static void requests_during_the_snapshot_wait(void **state)
{
	struct client *c = *state;
	unsigned int q;

	fake_hang_up(&c->fake);
	c->fake.silent = true; /* the snapshot does not end */
	for (unsigned int ms = 0; ms < 3000 && !dplink_syncing(c->eng->link); ms += 5)
		run_for(c->loop, 5);
	q = client_send(c, client_offer("one", "a", 4000, ""));
	run_for(c->loop, 50);
	assert_null(c->answers[q]);
	fake_answer_all(&c->fake);
	assert_has(client_answer(c, q), "\"result\":\"ok\"");
}

static void wrong_interface_is_named_at_start(void **state)
{
	struct client *c = *state;

	engine_free(c->eng);
	c->eng = NULL;
	c->cfg.interface_count = 1;
	snprintf(c->cfg.interfaces[0].name, CONFIG_NAME_BYTES, "x");
	c->cfg.interfaces[0].address = rw_ip4((uint8_t[]){ 10, 0, 0, 1 });
	assert_int_equal(engine_new(&c->cfg, c->loop, &c->eng), 0);
	assert_int_equal(engine_wait_ready(c->eng, 1000), -EINVAL);
}

static void absent_or_strange_dataplane_at_start(void **state)
{
	struct client *c = *state;

	engine_free(c->eng);
	c->eng = NULL;
	fake_die(&c->fake);
	assert_int_equal(engine_new(&c->cfg, c->loop, &c->eng), 0);
	assert_int_equal(engine_wait_ready(c->eng, 100), -ENOENT);
	engine_free(c->eng);
	fake_rise(&c->fake);
	c->fake.lie = FAKE_SIZES;
	assert_int_equal(engine_new(&c->cfg, c->loop, &c->eng), 0);
	assert_int_equal(engine_wait_ready(c->eng, 1000), -EPROTO);
	engine_free(c->eng);
	fake_hang_up(&c->fake);
	c->fake.lie = FAKE_BUSY;
	assert_int_equal(engine_new(&c->cfg, c->loop, &c->eng), 0);
	assert_int_equal(engine_wait_ready(c->eng, 200), -EBUSY);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(without_a_dataplane_answers_come_at_once),
		ROW(new_dataplane_is_programmed_again),
		ROW(lost_link_alone_changes_nothing),
		ROW(flow_that_differs_is_set_again),
		ROW(calls_deleted_meanwhile_leave_nothing),
		ROW(commit_cut_off_is_undone),
		ROW(other_limits_end_all_calls),
		ROW(killed_control_finds_its_calls),
		ROW(adopted_offer_can_be_answered),
		ROW(new_dataplane_does_not_end_old_calls),
		ROW(foreign_flow_on_a_known_port_is_replaced),
		ROW(offer_replaces_an_adopted_call),
		ROW(failed_replacement_keeps_the_adopted_call),
		ROW(adopted_calls_time_out),
		ROW(long_call_ids_are_found_again),
		ROW(strange_flows_are_deleted),
		ROW(requests_during_the_snapshot_wait),
		ROW(wrong_interface_is_named_at_start),
		ROW(absent_or_strange_dataplane_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
