/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RTP media of the SDP rewriting reference (section 1.2): one case or more for each of its rows.
 */
#include "golden.h"

#include <stdio.h>

#define A0 "m=audio 5000 RTP/AVP 0\n"
#define A0_OUT "m=audio 30000 RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\n"
#define TAIL "a=sendrecv\na=rtcp:30001\n"
#define A96(attrs) "m=audio 5000 RTP/AVP 96\n" attrs
#define A96_OUT(attrs) "m=audio 30000 RTP/AVP 96\n" C attrs TAIL
#define OPUS "a=rtpmap:96 opus/48000/2\n"

static const struct golden_case order_cases[] = {
	{ "output order",
	  "m=audio 5000 RTP/AVPF 96 0\na=maxptime:40\na=ptime:20\na=rtcp-mux\na=inactive\n"
	  "a=ssrc:1 cname:x\na=rtcp-fb:* nack\na=extmap:1 urn:x\na=rtcp-fb:96 ccm fir\n"
	  "a=fmtp:96 minptime=10\n" OPUS "a=label:L\na=mid:M\nb=TIAS:9\nb=AS:8\n"
	  "c=IN IP4 192.0.2.9\ni=Title\n",
	  "m=audio 30000 RTP/AVPF 96 0\ni=Title\n" C "b=AS:8\nb=TIAS:9\na=mid:M\na=label:L\n" OPUS
	  "a=fmtp:96 minptime=10\na=rtcp-fb:96 ccm fir\na=rtpmap:0 PCMU/8000\n"
	  "a=extmap-allow-mixed\na=extmap:1 urn:x\na=rtcp-fb:* nack\na=ssrc:1 cname:x\n"
	  "a=inactive\na=rtcp:30001\na=ptime:20\na=maxptime:40\n" },
	{ "unknown attributes: kept in order with duplicates",
	  A0 "a=ssrc:1 a\na=ssrc-group:FID 1 2\na=msid:a b\na=rid:1 send\na=simulcast:send 1\n"
	     "a=imageattr:* send *\na=rtcp-rsize\na=rtcp-xr:voip\na=silenceSupp:off - - - -\n"
	     "a=ice-pacing:50\na=SENDONLY\na=sendrecv \na= lead\na=ssrc:1 a\n",
	  A0_OUT "a=ssrc:1 a\na=ssrc-group:FID 1 2\na=msid:a b\na=rid:1 send\na=simulcast:send 1\n"
		 "a=imageattr:* send *\na=rtcp-rsize\na=rtcp-xr:voip\na=silenceSupp:off - - - -\n"
		 "a=ice-pacing:50\na=SENDONLY\na=sendrecv \na= lead\na=ssrc:1 a\n" TAIL },
	{ "a=foo: a=bar: a=", A0 "a=foo:\na=bar: \na=\na=b:c:\n",
	  A0_OUT "a=foo\na=bar: \na=\na=b:c:\n" TAIL },
	{ "rtcp-fb:* first of the unknown", A0 "a=x\na=rtcp-fb:* nack\na=y\na=rtcp-fb:* ccm fir\n",
	  A0_OUT "a=rtcp-fb:* nack\na=rtcp-fb:* ccm fir\na=x\na=y\n" TAIL },
	{ "consumed",
	  A0 "a=rtpmap:8 PCMA/8000\na=fmtp:8 x\na=rtcp-fb:8 nack\na=rtpmap:x\na=rtpmap\na=fmtp\n"
	     "a=fmtp:0\na=fmtp:0 \na=rtcp-fb\na=rtcp-fb:*\na=rtcp-fb:x nack\na=rtcp-fb:0\na=rtcp:\n"
	     "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\na=setup:actpass\na=setup:x\n"
	     "a=fingerprint:sha-1 AA\na=tls-id:1\na=candidate:x\na=candidate:1 1 UDP 1 192.0.2.1 1 "
	     "typ host\na=extmap:x\na=T38FaxVersion:0\na=group:BUNDLE a\na=rtpengine:ab\n"
	     "a=ice-ufrag:u\na=ice-pwd:p\na=ice-options:trickle\na=ice-lite\na=ice-mismatch\n"
	     "a=remote-candidates:1 192.0.2.1 1\na=end-of-candidates\na=bundle-only\n",
	  A0_OUT TAIL },
};

