/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Framing: the same messages come out of a stream however it is cut; what is no message is told at
 * once.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bencode.h"
#include "ng_frame.h"

#define MAX 8

struct message {
	const char *cookie; /* NULL = bare */
	const char *body;
};

static const struct {
	const char *stream;
	struct message messages[MAX];
} streams[] = {
	{ "d7:command4:pinge", { { NULL, "d7:command4:pinge" } } },
	{ "de", { { NULL, "de" } } },
	{ "de\nde\n", { { NULL, "de" }, { NULL, "de" } } },
	{ "1_2_3 d7:command4:pinge", { { "1_2_3", "d7:command4:pinge" } } },
	{ "a d1:ai1ee b {\"x\":1}{\"y\":[\"}\"]}d1:bi-2ee",
	  { { "a", "d1:ai1ee" },
	    { "b", "{\"x\":1}" },
	    { NULL, "{\"y\":[\"}\"]}" },
	    { NULL, "d1:bi-2ee" } } },
	{ "d41d8cd9 d1:a3:x ye", { { "d41d8cd9", "d1:a3:x ye" } } },
	{ "deadbeef d1:a1:xe", { { "deadbeef", "d1:a1:xe" } } },
	{ "d1234 {}", { { "d1234", "{}" } } },
	{ "\r\n {\"a\":\"\\\\\\\"}{\"}\r\nx de",
	  { { NULL, "{\"a\":\"\\\\\\\"}{\"}" }, { "x", "de" } } },
	{ "d1:ad1:bld1:cdeeeee", { { NULL, "d1:ad1:bld1:cdeeeee" } } },
	{ "d3:abce9 de", { { NULL, "d3:abce" }, { "9", "de" } } }, /* framed, though no bencode */
};

/* Feeds text in pieces; each piece makes only that many more bytes visible. */
static void check_stream(size_t row, size_t piece)
{
	const char *stream = streams[row].stream;
	size_t n = strlen(stream), seen = 0, begin = 0, count = 0;
	struct ng_frame f = { 0 };

	while (seen < n) {
		char *copy;

		seen = seen + piece < n ? seen + piece : n;
		for (;;) {
			struct str cookie, body, text;
			const struct message *m = &streams[row].messages[count];
			int rc;

			copy = malloc(seen - begin + 1);
			memcpy(copy, stream + begin, seen - begin);
			text = (struct str){ copy, seen - begin };
			rc = ng_frame_scan(&f, text);
			assert_true(rc >= 0);
			if (rc == 0) {
				free(copy);
				break;
			}
			ng_frame_parts(&f, text, &cookie, &body);
			assert_non_null(m->body);
			assert_int_equal(cookie.p == NULL, m->cookie == NULL);
			if (m->cookie)
				assert_true(str_is(cookie, m->cookie));
			assert_true(str_is(body, m->body));
			free(copy);
			begin += f.at;
			f = (struct ng_frame){ 0 };
			count++;
		}
	}
	assert_null(streams[row].messages[count].body);
	assert_null(ng_frame_unfinished(&f));
}

static void any_cut_gives_the_same_messages(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(streams) / sizeof(streams[0]); row++) {
		for (size_t piece = 1; piece <= strlen(streams[row].stream); piece++) {
			/*
			 * "de" that ends what has arrived is the empty dictionary: see scan_head()
			 */
			if (strncmp(streams[row].stream, "deadbeef", 8) == 0 && piece == 2)
				continue;
			if (strncmp(streams[row].stream, "deadbeef", 8) == 0 && piece == 1)
				continue;
			check_stream(row, piece);
		}
	}
}

