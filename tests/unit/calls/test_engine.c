/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through the whole engine: commits and their undoing, requests that overlap, limits, deletes, time-outs.
 */
#include "client.h"

#include <stdio.h>

#include "rtpwire/clock.h"

#define QUERY(call) "{\"command\":\"query\",\"call-id\":\"" call "\"}"
#define LIST "{\"command\":\"list\"}"
#define STATISTICS "{\"command\":\"statistics\"}"
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

static int begin_unconnected(void **state)
{
	static struct client c;

	client_begin(&c);
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

static unsigned int answer(struct client *c, const char *call, const char *tag, const char *more)
{
	const char *text =
		client_answer(c, client_send(c, client_reply_to(call, "a", tag, 5000, more)));

	assert_has(text, "\"result\":\"ok\"");
	return client_port(text);
}

static void a_call_lives_and_ends(void **state)
{
	const struct rw_flow_spec *a, *b;
	struct client *c = *state;
	unsigned int pa, pb;

	assert_has(client_ask(c, "{\"command\":\"ping\"}"), "\"pong\"");
	pb = offer(c, "one", "");
	pa = answer(c, "one", "b", "");
	assert_int_equal(c->fake.flow_count, 4);
	a = fake_flow(&c->fake, 0, pa);
	b = fake_flow(&c->fake, 0, pb);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->out_rtp, b->id);
	assert_int_equal(b->out_rtp, a->id);
	assert_int_equal(a->call_ref, b->call_ref);
	assert_string_equal(a->call_id, "one");
	assert_has(client_ask(c, LIST), "[\"one\"]");
	assert_has(client_ask(c, QUERY("one")), "\"last signal\"");
	assert_has(client_ask(c, DELETE_NOW("one", "")), "\"result\":\"ok\"");
	run_for(c->loop, 20);
	assert_int_equal(c->fake.flow_count, 0);
	assert_int_equal(client_ports_used(c), 0);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	assert_has(client_ask(c, STATISTICS), "\"regularterminatedsessions\":1");
}

static void errors_in_their_order(void **state)
{
	struct client *c = *state;

	assert_has(client_ask(c, "{\"command\":\"offer\"}"), "No SDP body in message");
	assert_has(client_ask(c, "{\"command\":\"offer\",\"sdp\":\"x\"}"), "No call-id in message");
	assert_has(client_ask(c, "{\"command\":\"answer\",\"sdp\":\"x\",\"call-id\":\"n\"}"),
		   "No from-tag in message");
	assert_has(client_ask(c, "{\"command\":\"answer\",\"sdp\":\"x\",\"call-id\":\"n\","
				 "\"from-tag\":\"a\"}"),
		   "No to-tag in message");
	assert_has(client_ask(c, "{\"command\":\"answer\",\"sdp\":\"x\",\"call-id\":\"n\","
				 "\"from-tag\":\"a\",\"to-tag\":\"b\"}"),
		   "Unknown call-id");
	assert_has(client_ask(c, "{\"command\":\"offer\",\"sdp\":\"x\",\"call-id\":\"n\","
				 "\"from-tag\":\"a\"}"),
		   "Failed to parse SDP");
	assert_has(client_ask(c, "{\"command\":\"offer\",\"sdp\":\"v=0\\nm=audio 4 RTP/AVP 0\\n\","
				 "\"call-id\":\"n\",\"from-tag\":\"a\"}"),
		   "Incomplete SDP specification");
	assert_has(client_ask(c, "{\"command\":\"offer\",\"sdp\":\"\",\"call-id\":\"n\","
				 "\"from-tag\":\"a\"}"),
		   "{\"sdp\":\"\",\"result\":\"error\",\"error-reason\":\"Error rewriting SDP\"}");
	assert_has(client_ask(c, QUERY("n")), "Unknown call-id");
	assert_has(client_ask(c, "{\"command\":\"query\"}"), "No call-id in message");
	assert_has(client_ask(c, "{\"command\":\"list\",\"limit\":-1}"),
		   "invalid limit, must be >= 0");
	assert_has(client_ask(c, LIST), "\"calls\":[]"); /* none of these left a call */
	assert_int_equal(client_ports_used(c), 0);
}

