/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire-bench wire`: what its files share. A *leg* is one side of a call, a *stream* what one leg sends and the other
 * gets; stream number = call * 2 + leg that sends. Main thread, unless a function says "generator": the one lcore that
 * sends and receives.
 */
#ifndef RTPWIRE_BENCH_WIRE_H
#define RTPWIRE_BENCH_WIRE_H

#include "rtpwire/addr.h"
#include "rtpwire/srtp.h"

#include "config.h"

#include "bench.h"
#include "proc.h"

#define WIRE_LEGS 2u
#define WIRE_A 0u
#define WIRE_B 1u
#define WIRE_CALLS_MAX 100000u
#define WIRE_LOCALS_MAX 8u
#define WIRE_BURST_MAX 64u
#define WIRE_PAYLOAD_MIN 24u /* the stamp, see wire_flow.h */
#define WIRE_PAYLOAD_MAX 1300u
#define WIRE_RTP_BYTES 12u
#define WIRE_NAME_BYTES 64u

/* The command line, checked. */
struct wire_options {
	struct config config; /* ports, local addresses and ports, CPU: as the dataplane's */
	const char *ng_url;
	uint32_t calls;
	unsigned int local_count; /* addresses of each leg; call n has number n % local_count */
	struct rw_ip local[WIRE_LEGS][WIRE_LOCALS_MAX];
	bool same_local; /* both legs have the same addresses: they share the ports too */
	char interface[WIRE_LEGS]
		      [WIRE_NAME_BYTES]; /* logical interfaces of the relay; "": its default */
	bool one_way; /* only leg A sends */
	bool srtp[WIRE_LEGS];
	unsigned int suite; /* enum rw_srtp_suite */
	uint16_t payload_bytes;
	uint64_t
		rate; /* packets a second of all streams; with search: the most to try, 0 = as fast as it goes */
	uint32_t duration_ms; /* of a run, or a trial of the search */
	unsigned int burst;
	bool search;
	double resolution; /* of the search, as a part of the highest rate */
	bool gateway_set;
	uint8_t gateway_mac[6]; /* where all frames go */
	struct proc_list processes; /* the relay's, whose CPU time is told */
	bool keep; /* calls are not deleted at the end */
	const char *json, *report; /* paths, or NULL */
	char command[512];
};

/* 0; 1 when --help was served; -1 after a message that names the option. */
int wire_options_read(int argc, char **argv, struct wire_options *out);

/* Streams of all calls. */
static inline uint32_t wire_streams(const struct wire_options *o)
{
	return o->one_way ? o->calls : o->calls * WIRE_LEGS;
}

/* What a leg's RTP packets grow by. */
static inline unsigned int wire_trailer_bytes(const struct wire_options *o, unsigned int leg)
{
	return o->srtp[leg] ? rw_srtp_suite_info(o->suite)->tag_bytes : 0;
}

#endif
