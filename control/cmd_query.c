/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "query". Control's only thread.
 */
#include "commands.h"
#include "ng_args.h"

void cmd_query(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply;
	struct ng_args args;
	struct call *c;

	if (ng_args_parse(rq->arena, rq->dict, &args)) {
		ng_reply_error(rq, "Out of memory");
		return;
	}
	if (!args.call_id.p) {
		ng_reply_error(rq, "No call-id in message");
		return;
	}
	c = calls_find(eng->calls, args.call_id);
	if (!c) {
		ng_reply_error(rq, "Unknown call-id");
		return;
	}
	if (!c->state) { /* its first offer is not through yet */
		engine_hold(&c->held_first, &c->held_last, rq, args.call_id, cmd_query);
		return;
	}
	reply = ng_dict(rq->arena);
	query_call(eng, rq->arena, c, args.to_tag.p ? args.to_tag : args.from_tag, reply);
	ng_reply(rq, ng_put_str(rq->arena, reply, "result", STR("ok")) ? reply : NULL);
}
