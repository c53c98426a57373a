/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stream clients, UNIX and TCP: cut requests out of the bytes that come, queue replies, and bound
 * what one client can hold. Every change of a connection ends in conn_settle(), which alone
 * flushes, closes and frees. Control's only thread.
 */
#include "ngsock_impl.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "wipe.h"

#define READ_BYTES 65536 /* taken at once before others get their turn */
#define IN_MAX_BYTES (NG_MESSAGE_MAX_BYTES + READ_BYTES)
#define OUT_PAUSE_BYTES (256u << 10) /* no new requests while so much waits for a slow reader */
#define OUT_MAX_BYTES (16u << 20) /* beyond it the client is cut off */
#define KEEP_BYTES 65536 /* larger buffers are given back when empty */
#define IN_WORK_MAX 128 /* requests of one client at a time */
#define ACCEPT_MAX 32
#define PARTIAL_S 10.0 /* a message has to be complete by then */
#define STUCK_S 10.0 /* a reader has to take something by then */
#define DRAIN_S 2.0 /* after an error reply: time to read it */

static void conn_settle(struct conn *c);

static void buffer_free(char **p, size_t *size)
{
	wipe_free(*p, *size);
	*p = NULL;
	*size = 0;
}

static void conn_free(struct conn *c)
{
	buffer_free(&c->in, &c->in_size);
	buffer_free(&c->out, &c->out_size);
	free(c);
}

/* Closes the socket. The struct lives on while targets point to it; conn_settle() frees it. */
static void conn_close(struct conn *c)
{
	if (c->fd < 0)
		return;
	ev_io_stop(c->sock->loop, &c->readable);
	ev_io_stop(c->sock->loop, &c->writable);
	close(c->fd);
	c->fd = -1;
	TAILQ_REMOVE(&c->sock->conns, c, by_activity);
	c->sock->conn_count--;
}

static bool out_empty(const struct conn *c)
{
	return c->out_at == c->out_n;
}

/* Room for n more bytes at the end of out. 0, -ENOMEM, or -E2BIG: the client does not read. */
static int out_reserve(struct conn *c, size_t n)
{
	size_t size = c->out_size ? c->out_size : 4096;
	char *p;

	if (c->out_at) {
		memmove(c->out, c->out + c->out_at, c->out_n - c->out_at);
		c->out_n -= c->out_at;
		c->out_at = 0;
	}
	if (n > OUT_MAX_BYTES || c->out_n + n > OUT_MAX_BYTES)
		return -E2BIG;
	while (size < c->out_n + n)
		size *= 2;
	if (size == c->out_size)
		return 0;
	p = wipe_grow(c->out, c->out_size, size);
	if (!p)
		return -ENOMEM;
	c->out = p;
	c->out_size = size;
	return 0;
}

