/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Golden tests of SDP: parse a text, edit it like a relay with one address would, print it, and compare
 * with the exact text. Used by the tests of this folder.
 */
#ifndef RTPWIRE_TESTS_SDP_GOLDEN_H
#define RTPWIRE_TESTS_SDP_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edit.h"
#include "sdp.h"

#define CASES(table) (table), sizeof(table) / sizeof((table)[0])

/* Texts are written with \n; what is printed always has \r\n and is compared so. */
struct golden_case {
	const char *row; /* which rule of the rewriting reference it shows */
	const char *in;
	const char *out;
};

struct golden_error {
	const char *row;
	const char *in;
	enum sdp_error error;
};

/* The session part that media cases stand below, as given and as printed. */
#define HEAD_IN "v=0\no=- 1 2 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
#define HEAD_OUT "v=0\no=- 1 2 IN IP4 192.0.2.1\ns=-\nt=0 0\n"
#define C "c=IN IP4 203.0.113.1\n" /* the relay's address, as printed in each media */

/* A parsed text in its own arena. The text is an exact copy on the heap: reading past it is caught. */
struct parsed {
	struct arena *arena;
	char *text;
	struct sdp sdp;
	enum sdp_error error;
	const char *why;
};

struct parsed parsed_new(const char *text, size_t bytes);
void parsed_free(struct parsed *p);

/* Compares with want, whose \n mean \r\n. */
void assert_printed(const char *row, struct str got, const char *want);

/* Each case: printed as given, the same from CRLF input, and printing the output again changes nothing. */
void golden_sessions(const struct golden_case *cases, size_t count);

/* The same for cases that hold only media, below HEAD_IN. */
void golden_medias(const struct golden_case *cases, size_t count);

void golden_errors(const struct golden_error *cases, size_t count);

#endif
