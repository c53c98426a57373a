/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connection of the ng client (ng.h). A cookie is "RUN_SLOT_COUNT": the slot says whose reply it is, the count that it
 * is not an old one. Program's only thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "ng.h"

#define COOKIE_MAX_BYTES 64u
#define OUT_BYTES (1u << 18)
#define SOCKET_BYTES (4 << 20) /* asked of the kernel, which may give less */

struct slot {
	uint64_t count; /* of the request in it */
	uint64_t user, sent_ns;
	bool used;
};

struct ng {
	int fd;
	bool stream, socket_full;
	unsigned int window, timeout_ms, outstanding, free_count;
	uint64_t count;
	char run[17];
	size_t out_bytes, in_bytes, in_at; /* in_at: where the next reply starts */
	struct slot *slots;
	unsigned int *free; /* numbers of unused slots */
	char out[OUT_BYTES]; /* a stream's bytes that wait for the socket */
	char in[NG_REPLY_MAX_BYTES];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* --- opening --- */

static int connect_target(const struct ng_target *target)
{
	int fd = socket(target->address.ss_family, target->kind | SOCK_CLOEXEC, 0);
	struct sockaddr_un any = { .sun_family = AF_UNIX }; /* the kernel chooses an abstract one */
	int bytes = SOCKET_BYTES, one = 1, err;

	if (fd < 0)
		return -errno;
	/* best effort: lost datagrams are counted, and small segments only wait */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (target->kind == SOCK_STREAM && target->address.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (target->kind == SOCK_DGRAM && target->address.ss_family == AF_UNIX &&
	    bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) < 0)
		goto fail;
	if (connect(fd, (const struct sockaddr *)&target->address, target->address_bytes) == 0)
		return fd;
fail:
	err = errno;
	close(fd);
	return -err;
}

static int make_run(struct ng *ng)
{
	uint64_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	snprintf(ng->run, sizeof(ng->run), "%016" PRIx64, id);
	return 0;
}

int ng_open(const struct ng_target *target, unsigned int window, unsigned int timeout_ms,
	    struct ng **out)
{
	struct ng *ng;
	int ret = -ENOMEM;

