/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an offer or an answer means for a call: (state, arguments, SDP) in, (next state with all its flows, SDP to
 * send on) out. A plan sees nothing but its environment and has one side effect, the ports it takes; plan_drop()
 * gives them back. Control's only thread.
 *
 * plan_offer.c and plan_answer.c are the two stories, told with the helpers below:
 * plan_parties.c who talks with whom, plan_media.c one m= line, plan_sdes.c its keys, plan_legacy.c two m= lines for
 * one media, plan_flows.c state to flows, plan_print.c state to SDP.
 */
#ifndef RTPWIRE_CONTROL_PLAN_H
#define RTPWIRE_CONTROL_PLAN_H

#include "call.h"
#include "config.h"
#include "interfaces.h"
#include "ng_args.h"
#include "ports.h"

#define PLAN_PARTIES_MAX 128 /* of one call; each branch of a fork is one */
#define PLAN_SOCKETS_MAX 16 /* of one media of one party; then old ones are given out again */
#define PLAN_ALIASES_MAX 128 /* further tags of one party */
#define PLAN_LEARN_MS 3000 /* how long the source of media may move after signalling */
#define PLAN_LEARN_IMMEDIATE_MS 20 /* endpoint-learning=immediate: in effect the first packet */

/* All that a plan may know beside the request and the call. */
struct plan_env {
	const struct config *cfg;
	const struct interfaces *ifs;
	struct ports *ports;
	uint32_t srtp_suites; /* rw_limits.srtp_suites: what the dataplane serves */
	struct str instance_id; /* 12 hex digits for loop-protect */
	uint64_t now_ms; /* CLOCK_MONOTONIC */
	int64_t now_s; /* CLOCK_REALTIME */
	/* Where packets of the flow come from in truth, if the dataplane learned it. */
	bool (*learned)(void *ctx, const struct call_flow *f, struct rw_endpoint *out);
	void *learned_ctx;
};

/* Where a section of plan.sdp stands in the text. */
struct plan_fold {
	uint16_t section, pair; /* indices in plan.whole; pair UINT16_MAX: none */
};

struct plan {
	/* given */
	struct arena *arena;
	const struct plan_env *env;
	const struct ng_args *args;
	const struct sdp *sdp; /* parsed args->sdp; later with one section for each pair of it */
	bool fresh; /* the call does not exist yet */

	/* made */
	struct call_state *next;
	uint16_t from, to; /* parties: who sent the SDP, who gets the new one */
	struct str reply_sdp;
	rw_flow_id *taken; /* ports to give back if the plan is dropped */
	unsigned int taken_count, taken_room;
	const char *error; /* reason for the proxy when a step returned -EINVAL; static text */
	bool error_with_sdp; /* the reply also has an empty sdp */

	/* inner */
	const struct sdp *whole; /* sdp as it was given */
	struct plan_fold *folds; /* by section of sdp; NULL: nothing is folded */
	struct sdp *old_sdp; /* parsed older SDPs, by (party, text): plan_old_media() */
	struct str *old_text;
	unsigned int old_count;
};

/*
 * Plans an offer or answer. now is the call's state, NULL for a new call (offer only). 0 with next and
 * reply_sdp; -EINVAL with error; -ENOMEM. Call plan_drop() after a failure, and also when a later step fails.
 */
int plan_offer(struct plan *p, const struct call_state *now);
int plan_answer(struct plan *p, const struct call_state *now);

/* Gives back the ports taken. */
void plan_drop(struct plan *p);

/* Sets error and returns -EINVAL. */
int plan_fail(struct plan *p, const char *reason);

/* --- plan.c --- */

/* Checks what no plan can serve: DTLS, missing addresses. 0 or -EINVAL. */
int plan_check(struct plan *p);

/* Refuses an SDP in which every media is rejected, or that has none. 0 or -EINVAL. */
int plan_check_usable(struct plan *p);

/* True when the endpoint comes from received-from and not from this section of the SDP. */
bool plan_sip_source(const struct plan *p, const struct sdp_media *m);

/* Where the section says that its sender receives; zero address = hold. Port as signalled. */
struct rw_endpoint plan_endpoint(const struct plan *p, const struct sdp_media *m);

