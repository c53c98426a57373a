/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys in flows: which key stands in which flow after each message, what a re-offer may change and what not, and
 * suites that the dataplane does not serve. The SDP itself is tested by the conversations.
 */
#include "convo.h"

#include <stdio.h>

#include "sdes.h"

#define A "198.51.100.1"
#define B "198.51.100.2"
#define OFFER ((struct ng_args){ FROM("a") })
#define TO_SAVP ((struct ng_args){ FROM("a"), .transport = SDP_PROTO_SAVP })
#define TO_AVP ((struct ng_args){ FROM("a"), .transport = SDP_PROTO_AVP })
#define TO_B ((struct ng_args){ FROM_TO("a", "b") })
#define TO_A ((struct ng_args){ FROM_TO("b", "a") })

#define CM80 "AES_CM_128_HMAC_SHA1_80"
#define CM32 "AES_CM_128_HMAC_SHA1_32"
#define KA "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"
#define KB "BBIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"
#define KC "CCIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"

/* An SDP in RTP/SAVP with these a=crypto. */
#define SAVP(address, port, crypto)                                                                \
	"v=0\no=u 7 3 IN IP4 " address "\ns=-\nt=0 0\nc=IN IP4 " address "\nm=audio " port         \
	" RTP/SAVP 0\n" crypto
#define LINE(tag, suite, key) "a=crypto:" tag " " suite " inline:" key "\n"

static struct rw_srtp_key key(const char *line)
{
	struct sdes_line l;

	assert_true(sdes_parse(str_from(line), &l));
	return l.key;
}

static bool is(const struct rw_srtp_key *k, const char *line)
{
	struct rw_srtp_key want = key(line);

	return rw_srtp_key_equal(k, &want);
}

/* The key that the last reply printed for this suite. */
static struct rw_srtp_key printed(const struct convo *c, const char *suite)
{
	char line[SDES_TEXT_BYTES];
	const char *at = strstr(c->plan.reply_sdp.p, suite), *end_of_line;

	assert_non_null(at);
	while (at[-1] != ':')
		at--;
	end_of_line = strchr(at, '\r');
	snprintf(line, sizeof(line), "%.*s", (int)(end_of_line - at), at);
	return key(line);
}

static void srtp_to_plain(void **state)
{
	struct convo *c = *state;
	const struct call_flow *a, *b;
	struct rw_srtp_key told;
	unsigned int pa, pb;

	convo_offer_ok(c, TO_AVP, SAVP(A, "4000", LINE("1", CM80, KA) LINE("2", CM32, KC)));
	pb = convo_port(c, 0);
	/* which line will be chosen is not known yet */
	assert_int_equal(c->state->parties[0].media[0].sockets[0].rtp.rx.suite, RW_SRTP_NONE);
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	pa = convo_port(c, 0);
	told = printed(c, CM80);
	for (unsigned int component = 0; component < 2; component++) {
		a = convo_flow(c, pa + component);
		b = convo_flow(c, pb + component);
		assert_true(is(&a->rx, "1 " CM80 " inline:" KA));
		assert_true(rw_srtp_key_equal(&a->tx, &told));
		assert_int_equal(b->rx.suite, RW_SRTP_NONE);
		assert_int_equal(b->tx.suite, RW_SRTP_NONE);
	}
}

/* No other class of packets may pass beside the keys. */
static void nothing_passes_beside_keys(void **state)
{
	struct convo *c = *state;
	struct rw_flow_spec spec;
	unsigned int pa, pb;

	convo_offer_ok(c, TO_AVP, SAVP(A, "4000", LINE("1", CM80, KA)));
	pb = convo_port(c, 0);
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	pa = convo_port(c, 0);
	call_flow_spec(convo_flow(c, pa), STR("call"), 1, &spec);
	assert_int_equal(spec.flags, 0);
	assert_true(is(&spec.rx, "1 " CM80 " inline:" KA));
	call_flow_spec(convo_flow(c, pb), STR("call"), 1, &spec);
	assert_int_equal(spec.flags, RW_FLOW_PASS_OTHER);
}

