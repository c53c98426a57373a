/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits an SDP as a relay with one address would, in place of a plan. Pure.
 */
#ifndef RTPWIRE_TESTS_SDP_EDIT_H
#define RTPWIRE_TESTS_SDP_EDIT_H

#include "sdp.h"

/*
 * The default edit, section i gets port 30000 + 2i, RTCP one above, address 203.0.113.1; hold
 * by zero address and rejected media as the reference says. NULL when memory is out.
 */
struct sdp_edit *edit_new(struct arena *arena, const struct sdp *sdp);

#endif
