/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `rtpwire-bench pipe` measures: one worker of the dataplane between ports in memory, on one core and without a NIC.
 * Packets are written before and looked at after the worker has had them; only its turns are timed. Program's only
 * thread.
 */
#ifndef RTPWIRE_BENCH_PIPE_H
#define RTPWIRE_BENCH_PIPE_H

#include "rtpwire/addr.h"
#include "rtpwire/srtp.h"

#include "bench.h"

#define PIPE_FLOWS_MAX 20000u
#define PIPE_BYTES_MIN 20u /* RTP header, and a number of the packet's own */
#define PIPE_BYTES_MAX 1400u
#define PIPE_PACKETS 1024u /* on their way together: what the ring of a NIC holds */
#define PIPE_STAGES_MAX 12u

/* What the worker does with each packet. */
enum pipe_mode {
	PIPE_RELAY, /* RTP to RTP */
	PIPE_SEAL, /* RTP to SRTP */
	PIPE_OPEN, /* SRTP to RTP */
	PIPE_BOTH, /* SRTP to SRTP, under another key */
	PIPE_MODES
};

struct pipe_case {
	enum pipe_mode mode;
	unsigned int suite; /* enum rw_srtp_suite; RW_SRTP_NONE with PIPE_RELAY */
	enum rw_family family;
	uint32_t bytes; /* RTP header and payload */
	uint32_t flows; /* that packets arrive for */
};

/*
 * TSC cycles (pipe_tsc_hz()) that a packet takes: medians over PIPE_PACKETS at a time, so that what else the machine does
 * in between does not count.
 */
struct pipe_sample {
	uint64_t packets;
	double cycles;
	double stage_cycles[PIPE_STAGES_MAX]; /* of packets of their own, as many again */
};

struct pipe;

/* Starts DPDK, with huge pages if there are some free. Once. 0, or -1 after a message. */
int pipe_start(void);

bool pipe_has_hugepages(void);
uint64_t pipe_tsc_hz(void);

/* Names of a sample's stages, in order; NULL after the last one. */
const char *const *pipe_stages(void);

/*
 * A worker with the flows of a case, all of which have relayed a packet that was right: bytes, addresses and, with SRTP,
 * key. 0 and *out; -1 after a message.
 */
int pipe_open(const struct pipe_case *what, struct pipe **out);

/*
 * Measures for about time_ns of the worker's time. 0, or -1 after a message when a packet was lost or the worker dropped
 * one.
 */
int pipe_measure(struct pipe *p, uint64_t time_ns, struct pipe_sample *out);

void pipe_close(struct pipe *p);

/* pipe_ceiling.c */

#define PIPE_CEILING_TEXT 160

/*
 * Million packets a second of DPDK's own testpmd: macswap on one core, PIPE_PACKETS / 2 packets of the same bytes going
 * round in a port of the same kind. -1 and *why (PIPE_CEILING_TEXT) when there is none.
 */
double pipe_ceiling_mpps(uint32_t bytes, double seconds, char *why);

#endif
