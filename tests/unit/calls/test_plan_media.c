/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of m= lines: hold, rejected, missing, surplus and strange ones, rtcp-mux, transports, families,
 * addresses (sdp-rewrite sections 1.3, 1.4, 2.2, 3, 5).
 */
#include "convo.h"

#include <stdio.h>

#define A "198.51.100.1"
#define B "198.51.100.2"
#define OFFER ((struct ng_args){ FROM("a") })
#define REOFFER ((struct ng_args){ FROM_TO("a", "b") })
#define ANSWER ((struct ng_args){ FROM_TO("a", "b") })
#define HEAD "v=0\no=u 7 3 IN IP4 " A "\ns=-\nt=0 0\n"

/* --- hold --- */

static void directions_pass(void **state)
{
	static const char *const all[] = { "sendrecv", "sendonly", "recvonly", "inactive" };
	struct convo *c = *state;
	char line[32];

	for (unsigned int i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "a=%s\n", all[i]);
		convo_offer_ok(c, OFFER, audio(A, 4000, line));
		line[strlen(line) - 1] = '\0';
		convo_expect_line(c, line);
		convo_expect_line(c, "c=IN IP4 " V4A);
	}
}

static void zero_address_is_hold(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, audio("0.0.0.0", 4000, ""));
	convo_expect(c, "v=0\no=u 7 3 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio $1 RTP/AVP 0\n"
			"c=IN IP4 0.0.0.0\na=rtpmap:0 PCMU/8000\na=sendonly\na=rtcp:$1+\n");
	convo_offer_ok(c, OFFER, audio("0.0.0.0", 4000, "a=recvonly\n"));
	convo_expect_line(c, "a=inactive");
	convo_offer_ok(c, (struct ng_args){ FROM("a"), .replace_zero_address = true },
		       audio("0.0.0.0", 4000, ""));
	convo_expect_line(c, "a=sendonly");
	convo_expect_line(c, "c=IN IP4 " V4A);
	/* the zero is of the receiver's family */
	convo_offer_ok(c, (struct ng_args){ FROM("a"), .address_family = NG_FAMILY_IP6 },
		       audio("0.0.0.0", 4000, ""));
	convo_expect_line(c, "c=IN IP6 ::");
	convo_offer_ok(c, (struct ng_args){ FROM("a"), .address_family = NG_FAMILY_IP4 },
		       audio("::", 4000, ""));
	convo_expect_line(c, "c=IN IP4 0.0.0.0");
	/* with ICE only the direction changes */
	convo_offer_ok(c, (struct ng_args){ FROM("a") },
		       audio("0.0.0.0", 4000, "a=ice-ufrag:x\na=ice-pwd:y\n"));
	convo_expect_line(c, "c=IN IP4 " V4A);
	convo_expect_line(c, "a=sendonly");
}

static void original_sendrecv_prints_no_line(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, (struct ng_args){ FROM("a"), .original_sendrecv = true },
		       audio(A, 4000, ""));
	convo_expect_no_line(c, "a=sendrecv");
}

/* --- rejected, missing, surplus --- */

static void rejected_section(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER,
		       HEAD "c=IN IP4 " A
			    "\nm=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\na=mid:v\n"
			    "a=foo\n");
	convo_expect(c, HEAD "m=audio $1 RTP/AVP 0\nc=IN IP4 " V4A
			     "\na=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:$1+\n"
			     "m=video 0 RTP/AVP 31\nc=IN IP4 0.0.0.0\na=mid:v\n");
	convo_offer_ok(c, (struct ng_args){ FROM("a"), .address_family = NG_FAMILY_IP6 },
		       audio(A, 4000, "m=video 0 RTP/AVP 31\n"));
	convo_expect_line(c, "c=IN IP6 ::");
	/* accepted by the answer all the same */
	convo_answer_ok(c, ANSWER, audio(B, 5000, "m=video 5100 RTP/AVP 31\n"));
	assert_int_not_equal(convo_port(c, 1), 0);
}

