/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session level of the SDP rewriting reference (section 1.1): one case or more for each of its rows.
 */
#include "golden.h"

#define M_IN "m=audio 5000 RTP/AVP 0\n"
#define M_OUT_(port, rtcp)                                                                         \
	"m=audio " port " RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:" rtcp "\n"
#define M_OUT M_OUT_("30000", "30001")
#define V "v=0\n"
#define O "o=- 1 2 IN IP4 192.0.2.1\n"
#define S "s=-\n"
#define CI "c=IN IP4 192.0.2.1\n"
#define T "t=0 0\n"

static const struct golden_case line_cases[] = {
	{ "o= copied", V "o=alice 7 8 IN IP6 host.example\n" S CI T M_IN,
	  V "o=alice 7 8 IN IP6 host.example\n" S T M_OUT },
	{ "o= version: leading digits", V "o=- 1 12x IN IP4 192.0.2.1\n" S CI T M_IN,
	  V "o=- 1 12 IN IP4 192.0.2.1\n" S T M_OUT },
	{ "o= version: overflow", V "o=- 1 18446744073709551616 IN IP4 192.0.2.1\n" S CI T M_IN,
	  V "o=- 1 18446744073709551615 IN IP4 192.0.2.1\n" S T M_OUT },
	{ "o= version: the biggest", V "o=- 1 18446744073709551615 IN IP4 192.0.2.1\n" S CI T M_IN,
	  V "o=- 1 18446744073709551615 IN IP4 192.0.2.1\n" S T M_OUT },
	{ "o= version: no number", V "o=- 1 x IN IP4 192.0.2.1\n" S CI T M_IN,
	  V "o=- 1 0 IN IP4 192.0.2.1\n" S T M_OUT },
	{ "o= session id: free text", V "o=- a-b.c 2 IN IP4 192.0.2.1\n" S CI T M_IN,
	  V "o=- a-b.c 2 IN IP4 192.0.2.1\n" S T M_OUT },
	{ "o= missing", V S CI T M_IN, V "o=- 4711 0 IN  \n" S T M_OUT },
	{ "s= copied", V O "s=A talk\n" CI T M_IN, V O "s=A talk\n" T M_OUT },
	{ "s= with a blank", V O "s= \n" CI T M_IN, V O "s= \n" T M_OUT },
	{ "s= empty", V O "s=\n" CI T M_IN, V O "s=\n" T M_OUT },
	{ "s= missing", V O CI T M_IN, V O "s=\n" T M_OUT },
	{ "t= copied", V O S CI "t=123 456\n" M_IN, V O S "t=123 456\n" M_OUT },
	{ "t= missing", V O S CI M_IN, V O S "t=0 0\n" M_OUT },
	{ "i= u= e= p= copied, in fixed order",
	  V O S "p=+1 555\ne=a@b\nu=http://x/\ni=Title\n" CI T M_IN,
	  V O S "i=Title\nu=http://x/\ne=a@b\np=+1 555\n" T M_OUT },
	{ "i= u= e= p= empty", V O S "i=\nu=\ne=\np=\n" CI T M_IN, V O S T M_OUT },
	{ "b= order and dropped types",
	  V O S CI "b=TIAS:64000\nb=X-YZ:128\nb=CT:5\nb=RS:0\nb=RR:010\nb=AS:64kbit\n" T M_IN,
	  V O S "b=AS:64\nb=RR:10\nb=RS:0\nb=CT:5\nb=TIAS:64000\n" T M_OUT },
	{ "b= without number or colon", V O S CI "b=AS:\nb=RR\nb=RS:x\n" T M_IN, V O S T M_OUT },
	{ "k= r= z= dropped", V O S CI T "r=1 2 3\nz=0 -1h\nk=clear:x\n" M_IN, V O S T M_OUT },
	{ "k= r= z= after m= ignored", V O S CI T M_IN "k=clear:x\nz=0 -1h\nr=1 2 3\n",
	  V O S T M_OUT },
	{ "blank line ends the SDP", V O S CI T M_IN "\nm=video 6000 RTP/AVP 96\n?\n",
	  V O S T M_OUT },
	{ "two sessions: o= of the first, s= of the last",
	  V "o=first 1 1 IN IP4 192.0.2.1\ns=one\n" CI T M_IN V
	    "o=second 2 2 IN IP4 192.0.2.2\ns=two\nc=IN IP4 192.0.2.2\n" T M_IN,
	  V "o=first 1 1 IN IP4 192.0.2.1\ns=two\n" T M_OUT M_OUT_("30002", "30003") },
};

