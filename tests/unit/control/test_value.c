/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Value tree: look-up rules, integers from strings, failures passed through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "value.h"

static void the_last_of_equal_keys_counts(void **state)
{
	struct arena *a = arena_new();
	struct ng_value *d = ng_dict(a);

	(void)state;
	ng_put_int(a, d, "delete delay", 5);
	ng_put_str(a, d, "delete-delay", STR("7"));
	assert_int_equal(ng_get(d, "delete delay")->i, 5);
	assert_int_equal(ng_get_int(d, "delete_delay", -1), 7);
	assert_string_equal(ng_get_loose(d, "delete delay")->s.p, "7");
	assert_null(ng_get(d, "delete_delay"));
	assert_int_equal(d->count, 2);
	arena_free(a);
}

static void look_up_in_what_is_no_dictionary(void **state)
{
	struct arena *a = arena_new();
	struct ng_value *list = ng_list(a);

	(void)state;
	ng_add(a, list, ng_int(a, 1));
	assert_null(ng_get(list, "x"));
	assert_null(ng_get(NULL, "x"));
	assert_null(ng_get_loose(ng_int(a, 1), "x"));
	assert_null(ng_get_str(list, "x").p);
	assert_int_equal(ng_get_int(NULL, "x", 3), 3);
	arena_free(a);
}

static void empty_strings_are_not_absent(void **state)
{
	struct arena *a = arena_new();
	struct ng_value *d = ng_dict(a);

	(void)state;
	ng_put_str(a, d, "call-id", STR(""));
	ng_put_int(a, d, "n", 1);
	assert_non_null(ng_get_str(d, "call id").p);
	assert_int_equal(ng_get_str(d, "call id").n, 0);
	assert_null(ng_get_str(d, "n").p);
	assert_int_equal(ng_get_int(d, "call-id", -9), -9);
	arena_free(a);
}

static void decimals(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "-0", 0, 0 },
		{ "+7", 0, 7 },
		{ "007", 0, 7 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", -22, 0 },
		{ "-9223372036854775809", -22, 0 },
		{ "99999999999999999999999", -22, 0 },
		{ "", -22, 0 },
		{ "-", -22, 0 },
		{ " 1", -22, 0 },
		{ "1x", -22, 0 },
		{ "0x10", -22, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 0;

		assert_int_equal(ng_decimal(str_from(rows[i].text), &v), rows[i].rc);
		assert_int_equal(v, rows[i].value);
	}
}

/* A small reply, as commands build them: without a single check on the way. */
static struct ng_value *build(struct arena *a)
{
	struct ng_value *reply = ng_dict(a);
	struct ng_value *totals = ng_put(a, reply, "totals", ng_dict(a));
	struct ng_value *list = ng_put(a, reply, "list", ng_list(a));

	ng_put_int(a, totals, "packets", 1);
	ng_add(a, list, ng_str(a, STR("x")));
	return ng_put_str(a, reply, "result", STR("ok")) ? reply : NULL;
}

static void failures_are_passed_through(void **state)
{
	unsigned long n = 0;
	struct ng_value *reply;

	(void)state;
	do {
		struct arena *a = arena_new();

		arena_fail_after(++n);
		reply = build(a);
		arena_fail_after(0);
		assert_int_equal(reply == NULL, arena_failed(a));
		if (reply)
			assert_int_equal(reply->count, 3);
		arena_free(a);
	} while (!reply);
	assert_in_range(n, 8, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_of_equal_keys_counts),
		cmocka_unit_test(look_up_in_what_is_no_dictionary),
		cmocka_unit_test(empty_strings_are_not_absent),
		cmocka_unit_test(decimals),
		cmocka_unit_test(failures_are_passed_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
