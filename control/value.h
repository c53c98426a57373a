/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree that an ng message is, whichever encoding it came in: integers, strings, lists,
 * dictionaries. Dictionaries keep their order and may hold a key twice (Kamailio sends such);
 * look-up finds the last. All nodes live in an arena. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_VALUE_H
#define RTPWIRE_CONTROL_VALUE_H

#include <stdint.h>

#include "arena.h"
#include "str.h"

enum ng_type { NG_INT, NG_STR, NG_LIST, NG_DICT };

struct ng_value {
	enum ng_type type;
	int64_t i; /* NG_INT */
	struct str s; /* NG_STR */
	struct ng_item *first; /* NG_LIST, NG_DICT */
	struct ng_item *last;
	size_t count;
};

struct ng_item {
	struct str key; /* NG_DICT; p is NULL in a list */
	struct ng_value *value;
	struct ng_item *next;
};

/*
 * Makers: a new node in the arena, NULL when memory is out. Strings are kept as views, not copied.
 */
struct ng_value *ng_int(struct arena *a, int64_t i);
struct ng_value *ng_str(struct arena *a, struct str s);
struct ng_value *ng_list(struct arena *a);
struct ng_value *ng_dict(struct arena *a);

/*
 * Append to a dictionary or list. A NULL container or value (a maker that failed) is passed
 * through, so a chain of calls needs one check at the end. Return value, or NULL when memory is
 * out; a failure marks the container's arena user's reply as unusable: ng_reply() then answers an
 * error instead.
 */
struct ng_value *ng_put(struct arena *a, struct ng_value *dict, const char *key,
			struct ng_value *v);
struct ng_value *ng_put_key(struct arena *a, struct ng_value *dict, struct str key,
			    struct ng_value *v);
struct ng_value *ng_put_int(struct arena *a, struct ng_value *dict, const char *key, int64_t i);
struct ng_value *ng_put_str(struct arena *a, struct ng_value *dict, const char *key, struct str s);
struct ng_value *ng_add(struct arena *a, struct ng_value *list, struct ng_value *v);

/* The last value under key, or NULL. The name must match to the byte. */
const struct ng_value *ng_get(const struct ng_value *dict, const char *key);

/* As ng_get, but blank, hyphen and underscore count as equal ("call-id", "call id"). */
const struct ng_value *ng_get_loose(const struct ng_value *dict, const char *key);

/* The string under key (loose); p is NULL when there is none or it is no string. */
struct str ng_get_str(const struct ng_value *dict, const char *key);

/* The integer under key (loose), also from a decimal string; fallback when there is none. */
int64_t ng_get_int(const struct ng_value *dict, const char *key, int64_t fallback);

/*
 * A whole decimal number, sign allowed. 0 with *out, or -EINVAL (empty, other bytes, out of
 * range).
 */
int ng_decimal(struct str s, int64_t *out);

#endif
