/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash of an IP address for the manager's tables. Keys come from signalling, so a fixed mixing with
 * a start-up secret keeps a peer from choosing collisions. Pure but for the secret; any thread.
 */
#ifndef RTPWIRE_DATAPLANE_HASH_H
#define RTPWIRE_DATAPLANE_HASH_H

#include <stdint.h>
#include <string.h>

#include "rtpwire/addr.h"

extern uint64_t hash_secret; /* writer: neigh_new(), before any table is filled */

static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xe9846af9b1a615dull;
	x ^= x >> 32;
	x *= 0xe9846af9b1a615dull;
	return x ^ (x >> 28);
}

static inline uint32_t hash_ip(const struct rw_ip *ip, uint32_t salt)
{
	uint64_t a, b;

	memcpy(&a, ip->bytes, 8);
	memcpy(&b, ip->bytes + 8, 8);
	return (uint32_t)hash_mix(hash_mix(hash_mix(hash_secret ^ salt) ^ a) ^ b);
}

#endif
