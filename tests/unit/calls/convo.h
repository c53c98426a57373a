/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A conversation of offers and answers with one call, on real plans, ports and SDP, without a dataplane. Each step that
 * succeeds becomes the call's state; each flow it wants is checked as the dataplane would.
 */
#ifndef RTPWIRE_TESTS_CONVO_H
#define RTPWIRE_TESTS_CONVO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan.h"

/* What ng_args_parse() leaves when a key is not there. */
#define NO_ARGS .tos = -1, .delete_delay_s = -1, .limit = -1

/* rw_limits.srtp_suites of a dataplane that serves all. */
#define ALL_SUITES (((uint32_t)1 << RW_SRTP_SUITE_MAX) - 2)

#define V4A "192.0.2.1" /* media addresses: two IPv4, one IPv6 */
#define V4B "192.0.2.2"
#define V6 "2001:db8::1"
#define ADVERTISED "203.0.113.9" /* of V4B */

struct convo {
	struct config cfg; /* interfaces "left" (V4A, V6) and "right" (V4B, advertised as above) */
	struct rw_limits limits;
	struct interfaces ifs;
	struct ports *ports;
	struct call_state *state; /* packed; NULL: no call yet */
	struct arena *arena; /* of the last step */
	struct plan plan; /* of the last step */
	const char *error; /* of the last step; NULL: it succeeded */
	unsigned int var[10]; /* ports bound by convo_expect() */
	struct rw_endpoint learned_at; /* flow ports that "learned" this, when set */
	uint16_t learned_port;
};

/* Ports port_min to port_max, workers as given. */
void convo_begin(struct convo *c, uint16_t port_min, uint16_t port_max, uint16_t workers);

/* Frees all, after a check of the port table. */
void convo_end(struct convo *c);

/* A cmocka fixture: a convo of ports 8000 to 8999 and two workers. */
int convo_setup(void **state);
int convo_teardown(void **state);

/* One step; the SDP is written with LF. True when it succeeded. */
bool convo_offer(struct convo *c, struct ng_args args, const char *sdp);
bool convo_answer(struct convo *c, struct ng_args args, const char *sdp);

/* The same; the test fails when the step does. */
void convo_offer_ok(struct convo *c, struct ng_args args, const char *sdp);
void convo_answer_ok(struct convo *c, struct ng_args args, const char *sdp);

/*
 * The reply must be this text (LF). "$3" stands for a port: bound when first met, equal afterwards; "$3+" is the
 * port after it. Different numbers must be different ports.
 */
void convo_expect(struct convo *c, const char *text);

/* The reply must contain this piece, with the same placeholders bound before. */
void convo_expect_line(struct convo *c, const char *line);
void convo_expect_no_line(struct convo *c, const char *line);

/* The last step must have failed like this. */
void convo_expect_error(struct convo *c, const char *error);

/* Port of the n-th m= line (from 0) of the reply. */
unsigned int convo_port(struct convo *c, unsigned int n);

/* The flow on a local port; fails the test when there is none. */
const struct call_flow *convo_flow(struct convo *c, unsigned int port);

/* True when the endpoint reads like this: "198.51.100.1:4000", "-:0". */
bool endpoint_is(const struct rw_endpoint *ep, const char *text);

/* An SDP with one audio media; extra lines may be added. Lives until the next call but three. */
const char *audio(const char *address, unsigned int port, const char *extra);

#define FROM(f) NO_ARGS, .call_id = STR("call"), .from_tag = STR(f)
#define FROM_TO(f, t) FROM(f), .to_tag = STR(t)

#endif
