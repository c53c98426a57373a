/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is refused and with which of the two texts (sections 1 and 8), limits, and memory running out.
 */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>

#define V "v=0\n"
#define O "o=- 1 2 IN IP4 192.0.2.1\n"
#define CI "c=IN IP4 192.0.2.1\n"
#define M "m=audio 5000 RTP/AVP 0\n"

static const struct golden_error cases[] = {
	{ "v= is not 0", "v=1\n" O CI M, SDP_FAILED },
	{ "v= with a blank", "v=0 \n" O CI M, SDP_FAILED },
	{ "v= empty", "v=\n" O CI M, SDP_FAILED },
	{ "second v= is not 0", V O CI M "v=1\n", SDP_FAILED },
	{ "no v=", O CI M, SDP_FAILED },
	{ "o= one field", V "o=x\n" CI M, SDP_FAILED },
	{ "o= five fields", V "o=- 1 2 IN IP4\n" CI M, SDP_FAILED },
	{ "o= bad in a second session", V O CI M V "o=-\n", SDP_FAILED },
	{ "unknown letter", V O CI "x=1\n" M, SDP_FAILED },
	{ "unknown letter after m=", V O CI M "x=1\n", SDP_FAILED },
	{ "upper case letter", V O CI "A=x\n" M, SDP_FAILED },
	{ "no =", V O CI "a\n" M, SDP_FAILED },
	{ "= elsewhere", V O CI "ab=c\n" M, SDP_FAILED },
	{ "a blank is no blank line", V O CI " \n" M, SDP_FAILED },
	{ "o= after m=", V O CI M O, SDP_FAILED },
	{ "s= after m=", V O CI M "s=-\n", SDP_FAILED },
	{ "t= after m=", V O CI M "t=0 0\n", SDP_FAILED },
	{ "u= after m=", V O CI M "u=x\n", SDP_FAILED },
	{ "e= after m=", V O CI M "e=x\n", SDP_FAILED },
	{ "p= after m=", V O CI M "p=x\n", SDP_FAILED },
	{ "c= with TTL", V O "c=IN IP4 224.2.1.1/127\n" M, SDP_FAILED },
	{ "c= with a host name", V O "c=IN IP4 host.example\n" M, SDP_FAILED },
	{ "c= too short", V O "c=IN IP4\n" M, SDP_FAILED },
	{ "c= empty", V O "c=\n" M, SDP_FAILED },
	{ "c= other net", V O "c=ATM IP4 192.0.2.1\n" M, SDP_FAILED },
	{ "c= other family", V O "c=IN IP5 192.0.2.1\n" M, SDP_FAILED },
	{ "c= family and address differ", V O "c=IN IP6 192.0.2.1\n" M, SDP_FAILED },
	{ "c= with more behind", V O "c=IN IP4 192.0.2.1 x\n" M, SDP_FAILED },
	{ "c= too long", V O "c=IN IP6 0000:0000:0000:0000:0000:0000:0000:0000:0000:0000\n" M,
	  SDP_FAILED },
	{ "c= bad in a media", V O CI M "c=IN IP4 300.0.0.1\n", SDP_FAILED },
	{ "c= with blanks around", V O "c=IN  IP4 192.0.2.1 \n" M, SDP_OK },
	{ "m= port no number", V O CI "m=audio x RTP/AVP 0\n", SDP_FAILED },
	{ "m= port with letters", V O CI "m=audio 5000x RTP/AVP 0\n", SDP_FAILED },
	{ "m= port negative", V O CI "m=audio -1 RTP/AVP 0\n", SDP_FAILED },
	{ "m= port above 65535", V O CI "m=audio 65536 RTP/AVP 0\n", SDP_FAILED },
	{ "m= port 65535", V O CI "m=audio 65535 RTP/AVP 0\n", SDP_OK },
	{ "m= port above 64 bits", V O CI "m=audio 18446744073709556616 RTP/AVP 0\n", SDP_FAILED },
	{ "m= port count no number", V O CI "m=audio 5000/x RTP/AVP 0\n", SDP_FAILED },
	{ "m= port count 0", V O CI "m=audio 5000/0 RTP/AVP 0\n", SDP_FAILED },
	{ "m= without proto", V O CI "m=audio 5000\n", SDP_FAILED },
	{ "m= without port", V O CI "m=audio\n", SDP_FAILED },
	{ "m= empty", V O CI "m=\n", SDP_FAILED },
	{ "m= without type", V O CI "m= 5000 RTP/AVP 0\n", SDP_FAILED },
	{ "carriage return inside", V O CI "a=x\ra=y\n" M, SDP_FAILED },
	{ "two carriage returns", V O CI "a=x\r\r\n" M, SDP_FAILED },

	{ "no c=", V O M, SDP_INCOMPLETE },
	{ "no c= in the second media", V O M CI M, SDP_INCOMPLETE },
	{ "no c= in the second session", V O CI M V O M, SDP_INCOMPLETE },
	{ "no c= for udptl", V O "m=image 5000 udptl t38\n", SDP_INCOMPLETE },
	{ "no c= for message", V O "m=message 5000 TCP/MSRP *\n", SDP_INCOMPLETE },
	{ "no c= for a rejected media", V O "m=audio 0 RTP/AVP 0\n", SDP_OK },
	{ "payload type 128", V O CI "m=audio 5000 RTP/AVP 0 128\n", SDP_INCOMPLETE },
	{ "payload type 127", V O CI "m=audio 5000 RTP/AVP 0 127\n", SDP_OK },
	{ "payload type no number", V O CI "m=audio 5000 RTP/AVP x\n", SDP_INCOMPLETE },
	{ "payload type negative", V O CI "m=audio 5000 RTP/AVP -1\n", SDP_INCOMPLETE },
	{ "unparsable wins over incomplete", V O "m=audio 5000 RTP/AVP x\n" M "x=\n", SDP_FAILED },

	{ "empty: no media", "", SDP_OK },
	{ "no media", V O CI, SDP_OK },
	{ "blank line first", "\n" V O CI M, SDP_OK },
};

