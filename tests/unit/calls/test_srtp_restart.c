/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP calls through restarts: where streams go on in a new dataplane or on another port, what an adopted call keeps,
 * and that no key is ever told.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>

#define CRYPTO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
#define KEY_A "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"
#define KEY_B "BBIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"
#define SSRC 0x12345678u

static int begin(void **state)
{
	static struct client c;

	client_begin(&c);
	c.fake.limits.srtp_suites = 0x7ffe;
	client_connect(&c);
	*state = &c;
	return 0;
}

static int end(void **state)
{
	client_end(*state);
	return 0;
}

/* One message of an SRTP party. The port told to the other. */
static unsigned int say(struct client *c, const char *command, const char *tags,
			const char *address, unsigned int port, const char *key)
{
	const char *text =
		client_ask(c,
			   "{\"command\":\"%s\",\"call-id\":\"one\",%s,\"SDES\":\"nonew\",\"sdp\":"
			   "\"v=0\\no=u 1 1 "
			   "IN IP4 %s\\ns=-\\nt=0 0\\nc=IN IP4 %s\\nm=audio %u RTP/SAVP 0\\n" CRYPTO
			   "%s\\n\"}",
			   command, tags, address, address, port, key);

	assert_has(text, "\"result\":\"ok\"");
	return client_port(text);
}

static unsigned int offer(struct client *c, unsigned int port)
{
	return say(c, "offer", "\"from-tag\":\"a\"", "198.51.100.1", port, KEY_A);
}

static unsigned int answer(struct client *c)
{
	return say(c, "answer", "\"from-tag\":\"a\",\"to-tag\":\"b\"", "198.51.100.2", 5000, KEY_B);
}

static const struct rw_flow_spec *flow(struct client *c, unsigned int port)
{
	const struct rw_flow_spec *f = fake_flow(&c->fake, 0, port);

	assert_non_null(f);
	return f;
}

/* What a dataplane would have published of a call that went on for a while. */
static void publish(struct client *c, unsigned int port)
{
	struct rw_flow_stats *st = fake_stats(&c->fake, rw_flow_id_make(0, (uint16_t)port));

	/* the fake forgets its statistics when control reconnects */
	st->generation = flow(c, port)->generation;
	st->state = RW_FLOW_STATE_LIVE;
	st->srtp_rx[0] = st->srtp_tx[0] = (struct rw_srtp_stream){
		.ssrc = SSRC, .roc = 4, .seq = 65535, .srtcp_index = 10, .used = 1
	};
	st->ssrc[1] = (struct rw_ssrc_stats){ .ssrc = SSRC, .packets = 1, .max_ext_seq = 99 };
	st->tx_packets = 1;
	st->tx_ssrc = SSRC;
	st->tx_last_seq = 98;
}

static void assert_resumed(const struct rw_flow_spec *f, bool rx, bool tx)
{
	assert_int_equal(f->rx_streams[0].used, rx);
	assert_int_equal(f->tx_streams[0].used, tx);
	if (rx) {
		assert_int_equal(f->rx_streams[0].ssrc, SSRC);
		assert_int_equal(f->rx_streams[0].roc, 5);
		assert_int_equal(f->rx_streams[0].seq, 99);
		assert_int_equal(f->rx_streams[0].srtcp_index, 10);
	}
	if (tx) {
		assert_int_equal(f->tx_streams[0].roc, 5);
		assert_int_equal(f->tx_streams[0].seq, 98);
		assert_int_equal(f->tx_streams[0].srtcp_index, 10 + 64);
	}
}

static void wait_ready(struct client *c)
{
	for (unsigned int ms = 0; ms < 5000 && !dplink_ready(c->eng->link); ms += 10)
		run_for(c->loop, 10);
	assert_true(dplink_ready(c->eng->link));
	run_for(c->loop, 20);
}

static void new_dataplane(struct client *c)
{
	fake_die(&c->fake);
	run_for(c->loop, 20);
	fake_rise(&c->fake);
	wait_ready(c);
}

