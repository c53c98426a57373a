/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The listeners as a whole: opening, serving, timers, closing. Control's only thread.
 */
#include "ngsock_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "log.h"

#define SWEEP_S 1.0
#define FILES_WANTED (NGSOCK_CLIENTS_MAX + 256)

static void on_sweep(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	stream_sweep(timer->data, ev_now(loop));
}

static void on_rotate(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct ngsock *s = timer->data;

	(void)loop;
	(void)events;
	cookie_rotate(s->cache);
}

/* The usual soft limit is just what the clients alone may need. */
static void raise_file_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) != 0 || lim.rlim_cur >= FILES_WANTED)
		return;
	lim.rlim_cur = lim.rlim_max < FILES_WANTED ? lim.rlim_max : FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &lim) != 0)
		log_debug("limit of open files stays: %s", strerror(errno));
}

static int open_all(struct ngsock *s, const struct config *cfg, uid_t owner)
{
	size_t at = 0;

	for (unsigned int i = 0; i < cfg->listen_count; i++) {
		struct listener *l = &s->listeners[i];
		int rc;

		s->listener_count++;
		rc = listener_open(l, &cfg->listen[i], cfg, owner);
		if (rc)
			return rc;
		l->sock = s;
		ev_io_init(&l->io,
			   l->kind == LISTEN_UNIX || l->kind == LISTEN_TCP ? stream_accept
									   : dgram_readable,
			   l->fd, EV_READ);
		l->io.data = l;
		at += (size_t)snprintf(s->names + at, sizeof(s->names) - at, "%s%s", i ? " " : "",
				       l->name);
	}
	return 0;
}

int ngsock_open(const struct config *cfg, uid_t owner, struct ev_loop *loop, struct ngsock **out)
{
	struct ngsock *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	TAILQ_INIT(&s->conns);
	LIST_INIT(&s->in_work);
	ev_timer_init(&s->sweep, on_sweep, SWEEP_S, SWEEP_S);
	ev_timer_init(&s->rotate, on_rotate, COOKIE_ROTATE_S, COOKIE_ROTATE_S);
	s->sweep.data = s->rotate.data = s;
	s->datagram = malloc(DATAGRAM_BUFFER_BYTES);
	if (!s->datagram || cookie_new(&s->cache) != 0) {
		ngsock_free(s);
		return -ENOMEM;
	}
	raise_file_limit();
	rc = open_all(s, cfg, owner);
	if (rc) {
		ngsock_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void ngsock_serve(struct ngsock *s, struct engine *eng)
{
	s->eng = eng;
	for (unsigned int i = 0; i < s->listener_count; i++)
		ev_io_start(s->loop, &s->listeners[i].io);
	ev_timer_start(s->loop, &s->sweep);
	ev_timer_start(s->loop, &s->rotate);
}

const char *ngsock_listeners(const struct ngsock *s)
{
	return s->names;
}

void ngsock_free(struct ngsock *s)
{
	if (!s)
		return;
	ev_timer_stop(s->loop, &s->sweep);
	ev_timer_stop(s->loop, &s->rotate);
	for (unsigned int i = 0; i < s->listener_count; i++) {
		ev_io_stop(s->loop, &s->listeners[i].io);
		listener_close(&s->listeners[i]);
	}
	requests_abandon(s);
	stream_close_all(s);
	cookie_free(s->cache);
	free(s->datagram);
	free(s);
}
