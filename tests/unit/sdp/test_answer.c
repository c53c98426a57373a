/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which formats and lines of an answer reach the party that sent the offer (sections 1.4 and 7).
 */
#include "golden.h"

#include <stdio.h>

#define OPUS "a=rtpmap:96 opus/48000/2\n"
#define EVENT "a=rtpmap:101 telephone-event/8000\n"

struct answer_case {
	const char *row;
	const char *offer, *answer; /* one media each, below the usual head */
	const char *formats; /* of the m= line printed */
	const char *attrs; /* rtpmap, fmtp, rtcp-fb printed */
};

static const struct answer_case cases[] = {
	{ "B's order; what was not offered is dropped", "m=audio 5000 RTP/AVP 0 8\n",
	  "m=audio 6000 RTP/AVP 8 0 9 96\na=fmtp:96 x\na=rtcp-fb:9 nack\na=rtpmap:96 X/8000\n",
	  "8 0", "a=rtpmap:8 PCMA/8000\na=rtpmap:0 PCMU/8000\n" },
	{ "fmtp is B's", "m=audio 5000 RTP/AVP 18\na=fmtp:18 annexb=no\n",
	  "m=audio 6000 RTP/AVP 18\na=fmtp:18 annexb=yes\n", "18",
	  "a=rtpmap:18 G729/8000\na=fmtp:18 annexb=yes\n" },
	{ "names of static types by B's rtpmap", "m=audio 5000 RTP/AVP 8 0\n",
	  "m=audio 6000 RTP/AVP 8\na=rtpmap:8 pcma/8000\n", "8", "a=rtpmap:8 pcma/8000\n" },
	{ "a static type stays itself with a wrong clock", "m=audio 5000 RTP/AVP 9 0\n",
	  "m=audio 6000 RTP/AVP 9 0\na=rtpmap:9 G722/16000\n", "9 0",
	  "a=rtpmap:9 G722/16000\na=rtpmap:0 PCMU/8000\n" },
	{ "names compare without case, channels count as 1",
	  "m=audio 5000 RTP/AVP 97 0\na=rtpmap:97 speex/8000/1\n",
	  "m=audio 6000 RTP/AVP 97 8\na=rtpmap:97 SPEEX/8000\n", "97", "a=rtpmap:97 SPEEX/8000\n" },
	{ "another clock is another codec", "m=audio 5000 RTP/AVP 97 0\na=rtpmap:97 speex/8000\n",
	  "m=audio 6000 RTP/AVP 97 0\na=rtpmap:97 speex/16000\n", "0", "a=rtpmap:0 PCMU/8000\n" },
	{ "other channels are another codec", "m=audio 5000 RTP/AVP 97 0\na=rtpmap:97 L16/16000\n",
	  "m=audio 6000 RTP/AVP 97 0\na=rtpmap:97 L16/16000/2\n", "0", "a=rtpmap:0 PCMU/8000\n" },
	{ "the same codec under another type", "m=audio 5000 RTP/AVP 0 96\n" OPUS,
	  "m=audio 6000 RTP/AVP 97 9\na=rtpmap:97 opus/48000/2\n", "97",
	  "a=rtpmap:97 opus/48000/2\n" },
	{ "a dynamic type without B's rtpmap", "m=audio 5000 RTP/AVP 0 96\n" OPUS,
	  "m=audio 6000 RTP/AVP 0 96 98\n", "0 96", "a=rtpmap:0 PCMU/8000\na=rtpmap:96 /0\n" },
	{ "events pass with a codec", "m=audio 5000 RTP/AVP 0 8 101\n" EVENT,
	  "m=audio 6000 RTP/AVP 101 0 96\n" EVENT OPUS "a=fmtp:101 0-15\n", "101 0",
	  EVENT "a=fmtp:101 0-15\na=rtpmap:0 PCMU/8000\n" },
	{ "events in common are no codec in common", "m=audio 5000 RTP/AVP 0 101 13\n" EVENT,
	  "m=audio 6000 RTP/AVP 8 101 13\n" EVENT, "8 101 13",
	  "a=rtpmap:8 PCMA/8000\n" EVENT "a=rtpmap:13 CN/8000\n" },
	{ "no overlap: as B sent it", "m=video 5000 RTP/AVP 96\na=rtpmap:96 VP8/90000\n",
	  "m=video 6000 RTP/AVP 97\na=rtpmap:97 H264/90000\na=rtcp-fb:97 nack\n", "97",
	  "a=rtpmap:97 H264/90000\na=rtcp-fb:97 nack\n" },
	{ "unknown codecs without rtpmap: by type", "m=audio 5000 RTP/AVP 97 98\n",
	  "m=audio 6000 RTP/AVP 98 99\n", "98", "a=rtpmap:98 /0\n" },
	{ "answer to a media offered with port 0", "m=audio 0 RTP/AVP x\n",
	  "m=audio 6000 RTP/AVP 0\n", "0", "a=rtpmap:0 PCMU/8000\n" },
};

/* Two parsed bodies and the edit of the second as an answer to the first. */
struct dialogue {
	struct parsed offer, answer;
	struct sdp_edit *edit;
};

/* The edit points into *d, which therefore must not move. */
static void dialogue_init(struct dialogue *d, const char *offer, const char *answer)
{
	char text[2048];

	snprintf(text, sizeof(text), HEAD_IN "%s", offer);
	d->offer = parsed_new(text, strlen(text));
	snprintf(text, sizeof(text), HEAD_IN "%s", answer);
	d->answer = parsed_new(text, strlen(text));
	assert_int_equal(d->offer.error, SDP_OK);
	assert_int_equal(d->answer.error, SDP_OK);
	d->edit = edit_new(d->answer.arena, &d->answer.sdp);
	d->edit->sections[0].offered = &d->offer.sdp.media[0];
}

