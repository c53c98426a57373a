/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bencode: what is accepted, what is refused, what comes out again, and memory that runs out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bencode.h"

/* Decodes a copy in a block of its own size, so that a sanitizer sees every byte read too far. */
static int decode(struct arena *a, struct str text, const struct ng_value **out)
{
	char *copy = malloc(text.n ? text.n : 1);
	struct str kept;

	memcpy(copy, text.p, text.n);
	kept = arena_str(a, (struct str){ copy, text.n });
	free(copy);
	return bencode_decode(a, kept, out);
}

static void accepted_and_printed_again(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "de", "de" },
		{ "d7:command4:pinge", NULL },
		{ "d1:zi1e1:ai2ee", NULL }, /* order stays */
		{ "d1:ai1e1:ai2ee", NULL }, /* so do repetitions */
		{ "d1:ai-42ee", NULL },
		{ "d1:ai007e1:b03:abce", "d1:ai7e1:b3:abce" },
		{ "d1:al1:xi3ed1:y0:eee", NULL },
		{ "d1:ai-9223372036854775808ee", NULL },
		{ "d7:command4:pingetrailing", "d7:command4:pinge" },
		{ "d7:command4:ping", "d7:command4:pinge" },
		{ "d", "de" },
		{ "d1:ale", "d1:alee" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new();
		const struct ng_value *v = NULL;
		struct str text;

		assert_int_equal(decode(a, str_from(rows[i].in), &v), 0);
		text = bencode_encode(a, v);
		assert_true(str_is(text, rows[i].out ? rows[i].out : rows[i].in));
		arena_free(a);
	}
}

static void refused(void **state)
{
	static const char *const rows[] = {
		"",
		"le",
		"i1e",
		"4:spam",
		"d3:abce", /* no value */
		"di1ei2ee", /* key is no string */
		"dd1:a1:beee",
		"d4:abce",
		"d1:a99999999999999999999:xe",
		"d1:a18446744073709551617:xe",
		"d1:ai9223372036854775808ee",
		"d1:aiee",
		"d1:ai-ee",
		"d1:ai+1ee",
		"d1:ai1xee",
		"d1:ai1",
		"d-1:ai1ee",
		"d1:a1", /* ends in the middle of a string */
		"d1:a1:",
		"d1:al1:x", /* only the very last 'e' may be missing */
		"d:1:xe",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new();
		const struct ng_value *v = NULL;

		assert_int_equal(decode(a, str_from(rows[i]), &v), -EINVAL);
		assert_null(v);
		arena_free(a);
	}
}

static void any_byte_fits_in_a_string(void **state)
{
	struct arena *a = arena_new();
	const struct ng_value *v;

	(void)state;
	assert_int_equal(decode(a,
				(struct str){ "d3:\0k\xff"
					      "3:a\0bee",
					      12 },
				&v),
			 0);
	assert_memory_equal(v->first->key.p, "\0k\xff", 3);
	assert_int_equal(v->first->value->s.n, 3);
	assert_memory_equal(bencode_encode(a, v).p,
			    "d3:\0k\xff"
			    "3:a\0be",
			    12);
	arena_free(a);
}

/* Sizes around and far beyond the scratch memory of the writer; the numbers' extremes. */
static void long_texts_and_numbers(void **state)
{
	(void)state;
	for (unsigned int count = 8100; count < 9000; count += count < 8300 ? 1 : 317) {
		struct arena *a = arena_new();
		struct ng_value *v = ng_dict(a), *l = ng_list(a);
		const struct ng_value *again;
		struct str text;

		ng_put(a, v, "l", l);
		for (unsigned int i = 0; i < count; i++)
			ng_add(a, l, ng_str(a, STR("xy")));
		ng_put_int(a, v, "a", INT64_MIN);
		ng_put_int(a, v, "b", INT64_MAX);
		text = bencode_encode(a, v);
		assert_int_equal(text.n, count * 4 +
						 sizeof("d1:lle1:ai-9223372036854775808e"
							"1:bi9223372036854775807ee") -
						 1);
		assert_int_equal(bencode_decode(a, text, &again), 0);
		assert_int_equal(ng_get(again, "l")->count, count);
		assert_true(ng_get_int(again, "a", 0) == INT64_MIN);
		assert_true(ng_get_int(again, "b", 0) == INT64_MAX);
		arena_free(a);
	}
}

static void nested(char *text, unsigned int depth)
{
	for (unsigned int i = 0; i < depth; i++)
		memcpy(text + i * 4, i + 1 < depth ? "d1:a" : "de  ", 4);
	memset(text + (depth - 1) * 4 + 2, 'e', depth - 1);
}

static void depth_and_items_are_limited(void **state)
{
	char text[5 * (NG_DEPTH_MAX + 1)];
	struct arena *a = arena_new();
	const struct ng_value *v;
	size_t n = (size_t)NG_ITEMS_MAX * 2;
	char *many = malloc(n + 8);

	(void)state;
	nested(text, NG_DEPTH_MAX);
	assert_int_equal(decode(a, (struct str){ text, 5 * NG_DEPTH_MAX - 3 }, &v), 0);
	nested(text, NG_DEPTH_MAX + 1);
	assert_int_equal(decode(a, (struct str){ text, 5 * NG_DEPTH_MAX + 2 }, &v), -E2BIG);
	memcpy(many, "d1:al", 5);
	for (size_t i = 0; i < n; i += 2)
		memcpy(many + 5 + i, "0:", 2);
	memcpy(many + 5 + n, "ee", 2);
	assert_int_equal(decode(a, (struct str){ many, n + 7 }, &v), -E2BIG);
	many[5 + n - 8] = many[5 + n - 7] = 'e';
	assert_int_equal(decode(a, (struct str){ many, n - 1 }, &v), 0);
	free(many);
	arena_free(a);
}

static void memory_may_run_out_anywhere(void **state)
{
	const struct str text = STR("d8:supportsl10:load limite3:sdp2:v=7:call-id1:x1:ni-1ee");
	unsigned long n = 0;
	int rc;

	(void)state;
	do {
		struct arena *a = arena_new();
		const struct ng_value *v = NULL;
		struct str out;

		arena_fail_after(++n);
		rc = bencode_decode(a, text, &v);
		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc == 0) {
			arena_fail_after(1);
			out = bencode_encode(a, v);
			assert_null(out.p);
			arena_fail_after(0);
			assert_true(str_equal(bencode_encode(a, v), text));
		}
		arena_fail_after(0);
		arena_free(a);
	} while (rc);
	assert_in_range(n, 11, 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_and_printed_again),
		cmocka_unit_test(refused),
		cmocka_unit_test(any_byte_fits_in_a_string),
		cmocka_unit_test(long_texts_and_numbers),
		cmocka_unit_test(depth_and_items_are_limited),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
