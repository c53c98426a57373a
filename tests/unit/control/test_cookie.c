/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookie cache: who is a repeat and who is not, joining, ageing, bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cookie.h"

static struct cookie_cache *cache;

static int setup(void **state)
{
	(void)state;
	return cookie_new(&cache);
}

static int teardown(void **state)
{
	(void)state;
	cookie_free(cache);
	return 0;
}

static enum cookie_state find(const char *source, const char *cookie, const char *body,
			      struct cookie_entry **e)
{
	return cookie_find(cache, source, str_from(cookie), str_from(body), e);
}

/* Serves a request that has to be new. */
static void serve(const char *source, const char *cookie, const char *body, const char *reply)
{
	struct cookie_entry *e;

	assert_int_equal(find(source, cookie, body, &e), COOKIE_NEW);
	cookie_done(cache, e, str_from(reply));
}

static void a_repeat_gets_the_stored_reply(void **state)
{
	struct cookie_entry *e;

	(void)state;
	serve("udp:a:1", "1", "body", "reply");
	assert_int_equal(find("udp:a:1", "1", "body", &e), COOKIE_DONE);
	assert_true(str_is(cookie_reply(e), "reply"));
	serve("udp:a:1", "empty", "", "");
	assert_int_equal(find("udp:a:1", "empty", "", &e), COOKIE_DONE);
	assert_int_equal(cookie_reply(e).n, 0);
}

static void another_source_cookie_or_body_is_another_request(void **state)
{
	struct cookie_entry *e;

	(void)state;
	serve("udp:a:1", "1", "body", "first");
	serve("udp:a:2", "1", "body", "port");
	serve("tcp:a:1", "1", "body", "transport");
	serve("udp:a:1", "2", "body", "cookie");
	serve("udp:a:1", "1", "Body", "body");
	serve("udp:a:1", "1", "bodybody", "length");
	assert_int_equal(find("udp:a:1", "1", "body", &e), COOKIE_DONE);
	assert_true(str_is(cookie_reply(e), "first"));
	assert_int_equal(find("udp:a:1", "1", "Body", &e), COOKIE_DONE);
	assert_true(str_is(cookie_reply(e), "body"));
}

static void a_repeat_in_work_is_joined(void **state)
{
	struct cookie_entry *first, *again;
	int waiter;

	(void)state;
	assert_int_equal(find("s", "1", "b", &first), COOKIE_NEW);
	assert_null(*cookie_waiters(first));
	assert_int_equal(find("s", "1", "b", &again), COOKIE_IN_WORK);
	assert_ptr_equal(first, again);
	*cookie_waiters(again) = &waiter;
	assert_ptr_equal(*cookie_waiters(first), &waiter);
	cookie_done(cache, first, STR("r"));
	assert_int_equal(find("s", "1", "b", &again), COOKIE_DONE);
}

static void a_forgotten_one_is_served_anew(void **state)
{
	struct cookie_entry *e;

	(void)state;
	assert_int_equal(find("s", "1", "b", &e), COOKIE_NEW);
	cookie_done(cache, e, (struct str){ NULL, 0 });
	assert_int_equal(cookie_bytes(cache), 0);
	serve("s", "1", "b", "r");
}

static void replies_live_one_rotation_and_die_at_the_second(void **state)
{
	struct cookie_entry *e;

	(void)state;
	serve("s", "1", "b", "r");
	cookie_rotate(cache);
	assert_int_equal(find("s", "1", "b", &e), COOKIE_DONE);
	cookie_rotate(cache);
	assert_int_equal(cookie_bytes(cache), 0);
	assert_int_equal(find("s", "1", "b", &e), COOKIE_NEW);
}

static void work_outlives_rotations(void **state)
{
	struct cookie_entry *e, *again;

	(void)state;
	assert_int_equal(find("s", "1", "b", &e), COOKIE_NEW);
	for (int i = 0; i < 5; i++)
		cookie_rotate(cache);
	assert_int_equal(find("s", "1", "b", &again), COOKIE_IN_WORK);
	assert_ptr_equal(e, again);
	cookie_done(cache, e, STR("r"));
	cookie_rotate(cache);
	assert_int_equal(find("s", "1", "b", &again), COOKIE_DONE);
	cookie_rotate(cache);
	assert_int_equal(cookie_bytes(cache), 0);
}

static void memory_is_bounded(void **state)
{
	static char big[65536];
	char cookie[32];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct cookie_entry *e;

		snprintf(cookie, sizeof(cookie), "%d", i);
		assert_int_equal(find("s", cookie, "b", &e), COOKIE_NEW);
		cookie_done(cache, e, (struct str){ big, sizeof(big) });
		assert_true(cookie_bytes(cache) < 2 * (COOKIE_BYTES_MAX + 2 * sizeof(big)));
	}
	assert_true(cookie_bytes(cache) > COOKIE_BYTES_MAX / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_repeat_gets_the_stored_reply),
		TEST(another_source_cookie_or_body_is_another_request),
		TEST(a_repeat_in_work_is_joined),
		TEST(a_forgotten_one_is_served_anew),
		TEST(replies_live_one_rotation_and_die_at_the_second),
		TEST(work_outlives_rotations),
		TEST(memory_is_bounded),
	};

	cookie_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
