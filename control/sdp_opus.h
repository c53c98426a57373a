/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed form of opus parameters (RFC 7587 section 7). Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_SDP_OPUS_H
#define RTPWIRE_CONTROL_SDP_OPUS_H

#include "arena.h"
#include "str.h"

/*
 * Stores the known parameters of an opus fmtp in the incumbent's order, as "stereo=1; minptime=10", in the
 * arena; p is NULL when none is left. 0 or -ENOMEM.
 */
int sdp_opus_normalise(struct arena *arena, struct str fmtp, struct str *out);

#endif