static void plain_to_srtp(void **state)
{
	struct convo *c = *state;
	const struct call_flow *b;
	struct rw_srtp_key told;
	unsigned int pb;

	convo_offer_ok(c, TO_SAVP, audio(A, 4000, ""));
	pb = convo_port(c, 0);
	told = printed(c, CM32);
	b = convo_flow(c, pb);
	assert_true(b->rx.suite == RW_SRTP_NONE && b->tx.suite == RW_SRTP_NONE);
	assert_int_equal(b->out_rtp, RW_FLOW_NONE); /* nothing is relayed in the clear meanwhile */
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("8", CM32, KB)));
	b = convo_flow(c, pb);
	assert_true(is(&b->rx, "8 " CM32 " inline:" KB));
	assert_true(rw_srtp_key_equal(&b->tx, &told));
	assert_true(rw_srtp_key_equal(&convo_flow(c, pb + 1)->tx, &told));
	assert_int_equal(convo_flow(c, convo_port(c, 0))->rx.suite, RW_SRTP_NONE);
}

static unsigned int both_srtp(struct convo *c)
{
	unsigned int pb;

	convo_offer_ok(c, OFFER, SAVP(A, "4000", LINE("1", CM80, KA)));
	pb = convo_port(c, 0);
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("1", CM80, KB)));
	return pb;
}

static void keys_pass_and_stay(void **state)
{
	struct convo *c = *state;
	unsigned int pb = both_srtp(c), pa = convo_port(c, 0);
	struct call_flow a = *convo_flow(c, pa), b = *convo_flow(c, pb);

	assert_true(is(&a.rx, "1 " CM80 " inline:" KA) && is(&a.tx, "1 " CM80 " inline:" KB));
	assert_true(is(&b.rx, "1 " CM80 " inline:" KB) && is(&b.tx, "1 " CM80 " inline:" KA));
	/* the session refresh of each side, unanswered and answered, touches nothing */
	convo_offer_ok(c, TO_B, SAVP(A, "4000", LINE("1", CM80, KA)));
	assert_true(call_flow_same(&a, convo_flow(c, pa)));
	assert_true(call_flow_same(&b, convo_flow(c, pb)));
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("1", CM80, KB)));
	convo_offer_ok(c, TO_A, SAVP(B, "5000", LINE("1", CM80, KB)));
	convo_answer_ok(c, TO_A, SAVP(A, "4000", LINE("1", CM80, KA)));
	assert_true(call_flow_same(&a, convo_flow(c, pa)));
	assert_true(call_flow_same(&b, convo_flow(c, pb)));
}

/* A sender's new key counts at its offer; what the receiver is sent changes with its answer. */
static void new_key_in_a_re_offer(void **state)
{
	struct convo *c = *state;
	unsigned int pb = both_srtp(c), pa = convo_port(c, 0);

	convo_offer_ok(c, TO_B, SAVP(A, "4000", LINE("3", CM80, KC)));
	assert_true(is(&convo_flow(c, pa)->rx, "1 " CM80 " inline:" KC));
	assert_true(is(&convo_flow(c, pb)->tx, "1 " CM80 " inline:" KA));
	assert_true(is(&convo_flow(c, pb)->rx, "1 " CM80 " inline:" KB));
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("1", CM80, KB)));
	assert_true(is(&convo_flow(c, pa)->rx, "1 " CM80 " inline:" KC));
	assert_true(is(&convo_flow(c, pa)->tx, "1 " CM80 " inline:" KB));
	assert_true(is(&convo_flow(c, pb)->tx, "1 " CM80 " inline:" KC));
}

/* A suite that the offerer leaves out stays in use until the answer. */
static void other_suite_in_a_re_offer(void **state)
{
	struct convo *c = *state;
	unsigned int pb = both_srtp(c), pa = convo_port(c, 0);
	struct rw_srtp_key told;

	convo_offer_ok(c, TO_B, SAVP(A, "4000", LINE("1", CM32, KC)));
	assert_true(is(&convo_flow(c, pa)->rx, "1 " CM80 " inline:" KA));
	told = printed(c, CM80);
	assert_true(is(&told, "1 " CM80 " inline:" KA)); /* what B accepted, with its key */
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("1", CM80, KB)));
	assert_true(is(&convo_flow(c, pa)->rx, "1 " CM32 " inline:" KC));
	assert_int_equal(convo_flow(c, pa)->tx.suite, RW_SRTP_AES_CM_128_HMAC_SHA1_32);
	assert_true(is(&convo_flow(c, pb)->tx, "1 " CM80 " inline:" KA));
}

