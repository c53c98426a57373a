/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "answer". Control's only thread.
 */
#include "commands.h"
#include "session.h"

void cmd_answer(struct engine *eng, struct ng_request *rq)
{
	session_run(eng, rq, SESSION_ANSWER);
}
