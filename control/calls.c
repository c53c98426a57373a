/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The call table of calls.h: two chained hash tables of the same size and one list. Call-ids come from
 * strangers, so they are hashed with a secret. Control's only thread.
 */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 1024u

struct calls {
	struct call **by_id, **by_ref;
	size_t buckets; /* power of two */
	size_t count;
	struct call *oldest, *newest;
	struct call *cursor; /* next to be returned by calls_cursor_next() */
	uint64_t key[2];
};

static uint64_t rotate(uint64_t v, unsigned int bits)
{
	return (v << bits) | (v >> (64 - bits));
}

static void sip_round(uint64_t v[static 4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein): a keyed hash that strangers cannot make collide. */
static uint64_t hash_id(const struct calls *t, struct str s)
{
	uint64_t v[4] = { t->key[0] ^ 0x736f6d6570736575u, t->key[1] ^ 0x646f72616e646f6du,
			  t->key[0] ^ 0x6c7967656e657261u, t->key[1] ^ 0x7465646279746573u };
	uint64_t last = (uint64_t)s.n << 56, word;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&word, s.p + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (unsigned int shift = 0; i < s.n; i++, shift += 8)
		last |= (uint64_t)(unsigned char)s.p[i] << shift;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (unsigned int n = 0; n < 3; n++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int calls_new(struct calls **out)
{
	struct calls *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->buckets = BUCKETS_MIN;
	t->by_id = calloc(t->buckets, sizeof(*t->by_id));
	t->by_ref = calloc(t->buckets, sizeof(*t->by_ref));
	if (!t->by_id || !t->by_ref) {
		calls_free(t);
		return -ENOMEM;
	}
	arc4random_buf(t->key, sizeof(t->key));
	*out = t;
	return 0;
}

void calls_free(struct calls *t)
{
	if (!t)
		return;
	while (t->oldest) {
		struct call *c = t->oldest;

		t->oldest = c->newer;
		call_free(c);
	}
	free(t->by_id);
	free(t->by_ref);
	free(t);
}

struct call *call_new(struct str id, uint64_t ref)
{
	struct call *c = calloc(1, sizeof(*c) + id.n);
	char *text;

	if (!c)
		return NULL;
	text = (char *)(c + 1);
	if (id.n)
		memcpy(text, id.p, id.n);
	c->id = (struct str){ text, id.n };
	c->ref = ref;
	return c;
}

void call_free(struct call *c)
{
	if (!c)
		return;
	call_state_free(c->state);
	free(c);
}

static struct call **id_bucket(const struct calls *t, struct str id)
{
	return &t->by_id[hash_id(t, id) & (t->buckets - 1)];
}

/* Numbers are ours and follow each other: their low bits are spread enough. */
static struct call **ref_bucket(const struct calls *t, uint64_t ref)
{
	return &t->by_ref[ref & (t->buckets - 1)];
}

static void link_buckets(struct calls *t, struct call *c)
{
	struct call **id = id_bucket(t, c->id), **ref = ref_bucket(t, c->ref);

	c->next_by_id = *id;
	*id = c;
	c->next_by_ref = *ref;
	*ref = c;
}

/* Without memory the table stays as it is: slower, not wrong. */
static void grow(struct calls *t)
{
	size_t buckets = t->buckets * 2;
	struct call **by_id = calloc(buckets, sizeof(*by_id));
	struct call **by_ref = calloc(buckets, sizeof(*by_ref));

	if (!by_id || !by_ref) {
		free(by_id);
		free(by_ref);
		return;
	}
	free(t->by_id);
	free(t->by_ref);
	t->by_id = by_id;
	t->by_ref = by_ref;
	t->buckets = buckets;
	for (struct call *c = t->oldest; c; c = c->newer)
		link_buckets(t, c);
}

void calls_insert(struct calls *t, struct call *c)
{
	if (t->count >= t->buckets)
		grow(t);
	link_buckets(t, c);
	c->newer = NULL;
	c->older = t->newest;
	if (t->newest)
		t->newest->newer = c;
	else
		t->oldest = c;
	t->newest = c;
	t->count++;
	c->listed = true;
}

void calls_remove(struct calls *t, struct call *c)
{
	struct call **at;

	if (!c->listed)
		return;
	for (at = id_bucket(t, c->id); *at != c; at = &(*at)->next_by_id)
		;
	*at = c->next_by_id;
	for (at = ref_bucket(t, c->ref); *at != c; at = &(*at)->next_by_ref)
		;
	*at = c->next_by_ref;
	if (t->cursor == c)
		t->cursor = c->newer;
	if (c->older)
		c->older->newer = c->newer;
	else
		t->oldest = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		t->newest = c->older;
	t->count--;
	c->listed = false;
}

static struct call *find_exact(const struct calls *t, struct str id)
{
	struct call *c = *id_bucket(t, id);

	while (c && !str_equal(c->id, id))
		c = c->next_by_id;
	return c;
}

struct call *calls_find(const struct calls *t, struct str id)
{
	struct call *c = find_exact(t, id);

	if (c || id.n < RW_CALL_ID_BYTES)
		return c;
	c = find_exact(t, (struct str){ id.p, RW_CALL_ID_BYTES - 1 });
	return c && c->id_cut ? c : NULL;
}

struct call *calls_find_ref(const struct calls *t, uint64_t ref)
{
	struct call *c = *ref_bucket(t, ref);

	while (c && c->ref != ref)
		c = c->next_by_ref;
	return c;
}

size_t calls_count(const struct calls *t)
{
	return t->count;
}

struct call *calls_first(const struct calls *t)
{
	return t->oldest;
}

struct call *calls_cursor_next(struct calls *t)
{
	struct call *c = t->cursor;

	t->cursor = c ? c->newer : t->oldest;
	return c;
}
