/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of rtpwire-peer: one per port, as real phones have. Program's only thread.
 */
#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/clock.h"

#include "peer.h"

#define RECEIVE_BUFFERS_BYTES (1 << 28) /* of all sockets; the kernel takes what is used only */
#define RECEIVE_BUFFER_BYTES_MIN (1 << 20) /* of one: ten seconds of a call */
#define RECEIVE_BUFFER_BYTES_MAX                                                                   \
	(1 << 25) /* the same when a test talks at 5,000 packets a second */
#define SEND_BURST 32u /* then look at the receive side again */
#define RECEIVE_BATCH 16u
#define EVENTS_MAX 256

union address {
	struct sockaddr any;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

static socklen_t address_from(const struct rw_endpoint *ep, union address *out)
{
	memset(out, 0, sizeof(*out));
	if (ep->ip.family == RW_FAMILY_IP6) {
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = ep->port_be;
		memcpy(&out->in6.sin6_addr, ep->ip.bytes, 16);
		return sizeof(out->in6);
	}
	out->in4.sin_family = AF_INET;
	out->in4.sin_port = ep->port_be;
	memcpy(&out->in4.sin_addr, ep->ip.bytes, 4);
	return sizeof(out->in4);
}

static struct rw_endpoint address_to(const union address *a)
{
	struct rw_endpoint ep = { 0 };

	if (a->any.sa_family == AF_INET6) {
		ep.ip = rw_ip6(&a->in6.sin6_addr);
		ep.port_be = a->in6.sin6_port;
	} else {
		ep.ip = rw_ip4(&a->in4.sin_addr);
		ep.port_be = a->in4.sin_port;
	}
	return ep;
}

static int receive_buffer_bytes(unsigned int streams)
{
	unsigned int share = RECEIVE_BUFFERS_BYTES / (streams ? streams : 1);

	if (share > RECEIVE_BUFFER_BYTES_MAX)
		return RECEIVE_BUFFER_BYTES_MAX;
	return share < RECEIVE_BUFFER_BYTES_MIN ? RECEIVE_BUFFER_BYTES_MIN : (int)share;
}

static void set_options(const struct peer *p, int fd, sa_family_t family)
{
	int size = receive_buffer_bytes(p->stream_count), on = 1, tos = p->tos;

	/* Best effort: FORCE needs root, timestamps only make the measurement finer. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	}
}

/* epoll data: the socket, the stream and whether it is the stream's RTCP port. */
static uint64_t tag_make(int fd, unsigned int stream, bool rtcp)
{
	return (uint64_t)(unsigned int)fd << 32 | (uint64_t)stream << 1 | rtcp;
}

/* Returns a bound socket in the epoll set, or -errno after a message. */
static int open_one(const struct peer *p, const struct rw_endpoint *at, unsigned int stream,
		    bool rtcp)
{
	struct epoll_event ev = { .events = EPOLLIN };
	char text[RW_ENDPOINT_TEXT];
	union address a;
	socklen_t len = address_from(at, &a);
	int fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = errno;

	if (fd >= 0) {
		ev.data.u64 = tag_make(fd, stream, rtcp);
		set_options(p, fd, a.any.sa_family);
		if (bind(fd, &a.any, len) == 0 &&
		    epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0)
			return fd;
		err = errno;
		close(fd);
	}
	fprintf(stderr, "rtpwire-peer: cannot listen on %s: %s\n", rw_endpoint_text(at, text),
		strerror(err));
	return -err;
}

static void raise_file_limit(unsigned int files)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur >= files)
		return;
	lim.rlim_cur = files;
	if (lim.rlim_max < files)
		lim.rlim_max = files;
	if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
		fprintf(stderr, "rtpwire-peer: cannot raise the limit of open files to %u: %s\n",
			files, strerror(errno));
}

int net_open(struct peer *p)
{
	raise_file_limit(2 * p->stream_count + 32);
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd < 0) {
		fprintf(stderr, "rtpwire-peer: epoll: %s\n", strerror(errno));
		return -EIO;
	}
	for (unsigned int i = 0; i < p->stream_count; i++) {
		struct stream *s = &p->streams[i];

		s->fd = open_one(p, &s->local, i, false);
		if (s->fd < 0)
			return s->fd;
		if (s->mux || s->local_rtcp.port_be == 0)
			continue;
		s->rtcp_fd = open_one(p, &s->local_rtcp, i, true);
		if (s->rtcp_fd < 0)
			return s->rtcp_fd;
	}
	return 0;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

int net_move(struct peer *p, struct stream *s, const struct rw_endpoint *at,
	     const struct rw_endpoint *rtcp_at)
{
	unsigned int i = (unsigned int)(s - p->streams);
	int fd = open_one(p, at, i, false), rtcp_fd = -1;

	if (fd < 0)
		return -EADDRNOTAVAIL;
	if (!s->mux && rtcp_at->port_be) {
		rtcp_fd = open_one(p, rtcp_at, i, true);
		if (rtcp_fd < 0) {
			close(fd);
			return -EADDRNOTAVAIL;
		}
	}
	close_one(s->moved_fd);
	close_one(s->moved_rtcp_fd);
	s->moved_fd = s->fd;
	s->moved_rtcp_fd = s->rtcp_fd;
	s->fd = fd;
	s->rtcp_fd = rtcp_fd;
	s->local = *at;
	s->local_rtcp = *rtcp_at;
	return 0;
}

