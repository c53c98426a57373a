/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What others may do to control, and what it must cost at most: a dataplane that is stopped, requests that pile
 * up on one call, tags without end.
 */
#include "client.h"

#include <stdio.h>
#include <unistd.h>

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

/* Only the first finds out the hard way; a proxy's workers must not queue up behind the time limit. */
static void stopped_dataplane_is_an_error_at_once(void **state)
{
	struct client *c = *state;
	uint64_t start_ms;
	char call[16];

	c->fake.silent = true;
	assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")),
		   "the dataplane does not answer");
	start_ms = engine_now_ms();
	for (unsigned int n = 0; n < 20; n++) {
		snprintf(call, sizeof(call), "more-%u", n);
		assert_has(client_ask(c, "%s", client_offer(call, "a", 4000, "")),
			   "Dataplane does not answer");
	}
	assert_in_range(engine_now_ms() - start_ms, 0, 400);
	assert_int_equal(client_ports_used(c), 0);
	fake_answer_all(&c->fake);
	run_for(c->loop, 20);
	assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")), "\"ok\"");
}

/*
 * Requests for a call that is busy stand in a line. When the first goes on, the others must not be looked at anew
 * each time: that would cost time and memory by the square of their number.
 */
static void waiting_line_moves_as_a_whole(void **state)
{
	struct client *c = *state;
	unsigned int q[40];
	struct held *third, *last;
	struct call *call;

	c->fake.silent = true;
	for (unsigned int n = 0; n < 40; n++)
		q[n] = client_send(c, client_offer("one", "a", 4000, ""));
	call = calls_find(c->eng->calls, STR("one"));
	assert_non_null(call);
	third = call->held_first->next;
	last = call->held_last;
	run_for(c->loop, 20);
	fake_answer_all(&c->fake);
	c->fake.silent = true;
	client_answer(c, q[0]);
	run_for(c->loop, 20);
	assert_ptr_equal(call->held_first, third);
	assert_ptr_equal(call->held_last, last);
	assert_null(c->answers[q[1]]);
	c->fake.silent = false;
	fake_answer_all(&c->fake);
	for (unsigned int n = 1; n < 40; n++)
		assert_has(client_answer(c, q[n]), "\"ok\"");
	assert_null(call->held_first);
}

/* The state of a call is copied with each message, so nothing in it may grow without end. */
static void tags_without_end_are_refused(void **state)
{
	struct client *c = *state;
	unsigned int good = 0;
	const char *text;
	char tag[16];

	assert_has(client_ask(c, "%s", client_offer("one", "a", 4000, "")), "\"ok\"");
	for (unsigned int n = 0; n < 300; n++) {
		snprintf(tag, sizeof(tag), "b%u", n);
		text = client_ask(c, "%s", client_reply_to("one", "a", tag, 5000, ""));
		if (!strstr(text, "\"ok\""))
			break;
		good++;
	}
	assert_in_range(good, 32, 299);
	assert_has(text, "Too many tags in call");
	assert_has(client_ask(c, "%s", client_reply_to("one", "a", "b3", 5000, "")), "\"ok\"");
}

/* Each branch of a fork is a party; so many telephones ring nowhere. */
static void branches_without_end_are_refused(void **state)
{
	struct client *c = *state;
	unsigned int good = 0;
	const char *text;
	char branch[40];

	for (unsigned int n = 0; n < 300; n++) {
		snprintf(branch, sizeof(branch), ",\"via-branch\":\"z%u\"", n);
		text = client_ask(c, "%s", client_offer("one", "a", 4000, branch));
		if (!strstr(text, "\"ok\""))
			break;
		good++;
	}
	assert_in_range(good, 32, 299);
	assert_has(text, "\"result\":\"error\"");
	assert_has(client_ask(c, "{\"command\":\"delete\",\"call-id\":\"one\","
				 "\"delete delay\":0}"),
		   "\"ok\"");
	assert_int_equal(client_ports_used(c), 0);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(stopped_dataplane_is_an_error_at_once),
		ROW(waiting_line_moves_as_a_whole),
		ROW(tags_without_end_are_refused),
		ROW(branches_without_end_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
