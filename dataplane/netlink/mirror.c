/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mirror of the kernel's links and addresses, and questions about routes and neighbours.
 * Manager thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../log.h"
#include "mirror.h"

#define READ_BYTES 32768 /* what libmnl and iproute2 use; the kernel fills at most this a read */
#define READS_A_TURN 32
#define NOTIFY_BUFFER_BYTES (4 << 20)

struct mirror {
	struct mnl_socket *ask;
	struct mnl_socket *notify;
	uint32_t seq;
	struct mirror_listener listener;
	struct nl_link *links;
	size_t link_count, link_room;
	struct nl_addr *addrs;
	size_t addr_count, addr_room;
	_Alignas(8) char notices[READ_BYTES];
	_Alignas(8) char answers[READ_BYTES]; /* its own: listeners ask while notices are read */
};

/* Makes room for one more element. 0 or -ENOMEM. */
static int grow(void **array, size_t count, size_t *room, size_t element_bytes)
{
	size_t want = *room ? *room * 2 : 16;
	void *p;

	if (count < *room)
		return 0;
	p = realloc(*array, want * element_bytes);
	if (!p)
		return -ENOMEM;
	*array = p;
	*room = want;
	return 0;
}

static struct nl_link *find_link(const struct mirror *m, int ifindex)
{
	for (size_t i = 0; i < m->link_count; i++)
		if (m->links[i].ifindex == ifindex)
			return &m->links[i];
	return NULL;
}

/* True when the message changed something that a frame depends on. */
static bool update_link(struct mirror *m, const struct nlmsghdr *nlh)
{
	struct nl_link link, *have;

	if (nl_parse_link(nlh, &link) < 0)
		return false;
	have = find_link(m, link.ifindex);
	if (nlh->nlmsg_type == RTM_DELLINK) {
		if (have)
			*have = m->links[--m->link_count];
		return have;
	}
	if (!have) {
		if (grow((void **)&m->links, m->link_count, &m->link_room, sizeof(link)) < 0)
			return false;
		have = &m->links[m->link_count++];
		*have = (struct nl_link){ 0 };
	}
	/* statistics come as link messages too: they are no change */
	if (memcmp(have, &link, sizeof(link)) == 0)
		return false;
	*have = link;
	return true;
}

static bool update_addr(struct mirror *m, const struct nlmsghdr *nlh)
{
	struct nl_addr addr;
	size_t i;

	if (nl_parse_addr(nlh, &addr) < 0)
		return false;
	for (i = 0; i < m->addr_count; i++)
		if (m->addrs[i].ifindex == addr.ifindex && rw_ip_equal(&m->addrs[i].ip, &addr.ip))
			break;
	if (nlh->nlmsg_type == RTM_DELADDR) {
		if (i == m->addr_count)
			return false;
		m->addrs[i] = m->addrs[--m->addr_count];
		return true;
	}
	if (i < m->addr_count)
		return false;
	if (grow((void **)&m->addrs, m->addr_count, &m->addr_room, sizeof(addr)) < 0)
		return false;
	m->addrs[m->addr_count++] = addr;
	return true;
}