static const struct golden_case rtpmap_cases[] = {
	{ "static types",
	  "m=audio 5000 RTP/AVP 0 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 25 26 28 31 32 33 34\n",
	  "m=audio 30000 RTP/AVP 0 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 25 26 28 31 32 33 "
	  "34\n" C
	  "a=rtpmap:0 PCMU/8000\na=rtpmap:3 GSM/8000\na=rtpmap:4 G723/8000\na=rtpmap:5 DVI4/8000\n"
	  "a=rtpmap:6 DVI4/16000\na=rtpmap:7 LPC/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:9 G722/8000\n"
	  "a=rtpmap:10 L16/44100\na=rtpmap:11 L16/44100/2\na=rtpmap:12 QCELP/8000\n"
	  "a=rtpmap:13 CN/8000\na=rtpmap:14 MPA/90000\na=rtpmap:15 G728/8000\n"
	  "a=rtpmap:16 DVI4/11025\na=rtpmap:17 DVI4/22050\na=rtpmap:18 G729/8000\n"
	  "a=rtpmap:25 CelB/90000\na=rtpmap:26 JPEG/90000\na=rtpmap:28 nv/90000\n"
	  "a=rtpmap:31 H261/90000\na=rtpmap:32 MPV/90000\na=rtpmap:33 MP2T/90000\n"
	  "a=rtpmap:34 H263/90000\n" TAIL },
	{ "no rtpmap and not static", "m=audio 5000 RTP/AVP 99 1 2 19 24 127\n",
	  "m=audio 30000 RTP/AVP 99 1 2 19 24 127\n" C
	  "a=rtpmap:99 /0\na=rtpmap:1 /0\na=rtpmap:2 /0\na=rtpmap:19 /0\na=rtpmap:24 /0\n"
	  "a=rtpmap:127 /0\n" TAIL },
	{ "channels /1 dropped", A96("a=rtpmap:96 L16/8000/1\n"),
	  A96_OUT("a=rtpmap:96 L16/8000\n") },
	{ "channels /2 kept", A96("a=rtpmap:96 L16/8000/2\n"),
	  A96_OUT("a=rtpmap:96 L16/8000/2\n") },
	{ "channels no number", A96("a=rtpmap:96 L16/8000/x\n"),
	  A96_OUT("a=rtpmap:96 L16/8000\n") },
	{ "name case kept", A96("a=rtpmap:96 OpUs/48000/2\n"),
	  A96_OUT("a=rtpmap:96 OpUs/48000/2\n") },
	{ "own rtpmap overrides the static name", A0 "a=rtpmap:0 pcmu/16000\n",
	  "m=audio 30000 RTP/AVP 0\n" C "a=rtpmap:0 pcmu/16000\n" TAIL },
	{ "trailing and doubled blanks", A96("a=rtpmap:96  speex/8000 \n"),
	  A96_OUT("a=rtpmap:96 speex/8000\n") },
	{ "malformed: as if there were none",
	  A96("a=rtpmap:96 speex\na=rtpmap:96 speex/\na=rtpmap:96 speex/0\na=rtpmap:96 /8000\n"
	      "a=rtpmap:96\na=rtpmap:960 x/8000\na=rtpmap:96x x/8000\na=rtpmap:96 a b/8000\n"),
	  A96_OUT("a=rtpmap:96 /0\n") },
	{ "last rtpmap and last fmtp win",
	  A96("a=rtpmap:96 speex/8000\na=fmtp:96 a=1\na=fmtp:96 b=2\na=rtpmap:96 iLBC/8000\n"),
	  A96_OUT("a=rtpmap:96 iLBC/8000\na=fmtp:96 b=2\n") },
	{ "duplicate types are printed twice", "m=audio 5000 RTP/AVP 0 8 0\n",
	  "m=audio 30000 RTP/AVP 0 8 0\n" C
	  "a=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:0 PCMU/8000\n" TAIL },
	{ "rtcp-fb stays under its type, AVP too",
	  "m=audio 5000 RTP/AVP 0 8\na=rtcp-fb:8 nack\na=rtcp-fb:0 ccm fir\na=rtcp-fb:8 nack pli\n",
	  "m=audio 30000 RTP/AVP 0 8\n" C
	  "a=rtpmap:0 PCMU/8000\na=rtcp-fb:0 ccm fir\na=rtpmap:8 PCMA/8000\na=rtcp-fb:8 nack\n"
	  "a=rtcp-fb:8 nack pli\n" TAIL },
};

