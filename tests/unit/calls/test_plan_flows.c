/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a call becomes in the dataplane: ways out, peers, source policies; and which flows stay the same when
 * something else changes.
 */
#include "convo.h"

#define A "198.51.100.1"
#define B "198.51.100.2"
#define OFFER ((struct ng_args){ FROM("a") })
#define TO_B ((struct ng_args){ FROM_TO("a", "b") })
#define TO_A ((struct ng_args){ FROM_TO("b", "a") })

struct pair {
	struct convo c;
	unsigned int a, b; /* RTP ports told to a and to b */
};

static int begin(void **state)
{
	static struct pair p;

	convo_begin(&p.c, 8000, 8999, 2);
	convo_offer_ok(&p.c, OFFER, audio(A, 4000, ""));
	p.b = convo_port(&p.c, 0);
	*state = &p;
	return 0;
}

static int begin_answered(void **state)
{
	struct pair *p;

	begin(state);
	p = *state;
	convo_answer_ok(&p->c, TO_B, audio(B, 5000, ""));
	p->a = convo_port(&p->c, 0);
	return 0;
}

static int end(void **state)
{
	struct pair *p = *state;

	convo_end(&p->c);
	return 0;
}

static unsigned int out_port(rw_flow_id id)
{
	return id == RW_FLOW_NONE ? 0 : rw_flow_port(id);
}

static void offer_opens_ports_that_lead_nowhere(void **state)
{
	struct pair *p = *state;
	const struct call_flow *b = convo_flow(&p->c, p->b), *a;

	a = &p->c.state->parties[0].media[0].sockets[0].rtp;
	assert_true(a->wanted && b->wanted);
	assert_int_equal(out_port(a->out_rtp), 0);
	assert_int_equal(out_port(b->out_rtp), 0);
	assert_true(endpoint_is(&a->source, A ":4000"));
	assert_int_equal(a->policy, RW_SOURCE_LEARN);
	/* nobody can be learned on the callee's port before it is known who it is */
	assert_true(endpoint_is(&b->source, "-:0"));
	assert_int_equal(b->policy, RW_SOURCE_STRICT);
}

static void answer_connects_them(void **state)
{
	struct pair *p = *state;
	const struct call_flow *a = convo_flow(&p->c, p->a), *b = convo_flow(&p->c, p->b);
	const struct call_flow *ac = convo_flow(&p->c, p->a + 1), *bc = convo_flow(&p->c, p->b + 1);

	assert_int_equal(out_port(a->out_rtp), p->b);
	assert_int_equal(out_port(b->out_rtp), p->a);
	assert_int_equal(out_port(ac->out_rtcp), p->b + 1);
	assert_int_equal(out_port(bc->out_rtcp), p->a + 1);
	assert_true(endpoint_is(&a->peer, A ":4000") && endpoint_is(&a->source, A ":4000"));
	assert_true(endpoint_is(&b->peer, B ":5000") && endpoint_is(&b->source, B ":5000"));
	assert_true(endpoint_is(&ac->peer, A ":4001") && endpoint_is(&bc->peer, B ":5001"));
	assert_int_equal(a->kind, RW_FLOW_RTP);
	assert_int_equal(ac->kind, RW_FLOW_RTCP);
	assert_int_equal(out_port(a->out_rtcp), 0);
	assert_int_equal(a->policy, RW_SOURCE_LEARN);
	assert_int_equal(a->learn_ms, PLAN_LEARN_MS);
	assert_int_equal(a->tos, 184);
	assert_int_equal(a->clock_hz, 8000);
	assert_int_equal(a->component, 1);
	assert_int_equal(ac->component, 2);
	assert_int_equal(a->leg, 0);
	assert_int_equal(b->leg, 1);
}

