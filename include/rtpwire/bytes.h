/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unaligned big-endian loads and stores. Pure; any thread.
 */
#ifndef RTPWIRE_BYTES_H
#define RTPWIRE_BYTES_H

#include <stdint.h>
#include <string.h>

/* Each load takes a pointer to at least as many readable bytes as its name says, of any alignment. */
static inline uint16_t rw_load_be16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)((b[0] << 8) | b[1]);
}

static inline uint32_t rw_load_be32(const void *p)
{
	const uint8_t *b = p;

	return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

static inline uint64_t rw_load_be64(const void *p)
{
	const uint8_t *b = p;

	return (uint64_t)rw_load_be32(b) << 32 | rw_load_be32(b + 4);
}

/* Each store takes a pointer to at least as many writable bytes as its name says. */
static inline void rw_store_be16(void *p, uint16_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static inline void rw_store_be32(void *p, uint32_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)(v >> 24);
	b[1] = (uint8_t)(v >> 16);
	b[2] = (uint8_t)(v >> 8);
	b[3] = (uint8_t)v;
}

static inline void rw_store_be64(void *p, uint64_t v)
{
	uint8_t *b = p;

	rw_store_be32(b, (uint32_t)(v >> 32));
	rw_store_be32(b + 4, (uint32_t)v);
}

#endif
