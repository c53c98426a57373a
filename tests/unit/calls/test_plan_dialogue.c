/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conversations: which port a party is told when, who talks with whom (ng-protocol section 5 items 10 to 13,
 * sdp-rewrite section 2.3).
 */
#include "convo.h"

#include <stdio.h>

#define A "198.51.100.1"
#define B "198.51.100.2"
#define C "198.51.100.3"

static void begin(struct convo *c)
{
	convo_begin(c, 8000, 8999, 2);
}

/* Offer from a, answer from b. *pa and *pb: ports told to a and to b. */
static void set_up(struct convo *c, unsigned int *pa, unsigned int *pb)
{
	assert_true(convo_offer(c, (struct ng_args){ FROM("a") }, audio(A, 4000, "")));
	*pb = convo_port(c, 0);
	assert_true(convo_answer(c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, "")));
	*pa = convo_port(c, 0);
}

static unsigned int offer(struct convo *c, struct ng_args args, const char *sdp)
{
	if (!convo_offer(c, args, sdp))
		fail_msg("offer: %s", c->error);
	return convo_port(c, 0);
}

static unsigned int answer(struct convo *c, struct ng_args args, const char *sdp)
{
	if (!convo_answer(c, args, sdp))
		fail_msg("answer: %s", c->error);
	return convo_port(c, 0);
}

static void both_sides_get_a_pair(void **state)
{
	struct convo c;

	(void)state;
	begin(&c);
	assert_true(convo_offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, "")));
	convo_expect(&c, "v=0\no=u 7 3 IN IP4 " A "\ns=-\nt=0 0\nm=audio $1 RTP/AVP 0\n"
			 "c=IN IP4 " V4A "\na=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:$1+\n");
	assert_true(convo_answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, "")));
	convo_expect(&c, "v=0\no=u 7 3 IN IP4 " B "\ns=-\nt=0 0\nm=audio $2 RTP/AVP 0\n"
			 "c=IN IP4 " V4A "\na=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:$2+\n");
	assert_int_equal(c.var[1] % 2, 0);
	convo_end(&c);
}

static void repeats_keep_ports(void **state)
{
	unsigned int pa, pb;
	struct convo c;

	(void)state;
	begin(&c);
	pb = offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, ""));
	assert_int_equal(offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, "")), pb);
	pa = answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, ""));
	assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, "")), pa);
	assert_int_equal(offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, "")), pb);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4000, "")), pb);
	/* the callee's turn: it is told by answer, the caller by offer */
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("b", "a") }, audio(B, 5000, "")), pa);
	assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("b", "a") }, audio(A, 4000, "")), pb);
	assert_int_equal(c.state->party_count, 2);
	convo_end(&c);
}

static void moved_endpoint_moves_the_far_port(void **state)
{
	unsigned int pa, pb, moved;
	struct convo c;

	(void)state;
	begin(&c);
	set_up(&c, &pa, &pb);
	moved = offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4400, ""));
	assert_int_not_equal(moved, pb);
	assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, "")), pa);
	/* address instead of port */
	assert_int_not_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(C, 4000, "")),
			     moved);
	/* back to earlier places: back to earlier ports */
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4400, "")),
			 moved);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4000, "")), pb);
	/* the callee moves: the caller is told another port */
	assert_int_not_equal(offer(&c, (struct ng_args){ FROM_TO("b", "a") }, audio(B, 5500, "")),
			     pa);
	convo_end(&c);
}

static void rtcp_hold_and_latching_keep_ports(void **state)
{
	unsigned int pa, pb;
	struct convo c;

	(void)state;
	begin(&c);
	set_up(&c, &pa, &pb);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") },
			       audio(A, 4000, "a=rtcp:4777\n")),
			 pb);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") },
			       audio("0.0.0.0", 4000, "")),
			 pb);
	assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("a", "b") },
				audio(B, 5000, "a=recvonly\n")),
			 pa);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4000, "")), pb);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b"), .port_latching = true },
			       audio(A, 4800, "")),
			 pb);
	convo_end(&c);
}

static void rejected_media_keeps_its_port(void **state)
{
	unsigned int video;
	struct convo c;
	const char *two = "m=video 4100 RTP/AVP 31\n", *rejected = "m=video 0 RTP/AVP 31\n";

	(void)state;
	begin(&c);
	offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, two));
	video = convo_port(&c, 1);
	answer(&c, (struct ng_args){ FROM_TO("a", "b") },
	       audio(B, 5000, "m=video 5100 RTP/AVP 31\n"));
	offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4000, rejected));
	convo_expect_line(&c, "m=video 0 RTP/AVP 31");
	answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, rejected));
	offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4000, two));
	assert_int_equal(convo_port(&c, 1), video);
	/* another type at the same place keeps it too */
	offer(&c, (struct ng_args){ FROM_TO("a", "b") },
	      audio(A, 4000, "m=image 4100 udptl t38\n"));
	assert_int_equal(convo_port(&c, 1), video);
	convo_end(&c);
}