/* Another port: it receives at once, and sends when the answer says so; the old one holds no sending key then. */
static void sending_key_moves_with_the_port(void **state)
{
	struct convo *c = *state;
	unsigned int pb = both_srtp(c), fresh;

	convo_offer_ok(c, TO_B, SAVP(A, "4400", LINE("1", CM80, KA)));
	fresh = convo_port(c, 0);
	assert_int_not_equal(fresh, pb);
	assert_true(is(&convo_flow(c, fresh)->rx, "1 " CM80 " inline:" KB));
	assert_int_equal(convo_flow(c, fresh)->tx.suite, RW_SRTP_NONE);
	assert_true(endpoint_is(&convo_flow(c, fresh)->peer, "-:0")); /* nothing in the clear */
	assert_int_equal(convo_flow(c, fresh)->policy, RW_SOURCE_ASYMMETRIC);
	assert_true(is(&convo_flow(c, pb)->tx, "1 " CM80 " inline:" KA));
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("1", CM80, KB)));
	assert_true(is(&convo_flow(c, fresh)->tx, "1 " CM80 " inline:" KA));
	assert_true(endpoint_is(&convo_flow(c, fresh)->peer, B ":5000"));
	assert_int_equal(convo_flow(c, pb)->tx.suite, RW_SRTP_NONE);
	assert_true(is(&convo_flow(c, pb)->rx, "1 " CM80 " inline:" KB)); /* late packets */
	assert_true(endpoint_is(&convo_flow(c, pb)->peer, "-:0"));
}

static void back_to_plain(void **state)
{
	struct convo *c = *state;
	unsigned int pb = both_srtp(c), pa = convo_port(c, 0);

	convo_offer_ok(c, TO_B, audio(A, 4000, ""));
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	assert_true(!convo_flow(c, pa)->rx.suite && !convo_flow(c, pa)->tx.suite);
	assert_true(!convo_flow(c, pb)->rx.suite && !convo_flow(c, pb)->tx.suite);
}

/* --- what is in use changes with the answer --- */

#define T38(address, port)                                                                         \
	"v=0\no=u 7 3 IN IP4 " address "\ns=-\nt=0 0\nc=IN IP4 " address "\nm=image " port         \
	" udptl t38\n"

/* Keys on one side: what a fax offer must not drop. pa and pb: A's and B's port. */
static void srtp_and_plain(struct convo *c, unsigned int *pa, unsigned int *pb)
{
	convo_offer_ok(c, TO_AVP, SAVP(A, "4000", LINE("1", CM80, KA)));
	*pb = convo_port(c, 0);
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	*pa = convo_port(c, 0);
}

static void fax_offer_leaves_media_as_it_is(void **state)
{
	struct convo *c = *state;
	struct call_flow before[4];
	unsigned int pa, pb;

	srtp_and_plain(c, &pa, &pb);
	for (unsigned int i = 0; i < 4; i++)
		before[i] = *convo_flow(c, (i < 2 ? pa : pb) + i % 2);
	convo_offer_ok(c, TO_A, T38(B, "5000"));
	convo_expect_line(c, "m=image $1 udptl t38");
	convo_offer_ok(c, TO_B, T38(A, "4000"));
	/* both were refused */
	for (unsigned int i = 0; i < 4; i++)
		assert_true(call_flow_same(&before[i], convo_flow(c, (i < 2 ? pa : pb) + i % 2)));
	/* and the call goes on in sound */
	convo_offer_ok(c, TO_A, audio(B, 5000, ""));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
}

static void fax_answer_ends_the_keys(void **state)
{
	struct convo *c = *state;
	unsigned int pa, pb;

	srtp_and_plain(c, &pa, &pb);
	convo_offer_ok(c, TO_A, T38(B, "5000"));
	convo_answer_ok(c, TO_A, T38(A, "4000"));
	convo_expect_line(c, "m=image $1 udptl t38");
	for (unsigned int i = 0; i < 2; i++) {
		const struct call_flow *f = convo_flow(c, i ? pb : pa);

		assert_int_equal(f->kind, RW_FLOW_OPAQUE);
		assert_true(!f->rx.suite && !f->tx.suite);
		assert_int_equal(f->out_rtp, convo_flow(c, i ? pa : pb)->id);
		assert_false(convo_flow(c, (i ? pb : pa) + 1)->wanted);
	}
	/* and back, with keys again */
	convo_offer_ok(c, TO_B, SAVP(A, "4000", LINE("1", CM80, KC)));
	assert_int_equal(convo_flow(c, pa)->kind, RW_FLOW_OPAQUE);
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("1", CM80, KB)));
	assert_int_equal(convo_flow(c, pa)->kind, RW_FLOW_RTP);
	assert_true(is(&convo_flow(c, pa)->rx, "1 " CM80 " inline:" KC));
	assert_true(is(&convo_flow(c, pb)->rx, "1 " CM80 " inline:" KB));
}

