/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "offer". Control's only thread.
 */
#include "commands.h"
#include "session.h"

void cmd_offer(struct engine *eng, struct ng_request *rq)
{
	session_run(eng, rq, SESSION_OFFER);
}
