/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ng protocol between transports (ngsock.c) and commands (cmd_*.c): a request is decoded once,
 * handed to the command's handler, and answered exactly once, at once or later. Control's only
 * thread.
 */
#ifndef RTPWIRE_CONTROL_NG_H
#define RTPWIRE_CONTROL_NG_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "str.h"
#include "value.h"

struct engine; /* engine.h: calls, ports, dataplane link */

enum ng_encoding { NG_BENCODE, NG_JSON };

/* One request in work. Made by ngsock.c, freed by the reply. */
struct ng_request {
	struct arena *arena; /* for the reply too; freed after it was sent */
	const struct ng_value *dict; /* the request */
	enum ng_encoding encoding; /* answered in kind */
	char source[80]; /* who asked, for logs and statistics: "unix:", "udp:127.0.0.1:5000" */
	size_t reply_max_bytes; /* longer replies are trimmed; 0 = no limit */
	bool undecodable; /* set by ng_dispatch(): body was no dictionary */
	unsigned int command; /* row of ng_commands, ng_command_count when unknown; ng.c's own */
	uint64_t started_ns; /* monotonic; ng.c's own */
	void *transport; /* ngsock.c's own */
	void (*respond)(struct ng_request *rq,
			struct str body); /* transport's own: sends encoded body, frees rq */
};

/* Sends reply (a dictionary in rq->arena; NULL = "Out of memory") and frees rq. */
void ng_reply(struct ng_request *rq, const struct ng_value *reply);

/* Sends {result: error, error-reason: reason} and frees rq. */
void ng_reply_error(struct ng_request *rq, const char *reason);

/*
 * Decodes body into rq->dict and runs the command; always answers, also bad input. rq->arena is
 * set.
 */
void ng_dispatch(struct engine *eng, struct ng_request *rq, struct str body);

/*
 * Answers bytes that are no message at all: as ng_dispatch() would, with the error given.
 * rq->arena is set.
 */
void ng_refuse(struct ng_request *rq, enum ng_encoding encoding, const char *reason);

/* A row of the command table (commands.c). handle == NULL: known, answered "not supported yet". */
struct ng_command {
	const char *name;
	void (*handle)(struct engine *eng, struct ng_request *rq);
	const char *help;
};

extern const struct ng_command ng_commands[];
extern const size_t ng_command_count;

#endif
