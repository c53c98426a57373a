/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through an ng engine (signal_calls.h): what is asked, what has to come back, and who is next. Program's only thread.
 */
#include "signal_calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sdp_probe.h"

#define SUITE RW_SRTP_AES_CM_128_HMAC_SHA1_80 /* every phone has it */
#define WAIT_MS 1000
#define FIRST_PORT 16384u
#define SDP_BYTES 1024u

struct call {
	uint32_t number;
	enum calls_step step;
	bool failed;
	bool unsent; /* the socket was full */
	uint32_t crypto_tag; /* of the engine's offer, for the answer */
};

struct run {
	struct ng *ng;
	const struct calls_plan *plan;
	struct calls_result *result;
	struct call *calls; /* window many; the first ones are in use */
	unsigned int active;
	uint32_t started, ended;
	struct ng_body body;
};

const char *calls_step_name(enum calls_step step)
{
	static const char *const names[CALLS_STEPS] = { "offer", "answer", "delete" };

	return names[step];
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* --- requests --- */

/* A key of its own for each leg of each call; no media is secured with it. */
static void make_key(const struct run *r, const struct call *c, struct sdp_crypto *out)
{
	struct rw_srtp_key key = { .suite = SUITE };
	const struct rw_srtp_suite_info *suite = rw_srtp_suite_info(SUITE);
	uint64_t x = ((uint64_t)r->plan->batch << 33 | (uint64_t)c->number << 1 | c->step) *
			     0x9e3779b97f4a7c15u +
		     1;

	for (unsigned int i = 0; i < (unsigned int)suite->key_bytes + suite->salt_bytes; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		key.key[i] = (uint8_t)(x >> 32);
	}
	sdp_crypto_set(out, c->step == CALLS_ANSWER ? c->crypto_tag : 1, &key);
}

/* False, and the request gets no SDP, when it does not fit: the address is too long for that, which options refuse. */
static void put_sdp(struct run *r, const struct call *c)
{
	struct sdp_audio audio = { .port = (uint16_t)(FIRST_PORT + c->number % 8192u * 4) };
	enum calls_srtp least = c->step == CALLS_OFFER ? CALLS_SRTP_BOTH : CALLS_SRTP_ONE;
	char sdp[SDP_BYTES];

	snprintf(audio.address, sizeof(audio.address), "%s", r->plan->address);
	audio.port = (uint16_t)(audio.port + (c->step == CALLS_ANSWER ? 2 : 0));
	if (r->plan->srtp >= least) {
		audio.crypto_count = 1;
		make_key(r, c, &audio.crypto[0]);
	}
	if (sdp_write(&audio, sdp, sizeof(sdp)) > 0)
		ng_string(&r->body, "sdp", sdp);
}

static void make_request(struct run *r, const struct call *c)
{
	char id[64], tag[16];

	snprintf(id, sizeof(id), "%s-%u-%u@bench", ng_run(r->ng), r->plan->batch, c->number);
	ng_begin(&r->body);
	ng_string(&r->body, "command", calls_step_name(c->step));
	ng_string(&r->body, "call-id", id);
	snprintf(tag, sizeof(tag), "f%u", c->number);
	ng_string(&r->body, "from-tag", tag);
	snprintf(tag, sizeof(tag), "t%u", c->number);
	if (c->step == CALLS_ANSWER)
		ng_string(&r->body, "to-tag", tag);
	if (c->step == CALLS_DELETE) {
		ng_integer(&r->body, "delete delay", 0);
	} else {
		bool secure = r->plan->srtp == CALLS_SRTP_BOTH ||
			      (r->plan->srtp == CALLS_SRTP_ONE && c->step == CALLS_OFFER);

		ng_string(&r->body, "transport-protocol", secure ? "RTP/SAVP" : "RTP/AVP");
		ng_string(&r->body, "ICE", "remove");
		ng_string(&r->body, "DTLS", "off");
		put_sdp(r, c);
	}
	ng_end(&r->body);
}

/* Sends the request of the call's step. 0, also when the socket is full; a negative errno. */
static int ask(struct run *r, struct call *c)
{
	int ret;

	make_request(r, c);
	ret = ng_send(r->ng, &r->body, (uint64_t)(c - r->calls));
	c->unsent = ret == -EAGAIN;
	return c->unsent ? 0 : ret;
}

/* --- replies --- */

/* What is wrong with the SDP that the engine made for the other party, or NULL. */
static const char *wrong_sdp(const struct run *r, struct call *c, struct ng_text sdp)
{
	enum calls_srtp least = c->step == CALLS_OFFER ? CALLS_SRTP_ONE : CALLS_SRTP_BOTH;
	struct sdp_audio audio;

	if (!sdp.p || sdp_read(sdp.p, sdp.bytes, &audio) < 0 || audio.port == 0)
		return "the reply has no SDP with an address and a port";
	if (r->plan->srtp < least)
		return audio.crypto_count ? "the reply has keys for a party without SRTP" : NULL;
	for (unsigned int i = 0; i < audio.crypto_count; i++) {
		struct rw_srtp_key key;

		if (sdp_crypto_get(&audio.crypto[i], &key) < 0 || key.suite != SUITE)
			continue;
		c->crypto_tag = audio.crypto[i].tag;
		return NULL;
	}
	return "the reply has no key for a party with SRTP";
}

static void note_error(struct calls_result *result, struct call *c, const char *text)
{
	if (!result->first_error[0])
		snprintf(result->first_error, sizeof(result->first_error), "%s: %s",
			 calls_step_name(c->step), text);
	if (!c->failed)
		result->errors++;
	c->failed = true;
}

/* Looks at a reply; true when the call has another step. */
static bool judge(struct run *r, struct call *c, const struct ng_reply *reply)
{
	const char *error = ng_error(reply);

	if (!error)
		hdr_record(&r->result->latency[c->step], reply->received_ns - reply->sent_ns);
	if (!error && c->step != CALLS_DELETE)
		error = wrong_sdp(r, c, ng_find(reply->body, "sdp"));
	if (error)
		note_error(r->result, c, error);
	if (c->step == r->plan->last)
		return false;
	c->step = c->failed ? CALLS_DELETE : c->step + 1;
	return c->step <= r->plan->last;
}

/* --- the run --- */

static int start(struct run *r, struct call *c)
{
	*c = (struct call){ .number = r->started++, .step = r->plan->first };
	return ask(r, c);
}

/* Takes one reply and asks what follows from it: the call's next step, or the next call. */
static int take(struct run *r, const struct ng_reply *reply)
{
	struct call *c = &r->calls[reply->user];

	if (judge(r, c, reply))
		return ask(r, c);
	r->ended++;
	r->result->good += !c->failed;
	return r->started < r->plan->calls ? start(r, c) : 0;
}

static int ask_unsent(struct run *r)
{
	int ret = 0;

	for (unsigned int i = 0; i < r->active && ret == 0; i++)
		if (r->calls[i].unsent)
			ret = ask(r, &r->calls[i]);
	return ret;
}

static int run(struct run *r)
{
	int ret = 0;

	while (ret == 0 && r->active < r->plan->window && r->active < r->plan->calls)
		ret = start(r, &r->calls[r->active++]);
	while (ret == 0 && r->ended < r->plan->calls) {
		struct ng_reply reply;

		ret = ng_wait(r->ng, WAIT_MS, &reply);
		if (ret == 1)
			ret = take(r, &reply);
		if (ret == 0)
			ret = ask_unsent(r);
	}
	return ret;
}

int calls_run(struct ng *ng, const struct calls_plan *plan, struct calls_result *result)
{
	struct run *r = calloc(1, sizeof(*r));
	uint64_t begun_ns;
	int ret = -ENOMEM;

	if (!r)
		return ret;
	r->ng = ng;
	r->plan = plan;
	r->result = result;
	r->calls = calloc(plan->window, sizeof(*r->calls));
	begun_ns = now_ns();
	if (r->calls)
		ret = run(r);
	result->elapsed_ns = now_ns() - begun_ns;
	free(r->calls);
	free(r);
	return ret;
}