static const struct golden_case attr_cases[] = {
	{ "unknown attributes in order",
	  V O S CI T "a=tool:x\na=msid-semantic: WMS s\na=recvonlyx\na=tool:x\n" M_IN,
	  V O S T "a=tool:x\na=msid-semantic: WMS s\na=recvonlyx\na=tool:x\n" M_OUT },
	{ "a colon with nothing behind it", V O S CI T "a=foo:\na=bar: \na=\n" M_IN,
	  V O S T "a=foo\na=bar: \na=\n" M_OUT },
	{ "dropped at session level",
	  V O S CI T "a=group:BUNDLE a v\na=group:LS a\na=ice-lite\na=ice-options:trickle\n"
		     "a=ice-pwd:p\na=ice-pacing:50\na=candidate:1 1 UDP 1 192.0.2.1 1 typ host\n"
		     "a=fingerprint:sha-1 AA\na=setup:actpass\na=tls-id:1\na=crypto:1 x inline:y\n"
		     "a=rtcp-mux\na=rtcp:9\na=ptime:20\na=maxptime:40\na=mid:a\na=label:1\n"
		     "a=rtpmap:0 X/8000\na=fmtp:0 x\na=extmap-allow-mixed\na=end-of-candidates\n"
		     "a=T38FaxVersion:0\na=rtpengine:0123456789ab\n" M_IN,
	  V O S T M_OUT },
	{ "session extmap: for media without",
	  V O S CI T "a=extmap:1 urn:one\n" M_IN "a=extmap:2 urn:two\n" M_IN,
	  V O S T "m=audio 30000 RTP/AVP 0\n" C
		  "a=rtpmap:0 PCMU/8000\na=extmap-allow-mixed\na=extmap:2 urn:two\na=sendrecv\n"
		  "a=rtcp:30001\nm=audio 30002 RTP/AVP 0\n" C
		  "a=rtpmap:0 PCMU/8000\na=extmap-allow-mixed\na=extmap:1 urn:one\na=sendrecv\n"
		  "a=rtcp:30003\n" },
	{ "session direction: for each media", V O S CI T "a=sendonly\n" M_IN,
	  V O S T "m=audio 30000 RTP/AVP 0\n" C
		  "a=rtpmap:0 PCMU/8000\na=sendonly\na=rtcp:30001\n" },
};

static void test_lines(void **state)
{
	(void)state;
	golden_sessions(CASES(line_cases));
}

static void test_attributes(void **state)
{
	(void)state;
	golden_sessions(CASES(attr_cases));
}

/* "Line ends": the last one is optional, a lone CR before the end of the text is one. */
static void test_line_ends(void **state)
{
	static const struct golden_case cases[] = {
		{ "no last line end", V O S CI T "m=audio 5000 RTP/AVP 0", V O S T M_OUT },
		{ "CR at the end", V O S CI T "m=audio 5000 RTP/AVP 0\r", V O S T M_OUT },
	};
	const char *text = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
	struct parsed p = parsed_new(text, strlen(text));

	(void)state;
	golden_sessions(CASES(cases));
	assert_int_equal(p.error, SDP_OK);
	assert_string_equal(sdp_print(p.arena, edit_new(p.arena, &p.sdp)).p, text);
	parsed_free(&p);
}

/* "Used as default", "not used from session level" as far as the plan sees it. */
static void test_session_defaults(void **state)
{
	const char *text =
		V O S CI T "a=ice-ufrag:abcd\na=inactive\na=rtcp-mux\na=rtcp:9\na=ptime:20\n"
			   "a=mid:x\na=label:y\n" M_IN;
	struct parsed p = parsed_new(text, strlen(text));
	const struct sdp_media *m = &p.sdp.media[0];

	(void)state;
	assert_int_equal(p.error, SDP_OK);
	assert_true(m->has_ice);
	assert_int_equal(m->direction, SDP_INACTIVE);
	assert_true(str_is(m->direction_text, "inactive"));
	assert_false(m->rtcp_mux);
	assert_false(m->has_rtcp);
	assert_int_equal(m->ptime_ms, 0);
	assert_null(m->mid.p);
	assert_null(m->label.p);
	parsed_free(&p);
}

static void check_loop_id(const char *text, const char *want)
{
	struct parsed p = parsed_new(text, strlen(text));

	assert_int_equal(p.error, SDP_OK);
	if (want)
		assert_true(str_is(p.sdp.loop_id, want));
	else
		assert_null(p.sdp.loop_id.p);
	parsed_free(&p);
}

/* The mark of loop protection counts when every session of the body carries the same. */
static void test_loop_id(void **state)
{
	(void)state;
	check_loop_id(V O S CI T M_IN, NULL);
	check_loop_id(V O S CI T "a=rtpengine:ab\n" M_IN, "ab");
	check_loop_id(V O S CI T M_IN "a=rtpengine:ab\n", NULL);
	check_loop_id(V O S T "a=rtpengine:ab\n" V O S T "a=rtpengine:ab\n", "ab");
	check_loop_id(V O S T "a=rtpengine:ab\n" V O S T "a=rtpengine:cd\n", NULL);
	check_loop_id(V O S T "a=rtpengine:ab\n" V O S T, NULL);
	check_loop_id(V O S T V O S T "a=rtpengine:ab\n", NULL);
	check_loop_id(V O S T V O S T "a=rtpengine\n" V O S T "a=rtpengine:ab\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	  cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_line_ends), cmocka_unit_test(test_session_defaults),
		cmocka_unit_test(test_loop_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
