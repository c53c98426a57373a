/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dispatch: error texts, encodings in kind, exactly one answer, trimming, counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_commands.h"
#include "bencode.h"
#include "log.h"
#include "ng_stats.h"

static char answer[1 << 20];
static size_t answer_n;
static unsigned int answers;
static bool undecodable;

static void respond(struct ng_request *rq, struct str body)
{
	memcpy(answer, body.p, body.n);
	answer_n = body.n;
	answer[answer_n] = '\0';
	answers++;
	undecodable = rq->undecodable;
	arena_free(rq->arena);
	free(rq);
}

static struct ng_request *request_new(size_t max)
{
	struct ng_request *rq = calloc(1, sizeof(*rq));

	rq->arena = arena_new();
	rq->respond = respond;
	rq->reply_max_bytes = max;
	strcpy(rq->source, "udp:192.0.2.7:5060");
	return rq;
}

static void ask(const char *body, size_t max)
{
	answers = 0;
	ng_dispatch(NULL, request_new(max), str_from(body));
	assert_int_equal(answers, 1);
}

#define ERROR(n, text) "d6:result5:error12:error-reason" n ":" text "e"

static void answers_in_kind(void **state)
{
	static const struct {
		const char *body, *reply;
		bool undecodable;
	} rows[] = {
		{ "d7:command4:pinge", "d6:result4:ponge", false },
		{ "{\"command\":\"ping\"}", "{\"result\":\"pong\"}", false },
		{ "d7:command4:echo4:text2:hie", "d4:text2:hi6:result2:oke", false },
		{ "d7:command4:ping", "d6:result4:ponge", false },
		{ "", ERROR("25", "Invalid data (no payload)"), true },
		{ "xyz", ERROR("22", "Invalid NG data format"), true },
		{ "[1]", ERROR("22", "Invalid NG data format"), true },
		{ "d7:comm", ERROR("35", "Could not decode bencode dictionary"), true },
		{ "{\"command\"",
		  "{\"result\":\"error\",\"error-reason\":"
		  "\"Failed to parse JSON document\"}",
		  true },
		{ "de", ERROR("36", "Dictionary contains no key \"command\""), false },
		{ "d7:commandi1ee", ERROR("36", "Dictionary contains no key \"command\""), false },
		{ "d7:command4:PINGe", ERROR("20", "Unrecognized command"), false },
		{ "{\"command\":\"\"}",
		  "{\"result\":\"error\",\"error-reason\":\"Unrecognized command\"}", false },
		{ "d7:command7:unbuilte", ERROR("38", "Command \"unbuilt\" is not supported yet"),
		  false },
		{ "d7:command5:holese", ERROR("13", "Out of memory"), false },
		{ "{\"command\":\"holes\"}",
		  "{\"result\":\"error\",\"error-reason\":\"Out of memory\"}", false },
	};

	(void)state;
	log_set_level(LOG_CRIT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(rows[i].body, 0);
		assert_string_equal(answer, rows[i].reply);
		assert_int_equal(undecodable, rows[i].undecodable);
	}
}

static void no_memory_at_any_depth_still_answers(void **state)
{
	static const char *const bodies[] = { "d7:command4:pinge", "{\"command\":\"ping\"}",
					      "d7:command7:unbuilte", "de" };

	(void)state;
	log_set_level(LOG_CRIT);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		for (unsigned long n = 1; n < 20; n++) {
			struct ng_request *rq = request_new(0);

			answers = 0;
			arena_fail_after(n);
			ng_dispatch(NULL, rq, str_from(bodies[i]));
			arena_fail_after(0);
			assert_int_equal(answers, 1);
			assert_true(answer_n > 0);
			if (n == 1)
				assert_non_null(strstr(answer, "Out of memory"));
		}
		assert_null(strstr(answer, "Out of memory"));
	}
}

static const struct ng_value *decoded(struct arena *a)
{
	const struct ng_value *v = NULL;

	assert_int_equal(bencode_decode(a, (struct str){ answer, answer_n }, &v), 0);
	return v;
}

