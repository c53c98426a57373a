/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which worker owns a port. Control allocates by it, the dataplane steers by it. Pure; any thread.
 */
#ifndef RTPWIRE_SHARD_H
#define RTPWIRE_SHARD_H

#include <stdint.h>

/*
 * The worker (0 .. workers-1) that owns a local UDP port, host byte order. An even port and the odd
 * one after it (RTP and its RTCP, RFC 3550 section 11) always share a worker. workers must not be 0.
 */
static inline unsigned int rw_shard(uint16_t port, unsigned int workers)
{
	return (unsigned int)(port >> 1) % workers;
}

#endif