	if (window == 0 || window > NG_WINDOW_MAX)
		return -EINVAL;
	ng = calloc(1, sizeof(*ng));
	if (!ng)
		return -ENOMEM;
	ng->fd = -1;
	ng->stream = target->kind == SOCK_STREAM;
	ng->window = window;
	ng->timeout_ms = timeout_ms;
	ng->slots = calloc(window, sizeof(*ng->slots));
	ng->free = calloc(window, sizeof(*ng->free));
	if (ng->slots && ng->free)
		ret = make_run(ng);
	if (ret == 0)
		ret = ng->fd = connect_target(target);
	if (ret < 0) {
		ng_close(ng);
		return ret;
	}
	for (unsigned int i = 0; i < window; i++)
		ng->free[ng->free_count++] = window - 1 - i;
	*out = ng;
	return 0;
}

void ng_close(struct ng *ng)
{
	if (!ng)
		return;
	if (ng->fd >= 0)
		close(ng->fd);
	free(ng->slots);
	free(ng->free);
	free(ng);
}

const char *ng_run(const struct ng *ng)
{
	return ng->run;
}

unsigned int ng_outstanding(const struct ng *ng)
{
	return ng->outstanding;
}

/* --- sending --- */

/* Gives a stream's waiting bytes to the socket as far as it takes them. 0 or a negative errno. */
static int flush_out(struct ng *ng)
{
	ssize_t n;

	while (ng->out_bytes) {
		n = send(ng->fd, ng->out, ng->out_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		ng->out_bytes -= (size_t)n;
		memmove(ng->out, ng->out + n, ng->out_bytes);
	}
	return 0;
}

static int send_stream(struct ng *ng, const char *head, size_t head_bytes,
		       const struct ng_body *body)
{
	if (head_bytes + body->bytes > sizeof(ng->out) - ng->out_bytes)
		return -EAGAIN;
	memcpy(ng->out + ng->out_bytes, head, head_bytes);
	memcpy(ng->out + ng->out_bytes + head_bytes, body->text, body->bytes);
	ng->out_bytes += head_bytes + body->bytes;
	return flush_out(ng);
}

static int send_datagram(struct ng *ng, char *head, size_t head_bytes, const struct ng_body *body)
{
	struct iovec parts[2] = { { head, head_bytes }, { (char *)body->text, body->bytes } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(ng->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == ENOBUFS ? -EAGAIN : -errno;
}

int ng_send(struct ng *ng, const struct ng_body *body, uint64_t user)
{
	unsigned int number;
	char head[COOKIE_MAX_BYTES];
	size_t head_bytes;
	uint64_t sent_ns;
	int ret;

	if (body->too_long)
		return -EMSGSIZE;
	if (ng->free_count == 0)
		return -EAGAIN;
	number = ng->free[ng->free_count - 1];
	head_bytes = (size_t)snprintf(head, sizeof(head), "%s_%u_%" PRIu64 " ", ng->run, number,
				      ng->count);
	sent_ns = now_ns();
	ret = ng->stream ? send_stream(ng, head, head_bytes, body)
			 : send_datagram(ng, head, head_bytes, body);
	ng->socket_full = ret == -EAGAIN;
	if (ret < 0)
		return ret;
	ng->slots[number] = (struct slot){ ng->count++, user, sent_ns, true };
	ng->free_count--;
	ng->outstanding++;
	return 0;
}

/* --- receiving --- */

static void finish(struct ng *ng, unsigned int number, struct ng_text body, struct ng_reply *out)
{
	struct slot *slot = &ng->slots[number];

	*out = (struct ng_reply){ slot->user, slot->sent_ns, now_ns(), body };
	slot->used = false;
	ng->free[ng->free_count++] = number;
	ng->outstanding--;
}

/* The slot that a cookie names; -1 for a reply to nobody, such as one that came too late. */
static int slot_of(const struct ng *ng, struct ng_text cookie)
{
	size_t run = sizeof(ng->run) - 1;
	char text[COOKIE_MAX_BYTES];
	unsigned int number;
	uint64_t count;

	if (cookie.bytes >= sizeof(text) || cookie.bytes <= run ||
	    memcmp(cookie.p, ng->run, run) != 0)
		return -1;
	memcpy(text, cookie.p, cookie.bytes);
	text[cookie.bytes] = 0;
	if (sscanf(text + run, "_%u_%" SCNu64, &number, &count) != 2 || number >= ng->window)
		return -1;
	return ng->slots[number].used && ng->slots[number].count == count ? (int)number : -1;
}

/* Splits "COOKIE BODY" at the start of what came in. Its bytes; 0: not whole yet; -EPROTO. */
static ptrdiff_t next_message(const struct ng *ng, struct ng_text *cookie, struct ng_text *body)
{
	const char *start = ng->in + ng->in_at;
	size_t left = ng->in_bytes - ng->in_at;
	const char *space = memchr(start, ' ', left < COOKIE_MAX_BYTES ? left : COOKIE_MAX_BYTES);
	ptrdiff_t n;

	if (!space)
		return left < COOKIE_MAX_BYTES ? 0 : -EPROTO;
	*cookie = (struct ng_text){ start, (size_t)(space - start) };
	*body = (struct ng_text){ space + 1, left - cookie->bytes - 1 };
	if (body->bytes && *body->p != 'd')
		return -EPROTO;
	n = ng_value_bytes(*body);
	if (n <= 0)
		return n < 0 ? -EPROTO : 0;
	body->bytes = (size_t)n;
	return space + 1 + n - start;
}

/* 1 and *out when a whole reply to somebody is there; 0; -EPROTO. */
static int take_reply(struct ng *ng, struct ng_reply *out)
{
	struct ng_text cookie, body;
	ptrdiff_t n;

	while ((n = next_message(ng, &cookie, &body)) > 0) {
		int number = slot_of(ng, cookie);

		ng->in_at += (size_t)n;
		if (number < 0)
			continue;
		finish(ng, (unsigned int)number, body, out);
		return 1;
	}
	return n < 0 && ng->stream ? (int)n : 0;
}

/* Reads what the socket has; a datagram replaces what was left of the last one. 0 or a negative errno. */
static int read_socket(struct ng *ng)
{
	ssize_t n;

	if (!ng->stream)
		ng->in_at = ng->in_bytes = 0;
	if (ng->in_at) {
		memmove(ng->in, ng->in + ng->in_at, ng->in_bytes - ng->in_at);
		ng->in_bytes -= ng->in_at;
		ng->in_at = 0;
	}
	if (ng->in_bytes == sizeof(ng->in))
		return -EPROTO;
	n = recv(ng->fd, ng->in + ng->in_bytes, sizeof(ng->in) - ng->in_bytes, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0 && ng->stream)
		return -ECONNRESET;
	ng->in_bytes += (size_t)n;
	return 0;
}

/* Takes the oldest request if its time is over. 1 and *out, or 0 and *left_ms, which only gets smaller. */
static int take_lost(struct ng *ng, int *left_ms, struct ng_reply *out)
{
	uint64_t now = now_ns(), oldest_ns = UINT64_MAX, age_ms;
	unsigned int number = 0;

	for (unsigned int i = 0; i < ng->window && ng->outstanding; i++) {
		if (ng->slots[i].used && ng->slots[i].sent_ns < oldest_ns) {
			oldest_ns = ng->slots[i].sent_ns;
			number = i;
		}
	}
	if (oldest_ns == UINT64_MAX)
		return 0;
	age_ms = (now - oldest_ns) / 1000000u;
	if (age_ms >= ng->timeout_ms) {
		finish(ng, number, (struct ng_text){ NULL, 0 }, out);
		return 1;
	}
	if (*left_ms < 0 || (uint64_t)*left_ms > ng->timeout_ms - age_ms)
		*left_ms = (int)(ng->timeout_ms - age_ms);
	return 0;
}

static int wait_socket(struct ng *ng, int wait_ms)
{
	struct pollfd pfd = { .fd = ng->fd, .events = POLLIN };
	int ret;

	if (ng->out_bytes || ng->socket_full)
		pfd.events |= POLLOUT;
	ret = poll(&pfd, 1, wait_ms);
	if (ret <= 0)
		return ret == 0 || errno == EINTR ? 0 : -errno;
	ret = 0;
	if (pfd.revents & POLLOUT) {
		ng->socket_full = false;
		ret = flush_out(ng);
	}
	if (ret == 0 && pfd.revents & ~POLLOUT)
		ret = read_socket(ng);
	return ret;
}

int ng_wait(struct ng *ng, int wait_ms, struct ng_reply *out)
{
	int left_ms = wait_ms;
	int ret = take_reply(ng, out);

	if (ret == 0)
		ret = take_lost(ng, &left_ms, out);
	if (ret != 0)
		return ret;
	ret = wait_socket(ng, left_ms);
	return ret < 0 ? ret : take_reply(ng, out);
}
