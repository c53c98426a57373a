/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values of single SDP lines (RFC 8866 section 5). Each function takes the text after "X=" and
 * stores nothing when it says false. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_SDP_LINE_H
#define RTPWIRE_CONTROL_SDP_LINE_H

#include "sdp.h"

/*
 * Takes the next line without its line end from *rest. False at the end: of the text, or at a blank line.
 */
bool sdp_line_next(struct str *rest, struct str *line);

/* "alice 1 2 IN IP4 host". False when fields are missing. */
bool sdp_origin_parse(struct str value, struct sdp_origin *out);

/* "IN IP4 192.0.2.1", as in c= and a=rtcp: numeric, no TTL. */
bool sdp_address_parse(struct str value, struct rw_ip *out);

/* "AS" etc. */
const char *sdp_bandwidth_name(enum sdp_bandwidth type);

/* "AS:64" into its slot of the two arrays; other types and values that are no number are skipped. */
void sdp_bandwidth_parse(struct str value, bool has[SDP_B_COUNT], uint64_t values[SDP_B_COUNT]);

/* "audio 5000/2 RTP/AVP 0 8": type, port, port_count, proto, proto_text and formats_text of *m. */
bool sdp_media_parse(struct str value, struct sdp_media *m);

#endif
