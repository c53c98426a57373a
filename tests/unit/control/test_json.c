/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON: mapping to and from the value tree, limits, bytes that are no UTF-8, memory that runs out
 * in the arena or in jansson.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "bencode.h"
#include "json.h"

static void read_as(void **state)
{
	static const struct {
		const char *json, *bencode;
	} rows[] = {
		{ "{}", "de" },
		{ " {\"command\" : \"ping\"} ", NULL },
		{ "{\"command\":\"ping\"}\n", "d7:command4:pinge" },
		{ "{\"z\":1,\"a\":[1,\"x\",{}]}", "d1:zi1e1:ali1e1:xdeee" },
		{ "{\"a\":true,\"b\":false,\"c\":null,\"d\":[null,1]}", "d1:ai1e1:bi0e1:dli1eee" },
		{ "{\"a\":5.0,\"b\":-2.5,\"c\":1e3}", "d1:ai5e1:b4:-2.51:ci1000ee" },
		{ "{\"a\":1e300}", "d1:a23:1.0000000000000001e+300e" },
		{ "{\"a\":\"\\u0000\\u00e4\"}", NULL },
		{ "{\"a\":9223372036854775807}", "d1:ai9223372036854775807ee" },
		{ "{\"a\":\"\"}", "d1:a0:e" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new();
		const struct ng_value *v = NULL;
		int rc = json_decode(a, str_from(rows[i].json), &v);

		if (rows[i].json[0] == ' ') {
			assert_int_equal(rc, -EINVAL); /* the first byte tells JSON from bencode */
		} else {
			assert_int_equal(rc, 0);
			if (rows[i].bencode)
				assert_true(str_is(bencode_encode(a, v), rows[i].bencode));
			else
				assert_memory_equal(bencode_encode(a, v).p,
						    "d1:a3:\0\xc3\xa4"
						    "e",
						    10);
		}
		arena_free(a);
	}
}

static void refused(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"1",
		"\"x\"",
		"{",
		"{\"a\":}",
		"{\"a\":1}x",
		"{'a':1}",
		"{\"a\":9223372036854775808}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\\ud800\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new();
		const struct ng_value *v = NULL;

		assert_int_equal(json_decode(a, str_from(rows[i]), &v), -EINVAL);
		assert_null(v);
		arena_free(a);
	}
}

static void depth_is_limited(void **state)
{
	struct arena *a = arena_new();
	const struct ng_value *v;
	char text[256] = "{\"a\":";
	size_t n = 5;

	(void)state;
	memset(text + n, '[', NG_DEPTH_MAX);
	memset(text + n + NG_DEPTH_MAX, ']', NG_DEPTH_MAX);
	memcpy(text + n + 2 * NG_DEPTH_MAX, "}", 2);
	assert_int_equal(json_decode(a, str_from(text), &v), -E2BIG);
	memset(text + n, '[', NG_DEPTH_MAX - 1);
	memset(text + n + NG_DEPTH_MAX - 1, ']', NG_DEPTH_MAX - 1);
	memcpy(text + n + 2 * NG_DEPTH_MAX - 2, "}", 2);
	assert_int_equal(json_decode(a, str_from(text), &v), 0);
	arena_free(a);
}

static void written_as(void **state)
{
	static const struct {
		struct str bencode;
		const char *json;
	} rows[] = {
		{ { "de", 2 }, "{}" },
		{ { "d1:zi-1e1:al1:xdeee", 19 }, "{\"z\":-1,\"a\":[\"x\",{}]}" },
		{ { "d1:ai1e1:ai2ee", 14 }, "{\"a\":2}" },
		{ { "d1:a3:x\"\ne", 10 }, "{\"a\":\"x\\\"\\n\"}" },
		{ { "d1:a1:\0e", 8 }, "{\"a\":\"\\u0000\"}" },
		{ { "d1:\xff"
		    "4:a\xc3(be",
		    11 },
		  "{\"\xef\xbf\xbd\":\"a\xef\xbf\xbd(b\"}" },
		{ { "d1:a3:\xed\xa0\x80"
		    "e",
		    10 },
		  "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}" },
		{ { "d1:a4:\xf0\x9f\x98\x80"
		    "e",
		    11 },
		  "{\"a\":\"\xf0\x9f\x98\x80\"}" },
		{ { "d1:a2:\xf0\x9f"
		    "e",
		    9 },
		  "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}" },
		{ { "d1:a2:\xc0\x80"
		    "e",
		    9 },
		  "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new();
		const struct ng_value *v = NULL;

		assert_int_equal(bencode_decode(a, rows[i].bencode, &v), 0);
		assert_true(str_is(json_encode(a, v), rows[i].json));
		arena_free(a);
	}
}

static unsigned long jansson_left; /* 0 = no limit */

static void *jansson_malloc(size_t n)
{
	if (jansson_left == 1)
		return NULL;
	if (jansson_left)
		jansson_left--;
	return malloc(n);
}

/* One round through both directions. */
static int round_trip(struct arena *a, bool *encoded)
{
	const struct ng_value *v = NULL;
	int rc = json_decode(a, STR("{\"a\":[1,\"x\",2.5,{\"b\":\"y\"}],\"c\":true}"), &v);

	*encoded = rc == 0 && json_encode(a, v).p != NULL;
	return rc;
}

static void memory_may_run_out_anywhere(void **state)
{
	bool arena_done = false, jansson_done = false;
	unsigned long n;

	(void)state;
	for (n = 1; !arena_done; n++) {
		struct arena *a = arena_new();
		int rc;

		arena_fail_after(n);
		rc = round_trip(a, &arena_done);
		arena_fail_after(0);
		assert_true(rc == 0 || rc == -ENOMEM);
		arena_free(a);
	}
	assert_in_range(n, 15, 40);
	json_set_alloc_funcs(jansson_malloc, free);
	for (n = 2; !jansson_done; n++) {
		struct arena *a = arena_new();
		int rc;

		jansson_left = n;
		rc = round_trip(a, &jansson_done);
		jansson_left = 0;
		/* jansson calls it a syntax error when its lexer runs out */
		assert_true(rc == 0 || rc == -ENOMEM || rc == -EINVAL);
		arena_free(a);
	}
	assert_in_range(n, 15, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_as),
		cmocka_unit_test(refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(written_as),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