static void fewer_media_in_a_reoffer_stay(void **state)
{
	unsigned int video;
	struct convo c;

	(void)state;
	begin(&c);
	offer(&c, (struct ng_args){ FROM("a") },
	      audio(A, 4000, "m=video 4100 RTP/AVP 31\na=mid:v\n"));
	video = convo_port(&c, 1);
	for (unsigned int n = 0; n < 3; n++) { /* also when it was missing before */
		offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, ""));
		assert_int_equal(convo_port(&c, 1), video);
		convo_expect_line(&c, "a=mid:v");
	}
	convo_end(&c);
}

/* Each branch of a fork has a port of its own; the caller's depends on who answers. */
static void branches_have_own_ports(void **state)
{
	unsigned int p1, p2, a1, a2, a3;
	struct convo c;

	(void)state;
	begin(&c);
	p1 = offer(&c, (struct ng_args){ FROM("a"), .via_branch = STR("x") }, audio(A, 4000, ""));
	p2 = offer(&c, (struct ng_args){ FROM("a"), .via_branch = STR("y") }, audio(A, 4000, ""));
	assert_int_not_equal(p1, p2);
	assert_int_equal(offer(&c, (struct ng_args){ FROM("a"), .via_branch = STR("x") },
			       audio(A, 4000, "")),
			 p1);
	a1 = answer(&c, (struct ng_args){ FROM_TO("a", "b1"), .via_branch = STR("x") },
		    audio(B, 5000, ""));
	a2 = answer(&c, (struct ng_args){ FROM_TO("a", "b2"), .via_branch = STR("y") },
		    audio(C, 5000, ""));
	assert_int_not_equal(a1, a2);
	/* equal endpoints share the caller's port */
	a3 = answer(&c, (struct ng_args){ FROM_TO("a", "b1"), .via_branch = STR("x") },
		    audio(C, 5000, ""));
	assert_int_equal(a3, a2);
	/* the branch answered last talks with the caller */
	assert_int_equal(c.state->parties[0].peer, call_find_tag(c.state, STR("b1")));
	/* a re-offer with to-tag reaches its branch */
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b2") }, audio(A, 4000, "")), p2);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b1") }, audio(A, 4000, "")), p1);
	assert_int_equal(c.state->party_count, 3);
	convo_end(&c);
}

/* One leg, several answers: the later tags are other names of the leg, and each gets its port again. */
static void tags_of_one_leg_are_aliases(void **state)
{
	unsigned int a1, a2;
	struct convo c;

	(void)state;
	begin(&c);
	offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, ""));
	a1 = answer(&c, (struct ng_args){ FROM_TO("a", "b1") }, audio(B, 5000, ""));
	a2 = answer(&c, (struct ng_args){ FROM_TO("a", "b2") }, audio(C, 5000, ""));
	assert_int_not_equal(a1, a2);
	assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("a", "b1") }, audio(B, 5000, "")),
			 a1);
	assert_int_equal(c.state->party_count, 2);
	assert_int_equal(call_find_tag(c.state, STR("b2")), 1);
	assert_int_equal(c.state->parties[1].alias_count, 1);
	convo_end(&c);
}

static void unknown_tags_find_their_leg(void **state)
{
	struct convo c;

	(void)state;
	begin(&c);
	offer(&c, (struct ng_args){ FROM("a") }, audio(A, 4000, ""));
	/* the callee speaks first in a dialogue whose answer passed elsewhere */
	offer(&c, (struct ng_args){ FROM_TO("b", "a") }, audio(B, 5000, ""));
	assert_int_equal(c.state->party_count, 2);
	assert_int_equal(call_find_tag(c.state, STR("b")), 1);
	/* an answer to an offerer that nobody knows is accepted */
	answer(&c, (struct ng_args){ FROM_TO("nobody", "b") }, audio(B, 5000, ""));
	assert_int_equal(c.state->party_count, 2);
	convo_end(&c);
}

static void late_offer_runs_backwards(void **state)
{
	struct convo c;

	(void)state;
	begin(&c);
	offer(&c, (struct ng_args){ FROM_TO("b", "a") }, audio(B, 5000, ""));
	answer(&c, (struct ng_args){ FROM_TO("b", "a") }, audio(A, 4000, ""));
	assert_int_equal(c.state->party_count, 2);
	assert_true(c.state->parties[0].answered && c.state->parties[1].answered);
	convo_end(&c);
}

static void association_with_itself_is_refused(void **state)
{
	struct convo c;
	unsigned int pa, pb;

	(void)state;
	begin(&c);
	assert_false(convo_offer(&c, (struct ng_args){ FROM_TO("a", "a") }, audio(A, 4000, "")));
	convo_expect_error(&c, "Invalid dialogue association");
	assert_null(c.state);
	set_up(&c, &pa, &pb);
	assert_false(convo_answer(&c, (struct ng_args){ FROM_TO("b", "b") }, audio(A, 4000, "")));
	convo_expect_error(&c, "Invalid dialogue association");
	convo_end(&c);
}

