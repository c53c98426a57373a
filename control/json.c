/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The value tree from and to jansson's. Pure; control's only thread.
 */
#include "json.h"
#include "bencode.h"

#include <errno.h>
#include <jansson.h>

struct reader {
	struct arena *arena;
	unsigned int items;
};

static int take(struct reader *r, const json_t *json, unsigned int depth, struct ng_value **out);

static struct ng_value *real_value(struct arena *a, double d)
{
	if (d >= -9007199254740992.0 && d <= 9007199254740992.0 && d == (double)(int64_t)d)
		return ng_int(a, (int64_t)d);
	return ng_str(a, arena_printf(a, "%.17g", d));
}

static int take_member(struct reader *r, struct ng_value *to, struct str key, const json_t *json,
		       unsigned int depth)
{
	struct ng_value *v = NULL;
	int rc;

	if (json_is_null(json))
		return 0;
	rc = take(r, json, depth + 1, &v);
	if (rc)
		return rc;
	if (key.p)
		key = arena_str(r->arena, key);
	return ng_put_key(r->arena, to, key, v) ? 0 : -ENOMEM;
}

static int take_object(struct reader *r, json_t *json, unsigned int depth, struct ng_value *to)
{
	const char *name;
	size_t name_bytes;
	json_t *member;
	int rc;

	json_object_keylen_foreach(json, name, name_bytes, member)
	{
		rc = take_member(r, to, (struct str){ name, name_bytes }, member, depth);
		if (rc)
			return rc;
	}
	return 0;
}

static int take_array(struct reader *r, const json_t *json, unsigned int depth, struct ng_value *to)
{
	int rc;

	for (size_t i = 0; i < json_array_size(json); i++) {
		rc = take_member(r, to, (struct str){ NULL, 0 }, json_array_get(json, i), depth);
		if (rc)
			return rc;
	}
	return 0;
}

static int take(struct reader *r, const json_t *json, unsigned int depth, struct ng_value **out)
{
	struct str text;

	if (depth > NG_DEPTH_MAX || ++r->items > NG_ITEMS_MAX)
		return -E2BIG;
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		*out = ng_dict(r->arena);
		return *out ? take_object(r, (json_t *)json, depth, *out) : -ENOMEM;
	case JSON_ARRAY:
		*out = ng_list(r->arena);
		return *out ? take_array(r, json, depth, *out) : -ENOMEM;
	case JSON_STRING:
		text.p = json_string_value(json);
		text.n = json_string_length(json);
		*out = ng_str(r->arena, arena_str(r->arena, text));
		break;
	case JSON_INTEGER:
		*out = ng_int(r->arena, json_integer_value(json));
		break;
	case JSON_REAL:
		*out = real_value(r->arena, json_real_value(json));
		break;
	default:
		*out = ng_int(r->arena, json_is_true(json));
	}
	return *out && !arena_failed(r->arena) ? 0 : -ENOMEM;
}

int json_decode(struct arena *a, struct str text, const struct ng_value **out)
{
	struct reader r = { a, 0 };
	struct ng_value *v = NULL;
	json_error_t why;
	json_t *json;
	int rc;

	if (text.n == 0 || text.p[0] != '{')
		return -EINVAL;
	json = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &why);
	if (!json)
		return json_error_code(&why) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	rc = take(&r, json, 1, &v);
	json_decref(json);
	if (rc == 0)
		*out = v;
	return rc;
}

/* Bytes of the well-formed UTF-8 character at p (RFC 3629 section 4), 0 when it is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char first, last, second_min, second_max, length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t row = 0, length;

	while (row < sizeof(rows) / sizeof(rows[0]) &&
	       !(p[0] >= rows[row].first && p[0] <= rows[row].last))
		row++;
	if (row == sizeof(rows) / sizeof(rows[0]))
		return 0;
	length = rows[row].length;
	if (length > n)
		return 0;
	if (length > 1 && (p[1] < rows[row].second_min || p[1] > rows[row].second_max))
		return 0;
	for (size_t i = 2; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

/*
 * s itself when it is UTF-8, else a copy with U+FFFD for each wrong byte; p is NULL when memory is
 * out.
 */
static struct str utf8_clean(struct arena *a, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t wrong = 0, at = 0, n;
	char *copy;

	for (size_t i = 0; i < s.n; i += n ? n : 1) {
		n = utf8_length(p + i, s.n - i);
		wrong += n == 0;
	}
	if (!wrong)
		return s.p ? s : STR("");
	copy = arena_alloc(a, s.n + 2 * wrong);
	if (!copy)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < s.n; i += n ? n : 1) {
		n = utf8_length(p + i, s.n - i);
		memcpy(copy + at, n ? s.p + i : "\xef\xbf\xbd", n ? n : 3);
		at += n ? n : 3;
	}
	return (struct str){ copy, at };
}

static json_t *make(struct arena *a, const struct ng_value *v);

static json_t *make_string(struct arena *a, struct str s)
{
	struct str clean = utf8_clean(a, s);

	return clean.p ? json_stringn_nocheck(clean.p, clean.n) : NULL;
}

static json_t *make_object(struct arena *a, const struct ng_value *v)
{
	json_t *object = json_object();

	for (const struct ng_item *it = v->first; object && it; it = it->next) {
		struct str key = utf8_clean(a, it->key);

		if (!key.p ||
		    json_object_setn_new_nocheck(object, key.p, key.n, make(a, it->value)) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

static json_t *make_array(struct arena *a, const struct ng_value *v)
{
	json_t *array = json_array();

	for (const struct ng_item *it = v->first; array && it; it = it->next) {
		if (json_array_append_new(array, make(a, it->value)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *make(struct arena *a, const struct ng_value *v)
{
	switch (v->type) {
	case NG_INT:
		return json_integer(v->i);
	case NG_STR:
		return make_string(a, v->s);
	case NG_LIST:
		return make_array(a, v);
	case NG_DICT:
		break;
	}
	return make_object(a, v);
}

/* jansson hands out text in pieces; the first pass counts them, the second keeps them. */
static int count_piece(const char *piece, size_t n, void *total)
{
	(void)piece;
	*(size_t *)total += n;
	return 0;
}

struct str json_encode(struct arena *a, const struct ng_value *v)
{
	json_t *json = make(a, v);
	size_t n = 0;
	char *p = NULL;

	if (json && json_dump_callback(json, count_piece, &n, JSON_COMPACT) == 0)
		p = arena_alloc(a, n + 1);
	if (p && json_dumpb(json, p, n, JSON_COMPACT) != n)
		p = NULL;
	json_decref(json);
	return p ? (struct str){ p, n } : (struct str){ NULL, 0 };
}