static void all_rejected_is_an_error(void **state)
{
	struct convo *c = *state;

	assert_false(convo_offer(c, OFFER, audio(A, 0, "")));
	convo_expect_error(c, "Error rewriting SDP");
	assert_true(c->plan.error_with_sdp);
	assert_false(convo_offer(c, OFFER, HEAD));
	convo_expect_error(c, "Error rewriting SDP");
	convo_offer_ok(c, OFFER, audio(A, 4000, ""));
	assert_false(convo_answer(c, ANSWER, audio(B, 0, "")));
	convo_expect_error(c, "Error rewriting SDP");
	assert_false(c->state->parties[1].answered);
}

static void missing_in_answer(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, audio(A, 4000, "m=video 4100 RTP/AVP 31\na=mid:v\na=sendonly\n"));
	convo_answer_ok(c, ANSWER, audio(B, 5000, ""));
	convo_expect_line(c, "m=video $1 RTP/AVP 31");
	convo_expect_line(c, "c=IN IP4 0.0.0.0");
	convo_expect_line(c, "a=rtpmap:31 H261/90000");
	convo_expect_no_line(c, "a=sendonly");
	assert_int_not_equal(c->var[1], 0);
}

static void surplus_in_answer(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, audio(A, 4000, ""));
	convo_answer_ok(c, ANSWER, audio(B, 5000, "m=video 5100 RTP/AVP 31\n"));
	assert_int_not_equal(convo_port(c, 1), 0);
	/* it then belongs to the call: an offer of it is nothing new */
	convo_offer_ok(c, REOFFER, audio(A, 4000, "m=video 4100 RTP/AVP 31\n"));
}

static void mid_orders_the_answer(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER,
		       HEAD "c=IN IP4 " A
			    "\nm=audio 4000 RTP/AVP 0\na=mid:one\nm=video 4100 RTP/AVP 31\n"
			    "a=mid:two\n");
	convo_answer_ok(c, ANSWER,
			HEAD "c=IN IP4 " B
			     "\nm=video 5100 RTP/AVP 31\na=mid:two\nm=audio 5000 RTP/AVP 0\n"
			     "a=mid:one\n");
	convo_expect(c, HEAD "m=audio $1 RTP/AVP 0\nc=IN IP4 " V4A
			     "\na=mid:one\na=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:$1+\n"
			     "m=video $2 RTP/AVP 31\nc=IN IP4 " V4A
			     "\na=mid:two\na=rtpmap:31 H261/90000\na=sendrecv\na=rtcp:$2+\n");
	/* the audio port leads to the audio party */
	assert_true(endpoint_is(&c->state->parties[1].media[0].remote, B ":5000"));
}

static void offerer_s_mid_and_ptime_come_back(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, audio(A, 4000, "a=mid:mine\na=ptime:30\n"));
	convo_answer_ok(c, ANSWER, audio(B, 5000, "a=mid:yours\n"));
	convo_expect_line(c, "a=mid:mine");
	convo_expect_no_line(c, "a=mid:yours");
	convo_expect_line(c, "a=ptime:30");
	convo_answer_ok(c, ANSWER, audio(B, 5000, "a=ptime:40\n"));
	convo_expect_line(c, "a=ptime:40");
}

static void unknown_media_pass(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, OFFER,
		       HEAD "c=IN IP4 " A "\nm=image 4000 UDPTL t38\na=T38FaxVersion:0\n"
			    "a=sendrecv\nm=application 4002 FOO/BAR wb\na=x\n"
			    "m=message 4004 TCP/MSRP *\na=path:y\n");
	convo_expect(c,
		     HEAD "m=image $1 udptl t38\nc=IN IP4 " V4A "\na=T38FaxVersion:0\na=sendrecv\n"
			  "m=application $2 FOO/BAR wb\nc=IN IP4 " V4A "\na=x\n"
			  "m=message 4004 TCP/MSRP *\nc=IN IP4 " A "\na=path:y\n");
	assert_int_equal(convo_flow(c, c->var[1])->kind, RW_FLOW_OPAQUE);
	assert_int_equal(convo_flow(c, c->var[2])->kind, RW_FLOW_OPAQUE);
	assert_false(convo_flow(c, c->var[1] + 1)->wanted); /* no RTCP */
	assert_int_equal(c->state->parties[1].media[2].socket_count, 0);
}

