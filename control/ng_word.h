/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names in ng messages, whatever they are spelled like: letters of either case, and blanks, hyphens or underscores
 * between words. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_NG_WORD_H
#define RTPWIRE_CONTROL_NG_WORD_H

#include <ctype.h>

#include "str.h"

#define NG_WORD_BYTES 48 /* no name that we know is longer */

/*
 * "SIP source_address" becomes, with separator '-', "sip-source-address". False when it has a NUL byte or is longer than
 * any known name.
 */
static inline bool ng_word_fold(struct str s, char separator, char out[static NG_WORD_BYTES])
{
	if (s.n >= NG_WORD_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[i] = (char)(c == ' ' || c == '_' || c == '-' ? separator : tolower(c));
	}
	out[s.n] = '\0';
	return strlen(out) == s.n;
}

/*
 * What follows a prefix, which is written with hyphens; p NULL when the word does not start with it. What follows may be a
 * list, longer than any name.
 */
static inline struct str ng_word_behind(struct str word, const char *prefix)
{
	size_t n = strlen(prefix);
	char head[NG_WORD_BYTES];

	if (word.n < n || !ng_word_fold((struct str){ word.p, n }, '-', head) ||
	    strcmp(head, prefix) != 0)
		return (struct str){ NULL, 0 };
	return (struct str){ word.p + n, word.n - n };
}

#endif
