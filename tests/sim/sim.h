/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sim case: commands at moments of a virtual clock, a capture that goes in, a capture that must come
 * out, and the counters that must stand at the end. The cases are in cases.c, the captures are made by
 * make_pcaps.py, which builds the expected frames with code of its own.
 */
#ifndef RTPWIRE_TESTS_SIM_H
#define RTPWIRE_TESTS_SIM_H

#include "bench.h"

#define SIM_STEPS 8
#define SIM_EXPECTED 12

/* A mail, applied before the first frame at or after its time. */
struct sim_step {
	uint64_t at_ms; /* since the start of the capture, which is second 1000 */
	enum mail_type type; /* 0: end of the list */
	uint16_t port;
	uint8_t media; /* index of the media address */
	uint8_t kind; /* enum rw_flow_kind */
	uint8_t policy; /* enum rw_source_policy */
	uint8_t tos;
	uint64_t generation; /* 0: 1 */
	const char *peer; /* also the source; NULL: none */
	rw_flow_id out_rtp, out_rtcp;
	uint32_t adj; /* 0: 1 */
	uint8_t rx_key,
		tx_key; /* AES_CM_128_HMAC_SHA1_80 with a master key of 30 such bytes; 0: none */
};

/* One counter: read from the statistics at the end. */
struct sim_expected {
	const char *name; /* NULL: end of the list */
	uint64_t (*read)(const struct bench *b);
	uint64_t value;
};

struct sim_case {
	const char *name; /* NAME.in.pcap, NAME.out.pcap */
	struct sim_step steps[SIM_STEPS];
	struct sim_expected expected[SIM_EXPECTED];
};

extern const struct sim_case sim_cases[];
extern const unsigned int sim_case_count;

#endif
