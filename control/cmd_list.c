/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "list": call-ids, oldest first. Control's only thread.
 */
#include "commands.h"
#include "ng_args.h"

#define LIST_LIMIT_DEFAULT 32

static const struct ng_value *list_calls(const struct engine *eng, struct arena *a, int64_t limit)
{
	struct ng_value *reply = ng_dict(a), *list = ng_list(a);

	for (const struct call *c = calls_first(eng->calls); c && limit > 0; c = c->newer) {
		if (!c->state)
			continue; /* its first offer is not through yet */
		ng_add(a, list, ng_str(a, c->id));
		limit--;
	}
	ng_put(a, reply, "calls", list);
	return ng_put_str(a, reply, "result", STR("ok")) ? reply : NULL;
}

void cmd_list(struct engine *eng, struct ng_request *rq)
{
	struct ng_args args;

	if (ng_args_parse(rq->arena, rq->dict, &args))
		ng_reply_error(rq, "Out of memory");
	else if (args.limit_bad)
		ng_reply_error(rq, "invalid limit, must be >= 0");
	else
		ng_reply(rq, list_calls(eng, rq->arena,
					args.limit < 0 ? LIST_LIMIT_DEFAULT : args.limit));
}