static const struct golden_case fmtp_cases[] = {
	{ "verbatim",
	  "m=audio 5000 RTP/AVP 18 97 98 99 100\na=fmtp:18 annexb=no\na=rtpmap:97 AMR/8000\n"
	  "a=fmtp:97  mode-set=0,2 ; octet-align=1 \na=rtpmap:98 iLBC/8000\na=fmtp:98 mode=20\n"
	  "a=rtpmap:99 EVS/16000\na=fmtp:99 br=5.9-24.4; bw=nb-swb\n"
	  "a=rtpmap:100 telephone-event/8000\na=fmtp:100 0-16\n",
	  "m=audio 30000 RTP/AVP 18 97 98 99 100\n" C
	  "a=rtpmap:18 G729/8000\na=fmtp:18 annexb=no\na=rtpmap:97 AMR/8000\n"
	  "a=fmtp:97  mode-set=0,2 ; octet-align=1 \na=rtpmap:98 iLBC/8000\na=fmtp:98 mode=20\n"
	  "a=rtpmap:99 EVS/16000\na=fmtp:99 br=5.9-24.4; bw=nb-swb\n"
	  "a=rtpmap:100 telephone-event/8000\na=fmtp:100 0-16\n" TAIL },
	{ "opus: the example",
	  A96(OPUS "a=fmtp:96 useinbandfec=1; stereo=1;maxaveragebitrate=30000\n"),
	  A96_OUT(OPUS "a=fmtp:96 stereo=1; useinbandfec=1; maxaveragebitrate=30000\n") },
	{ "opus: all keys",
	  A96(OPUS "a=fmtp:96 minptime=10;sprop-maxcapturerate=1;maxaveragebitrate=2;"
		   "maxplaybackrate=3;cbr=0;usedtx=1;useinbandfec=0;sprop-stereo=1;stereo=0\n"),
	  A96_OUT(OPUS "a=fmtp:96 stereo=0; sprop-stereo=1; useinbandfec=0; usedtx=1; cbr=0; "
		       "maxplaybackrate=3; maxaveragebitrate=2; sprop-maxcapturerate=1; "
		       "minptime=10\n") },
	{ "opus: longest numbers",
	  A96(OPUS "a=fmtp:96 stereo=4294967295;sprop-stereo=4294967295;useinbandfec=4294967295;"
		   "usedtx=4294967295;cbr=4294967295;maxplaybackrate=4294967295;"
		   "maxaveragebitrate=4294967295;sprop-maxcapturerate=4294967295;"
		   "minptime=99999999999999999999\n"),
	  A96_OUT(OPUS "a=fmtp:96 stereo=4294967295; sprop-stereo=4294967295; "
		       "useinbandfec=4294967295; usedtx=4294967295; cbr=4294967295; "
		       "maxplaybackrate=4294967295; maxaveragebitrate=4294967295; "
		       "sprop-maxcapturerate=4294967295; minptime=4294967295\n") },
	{ "opus: other keys are lost", A96(OPUS "a=fmtp:96 x-google-min=1;maxptime=40;cbr=1\n"),
	  A96_OUT(OPUS "a=fmtp:96 cbr=1\n") },
	{ "opus: nothing left", A96(OPUS "a=fmtp:96 maxptime=40;stereo;cbr=x;;=1\n"),
	  A96_OUT(OPUS) },
	{ "opus: fmtp before rtpmap, any case",
	  A96("a=fmtp:96 UseInbandFEC = 1 ; foo\na=rtpmap:96 OPUS/48000/2\n"),
	  A96_OUT("a=rtpmap:96 OPUS/48000/2\na=fmtp:96 useinbandfec=1\n") },
};

