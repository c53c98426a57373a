/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arenas: a list of chunks, each cut from its front. A request costs one or two mallocs, and its
 * end one free per chunk. Control's only thread.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 8192 /* payload of an ordinary chunk: most requests fit in one */
#define ALIGN_MAX 64 /* structs of include/ stand on cache lines */

struct chunk {
	struct chunk *next;
	size_t used, size; /* payload bytes */
	alignas(ALIGN_MAX) unsigned char payload[];
};

struct arena {
	struct chunk *chunks; /* the head is cut from */
	bool failed;
};

/*
 * Chunks of ordinary size that wait for the next request, wiped and so all zero: malloc would give the memory back to the
 * kernel after each burst and fault it in again. None with ASan, which could not tell old from new.
 */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SPARES_MAX 0
#else
#define SPARES_MAX 4
#endif

static struct chunk *spares;
static unsigned int spare_count;

static unsigned long fail_after; /* test hook: 0 = off, 1 = all fail from now */

void arena_fail_after(unsigned long n)
{
	fail_after = n;
}

/* Counts one allocation for the test hook; true when it has to fail. */
static bool must_fail(void)
{
	if (fail_after == 0)
		return false;
	if (fail_after == 1)
		return true;
	fail_after--;
	return false;
}

/* c is wiped. */
static void chunk_free(struct chunk *c)
{
	if (c->size != CHUNK_BYTES || spare_count == SPARES_MAX) {
		free(c);
		return;
	}
	c->next = spares;
	spares = c;
	spare_count++;
}

/* All zero: most pieces are smaller than a call of memset() for each would cost. */
static struct chunk *chunk_new(size_t size)
{
	struct chunk *c = spares;

	if (size == CHUNK_BYTES && c) {
		spares = c->next;
		spare_count--;
	} else {
		c = aligned_alloc(ALIGN_MAX, sizeof(*c) + size);
		if (c)
			memset(c->payload, 0, size);
	}
	if (c) {
		c->used = 0;
		c->size = size;
	}
	return c;
}

struct arena *arena_new(void)
{
	return must_fail() ? NULL : calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		explicit_bzero(c->payload, c->used);
		chunk_free(c);
	}
	free(a);
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}

static size_t round_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

/*
 * A type's size is a multiple of its alignment: the size tells the strictest one that it can need.
 */
static size_t align_for(size_t n)
{
	if (n && n % ALIGN_MAX == 0)
		return ALIGN_MAX;
	return alignof(max_align_t);
}

/*
 * A chunk with room for n bytes. A big one goes behind the head, which may still have room for the
 * many small pieces to come.
 */
static struct chunk *chunk_add(struct arena *a, size_t n)
{
	size_t size = n > CHUNK_BYTES / 4 ? n : CHUNK_BYTES;
	struct chunk *c;

	size = round_up(size, ALIGN_MAX);
	c = chunk_new(size);
	if (!c)
		return NULL;
	if (size != CHUNK_BYTES && a->chunks) {
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t align = align_for(n), at;
	struct chunk *c = a->chunks;

	if (n > SIZE_MAX / 2 || must_fail())
		goto fail;
	at = c ? round_up(c->used, align) : 0;
	if (!c || c->size < at || c->size - at < n) {
		c = chunk_add(a, n);
		at = 0;
	}
	if (!c)
		goto fail;
	c->used = at + n;
	return c->payload + at;
fail:
	a->failed = true;
	return NULL;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;

	if (!p)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		p = arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p ? (struct str){ p, (size_t)n } : (struct str){ NULL, 0 };
}
