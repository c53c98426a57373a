/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See fake_commands.h.
 */
#include "fake_commands.h"

struct ng_request *fake_later[256];
unsigned int fake_later_count;
unsigned int fake_count;

static void reply_ok(struct ng_request *rq, struct ng_value *reply)
{
	ng_put_str(rq->arena, reply, "result", STR("ok"));
	ng_reply(rq, reply);
}

static void ping(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena);

	(void)eng;
	ng_put_str(rq->arena, reply, "result", STR("pong"));
	ng_reply(rq, reply);
}

static void count(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena);

	(void)eng;
	ng_put_int(rq->arena, reply, "n", ++fake_count);
	reply_ok(rq, reply);
}

static void echo(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena);
	struct str text = ng_get_str(rq->dict, "text");
	size_t bytes = (size_t)ng_get_int(rq->dict, "bytes", 0);

	(void)eng;
	if (bytes) {
		char *p = arena_alloc(rq->arena, bytes);

		memset(p, 'x', bytes);
		text = (struct str){ p, bytes };
	}
	ng_put_str(rq->arena, reply, "text", text);
	reply_ok(rq, reply);
}

static void later(struct engine *eng, struct ng_request *rq)
{
	(void)eng;
	fake_later[fake_later_count++] = rq;
}

static void query(struct engine *eng, struct ng_request *rq)
{
	struct arena *a = rq->arena;
	struct ng_value *reply = ng_dict(a);
	struct ng_value *tags = ng_put(a, reply, "tags", ng_dict(a));
	struct ng_value *tag = ng_put(a, tags, "t", ng_dict(a));
	struct ng_value *medias = ng_put(a, tag, "medias", ng_list(a));
	struct ng_value *ssrcs = ng_put(a, reply, "SSRC", ng_dict(a));

	(void)eng;
	for (int64_t i = 0; i < ng_get_int(rq->dict, "medias", 1); i++) {
		struct ng_value *media = ng_add(a, medias, ng_dict(a));
		struct ng_value *streams = ng_put(a, media, "streams", ng_list(a));

		ng_put_int(a, ng_put(a, ssrcs, "1", ng_dict(a)), "packets", i);
		ng_put_int(a, ng_add(a, streams, ng_dict(a)), "SSRC", i);
		ng_put(a, media, "ingress SSRCs", ng_list(a));
	}
	ng_put(a, reply, "totals", ng_dict(a));
	reply_ok(rq, reply);
}

static void calls(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena);
	struct ng_value *list = ng_put(rq->arena, reply, "calls", ng_list(rq->arena));

	(void)eng;
	for (int64_t i = 0; i < ng_get_int(rq->dict, "count", 1); i++)
		ng_add(rq->arena, list, ng_str(rq->arena, STR("0123456789")));
	reply_ok(rq, reply);
}

static void holes(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena);

	(void)eng;
	arena_fail_after(1);
	ng_put_int(rq->arena, reply, "n", 1);
	arena_fail_after(0);
	reply_ok(rq, reply);
}

const struct ng_command ng_commands[] = {
	{ "ping", ping, "" },	{ "count", count, "" },	 { "echo", echo, "" },
	{ "later", later, "" }, { "query", query, "" },	 { "calls", calls, "" },
	{ "holes", holes, "" }, { "unbuilt", NULL, "" },
};
const size_t ng_command_count = sizeof(ng_commands) / sizeof(ng_commands[0]);
