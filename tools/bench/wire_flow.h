/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The streams as the generator sees them: for each what it sends (frame headers, checksum so far, key) and what is to be
 * found in what arrives. Made by the main thread before the generator runs; then the generator's alone.
 */
#ifndef RTPWIRE_BENCH_WIRE_FLOW_H
#define RTPWIRE_BENCH_WIRE_FLOW_H

#include "encap.h"
#include "srtp.h"

#include "wire_calls.h"
#include "wire_port.h"

/* Begin of the RTP payload of every packet, in the machine's own byte order: who reads it has written it. */
struct wire_stamp {
	uint32_t run; /* random number of this run */
	uint32_t stream;
	uint32_t trial;
	uint32_t number; /* of the packet in its stream; RTP's sequence number is its lower half */
	uint64_t sent_ns; /* since the run's clock began */
};

_Static_assert(sizeof(struct wire_stamp) == WIRE_PAYLOAD_MIN, "a payload holds the stamp");

/* What is sent. The headers are right but for the UDP checksum. */
struct wire_tx {
	_Alignas(64) uint8_t head[ENCAP_BYTES]; /* up to and with the UDP header, at the end */
	uint32_t sum; /* UDP checksum of all that does not change, not yet folded or inverted */
	uint32_t next; /* number of the next packet */
	uint32_t stream;
	uint8_t head_bytes; /* of the frame */
	uint8_t port; /* index among the ports */
	struct srtp_context *context; /* NULL: plain */
};

_Static_assert(sizeof(struct wire_tx) == 128, "what is sent of a stream is two lines");

/* What is received. */
struct wire_rx {
	_Alignas(64) struct srtp_context *context; /* NULL: plain */
	uint64_t window; /* bit n: number next - 1 - n has arrived */
	int64_t transit_ns; /* of the packet before; 0: none yet */
	uint32_t next; /* one above the highest number that has arrived */
	uint32_t first; /* of this trial */
	uint32_t received; /* in this trial, each number once */
	uint32_t jitter; /* RFC 3550 section 6.4.1, ns times 16 */
	uint32_t stream;
	uint16_t source_port_be; /* the relay's */
	uint8_t source_bytes; /* 4 or 16 */
	uint8_t source[16];
};

_Static_assert(sizeof(struct wire_rx) == 64, "what is received of a stream is one line");

#define WIRE_NO_STREAM 0xffffffffu

struct wire_flows {
	uint32_t calls;
	uint32_t count; /* streams that are sent */
	uint32_t run;
	struct wire_tx *tx; /* in the order in which they send: calls do not speak in turn */
	struct wire_rx *rx; /* by stream */
	uint32_t *by_port; /* [local address][port - port_min]: stream, or WIRE_NO_STREAM */
	uint32_t ports; /* of each address */
	uint16_t port_min;
	unsigned int local_count; /* addresses of both legs */
	struct rw_ip local[WIRE_LEGS * WIRE_LOCALS_MAX];
	uint16_t payload_bytes;
	uint8_t pattern[WIRE_PAYLOAD_MAX]; /* what follows the stamp; zeros where that is */
	struct srtp *srtp; /* NULL: all plain */
};

/* Makes them for all calls; asks how to reach the relay. 0 and *out, or -1 (said why). */
int wire_flows_new(const struct wire_options *o, const struct wire_call *calls,
		   struct wire_port *port, struct wire_flows **out);
void wire_flows_free(struct wire_flows *f);

/* The SRTP engine's name, or "none". */
const char *wire_flows_engine(const struct wire_flows *f);

#endif