static void fragment_and_loop_do_nothing(void **state)
{
	struct client *c = *state;
	char text[1024];

	assert_has(client_ask(c, "{\"command\":\"offer\",\"sdp\":\"a=x\",\"call-id\":\"n\","
				 "\"from-tag\":\"a\",\"flags\":[\"fragment\"]}"),
		   "{\"result\":\"ok\"}");
	snprintf(text, sizeof(text),
		 "{\"command\":\"offer\",\"call-id\":\"n\",\"from-tag\":\"a\",\"flags\":[\"loop-"
		 "protect\"],"
		 "\"sdp\":\"v=0\\ns=-\\nc=IN IP4 192.0.2.9\\na=rtpengine:%s\\nm=audio 4000 RTP/AVP "
		 "0\\n\"}",
		 c->eng->instance_id);
	assert_has(client_ask(c, "%s", text), "m=audio 4000 RTP/AVP 0\\n\",\"result\":\"ok\"");
	assert_has(client_ask(c, LIST), "\"calls\":[]");
}

static void refused_flow_undoes_the_first_offer(void **state)
{
	struct client *c = *state;

	for (unsigned int n = 1; n <= 4; n++) {
		c->fake.refuse_at = n;
		assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")),
			   "Dataplane did not take the media: output is not a flow");
		run_for(c->loop, 10);
		assert_int_equal(c->fake.flow_count, 0);
		assert_int_equal(client_ports_used(c), 0);
		assert_has(client_ask(c, LIST), "\"calls\":[]");
	}
	c->fake.refuse_at = 0;
	offer(c, "one", "");
}

static void refused_flow_restores_a_running_call(void **state)
{
	struct client *c = *state;
	unsigned int pa, pb;
	struct rw_flow_spec before, after;

	pb = offer(c, "one", "");
	pa = answer(c, "one", "b", "");
	before = *fake_flow(&c->fake, 0, pa);
	for (unsigned int n = 1; n <= 3; n++) {
		c->fake.refuse_at = n;
		/* a moves: its flow is set anew, and new ports for b */
		assert_has(client_ask(c, "%s", client_offer("one", "a", 4400, ",\"to-tag\":\"b\"")),
			   "Dataplane did not take the media");
		run_for(c->loop, 10);
		c->fake.refuse_at = 0;
		after = *fake_flow(&c->fake, 0, pa);
		assert_true(after.generation >= before.generation);
		after.generation = before.generation;
		assert_memory_equal(&after, &before, sizeof(before));
		assert_int_equal(c->fake.flow_count, 4);
		assert_int_equal(client_ports_used(c), 4);
	}
	assert_int_equal(offer(c, "one", ",\"to-tag\":\"b\""), pb);
}

static void silent_dataplane_is_an_error_in_time(void **state)
{
	struct client *c = *state;

	c->fake.silent = true;
	assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")),
		   "the dataplane does not answer");
	fake_answer_all(&c->fake);
	run_for(c->loop, 20);
	assert_int_equal(c->fake.flow_count, 0); /* undone when it woke up */
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	offer(c, "one", "");
}

static void overlapping_requests_wait_for_each_other(void **state)
{
	unsigned int q[5];
	struct client *c = *state;
	const char *first;

	q[0] = client_send(c, client_offer("one", "a", 4000, ""));
	q[1] = client_send(c, client_offer("one", "a", 4000, "")); /* before any ACK */
	q[2] = client_send(c, client_reply_to("one", "a", "b", 5000, ""));
	q[3] = client_send(c, QUERY("one"));
	q[4] = client_send(c, DELETE_NOW("one", ",\"from-tag\":\"a\""));
	first = client_answer(c, q[0]);
	assert_int_not_equal(client_port(first), 0);
	assert_int_equal(client_port(client_answer(c, q[1])), client_port(first));
	assert_has(client_answer(c, q[2]), "\"result\":\"ok\"");
	assert_has(client_answer(c, q[3]), "\"tags\"");
	assert_has(client_answer(c, q[4]), "\"result\":\"ok\"");
	run_for(c->loop, 20);
	assert_int_equal(c->fake.flow_count, 0);
	assert_int_equal(client_ports_used(c), 0);
}

