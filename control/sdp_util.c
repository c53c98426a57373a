/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of protocols and bandwidth types, and the origin to start from. Pure; control's only thread.
 */
#include "sdp.h"
#include "sdp_line.h"

static const char *const proto_texts[] = {
	[SDP_PROTO_OTHER] = NULL,
	[SDP_PROTO_UDPTL] = "udptl",
	[SDP_PROTO_AVP] = "RTP/AVP",
	[SDP_PROTO_AVPF] = "RTP/AVPF",
	[SDP_PROTO_SAVP] = "RTP/SAVP",
	[SDP_PROTO_SAVPF] = "RTP/SAVPF",
	[SDP_PROTO_TLS_SAVP] = "UDP/TLS/RTP/SAVP",
	[SDP_PROTO_TLS_SAVPF] = "UDP/TLS/RTP/SAVPF",
};

enum sdp_proto sdp_proto_from(struct str text)
{
	for (unsigned int i = SDP_PROTO_UDPTL; i <= SDP_PROTO_TLS_SAVPF; i++) {
		if (str_case_is(text, proto_texts[i]))
			return i;
	}
	return SDP_PROTO_OTHER;
}

const char *sdp_proto_text(enum sdp_proto proto)
{
	return proto_texts[proto];
}

bool sdp_proto_is_rtp(enum sdp_proto proto)
{
	return proto >= SDP_PROTO_AVP;
}

bool sdp_proto_is_srtp(enum sdp_proto proto)
{
	return proto >= SDP_PROTO_SAVP;
}

bool sdp_proto_is_dtls(enum sdp_proto proto)
{
	return proto >= SDP_PROTO_TLS_SAVP;
}

const char *sdp_bandwidth_name(enum sdp_bandwidth type)
{
	static const char *const names[SDP_B_COUNT] = {
		[SDP_B_AS] = "AS", [SDP_B_RR] = "RR",	  [SDP_B_RS] = "RS",
		[SDP_B_CT] = "CT", [SDP_B_TIAS] = "TIAS",
	};

	return names[type];
}

struct sdp_origin sdp_origin_default(const struct sdp *sdp, struct str random_id)
{
	if (sdp->origin.present)
		return sdp->origin;
	return (struct sdp_origin){
		.present = true,
		.username = STR("-"),
		.session_id = random_id,
		.net_type = STR("IN"),
		.address_type = STR(""),
		.address = STR(""),
	};
}
