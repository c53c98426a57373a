/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pipe on plain memory for tests: rings, statistics, adjacencies and a virtual clock, without EAL.
 * Used by the unit tests of the packet path, by sim and by the fuzz targets.
 */
#ifndef RTPWIRE_TESTS_BENCH_H
#define RTPWIRE_TESTS_BENCH_H

#include "apply.h"
#include "stage.h"

#define BENCH_PORT_MIN 8000
#define BENCH_PORT_MAX 8099
#define BENCH_HEADROOM 128
#define BENCH_FRAME_BYTES 4096

/* Media addresses of the bench, by index. */
#define BENCH_MEDIA4 0 /* 192.0.2.1 */
#define BENCH_MEDIA6 1 /* 2001:db8::1 */

struct bench {
	struct path path;
	struct adj *adj;
	struct rw_ring *mailbox, *reports, *punts;
	struct rw_worker_stats *stats;
	struct rw_flow_stats *flow_stats;
	struct batch batch;
	uint16_t tailroom_bytes; /* writable behind frames that are added from now on; 0 at first */
	uint8_t *buffers[BATCH_MAX]; /* on the heap, one by one, so that a sanitizer guards each */
};

/* The SRTP engine that all benches of the program share. */
struct srtp *bench_srtp(void);

/* Makes a bench of worker index out of workers at time 1 s. NULL when there is no memory. */
struct bench *bench_new(unsigned int index, unsigned int workers);
void bench_free(struct bench *b);

/*
 * A bench of one worker with a call of two flows, by adjacencies 1 and 2, which are ready. NULL when there is no memory, or
 * the worker does not take a spec.
 */
struct bench *bench_new_call(const struct rw_flow_spec *a, const struct rw_flow_spec *b);

void bench_set_time(struct bench *b, uint64_t now_ns);

/* Makes entry n ready: port 0, MACs 02:00:00:00:00:nn (destination) and 02:00:00:00:01:00. */
void bench_adj_ready(struct bench *b, uint32_t n, uint16_t vlan, uint16_t mtu);
void bench_adj_state(struct bench *b, uint32_t n, enum adj_state state);

/* "192.0.2.7:4000" or "[2001:db8::7]:4000"; anything else ends the test program. */
struct rw_endpoint bench_endpoint(const char *text);

/* A spec of generation 1: LEARN for 3000 ms, source and peer as text or NULL, RTP, 8000 Hz. */
struct rw_flow_spec bench_spec(rw_flow_id id, rw_flow_id out, const char *peer);

/* Sends a mail to the worker and lets it apply it. */
void bench_mail(struct bench *b, enum mail_type type, const struct rw_flow_spec *spec, uint32_t adj,
		uint64_t seq);

/* Next report; false when there is none. */
bool bench_report(struct bench *b, struct report *out);

/* Takes all reports away. */
void bench_drain(struct bench *b);

/* Writes Ethernet, IP and UDP around a payload to frame; returns the bytes of the frame. */
uint32_t bench_frame(uint8_t *frame, const char *from, const char *to, const void *payload,
		     uint32_t payload_bytes);

/* Writes an RTP packet of bytes (at least 12) to out. */
void bench_rtp(uint8_t *out, uint32_t bytes, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc);

/* Adds a copy of a frame to the batch. The frame must be at most BENCH_FRAME_BYTES. */
struct pkt *bench_add(struct bench *b, const uint8_t *frame, uint32_t bytes);

/* Runs one frame alone through the pipe; the result is valid until the next call. */
struct pkt *bench_run(struct bench *b, const uint8_t *frame, uint32_t bytes);

/* bench_run of an RTP packet of 172 bytes. */
struct pkt *bench_run_rtp(struct bench *b, const char *from, const char *to, uint16_t seq);

#endif