static void long_replies_are_trimmed_step_by_step(void **state)
{
	static const char ask_text[] = "d7:command5:query6:mediasi200ee";
	struct arena *a = arena_new();
	const struct ng_value *v;
	size_t full;

	(void)state;
	ask(ask_text, 0);
	full = answer_n;
	assert_null(ng_get(decoded(a), "warning"));
	ask(ask_text, full);
	assert_int_equal(answer_n, full);
	ask(ask_text, full - 1); /* step 1 */
	v = decoded(a);
	assert_non_null(ng_get(v, "warning"));
	assert_non_null(ng_get(v, "SSRC"));
	assert_null(strstr(answer, "ingress SSRCs"));
	ask(ask_text, 6000); /* SSRC dictionaries go, integers stay */
	v = decoded(a);
	assert_null(ng_get(v, "SSRC"));
	assert_non_null(strstr(answer, "4:SSRCi199e"));
	ask(ask_text, 1000);
	assert_non_null(ng_get(decoded(a), "tags"));
	assert_null(strstr(answer, "streams"));
	ask(ask_text, answer_n - 1);
	assert_null(strstr(answer, "medias"));
	assert_non_null(ng_get(decoded(a), "tags"));
	ask(ask_text, answer_n - 1);
	v = decoded(a);
	assert_null(ng_get(v, "tags"));
	assert_non_null(ng_get(v, "totals"));
	assert_true(str_is(ng_get_str(v, "result"), "ok"));
	arena_free(a);
}

static void long_lists_are_cut(void **state)
{
	struct arena *a = arena_new();
	const struct ng_value *v;

	(void)state;
	ask("d7:command5:calls5:counti20000ee", 65507);
	assert_in_range(answer_n, 65507 / 2, 65507);
	v = decoded(a);
	assert_int_equal(ng_get(v, "calls")->count, 5000);
	assert_true(str_is(ng_get_str(v, "result"), "ok"));
	assert_non_null(ng_get(v, "warning"));
	arena_free(a);
}

static void what_cannot_be_trimmed_is_an_error(void **state)
{
	(void)state;
	ask("d7:command4:echo5:bytesi70000ee", 65507);
	assert_string_equal(answer, ERROR("32", "Reply is too long for a datagram"));
}

static void counted_per_proxy(void **state)
{
	const struct ng_stats_proxy *p;
	char source[64];

	(void)state;
	ng_stats_clear();
	ask("d7:command4:pinge", 0);
	ask("d7:command4:pinge", 0);
	ask("d7:command7:unbuilte", 0);
	ask("xyz", 0);
	assert_int_equal(ng_stats_proxy_count(), 1);
	p = ng_stats_proxy(0);
	assert_string_equal(p->name, "192.0.2.7");
	assert_int_equal(p->commands[0].count, 2);
	assert_true(p->commands[0].duration_ns > 0);
	assert_int_equal(p->commands[7].count, 1);
	assert_int_equal(p->errors, 2);
	ng_stats_count("tcp:[2001:db8::1]:99", 1, 5, false);
	ng_stats_count("unix:/run/x:y", 1, 5, false);
	ng_stats_count("unix-dgram:/run/z", 1, 5, false);
	assert_string_equal(ng_stats_proxy(1)->name, "2001:db8::1");
	assert_string_equal(ng_stats_proxy(2)->name, "unix");
	assert_int_equal(ng_stats_proxy(2)->commands[1].count, 2);
	for (int i = 0; i < 2 * NG_STATS_PROXY_MAX; i++) {
		snprintf(source, sizeof(source), "udp:10.0.%d.%d:1", i / 256, i % 256);
		ng_stats_count(source, 0, 1, false);
	}
	assert_int_equal(ng_stats_proxy_count(), NG_STATS_PROXY_MAX);
	p = ng_stats_proxy(NG_STATS_PROXY_MAX - 1);
	assert_string_equal(p->name, "others");
	assert_int_equal(p->commands[0].count, 2 * NG_STATS_PROXY_MAX - (NG_STATS_PROXY_MAX - 4));
}

static void answered_later(void **state)
{
	(void)state;
	answers = 0;
	ng_dispatch(NULL, request_new(0), STR("{\"command\":\"later\"}"));
	assert_int_equal(answers, 0);
	assert_int_equal(fake_later_count, 1);
	ng_reply_error(fake_later[0], "Ran out of ports");
	assert_int_equal(answers, 1);
	assert_string_equal(answer, "{\"result\":\"error\",\"error-reason\":\"Ran out of ports\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_kind),
		cmocka_unit_test(no_memory_at_any_depth_still_answers),
		cmocka_unit_test(long_replies_are_trimmed_step_by_step),
		cmocka_unit_test(long_lists_are_cut),
		cmocka_unit_test(what_cannot_be_trimmed_is_an_error),
		cmocka_unit_test(counted_per_proxy),
		cmocka_unit_test(answered_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
