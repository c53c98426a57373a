/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cutting views of SDP text: words, numbers, blanks. Each call moves *rest past what it took. Pure; used
 * by the sdp_*.c files on control's only thread.
 */
#ifndef RTPWIRE_CONTROL_SDP_SCAN_H
#define RTPWIRE_CONTROL_SDP_SCAN_H

#include <stdint.h>

#include "str.h"

static inline struct str scan_skip(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

/*
 * All up to sep, which is taken too; the whole rest (and *rest gets n 0) when there is no sep. *found, if
 * not NULL, tells which of the two it was.
 */
static inline struct str scan_until(struct str *rest, char sep, bool *found)
{
	const char *end = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	struct str head = *rest;

	if (found)
		*found = end != NULL;
	if (end)
		head.n = (size_t)(end - rest->p);
	if (rest->n)
		*rest = scan_skip(*rest, head.n + (end ? 1 : 0));
	return head;
}

static inline void scan_blanks(struct str *rest)
{
	while (rest->n && rest->p[0] == ' ')
		*rest = scan_skip(*rest, 1);
}

/* The next word of a list with one or more blanks between words; n 0 at the end. */
static inline struct str scan_word(struct str *rest)
{
	scan_blanks(rest);
	return scan_until(rest, ' ', NULL);
}

/* Without blanks at either end. */
static inline struct str scan_trim(struct str s)
{
	scan_blanks(&s);
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* Leading decimal digits, at most max (bigger values become max). False, *rest untouched, if none. */
static inline bool scan_number(struct str *rest, uint64_t max, uint64_t *out)
{
	struct str s = *rest;
	uint64_t value = 0;

	while (s.n && s.p[0] >= '0' && s.p[0] <= '9') {
		uint64_t digit = (uint64_t)(s.p[0] - '0');

		value = value > (max - digit) / 10 ? max : value * 10 + digit;
		s = scan_skip(s, 1);
	}
	if (s.n == rest->n)
		return false;
	*rest = s;
	*out = value;
	return true;
}

/* s is a decimal number of at most max and nothing else. */
static inline bool scan_whole_number(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t value;

	/* one above max tells a bigger number from max itself; no caller's max is UINT64_MAX */
	if (!scan_number(&s, max + 1, &value) || s.n || value > max)
		return false;
	*out = value;
	return true;
}

#endif
