/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sender and a receiver, each with an engine and a key, and packets to send. Test helper.
 */
#ifndef RTPWIRE_TESTS_SRTP_PAIR_H
#define RTPWIRE_TESTS_SRTP_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "srtp.h"

#define PACKET_BYTES 2048u

/* Runs what follows once for each engine; e: enum srtp_engine_kind. */
#define EACH_ENGINE(e)                                                                             \
	for (enum srtp_engine_kind e = SRTP_ENGINE_IPSEC_MB; e <= SRTP_ENGINE_LIBSRTP2; e++)

struct pair {
	struct srtp *sender, *receiver;
	struct srtp_context *tx, *rx;
	struct rw_srtp_stream sent[RW_SSRC_SLOTS], received[RW_SSRC_SLOTS]; /* published */
	uint64_t now_ns;
};

/* One packet in memory of its own. */
struct memory {
	uint8_t bytes[PACKET_BYTES];
	uint16_t len;
	bool rtcp;
};

/* A valid key of a suite from a seed; the same seed gives the same key. */
struct rw_srtp_key pair_key(unsigned int suite, uint8_t flags, unsigned int mki_bytes,
			    uint32_t seed);

void pair_open(struct pair *p, enum srtp_engine_kind sender, enum srtp_engine_kind receiver,
	       const struct rw_srtp_key *key);
void pair_close(struct pair *p);

/* An RTP packet with payload_bytes of noise that follow from its numbers; csrcs, extension words and padding may be 0. */
void pair_rtp(struct memory *m, uint32_t ssrc, uint16_t seq, unsigned int payload_bytes,
	      unsigned int csrcs, unsigned int words, unsigned int padding);

/* An RTCP packet (sender report without a report, filled up with noise to 4 * words bytes, at least 28). */
void pair_rtcp(struct memory *m, uint32_t ssrc, unsigned int words);

/* Secures one packet. Returns its status. */
int pair_seal(struct pair *p, struct memory *m);

/* An RTP packet of 160 bytes of payload as it is on the wire. */
struct memory pair_sealed(struct pair *p, uint32_t ssrc, uint16_t seq);

/* Opens one. Returns its status; *events may be NULL. */
int pair_unseal(struct pair *p, struct memory *m, uint8_t *events);

/* Small random numbers, the same in each run. */
uint32_t pair_random(uint32_t *state);

#endif