static void test_errors(void **state)
{
	(void)state;
	golden_errors(CASES(cases));
}

static void test_nul_byte(void **state)
{
	static const char text[] = "v=0\ns=a\0b\n";
	struct parsed p = parsed_new(text, sizeof(text) - 1);
	struct sdp absent;

	(void)state;
	assert_int_equal(p.error, SDP_FAILED);
	assert_non_null(p.why);
	assert_int_equal(sdp_parse(p.arena, (struct str){ NULL, 0 }, &absent, &p.why), SDP_OK);
	assert_int_equal(absent.media_count, 0);
	parsed_free(&p);
}

/* Other control characters and bytes above 127 pass as they are. */
static void test_control_characters(void **state)
{
	const char *in = HEAD_IN "a=\x01\t\xff\n" M;
	struct parsed p = parsed_new(in, strlen(in));

	(void)state;
	assert_int_equal(p.error, SDP_OK);
	assert_printed("controls", sdp_print(p.arena, edit_new(p.arena, &p.sdp)),
		       HEAD_OUT "a=\x01\t\xff\nm=audio 30000 RTP/AVP 0\n" C
				"a=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:30001\n");
	parsed_free(&p);
}

/* HEAD_IN and then line again and again, up to bytes in all (NUL-terminated; the caller frees). */
static char *repeated(const char *first, const char *line, size_t bytes)
{
	char *text = calloc(1, bytes + 1);
	size_t n;

	assert_non_null(text);
	n = (size_t)snprintf(text, bytes, "%s", first);
	while (n + strlen(line) <= bytes) {
		memcpy(text + n, line, strlen(line));
		n += strlen(line);
	}
	memset(text + n, '\n', bytes - n);
	return text;
}

static void check_size(const char *line, size_t bytes, enum sdp_error error, unsigned int attrs)
{
	char *text = repeated(HEAD_IN M, line, bytes);
	struct parsed p = parsed_new(text, bytes);

	assert_int_equal(p.error, error);
	if (error == SDP_OK) {
		assert_int_equal(p.sdp.media[0].attr_count, attrs);
		assert_non_null(sdp_print(p.arena, edit_new(p.arena, &p.sdp)).p);
	}
	parsed_free(&p);
	free(text);
}

/* The longest text is taken, whatever fills it; one byte more is refused. */
static void test_text_limit(void **state)
{
	size_t room = SDP_TEXT_MAX_BYTES - strlen(HEAD_IN M);

	(void)state;
	check_size("a=\n", SDP_TEXT_MAX_BYTES, SDP_OK, (unsigned int)(room / 3));
	check_size("a=rtcp-fb:0 x\n", SDP_TEXT_MAX_BYTES, SDP_OK, (unsigned int)(room / 14));
	check_size("a=extmap:1 x\n", SDP_TEXT_MAX_BYTES, SDP_OK, (unsigned int)(room / 13));
	check_size("a=x\n", SDP_TEXT_MAX_BYTES + 1, SDP_FAILED, 0);
}

