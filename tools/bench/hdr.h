/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram of times: any of them within 0.8 %, in memory of fixed size. Pure; whose thread it is, the owner says.
 */
#ifndef RTPWIRE_BENCH_HDR_H
#define RTPWIRE_BENCH_HDR_H

#include <stdint.h>

#define HDR_SUB_BITS 7u /* 128 steps from one power of two to the next */
#define HDR_TOP_BITS 42u /* longer times than 2^42 ns (73 minutes) count as that */
#define HDR_BUCKETS ((HDR_TOP_BITS - HDR_SUB_BITS + 1u) << HDR_SUB_BITS)

/* All zero: empty. 36 kB. */
struct hdr {
	uint64_t count;
	uint64_t max_ns; /* exact */
	uint64_t buckets[HDR_BUCKETS];
};

void hdr_record(struct hdr *h, uint64_t ns);

/* Adds all that from has recorded. */
void hdr_merge(struct hdr *to, const struct hdr *from);

/*
 * The smallest time in ns that so many percent (0 to 100) of all recorded ones do not exceed, rounded up by less than
 * 0.8 %; never more than max_ns. 0 when nothing was recorded.
 */
uint64_t hdr_percentile_ns(const struct hdr *h, double percent);

#endif