static void those_who_wait_for_a_failure_go_on(void **state)
{
	struct client *c = *state;
	unsigned int q[3];

	c->fake.refuse_at = 1;
	q[0] = client_send(c, client_offer("one", "a", 4000, ""));
	q[1] = client_send(c, client_offer("one", "a", 4000, ""));
	q[2] = client_send(c, QUERY("one"));
	assert_has(client_answer(c, q[0]), "\"result\":\"error\"");
	assert_has(client_answer(c, q[1]), "\"result\":\"ok\""); /* as a new call */
	assert_has(client_answer(c, q[2]), "\"tags\"");
}

static void unchanged_flows_are_not_sent_again(void **state)
{
	struct client *c = *state;
	unsigned int sets;

	offer(c, "one", "");
	answer(c, "one", "b", "");
	sets = c->fake.sets;
	/* only the sender's own two: their learning windows open anew */
	offer(c, "one", ",\"to-tag\":\"b\"");
	assert_int_equal(c->fake.sets, sets + 2);
	answer(c, "one", "b", "");
	assert_int_equal(c->fake.sets, sets + 4);
}

static void limit_is_for_new_calls(void **state)
{
	struct client *c = *state;

	c->cfg.max_sessions = 1;
	client_connect(c);
	offer(c, "one", "");
	assert_has(client_ask(c, "%s", client_offer("two", "a", 4000, "")),
		   "{\"result\":\"error\",\"error-reason\":\"Parallel session limit reached\"}");
	assert_has(client_ask(c, "%s",
			      client_offer("two", "a", 4000, ",\"supports\":[\"load limit\"]")),
		   "\"result\":\"load limit\"");
	offer(c, "one", "");
	assert_has(client_ask(c, STATISTICS), "\"rejectedsessions\":2");
}

static void ports_run_out(void **state)
{
	struct client *c = *state;
	char call[16];

	for (unsigned int n = 0; n < 25; n++) { /* 100 ports */
		snprintf(call, sizeof(call), "c%u", n);
		offer(c, call, "");
	}
	assert_has(client_ask(c, "%s", client_offer("more", "a", 4000, "")), "Ran out of ports");
	assert_int_equal(client_ports_used(c), 100);
	assert_has(client_ask(c, DELETE_NOW("c7", "")), "\"result\":\"ok\"");
	offer(c, "more", ""); /* quarantine or not: nothing else is left */
}

static void delete_rules(void **state)
{
	struct client *c = *state;

	assert_has(client_ask(c, DELETE_NOW("one", "")),
		   "{\"warning\":\"Call-ID not found or tags didn't match\",\"result\":\"ok\"}");
	assert_has(client_ask(c, DELETE_NOW("one", ",\"flags\":[\"fatal\"]")),
		   "\"error-reason\":\"Call-ID not found or tags didn't match\"");
	offer(c, "one", "");
	answer(c, "one", "b", "");
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"x\"")), "warning");
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"a\",\"to-tag\":\"x\"")),
		   "warning");
	assert_has(client_ask(c, LIST), "one");
	/* either side's tag will do, and statistics come along */
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"b\"")), "\"totals\"");
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	offer(c, "two", "");
	assert_null(strstr(client_ask(c, DELETE_NOW("two", ",\"flags\":[\"fast\"]")), "totals"));
}

