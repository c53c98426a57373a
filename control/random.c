/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers in blocks (random.h). Control's only thread; it never forks once it serves.
 */
#include "random.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096u

static unsigned char block[BLOCK_BYTES];
static size_t left; /* bytes at the block's end that nobody has */

void random_bytes(void *out, size_t bytes)
{
	unsigned char *from;

	if (bytes > BLOCK_BYTES) {
		arc4random_buf(out, bytes);
		return;
	}
	if (bytes > left) {
		arc4random_buf(block, sizeof(block)); /* ends the process rather than fail */
		left = sizeof(block);
	}
	from = block + sizeof(block) - left;
	memcpy(out, from, bytes);
	explicit_bzero(from, bytes);
	left -= bytes;
}

uint32_t random_below(uint32_t bound)
{
	uint32_t unfair = (uint32_t)-bound % bound; /* so many of all would come once more often */
	uint32_t v;

	do
		random_bytes(&v, sizeof(v));
	while (v < unfair);
	return v % bound;
}