static void plain_offer_leaves_the_keys(void **state)
{
	struct convo *c = *state;
	unsigned int pb = both_srtp(c), pa = convo_port(c, 0);
	struct call_flow a = *convo_flow(c, pa), b = *convo_flow(c, pb);

	convo_offer_ok(c, TO_B, audio(A, 4000, ""));
	assert_true(call_flow_same(&a, convo_flow(c, pa)));
	assert_true(call_flow_same(&b, convo_flow(c, pb)));
}

/* --- SRTP without keys --- */

/* B says SRTP: its media are not relayed in the clear because its keys cannot be read. */
static void srtp_answer_without_a_key_is_refused(void **state)
{
	static const char *const answers[] = {
		SAVP(B, "5000", ""),
		SAVP(B, "5000", LINE("1", CM80, KB "|2^49")),
		SAVP(B, "5000", LINE("1", CM80, "AAAA") LINE("2", "FOO", KB)),
	};
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, SAVP(A, "4000", LINE("1", CM80, KA)));
	for (unsigned int i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		assert_false(convo_answer(c, TO_B, answers[i]));
		convo_expect_error(c, "The answer's a=crypto takes up none that was offered");
		assert_false(c->state->parties[1].answered);
	}
	/* a plain answer is one (sdp-rewrite section 3) */
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	assert_true(is(&convo_flow(c, convo_port(c, 0))->rx, "1 " CM80 " inline:" KA));
}

static void assert_blocked(struct convo *c, unsigned int port)
{
	struct rw_flow_spec spec;

	call_flow_spec(convo_flow(c, port), STR("call"), 1, &spec);
	assert_true(endpoint_is(&spec.peer, "-:0"));
	assert_int_equal(spec.source_policy, RW_SOURCE_ASYMMETRIC); /* learns no peer */
	assert_int_equal(spec.out_rtp, RW_FLOW_NONE);
	assert_int_equal(spec.out_rtcp, RW_FLOW_NONE);
	assert_int_equal(spec.flags, 0);
}

static void srtp_offer_without_a_key_is_not_relayed(void **state)
{
	struct convo *c = *state;
	unsigned int pa, pb;

	convo_offer_ok(c, TO_AVP, SAVP(A, "4000", LINE("1", CM80, KA "|2^49")));
	pb = convo_port(c, 0);
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	convo_expect_line(c, "m=audio $1 RTP/SAVP 0");
	assert_null(strstr(c->plan.reply_sdp.p, "a=crypto"));
	pa = convo_port(c, 0);
	for (unsigned int component = 0; component < 2; component++)
		assert_blocked(c, pa + component);
	assert_int_equal(convo_flow(c, pb)->out_rtp, convo_flow(c, pa)->id);
	/* until it offers one */
	convo_offer_ok(c, TO_B, SAVP(A, "4000", LINE("1", CM80, KA)));
	assert_blocked(c, pa);
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	assert_true(is(&convo_flow(c, pa)->rx, "1 " CM80 " inline:" KA));
	assert_int_equal(convo_flow(c, pa)->out_rtp, convo_flow(c, pb)->id);
	assert_true(endpoint_is(&convo_flow(c, pa)->peer, A ":4000"));
}

/* Nobody asked it for keys, so there is nothing to refuse: the SDP passes, the media do not. */
static void unasked_srtp_answer_is_not_relayed(void **state)
{
	struct convo *c = *state;
	unsigned int pb;

	convo_offer_ok(c, OFFER, audio(A, 4000, ""));
	pb = convo_port(c, 0);
	convo_answer_ok(c, TO_B, SAVP(B, "5000", ""));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
	assert_blocked(c, pb);
	assert_blocked(c, pb + 1);
}