static void branches_end_one_by_one(void **state)
{
	struct client *c = *state;
	unsigned int used;

	offer(c, "one", ",\"via-branch\":\"x\"");
	used = client_ports_used(c);
	offer(c, "one", ",\"via-branch\":\"y\"");
	answer(c, "one", "b1", ",\"via-branch\":\"x\"");
	answer(c, "one", "b2", ",\"via-branch\":\"y\"");
	assert_int_equal(client_ports_used(c), used + 2);
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"a\",\"via-branch\":\"y\"")),
		   "\"result\":\"ok\"");
	run_for(c->loop, 10);
	assert_int_equal(client_ports_used(c), used);
	assert_int_equal(c->fake.flow_count, used);
	/* the other branch is now the one that talks */
	for (unsigned int i = 0; i < c->fake.flow_count; i++)
		assert_true(c->fake.flows[i].out_rtp != RW_FLOW_NONE ||
			    c->fake.flows[i].out_rtcp != RW_FLOW_NONE);
	assert_null(strstr(client_ask(c, QUERY("one")), "\"b2\""));
	assert_has(client_ask(c, DELETE_NOW("one", ",\"from-tag\":\"a\",\"via-branch\":\"x\"")),
		   "\"result\":\"ok\"");
	assert_has(client_ask(c, LIST), "\"calls\":[]"); /* nobody remains */
	run_for(c->loop, 10);
	assert_int_equal(c->fake.flow_count, 0);
	assert_int_equal(client_ports_used(c), 0);
}

static void delay_keeps_and_an_offer_cancels(void **state)
{
	struct client *c = *state;

	offer(c, "one", "");
	answer(c, "one", "b", "");
	assert_has(client_ask(c, "{\"command\":\"delete\",\"call-id\":\"one\",\"from-tag\":\"a\","
				 "\"delete-delay\":\"1\"}"),
		   "\"totals\"");
	assert_has(client_ask(c, QUERY("one")), "\"tags\"");
	offer(c, "one", ",\"to-tag\":\"b\"");
	run_for(c->loop, 2300);
	assert_has(client_ask(c, LIST), "one");
	assert_has(client_ask(c, "{\"command\":\"delete\",\"call-id\":\"one\",\"from-tag\":\"a\","
				 "\"delete delay\":1}"),
		   "\"totals\"");
	run_for(c->loop, 2300);
	assert_has(client_ask(c, LIST), "\"calls\":[]");
	assert_int_equal(c->fake.flow_count, 0);
}

static void silence_ends_calls(void **state)
{
	struct client *c = *state;
	unsigned int talking, loud;

	c->cfg.timeout_s = 1;
	c->cfg.offer_timeout_s = 2;
	client_connect(c);
	offer(c, "quiet", "");
	answer(c, "quiet", "b", "");
	offer(c, "talking", "");
	talking = answer(c, "talking", "b", "");
	offer(c, "ringing", "");
	offer(c, "hold", "");
	answer(c, "hold", "b", "");
	assert_has(client_ask(c, "%s",
			      "{\"command\":\"offer\",\"call-id\":\"hold\",\"from-tag\":\"a\","
			      "\"to-tag\":\"b\",\"sdp\":\"v=0\\ns=-\\nc=IN IP4 0.0.0.0\\n"
			      "m=audio 4000 RTP/AVP 0\\n\"}"),
		   "ok");
	for (loud = 0; loud < 40; loud++) {
		fake_stats(&c->fake, rw_flow_id_make(0, (uint16_t)talking))->rx_last_ns =
			rw_monotonic_ns();
		run_for(c->loop, 50);
	}
	assert_null(strstr(client_ask(c, LIST), "quiet"));
	assert_has(client_ask(c, LIST), "talking");
	assert_has(client_ask(c, LIST), "hold");
	for (loud = 0; loud < 30; loud++) {
		fake_stats(&c->fake, rw_flow_id_make(0, (uint16_t)talking))->rx_last_ns =
			rw_monotonic_ns();
		run_for(c->loop, 50);
	}
	assert_null(strstr(client_ask(c, LIST), "ringing"));
	assert_has(client_ask(c, STATISTICS), "\"timeoutsessions\":1,\"silenttimeoutsessions\":0");
	assert_has(client_ask(c, STATISTICS), "\"offertimeoutsessions\":1");
}