static void dialogue_free(struct dialogue *d)
{
	parsed_free(&d->offer);
	parsed_free(&d->answer);
}

static void test_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dialogue d;
		char want[1024];

		dialogue_init(&d, cases[i].offer, cases[i].answer);
		snprintf(want, sizeof(want),
			 HEAD_OUT "m=%.*s 30000 RTP/AVP %s\n" C "%sa=sendrecv\na=rtcp:30001\n",
			 STR_FMT(d.answer.sdp.media[0].type), cases[i].formats, cases[i].attrs);
		assert_printed(cases[i].row, sdp_print(d.answer.arena, d.edit), want);
		dialogue_free(&d);
	}
}

/* extmap-allow-mixed: not for a receiver that has sent extmaps without it. */
static void test_allow_mixed(void **state)
{
	static const struct {
		const char *offer;
		const char *mixed;
	} mixed_cases[] = {
		{ "m=audio 5000 RTP/AVP 0\n", "a=extmap-allow-mixed\n" },
		{ "m=audio 5000 RTP/AVP 0\na=extmap:1 urn:x\n", "" },
		{ "m=audio 5000 RTP/AVP 0\na=extmap:1 urn:x\na=extmap-allow-mixed\n",
		  "a=extmap-allow-mixed\n" },
		{ "a=extmap-allow-mixed\nm=audio 5000 RTP/AVP 0\na=extmap:1 urn:x\n",
		  "a=extmap-allow-mixed\n" },
		{ "a=extmap:1 urn:x\nm=audio 5000 RTP/AVP 0\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mixed_cases) / sizeof(mixed_cases[0]); i++) {
		struct dialogue d;
		char want[1024];

		dialogue_init(&d, mixed_cases[i].offer,
			      "m=audio 6000 RTP/AVP 0\na=extmap:2 urn:y\n");
		snprintf(want, sizeof(want),
			 HEAD_OUT "m=audio 30000 RTP/AVP 0\n" C "a=rtpmap:0 PCMU/8000\n%s"
				  "a=extmap:2 urn:y\na=sendrecv\na=rtcp:30001\n",
			 mixed_cases[i].mixed);
		assert_printed(mixed_cases[i].offer, sdp_print(d.answer.arena, d.edit), want);
		dialogue_free(&d);
	}
}

/* "answer with fewer m=": the offer's formats and sendrecv, with a zero address. */
static void test_missing_section(void **state)
{
	struct dialogue d;
	struct sdp_section sections[3] = { 0 };

	(void)state;
	dialogue_init(&d,
		      "m=audio 5000 RTP/AVP 0\nm=video 5002 RTP/AVP 96\ni=t\n"
		      "b=AS:1\na=rtpmap:96 VP8/90000\na=fmtp:96 x=1\na=ssrc:1 a\n"
		      "a=label:l\na=mid:v\na=maxptime:40\na=extmap:1 urn:x\n"
		      "a=sendonly\nm=image 5004 udptl t38\na=T38FaxVersion:0\n",
		      "m=audio 6000 RTP/AVP 0\n");
	sections[0] = d.edit->sections[0];
	for (unsigned int i = 1; i < 3; i++) {
		sections[i].kind = SDP_SECTION_MISSING;
		sections[i].src = &d.offer.sdp.media[i];
		sections[i].port = (uint16_t)(30000 + 2 * i);
		sections[i].rtcp_port = sections[i].port + 1;
		rw_ip_parse("0.0.0.0", &sections[i].address);
	}
	sections[1].mid = d.offer.sdp.media[1].mid;
	sections[1].ptime_ms = 20;
	d.edit->sections = sections;
	d.edit->section_count = 3;
	assert_printed("missing", sdp_print(d.answer.arena, d.edit),
		       HEAD_OUT
		       "m=audio 30000 RTP/AVP 0\n" C
		       "a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30001\n"
		       "m=video 30002 RTP/AVP 96\nc=IN IP4 0.0.0.0\na=mid:v\n"
		       "a=rtpmap:96 VP8/90000\na=fmtp:96 x=1\na=sendrecv\na=rtcp:30003\n"
		       "a=ptime:20\nm=image 30004 udptl t38\nc=IN IP4 0.0.0.0\na=sendrecv\n");
	dialogue_free(&d);
}

/* A's ptime is repeated where B sends none; B's maxptime alone is printed; A's mid, B's label. */
static void test_repeated(void **state)
{
	struct dialogue d;

	(void)state;
	dialogue_init(&d, "m=audio 5000 RTP/AVP 0\na=ptime:30\na=mid:a\n",
		      "m=audio 6000 RTP/AVP 0\na=maxptime:60\na=mid:b\na=label:l\n");
	d.edit->sections[0].ptime_ms = d.offer.sdp.media[0].ptime_ms;
	d.edit->sections[0].mid = d.offer.sdp.media[0].mid;
	assert_printed("repeated", sdp_print(d.answer.arena, d.edit),
		       HEAD_OUT "m=audio 30000 RTP/AVP 0\n" C
				"a=mid:a\na=label:l\na=rtpmap:0 PCMU/8000\na=sendrecv\n"
				"a=rtcp:30001\na=ptime:30\na=maxptime:60\n");
	dialogue_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_allow_mixed),
		cmocka_unit_test(test_missing_section),
		cmocka_unit_test(test_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
