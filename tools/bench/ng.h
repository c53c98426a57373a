/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of the ng protocol for benchmarks: many requests may be unanswered at a time, replies come in any order. Speaks
 * bencode with cookies to any engine. Program's only thread.
 *
 * One by one: ng_begin(), keys, ng_end(), ng_send(), ng_wait().
 */
#ifndef RTPWIRE_BENCH_NG_H
#define RTPWIRE_BENCH_NG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NG_REQUEST_MAX_BYTES 8192u /* body of a request */
#define NG_REPLY_MAX_BYTES (1u << 18)
#define NG_WINDOW_MAX 4096u /* requests unanswered at a time */

/* --- where the engine listens --- */

struct ng_target {
	struct sockaddr_storage address;
	socklen_t address_bytes;
	int kind; /* SOCK_STREAM or SOCK_DGRAM */
};

#define NG_URL_FORMS "unix:PATH, unix-dgram:PATH, udp:ADDRESS:PORT or tcp:ADDRESS:PORT"

/* Reads one of NG_URL_FORMS; an IPv6 address stands in brackets. 0 or -EINVAL. */
int ng_target_read(const char *url, struct ng_target *out);

/* --- requests --- */

/* A dictionary in the making. Too long a text is remembered, and refused by ng_send(). */
struct ng_body {
	size_t bytes;
	bool too_long;
	char text[NG_REQUEST_MAX_BYTES];
};

/* Opens the dictionary. */
void ng_begin(struct ng_body *b);
/* Keys of the dictionary; values are copied. */
void ng_string(struct ng_body *b, const char *key, const char *value);
void ng_integer(struct ng_body *b, const char *key, int64_t value);
/* ng_list_begin(), ng_item() for each, ng_close_value(). */
void ng_list_begin(struct ng_body *b, const char *key);
void ng_item(struct ng_body *b, const char *value);
void ng_close_value(struct ng_body *b);
/* Closes the dictionary. */
void ng_end(struct ng_body *b);

/* --- replies --- */

struct ng_text {
	const char *p; /* not terminated; NULL: not there */
	size_t bytes;
};

struct ng_reply {
	uint64_t user; /* what ng_send() was given */
	uint64_t sent_ns, received_ns; /* CLOCK_MONOTONIC */
	struct ng_text
		body; /* a dictionary, valid until the next call of ng_wait(); p NULL: no answer came in time */
};

/* The string of a key at the top of a dictionary; p NULL when it is not there, or no string, or the text is broken. */
struct ng_text ng_find(struct ng_text dictionary, const char *key);

/* True when the text is exactly this word. */
bool ng_is(struct ng_text text, const char *word);

/*
 * NULL when the engine said "ok" or "pong", else why not: its error-reason, its result, or that no answer came. Valid until
 * the next call.
 */
const char *ng_error(const struct ng_reply *reply);

/* Bytes of the bencode value at the start of text; 0 when it is not whole yet, -1 when it is none. */
ptrdiff_t ng_value_bytes(struct ng_text text);

/* Takes the value at the start of *rest off. False when there is none. */
bool ng_take(struct ng_text *rest, struct ng_text *value);

/* --- the connection --- */

struct ng;

/*
 * Connects. window: requests that may be unanswered, up to NG_WINDOW_MAX; timeout_ms: how long each may be. 0 and *out; a
 * negative errno (-ECONNREFUSED, -ENOENT, -ENOMEM, ...).
 */
int ng_open(const struct ng_target *target, unsigned int window, unsigned int timeout_ms,
	    struct ng **out);

/* NULL is fine. */
void ng_close(struct ng *ng);

/* 16 hexadecimal digits that no other client has; for call-ids. */
const char *ng_run(const struct ng *ng);

/* Requests unanswered, and not lost either. */
unsigned int ng_outstanding(const struct ng *ng);

/*
 * Sends a request; user comes back with its reply. 0; -EAGAIN when the window or the socket is full: ng_wait() makes room;
 * -EMSGSIZE for a body too long; another negative errno when the engine is gone.
 */
int ng_send(struct ng *ng, const struct ng_body *body, uint64_t user);

/*
 * Waits up to wait_ms for the next reply. 1 and *out (also for a request that was lost); 0: none came, or there is room to
 * send again; a negative errno when the engine is gone, -EPROTO when it does not speak ng. Replies to nobody are skipped.
 */
int ng_wait(struct ng *ng, int wait_ms, struct ng_reply *out);

#endif
