/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to an engine in a test (client.h).
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

struct question {
	struct ng_request rq; /* first: respond() gets it back */
	struct client *client;
	unsigned int number;
	char *body;
};

static void respond(struct ng_request *rq, struct str body)
{
	struct question *q = (struct question *)rq;
	char **slot = &q->client->answers[q->number];

	assert_null(*slot); /* answered once */
	*slot = strndup(body.p, body.n);
	arena_free(rq->arena);
	free(q->body);
	free(q);
}

void client_begin(struct client *c)
{
	memset(c, 0, sizeof(*c));
	log_set_level(0);
	c->loop = ev_loop_new(0);
	fake_start(&c->fake, c->loop);
	snprintf(c->cfg.dataplane, sizeof(c->cfg.dataplane), "%s", c->fake.path);
	c->cfg.timeout_s = 60;
	c->cfg.silent_timeout_s = 3600;
	c->cfg.offer_timeout_s = 3600;
	c->cfg.tos = 184;
}

void client_connect(struct client *c)
{
	assert_int_equal(engine_new(&c->cfg, c->loop, &c->eng), 0);
	assert_int_equal(engine_wait_ready(c->eng, 2000), 0);
}

void client_end(struct client *c)
{
	if (c->eng && c->eng->ports)
		assert_int_equal(ports_check(c->eng->ports), 0);
	engine_free(c->eng);
	fake_end(&c->fake);
	ev_loop_destroy(c->loop);
	for (unsigned int i = 0; i < c->asked; i++)
		free(c->answers[i]);
}

unsigned int client_send(struct client *c, const char *json)
{
	struct question *q = calloc(1, sizeof(*q));
	unsigned int number = c->asked++;

	assert_non_null(q);
	assert_true(number < CLIENT_ANSWERS);
	q->client = c;
	q->number = number;
	q->body = strdup(json);
	q->rq.arena = arena_new();
	q->rq.respond = respond;
	snprintf(q->rq.source, sizeof(q->rq.source), "test:");
	ng_dispatch(c->eng, &q->rq, str_from(q->body));
	return number;
}

const char *client_answer(struct client *c, unsigned int number)
{
	for (unsigned int ms = 0; ms < 2000 && !c->answers[number]; ms += 5)
		run_for(c->loop, 5);
	if (!c->answers[number])
		fail_msg("question %u was not answered", number);
	return c->answers[number];
}

const char *client_ask(struct client *c, const char *fmt, ...)
{
	char json[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(json, sizeof(json), fmt, ap);
	va_end(ap);
	return client_answer(c, client_send(c, json));
}

static const char *message(const char *command, const char *call, const char *tags,
			   const char *address, unsigned int port, const char *more)
{
	static char texts[4][2048];
	static unsigned int n;
	char *out = texts[n++ % 4];

	snprintf(out, sizeof(texts[0]),
		 "{\"command\":\"%s\",\"call-id\":\"%s\",%s,\"sdp\":\"v=0\\no=u 1 1 IN IP4 "
		 "%s\\ns=-\\n"
		 "t=0 0\\nc=IN IP4 %s\\nm=audio %u RTP/AVP 0\\n\"%s}",
		 command, call, tags, address, address, port, more);
	return out;
}

const char *client_offer(const char *call, const char *from, unsigned int port, const char *more)
{
	char tags[128];

	snprintf(tags, sizeof(tags), "\"from-tag\":\"%s\"", from);
	return message("offer", call, tags, "198.51.100.1", port, more);
}

const char *client_reply_to(const char *call, const char *from, const char *to, unsigned int port,
			    const char *more)
{
	char tags[128];

	snprintf(tags, sizeof(tags), "\"from-tag\":\"%s\",\"to-tag\":\"%s\"", from, to);
	return message("answer", call, tags, "198.51.100.2", port, more);
}

unsigned int client_port(const char *answer)
{
	const char *at = strstr(answer, "m=audio ");

	return at ? (unsigned int)strtoul(at + 8, NULL, 10) : 0;
}

unsigned int client_ports_used(struct client *c)
{
	struct ports_usage u;

	ports_usage(c->eng->ports, 0, &u);
	return u.used;
}
