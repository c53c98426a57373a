/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which local UDP ports are free: a table, no sockets. Per media address and shard (rtpwire/shard.h) a set
 * of free pairs and one of free single ports, so that taking and releasing cost the same at 1 and at
 * 99 percent use. A released port rests in quarantine, late packets of its old call then meet nobody;
 * when nothing else is left, the port that has rested longest is used again. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_PORTS_H
#define RTPWIRE_CONTROL_PORTS_H

#include <stdint.h>

#include "rtpwire/flow.h"

#define PORTS_QUARANTINE_MS 5000u

struct ports;

struct ports_usage {
	uint32_t total; /* used + quarantined + free */
	uint32_t used;
	uint32_t quarantined;
	uint32_t free;
};

/* A table for the dataplane's media addresses and range (valid limits). 0 and *out, or -ENOMEM. */
int ports_new(const struct rw_limits *limits, struct ports **out);

/* Frees the table; NULL is fine. */
void ports_free(struct ports *p);

/*
 * The shard for a new call with one leg on each of two media addresses (indices; may be equal): the one
 * with the most room, so that shards fill evenly.
 */
unsigned int ports_choose_shard(const struct ports *p, unsigned int media_a, unsigned int media_b);

/*
 * Takes a random even port and the odd one after it (RFC 3550 section 11) of media and shard at time now_ms.
 * 0 and *id of the even one, or -ENOSPC.
 */
int ports_take_pair(struct ports *p, unsigned int media, unsigned int shard, uint64_t now_ms,
		    rw_flow_id *id);

/* Takes one random port, even or odd: RTP and RTCP on one (RFC 5761). 0 and *id, or -ENOSPC. */
int ports_take_single(struct ports *p, unsigned int media, unsigned int shard, uint64_t now_ms,
		      rw_flow_id *id);

/* Takes this very port, also out of quarantine. 0, -EBUSY when it is in use, -EINVAL for a bad id. */
int ports_claim(struct ports *p, rw_flow_id id);

/* Ends the use of a port: into quarantine at now_ms. A port that is not in use is left alone. */
void ports_release(struct ports *p, rw_flow_id id, uint64_t now_ms);

/* Ends the use of a port that nobody was told about: free at once. */
void ports_give_back(struct ports *p, rw_flow_id id);

/* Counts of one media address (index in the limits). */
void ports_usage(const struct ports *p, unsigned int media, struct ports_usage *out);

/* Recounts everything slowly: 0, or -EIO when a set disagrees with the ports' states. For tests. */
int ports_check(const struct ports *p);

#endif
