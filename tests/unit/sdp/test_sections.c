/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direction, hold, rejected and unusual media of the SDP rewriting reference (sections 1.3 and 1.4).
 */
#include "golden.h"

#include <stdio.h>

#define A0 "m=audio 5000 RTP/AVP 0\n"
#define A0_OUT "m=audio 30000 RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\n"
#define ZERO "c=IN IP4 0.0.0.0\n"

struct direction_case {
	const char *session, *media; /* a= lines */
	const char *direction;
};

/* recvonly > sendonly > inactive > sendrecv over both levels; none is sendrecv */
static const struct direction_case direction_cases[] = {
	{ "", "", "sendrecv" },
	{ "", "a=sendrecv\n", "sendrecv" },
	{ "", "a=sendonly\n", "sendonly" },
	{ "", "a=recvonly\n", "recvonly" },
	{ "", "a=inactive\n", "inactive" },
	{ "a=sendonly\n", "", "sendonly" },
	{ "a=inactive\n", "a=sendonly\n", "sendonly" },
	{ "a=sendonly\n", "a=sendrecv\n", "sendonly" },
	{ "a=recvonly\n", "a=inactive\n", "recvonly" },
	{ "a=inactive\n", "a=sendrecv\n", "inactive" },
	{ "a=sendrecv\n", "a=inactive\n", "inactive" },
	{ "a=sendonly\n", "a=recvonly\n", "recvonly" },
	{ "", "a=inactive\na=sendonly\na=sendrecv\n", "sendonly" },
};

static const struct golden_case hold_cases[] = {
	{ "zero address: sendrecv", A0 "c=IN IP4 0.0.0.0\n",
	  "m=audio 30000 RTP/AVP 0\n" ZERO "a=rtpmap:0 PCMU/8000\na=sendonly\na=rtcp:30001\n" },
	{ "zero address: recvonly; printed in the family of the leg",
	  A0 "c=IN IP6 ::\na=recvonly\n",
	  "m=audio 30000 RTP/AVP 0\n" ZERO "a=rtpmap:0 PCMU/8000\na=inactive\na=rtcp:30001\n" },
	{ "zero address: per media", A0 "c=IN IP4 0.0.0.0\n" A0,
	  "m=audio 30000 RTP/AVP 0\n" ZERO "a=rtpmap:0 PCMU/8000\na=sendonly\na=rtcp:30001\n"
	  "m=audio 30002 RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30003\n" },
};

static const struct golden_case rejected_cases[] = {
	{ "port 0: formats as received, i=, b=, mid, label alone",
	  "m=audio 0 rtp/avp 0  8\na=label:l\na=mid:m\na=rtpmap:0 PCMU/8000\na=x\na=inactive\n"
	  "a=ptime:20\nb=AS:1\ni=t\n" A0,
	  "m=audio 0 RTP/AVP 0  8\ni=t\n" ZERO "b=AS:1\na=mid:m\na=label:l\n"
	  "m=audio 30002 RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30003\n" },
	{ "port 0: its formats mean nothing", "m=audio 0 RTP/AVP 128 x\n",
	  "m=audio 0 RTP/AVP 128 x\n" ZERO },
	{ "port 0 without formats", "m=audio 0 RTP/AVP\n", "m=audio 0 RTP/AVP 0\n" ZERO },
	{ "port 0 of udptl", "m=image 0 udptl t38\na=T38FaxVersion:0\na=mid:m\n",
	  "m=image 0 udptl t38\n" ZERO "a=mid:m\n" },
};

#define T38_ATTRS                                                                                  \
	"a=sendonly\na=T38FaxVersion:0\na=mid:m\na=label:l\na=ptime:20\na=rtcp:9\n"                \
	"a=rtpmap:0 X/1\na=crypto:1\na=foo:\na=sendonly\n"