static const struct golden_case value_cases[] = {
	{ "mid, label: the first", A0 "a=mid:\na=mid:a\na=mid:b\na=label:c\na=label:d\n",
	  "m=audio 30000 RTP/AVP 0\n" C "a=mid:a\na=label:c\na=rtpmap:0 PCMU/8000\n" TAIL },
	{ "ptime, maxptime: the first, integer part",
	  A0 "a=ptime:20.5\na=ptime:30\na=maxptime:40\na=maxptime:60\n",
	  A0_OUT TAIL "a=ptime:20\na=maxptime:40\n" },
	{ "ptime, maxptime: 0 or garbage", A0 "a=ptime:x\na=ptime:20\na=maxptime:0\n",
	  A0_OUT TAIL },
	{ "ptime: out of range, no value", A0 "a=ptime:4294967296\na=maxptime\n", A0_OUT TAIL },
	{ "port count is lost", "m=audio 5000/2 RTP/AVP 0\n", A0_OUT TAIL },
	{ "any media type", "m=quux 5000 RTP/AVP 0\n",
	  "m=quux 30000 RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\n" TAIL },
	{ "proto in any case, printed canonically",
	  "m=audio 5000 rtp/avp 0\nm=audio 5002 RTP/avpf 0\nm=audio 5004 rtp/savp 0\n"
	  "m=audio 5006 rtp/savpf 0\nm=audio 5008 udp/tls/rtp/savp 0\n"
	  "m=audio 5010 udp/tls/rtp/savpf 0\nm=image 5012 UDPTL t38\n",
	  A0_OUT TAIL
	  "m=audio 30002 RTP/AVPF 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30003\n"
	  "m=audio 30004 RTP/SAVP 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30005\n"
	  "m=audio 30006 RTP/SAVPF 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30007\n"
	  "m=audio 30008 UDP/TLS/RTP/SAVP 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30009\n"
	  "m=audio 30010 UDP/TLS/RTP/SAVPF 0\n" C "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30011\n"
	  "m=image 30012 udptl t38\n" C },
	{ "extmap: direction and parameters lost, allow-mixed added",
	  A0
	  "a=extmap:2/sendonly urn x\na=extmap:14 urn:b\na=extmap:16 urn:c\na=extmap:255 urn:d\n",
	  A0_OUT "a=extmap-allow-mixed\na=extmap:2 urn\na=extmap:14 urn:b\na=extmap:16 urn:c\n"
		 "a=extmap:255 urn:d\n" TAIL },
	{ "extmap: bad ids and malformed, allow-mixed never alone",
	  A0 "a=extmap-allow-mixed\na=extmap:0 urn:a\na=extmap:15 urn:a\na=extmap:256 urn:a\n"
	     "a=extmap:x urn:a\na=extmap:1\na=extmap:1 \na=extmap\n",
	  A0_OUT TAIL },
};

static void test_order(void **state)
{
	(void)state;
	golden_medias(CASES(order_cases));
}

static void test_rtpmap(void **state)
{
	(void)state;
	golden_medias(CASES(rtpmap_cases));
}

static void test_fmtp(void **state)
{
	(void)state;
	golden_medias(CASES(fmtp_cases));
}

static void test_values(void **state)
{
	(void)state;
	golden_medias(CASES(value_cases));
}

/* Parses one media below the usual head. */
static struct parsed media_parsed(const char *media)
{
	char text[1024];

	snprintf(text, sizeof(text), HEAD_IN "%s", media);
	return parsed_new(text, strlen(text));
}

/* "m= without formats": printed with 0, which then is a format of its own, so this output is not stable. */
static void test_no_formats(void **state)
{
	static const char *const inputs[] = {
		"m=audio 5000 RTP/AVP\n",
		"m=audio 5000 RTP/AVP \n",
	};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct parsed p = media_parsed(inputs[i]);

		assert_int_equal(p.error, SDP_OK);
		assert_printed("no formats", sdp_print(p.arena, edit_new(p.arena, &p.sdp)),
			       HEAD_OUT "m=audio 30000 RTP/AVP 0\n" C TAIL);
		parsed_free(&p);
	}
}