/* 0, or -errno. ICMP errors of earlier packets show up here too; they belong to no packet, so send again. */
static int send_to(int fd, const uint8_t *p, size_t n, const struct rw_endpoint *to)
{
	union address a;
	socklen_t len = address_from(to, &a);

	for (int tries = 0; tries < 3; tries++) {
		if (sendto(fd, p, n, 0, &a.any, len) == (ssize_t)n)
			return 0;
		if (errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != EINTR)
			break;
	}
	return -errno;
}

static void send_media(struct stream *s)
{
	struct wire_tag tag = { s->id, s->number, rw_clock_ns(CLOCK_REALTIME), s->ssrc,
				s->rtp_seq };
	_Alignas(8) uint8_t packet[WIRE_BYTES_MAX + SECURE_TRAILER_BYTES];
	size_t n;

	if (tag.seq >= WIRE_SEQ_MAX)
		return;
	n = wire_media_make(packet, s->kind, &tag);
	if (s->tx && secure_protect(s->tx, false, packet, &n) < 0) {
		s->send_errors++;
		return;
	}
	/*
	 * A plain packet that the kernel refused keeps its number: the next one sends it. An SRTP number must not
	 * be used for two packets (RFC 3711 section 9.1).
	 */
	if (send_to(s->fd, packet, n, &s->remote) < 0) {
		s->send_errors++;
		if (!s->tx)
			return;
	} else {
		s->sent++;
	}
	s->number++;
	s->rtp_seq++;
}

static void send_rtcp(struct stream *s)
{
	struct wire_tag tag = { s->id, s->rtcp_number, rw_clock_ns(CLOCK_REALTIME), s->ssrc, 0 };
	const struct rw_endpoint *to = s->mux ? &s->remote : &s->remote_rtcp;
	int fd = s->mux ? s->fd : s->rtcp_fd;
	_Alignas(8) uint8_t packet[WIRE_RTCP_BYTES + SECURE_TRAILER_BYTES];
	size_t n;

	if (fd < 0 || to->port_be == 0 || s->kind != WIRE_RTP)
		return;
	n = wire_rtcp_make(packet, &tag, (uint32_t)s->sent, (uint32_t)(s->sent * WIRE_SAMPLES));
	if ((s->tx && secure_protect(s->tx, true, packet, &n) < 0) ||
	    send_to(fd, packet, n, to) < 0) {
		s->send_errors++;
		return;
	}
	s->rtcp_number++;
	s->rtcp_sent++;
}

/*
 * Packets are spread evenly: of n streams with interval t, one is due every t / n, in the order of the
 * list. So the number of packets due is a division, and no timer per stream is needed.
 */
static uint64_t due(const struct peer *p, uint64_t now_ns, uint64_t interval_ns)
{
	if (interval_ns == 0 || now_ns < p->start_ns)
		return 0;
	return (uint64_t)((double)(now_ns - p->start_ns) * p->stream_count / (double)interval_ns) +
	       1;
}

bool net_send_due(struct peer *p, uint64_t now_ns)
{
	uint64_t media_due = due(p, now_ns, p->interval_ns);
	uint64_t rtcp_due = due(p, now_ns, p->rtcp_interval_ns);

	for (unsigned int n = 0; n < SEND_BURST && p->turn < media_due; n++, p->turn++) {
		struct stream *s = &p->streams[p->turn % p->stream_count];

		if (s->send)
			send_media(s);
	}
	for (unsigned int n = 0; n < SEND_BURST && p->rtcp_turn < rtcp_due; n++, p->rtcp_turn++) {
		struct stream *s = &p->streams[p->rtcp_turn % p->stream_count];

		if (s->send)
			send_rtcp(s);
	}
	return p->turn < media_due || p->rtcp_turn < rtcp_due;
}

/* Arrival time that the kernel noted, else now. */
static uint64_t arrival_ns(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	}
	return rw_clock_ns(CLOCK_REALTIME);
}

/* Returns the number of datagrams read. */
static unsigned int receive_batch(struct stream *s, int fd, bool rtcp_port)
{
	static _Alignas(8) uint8_t data[RECEIVE_BATCH][2048];
	static union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control[RECEIVE_BATCH];
	union address from[RECEIVE_BATCH];
	struct iovec iov[RECEIVE_BATCH];
	struct mmsghdr msgs[RECEIVE_BATCH];
	int n;

	for (unsigned int i = 0; i < RECEIVE_BATCH; i++) {
		iov[i] = (struct iovec){ data[i], sizeof(data[i]) };
		msgs[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
						   .msg_namelen = sizeof(from[i]),
						   .msg_iov = &iov[i],
						   .msg_iovlen = 1,
						   .msg_control = &control[i],
						   .msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(fd, msgs, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct rw_endpoint source = address_to(&from[i]);

		count_packet(s, rtcp_port, data[i], msgs[i].msg_len, &source,
			     arrival_ns(&msgs[i].msg_hdr));
	}
	return n < 0 ? 0 : (unsigned int)n;
}

void net_receive(struct peer *p)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(p->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		uint64_t tag = events[i].data.u64;

		while (receive_batch(&p->streams[(uint32_t)tag >> 1], (int)(tag >> 32), tag & 1) ==
		       RECEIVE_BATCH)
			;
	}
}

void net_close(struct peer *p)
{
	for (unsigned int i = 0; i < p->stream_count; i++) {
		close_one(p->streams[i].fd);
		close_one(p->streams[i].rtcp_fd);
		close_one(p->streams[i].moved_fd);
		close_one(p->streams[i].moved_rtcp_fd);
	}
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
}
