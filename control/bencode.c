/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bencode reader and writer. Pure; control's only thread.
 */
#include "bencode.h"

#include <errno.h>

#include "decimal.h"

#define SCRATCH_BYTES 32768 /* most replies fit, and need not be measured before they are written */

struct reader {
	struct arena *arena;
	const char *p, *end;
	unsigned int items;
	unsigned int depth;
};

static int read_value(struct reader *r, struct ng_value **out);

/* "-12e" after the 'i'. Leading zeros are accepted; a number too big for 64 bits is not. */
static int read_int(struct reader *r, int64_t *out)
{
	const char *e = memchr(r->p, 'e', (size_t)(r->end - r->p));
	struct str digits;

	if (!e)
		return -EINVAL;
	digits = (struct str){ r->p, (size_t)(e - r->p) };
	if (digits.n && digits.p[0] == '+')
		return -EINVAL;
	r->p = e + 1;
	return ng_decimal(digits, out) ? -EINVAL : 0;
}

/* "4:spam". */
static int read_string(struct reader *r, struct str *out)
{
	size_t n = 0;
	const char *p = r->p;

	for (; p < r->end && *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (size_t)(*p - '0');
		if (n > (size_t)(r->end - p))
			return -EINVAL;
	}
	if (p == r->p || p == r->end || *p != ':' || n > (size_t)(r->end - p - 1))
		return -EINVAL;
	*out = (struct str){ p + 1, n };
	r->p = p + 1 + n;
	return 0;
}

/*
 * The members after 'd' or 'l'. The incumbent accepts a text that stops before the very last 'e'.
 */
static int read_members(struct reader *r, struct ng_value *to)
{
	while (r->p < r->end && *r->p != 'e') {
		struct str key = { NULL, 0 };
		struct ng_value *v = NULL;
		int rc;

		if (to->type == NG_DICT && read_string(r, &key) != 0)
			return -EINVAL;
		rc = read_value(r, &v);
		if (rc)
			return rc;
		if (!ng_put_key(r->arena, to, key, v))
			return -ENOMEM;
	}
	if (r->p < r->end)
		r->p++;
	else if (r->depth > 1)
		return -EINVAL;
	return 0;
}

static int read_container(struct reader *r, struct ng_value *v)
{
	int rc;

	if (!v)
		return -ENOMEM;
	if (++r->depth > NG_DEPTH_MAX)
		return -E2BIG;
	r->p++;
	rc = read_members(r, v);
	r->depth--;
	return rc;
}

static int read_value(struct reader *r, struct ng_value **out)
{
	struct str s;
	int64_t i;

	if (r->p == r->end)
		return -EINVAL;
	if (++r->items > NG_ITEMS_MAX)
		return -E2BIG;
	switch (*r->p) {
	case 'd':
		return read_container(r, *out = ng_dict(r->arena));
	case 'l':
		return read_container(r, *out = ng_list(r->arena));
	case 'i':
		r->p++;
		if (read_int(r, &i) != 0)
			return -EINVAL;
		*out = ng_int(r->arena, i);
		break;
	default:
		if (read_string(r, &s) != 0)
			return -EINVAL;
		*out = ng_str(r->arena, s);
	}
	return *out ? 0 : -ENOMEM;
}

int bencode_decode(struct arena *a, struct str text, const struct ng_value **out)
{
	struct reader r = { .arena = a, .p = text.p, .end = text.p + text.n };
	struct ng_value *v = NULL;
	int rc;

	if (text.n == 0 || text.p[0] != 'd')
		return -EINVAL;
	rc = read_value(&r, &v);
	if (rc == 0)
		*out = v;
	return rc;
}

/* Text beyond size is only counted. */
struct writer {
	char *p;
	size_t n, size;
};

static void put(struct writer *w, const char *p, size_t n)
{
	if (n && w->n + n <= w->size)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

static void put_string(struct writer *w, struct str s)
{
	char head[DECIMAL_MAX + 1];
	size_t n;

	if (s.n < 100 && w->n + 3 + s.n <= w->size) { /* nearly all */
		char *to = w->p + w->n;

		if (s.n >= 10)
			*to++ = (char)('0' + s.n / 10);
		*to++ = (char)('0' + s.n % 10);
		*to++ = ':';
		if (s.n)
			memcpy(to, s.p, s.n);
		w->n = (size_t)(to - w->p) + s.n;
		return;
	}
	n = decimal_put(head, s.n);
	head[n] = ':';
	put(w, head, n + 1);
	put(w, s.p, s.n);
}

static void put_int(struct writer *w, int64_t v)
{
	char text[DECIMAL_MAX + 3] = "i-";
	size_t n = v < 0 ? 2 : 1;

	n += decimal_put(text + n, v < 0 ? -(uint64_t)v : (uint64_t)v);
	text[n] = 'e';
	put(w, text, n + 1);
}

/* Trees are built by our own code or by a bounded reader: recursion is bounded with them. */
static void write_value(struct writer *w, const struct ng_value *v)
{
	switch (v->type) {
	case NG_INT:
		put_int(w, v->i);
		return;
	case NG_STR:
		put_string(w, v->s);
		return;
	case NG_LIST:
	case NG_DICT:
		break;
	}
	put(w, v->type == NG_DICT ? "d" : "l", 1);
	for (const struct ng_item *it = v->first; it; it = it->next) {
		if (v->type == NG_DICT)
			put_string(w, it->key);
		write_value(w, it->value);
	}
	put(w, "e", 1);
}

struct str bencode_encode(struct arena *a, const struct ng_value *v)
{
	static char scratch[SCRATCH_BYTES];
	struct writer w = { scratch, 0, sizeof(scratch) };
	size_t n;
	char *p;

	write_value(&w, v);
	n = w.n;
	p = arena_alloc(a, n + 1);
	if (p && n <= sizeof(scratch)) {
		memcpy(p, scratch, n);
	} else if (p) {
		w = (struct writer){ p, 0, n };
		write_value(&w, v);
	}
	explicit_bzero(scratch, n < sizeof(scratch) ? n : sizeof(scratch)); /* SDP has keys */
	return (struct str){ p, p ? n : 0 };
}