static void streams_go_on_in_a_new_dataplane(void **state)
{
	struct client *c = *state;
	unsigned int pb = offer(c, 4000), pa = answer(c);
	struct rw_srtp_key rx = flow(c, pa)->rx, tx = flow(c, pa)->tx;

	assert_int_equal(rx.suite, RW_SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_resumed(flow(c, pa), false, false); /* a new call begins at zero */
	publish(c, pa);
	publish(c, pa + 1);
	new_dataplane(c);
	assert_true(rw_srtp_key_equal(&flow(c, pa)->rx, &rx));
	assert_true(rw_srtp_key_equal(&flow(c, pa)->tx, &tx));
	assert_resumed(flow(c, pa), true, true);
	assert_resumed(flow(c, pa + 1), true, true);
	assert_resumed(flow(c, pb), false, false); /* had not got any packet */
	/* what the dead one had published is forgotten now */
	new_dataplane(c);
	assert_resumed(flow(c, pa), false, false);
}

/* A dataplane that dies before all calls are set again has nothing to say about them: the one before has. */
static void second_death_loses_nothing(void **state)
{
	struct client *c = *state;
	unsigned int pa;

	offer(c, 4000);
	pa = answer(c);
	publish(c, pa);
	fake_die(&c->fake);
	run_for(c->loop, 20);
	fake_rise(&c->fake);
	c->fake.silent = true; /* its snapshot does not end */
	for (unsigned int ms = 0; ms < 3000 && !dplink_syncing(c->eng->link); ms += 5)
		run_for(c->loop, 5);
	c->fake.silent = false;
	new_dataplane(c);
	assert_resumed(flow(c, pa), true, true);
}

static void lost_link_alone_sets_nothing(void **state)
{
	struct client *c = *state;
	unsigned int sets;

	offer(c, 4000);
	publish(c, answer(c));
	sets = c->fake.sets;
	fake_hang_up(&c->fake);
	wait_ready(c);
	assert_int_equal(c->fake.sets, sets);
}

static void streams_move_to_another_port(void **state)
{
	struct client *c = *state;
	unsigned int pb = offer(c, 4000), fresh;

	answer(c);
	publish(c, pb);
	fresh = say(c, "offer", "\"from-tag\":\"a\",\"to-tag\":\"b\"", "198.51.100.1", 4400, KEY_A);
	assert_int_not_equal(fresh, pb);
	assert_resumed(flow(c, fresh), true, false);
	assert_int_equal(flow(c, fresh)->tx.suite, RW_SRTP_NONE);
	answer(c);
	assert_int_equal(flow(c, fresh)->tx.suite, RW_SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_resumed(flow(c, fresh), false, true); /* rx was there, so its streams are not read */
	assert_int_equal(flow(c, pb)->tx.suite, RW_SRTP_NONE);
}

/* Number of the last SET of this port. */
static unsigned int set_at(struct client *c, unsigned int port)
{
	unsigned int n = c->fake.sets;

	while (n && rw_flow_port(c->fake.set_ids[n - 1]) != port)
		n--;
	assert_int_not_equal(n, 0);
	return n;
}

/* A key goes to its new port before the old one loses it, so that the dataplane need not begin it anew. */
static void keys_are_given_before_they_are_taken(void **state)
{
	struct client *c = *state;
	unsigned int pb = offer(c, 4000), fresh;

	answer(c);
	fresh = say(c, "offer", "\"from-tag\":\"a\",\"to-tag\":\"b\"", "198.51.100.1", 4400, KEY_A);
	answer(c);
	assert_true(set_at(c, fresh) < set_at(c, pb));
	assert_true(set_at(c, fresh + 1) < set_at(c, pb));
	/* and back to a port that comes first in the call */
	offer(c, 4000);
	answer(c);
	assert_int_equal(flow(c, fresh)->tx.suite, RW_SRTP_NONE);
	assert_true(set_at(c, pb) < set_at(c, fresh));
	/* a failed commit does it in the other direction */
	offer(c, 4400);
	c->fake.refuse_at = 6;
	assert_has(
		client_ask(
			c,
			"{\"command\":\"answer\",\"call-id\":\"one\",\"from-tag\":\"a\",\"to-tag\":"
			"\"b\",\"SDES\":\"nonew\",\"sdp\":\"v=0\\no=u 1 1 IN IP4 "
			"198.51.100.2\\ns=-\\nt=0 0\\nc=IN IP4 198.51.100.2\\nm=audio 5000 "
			"RTP/SAVP 0\\n" CRYPTO KEY_B "\\n\"}"),
		"Dataplane did not take the media");
	run_for(c->loop, 20);
	assert_int_equal(flow(c, pb)->tx.suite, RW_SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(flow(c, fresh)->tx.suite, RW_SRTP_NONE);
	assert_true(set_at(c, pb) < set_at(c, fresh));
}

/* A commit that fails puts the old key back, and the streams that belong to it. */
static void refused_key_is_taken_back(void **state)
{
	struct client *c = *state;
	unsigned int pb = offer(c, 4000), pa = answer(c);
	struct rw_srtp_key rx = flow(c, pa)->rx;

	(void)pb;
	publish(c, pa);
	c->fake.refuse_at = 2;
	assert_has(
		client_ask(
			c,
			"{\"command\":\"offer\",\"call-id\":\"one\",\"from-tag\":\"a\",\"to-tag\":"
			"\"b\",\"sdp\":\"v=0\\no=u 1 1 IN IP4 198.51.100.1\\ns=-\\nt=0 0\\nc=IN "
			"IP4 "
			"198.51.100.1\\nm=audio 4000 RTP/SAVP 0\\n" CRYPTO KEY_B "\\n\"}"),
		"Dataplane did not take the media");
	run_for(c->loop, 20);
	assert_true(rw_srtp_key_equal(&flow(c, pa)->rx, &rx));
	assert_int_equal(flow(c, pa)->rx_streams[0].roc, 5);
}

static void kill_control(struct client *c)
{
	engine_free(c->eng);
	c->eng = NULL;
	run_for(c->loop, 10);
	client_connect(c);
}

static void adopted_call_keeps_its_keys(void **state)
{
	struct client *c = *state;
	unsigned int pb = offer(c, 4000), pa = answer(c);
	struct rw_flow_spec a = *flow(c, pa), b = *flow(c, pb);
	const char *text;

	kill_control(c);
	text = client_ask(c, "{\"command\":\"query\",\"call-id\":\"one\"}");
	assert_has(text, "\"protocol\":\"RTP/SAVP\"");
	assert_has(text, "\"SDES\"");
	assert_has(text, "\"crypto suite\":\"AES_CM_128_HMAC_SHA1_80\"");
	publish(c, pa);
	new_dataplane(c);
	assert_true(rw_srtp_key_equal(&flow(c, pa)->rx, &a.rx));
	assert_true(rw_srtp_key_equal(&flow(c, pa)->tx, &a.tx));
	assert_true(rw_srtp_key_equal(&flow(c, pb)->rx, &b.rx));
	assert_resumed(flow(c, pa), true, true);
	/* the answer comes again, as after a 183: the keys stay what they are */
	assert_int_equal(answer(c), pa);
	assert_true(rw_srtp_key_equal(&flow(c, pa)->tx, &a.tx));
	assert_true(rw_srtp_key_equal(&flow(c, pb)->tx, &b.tx));
}

/* The lines of an offer were only in the control that was killed: its answer is not relayed in the clear. */
static void answer_to_a_lost_offer_is_refused(void **state)
{
	struct client *c = *state;

	offer(c, 4000);
	kill_control(c);
	assert_has(
		client_ask(
			c,
			"{\"command\":\"answer\",\"call-id\":\"one\",\"from-tag\":\"a\",\"to-tag\":"
			"\"b\",\"sdp\":\"v=0\\no=u 1 1 IN IP4 198.51.100.2\\ns=-\\nt=0 0\\nc=IN "
			"IP4 "
			"198.51.100.2\\nm=audio 5000 RTP/SAVP 0\\n" CRYPTO KEY_B "\\n\"}"),
		"takes up none that was offered");
}

/* The dataplane that comes back may have another engine. */
static void suites_are_those_of_the_newest_dataplane(void **state)
{
	struct client *c = *state;
	const char *text;

	fake_die(&c->fake);
	run_for(c->loop, 20);
	c->fake.limits.srtp_suites = 0;
	fake_rise(&c->fake);
	wait_ready(c);
	offer(c, 4000);
	text = client_ask(
		c,
		"{\"command\":\"answer\",\"call-id\":\"one\",\"from-tag\":\"a\",\"to-tag\":\"b\","
		"\"sdp\":\"v=0\\no=u 1 1 IN IP4 198.51.100.2\\ns=-\\nt=0 0\\nc=IN IP4 "
		"198.51.100.2\\n"
		"m=audio 5000 RTP/SAVP 0\\n" CRYPTO KEY_B "\\n\"}");
	assert_has(text, "Crypto suite AES_CM_128_HMAC_SHA1_80 is not supported by the dataplane");
}

static void keys_are_never_told(void **state)
{
	static const char *const questions[] = {
		"{\"command\":\"query\",\"call-id\":\"one\"}",
		"{\"command\":\"statistics\"}",
		"{\"command\":\"list\"}",
		"{\"command\":\"delete\",\"call-id\":\"one\",\"from-tag\":\"a\"}",
	};
	struct client *c = *state;

	offer(c, 4000);
	answer(c);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		const char *text = client_ask(c, "%s", questions[i]);

		assert_null(strstr(text, "inline"));
		assert_null(strstr(text, KEY_A));
		assert_null(strstr(text, KEY_B));
	}
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(streams_go_on_in_a_new_dataplane),
		ROW(second_death_loses_nothing),
		ROW(lost_link_alone_sets_nothing),
		ROW(streams_move_to_another_port),
		ROW(keys_are_given_before_they_are_taken),
		ROW(refused_key_is_taken_back),
		ROW(adopted_call_keeps_its_keys),
		ROW(answer_to_a_lost_offer_is_refused),
		ROW(suites_are_those_of_the_newest_dataplane),
		ROW(keys_are_never_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
