/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets up and ends the calls (wire_calls.h): many requests under way at a time. Main thread.
 */
#include "wire_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "rtpwire/clock.h"

#include "log.h"
#include "sdp_probe.h"
#include "wire_trial.h"

#define WINDOW 64u
#define TIMEOUT_MS 10000u
#define SDP_BYTES 4096u
#define PROGRESS_CALLS 1000u

enum phase { PHASE_OFFER, PHASE_ANSWER, PHASE_DELETE, PHASES };

static const char *const phase_names[PHASES] = { "offer", "answer", "delete" };

struct wire_calls {
	const struct wire_options *options;
	struct ng *ng;
	struct wire_call *calls;
	uint32_t *tags; /* of the a=crypto line that leg B takes up */
	uint32_t offered, done; /* sent offers; calls that stand */
	uint32_t *ready; /* calls whose answer is to be sent: a queue */
	uint32_t ready_first, ready_count;
	double setup_s;
};

/* --- addresses and keys --- */

/* Calls take turns among the addresses; ports are even and counted up. */
static struct rw_endpoint local_of(const struct wire_options *o, uint32_t call, unsigned int leg)
{
	uint32_t step = o->same_local ? 4 : 2, first = (o->config.limits.port_min + 1u) / 2 * 2;
	uint32_t port = first + call / o->local_count * step + (o->same_local ? 2 * leg : 0);

	return (struct rw_endpoint){ .ip = o->local[leg][call % o->local_count],
				     .port_be = htons((uint16_t)port) };
}

static int new_key(unsigned int suite, struct rw_srtp_key *key)
{
	const struct rw_srtp_suite_info *info = rw_srtp_suite_info(suite);
	ssize_t bytes = (ssize_t)info->key_bytes + info->salt_bytes;

	memset(key, 0, sizeof(*key));
	key->suite = (uint8_t)suite;
	return getrandom(key->key, (size_t)bytes, 0) == bytes ? 0 : -1;
}

static int make_local(struct wire_calls *c)
{
	const struct wire_options *o = c->options;

	for (uint32_t i = 0; i < o->calls; i++)
		for (unsigned int leg = 0; leg < WIRE_LEGS; leg++) {
			struct wire_leg *l = &c->calls[i].leg[leg];

			l->local = local_of(o, i, leg);
			if (o->srtp[leg] && new_key(o->suite, &l->send) < 0)
				return -1;
		}
	return 0;
}

/* --- requests --- */

static int write_sdp(const struct wire_calls *c, uint32_t call, unsigned int leg, uint32_t tag,
		     char *out)
{
	const struct wire_leg *l = &c->calls[call].leg[leg];
	struct sdp_audio a = { .port = ntohs(l->local.port_be) };
	char text[RW_IP_TEXT];

	snprintf(a.address, sizeof(a.address), "%s", rw_ip_text(&l->local.ip, text));
	if (l->send.suite != RW_SRTP_NONE)
		sdp_crypto_set(&a.crypto[a.crypto_count++], tag, &l->send);
	return sdp_write(&a, out, SDP_BYTES);
}

static void add_interfaces(struct ng_body *b, const struct wire_options *o)
{
	if (!o->interface[WIRE_A][0])
		return;
	ng_list_begin(b, "direction");
	ng_item(b, o->interface[WIRE_A]);
	ng_item(b, o->interface[WIRE_B]);
	ng_close_value(b);
}

/* What leg B is to be: its profile, its family, its suite. */
static void add_offer(struct ng_body *b, const struct wire_options *o, uint32_t call)
{
	const struct rw_ip *ip = &o->local[WIRE_B][call % o->local_count];
	char only[64];

	ng_string(b, "transport-protocol", o->srtp[WIRE_B] ? "RTP/SAVP" : "RTP/AVP");
	ng_string(b, "address-family", ip->family == RW_FAMILY_IP6 ? "IP6" : "IP4");
	ng_string(b, "ICE", "remove");
	add_interfaces(b, o);
	if (!o->srtp[WIRE_B])
		return;
	snprintf(only, sizeof(only), "only-%s", rw_srtp_suite_info(o->suite)->name);
	ng_list_begin(b, "SDES");
	ng_item(b, only);
	ng_close_value(b);
}

