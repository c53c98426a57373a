/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unaligned big-endian loads and stores. Pure; any thread.
 *
 * Whole words on purpose: gcc 12 does not see through several stores byte by byte in a row.
 */
#ifndef RTPWIRE_BYTES_H
#define RTPWIRE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Each load takes a pointer to at least as many readable bytes as its name says, of any alignment. */
static inline uint16_t rw_load_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t rw_load_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t rw_load_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* Each store takes a pointer to at least as many writable bytes as its name says. */
static inline void rw_store_be16(void *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void rw_store_be32(void *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void rw_store_be64(void *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

#endif
