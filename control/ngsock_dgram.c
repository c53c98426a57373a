/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagram listeners, UDP and UNIX. Proxies connect() their sockets, so a UDP answer leaves from
 * the very address that was asked. Control's only thread.
 */
#include "ngsock_impl.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "log.h"

#define TURN_MAX 64 /* datagrams taken before others get their turn */

union control_buffer {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* Notes which of our addresses the datagram came to. */
static void take_pktinfo(struct target *t, struct msghdr *msg)
{
	struct in_pktinfo p4;
	struct in6_pktinfo p6;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&p4, CMSG_DATA(c), sizeof(p4));
			t->local = rw_ip4(&p4.ipi_spec_dst);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&p6, CMSG_DATA(c), sizeof(p6));
			t->local = rw_ip6(&p6.ipi6_addr);
			if (IN6_IS_ADDR_LINKLOCAL(&p6.ipi6_addr))
				t->local_ifindex = p6.ipi6_ifindex;
		}
	}
}

static size_t put_pktinfo(const struct target *t, struct cmsghdr *c)
{
	struct in_pktinfo p4 = { 0 };
	struct in6_pktinfo p6 = { .ipi6_ifindex = t->local_ifindex };

	if (t->local.family == RW_FAMILY_IP4) {
		memcpy(&p4.ipi_spec_dst, t->local.bytes, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(p4));
		memcpy(CMSG_DATA(c), &p4, sizeof(p4));
		return CMSG_SPACE(sizeof(p4));
	}
	memcpy(&p6.ipi6_addr, t->local.bytes, 16);
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(p6));
	memcpy(CMSG_DATA(c), &p6, sizeof(p6));
	return CMSG_SPACE(sizeof(p6));
}

/* Name of a sender for cache, log and statistics. False when it has none: it cannot be answered. */
static bool source_name(const struct sockaddr_storage *from, socklen_t bytes, char *out)
{
	char text[RW_ENDPOINT_TEXT];
	struct rw_endpoint ep = { 0 };
	const struct sockaddr_un *un = (const void *)from;
	size_t n = bytes - offsetof(struct sockaddr_un, sun_path);

	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		ep.ip = rw_ip4(&in->sin_addr);
		ep.port_be = in->sin_port;
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		ep.ip = rw_ip6(&in6->sin6_addr);
		ep.port_be = in6->sin6_port;
	} else {
		if (bytes <= offsetof(struct sockaddr_un, sun_path))
			return false;
		/* an abstract name begins with a NUL and has no end but the length */
		snprintf(out, SOURCE_BYTES, "unix-dgram:%s%.*s", un->sun_path[0] ? "" : "@",
			 (int)(un->sun_path[0] ? n : n - 1),
			 un->sun_path[0] ? un->sun_path : un->sun_path + 1);
		return true;
	}
	snprintf(out, SOURCE_BYTES, "udp:%s", rw_endpoint_text(&ep, text));
	return true;
}

static void take(struct listener *l, struct msghdr *msg, size_t n)
{
	struct ngsock *s = l->sock;
	const struct sockaddr_storage *from = msg->msg_name;
	struct str cookie, body, datagram = { s->datagram, n };
	char source[SOURCE_BYTES];
	struct target *t;

	if (msg->msg_namelen < sizeof(sa_family_t) ||
	    !source_name(from, msg->msg_namelen, source)) {
		log_debug("%s: datagram of a socket without a name: cannot be answered", l->name);
		return;
	}
	if (ng_frame_datagram(datagram, l->kind == LISTEN_UNIX_DGRAM, &cookie, &body) != 0) {
		log_debug("%s: datagram without a cookie: not answered", source);
		return;
	}
	t = target_new(l, cookie);
	if (!t)
		return;
	memcpy(&t->peer, from, msg->msg_namelen);
	t->peer_bytes = msg->msg_namelen;
	take_pktinfo(t, msg);
	request_start(s, t, source, body);
}

void dgram_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct listener *l = io->data;

	(void)loop;
	(void)events;
	for (int i = 0; i < TURN_MAX; i++) {
		struct sockaddr_storage from;
		union control_buffer control;
		struct iovec data = { l->sock->datagram, DATAGRAM_BUFFER_BYTES };
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &data,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes),
		};
		ssize_t n = recvmsg(l->fd, &msg, 0);

		if (n >= 0)
			take(l, &msg, (size_t)n);
		else if (errno != EINTR)
			return;
	}
}

static void send_failed(const struct target *t)
{
	struct ngsock *s = t->listener->sock;

	if (errno == EACCES && t->listener->kind == LISTEN_UNIX_DGRAM && !s->warned_peer_mode) {
		s->warned_peer_mode = true;
		log_warning("%s: may not write to the client's socket: let it chmod its socket "
			    "file, or bind to an abstract name",
			    t->listener->name);
		return;
	}
	log_debug("%s: reply is lost: %s", t->listener->name, strerror(errno));
}

void dgram_reply(const struct target *t, struct str body)
{
	union control_buffer control = { 0 };
	struct iovec parts[3] = {
		{ (void *)t->cookie, t->cookie_bytes },
		{ (void *)" ", t->bare ? 0 : 1 },
		{ (void *)body.p, body.n },
	};
	struct msghdr msg = {
		.msg_name = (void *)&t->peer,
		.msg_namelen = t->peer_bytes,
		.msg_iov = parts,
		.msg_iovlen = 3,
	};

	if (t->local.family != RW_FAMILY_NONE) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = put_pktinfo(t, &control.align);
	}
	if (sendmsg(t->listener->fd, &msg, MSG_NOSIGNAL) < 0)
		send_failed(t);
}
