/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The value tree of an ng message: making, appending, looking up. Control's only thread.
 */
#include "value.h"

#include <errno.h>

static struct ng_value *node_new(struct arena *a, enum ng_type type)
{
	struct ng_value *v = arena_alloc(a, sizeof(*v));

	if (v)
		v->type = type;
	return v;
}

struct ng_value *ng_int(struct arena *a, int64_t i)
{
	struct ng_value *v = node_new(a, NG_INT);

	if (v)
		v->i = i;
	return v;
}

struct ng_value *ng_str(struct arena *a, struct str s)
{
	struct ng_value *v = node_new(a, NG_STR);

	if (v)
		v->s = s;
	return v;
}

struct ng_value *ng_list(struct arena *a)
{
	return node_new(a, NG_LIST);
}

struct ng_value *ng_dict(struct arena *a)
{
	return node_new(a, NG_DICT);
}

static struct ng_value *link_item(struct ng_value *to, struct ng_item *item, struct str key,
				  struct ng_value *v)
{
	item->key = key;
	item->value = v;
	if (to->last)
		to->last->next = item;
	else
		to->first = item;
	to->last = item;
	to->count++;
	return v;
}

static struct ng_value *append(struct arena *a, struct ng_value *to, struct str key,
			       struct ng_value *v)
{
	struct ng_item *item;

	if (!to || !v)
		return NULL;
	item = arena_alloc(a, sizeof(*item));
	return item ? link_item(to, item, key, v) : NULL;
}

/* A new value of a dictionary, in one allocation with its item: a reply to a query has hundreds of them. */
static struct ng_value *append_new(struct arena *a, struct ng_value *dict, const char *key,
				   enum ng_type type)
{
	struct {
		struct ng_item item;
		struct ng_value value;
	} *pair = dict ? arena_alloc(a, sizeof(*pair)) : NULL;

	if (!pair)
		return NULL;
	pair->value.type = type;
	return link_item(dict, &pair->item, str_from(key), &pair->value);
}

struct ng_value *ng_put(struct arena *a, struct ng_value *dict, const char *key, struct ng_value *v)
{
	return append(a, dict, str_from(key), v);
}

struct ng_value *ng_put_key(struct arena *a, struct ng_value *dict, struct str key,
			    struct ng_value *v)
{
	return append(a, dict, key, v);
}

struct ng_value *ng_put_int(struct arena *a, struct ng_value *dict, const char *key, int64_t i)
{
	struct ng_value *v = append_new(a, dict, key, NG_INT);

	if (v)
		v->i = i;
	return v;
}

struct ng_value *ng_put_str(struct arena *a, struct ng_value *dict, const char *key, struct str s)
{
	struct ng_value *v = append_new(a, dict, key, NG_STR);

	if (v)
		v->s = s;
	return v;
}

struct ng_value *ng_add(struct arena *a, struct ng_value *list, struct ng_value *v)
{
	return append(a, list, (struct str){ NULL, 0 }, v);
}

const struct ng_value *ng_get(const struct ng_value *dict, const char *key)
{
	const struct ng_value *found = NULL;

	if (!dict || dict->type != NG_DICT)
		return NULL;
	for (const struct ng_item *it = dict->first; it; it = it->next) {
		if (str_is(it->key, key))
			found = it->value;
	}
	return found;
}

static char fold(char c)
{
	return c == ' ' || c == '_' ? '-' : c;
}

static bool loose_equal(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	}
	return true;
}

const struct ng_value *ng_get_loose(const struct ng_value *dict, const char *key)
{
	const struct ng_value *found = NULL;
	struct str wanted = str_from(key);

	if (!dict || dict->type != NG_DICT)
		return NULL;
	for (const struct ng_item *it = dict->first; it; it = it->next) {
		if (loose_equal(it->key, wanted))
			found = it->value;
	}
	return found;
}

struct str ng_get_str(const struct ng_value *dict, const char *key)
{
	const struct ng_value *v = ng_get_loose(dict, key);

	return v && v->type == NG_STR ? v->s : (struct str){ NULL, 0 };
}

int ng_decimal(struct str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	size_t at = negative || (s.n > 0 && s.p[0] == '+') ? 1 : 0;
	int64_t v = 0;

	if (at == s.n)
		return -EINVAL;
	for (; at < s.n; at++) {
		int digit = s.p[at] - '0';

		if (digit < 0 || digit > 9)
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return -EINVAL;
	}
	*out = v;
	return 0;
}

int64_t ng_get_int(const struct ng_value *dict, const char *key, int64_t fallback)
{
	const struct ng_value *v = ng_get_loose(dict, key);
	int64_t i;

	if (v && v->type == NG_INT)
		return v->i;
	if (v && v->type == NG_STR && ng_decimal(v->s, &i) == 0)
		return i;
	return fallback;
}