/* --- rtcp-mux --- */

struct mux_row {
	bool offered;
	unsigned int words;
	char offer_out; /* '+': P+1; 'b': both, P+1 and mux; 'p': P and mux */
	char plain; /* answer out when the answer has no mux */
	char mux; /* ... and when it has */
};

static void expect_mux(struct convo *c, char form)
{
	memset(c->var, 0, sizeof(c->var));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
	convo_expect_line(c, form == 'p' ? "a=rtcp:$1" : "a=rtcp:$1+");
	if (form == '+')
		convo_expect_no_line(c, "a=rtcp-mux");
	else
		convo_expect_line(c, "a=rtcp-mux");
}

static void mux_conversation(const struct mux_row *row, bool answer_mux)
{
	struct ng_args args = { FROM("a"), .rtcp_mux = row->words };
	struct convo c;

	convo_begin(&c, 8000, 8999, 1);
	convo_offer_ok(&c, args, audio(A, 4000, row->offered ? "a=rtcp-mux\n" : ""));
	expect_mux(&c, row->offer_out);
	convo_answer_ok(&c, ANSWER, audio(B, 5000, answer_mux ? "a=rtcp-mux\n" : ""));
	expect_mux(&c, answer_mux ? row->mux : row->plain);
	convo_end(&c);
}

static void mux_table(void **state)
{
	enum {
		O = NG_MUX_OFFER,
		Q = NG_MUX_REQUIRE | NG_MUX_OFFER,
		D = NG_MUX_DEMUX,
		C = NG_MUX_ACCEPT,
		R = NG_MUX_REJECT
	};
	static const struct mux_row rows[] = {
		{ false, 0, '+', '+', '+' },	{ true, 0, 'b', '+', 'p' },
		{ false, O, 'b', '+', '+' },	{ false, Q, 'p', '+', '+' },
		{ true, Q, 'p', '+', 'p' },	{ true, D, '+', 'p', 'p' },
		{ true, D | C, '+', 'p', 'p' }, { true, C, 'b', 'p', 'p' },
		{ true, O | C, 'b', 'p', 'p' }, { true, R, 'b', '+', '+' },
		{ true, O | R, 'b', '+', '+' }, { true, D | R, '+', '+', '+' },
		{ true, Q | R, 'p', '+', '+' }, { false, D, '+', '+', '+' },
		{ false, C, '+', '+', '+' },	{ false, R, '+', '+', '+' },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mux_conversation(&rows[i], false);
		mux_conversation(&rows[i], true);
	}
}

static void mux_sticks_until_demux(void **state)
{
	struct ng_args demux = { FROM("a"), .rtcp_mux = NG_MUX_DEMUX };
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, audio(A, 4000, "a=rtcp-mux\n"));
	expect_mux(c, 'b');
	convo_offer_ok(c, OFFER, audio(A, 4000, "")); /* merely offered before */
	expect_mux(c, 'p');
	convo_answer_ok(c, ANSWER, audio(B, 5000, "a=rtcp-mux\n"));
	expect_mux(c, '+'); /* the caller no longer wants it */
	convo_offer_ok(c, REOFFER, audio(A, 4000, ""));
	expect_mux(c, 'p');
	convo_offer_ok(c, demux, audio(A, 4000, ""));
	expect_mux(c, '+');
	/* a callee that declines is asked anew */
	convo_offer_ok(c, REOFFER, audio(A, 4000, "a=rtcp-mux\n"));
	expect_mux(c, 'b');
	convo_answer_ok(c, ANSWER, audio(B, 5000, ""));
	convo_offer_ok(c, REOFFER, audio(A, 4000, ""));
	expect_mux(c, '+');
}