static void interface_change_takes_new_ports(void **state)
{
	unsigned int pa, pb, moved;
	struct convo c;

	(void)state;
	begin(&c);
	set_up(&c, &pa, &pb);
	moved = offer(&c, (struct ng_args){ FROM_TO("a", "b"), .to_interface = STR("right") },
		      audio(A, 4000, ""));
	convo_expect_line(&c, "c=IN IP4 " ADVERTISED);
	/* remembered, and the way back is the old port */
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4000, "")),
			 moved);
	assert_int_equal(offer(&c,
			       (struct ng_args){ FROM_TO("a", "b"), .to_interface = STR("left") },
			       audio(A, 4000, "")),
			 pb);
	/* the sender's leg changes with the answer */
	offer(&c, (struct ng_args){ FROM_TO("a", "b"), .from_interface = STR("right") },
	      audio(A, 4000, ""));
	answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, ""));
	convo_expect_line(&c, "c=IN IP4 " ADVERTISED);
	convo_end(&c);
}

/* A hundred moves do not take two hundred ports. */
static void moving_for_ever_takes_no_more_ports(void **state)
{
	unsigned int pa, pb, port, last = 0;
	struct ports_usage u;
	struct convo c;

	(void)state;
	begin(&c);
	set_up(&c, &pa, &pb);
	for (unsigned int n = 0; n < 100; n++) {
		port = offer(&c, (struct ng_args){ FROM_TO("a", "b") },
			     audio(A, 10000 + 2 * n, ""));
		assert_int_not_equal(port, last);
		assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("a", "b") },
					audio(B, 5000, "")),
				 pa);
		last = port;
	}
	ports_usage(c.ports, 0, &u);
	assert_int_equal(u.used, 2 + 2 * PLAN_SOCKETS_MAX);
	convo_end(&c);
}

/* Four ports: one call. It goes on although there is none for its moves; a new call is told so. */
static void running_call_survives_full_table(void **state)
{
	unsigned int pa, pb;
	struct convo c;

	(void)state;
	convo_begin(&c, 8000, 8003, 1);
	set_up(&c, &pa, &pb);
	assert_int_equal(offer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(A, 4400, "")), pb);
	assert_int_equal(answer(&c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5500, "")), pa);
	/* not the text that makes a proxy ask the same engine again and again */
	assert_false(convo_offer(&c, (struct ng_args){ FROM_TO("a", "b") },
				 audio(A, 4000, "m=video 4100 RTP/AVP 31\n")));
	convo_expect_error(&c, "No port left for another media of this call");
	convo_end(&c);
}

static void new_call_without_ports_leaves_nothing(void **state)
{
	struct ports_usage u;
	struct convo c;

	(void)state;
	convo_begin(&c, 8000, 8005, 1);
	assert_false(convo_offer(&c, (struct ng_args){ FROM("a") },
				 audio(A, 4000, "m=video 4100 RTP/AVP 31\n")));
	convo_expect_error(&c, "Ran out of ports");
	assert_null(c.state);
	ports_usage(c.ports, 0, &u);
	assert_int_equal(u.free, 6);
	convo_end(&c);
}

static void too_many_branches_are_refused(void **state)
{
	char branch[16];
	struct convo c;
	unsigned int n;

	(void)state;
	convo_begin(&c, 8000, 9999, 1);
	for (n = 0; n < 200; n++) {
		snprintf(branch, sizeof(branch), "z%u", n);
		if (!convo_offer(&c, (struct ng_args){ FROM("a"), .via_branch = str_from(branch) },
				 audio(A, 4000, "")))
			break;
	}
	assert_int_equal(n, PLAN_PARTIES_MAX - 1);
	convo_expect_error(&c, "Too many branches in call");
	convo_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_get_a_pair),
		cmocka_unit_test(repeats_keep_ports),
		cmocka_unit_test(moved_endpoint_moves_the_far_port),
		cmocka_unit_test(rtcp_hold_and_latching_keep_ports),
		cmocka_unit_test(rejected_media_keeps_its_port),
		cmocka_unit_test(fewer_media_in_a_reoffer_stay),
		cmocka_unit_test(branches_have_own_ports),
		cmocka_unit_test(tags_of_one_leg_are_aliases),
		cmocka_unit_test(unknown_tags_find_their_leg),
		cmocka_unit_test(late_offer_runs_backwards),
		cmocka_unit_test(association_with_itself_is_refused),
		cmocka_unit_test(interface_change_takes_new_ports),
		cmocka_unit_test(moving_for_ever_takes_no_more_ports),
		cmocka_unit_test(running_call_survives_full_table),
		cmocka_unit_test(new_call_without_ports_leaves_nothing),
		cmocka_unit_test(too_many_branches_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