/* One leg moves; the flow of the other stays the same to the byte, so nothing of it is sent again. */
static void moving_one_leg_leaves_the_other(void **state)
{
	struct pair *p = *state;
	struct call_flow a = *convo_flow(&p->c, p->a), b = *convo_flow(&p->c, p->b);
	unsigned int fresh;

	convo_offer_ok(&p->c, TO_B, audio(A, 4400, ""));
	fresh = convo_port(&p->c, 0);
	/* at once: b's packets go to a's new place, by the port that a knows */
	assert_true(endpoint_is(&convo_flow(&p->c, p->a)->peer, A ":4400"));
	assert_true(call_flow_same(convo_flow(&p->c, p->b), &b));
	/* b's new port works already, but b is still spoken to from the old one */
	assert_int_equal(out_port(convo_flow(&p->c, fresh)->out_rtp), p->a);
	assert_int_equal(out_port(convo_flow(&p->c, p->a)->out_rtp), p->b);
	convo_answer_ok(&p->c, TO_B, audio(B, 5000, ""));
	assert_int_equal(out_port(convo_flow(&p->c, p->a)->out_rtp), fresh);
	assert_true(call_flow_same(convo_flow(&p->c, p->b), &b)); /* late packets still pass */
	(void)a;
}

static void callee_s_move_leaves_the_caller(void **state)
{
	struct pair *p = *state;
	struct call_flow a = *convo_flow(&p->c, p->a);
	unsigned int fresh;

	convo_offer_ok(&p->c, TO_A, audio(B, 5500, ""));
	fresh = convo_port(&p->c, 0);
	assert_true(call_flow_same(convo_flow(&p->c, p->a), &a));
	assert_true(endpoint_is(&convo_flow(&p->c, p->b)->peer, B ":5500"));
	assert_int_equal(out_port(convo_flow(&p->c, p->b)->out_rtp), p->a);
	convo_answer_ok(&p->c, TO_A, audio(A, 4000, ""));
	assert_int_equal(out_port(convo_flow(&p->c, p->b)->out_rtp), fresh);
	assert_true(call_flow_same(convo_flow(&p->c, p->a), &a));
}

static void repeated_message_changes_nothing(void **state)
{
	struct pair *p = *state;
	struct call_flow a = *convo_flow(&p->c, p->a), b = *convo_flow(&p->c, p->b);

	convo_offer_ok(&p->c, TO_B, audio(A, 4000, ""));
	convo_answer_ok(&p->c, TO_B, audio(B, 5000, ""));
	assert_true(call_flow_same(convo_flow(&p->c, p->a), &a));
	assert_true(call_flow_same(convo_flow(&p->c, p->b), &b));
}

/* A party behind NAT is not lost when its port on the relay changes: what was learned moves along. */
static void learned_address_moves_to_the_new_port(void **state)
{
	struct pair *p = *state;
	unsigned int fresh;

	p->c.learned_port = (uint16_t)p->a;
	p->c.learned_at.ip = rw_ip4((uint8_t[]){ 203, 0, 113, 5 });
	p->c.learned_at.port_be = htons(61000);
	convo_offer_ok(&p->c, TO_A, audio(B, 5500, "")); /* b moves, a is told another port */
	fresh = convo_port(&p->c, 0);
	assert_true(endpoint_is(&convo_flow(&p->c, fresh)->peer, "203.0.113.5:61000"));
	assert_true(endpoint_is(&convo_flow(&p->c, p->a)->peer, A ":4000")); /* as it was set */
	convo_answer_ok(&p->c, TO_A, audio(A, 4000, ""));
	assert_true(endpoint_is(&convo_flow(&p->c, fresh)->peer, "203.0.113.5:61000"));
	/* until a says that it is somewhere else */
	convo_offer_ok(&p->c, TO_B, audio(A, 4700, ""));
	assert_true(endpoint_is(&convo_flow(&p->c, fresh)->peer, A ":4700"));
}

static void hold_stops_one_direction(void **state)
{
	struct pair *p = *state;
	const struct call_flow *a;

	convo_offer_ok(&p->c, TO_B, audio("0.0.0.0", 4000, ""));
	a = convo_flow(&p->c, p->a);
	assert_true(endpoint_is(&a->peer, "-:0"));
	assert_true(endpoint_is(&a->source, A ":4000"));
	assert_int_equal(a->policy, RW_SOURCE_ASYMMETRIC); /* its music must not make it a peer */
	assert_int_equal(out_port(a->out_rtp), p->b);
	convo_offer_ok(&p->c, TO_B, audio(A, 4000, ""));
	a = convo_flow(&p->c, p->a);
	assert_true(endpoint_is(&a->peer, A ":4000"));
	assert_int_equal(a->policy, RW_SOURCE_LEARN);
}

