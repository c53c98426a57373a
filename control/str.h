/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A view of bytes that somebody else owns: not NUL-terminated, may hold any byte. Pure; any thread.
 */
#ifndef RTPWIRE_CONTROL_STR_H
#define RTPWIRE_CONTROL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct str {
	const char *p; /* NULL = absent; an empty string has p set and n 0 */
	size_t n; /* bytes */
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

static inline struct str str_from(const char *c)
{
	return (struct str){ c, c ? strlen(c) : 0 };
}

static inline bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *c)
{
	return str_equal(a, str_from(c));
}

/* ASCII case-insensitive. */
static inline bool str_case_is(struct str a, const char *c)
{
	return a.n == strlen(c) && (a.n == 0 || strncasecmp(a.p, c, a.n) == 0);
}

static inline bool str_starts(struct str a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

#endif