static void out_put(struct conn *c, const char *p, size_t n)
{
	if (n)
		memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

/* Sends what the socket takes: one write for one reply, which is all that some clients read. */
static void out_flush(struct conn *c)
{
	while (c->fd >= 0 && !out_empty(c)) {
		ssize_t n = send(c->fd, c->out + c->out_at, c->out_n - c->out_at, MSG_NOSIGNAL);

		if (n > 0) {
			c->out_at += (size_t)n;
			c->since = ev_now(c->sock->loop);
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else if (n < 0 && errno != EINTR) {
			conn_close(c);
		}
	}
	c->out_at = c->out_n = 0;
	if (c->out_size > KEEP_BYTES)
		buffer_free(&c->out, &c->out_size);
}

static void target_gone(struct conn *c)
{
	c->in_work--;
	conn_settle(c);
}

void stream_drop(struct conn *c)
{
	c->bare_in_work = false;
	c->closing = true; /* a stream without that answer would be out of step */
	target_gone(c);
}

void stream_reply(struct target *t, struct str body, bool last)
{
	struct conn *c = t->conn;
	int rc = c->fd < 0 ? 0 : out_reserve(c, t->cookie_bytes + 1 + body.n);

	if (t->bare)
		c->bare_in_work = false;
	if (last)
		c->closing = true;
	if (rc) {
		log_warning("%s: %s; client is cut off", c->source,
			    rc == -E2BIG ? "does not read its replies" : "no memory for a reply");
		conn_close(c);
	}
	if (c->fd >= 0) {
		if (out_empty(c))
			c->since = ev_now(c->sock->loop);
		out_put(c, t->cookie, t->cookie_bytes);
		if (!t->bare)
			out_put(c, " ", 1);
		out_put(c, body.p, body.n);
	}
	target_gone(c);
}

/*
 * May the next request of this client be taken? A bare reply has no cookie: it must come in order.
 */
static bool may_take(const struct conn *c)
{
	return c->fd >= 0 && !c->closing && !c->bare_in_work && c->in_work < IN_WORK_MAX &&
	       c->out_n - c->out_at < OUT_PAUSE_BYTES;
}

/* A target of this client. NULL (and the client is closing) when memory is out. */
static struct target *conn_target(struct conn *c, struct str cookie)
{
	const struct listener *l = c->listener;
	struct target *t = target_new(l, cookie);

	if (!t) {
		c->closing = true;
		return NULL;
	}
	t->conn = c;
	c->in_work++;
	c->bare_in_work = t->bare;
	return t;
}

static void refuse(struct conn *c, const char *why)
{
	enum ng_encoding encoding = c->frame.state >= NG_FRAME_JSON ? NG_JSON : NG_BENCODE;
	struct str cookie = { NULL, 0 };
	struct target *t;

	if (c->frame.body > c->frame.start)
		cookie = (struct str){ c->in + c->frame.start, c->frame.body - c->frame.start - 1 };
	t = conn_target(c, cookie);
	if (t)
		request_refuse(c->sock, t, c->source, encoding, why);
}

/*
 * Takes all complete requests that may be taken now. True when bytes are left that may not be
 * looked at yet.
 */
static bool conn_take(struct conn *c)
{
	bool paused;
	size_t done = 0;

	while (may_take(c) && done < c->in_n) {
		struct str rest = { c->in + done, c->in_n - done }, cookie, body;
		int rc = ng_frame_scan(&c->frame, rest);
		struct target *t;

		if (rc < 0) {
			memmove(c->in, rest.p, rest.n); /* refuse() looks for the cookie there */
			c->in_n = rest.n;
			refuse(c, c->frame.why);
			return false;
		}
		if (rc == 0 && c->frame.state != NG_FRAME_START)
			break;
		done += c->frame.at;
		if (rc == 1) {
			ng_frame_parts(&c->frame, rest, &cookie, &body);
			t = conn_target(c, cookie);
			if (t)
				request_start(c->sock, t, c->source, body);
		}
		c->frame = (struct ng_frame){ 0 };
		c->since = ev_now(c->sock->loop);
	}
	paused = done < c->in_n && !may_take(c);
	if (done) {
		memmove(c->in, c->in + done, c->in_n - done);
		c->in_n -= done;
	}
	if (!c->in_n && c->in_size > KEEP_BYTES)
		buffer_free(&c->in, &c->in_size);
	return paused;
}

/*
 * The peer said its last word, or waits too long: what is in the buffer will not become a request.
 */
static void conn_end(struct conn *c)
{
	const char *why = c->in_n ? ng_frame_unfinished(&c->frame) : NULL;

	if (why)
		refuse(c, why);
	c->closing = true;
}

/* Everything is answered: say so, but let the peer read before its unread bytes cause a reset. */
static void conn_finish(struct conn *c)
{
	if (c->eof || shutdown(c->fd, SHUT_WR) != 0) {
		conn_close(c);
		return;
	}
	c->draining = true;
	c->in_n = 0;
	c->since = ev_now(c->sock->loop);
}

static void watch(struct conn *c)
{
	struct ev_loop *loop = c->sock->loop;

	if (!c->eof && (c->draining || may_take(c)))
		ev_io_start(loop, &c->readable);
	else
		ev_io_stop(loop, &c->readable);
	if (out_empty(c))
		ev_io_stop(loop, &c->writable);
	else
		ev_io_start(loop, &c->writable);
}

/*
 * Brings the connection to rest after any change. Answers given meanwhile come back here: see
 * busy.
 */
static void conn_settle(struct conn *c)
{
	bool paused;

	if (c->busy)
		return;
	c->busy = true;
	do {
		paused = conn_take(c);
		out_flush(c);
	} while (paused && may_take(c));
	if (!paused && (c->eof || c->expired) && !c->closing && c->fd >= 0 && c->in_work == 0) {
		conn_end(c);
		out_flush(c);
	}
	if (c->fd >= 0 && c->closing && !c->draining && c->in_work == 0 && out_empty(c))
		conn_finish(c);
	c->busy = false;
	if (c->fd >= 0)
		watch(c);
	else if (c->in_work == 0)
		conn_free(c);
}

/* Room for the next read. 0 or -ENOMEM. */
static int in_reserve(struct conn *c)
{
	size_t size = c->in_size ? c->in_size * 2 : 4096;
	char *p;

	if (c->in_n < c->in_size)
		return 0;
	if (size > IN_MAX_BYTES)
		size = IN_MAX_BYTES;
	p = wipe_grow(c->in, c->in_size, size);
	if (!p)
		return -ENOMEM;
	c->in = p;
	c->in_size = size;
	return 0;
}

static void touch(struct conn *c)
{
	TAILQ_REMOVE(&c->sock->conns, c, by_activity);
	TAILQ_INSERT_TAIL(&c->sock->conns, c, by_activity);
}

static void conn_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct conn *c = io->data;
	bool was_empty = c->in_n == 0;
	ssize_t n;

	(void)events;
	if (in_reserve(c) != 0) {
		log_error("%s: no memory for its request; client is cut off", c->source);
		conn_close(c);
		conn_settle(c);
		return;
	}
	n = recv(c->fd, c->in + c->in_n, c->in_size - c->in_n, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	touch(c);
	if (n < 0 || (n == 0 && c->draining))
		conn_close(c);
	else if (n == 0)
		c->eof = true;
	else if (!c->draining)
		c->in_n += (size_t)n;
	if (was_empty && !c->draining && out_empty(c))
		c->since = ev_now(loop);
	conn_settle(c);
}

static void conn_writable(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	conn_settle(io->data);
}

static bool idle(const struct conn *c)
{
	return c->in_work == 0 && out_empty(c);
}

/* Closes the client that has been silent longest. False when all have something in work. */
static bool make_room(struct ngsock *s)
{
	struct conn *c;

	TAILQ_FOREACH(c, &s->conns, by_activity)
	{
		if (!idle(c))
			continue;
		log_debug("%s: idle client makes room for another", c->source);
		conn_close(c);
		conn_settle(c);
		return true;
	}
	return false;
}

static void name_peer(struct conn *c, const struct listener *l, const struct sockaddr_storage *peer)
{
	char text[RW_ENDPOINT_TEXT];
	struct rw_endpoint ep = { 0 };

	if (l->kind == LISTEN_UNIX) {
		snprintf(c->source, sizeof(c->source), "%s", l->name);
		return;
	}
	if (peer->ss_family == AF_INET6)
		ep.ip = rw_ip6(&((const struct sockaddr_in6 *)peer)->sin6_addr);
	else
		ep.ip = rw_ip4(&((const struct sockaddr_in *)peer)->sin_addr);
	ep.port_be = ((const struct sockaddr_in *)peer)->sin_port; /* same place in IPv6 */
	snprintf(c->source, sizeof(c->source), "tcp:%s", rw_endpoint_text(&ep, text));
}

static void conn_new(struct listener *l, int fd, const struct sockaddr_storage *peer)
{
	struct ngsock *s = l->sock;
	struct conn *c = NULL;
	const int on = 1;

	if (s->conn_count < NGSOCK_CLIENTS_MAX || make_room(s))
		c = calloc(1, sizeof(*c));
	if (!c) {
		log_warning("%s: no room for another client; it is turned away", l->name);
		close(fd);
		return;
	}
	if (l->kind == LISTEN_TCP)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->sock = s;
	c->listener = l;
	c->fd = fd;
	c->since = ev_now(s->loop);
	name_peer(c, l, peer);
	ev_io_init(&c->readable, conn_readable, fd, EV_READ);
	ev_io_init(&c->writable, conn_writable, fd, EV_WRITE);
	c->readable.data = c->writable.data = c;
	TAILQ_INSERT_TAIL(&s->conns, c, by_activity);
	s->conn_count++;
	watch(c);
}

/*
 * Without descriptors the listener would stay readable and the loop would spin: pause until the
 * sweep.
 */
static void pause_accept(struct ngsock *s, const char *why)
{
	log_warning("cannot accept clients: %s; raise the limit of open files", why);
	s->accept_paused = true;
	for (unsigned int i = 0; i < s->listener_count; i++) {
		if (s->listeners[i].kind == LISTEN_UNIX || s->listeners[i].kind == LISTEN_TCP)
			ev_io_stop(s->loop, &s->listeners[i].io);
	}
}

void stream_accept(struct ev_loop *loop, ev_io *io, int events)
{
	struct listener *l = io->data;

	(void)loop;
	(void)events;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t bytes = sizeof(peer);
		int fd = accept4(l->fd, (void *)&peer, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			conn_new(l, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			   errno == ENOBUFS) {
			const char *why = strerror(errno);

			if (!make_room(l->sock))
				pause_accept(l->sock, why);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void conn_check(struct conn *c, ev_tstamp now)
{
	ev_tstamp waited = now - c->since;

	if (c->draining && waited > DRAIN_S) {
		conn_close(c);
	} else if (!out_empty(c) && waited > STUCK_S) {
		log_warning("%s: does not read its replies; client is cut off", c->source);
		conn_close(c);
	} else if (idle(c) && c->in_n && !c->closing && waited > PARTIAL_S) {
		log_debug("%s: request is not complete after %.0f s", c->source, PARTIAL_S);
		c->expired = true;
	} else {
		return;
	}
	conn_settle(c);
}

void stream_sweep(struct ngsock *s, ev_tstamp now)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->conns); c; c = next) {
		next = TAILQ_NEXT(c, by_activity);
		conn_check(c, now);
	}
	if (!s->accept_paused)
		return;
	s->accept_paused = false;
	for (unsigned int i = 0; i < s->listener_count; i++) {
		if (s->listeners[i].kind == LISTEN_UNIX || s->listeners[i].kind == LISTEN_TCP)
			ev_io_start(s->loop, &s->listeners[i].io);
	}
}

void stream_close_all(struct ngsock *s)
{
	while (!TAILQ_EMPTY(&s->conns)) {
		struct conn *c = TAILQ_FIRST(&s->conns);

		conn_close(c);
		conn_settle(c);
	}
}