/* --- suites that the dataplane does not serve --- */

static void serve_only(struct convo *c, enum rw_srtp_suite suite)
{
	c->limits.srtp_suites = 1u << suite;
}

static void answerer_s_suite_is_not_served(void **state)
{
	struct convo *c = *state;

	serve_only(c, RW_SRTP_AES_CM_128_HMAC_SHA1_80);
	convo_offer_ok(c, TO_SAVP, audio(A, 4000, ""));
	convo_expect_line(c, "m=audio $1 RTP/SAVP 0");
	assert_false(convo_answer(c, TO_B, SAVP(B, "5000", LINE("9", "F8_128_HMAC_SHA1_80", KB))));
	convo_expect_error(c, "Crypto suite F8_128_HMAC_SHA1_80 is not supported by the dataplane");
	/* nothing has changed: another answer is good */
	convo_answer_ok(c, TO_B, SAVP(B, "5000", LINE("7", CM80, KB)));
}

static void offerer_s_first_served_suite_is_taken(void **state)
{
	struct convo *c = *state;

	serve_only(c, RW_SRTP_AES_CM_128_HMAC_SHA1_32);
	convo_offer_ok(c, TO_AVP, SAVP(A, "4000", LINE("1", CM80, KA) LINE("2", CM32, KC)));
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	assert_true(is(&convo_flow(c, convo_port(c, 0))->rx, "2 " CM32 " inline:" KC));
}

static void no_suite_of_the_offerer_is_served(void **state)
{
	struct convo *c = *state;

	serve_only(c, RW_SRTP_AEAD_AES_128_GCM);
	convo_offer_ok(c, TO_AVP, SAVP(A, "4000", LINE("1", CM80, KA) LINE("2", CM32, KC)));
	assert_false(convo_answer(c, TO_B, audio(B, 5000, "")));
	convo_expect_error(
		c, "Crypto suite AES_CM_128_HMAC_SHA1_80 is not supported by the dataplane");
}

/* What is only an offer of keys may be left unheard. */
static void opportunistic_keys_are_left_unheard(void **state)
{
	struct convo *c = *state;

	c->limits.srtp_suites = 0;
	convo_offer_ok(c, OFFER, audio(A, 4000, LINE("1", CM80, KA)));
	assert_null(strstr(c->plan.reply_sdp.p, "a=crypto"));
	convo_answer_ok(c, TO_B, audio(B, 5000, ""));
	assert_null(strstr(c->plan.reply_sdp.p, "a=crypto"));
	assert_int_equal(convo_flow(c, convo_port(c, 0))->rx.suite, RW_SRTP_NONE);
}

/* No tag is longer than nine digits, and none is used twice. */
static void tags_stay_in_their_range(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER,
		       SAVP(A, "4000",
			    LINE("2", CM32, KC) LINE("1", CM80, KA)
				    LINE("999999999", "F8_128_HMAC_SHA1_80", KB)));
	assert_non_null(strstr(c->plan.reply_sdp.p, "a=crypto:3 AEAD_AES_256_GCM "));
	assert_non_null(strstr(c->plan.reply_sdp.p, "a=crypto:11 NULL_HMAC_SHA1_32 "));
	assert_null(strstr(c->plan.reply_sdp.p, "a=crypto:1000000000"));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, convo_setup, convo_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(srtp_to_plain),
		ROW(nothing_passes_beside_keys),
		ROW(plain_to_srtp),
		ROW(keys_pass_and_stay),
		ROW(new_key_in_a_re_offer),
		ROW(other_suite_in_a_re_offer),
		ROW(sending_key_moves_with_the_port),
		ROW(back_to_plain),
		ROW(fax_offer_leaves_media_as_it_is),
		ROW(fax_answer_ends_the_keys),
		ROW(plain_offer_leaves_the_keys),
		ROW(srtp_answer_without_a_key_is_refused),
		ROW(srtp_offer_without_a_key_is_not_relayed),
		ROW(unasked_srtp_answer_is_not_relayed),
		ROW(answerer_s_suite_is_not_served),
		ROW(offerer_s_first_served_suite_is_taken),
		ROW(no_suite_of_the_offerer_is_served),
		ROW(opportunistic_keys_are_left_unheard),
		ROW(tags_stay_in_their_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
