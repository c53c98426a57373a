/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls, set up and ended over ng. Main thread.
 */
#ifndef RTPWIRE_BENCH_WIRE_CALLS_H
#define RTPWIRE_BENCH_WIRE_CALLS_H

#include "wire.h"
#include "wire_relay.h"

struct wire_leg {
	struct rw_endpoint local,
		relay; /* our address, and where the relay awaits this leg's media */
	struct rw_srtp_key send, receive; /* suite NONE: plain RTP */
};

struct wire_call {
	struct wire_leg leg[WIRE_LEGS];
};

struct wire_calls;

/*
 * Connects to the relay and sets up o->calls calls. 0 and *out; -1 after a message (calls that stood are ended again).
 * `o` must outlive *out.
 */
int wire_calls_new(const struct wire_options *o, struct wire_calls **out);

/* Deletes the calls, unless --keep, and frees all; NULL is fine. */
void wire_calls_free(struct wire_calls *calls);

/* o->calls of them. */
const struct wire_call *wire_calls_all(const struct wire_calls *calls);

/* Seconds that setting them up took. */
double wire_calls_setup_s(const struct wire_calls *calls);

/* Reads the relay's counters. */
void wire_calls_relay(struct wire_calls *calls, struct wire_relay *out);

#endif