static void check_media_count(unsigned int count, enum sdp_error error)
{
	char *text = repeated(HEAD_IN, M, strlen(HEAD_IN) + count * strlen(M));
	struct parsed p = parsed_new(text, strlen(text));

	assert_int_equal(p.error, error);
	if (error == SDP_OK)
		assert_int_equal(p.sdp.media_count, count);
	parsed_free(&p);
	free(text);
}

static void check_format_count(unsigned int count, enum sdp_error error)
{
	const char *head = HEAD_IN "m=audio 5000 RTP/AVP";
	char *text = repeated(head, " 0", strlen(head) + 2 * count);
	struct parsed p = parsed_new(text, strlen(text));

	assert_int_equal(p.error, error);
	if (error == SDP_OK)
		assert_int_equal(p.sdp.media[0].format_count, count);
	parsed_free(&p);
	free(text);
}

static void test_counts(void **state)
{
	(void)state;
	check_media_count(SDP_MEDIA_MAX, SDP_OK);
	check_media_count(SDP_MEDIA_MAX + 1, SDP_FAILED);
	check_format_count(128, SDP_OK);
	check_format_count(129, SDP_INCOMPLETE);
}

/* A short text can ask for a long one (a parameter once per duplicate format): that is not printed. */
static void test_print_limit(void **state)
{
	const char *head = HEAD_IN "m=audio 5000 RTP/AVP 0 0 0 0 0 0 0 0 0 0\na=fmtp:0 ";
	char *text = repeated(head, "x", SDP_TEXT_MAX_BYTES);
	struct parsed p = parsed_new(text, SDP_TEXT_MAX_BYTES);

	(void)state;
	assert_int_equal(p.error, SDP_OK);
	assert_null(sdp_print(p.arena, edit_new(p.arena, &p.sdp)).p);
	parsed_free(&p);
	free(text);
}

#define CRYPTO                                                                                     \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "                                                      \
	"inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20|1:4\n"
#define RICH                                                                                       \
	HEAD_IN "a=extmap:1 urn:s\na=x\nm=audio 5000 RTP/AVP 96 0\na=rtpmap:96 opus/48000/2\n"     \
		"a=fmtp:96 stereo=1\na=rtcp-fb:96 nack\na=extmap:2 urn:m\n" CRYPTO                 \
		"m=video 5002 RTP/AVP "                                                            \
		"97\n"                                                                             \
		"m=image 5004 udptl t38\n"

/* Every prefix of a text is parsed or refused, without reading past it (the copy is exact). */
static void test_truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n <= strlen(RICH); n++) {
		struct parsed p = parsed_new(RICH, n);

		if (p.error == SDP_OK)
			assert_non_null(sdp_print(p.arena, edit_new(p.arena, &p.sdp)).p);
		else
			assert_true(p.error == SDP_FAILED || p.error == SDP_INCOMPLETE);
		parsed_free(&p);
	}
}

/* Memory runs out at each allocation in turn: always told, never half a result taken for a whole one. */
static void test_no_memory(void **state)
{
	unsigned long depth = 0;
	enum sdp_error error;

	(void)state;
	do {
		struct arena *arena = arena_new();
		struct sdp sdp;
		const char *why;

		assert_non_null(arena);
		arena_fail_after(++depth);
		error = sdp_parse(arena, STR(RICH), &sdp, &why);
		arena_fail_after(0);
		assert_true(error == SDP_OK || error == SDP_NO_MEMORY);
		assert_int_equal(why != NULL, error != SDP_OK);
		arena_free(arena);
	} while (error != SDP_OK);
	/* three arrays; per media extmaps (its own, or the session's once), formats and feedback; opus; a=crypto */
	assert_int_equal(depth - 1, 3 + 2 + 4 + 1 + 1);
}

static void test_print_no_memory(void **state)
{
	struct parsed p = parsed_new(RICH, strlen(RICH));
	struct sdp_edit *e = edit_new(p.arena, &p.sdp);

	(void)state;
	arena_fail_after(1);
	assert_null(sdp_print(p.arena, e).p);
	arena_fail_after(0);
	assert_non_null(sdp_print(p.arena, e).p);
	parsed_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_text_limit),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_print_limit),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_print_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