static void tell_routes(struct mirror *m)
{
	if (m->listener.routes)
		m->listener.routes(m->listener.arg);
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct mirror *m = data;
	struct nl_neigh n;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (update_link(m, nlh))
			tell_routes(m);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (update_addr(m, nlh))
			tell_routes(m);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
	case RTM_NEWRULE:
	case RTM_DELRULE:
		tell_routes(m);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (m->listener.neigh && nl_parse_neigh(nlh, &n) == 0)
			m->listener.neigh(m->listener.arg, &n);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/*
 * Reads the answer to a question: calls cb for each data message. 0 when the kernel said it is all or
 * acknowledged, -errno that the kernel answered, -EAGAIN when nothing is there.
 */
static int answer(struct mirror *m, mnl_cb_t cb, void *data)
{
	unsigned int portid = mnl_socket_get_portid(m->ask);

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(m->ask, m->answers, sizeof(m->answers));
		int rc;

		if (n < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		rc = mnl_cb_run(m->answers, (size_t)n, m->seq, portid, cb, data);
		if (rc == MNL_CB_STOP)
			return 0;
		/* EPROTO, ESRCH: the answer to an older question, come late */
		if (rc < 0 && errno != EPROTO && errno != ESRCH)
			return -errno;
	}
}

static int ask(struct mirror *m, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	nlh->nlmsg_seq = ++m->seq;
	if (mnl_socket_sendto(m->ask, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return answer(m, cb, data);
}

static int dump(struct mirror *m, uint16_t type)
{
	char buf[64] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* the longest of the three heads; family unspecified means all */
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return ask(m, nlh, on_message, m);
}

/* Reads links and addresses anew. 0 or -errno. */
static int resync(struct mirror *m)
{
	int rc = 0;

	/* EINTR: something changed under the dump, which is then not to be relied on */
	for (int tries = 0; tries < 5; tries++) {
		m->link_count = 0;
		m->addr_count = 0;
		rc = dump(m, RTM_GETLINK);
		if (rc == 0)
			rc = dump(m, RTM_GETADDR);
		if (rc != -EINTR)
			break;
	}
	return rc;
}

static int open_socket(struct mnl_socket **out, unsigned int groups)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int err;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
		err = errno;
		mnl_socket_close(s);
		return -err;
	}
	*out = s;
	return 0;
}

static int open_notify(struct mirror *m)
{
	static const int bytes = NOTIFY_BUFFER_BYTES;
	int rc = open_socket(&m->notify, RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR |
						 RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
						 RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
						 (1u << (RTNLGRP_IPV6_RULE - 1)));

	if (rc < 0)
		return rc;
	/* needs CAP_NET_ADMIN; a smaller buffer only means resyncs more often */
	if (setsockopt(mnl_socket_get_fd(m->notify), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
		       sizeof(bytes)) < 0)
		log_debug("netlink: notification buffer stays at its default: %m");
	return 0;
}

int mirror_new(struct mirror **out)
{
	struct mirror *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return -ENOMEM;
	m->seq = (uint32_t)time(NULL);
	rc = open_notify(m);
	if (rc == 0)
		rc = open_socket(&m->ask, 0);
	if (rc == 0)
		rc = resync(m);
	if (rc < 0) {
		mirror_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void mirror_free(struct mirror *m)
{
	if (!m)
		return;
	if (m->ask)
		mnl_socket_close(m->ask);
	if (m->notify)
		mnl_socket_close(m->notify);
	free(m->links);
	free(m->addrs);
	free(m);
}

void mirror_listen(struct mirror *m, const struct mirror_listener *l)
{
	m->listener = *l;
}

int mirror_fd(const struct mirror *m)
{
	return mnl_socket_get_fd(m->notify);
}

/* Messages were lost (the kernel says ENOBUFS): nothing is known for sure any more. */
static void recover(struct mirror *m)
{
	int rc = resync(m);

	log_warning("netlink: notifications were lost, reading everything again%s%s",
		    rc < 0 ? "; reading links failed: " : "", rc < 0 ? strerror(-rc) : "");
	tell_routes(m);
	if (m->listener.lost)
		m->listener.lost(m->listener.arg);
}

bool mirror_read(struct mirror *m)
{
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = mnl_socket_recvfrom(m->notify, m->notices, sizeof(m->notices));

		if (n < 0 && errno == ENOBUFS)
			recover(m);
		else if (n <= 0)
			return false;
		else
			mnl_cb_run(m->notices, (size_t)n, 0, 0, on_message, m);
	}
	return true;
}

const struct nl_link *mirror_link(const struct mirror *m, int ifindex)
{
	return find_link(m, ifindex);
}

const struct nl_link *mirror_link_by_name(const struct mirror *m, const char *name)
{
	for (size_t i = 0; i < m->link_count; i++)
		if (strcmp(m->links[i].name, name) == 0)
			return &m->links[i];
	return NULL;
}

int mirror_addr_ifindex(const struct mirror *m, const struct rw_ip *ip)
{
	for (size_t i = 0; i < m->addr_count; i++)
		if (rw_ip_equal(&m->addrs[i].ip, ip))
			return m->addrs[i].ifindex;
	return 0;
}

static uint8_t kernel_family(const struct rw_ip *ip)
{
	return ip->family == RW_FAMILY_IP6 ? AF_INET6 : AF_INET;
}

static void put_ip(struct nlmsghdr *nlh, uint16_t type, const struct rw_ip *ip)
{
	mnl_attr_put(nlh, type, ip->family == RW_FAMILY_IP6 ? 16 : 4, ip->bytes);
}

/* What cannot be understood is as good as no route. */
static int on_route(const struct nlmsghdr *nlh, void *data)
{
	struct nl_route *out = data;

	if (nl_parse_route(nlh, out) < 0)
		*out = (struct nl_route){ .usable = false };
	return MNL_CB_STOP;
}

static int ask_route(struct mirror *m, const struct rw_ip *dst, const struct rw_ip *src,
		     struct nl_route *out)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = kernel_family(dst);
	rtm->rtm_dst_len = dst->family == RW_FAMILY_IP6 ? 128 : 32;
	put_ip(nlh, RTA_DST, dst);
	if (src) {
		rtm->rtm_src_len = rtm->rtm_dst_len;
		put_ip(nlh, RTA_SRC, src);
	}
	return ask(m, nlh, on_route, out);
}

int mirror_route(struct mirror *m, const struct rw_ip *dst, const struct rw_ip *src,
		 struct nl_route *out)
{
	int rc = -EINVAL;

	if (src && src->family == dst->family)
		rc = ask_route(m, dst, src, out);
	/* EINVAL: src is not an address of this host (any more) */
	if (rc == -EINVAL)
		rc = ask_route(m, dst, NULL, out);
	if (rc == -EAGAIN || rc == -ENOBUFS)
		return -EAGAIN;
	if (rc < 0) /* unreachable, blackhole, prohibited */
		*out = (struct nl_route){ .usable = false };
	return 0;
}

static int on_neigh(const struct nlmsghdr *nlh, void *data)
{
	struct nl_neigh *out = data;

	if (nl_parse_neigh(nlh, out) < 0)
		*out = (struct nl_neigh){ .usable = false };
	return MNL_CB_STOP;
}

static struct nlmsghdr *neigh_request(char *buf, uint16_t type, int ifindex, const struct rw_ip *ip,
				      struct ndmsg **out)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	*out = mnl_nlmsg_put_extra_header(nlh, sizeof(**out));
	(*out)->ndm_family = kernel_family(ip);
	(*out)->ndm_ifindex = ifindex;
	put_ip(nlh, NDA_DST, ip);
	return nlh;
}

int mirror_neigh(struct mirror *m, int ifindex, const struct rw_ip *ip, struct nl_neigh *out)
{
	char buf[256] __attribute__((aligned(8)));
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = neigh_request(buf, RTM_GETNEIGH, ifindex, ip, &ndm);
	int rc;

	nlh->nlmsg_flags = NLM_F_REQUEST;
	rc = ask(m, nlh, on_neigh, out);
	if (rc == -EAGAIN || rc == -ENOBUFS)
		return -EAGAIN;
	if (rc < 0) /* ENOENT: the kernel has no entry */
		*out = (struct nl_neigh){ .ifindex = ifindex, .ip = *ip };
	return 0;
}

int mirror_resolve(struct mirror *m, int ifindex, const struct rw_ip *ip)
{
	char buf[256] __attribute__((aligned(8)));
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = neigh_request(buf, RTM_NEWNEIGH, ifindex, ip, &ndm);

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	ndm->ndm_flags = NTF_USE;
	return ask(m, nlh, NULL, NULL);
}
