/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large zeroed memory for tests. Mapped, not allocated: most of it is never touched, and a fuzz target makes it thousands
 * of times.
 */
#ifndef RTPWIRE_TESTS_MAPPED_H
#define RTPWIRE_TESTS_MAPPED_H

#include <stddef.h>
#include <sys/mman.h>

/* Zeroed bytes, or NULL. */
static inline void *mapped_new(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Gives them back; NULL is fine. */
static inline void mapped_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

#endif