/* After a hold, media goes at once to where the party was heard, not to the address behind its NAT. */
static void learned_address_survives_a_hold(void **state)
{
	struct pair *p = *state;

	p->c.learned_port = (uint16_t)p->a;
	p->c.learned_at.ip = rw_ip4((uint8_t[]){ 203, 0, 113, 5 });
	p->c.learned_at.port_be = htons(61000);
	convo_offer_ok(&p->c, TO_B, audio("0.0.0.0", 4000, ""));
	assert_true(endpoint_is(&convo_flow(&p->c, p->a)->peer, "-:0"));
	p->c.learned_port = 0;
	convo_offer_ok(&p->c, TO_B, audio("0.0.0.0", 4000, ""));
	convo_offer_ok(&p->c, TO_B, audio(A, 4000, ""));
	assert_true(endpoint_is(&convo_flow(&p->c, p->a)->peer, "203.0.113.5:61000"));
	convo_offer_ok(&p->c, TO_B, audio(A, 4002, ""));
	assert_true(endpoint_is(&convo_flow(&p->c, p->a)->peer, A ":4002"));
}

static void rejected_media_is_silent(void **state)
{
	struct pair *p = *state;
	unsigned int video;

	convo_offer_ok(&p->c, TO_B, audio(A, 4000, "m=video 4100 RTP/AVP 31\n"));
	video = convo_port(&p->c, 1);
	convo_answer_ok(&p->c, TO_B, audio(B, 5000, "m=video 0 RTP/AVP 31\n"));
	assert_int_equal(out_port(convo_flow(&p->c, video)->out_rtp), 0);
	assert_true(endpoint_is(&convo_flow(&p->c, video)->peer, "-:0"));
	assert_int_equal(out_port(convo_flow(&p->c, p->a)->out_rtp), p->b);
}

/* Mux on one side only: RTCP comes on one port and leaves by two, and back. */
static void mux_on_one_side(void **state)
{
	struct pair *p = *state;
	unsigned int a, b;

	convo_offer_ok(&p->c, TO_B, audio(A, 4000, "a=rtcp-mux\n"));
	b = convo_port(&p->c, 0);
	convo_answer_ok(&p->c, (struct ng_args){ FROM_TO("a", "b") }, audio(B, 5000, ""));
	a = convo_port(&p->c, 0);
	assert_int_equal(out_port(convo_flow(&p->c, a)->out_rtcp), b + 1);
	convo_offer_ok(&p->c, (struct ng_args){ FROM_TO("a", "b"), .rtcp_mux = NG_MUX_ACCEPT },
		       audio(A, 4000, "a=rtcp-mux\n"));
	convo_answer_ok(&p->c, TO_B, audio(B, 5000, ""));
	/* a is muxed, b is not */
	assert_int_equal(convo_flow(&p->c, a)->kind, RW_FLOW_MUX);
	assert_int_equal(out_port(convo_flow(&p->c, a)->out_rtcp), b + 1);
	assert_int_equal(out_port(convo_flow(&p->c, b + 1)->out_rtcp), a);
}

static void policies_are_the_sender_s(void **state)
{
	struct pair *p = *state;

	convo_offer_ok(&p->c, (struct ng_args){ FROM_TO("a", "b"), .asymmetric = true },
		       audio(A, 4000, ""));
	assert_int_equal(convo_flow(&p->c, p->a)->policy, RW_SOURCE_ASYMMETRIC);
	assert_int_equal(convo_flow(&p->c, p->b)->policy, RW_SOURCE_LEARN);
	convo_offer_ok(&p->c, (struct ng_args){ FROM_TO("a", "b"), .media_handover = true },
		       audio(A, 4000, ""));
	assert_int_equal(convo_flow(&p->c, p->a)->policy, RW_SOURCE_HANDOVER);
	assert_int_equal(convo_flow(&p->c, p->a)->learn_ms, 0);
	convo_offer_ok(&p->c,
		       (struct ng_args){ FROM_TO("a", "b"), .endpoint_learning = NG_LEARN_OFF,
					 .strict_source = true },
		       audio(A, 4000, ""));
	assert_int_equal(convo_flow(&p->c, p->a)->policy, RW_SOURCE_STRICT);
	convo_offer_ok(&p->c,
		       (struct ng_args){ FROM_TO("a", "b"),
					 .endpoint_learning = NG_LEARN_IMMEDIATE },
		       audio(A, 4000, ""));
	assert_int_equal(convo_flow(&p->c, p->a)->learn_ms, PLAN_LEARN_IMMEDIATE_MS);
	convo_offer_ok(&p->c, (struct ng_args){ FROM_TO("a", "b"), .strict_source = true },
		       audio(A, 4000, ""));
	assert_int_equal(convo_flow(&p->c, p->a)->policy, RW_SOURCE_LEARN);
}

