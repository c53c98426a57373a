/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a plan can set in struct sdp_edit: each field shows in the text, and where it should.
 */
#include "golden.h"

#define IN HEAD_IN "a=tool:x\nm=audio 5000 RTP/AVP 0\na=rtcp-mux\na=rtcp:9\na=ptime:20\na=x\n"
#define A0 "m=audio 30000 RTP/AVP 0\n"
#define MAP "a=rtpmap:0 PCMU/8000\na=x\na=sendrecv\n"
#define SESSION HEAD_OUT "a=tool:x\n"

/* Parses IN and gives the default edit. */
static int setup(void **state)
{
	static struct parsed p;

	p = parsed_new(IN, strlen(IN));
	*state = &p;
	return p.error == SDP_OK ? 0 : -1;
}

static int teardown(void **state)
{
	parsed_free(*state);
	return 0;
}

static void check(const struct parsed *p, const struct sdp_edit *e, const char *want)
{
	assert_printed("edit", sdp_print(p->arena, e), want);
}

/* Section 5: P+1, P when muxed, with mux line, without a=rtcp, full. */
static void test_rtcp(void **state)
{
	struct parsed *p = *state;
	struct sdp_edit *e = edit_new(p->arena, &p->sdp);
	struct sdp_section *s = &e->sections[0];

	check(p, e, SESSION A0 C MAP "a=rtcp:30001\na=ptime:20\n");
	s->rtcp_mux = true;
	check(p, e, SESSION A0 C MAP "a=rtcp:30001\na=rtcp-mux\na=ptime:20\n");
	s->rtcp_port = s->port;
	check(p, e, SESSION A0 C MAP "a=rtcp:30000\na=rtcp-mux\na=ptime:20\n");
	rw_ip_parse("2001:db8::5", &s->rtcp_address);
	check(p, e, SESSION A0 C MAP "a=rtcp:30000 IN IP6 2001:db8::5\na=rtcp-mux\na=ptime:20\n");
	s->rtcp_port = 0;
	s->ptime_ms = 0;
	check(p, e, SESSION A0 C MAP "a=rtcp-mux\n");
}

/* Protocol, address family and a zero address. */
static void test_transport(void **state)
{
	struct parsed *p = *state;
	struct sdp_edit *e = edit_new(p->arena, &p->sdp);
	struct sdp_section *s = &e->sections[0];

	s->proto = SDP_PROTO_AVPF;
	rw_ip_parse("2001:DB8:4321:0::1", &s->address);
	check(p, e,
	      SESSION "m=audio 30000 RTP/AVPF 0\nc=IN IP6 2001:db8:4321::1\n" MAP
		      "a=rtcp:30001\na=ptime:20\n");
	s->proto = SDP_PROTO_OTHER;
	rw_ip_parse("::", &s->address);
	check(p, e, SESSION A0 "c=IN IP6 ::\n" MAP "a=rtcp:30001\na=ptime:20\n");
	s->address = (struct rw_ip){ 0 };
	check(p, e, SESSION A0 "c=IN IP4 0.0.0.0\n" MAP "a=rtcp:30001\na=ptime:20\n");
	/* section 3: "tp=udptl for audio" */
	s->proto = SDP_PROTO_UDPTL;
	check(p, e, SESSION "m=audio 30000 udptl \nc=IN IP4 0.0.0.0\na=sendrecv\n");
}

/* A rejected section: the zero address of the leg's family, or the message's media address. */
static void test_rejected(void **state)
{
	struct parsed *p = *state;
	struct sdp_edit *e = edit_new(p->arena, &p->sdp);
	struct sdp_section *s = &e->sections[0];

	s->kind = SDP_SECTION_REJECTED;
	s->mid = STR("m");
	check(p, e, SESSION "m=audio 0 RTP/AVP 0\n" C "a=mid:m\n");
	rw_ip_parse("::", &s->address);
	check(p, e, SESSION "m=audio 0 RTP/AVP 0\nc=IN IP6 ::\na=mid:m\n");
}

/* Origin, session name and loop mark are printed as given; a=rtpengine: before the unknown. */
static void test_session(void **state)
{
	struct parsed *p = *state;
	struct sdp_edit *e = edit_new(p->arena, &p->sdp);

	e->origin.username = STR("bob");
	e->origin.session_id = STR("9");
	e->origin.version = UINT64_MAX;
	e->origin.address_type = STR("IP6");
	e->origin.address = STR("2001:db8::9");
	e->session_name = STR("talk");
	e->loop_id = STR("0123456789ab");
	e->section_count = 0;
	check(p, e,
	      "v=0\no=bob 9 18446744073709551615 IN IP6 2001:db8::9\ns=talk\nt=0 0\n"
	      "a=rtpengine:0123456789ab\na=tool:x\n");
}

/* An m= line may be printed with no extmap-allow-mixed on the plan's word. */
static void test_extmap_one_byte(void **state)
{
	struct parsed *p = *state;
	const char *in = HEAD_IN "m=audio 5000 RTP/AVP 0\na=extmap:1 urn:x\n";
	struct parsed other = parsed_new(in, strlen(in));
	struct sdp_edit *e = edit_new(p->arena, &other.sdp);

	e->sections[0].extmap_one_byte = true;
	check(p, e,
	      HEAD_OUT A0 C "a=rtpmap:0 PCMU/8000\na=extmap:1 urn:x\na=sendrecv\na=rtcp:30001\n");
	parsed_free(&other);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = SDP_PROTO_UDPTL; i <= SDP_PROTO_TLS_SAVPF; i++)
		assert_int_equal(sdp_proto_from(str_from(sdp_proto_text(i))), i);
	assert_null(sdp_proto_text(SDP_PROTO_OTHER));
	assert_int_equal(sdp_proto_from(STR("RTP/AVPX")), SDP_PROTO_OTHER);
	assert_int_equal(sdp_proto_from(STR("")), SDP_PROTO_OTHER);
	assert_false(sdp_proto_is_rtp(SDP_PROTO_UDPTL));
	assert_true(sdp_proto_is_rtp(SDP_PROTO_AVP));
	assert_false(sdp_proto_is_srtp(SDP_PROTO_AVPF));
	assert_true(sdp_proto_is_srtp(SDP_PROTO_SAVP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rtcp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_transport, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rejected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_session, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extmap_one_byte, setup, teardown),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
