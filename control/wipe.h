/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that holds keys, or SDP with keys in it: no copy stays behind. Pure; any thread.
 */
#ifndef RTPWIRE_CONTROL_WIPE_H
#define RTPWIRE_CONTROL_WIPE_H

#include <stdlib.h>
#include <string.h>

/* Wipes and frees bytes that malloc() gave; NULL is fine. */
static inline void wipe_free(void *p, size_t bytes)
{
	if (p)
		explicit_bzero(p, bytes);
	free(p);
}

/*
 * As realloc() to a larger size, but wipes what it leaves. old may be NULL when old_bytes is 0. NULL, and old stays as it
 * was, when memory is out.
 */
static inline void *wipe_grow(void *old, size_t old_bytes, size_t bytes)
{
	void *p = malloc(bytes);

	if (!p)
		return NULL;
	if (old_bytes)
		memcpy(p, old, old_bytes);
	wipe_free(old, old_bytes);
	return p;
}

#endif
