/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole engine with a fake dataplane, asked in JSON, on one event loop.
 */
#ifndef RTPWIRE_TESTS_CLIENT_H
#define RTPWIRE_TESTS_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_internal.h"
#include "fake_dataplane.h"

#define CLIENT_ANSWERS 512

struct client {
	struct ev_loop *loop;
	struct fake fake;
	struct config cfg;
	struct engine *eng;
	char *answers[CLIENT_ANSWERS]; /* by number of the question; NULL: none yet */
	unsigned int asked;
};

/* Starts all and waits until the link is up. Options may be set in c->cfg before client_connect(). */
void client_begin(struct client *c);
void client_connect(struct client *c);
void client_end(struct client *c);

/* Sends a request and returns its number at once. */
unsigned int client_send(struct client *c, const char *json);

/* The answer to it, waited for at most 2 s; valid until the end. */
const char *client_answer(struct client *c, unsigned int number);

/* Both. */
const char *client_ask(struct client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The request text for an offer or answer; more: further members with a leading comma. */
const char *client_offer(const char *call, const char *from, unsigned int port, const char *more);
const char *client_reply_to(const char *call, const char *from, const char *to, unsigned int port,
			    const char *more);

/* Port of the m=audio line in an answer; 0 when there is none. */
unsigned int client_port(const char *answer);

/* Ports in use on the only media address. */
unsigned int client_ports_used(struct client *c);

#define assert_has(text, piece)                                                                    \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		if (!strstr(text_, piece))                                                         \
			fail_msg("no %s in %s", piece, text_);                                     \
	} while (0)

#endif
