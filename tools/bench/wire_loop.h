/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator: one lcore that sends and receives in one loop. Between two trials all of it is the main thread's; while it
 * runs, the main thread may use wire_loop_stop(), wire_loop_done() and wire_loop_look() only.
 */
#ifndef RTPWIRE_BENCH_WIRE_LOOP_H
#define RTPWIRE_BENCH_WIRE_LOOP_H

#include "hdr.h"

#include "wire_flow.h"

/* X(name, text): what is counted in a trial. The first four are no faults. */
#define WIRE_COUNTS(X)                                                                             \
	X(sent, "packets given to the ports")                                                      \
	X(received, "packets that arrived, each once")                                             \
	X(skipped, "packets that were not sent: the generator or the port was too slow")           \
	X(waits, "times that a full port did not take all of a burst")                             \
	X(reordered, "packets that arrived after one with a higher number")                        \
	X(duplicates, "packets that had arrived before")                                           \
	X(too_late, "packets so late that nobody knows whether they had arrived before")           \
	X(wrong_destination, "packets of another stream at this address and port")                 \
	X(wrong_source, "packets from another address or port than the relay's for this call")     \
	X(wrong_payload, "packets whose content is not what was sent")                             \
	X(wrong_checksum, "packets whose IPv4 or UDP checksum is wrong")                           \
	X(srtp_auth_failed, "SRTP packets whose tag is wrong")                                     \
	X(srtp_other, "SRTP packets refused for another reason, replay for one")                   \
	X(foreign, "frames of others")                                                             \
	X(late, "packets of the trial before")

struct wire_counts {
#define RW_X(name, text) uint64_t name;
	WIRE_COUNTS(RW_X)
#undef RW_X
};

/* What a trial is to be. */
struct wire_pace {
	uint64_t rate; /* packets a second; 0 = as fast as it goes */
	uint64_t packets; /* ends after so many, skipped ones included; 0 = no end */
	uint32_t duration_ms; /* and after so long */
	unsigned int burst; /* at most so many at once */
};

struct wire_loop;

/* Prepares it; flows and queues must outlive it. 0 and *out, or -1 (said why). */
int wire_loop_new(struct wire_flows *flows, const struct wire_queues *queues,
		  struct wire_loop **out);
void wire_loop_free(struct wire_loop *g);

/* Starts a trial on the generator's lcore. All counts begin with 0. */
void wire_loop_start(struct wire_loop *g, const struct wire_pace *pace);

/* Ends the sending early; what is under way is still received. */
void wire_loop_stop(struct wire_loop *g);

/* True when it has ended: all sent, and received or given up. Then all is the main thread's again. */
bool wire_loop_done(struct wire_loop *g);

/*
 * Counts of the trial so far; latencies since the last look are added to latency. While it runs this takes one turn of
 * the generator.
 */
void wire_loop_look(struct wire_loop *g, struct wire_counts *counts, struct hdr *latency);

/* Seconds from the first packet to the end of sending. After wire_loop_done(). */
double wire_loop_send_s(const struct wire_loop *g);

#endif
