/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "ping": the proxy only wants to know whether anybody is there. Control's only thread.
 */
#include "commands.h"

void cmd_ping(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena);

	(void)eng;
	ng_reply(rq, ng_put_str(rq->arena, reply, "result", STR("pong")) ? reply : NULL);
}