/* Never "a=rtcp:0": a party that goes back from a single port gets a pair. */
static void single_port_becomes_a_pair(void **state)
{
	struct ng_args require = { FROM("a"), .rtcp_mux = NG_MUX_REQUIRE | NG_MUX_OFFER };
	struct ng_args demux = { FROM("a"), .rtcp_mux = NG_MUX_DEMUX };
	struct convo *c = *state;
	struct ports_usage u;

	convo_offer_ok(c, require, audio(A, 4000, ""));
	expect_mux(c, 'p');
	ports_usage(c->ports, 0, &u);
	assert_int_equal(u.used, 3); /* a pair for the caller, one for the callee */
	convo_offer_ok(c, demux, audio(A, 4000, ""));
	expect_mux(c, '+');
}

static void rtcp_attribute_flags(void **state)
{
	struct convo *c = *state;

	convo_offer_ok(c, (struct ng_args){ FROM("a"), .no_rtcp_attribute = true },
		       audio(A, 4000, "a=rtcp-mux\n"));
	convo_expect_line(c, "a=rtcp-mux");
	assert_null(strstr(c->plan.reply_sdp.p, "a=rtcp:"));
	convo_offer_ok(c, (struct ng_args){ FROM("x"), .full_rtcp_attribute = true },
		       audio(A, 4000, ""));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
	convo_expect_line(c, "a=rtcp:$1+ IN IP4 " V4A);
	/* rtcp on the RTP port means mux */
	convo_offer_ok(c, (struct ng_args){ FROM("y") }, audio(A, 4000, "a=rtcp:4000\n"));
	convo_expect_line(c, "a=rtcp-mux");
}

/* --- transports --- */

#define AVPF(address, port) HEAD "c=IN IP4 " address "\nm=audio " port " RTP/AVPF 0\n"

static void transport_is_changed_and_changed_back(void **state)
{
	struct ng_args to_avpf = { FROM("a"), .transport = SDP_PROTO_AVPF };
	struct convo *c = *state;

	convo_offer_ok(c, to_avpf, audio(A, 4000, ""));
	convo_expect_line(c, "m=audio $1 RTP/AVPF 0");
	convo_answer_ok(c, ANSWER, AVPF(B, "5000"));
	convo_expect_line(c, "m=audio $2 RTP/AVP 0");
	/* without the key the callee keeps its protocol ... */
	convo_offer_ok(c, REOFFER, audio(A, 4000, ""));
	convo_expect_line(c, "m=audio $1 RTP/AVPF 0");
	/* ... unless the caller changes its own */
	convo_offer_ok(c, REOFFER, AVPF(A, "4000"));
	convo_expect_line(c, "m=audio $1 RTP/AVPF 0");
	convo_offer_ok(c, REOFFER, audio(A, 4000, ""));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
}

static void transport_of_a_reoffer_from_the_callee(void **state)
{
	struct ng_args to_avpf = { FROM("a"), .transport = SDP_PROTO_AVPF };
	struct convo *c = *state;

	convo_offer_ok(c, to_avpf, audio(A, 4000, ""));
	convo_answer_ok(c, ANSWER, AVPF(B, "5000"));
	convo_offer_ok(c, (struct ng_args){ FROM_TO("b", "a") }, AVPF(B, "5000"));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
}

static void transport_in_the_answer(void **state)
{
	struct ng_args accept = { FROM_TO("a", "b"), .transport_accept = true };
	struct ng_args given = { FROM_TO("a", "b"), .transport = SDP_PROTO_AVPF };
	struct convo *c = *state;

	convo_offer_ok(c, OFFER, audio(A, 4000, ""));
	convo_answer_ok(c, ANSWER, AVPF(B, "5000")); /* another one than asked: not passed on */
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
	convo_answer_ok(c, accept, AVPF(B, "5000"));
	convo_expect_line(c, "m=audio $1 RTP/AVPF 0");
	convo_answer_ok(c, given, audio(B, 5000, ""));
	convo_expect_line(c, "m=audio $1 RTP/AVPF 0");
}