static void numbers_reach_the_query(void **state)
{
	struct client *c = *state;
	struct rw_flow_stats *st;
	const char *text;
	unsigned int pa;

	offer(c, "one", ",\"label\":\"caller\"");
	pa = answer(c, "one", "b", "");
	st = fake_stats(&c->fake, rw_flow_id_make(0, (uint16_t)pa));
	st->rx_packets = 50;
	st->rx_bytes = 8600;
	st->dropped = 3;
	st->drops[RW_DROP_source_refused] = 3;
	st->rx_last_ns = rw_monotonic_ns();
	st->state |= RW_FLOW_STATE_LEARNED;
	st->source = st->peer = (struct rw_endpoint){ .ip = rw_ip4((uint8_t[]){ 203, 0, 113, 5 }),
						      .port_be = htons(61000) };
	st->ssrc[0] = (struct rw_ssrc_stats){ .ssrc = 12345,
					      .first_ext_seq = 10,
					      .max_ext_seq = 61,
					      .packets = 50,
					      .jitter_q4 = 128,
					      .last_ns = st->rx_last_ns };
	text = client_ask(c, QUERY("one"));
	assert_has(text, "\"SSRC\":{\"12345\":{");
	assert_has(text, "\"SSRC\":12345");
	assert_has(text, "\"cumulative loss\":2");
	assert_has(text, "\"address\":\"203.0.113.5\",\"port\":61000");
	assert_has(text, "\"confirmed\"");
	assert_has(text, "\"source_refused\":3");
	assert_has(text, "\"lost\":2");
	assert_has(text, "\"jitter ms\":\"1.000\"");
	assert_has(text, "\"label\":\"caller\"");
	assert_has(text, "\"totals\":{\"RTP\":{\"packets\":50,\"bytes\":8600,\"errors\":3},"
			 "\"RTCP\":{\"packets\":0");
	/* one side asked for: both are there, since they talk with each other */
	assert_has(client_ask(c, "{\"command\":\"query\",\"call-id\":\"one\",\"from-tag\":\"b\"}"),
		   "\"12345\"");
	assert_has(client_ask(c, STATISTICS), "\"packets_lost\":2");
}

static void unsupported_commands_say_so(void **state)
{
	struct client *c = *state;

	assert_has(client_ask(c, "{\"command\":\"play media\",\"call-id\":\"x\"}"),
		   "\"play media\\\" is not supported yet");
	assert_has(client_ask(c, "{\"command\":\"PING\"}"), "Unrecognized command");
}

static void dtls_is_refused_in_plain_words(void **state)
{
	struct client *c = *state;

	assert_has(client_ask(c, "%s",
			      client_offer("one", "a", 4000,
					   ",\"transport-protocol\":\"UDP/TLS/RTP/SAVPF\"")),
		   "DTLS-SRTP is not supported yet");
	assert_has(client_ask(c, LIST), "\"calls\":[]");
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define OWN(name) cmocka_unit_test_setup_teardown(name, begin_unconnected, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_call_lives_and_ends),
		ROW(errors_in_their_order),
		ROW(fragment_and_loop_do_nothing),
		ROW(refused_flow_undoes_the_first_offer),
		ROW(refused_flow_restores_a_running_call),
		ROW(silent_dataplane_is_an_error_in_time),
		ROW(overlapping_requests_wait_for_each_other),
		ROW(those_who_wait_for_a_failure_go_on),
		ROW(unchanged_flows_are_not_sent_again),
		OWN(limit_is_for_new_calls),
		ROW(ports_run_out),
		ROW(delete_rules),
		ROW(branches_end_one_by_one),
		ROW(delay_keeps_and_an_offer_cancels),
		OWN(silence_ends_calls),
		ROW(numbers_reach_the_query),
		ROW(unsupported_commands_say_so),
		ROW(dtls_is_refused_in_plain_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
