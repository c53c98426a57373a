/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of the ng keys `SDES` and `OSRTP` (sdp-rewrite sections 3 and 4), in the spellings of ng_args.h.
 * Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_NG_SDES_H
#define RTPWIRE_CONTROL_NG_SDES_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

#define NG_SDES_LIST_MAX 12 /* suites in an order; more than there are is a repetition */

/* Suites in the order wished for, enum rw_srtp_suite. */
struct ng_sdes_list {
	uint8_t suites[NG_SDES_LIST_MAX];
	uint8_t count;
};

struct ng_sdes {
	bool off; /* no a=crypto in an offer */
	bool no_new; /* only the suites that the offerer has */
	bool pad, lifetime; /* how lines are printed */
	bool keep_suite; /* "static" */
	bool has_only; /* also when no name behind only- was known */
	uint16_t no, only; /* bit n: enum rw_srtp_suite n */
	uint8_t add, remove; /* session parameters, RW_SRTP_UNENCRYPTED_SRTP etc. */
	struct ng_sdes_list order, preferred;
};

enum ng_osrtp {
	NG_OSRTP_OFFER = 1, /* RFC 8643 */
	NG_OSRTP_OFFER_LEGACY = 2,
	NG_OSRTP_ACCEPT = 4,
	NG_OSRTP_ACCEPT_LEGACY = 8,
};

/* Adds what a word says; unknown words say nothing. */
void ng_sdes_word(struct ng_sdes *s, struct str word);
void ng_osrtp_word(unsigned int *bits, struct str word);

#endif
