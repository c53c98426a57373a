/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is freed at once: one arena per request (and one per stored SDP). Control's only
 * thread.
 */
#ifndef RTPWIRE_CONTROL_ARENA_H
#define RTPWIRE_CONTROL_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct arena;

/* An empty arena, or NULL when memory is out. */
struct arena *arena_new(void);

/* Wipes (requests hold keys) and frees the arena and all that was taken from it; NULL is fine. */
void arena_free(struct arena *a);

/* n zeroed bytes, aligned for any type up to a cache line; NULL when memory is out. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);

/*
 * A NUL-terminated copy of s in the arena (the view's n excludes the NUL); p is NULL when memory
 * is out.
 */
struct str arena_str(struct arena *a, struct str s);

/* printf into the arena; p is NULL when memory is out. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* True once any allocation from this arena failed: what was built in it may have holes. */
bool arena_failed(const struct arena *a);

/*
 * Test hook: the n-th allocation from now (1 = the next) fails, and all after it; 0 switches it
 * off.
 */
void arena_fail_after(unsigned long n);

#endif
