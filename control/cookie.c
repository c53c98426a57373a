/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two generations of a hash table: new entries go to the young one, a rotation frees the old one.
 * Control's only thread.
 */
#include "cookie.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#include "wipe.h"

#define BUCKETS 8192 /* power of two */
#define YOUNG 0
#define OLD 1

struct cookie_entry {
	struct cookie_entry *next; /* in the bucket */
	uint64_t key_hash;
	uint64_t body_hash;
	size_t body_bytes;
	void *waiters;
	char *reply;
	size_t reply_bytes;
	bool done;
	size_t key_bytes;
	char key[]; /* source, NUL, cookie */
};

struct generation {
	struct cookie_entry *buckets[BUCKETS];
	size_t bytes;
};

struct cookie_cache {
	struct generation *gen[2];
	uint64_t seed; /* strangers must not be able to aim at one bucket */
};

int cookie_new(struct cookie_cache **out)
{
	struct cookie_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->gen[YOUNG] = calloc(1, sizeof(struct generation));
	c->gen[OLD] = calloc(1, sizeof(struct generation));
	if (!c->gen[YOUNG] || !c->gen[OLD] || getrandom(&c->seed, sizeof(c->seed), 0) < 0) {
		cookie_free(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

static size_t entry_bytes(const struct cookie_entry *e)
{
	return sizeof(*e) + e->key_bytes + e->reply_bytes;
}

static void entry_free(struct cookie_entry *e)
{
	wipe_free(e->reply, e->reply_bytes);
	free(e);
}

static void link_in(struct generation *g, struct cookie_entry *e)
{
	struct cookie_entry **bucket = &g->buckets[e->key_hash & (BUCKETS - 1)];

	e->next = *bucket;
	*bucket = e;
	g->bytes += entry_bytes(e);
}

/* Empties g; entries in work go to keep, or are freed when keep is NULL. */
static void generation_clear(struct generation *g, struct generation *keep)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct cookie_entry *next;

		for (struct cookie_entry *e = g->buckets[i]; e; e = next) {
			next = e->next;
			if (keep && !e->done)
				link_in(keep, e);
			else
				entry_free(e);
		}
		g->buckets[i] = NULL;
	}
	g->bytes = 0;
}

void cookie_free(struct cookie_cache *c)
{
	if (!c)
		return;
	for (int i = 0; i < 2; i++) {
		if (c->gen[i])
			generation_clear(c->gen[i], NULL);
		free(c->gen[i]);
	}
	free(c);
}

void cookie_rotate(struct cookie_cache *c)
{
	struct generation *old = c->gen[OLD];

	generation_clear(old, c->gen[YOUNG]);
	c->gen[OLD] = c->gen[YOUNG];
	c->gen[YOUNG] = old;
}

/* FNV-1a from a secret start, folded once more: cheap, and good enough behind the seed. */
static uint64_t hash(uint64_t h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	return h ^ (h >> 29);
}

static bool same(const struct cookie_entry *e, const struct cookie_entry *wanted,
		 const char *source, struct str cookie)
{
	size_t source_bytes = strlen(source) + 1;

	return e->key_hash == wanted->key_hash && e->body_hash == wanted->body_hash &&
	       e->body_bytes == wanted->body_bytes && e->key_bytes == source_bytes + cookie.n &&
	       memcmp(e->key, source, source_bytes) == 0 &&
	       memcmp(e->key + source_bytes, cookie.p, cookie.n) == 0;
}

static struct cookie_entry *lookup(const struct cookie_cache *c, const struct cookie_entry *wanted,
				   const char *source, struct str cookie)
{
	for (int i = 0; i < 2; i++) {
		struct cookie_entry *e = c->gen[i]->buckets[wanted->key_hash & (BUCKETS - 1)];

		for (; e; e = e->next) {
			if (same(e, wanted, source, cookie))
				return e;
		}
	}
	return NULL;
}

static struct cookie_entry *entry_new(const struct cookie_entry *wanted, const char *source,
				      struct str cookie)
{
	size_t source_bytes = strlen(source) + 1;
	struct cookie_entry *e = malloc(sizeof(*e) + source_bytes + cookie.n);

	if (!e)
		return NULL;
	*e = *wanted;
	e->key_bytes = source_bytes + cookie.n;
	memcpy(e->key, source, source_bytes);
	memcpy(e->key + source_bytes, cookie.p, cookie.n);
	return e;
}

enum cookie_state cookie_find(struct cookie_cache *c, const char *source, struct str cookie,
			      struct str body, struct cookie_entry **entry)
{
	struct cookie_entry wanted = {
		.key_hash = hash(hash(c->seed, source, strlen(source) + 1), cookie.p, cookie.n),
		.body_hash = hash(~c->seed, body.p, body.n),
		.body_bytes = body.n,
	};

	*entry = lookup(c, &wanted, source, cookie);
	if (*entry)
		return (*entry)->done ? COOKIE_DONE : COOKIE_IN_WORK;
	if (c->gen[YOUNG]->bytes > COOKIE_BYTES_MAX)
		cookie_rotate(c);
	*entry = entry_new(&wanted, source, cookie);
	if (*entry)
		link_in(c->gen[YOUNG], *entry);
	return COOKIE_NEW;
}

static void unlink_entry(struct generation *g, const struct cookie_entry *e)
{
	struct cookie_entry **at = &g->buckets[e->key_hash & (BUCKETS - 1)];

	while (*at && *at != e)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = e->next;
	g->bytes -= entry_bytes(e);
}

void cookie_done(struct cookie_cache *c, struct cookie_entry *entry, struct str reply)
{
	char *copy = reply.p ? malloc(reply.n ? reply.n : 1) : NULL;

	/* It counts as young again: it is kept for at least one rotation from now. */
	unlink_entry(c->gen[YOUNG], entry);
	unlink_entry(c->gen[OLD], entry);
	if (!copy) {
		entry_free(entry);
		return;
	}
	if (reply.n)
		memcpy(copy, reply.p, reply.n);
	entry->reply = copy;
	entry->reply_bytes = reply.n;
	entry->waiters = NULL;
	entry->done = true;
	link_in(c->gen[YOUNG], entry);
}

struct str cookie_reply(const struct cookie_entry *entry)
{
	return (struct str){ entry->reply, entry->reply_bytes };
}

void **cookie_waiters(struct cookie_entry *entry)
{
	return &entry->waiters;
}

size_t cookie_bytes(const struct cookie_cache *c)
{
	return c->gen[YOUNG]->bytes + c->gen[OLD]->bytes;
}
