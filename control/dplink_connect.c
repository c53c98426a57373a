/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handshake of the dataplane link: connect, hello, welcome with descriptors, and the checks of rtpwire/shm.h
 * before any of it is used. Also reads the attached statistics. Control's only thread.
 */
#include "dplink_internal.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "log.h"

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void unmap_stats(struct dplink_stats *s)
{
	if (s->map)
		munmap((void *)(uintptr_t)s->map, s->bytes);
	s->map = NULL;
}

void dplink_close(struct dplink *l)
{
	if (l->sock >= 0)
		ev_io_stop(l->loop, &l->sock_io);
	ev_io_stop(l->loop, &l->event_io);
	ev_clear_pending(l->loop, &l->event_io);
	close_fd(&l->sock);
	close_fd(&l->command_fd);
	close_fd(&l->event_fd);
	if (l->wire)
		munmap(l->wire, l->wire_bytes);
	unmap_stats(&l->stats);
	l->wire = NULL;
	l->ring_bell = false;
}

void dplink_keep_stats(struct dplink *l)
{
	if (l->old_stats.map)
		return;
	l->old_stats = l->stats;
	l->stats.map = NULL;
}

void dplink_forget_old(struct dplink *l)
{
	unmap_stats(&l->old_stats);
}

/* One message with up to RW_FD_MAX descriptors; all others are closed. Bytes, 0 at the end, or -errno. */
static ssize_t receive(int sock, struct rw_welcome *w, int fds[static RW_FD_MAX])
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = w, .iov_len = sizeof(*w) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	unsigned int count = 0;

	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		size_t got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < got; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (count < RW_FD_MAX)
				fds[count++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

/* What is wrong with the welcome, or NULL; *error is the number for it. */
static const char *check_welcome(const struct rw_welcome *w, ssize_t bytes, int *error, char *why,
				 size_t why_bytes)
{
	*error = -EPROTO;
	if (bytes != (ssize_t)sizeof(*w))
		return "its welcome has another size: upgrade both programs";
	if (rw_hello_check(w->magic, w->version, w->size_count, w->sizes, why, why_bytes))
		return why;
	if (!memchr(w->message, 0, sizeof(w->message)) ||
	    !memchr(w->backend, 0, sizeof(w->backend)))
		return "its welcome holds text without an end";
	if (w->status == RW_WELCOME_BUSY) {
		*error = -EBUSY;
		return "another rtpwire-control is connected to it: stop that one";
	}
	if (w->status != RW_WELCOME_OK) {
		snprintf(why, why_bytes, "it refuses us: %s", w->message);
		return why;
	}
	return rw_limits_valid(&w->limits) ? NULL : "its limits make no sense";
}

static const char *attach_stats(struct dplink *l, int fd)
{
	struct dplink_stats *s = &l->stats;
	void *map = NULL;

	if (rw_shm_attach(fd, sizeof(s->header), 0, &map, &s->bytes))
		return "its statistics memory is not sealed, or too small";
	s->map = map;
	s->limits = l->welcome.limits;
	memcpy(&s->header, map, sizeof(s->header));
	return rw_stats_check(&s->header, s->bytes, &s->limits)
		       ? "its statistics memory is not laid out as agreed"
		       : NULL;
}

static const char *attach_wire(struct dplink *l, int fd)
{
	struct rw_wire_header header;

	if (rw_shm_attach(fd, (size_t)rw_wire_bytes(), 1, &l->wire, &l->wire_bytes)) {
		l->wire = NULL;
		return "its command memory is not sealed, or too small";
	}
	memcpy(&header, l->wire, sizeof(header));
	return rw_wire_check(&header, l->wire_bytes)
		       ? "its command memory is not laid out as agreed"
		       : NULL;
}

static const char *attach(struct dplink *l, int fds[static RW_FD_MAX])
{
	const char *why;

	for (unsigned int i = 0; i < RW_FD_MAX; i++) {
		if (fds[i] < 0)
			return "its welcome came without all descriptors";
	}
	why = attach_stats(l, fds[RW_FD_STATS]);
	if (!why)
		why = attach_wire(l, fds[RW_FD_WIRE]);
	if (why)
		return why;
	/* neither may ever block us, whatever the other side made them */
	for (unsigned int i = RW_FD_COMMANDS; i <= RW_FD_EVENTS; i++) {
		int flags = fcntl(fds[i], F_GETFL);

		if (flags < 0 || fcntl(fds[i], F_SETFL, flags | O_NONBLOCK) < 0)
			return "its descriptors cannot be made non-blocking";
	}
	l->command_fd = fds[RW_FD_COMMANDS];
	l->event_fd = fds[RW_FD_EVENTS];
	fds[RW_FD_COMMANDS] = fds[RW_FD_EVENTS] = -1;
	return NULL;
}

static void take_welcome(struct dplink *l)
{
	int fds[RW_FD_MAX], error = -EPROTO;
	char buf[160];
	const char *why;
	struct rw_welcome w;
	ssize_t n;

	memset(&w, 0, sizeof(w));
	memset(fds, 0xff, sizeof(fds));
	n = receive(l->sock, &w, fds);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0) {
		why = "it closed the connection without a welcome";
	} else {
		why = check_welcome(&w, n, &error, buf, sizeof(buf));
		if (!why) {
			l->welcome = w;
			why = attach(l, fds);
		}
	}
	for (unsigned int i = 0; i < RW_FD_MAX; i++)
		close_fd(&fds[i]);
	if (why)
		dplink_fail(l, error, why);
	else
		dplink_established(l);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int revents)
{
	struct dplink *l = w->data;
	char byte;

	(void)loop;
	(void)revents;
	if (l->state == DPLINK_HELLO) {
		take_welcome(l);
		return;
	}
	/* nothing is said after the welcome: readable means the end */
	if (recv(l->sock, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	dplink_fail(l, -ENOENT, "it has gone");
}

/* 0, or the errno of the step that failed. */
static int say_hello(struct dplink *l)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct rw_hello hello = { .magic = RW_ABI_MAGIC,
				  .version = RW_ABI_VERSION,
				  .role = RW_ROLE_CONTROL,
				  .size_count = RW_SHARED_STRUCT_COUNT };

	rw_hello_sizes(hello.sizes);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", l->path);
	l->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->sock < 0)
		return errno;
	ev_io_init(&l->sock_io, on_socket, l->sock, EV_READ);
	l->sock_io.data = l;
	if (connect(l->sock, (struct sockaddr *)&to, sizeof(to)) < 0)
		return errno;
	if (send(l->sock, &hello, sizeof(hello), MSG_NOSIGNAL) < 0)
		return errno;
	return 0;
}