static void garbage_is_told_at_once(void **state)
{
	static const struct {
		const char *stream, *why;
	} rows[] = {
		{ "hello\n", "Invalid NG data format" },
		{ "[1]", "Invalid NG data format" },
		{ "GET / HTTP/1.1\r\n", "Invalid NG data format" },
		{ "\x16\x03\x01", "Invalid NG data format" },
		{ "c l1:ae", "Invalid NG data format" },
		{ "c \n", "Invalid data (no payload)" },
		{ "d1:xz", "Could not decode bencode dictionary" },
		{ "d1:ai1xe", "Could not decode bencode dictionary" },
		{ "c d-1:e", "Could not decode bencode dictionary" },
		{ "c d1x", "Could not decode bencode dictionary" },
		{ "d9999999:", "Request is too long" },
		{ "d1048577:", "Request is too long" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ng_frame f = { 0 };

		assert_int_equal(ng_frame_scan(&f, str_from(rows[i].stream)), -EINVAL);
		assert_string_equal(f.why, rows[i].why);
	}
}

static void ends_inside_a_message(void **state)
{
	static const struct {
		const char *stream, *why;
	} rows[] = {
		{ "", NULL },
		{ "\n", NULL },
		{ "xyz", "Invalid NG data format" },
		{ "d7", "Invalid NG data format" },
		{ "c ", "Invalid data (no payload)" },
		{ "d7:comm", "Could not decode bencode dictionary" },
		{ "d7:command4:ping", "Could not decode bencode dictionary" },
		{ "c {\"a\"", "Failed to parse JSON document" },
		{ "{\"a", "Failed to parse JSON document" },
		{ "{\"a\\", "Failed to parse JSON document" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ng_frame f = { 0 };
		const char *why;

		assert_int_equal(ng_frame_scan(&f, str_from(rows[i].stream)), 0);
		why = ng_frame_unfinished(&f);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
	}
}

static void limits_of_cookie_depth_and_message(void **state)
{
	char *big = malloc(2 * NG_MESSAGE_MAX_BYTES);
	struct ng_frame f = { 0 };

	(void)state;
	memset(big, 'x', 2 * NG_MESSAGE_MAX_BYTES);
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_COOKIE_MAX_BYTES }), 0);
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_COOKIE_MAX_BYTES + 1 }), -EINVAL);
	memset(big, 'l', NG_DEPTH_MAX + 4);
	memcpy(big, "d1:a", 4);
	f = (struct ng_frame){ 0 };
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_DEPTH_MAX + 3 }), 0);
	big[NG_DEPTH_MAX + 3] = 'l';
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_DEPTH_MAX + 4 }), -EINVAL);
	memset(big, '{', NG_DEPTH_MAX + 1);
	f = (struct ng_frame){ 0 };
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_DEPTH_MAX + 1 }), -EINVAL);
	assert_string_equal(f.why, "Failed to parse JSON document");
	memset(big, ' ', 2 * NG_MESSAGE_MAX_BYTES);
	big[0] = '{';
	f = (struct ng_frame){ 0 };
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_MESSAGE_MAX_BYTES }), 0);
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, NG_MESSAGE_MAX_BYTES + 1 }), -EINVAL);
	free(big);
}

/* A megabyte that comes byte by byte: quadratic work would take minutes. */
static void every_byte_is_looked_at_once(void **state)
{
	static char big[NG_MESSAGE_MAX_BYTES];
	const size_t n = sizeof(big) - 64;
	struct ng_frame f = { 0 };
	size_t length;

	(void)state;
	length = (size_t)sprintf(big, "d1:al");
	while (length < n)
		length += (size_t)sprintf(big + length, "i%zue", length);
	length += (size_t)sprintf(big + length, "ee");
	for (size_t seen = 1; seen < length; seen++)
		assert_int_equal(ng_frame_scan(&f, (struct str){ big, seen }), 0);
	assert_int_equal(ng_frame_scan(&f, (struct str){ big, length }), 1);
	assert_int_equal(f.at, length);
}

static void datagrams(void **state)
{
	static const struct {
		const char *text;
		bool bare_allowed;
		const char *cookie, *body; /* body NULL: not answered */
	} rows[] = {
		{ "1 d7:command4:pinge", false, "1", "d7:command4:pinge" },
		{ "1 d7:command4:pinge", true, "1", "d7:command4:pinge" },
		{ "1  x", false, "1", " x" },
		{ "1 ", false, "1", "" },
		{ " de", false, NULL, NULL },
		{ "", false, NULL, NULL },
		{ "", true, NULL, NULL },
		{ "de", false, NULL, NULL },
		{ "d7:command4:pinge", false, NULL, NULL },
		{ "d7:command4:pinge", true, NULL, "d7:command4:pinge" },
		{ "d7:call idi1ee", true, NULL, "d7:call idi1ee" },
		{ "{\"a\": 1}", true, NULL, "{\"a\": 1}" },
		{ "{\"a\": 1}", false, "{\"a\":", "1}" },
		{ "de", true, NULL, "de" },
		{ "deadbeef de", true, "deadbeef", "de" },
		{ "d41d {}", true, "d41d", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str cookie, body;
		int rc = ng_frame_datagram(str_from(rows[i].text), rows[i].bare_allowed, &cookie,
					   &body);

		assert_int_equal(rc, rows[i].body ? 0 : -EINVAL);
		if (!rows[i].body)
			continue;
		assert_true(str_is(body, rows[i].body));
		assert_int_equal(cookie.p == NULL, rows[i].cookie == NULL);
		if (rows[i].cookie)
			assert_true(str_is(cookie, rows[i].cookie));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_gives_the_same_messages),
		cmocka_unit_test(garbage_is_told_at_once),
		cmocka_unit_test(ends_inside_a_message),
		cmocka_unit_test(limits_of_cookie_depth_and_message),
		cmocka_unit_test(every_byte_is_looked_at_once),
		cmocka_unit_test(datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
