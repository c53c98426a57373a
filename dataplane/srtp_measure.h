/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the SRTP engine costs on this machine, measured at start. Main thread.
 */
#ifndef RTPWIRE_DATAPLANE_SRTP_MEASURE_H
#define RTPWIRE_DATAPLANE_SRTP_MEASURE_H

#include "srtp.h"

/* Above that the engine is what limits a worker: warned of. */
#define SRTP_SLOW_NS 1000u

/* Nanoseconds for one G.711 packet of 20 ms (172 bytes), AES_CM_128_HMAC_SHA1_80, in bursts of 64. */
struct srtp_cost {
	double protect_ns, unprotect_ns;
	char engine[16], details[64];
};

/* Measures for about 100 ms. 0; or as srtp_new(), or -EIO when the engine does not open what it has sealed. */
int srtp_measure(enum srtp_engine_kind kind, struct srtp_cost *out);

#endif