static int send_request(struct wire_calls *c, enum phase phase, uint32_t call)
{
	static struct ng_body b;
	char id[64], sdp[SDP_BYTES];
	unsigned int leg = phase == PHASE_ANSWER ? WIRE_B : WIRE_A;

	snprintf(id, sizeof(id), "bench-%s-%u", ng_run(c->ng), call);
	ng_begin(&b);
	ng_string(&b, "command", phase_names[phase]);
	ng_string(&b, "call-id", id);
	ng_string(&b, "from-tag", "a");
	if (phase == PHASE_ANSWER)
		ng_string(&b, "to-tag", "b");
	if (phase == PHASE_OFFER)
		add_offer(&b, c->options, call);
	if (phase == PHASE_DELETE)
		ng_integer(&b, "delete-delay", 0);
	else if (write_sdp(c, call, leg, leg == WIRE_B ? c->tags[call] : 1, sdp) < 0)
		return -EMSGSIZE;
	else
		ng_string(&b, "sdp", sdp);
	ng_end(&b);
	return ng_send(c->ng, &b, (uint64_t)call * PHASES + phase);
}

/* --- replies --- */

/* The key with which the relay sends to a leg: the line of our suite. */
static int read_key(const struct wire_calls *c, const struct sdp_audio *a, struct wire_leg *l,
		    uint32_t *tag)
{
	for (unsigned int i = 0; i < a->crypto_count; i++) {
		if (sdp_crypto_get(&a->crypto[i], &l->receive) < 0 ||
		    l->receive.suite != c->options->suite)
			continue;
		*tag = a->crypto[i].tag;
		return 0;
	}
	return -1;
}

/* The SDP in the reply to an offer is what leg B sees, the one to an answer leg A's. */
static const char *read_sdp(struct wire_calls *c, const struct ng_reply *reply, uint32_t call,
			    unsigned int leg)
{
	struct wire_leg *l = &c->calls[call].leg[leg];
	struct ng_text sdp = ng_find(reply->body, "sdp");
	uint32_t tag = 0;
	struct sdp_audio a;

	if (!sdp.p || sdp_read(sdp.p, sdp.bytes, &a) < 0 ||
	    rw_ip_parse(a.address, &l->relay.ip) < 0 || a.port == 0)
		return "no address and port for audio in the SDP";
	l->relay.port_be = htons(a.port);
	if (l->relay.ip.family != l->local.ip.family)
		return "an address of another family than ours";
	if (!c->options->srtp[leg])
		return a.crypto_count ? "a key for a leg that is to be plain" : NULL;
	if (read_key(c, &a, l, &tag) < 0)
		return "no key of the suite asked for";
	if (leg == WIRE_B)
		c->tags[call] = tag;
	return NULL;
}

static int take_reply(struct wire_calls *c, const struct ng_reply *reply)
{
	uint32_t call = (uint32_t)(reply->user / PHASES);
	enum phase phase = (enum phase)(reply->user % PHASES);
	const char *fault = ng_error(reply);

	if (phase == PHASE_DELETE)
		return 0;
	if (!fault)
		fault = read_sdp(c, reply, call, phase == PHASE_OFFER ? WIRE_B : WIRE_A);
	if (fault) {
		log_error("call %u, %s: %s", call, phase_names[phase], fault);
		return -1;
	}
	if (phase == PHASE_OFFER)
		c->ready[(c->ready_first + c->ready_count++) % c->options->calls] = call;
	else
		c->done++;
	return 0;
}

static int gone(int rc)
{
	log_error("the relay's ng socket: %s", strerror(-rc));
	return -1;
}

