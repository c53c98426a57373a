/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reader of `rtpp-flags` (ng-protocol section 3.2). Pure; control's only thread.
 */
#include "ng_rtpp.h"

#include <ctype.h>

#define DEPTH_MAX 8

static struct ng_value *read_items(struct arena *a, struct str text, unsigned int depth);

static struct str cut(struct str s, size_t from)
{
	return (struct str){ s.p + from, s.n - from };
}

/*
 * Cuts the next blank separated token off *rest; blanks inside brackets do not separate. n 0 = no
 * more.
 */
static struct str next_token(struct str *rest)
{
	unsigned int depth = 0;
	struct str token;
	size_t n;

	while (rest->n && isspace((unsigned char)rest->p[0]))
		*rest = cut(*rest, 1);
	for (n = 0; n < rest->n && (depth || !isspace((unsigned char)rest->p[n])); n++) {
		if (rest->p[n] == '[')
			depth++;
		else if (rest->p[n] == ']' && depth)
			depth--;
	}
	token = (struct str){ rest->p, n };
	*rest = cut(*rest, n);
	return token;
}

static struct ng_value *read_value(struct arena *a, struct str text, unsigned int depth)
{
	if (!text.n || text.p[0] != '[' || depth == DEPTH_MAX)
		return ng_str(a, text);
	text = cut(text, 1);
	if (text.n && text.p[text.n - 1] == ']')
		text.n--;
	return read_items(a, text, depth + 1);
}

static struct ng_value *read_items(struct arena *a, struct str text, unsigned int depth)
{
	struct ng_value *items = depth ? ng_list(a) : ng_dict(a);
	struct str token;

	while (items && (token = next_token(&text)).n) {
		const char *equals = memchr(token.p, '=', token.n);
		struct str key = { NULL, 0 };
		struct ng_value *v;

		if (equals) {
			key = (struct str){ token.p, (size_t)(equals - token.p) };
			token = cut(token, key.n + 1);
			items->type = NG_DICT;
		}
		v = equals ? read_value(a, token, depth) : ng_str(a, token);
		if (!ng_put_key(a, items, key, v))
			return NULL;
	}
	return items;
}

struct ng_value *ng_rtpp_parse(struct arena *a, struct str text)
{
	return text.p ? read_items(a, text, 0) : ng_dict(a);
}