void dplink_connect(struct dplink *l)
{
	int error;

	l->state = DPLINK_HELLO;
	error = say_hello(l);
	if (error) {
		dplink_fail(l, error == EACCES ? -EACCES : -ENOENT, strerror(error));
		return;
	}
	ev_io_start(l->loop, &l->sock_io);
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, DPLINK_HELLO_TIMEOUT_S, 0);
	ev_timer_start(l->loop, &l->timer);
}

/* --- statistics: written by workers at any time, so copied word by word --- */

static void copy_words(void *to, const void *from, size_t bytes)
{
	uint64_t *dst = to;
	const uint64_t *src = from;

	for (size_t i = 0; i < bytes / sizeof(*dst); i++)
		dst[i] = __atomic_load_n(&src[i], __ATOMIC_RELAXED);
}

static const struct rw_flow_stats *flow_block(const struct dplink_stats *s, rw_flow_id id)
{
	const char *base = s->map;

	if (!base || !rw_flow_id_valid(id, &s->limits))
		return NULL;
	return (const struct rw_flow_stats *)(base + s->header.flows_offset) +
	       rw_flow_slot(id, &s->limits);
}

static bool copy_block(const struct dplink_stats *s, rw_flow_id id, struct rw_flow_stats *out)
{
	const struct rw_flow_stats *block = flow_block(s, id);

	if (block)
		copy_words(out, block, sizeof(*out));
	return block != NULL;
}

bool dplink_flow_stats(const struct dplink *l, rw_flow_id id, struct rw_flow_stats *out)
{
	return copy_block(&l->stats, id, out);
}

bool dplink_old_flow_stats(const struct dplink *l, rw_flow_id id, struct rw_flow_stats *out)
{
	return copy_block(&l->old_stats, id, out);
}

uint64_t dplink_flow_last_ns(const struct dplink *l, rw_flow_id id)
{
	const struct rw_flow_stats *block = flow_block(&l->stats, id);

	return block ? __atomic_load_n(&block->rx_last_ns, __ATOMIC_RELAXED) : 0;
}

bool dplink_worker_stats(const struct dplink *l, unsigned int worker, struct rw_worker_stats *out)
{
	const char *base = l->stats.map;

	if (!base || worker >= l->stats.header.workers)
		return false;
	copy_words(out,
		   (const struct rw_worker_stats *)(base + l->stats.header.workers_offset) + worker,
		   sizeof(*out));
	return true;
}