static void dtls_is_refused(void **state)
{
	struct ng_args to_dtls = { FROM("a"), .transport = SDP_PROTO_TLS_SAVPF };
	struct convo *c = *state;

	assert_false(convo_offer(c, to_dtls, audio(A, 4000, "")));
	convo_expect_error(c, "DTLS-SRTP is not supported yet: transport-protocol asks for it");
	assert_false(
		convo_offer(c, OFFER, HEAD "c=IN IP4 " A "\nm=audio 4000 UDP/TLS/RTP/SAVPF 0\n"));
	convo_expect_error(c, "DTLS-SRTP is not supported yet: the SDP has an m= line with UDP/TLS "
			      "and no a=crypto");
	assert_false(convo_offer(c, OFFER,
				 HEAD "c=IN IP4 " A "\na=fingerprint:sha-1 00\nm=audio 4000 "
				      "RTP/SAVP 0\na=crypto:1 FOO inline:x\n"));
	convo_expect_error(
		c, "DTLS-SRTP is not supported yet: the SDP has a=fingerprint and no a=crypto");
	assert_null(c->state);
	/* beside a plain profile it is an offer that may be left unheard */
	convo_offer_ok(c, OFFER, audio(A, 4000, "a=fingerprint:sha-1 00\na=setup:actpass\n"));
	convo_expect_no_line(c, "a=fingerprint:sha-1 00");
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
}

/* --- addresses --- */

static void families_are_bridged(void **state)
{
	struct ng_args to6 = { FROM("a"), .address_family = NG_FAMILY_IP6 };
	struct convo *c = *state;

	convo_offer_ok(c, to6, audio(A, 4000, ""));
	convo_expect_line(c, "c=IN IP6 " V6);
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
	convo_answer_ok(c, ANSWER, audio("2001:db8::2", 5000, ""));
	convo_expect_line(c, "c=IN IP4 " V4A);
	convo_expect_line(c, "m=audio $2 RTP/AVP 0");
	assert_true(endpoint_is(&convo_flow(c, c->var[1])->peer, "[2001:db8::2]:5000"));
	assert_true(endpoint_is(&convo_flow(c, c->var[2])->peer, A ":4000"));
	/* remembered, in both directions */
	convo_offer_ok(c, REOFFER, audio(A, 4000, ""));
	convo_expect_line(c, "c=IN IP6 " V6);
	convo_offer_ok(c, (struct ng_args){ FROM_TO("b", "a") }, audio("2001:db8::2", 5000, ""));
	convo_expect_line(c, "c=IN IP4 " V4A);
}

static void missing_family_falls_back(void **state)
{
	struct ng_args args = { FROM("a"), .address_family = NG_FAMILY_IP6,
				.to_interface = STR("right") };
	struct convo *c = *state;

	convo_offer_ok(c, args, audio(A, 4000, "")); /* right has IPv4 only */
	convo_expect_line(c, "c=IN IP4 " ADVERTISED);
	/* a peer that cannot be reached from there is not programmed, nor is it an error */
	convo_answer_ok(c, ANSWER, audio("2001:db8::2", 5000, ""));
	assert_true(endpoint_is(&c->state->parties[1]
					 .media[0]
					 .sockets[c->state->parties[1].media[0].current]
					 .rtp.peer,
				"-:0"));
}

static void media_address_is_only_printed(void **state)
{
	struct rw_ip other = rw_ip4((uint8_t[]){ 203, 0, 113, 77 });
	struct ng_args args = { FROM("a"), .has_media_address = true, .media_address = other,
				.full_rtcp_attribute = true };
	struct convo *c = *state;

	convo_offer_ok(c, args, audio(A, 4000, "m=video 0 RTP/AVP 31\n"));
	convo_expect_line(c, "m=audio $1 RTP/AVP 0");
	convo_expect_line(c, "a=rtcp:$1+ IN IP4 203.0.113.77");
	convo_expect_no_line(c, "c=IN IP4 0.0.0.0"); /* rejected media show it too */
	convo_expect_no_line(c, "c=IN IP4 " V4A);
	convo_offer_ok(c, OFFER, audio(A, 4000, ""));
	convo_expect_line(c, "c=IN IP4 " V4A);
}

