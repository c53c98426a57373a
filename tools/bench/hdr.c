/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Histogram of times (hdr.h): below 128 ns each value has a bucket; above, each power of two is cut into 128. Any thread.
 */
#include "hdr.h"

#include <stddef.h>

#define SUB (1u << HDR_SUB_BITS)

static size_t bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < SUB)
		return (size_t)ns;
	if (ns >> HDR_TOP_BITS)
		return HDR_BUCKETS - 1;
	shift = 63u - (unsigned int)__builtin_clzll(ns) - HDR_SUB_BITS;
	return ((size_t)shift << HDR_SUB_BITS) + (size_t)(ns >> shift);
}

/* The longest time of a bucket. */
static uint64_t bucket_top_ns(size_t bucket)
{
	unsigned int shift;

	if (bucket < SUB)
		return bucket;
	shift = (unsigned int)(bucket >> HDR_SUB_BITS) - 1;
	return (((uint64_t)(bucket & (SUB - 1)) + SUB + 1) << shift) - 1;
}

void hdr_record(struct hdr *h, uint64_t ns)
{
	h->buckets[bucket_of(ns)]++;
	h->count++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

void hdr_merge(struct hdr *to, const struct hdr *from)
{
	for (size_t i = 0; i < HDR_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
	to->count += from->count;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
}

uint64_t hdr_percentile_ns(const struct hdr *h, double percent)
{
	double want = (double)h->count * percent / 100;
	uint64_t seen = 0, top_ns;

	for (size_t i = 0; i < HDR_BUCKETS - 1; i++) {
		seen += h->buckets[i];
		if (seen == 0 || (double)seen < want)
			continue;
		top_ns = bucket_top_ns(i);
		return top_ns < h->max_ns ? top_ns : h->max_ns;
	}
	return h->max_ns;
}