static void check_rtcp(const char *media, unsigned int port, const char *address)
{
	struct parsed p = media_parsed(media);
	const struct sdp_media *m = &p.sdp.media[0];
	char text[RW_IP_TEXT];

	assert_int_equal(p.error, SDP_OK);
	assert_int_equal(m->has_rtcp, port != 0);
	assert_int_equal(ntohs(m->rtcp.port_be), port);
	assert_string_equal(rw_ip_text(&m->rtcp.ip, text), address);
	parsed_free(&p);
}

/* Section 2.2, "Remote RTCP", and the port count row of section 1.2. */
static void test_rtcp(void **state)
{
	(void)state;
	check_rtcp(A0, 0, "-");
	check_rtcp(A0 "a=rtcp:7\n", 7, "-");
	check_rtcp(A0 "a=rtcp:65535 \n", 65535, "-");
	check_rtcp(A0 "a=rtcp:7 IN IP4 192.0.2.7\n", 7, "192.0.2.7");
	check_rtcp(A0 "a=rtcp:7 IN IP6 2001:db8::7\n", 7, "2001:db8::7");
	check_rtcp(A0 "a=rtcp:7\na=rtcp:9\n", 7, "-");
	check_rtcp(A0 "a=rtcp:0\n", 0, "-");
	check_rtcp(A0 "a=rtcp:65536\n", 0, "-");
	check_rtcp(A0 "a=rtcp:7x\n", 0, "-");
	check_rtcp(A0 "a=rtcp\n", 0, "-");
	check_rtcp(A0 "a=rtcp:7 IN IP4 host\n", 0, "-");
	check_rtcp(A0 "a=rtcp:7 IN IP6 192.0.2.7\n", 0, "-");
	check_rtcp("m=audio 5000/2 RTP/AVP 0\na=rtcp:7\n", 0, "-");
}

/* What the plan reads of a media. */
static void test_fields(void **state)
{
	struct parsed p = media_parsed("m=audio 5000/3 RTP/AVP 101 8\na=rtcp-mux\na=ice-ufrag:x\n"
				       "a=rtpmap:101 telephone-event/16000\na=candidate:x\n");
	const struct sdp_media *m = &p.sdp.media[0];
	char text[RW_IP_TEXT];

	(void)state;
	assert_int_equal(p.error, SDP_OK);
	assert_int_equal(m->port, 5000);
	assert_int_equal(m->port_count, 3);
	assert_int_equal(m->proto, SDP_PROTO_AVP);
	assert_true(str_is(m->formats_text, "101 8"));
	assert_int_equal(m->format_count, 2);
	assert_string_equal(rw_ip_text(&m->address, text), "192.0.2.1");
	assert_true(m->rtcp_mux);
	assert_true(m->has_ice);
	assert_false(m->untouched);
	assert_int_equal(m->attr_count, 4);
	assert_int_equal(sdp_media_clock_hz(m), 8000);
	assert_true(str_is(sdp_media_codec(p.arena, m), "telephone-event/16000"));
	parsed_free(&p);
}

static void check_codec(const char *media, uint32_t clock_hz, const char *codec)
{
	struct parsed p = media_parsed(media);
	struct str got = sdp_media_codec(p.arena, &p.sdp.media[0]);

	assert_int_equal(p.error, SDP_OK);
	assert_int_equal(sdp_media_clock_hz(&p.sdp.media[0]), clock_hz);
	if (codec)
		assert_true(str_is(got, codec));
	else
		assert_null(got.p);
	parsed_free(&p);
}

static void test_codec_and_clock(void **state)
{
	(void)state;
	check_codec(A0, 8000, "PCMU/8000");
	check_codec(A96(OPUS), 48000, "opus/48000/2");
	check_codec("m=audio 5000 RTP/AVP 13 101 6\na=rtpmap:101 telephone-event/48000\n", 16000,
		    "CN/8000");
	check_codec("m=audio 5000 RTP/AVP 96\n", 8000, NULL);
	check_codec("m=audio 5000 RTP/AVP\n", 8000, NULL);
	check_codec("m=image 5000 udptl t38\n", 8000, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_rtpmap),
		cmocka_unit_test(test_fmtp),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_rtcp),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_codec_and_clock),
		cmocka_unit_test(test_no_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
