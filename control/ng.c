/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From bytes to a command's handler and back to bytes. Control's only thread.
 */
#include "ng.h"
#include "bencode.h"
#include "json.h"
#include "log.h"
#include "ng_stats.h"
#include "ng_trim.h"

#include <errno.h>

#include "rtpwire/clock.h"

#define OUT_OF_MEMORY "Out of memory"

static struct str encode(const struct ng_request *rq, const struct ng_value *v)
{
	return rq->encoding == NG_JSON ? json_encode(rq->arena, v) : bencode_encode(rq->arena, v);
}

/* The answer that needs no memory. */
static struct str no_memory_text(const struct ng_request *rq)
{
	if (rq->encoding == NG_JSON)
		return STR("{\"result\":\"error\",\"error-reason\":\"" OUT_OF_MEMORY "\"}");
	return STR("d6:result5:error12:error-reason13:" OUT_OF_MEMORY "e");
}

/* The last step: counts the request and gives it away. */
static void respond(struct ng_request *rq, struct str text, bool error)
{
	ng_stats_count(rq->source,
		       rq->command < ng_command_count ? rq->command : NG_STATS_COMMAND_MAX,
		       rw_monotonic_ns() - rq->started_ns, error);
	rq->respond(rq, text);
}

static bool is_error(const struct ng_value *reply)
{
	return str_is(ng_get_str(reply, "result"), "error");
}

/* Text of an error reply; never absent. */
static struct str error_text(struct ng_request *rq, const char *reason)
{
	struct ng_value *reply = ng_dict(rq->arena);
	struct str text = { NULL, 0 };

	ng_put_str(rq->arena, reply, "result", STR("error"));
	if (ng_put_str(rq->arena, reply, "error-reason", str_from(reason)))
		text = encode(rq, reply);
	return text.p ? text : no_memory_text(rq);
}

void ng_reply_error(struct ng_request *rq, const char *reason)
{
	respond(rq, error_text(rq, reason), true);
}

static bool too_long(const struct ng_request *rq, struct str text)
{
	return text.p && rq->reply_max_bytes && text.n > rq->reply_max_bytes;
}

void ng_reply(struct ng_request *rq, const struct ng_value *reply)
{
	struct str text = { NULL, 0 };

	if (reply && !arena_failed(rq->arena))
		text = encode(rq, reply);
	for (unsigned int step = 1; too_long(rq, text) && step <= NG_TRIM_STEPS; step++) {
		const struct ng_value *trimmed = ng_trim(rq->arena, reply, step);

		text = trimmed ? encode(rq, trimmed) : (struct str){ NULL, 0 };
	}
	if (!text.p) {
		log_error("%s: no memory for a reply; give the service more", rq->source);
		respond(rq, no_memory_text(rq), true);
	} else if (too_long(rq, text)) {
		ng_reply_error(rq, "Reply is too long for a datagram");
	} else {
		respond(rq, text, is_error(reply));
	}
}

/* Reads body into rq->dict. NULL, or the text of the error. */
static const char *decode(struct ng_request *rq, struct str body)
{
	int rc;

	rq->encoding = NG_BENCODE;
	if (body.n == 0)
		return "Invalid data (no payload)";
	if (body.p[0] == 'd') {
		rc = bencode_decode(rq->arena, body, &rq->dict);
		return rc ? rc == -ENOMEM ? OUT_OF_MEMORY : "Could not decode bencode dictionary"
			  : NULL;
	}
	if (body.p[0] != '{')
		return "Invalid NG data format";
	rq->encoding = NG_JSON;
	rc = json_decode(rq->arena, body, &rq->dict);
	return rc ? rc == -ENOMEM ? OUT_OF_MEMORY : "Failed to parse JSON document" : NULL;
}

static unsigned int find_command(struct str name)
{
	unsigned int row = 0;

	while (row < ng_command_count && !str_is(name, ng_commands[row].name))
		row++;
	return row;
}

static void run(struct engine *eng, struct ng_request *rq)
{
	const struct ng_value *name = ng_get(rq->dict, "command");
	const struct ng_command *command;
	struct str why;

	if (!name || name->type != NG_STR) {
		ng_reply_error(rq, "Dictionary contains no key \"command\"");
		return;
	}
	rq->command = find_command(name->s);
	if (rq->command == ng_command_count) {
		ng_reply_error(rq, "Unrecognized command");
		return;
	}
	command = &ng_commands[rq->command];
	if (command->handle) {
		command->handle(eng, rq);
		return;
	}
	why = arena_printf(rq->arena, "Command \"%s\" is not supported yet", command->name);
	ng_reply_error(rq, why.p ? why.p : OUT_OF_MEMORY);
}

static void begin(struct ng_request *rq)
{
	rq->started_ns = rw_monotonic_ns();
	rq->command = (unsigned int)ng_command_count;
}

void ng_refuse(struct ng_request *rq, enum ng_encoding encoding, const char *reason)
{
	begin(rq);
	rq->encoding = encoding;
	rq->undecodable = true;
	log_debug("%s: request refused: %s", rq->source, reason);
	ng_reply_error(rq, reason);
}

void ng_dispatch(struct engine *eng, struct ng_request *rq, struct str body)
{
	const char *why;

	begin(rq);
	why = decode(rq, body);
	if (why)
		ng_refuse(rq, rq->encoding, why);
	else
		run(eng, rq);
}
