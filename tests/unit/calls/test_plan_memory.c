/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plans without memory: each allocation in turn fails; the plan fails, the call's state and the port table are
 * as before, and the same message succeeds afterwards.
 */
#include "convo.h"

#include <stdlib.h>

#define A "198.51.100.1"
#define B "198.51.100.2"
#define VIDEO "m=video 4100 RTP/AVPF 96\na=rtpmap:96 H264/90000\na=rtcp-mux\na=mid:v\n"

struct snapshot {
	struct call_state *state;
	struct ports_usage usage[3];
};

static void take(struct convo *c, struct snapshot *s)
{
	s->state = c->state ? call_state_pack(c->state) : NULL;
	for (unsigned int i = 0; i < 3; i++)
		ports_usage(c->ports, i, &s->usage[i]);
}

static void compare_flow(void *ctx, struct call_flow *f)
{
	struct call_state *before = ctx;
	const struct call_flow *was = call_find_flow(before, f->leg, f->media, f->id);

	assert_non_null(was);
	assert_true(call_flow_same(was, f));
}

static void compare(struct convo *c, struct snapshot *s)
{
	struct ports_usage now;

	assert_int_equal(s->state == NULL, c->state == NULL);
	if (c->state) {
		assert_int_equal(c->state->party_count, s->state->party_count);
		call_each_flow(c->state, compare_flow, s->state);
	}
	for (unsigned int i = 0; i < 3; i++) {
		ports_usage(c->ports, i, &now);
		assert_memory_equal(&now, &s->usage[i], sizeof(now));
	}
	assert_int_equal(ports_check(c->ports), 0);
	call_state_free(s->state);
}

/* One plan on an own arena, with the n-th allocation failing. Its result. */
static int try_plan(struct convo *c, struct ng_args args, const char *text, bool offer,
		    unsigned long fail_at)
{
	struct arena *a = arena_new();
	struct plan_env env = { .cfg = &c->cfg,
				.ifs = &c->ifs,
				.ports = c->ports,
				.srtp_suites = ALL_SUITES,
				.instance_id = STR("0123456789ab") };
	struct plan p = { .arena = a, .env = &env, .args = &args };
	struct sdp sdp;
	const char *why;
	int rc;

	args.sdp = str_from(text);
	assert_int_equal(sdp_parse(a, args.sdp, &sdp, &why), SDP_OK);
	p.sdp = &sdp;
	arena_fail_after(fail_at);
	rc = offer ? plan_offer(&p, c->state) : plan_answer(&p, c->state);
	arena_fail_after(0);
	plan_drop(&p);
	arena_free(a);
	return rc;
}

/* Fails every allocation once; how many there were. */
static unsigned long fail_each(struct convo *c, struct ng_args args, const char *text, bool offer)
{
	for (unsigned long n = 1;; n++) {
		struct snapshot s;
		int rc;

		take(c, &s);
		rc = try_plan(c, args, text, offer, n);
		compare(c, &s);
		if (rc == 0)
			return n - 1;
		assert_int_equal(rc, -ENOMEM);
		assert_true(n < 10000);
	}
}

static void every_step_can_fail(void **state)
{
	struct ng_args first = { FROM("a"), .replace_origin = true, .replace_sdp_version = true,
				 .via_branch = STR("x"), .loop_protect = true };
	struct ng_args again = { FROM_TO("a", "b"), .replace_sdp_version = true,
				 .to_interface = STR("right") };
	struct ng_args answer = { FROM_TO("a", "b"), .via_branch = STR("x") };
	struct ng_args alias = { FROM_TO("a", "other") };
	struct convo c;

	(void)state;
	convo_begin(&c, 8000, 8999, 2);
	assert_true(fail_each(&c, first, audio(A, 4000, VIDEO), true) > 10);
	assert_true(convo_offer(&c, first, audio(A, 4000, VIDEO)));
	assert_true(fail_each(&c, answer, audio(B, 5000, VIDEO), false) > 10);
	assert_true(convo_answer(&c, answer, audio(B, 5000, VIDEO)));
	/* the older text of the video is read again */
	assert_true(fail_each(&c, again, audio(A, 4400, ""), true) > 10);
	assert_true(convo_offer(&c, again, audio(A, 4400, "")));
	assert_true(fail_each(&c, alias, audio(B, 5500, ""), false) > 10);
	assert_true(convo_answer(&c, alias, audio(B, 5500, "")));
	convo_end(&c);
}

#define CM80 "AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e\n"
#define SAVP                                                                                       \
	"v=0\no=u 7 3 IN IP4 " A "\ns=-\nt=0 0\nc=IN IP4 " A                                       \
	"\nm=audio 4000 RTP/SAVP 0\na=crypto:1 " CM80 "a=crypto:2 " CM80

static void every_step_with_keys_can_fail(void **state)
{
	struct ng_args first = { FROM("a") }, again = { FROM_TO("a", "b") };
	struct convo c;

	(void)state;
	convo_begin(&c, 8000, 8999, 2);
	assert_true(fail_each(&c, first, SAVP, true) > 10);
	assert_true(convo_offer(&c, first, SAVP));
	assert_true(fail_each(&c, again, audio(B, 5000, ""), false) > 10);
	assert_true(convo_answer(&c, again, audio(B, 5000, "")));
	assert_true(fail_each(&c, again, SAVP, true) > 8);
	assert_true(convo_offer(&c, again, SAVP));
	assert_true(fail_each(&c, again, audio(B, 5000, "a=crypto:1 " CM80), false) > 8);
	convo_end(&c);
}

/* One media in two m= lines, on both sides. */
static void every_step_with_pairs_can_fail(void **state)
{
	struct ng_args first = { FROM("a"),
				 .osrtp = NG_OSRTP_ACCEPT_LEGACY | NG_OSRTP_OFFER_LEGACY };
	struct ng_args to_b = { FROM_TO("a", "b") };
	const char *offered = audio(A, 4000, "m=audio 4000 RTP/SAVP 0\na=crypto:1 " CM80);
	const char *answered = audio(B, 0, "m=audio 5000 RTP/SAVP 0\na=crypto:1 " CM80);
	struct convo c;

	(void)state;
	convo_begin(&c, 8000, 8999, 2);
	assert_true(fail_each(&c, first, offered, true) > 10);
	assert_true(convo_offer(&c, first, offered));
	convo_expect_line(&c, "m=audio $1 RTP/AVP 0");
	convo_expect_line(&c, "m=audio $1 RTP/SAVP 0");
	assert_true(fail_each(&c, to_b, answered, false) > 10);
	assert_true(convo_answer(&c, to_b, answered));
	convo_expect_line(&c, "m=audio 0 RTP/AVP 0");
	convo_expect_line(&c, "m=audio $2 RTP/SAVP 0");
	convo_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_can_fail),
		cmocka_unit_test(every_step_with_keys_can_fail),
		cmocka_unit_test(every_step_with_pairs_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