static void received_from_needs_the_flag(void **state)
{
	struct rw_ip nat = rw_ip4((uint8_t[]){ 203, 0, 113, 50 });
	struct ng_args args = { FROM("a"), .has_received_from = true, .received_from = nat };
	struct convo *c = *state;

	convo_offer_ok(c, args, audio("10.0.0.1", 4000, ""));
	assert_true(endpoint_is(&c->state->parties[0].media[0].remote, "10.0.0.1:4000"));
	args.sip_source_address = true;
	convo_offer_ok(c, args, audio("10.0.0.1", 4000, "a=rtcp:4009 IN IP4 10.0.0.1\n"));
	assert_true(endpoint_is(&c->state->parties[0].media[0].remote, "203.0.113.50:4000"));
	assert_true(endpoint_is(&c->state->parties[0].media[0].remote_rtcp, "203.0.113.50:4009"));
	convo_offer_ok(c, args, audio("0.0.0.0", 4000, "")); /* then this is no hold */
	convo_expect_line(c, "a=sendrecv");
	args.trust_address = true;
	convo_offer_ok(c, args, audio("10.0.0.1", 4000, ""));
	assert_true(endpoint_is(&c->state->parties[0].media[0].remote, "10.0.0.1:4000"));
	args.trust_address = false;
	args.has_received_from = false;
	assert_false(convo_offer(c, args, audio("10.0.0.1", 4000, "")));
	convo_expect_error(c, "Incomplete SDP specification");
	args.has_received_from = args.received_from_bad = true;
	assert_false(convo_offer(c, args, audio("10.0.0.1", 4000, "")));
	convo_expect_error(c, "Incomplete SDP specification");
}

static void sip_source_option_is_the_flag(void **state)
{
	struct rw_ip nat = rw_ip4((uint8_t[]){ 203, 0, 113, 50 });
	struct ng_args args = { FROM("a"), .has_received_from = true, .received_from = nat };
	struct convo *c = *state;

	c->cfg.sip_source = true;
	convo_offer_ok(c, args, audio("10.0.0.1", 4000, ""));
	assert_true(endpoint_is(&c->state->parties[0].media[0].remote, "203.0.113.50:4000"));
}

static void internal_and_external_are_families(void **state)
{
	struct ng_args args = { FROM("a"), .from_interface = STR("internal"),
				.to_interface = STR("external") };
	struct convo *c = *state;

	convo_offer_ok(c, args, audio(A, 4000, ""));
	convo_expect_line(c, "c=IN IP6 " V6);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, convo_setup, convo_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(directions_pass),
		ROW(zero_address_is_hold),
		ROW(original_sendrecv_prints_no_line),
		ROW(rejected_section),
		ROW(all_rejected_is_an_error),
		ROW(missing_in_answer),
		ROW(surplus_in_answer),
		ROW(mid_orders_the_answer),
		ROW(offerer_s_mid_and_ptime_come_back),
		ROW(unknown_media_pass),
		cmocka_unit_test(mux_table),
		ROW(mux_sticks_until_demux),
		ROW(single_port_becomes_a_pair),
		ROW(rtcp_attribute_flags),
		ROW(transport_is_changed_and_changed_back),
		ROW(transport_of_a_reoffer_from_the_callee),
		ROW(transport_in_the_answer),
		ROW(dtls_is_refused),
		ROW(families_are_bridged),
		ROW(missing_family_falls_back),
		ROW(media_address_is_only_printed),
		ROW(received_from_needs_the_flag),
		ROW(sip_source_option_is_the_flag),
		ROW(internal_and_external_are_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
