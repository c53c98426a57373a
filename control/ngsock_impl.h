/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by the files ngsock*.c and by no others. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_NGSOCK_IMPL_H
#define RTPWIRE_CONTROL_NGSOCK_IMPL_H

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "cookie.h"
#include "ng.h"
#include "ng_frame.h"
#include "ngsock.h"

#define SOURCE_BYTES 144 /* "unix-dgram:" and a whole path */
#define DATAGRAM_REPLY_MAX 65507 /* cookie included: the largest UDP payload over IPv4 */
#define DATAGRAM_BUFFER_BYTES 262144

struct listener {
	struct ngsock *sock;
	enum listen_kind kind;
	int fd; /* -1 = not open */
	ev_io io;
	char name[SOURCE_BYTES]; /* "unix:/run/x.sock", "udp:127.0.0.1:2223" */
	const char *path; /* UNIX kinds: the file; belongs to the config */
	dev_t dev; /* of the file, so that a successor's is not removed */
	ino_t ino;
};

/* One stream. Freed when it is closed and no target points to it any more. */
struct conn {
	struct ngsock *sock;
	const struct listener *listener;
	TAILQ_ENTRY(conn) by_activity; /* head: the longest idle one */
	int fd; /* -1 = closed */
	ev_io readable, writable;
	char source[SOURCE_BYTES];
	char *in; /* bytes received, not yet taken */
	size_t in_n, in_size;
	struct ng_frame frame; /* over in */
	char *out; /* bytes not yet sent: [out_at, out_n) */
	size_t out_at, out_n, out_size;
	unsigned int in_work; /* targets that point here */
	bool bare_in_work; /* a message without cookie: its answer must come before the next */
	bool busy; /* inside conn_settle(): changes made meanwhile are seen there */
	bool eof; /* the peer sends no more */
	bool expired; /* the rest of a message did not come in time */
	bool closing; /* no more requests; close when all is answered and sent */
	bool draining; /* our side is shut down; waiting for the peer's end */
	ev_tstamp since; /* of the current wait: partial message, stuck output, drain */
};

/* Where one reply goes. */
struct target {
	struct target *next; /* others that wait for the same request */
	struct conn *conn; /* streams; NULL for datagrams */
	const struct listener *listener;
	struct sockaddr_storage peer; /* datagrams */
	socklen_t peer_bytes;
	struct rw_ip local; /* UDP: the address that was asked; NONE otherwise */
	unsigned int local_ifindex; /* UDP over IPv6 link-local */
	bool bare;
	size_t cookie_bytes;
	char cookie[NG_COOKIE_MAX_BYTES];
};

/* One request in work. */
struct pending {
	struct ng_request rq; /* first: the commands hand it back */
	LIST_ENTRY(pending) all;
	struct ngsock *sock;
	struct cookie_entry *entry; /* NULL: bare, or no memory for it */
	struct target *target;
};

struct ngsock {
	struct ev_loop *loop;
	struct engine *eng;
	struct cookie_cache *cache;
	struct listener listeners[CONFIG_LISTEN_MAX];
	unsigned int listener_count;
	char names[CONFIG_LISTEN_MAX * SOURCE_BYTES];
	TAILQ_HEAD(, conn) conns;
	unsigned int conn_count;
	LIST_HEAD(, pending) in_work;
	ev_timer sweep, rotate;
	bool accept_paused; /* out of file descriptors */
	bool warned_peer_mode;
	char *datagram; /* DATAGRAM_BUFFER_BYTES */
};

/* ngsock_bind.c: opens l for spec and fills fd, name, path, dev, ino. Errors as ngsock_open(). */
int listener_open(struct listener *l, const struct listen_spec *spec, const struct config *cfg,
		  uid_t owner);

/* ngsock_bind.c: closes it and removes its file; a listener that is not open is fine. */
void listener_close(struct listener *l);

/*
 * ngsock_request.c: runs the request, or answers it from the cache. Takes t; source must live
 * until then.
 */
void request_start(struct ngsock *s, struct target *t, const char *source, struct str body);

/* ngsock_request.c: answers t with an error that ends the stream. Takes t. */
void request_refuse(struct ngsock *s, struct target *t, const char *source,
		    enum ng_encoding encoding, const char *reason);

/* ngsock_request.c: frees all requests in work without answering (the end of the process). */
void requests_abandon(struct ngsock *s);

/* ngsock_request.c: a target with that cookie (p NULL: bare); NULL when memory is out. */
struct target *target_new(const struct listener *l, struct str cookie);

/* ngsock_stream.c: callbacks of libev and of the request layer. */
void stream_accept(struct ev_loop *loop, ev_io *io, int events);
void stream_reply(struct target *t, struct str body, bool last);
void stream_drop(struct conn *c); /* one target less, without an answer */
void stream_sweep(struct ngsock *s, ev_tstamp now);
void stream_close_all(struct ngsock *s);

/* ngsock_dgram.c: likewise. */
void dgram_readable(struct ev_loop *loop, ev_io *io, int events);
void dgram_reply(const struct target *t, struct str body);

#endif