static const struct golden_case other_cases[] = {
	{ "udptl: all attributes verbatim", "m=image 5000 UDPTL t38\nb=AS:9\ni=t\n" T38_ATTRS,
	  "m=image 30000 udptl t38\ni=t\n" C "b=AS:9\n" T38_ATTRS },
	{ "udptl: zero address kept on hold", "m=image 5000 udptl t38\nc=IN IP4 0.0.0.0\n",
	  "m=image 30000 udptl t38\n" ZERO },
	{ "unknown protocols",
	  "m=application 5000 TCP/BFCP *\na=setup:actpass\n"
	  "m=application 5002 UDP/BFCP *\na=floorctrl:c-s\n"
	  "m=audio 5004 foo/bar 0 x  y \na=crypto:1 x\na=fingerprint:sha-1 AA\n"
	  "m=audio 5006 TCP/RTP/AVP 300\na=rtpmap:300 PCMU/8000\n"
	  "m=application 5008 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\na=setup:active\n",
	  "m=application 30000 TCP/BFCP *\n" C "a=setup:actpass\n"
	  "m=application 30002 UDP/BFCP *\n" C "a=floorctrl:c-s\n"
	  "m=audio 30004 foo/bar 0 x  y \n" C "a=crypto:1 x\na=fingerprint:sha-1 AA\n"
	  "m=audio 30006 TCP/RTP/AVP 300\n" C "a=rtpmap:300 PCMU/8000\n"
	  "m=application 30008 UDP/DTLS/SCTP webrtc-datachannel\n" C
	  "a=sctp-port:5000\na=setup:active\n" },
	{ "udptl without formats", "m=image 5000 udptl\n", "m=image 30000 udptl \n" C },
	{ "message: left alone",
	  "m=message 2855 tcp/msrp *\na=path:msrp://a\na=foo:\n"
	  "m=message 2857/2 RTP/AVP 300\nc=IN IP6 2001:db8::1\na=sendonly\n",
	  "m=message 2855 tcp/msrp *\nc=IN IP4 192.0.2.1\na=path:msrp://a\na=foo:\n"
	  "m=message 2857/2 RTP/AVP 300\nc=IN IP6 2001:db8::1\na=sendonly\n" },
	{ "c= of the media overrides", A0 "c=IN IP6 2001:db8::1\n" A0,
	  A0_OUT "a=sendrecv\na=rtcp:30001\nm=audio 30002 RTP/AVP 0\n" C
		 "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30003\n" },
};

static void test_directions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(direction_cases) / sizeof(direction_cases[0]); i++) {
		const struct direction_case *d = &direction_cases[i];
		char in[1024], out[1024];
		struct golden_case c = { "direction", in, out };

		snprintf(in, sizeof(in), HEAD_IN "%s" A0 "%s", d->session, d->media);
		snprintf(out, sizeof(out), HEAD_OUT A0_OUT "a=%s\na=rtcp:30001\n", d->direction);
		golden_sessions(&c, 1);
	}
}

static void test_hold(void **state)
{
	(void)state;
	golden_medias(CASES(hold_cases));
}

static void test_rejected(void **state)
{
	(void)state;
	golden_medias(CASES(rejected_cases));
}

static void test_other_protocols(void **state)
{
	(void)state;
	golden_medias(CASES(other_cases));
}

/* Flag "original sendrecv": the line received at media, else session level; none when none was. */
static void test_original_direction(void **state)
{
	const char *in = HEAD_IN "a=inactive\n" A0 "a=sendrecv\na=x\n" A0 "a=y\n" A0
				 "m=image 5000 udptl t38\na=recvonly\n";
	struct parsed p = parsed_new(in, strlen(in));
	struct sdp_edit *e = edit_new(p.arena, &p.sdp);

	(void)state;
	assert_int_equal(p.error, SDP_OK);
	e->original_direction = true;
	p.sdp.media[2].direction_text = (struct str){ NULL, 0 };
	assert_printed("original sendrecv", sdp_print(p.arena, e),
		       HEAD_OUT A0_OUT "a=x\na=sendrecv\na=rtcp:30001\n"
				       "m=audio 30002 RTP/AVP 0\n" C
				       "a=rtpmap:0 PCMU/8000\na=y\na=inactive\na=rtcp:30003\n"
				       "m=audio 30004 RTP/AVP 0\n" C
				       "a=rtpmap:0 PCMU/8000\na=rtcp:30005\n"
				       "m=image 30006 udptl t38\n" C "a=recvonly\n");
	parsed_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directions),	   cmocka_unit_test(test_hold),
		cmocka_unit_test(test_rejected),	   cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_original_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