/* Takes a port pair, or a single port, on a logical interface. 0, -ENOSPC or -ENOMEM. */
int plan_take(struct plan *p, unsigned int logical, enum rw_family family, bool single,
	      struct call_socket *out);

/* A section of the SDP that a media was described by; NULL as plan_old_media(). */
const struct sdp_media *plan_old_section(struct plan *p, const struct call_party *party,
					 const struct call_media *m, unsigned int section);

/* The section that a media was described by; NULL when there is none (any more), or memory is out. */
const struct sdp_media *plan_old_media(struct plan *p, const struct call_party *party,
				       const struct call_media *m);

/* --- plan_parties.c --- */

/* Finds or adds both parties in next; sets from and to. 0, -EINVAL or -ENOMEM. */
int plan_offer_parties(struct plan *p);
int plan_answer_parties(struct plan *p);

/* Interface and address family of both parties, from the message and what is remembered. */
void plan_legs(struct plan *p);

/* --- plan_media.c --- */

#define PLAN_TEXT_NEW UINT16_MAX /* call_media.text until plan_store_text() */

/* Takes over what section n of the message's SDP says about the sender's media m. */
void plan_receive(struct plan *p, struct call_media *m, unsigned int n);

/* After all plan_receive(): makes the SDP the sender's current text. 0 or -ENOMEM. */
int plan_store_text(struct plan *p);

/* What a socket has to be like. */
struct plan_need {
	struct rw_endpoint key; /* where the other party receives; NONE: not known */
	bool rtcp_port; /* an own port for RTCP is needed */
	bool single; /* if a new one is made: RTP and RTCP on one port */
	bool latch; /* keep the socket although the key changed */
};

/* Chooses (or makes) the socket whose port the party is told now. 0, -EINVAL or -ENOMEM. */
int plan_tell(struct plan *p, struct call_party *party, struct call_media *m,
	      const struct plan_need *need);

/* Makes sure that the sender will have a socket when the answer comes. 0, -EINVAL or -ENOMEM. */
int plan_reserve(struct plan *p, struct call_party *party, struct call_media *m);

/* --- plan_sdes.c --- */

/*
 * Takes the keys of an offer's section for its sender's media, and decides what the receiver is shown: its told
 * lines. proto of both media is set. 0 or -ENOMEM.
 */
int plan_sdes_offer(struct plan *p, const struct sdp_media *src, struct call_media *from,
		    struct call_media *to);

/*
 * The same for an answer, from the answerer's to the offerer's media; sets the keys in use of both. 0, -EINVAL or
 * -ENOMEM.
 */
int plan_sdes_answer(struct plan *p, const struct sdp_media *src, struct call_media *from,
		     struct call_media *to);

/* --- plan_legacy.c --- */

/* Once from is known: makes sdp the folded form of whole. 0 or -ENOMEM. */
int plan_fold(struct plan *p);

/* Notes where section n of sdp stands in the text, and its pair. */
void plan_receive_pair(const struct plan *p, struct call_media *m, unsigned int n);

/* Decides if the receiver of an offer is shown two sections for this media; its proto is set. */
void plan_pair_offer(const struct plan *p, struct call_media *to);

/* Makes two sections of list[0] for a party that has pairs; list has room. 1 or 2, the number of sections. */
unsigned int plan_unfold_offer(const struct call_media *to, struct sdp_section *list);
unsigned int plan_unfold_answer(struct plan *p, const struct call_party *party,
				const struct call_media *to, struct sdp_section *list);

/* --- plan_flows.c --- */

/* Derives every flow of the state. leg ids are party indices. */
void plan_flows(struct call_state *s, const struct interfaces *ifs, int default_tos);

/* --- plan_print.c --- */

/* Direction of a message's section with hold applied. */
enum sdp_direction plan_direction(const struct plan *p, const struct sdp_media *m);

/* A section for the receiver's media i out of section src (sender's SDP). */
void plan_section(const struct plan *p, unsigned int i, const struct sdp_media *src,
		  struct sdp_section *out);

/* Prints the sections to the receiver, with session lines by its remembered state. 0, -EINVAL, -ENOMEM. */
int plan_print(struct plan *p, struct sdp_section *sections, unsigned int count);

#endif
