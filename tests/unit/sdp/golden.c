/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Helpers of the golden SDP tests.
 */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 8192

struct parsed parsed_new(const char *text, size_t bytes)
{
	struct parsed p = { .arena = arena_new(), .text = malloc(bytes ? bytes : 1) };

	assert_non_null(p.arena);
	assert_non_null(p.text);
	memcpy(p.text, text, bytes);
	p.error = sdp_parse(p.arena, (struct str){ p.text, bytes }, &p.sdp, &p.why);
	return p;
}

void parsed_free(struct parsed *p)
{
	arena_free(p->arena);
	free(p->text);
}

/* Writes text with \r\n for \n. */
static void to_crlf(const char *text, char out[static TEXT_MAX])
{
	size_t n = 0;

	for (; *text; text++) {
		assert_true(n + 3 < TEXT_MAX);
		if (*text == '\n')
			out[n++] = '\r';
		out[n++] = *text;
	}
	out[n] = '\0';
}

void assert_printed(const char *row, struct str got, const char *want)
{
	char crlf[TEXT_MAX];

	to_crlf(want, crlf);
	assert_non_null(got.p);
	if (!str_is(got, crlf))
		fail_msg("%s:\n--- printed\n%.*s\n--- wanted\n%s", row, STR_FMT(got), crlf);
}

/* Parses in, checks what the default edit prints, and that this prints as itself. */
static void golden_check(const char *row, const char *in, const char *out)
{
	struct parsed first = parsed_new(in, strlen(in)), again;
	struct str printed;

	if (first.error != SDP_OK)
		fail_msg("%s: not parsed: %s", row, first.why);
	printed = sdp_print(first.arena, edit_new(first.arena, &first.sdp));
	assert_printed(row, printed, out);
	again = parsed_new(printed.p, printed.n);
	if (again.error != SDP_OK)
		fail_msg("%s: own output not parsed: %s", row, again.why);
	assert_printed(row, sdp_print(again.arena, edit_new(again.arena, &again.sdp)), out);
	parsed_free(&again);
	parsed_free(&first);
}

void golden_sessions(const struct golden_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char crlf[TEXT_MAX];

		golden_check(cases[i].row, cases[i].in, cases[i].out);
		to_crlf(cases[i].in, crlf);
		golden_check(cases[i].row, crlf, cases[i].out);
	}
}

void golden_medias(const struct golden_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char in[TEXT_MAX], out[TEXT_MAX];
		struct golden_case whole = { cases[i].row, in, out };

		snprintf(in, sizeof(in), HEAD_IN "%s", cases[i].in);
		snprintf(out, sizeof(out), HEAD_OUT "%s", cases[i].out);
		golden_sessions(&whole, 1);
	}
}

void golden_errors(const struct golden_error *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct parsed p = parsed_new(cases[i].in, strlen(cases[i].in));

		if (p.error != cases[i].error)
			fail_msg("%s: result %d (%s), wanted %d", cases[i].row, p.error,
				 p.why ? p.why : "no reason", cases[i].error);
		assert_int_equal(p.why != NULL, p.error != SDP_OK);
		parsed_free(&p);
	}
}
