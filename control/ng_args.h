/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments of a call-related ng command, from whatever spelling a proxy uses (ng-protocol section
 * 3): keys with blank, hyphen or underscore; flags as list; lists as list or single string;
 * `rtpp-flags` as one string; integers as strings. Unknown keys and flags are ignored. Pure;
 * control's only thread.
 */
#ifndef RTPWIRE_CONTROL_NG_ARGS_H
#define RTPWIRE_CONTROL_NG_ARGS_H

#include <stdbool.h>

#include "rtpwire/addr.h"

#include "arena.h"
#include "ng_sdes.h"
#include "sdp.h"
#include "str.h"
#include "value.h"

/* Three-valued where "not given" differs from "no". */
enum ng_family { NG_FAMILY_UNSET, NG_FAMILY_IP4, NG_FAMILY_IP6 };

enum ng_rtcp_mux {
	NG_MUX_OFFER = 1,
	NG_MUX_REQUIRE = 2, /* implies OFFER */
	NG_MUX_DEMUX = 4,
	NG_MUX_ACCEPT = 8,
	NG_MUX_REJECT = 16,
};

enum ng_learning { NG_LEARN_DEFAULT, NG_LEARN_OFF, NG_LEARN_IMMEDIATE, NG_LEARN_DELAYED };

struct ng_args {
	/* base keys; p is NULL when absent */
	struct str call_id, from_tag, to_tag, via_branch, sdp, label;
	bool supports_load_limit;

	/* addresses */
	bool has_received_from; /* key present and not empty */
	bool received_from_bad; /* present but not an address */
	struct rw_ip received_from;
	bool has_media_address; /* only when it parsed */
	struct rw_ip media_address;
	enum ng_family address_family;
	struct str from_interface, to_interface; /* also from direction[0], direction[1] */

	/* transport-protocol */
	bool transport_accept; /* answer: "accept" */
	enum sdp_proto transport; /* SDP_PROTO_OTHER when absent or unknown */

	struct ng_sdes sdes; /* SDES, flag "pad crypto" */
	unsigned int osrtp; /* enum ng_osrtp bits */

	/* replace; origin-full sets origin and sdp_version too */
	bool replace_origin, replace_origin_full, replace_username, replace_session_name,
		replace_sdp_version, replace_force_increment, replace_zero_address;

	unsigned int rtcp_mux; /* enum ng_rtcp_mux bits */
	bool no_rtcp_attribute, full_rtcp_attribute;

	/* sources */
	bool sip_source_address, trust_address, asymmetric, strict_source, media_handover,
		port_latching, no_port_latching;
	enum ng_learning endpoint_learning;

	/* others */
	bool loop_protect, original_sendrecv, fragment, reset, pass_unknown /* ZRTP etc. */;
	bool to_tag_given; /* flag "to-tag", or key to-tag without rtpp-flags: it counts */
	bool fast, fatal, all; /* delete, query, block */
	bool provisional, new_branch;
	int tos; /* -1 = not given */
	int delete_delay_s; /* -1 = not given */
	int64_t limit; /* list; -1 = not given */
	bool limit_bad; /* negative or no number */
	struct str metadata;
};

/* Fills *out from the request. Views point into dict or arena. 0 or -ENOMEM. */
int ng_args_parse(struct arena *arena, const struct ng_value *dict, struct ng_args *out);

#endif