static void tos_of_the_message_wins(void **state)
{
	struct ng_args args = { FROM_TO("a", "b") };
	struct pair *p = *state;

	args.tos = 96;
	convo_offer_ok(&p->c, args, audio(A, 4000, ""));
	assert_int_equal(convo_flow(&p->c, p->b)->tos, 96);
	convo_offer_ok(&p->c, TO_B, audio(A, 4000, "")); /* remembered */
	assert_int_equal(convo_flow(&p->c, p->b)->tos, 96);
}

static void only_the_active_branch_is_heard(void **state)
{
	unsigned int b1, b2, a2;
	struct convo c;

	(void)state;
	convo_begin(&c, 8000, 8999, 1);
	convo_offer_ok(&c, (struct ng_args){ FROM("a"), .via_branch = STR("x") },
		       audio(A, 4000, ""));
	b1 = convo_port(&c, 0);
	convo_offer_ok(&c, (struct ng_args){ FROM("a"), .via_branch = STR("y") },
		       audio(A, 4000, ""));
	b2 = convo_port(&c, 0);
	convo_answer_ok(&c, (struct ng_args){ FROM_TO("a", "b1"), .via_branch = STR("x") },
			audio(B, 5000, ""));
	assert_int_not_equal(out_port(convo_flow(&c, b1)->out_rtp), 0);
	convo_answer_ok(&c, (struct ng_args){ FROM_TO("a", "b2"), .via_branch = STR("y") },
			audio(B, 6000, ""));
	a2 = convo_port(&c, 0);
	assert_int_equal(out_port(convo_flow(&c, b1)->out_rtp), 0);
	assert_int_equal(out_port(convo_flow(&c, b2)->out_rtp), a2);
	assert_int_equal(out_port(convo_flow(&c, a2)->out_rtp), b2);
	convo_end(&c);
}

static void port_without_a_neighbour_above(void **state)
{
	struct pair *p = *state;

	convo_offer_ok(&p->c, TO_B, audio(A, 65535, ""));
	assert_true(endpoint_is(&convo_flow(&p->c, p->a + 1)->peer, "-:0"));
}

static void spec_of_a_long_call_id_is_cut(void **state)
{
	struct pair *p = *state;
	struct rw_flow_spec spec;
	char id[300];

	memset(id, 'x', sizeof(id));
	call_flow_spec(convo_flow(&p->c, p->b), (struct str){ id, sizeof(id) }, 7, &spec);
	assert_int_equal(strlen(spec.call_id), RW_CALL_ID_BYTES - 1);
	assert_int_equal(spec.call_ref, 7);
	assert_int_equal(spec.flags, RW_FLOW_PASS_OTHER);
}

#define OFFERED(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define ANSWERED(name) cmocka_unit_test_setup_teardown(name, begin_answered, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OFFERED(offer_opens_ports_that_lead_nowhere),
		ANSWERED(answer_connects_them),
		ANSWERED(moving_one_leg_leaves_the_other),
		ANSWERED(callee_s_move_leaves_the_caller),
		ANSWERED(repeated_message_changes_nothing),
		ANSWERED(learned_address_moves_to_the_new_port),
		ANSWERED(hold_stops_one_direction),
		ANSWERED(learned_address_survives_a_hold),
		ANSWERED(rejected_media_is_silent),
		ANSWERED(mux_on_one_side),
		ANSWERED(policies_are_the_sender_s),
		ANSWERED(tos_of_the_message_wins),
		cmocka_unit_test(only_the_active_branch_is_heard),
		ANSWERED(port_without_a_neighbour_above),
		ANSWERED(spec_of_a_long_call_id_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