/* Sends answers that are due, then new offers, as far as there is room. */
static int send_more(struct wire_calls *c)
{
	int rc = 0;

	while (c->ready_count && rc == 0) {
		rc = send_request(c, PHASE_ANSWER, c->ready[c->ready_first]);
		if (rc < 0)
			break;
		c->ready_first = (c->ready_first + 1) % c->options->calls;
		c->ready_count--;
	}
	while (rc == 0 && c->offered < c->options->calls && ng_outstanding(c->ng) < WINDOW / 2) {
		rc = send_request(c, PHASE_OFFER, c->offered);
		c->offered += rc == 0;
	}
	return rc < 0 && rc != -EAGAIN ? gone(rc) : 0;
}

static void progress(const struct wire_calls *c, uint32_t *shown)
{
	if (c->done / PROGRESS_CALLS == *shown)
		return;
	*shown = c->done / PROGRESS_CALLS;
	fprintf(stderr, "%u of %u calls are set up\n", c->done, c->options->calls);
}

static int set_up(struct wire_calls *c)
{
	uint64_t start_ns = rw_monotonic_ns();
	struct ng_reply reply;
	uint32_t shown = 0;
	int rc;

	while (c->done < c->options->calls) {
		if (wire_interrupted() || send_more(c) < 0)
			return -1;
		rc = ng_wait(c->ng, 1000, &reply);
		if (rc < 0)
			return gone(rc);
		if (rc > 0 && take_reply(c, &reply) < 0)
			return -1;
		progress(c, &shown);
	}
	c->setup_s = (double)(rw_monotonic_ns() - start_ns) / 1e9;
	return 0;
}

/* Deletes what was offered. Errors change nothing any more. */
static void end_all(struct wire_calls *c)
{
	struct ng_reply reply;
	uint32_t next = 0;
	int rc = 0;

	while (rc >= 0 && (next < c->offered || ng_outstanding(c->ng))) {
		if (next < c->offered && ng_outstanding(c->ng) < WINDOW / 2) {
			rc = send_request(c, PHASE_DELETE, next);
			next += rc == 0;
			if (rc != -EAGAIN)
				continue;
		}
		rc = ng_wait(c->ng, 1000, &reply);
	}
}

static int connect_ng(struct wire_calls *c)
{
	struct ng_target target;
	int rc;

	if (ng_target_read(c->options->ng_url, &target) < 0)
		return -1; /* looked at with the options */
	rc = ng_open(&target, WINDOW, TIMEOUT_MS, &c->ng);
	if (rc == 0)
		return 0;
	log_error("--ng %s: %s; is the relay running?", c->options->ng_url, strerror(-rc));
	return -1;
}

int wire_calls_new(const struct wire_options *o, struct wire_calls **out)
{
	struct wire_calls *c = calloc(1, sizeof(*c));

	if (!c)
		return -1;
	c->options = o;
	c->calls = calloc(o->calls, sizeof(*c->calls));
	c->tags = calloc(o->calls, sizeof(*c->tags));
	c->ready = calloc(o->calls, sizeof(*c->ready));
	if (!c->calls || !c->tags || !c->ready || make_local(c) < 0) {
		log_error("not enough memory for %u calls", o->calls);
		wire_calls_free(c);
		return -1;
	}
	if (connect_ng(c) < 0 || set_up(c) < 0) {
		wire_calls_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void wire_calls_free(struct wire_calls *c)
{
	if (!c)
		return;
	if (c->ng && !c->options->keep)
		end_all(c);
	ng_close(c->ng);
	if (c->calls)
		explicit_bzero(c->calls, c->options->calls * sizeof(*c->calls));
	free(c->calls);
	free(c->tags);
	free(c->ready);
	free(c);
}

const struct wire_call *wire_calls_all(const struct wire_calls *c)
{
	return c->calls;
}

double wire_calls_setup_s(const struct wire_calls *c)
{
	return c->setup_s;
}

void wire_calls_relay(struct wire_calls *c, struct wire_relay *out)
{
	wire_relay_read(c->ng, out);
}
