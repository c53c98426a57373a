/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests between a transport and ng.c: cookie cache, joining of repeats, answering. Control's
 * only thread.
 */
#include "ngsock_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

struct target *target_new(const struct listener *l, struct str cookie)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->listener = l;
	t->bare = !cookie.p;
	t->cookie_bytes = cookie.n;
	if (cookie.n)
		memcpy(t->cookie, cookie.p, cookie.n);
	return t;
}

static struct str target_cookie(const struct target *t)
{
	return (struct str){ t->cookie, t->cookie_bytes };
}

static void target_answer(struct target *t, struct str body, bool last)
{
	if (t->conn)
		stream_reply(t, body, last);
	else
		dgram_reply(t, body);
	free(t);
}

static void pending_free(struct pending *p)
{
	LIST_REMOVE(p, all);
	arena_free(p->rq.arena);
	free(p);
}

/* rq->respond: stores the answer for repeats, answers all who wait, frees the request. */
static void pending_respond(struct ng_request *rq, struct str body)
{
	struct pending *p = rq->transport;
	struct target *next = NULL;

	if (p->entry) {
		next = *cookie_waiters(p->entry);
		cookie_done(p->sock->cache, p->entry, body);
	}
	target_answer(p->target, body, rq->undecodable);
	for (struct target *t = next; t; t = next) {
		next = t->next;
		target_answer(t, body, rq->undecodable);
	}
	pending_free(p);
}

static struct pending *pending_new(struct ngsock *s, struct target *t, const char *source)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->rq.arena = arena_new();
	if (!p->rq.arena) {
		free(p);
		return NULL;
	}
	snprintf(p->rq.source, sizeof(p->rq.source), "%.*s", (int)sizeof(p->rq.source) - 1, source);
	if (!t->conn)
		p->rq.reply_max_bytes = DATAGRAM_REPLY_MAX - t->cookie_bytes - !t->bare;
	p->rq.transport = p;
	p->rq.respond = pending_respond;
	p->sock = s;
	p->target = t;
	LIST_INSERT_HEAD(&s->in_work, p, all);
	return p;
}

/* The request cannot even be begun: the peer repeats it or gives up, as after a lost datagram. */
static void drop(struct ngsock *s, struct target *t, struct cookie_entry *entry)
{
	log_error("%s: no memory for a request; it is dropped", t->listener->name);
	if (entry)
		cookie_done(s->cache, entry, (struct str){ NULL, 0 });
	if (t->conn)
		stream_drop(t->conn);
	free(t);
}

void request_start(struct ngsock *s, struct target *t, const char *source, struct str body)
{
	struct cookie_entry *entry = NULL;
	struct pending *p;
	void **waiters;

	if (!t->bare) {
		switch (cookie_find(s->cache, source, target_cookie(t), body, &entry)) {
		case COOKIE_DONE:
			target_answer(t, cookie_reply(entry), false);
			return;
		case COOKIE_IN_WORK:
			waiters = cookie_waiters(entry);
			t->next = *waiters;
			*waiters = t;
			return;
		case COOKIE_NEW:
			break;
		}
	}
	p = pending_new(s, t, source);
	if (p && body.n)
		body = arena_str(p->rq.arena, body);
	if (!p || (body.n && !body.p)) {
		if (p)
			pending_free(p);
		drop(s, t, entry);
		return;
	}
	p->entry = entry;
	ng_dispatch(s->eng, &p->rq, body);
}

void request_refuse(struct ngsock *s, struct target *t, const char *source,
		    enum ng_encoding encoding, const char *reason)
{
	struct pending *p = pending_new(s, t, source);

	if (p)
		ng_refuse(&p->rq, encoding, reason);
	else
		drop(s, t, NULL);
}

static void abandon(struct target *t)
{
	while (t) {
		struct target *next = t->next;

		if (t->conn)
			stream_drop(t->conn);
		free(t);
		t = next;
	}
}

void requests_abandon(struct ngsock *s)
{
	while (!LIST_EMPTY(&s->in_work)) {
		struct pending *p = LIST_FIRST(&s->in_work);

		if (p->entry) {
			abandon(*cookie_waiters(p->entry));
			cookie_done(s->cache, p->entry, (struct str){ NULL, 0 });
		}
		abandon(p->target);
		pending_free(p);
	}
}
