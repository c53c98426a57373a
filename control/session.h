/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What offer and answer have in common: the checks in their order (sdp-rewrite section 8), the plan, the commit.
 * Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_SESSION_H
#define RTPWIRE_CONTROL_SESSION_H

#include "engine_internal.h"

enum session_kind { SESSION_OFFER, SESSION_ANSWER };

/* Carries out one offer or answer; rq is answered in any case. */
void session_run(struct engine *eng, struct ng_request *rq, enum session_kind kind);

#endif
