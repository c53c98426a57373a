/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route netlink messages taken apart (rtnetlink(7)). Pure; manager thread.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nlparse.h"

#define NUD_USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

#define FLAG_LOWER_UP 0x10000u /* IFF_LOWER_UP; its header and net/if.h exclude each other */

/* Attributes of a message or a nest by type; the last of a kind wins. */
struct attrs {
	const struct nlattr **table;
	uint16_t max;
};

static int collect(const struct nlattr *attr, void *data)
{
	struct attrs *a = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= a->max)
		a->table[type] = attr;
	return MNL_CB_OK;
}

static int parse_attrs(const struct nlmsghdr *nlh, size_t head_bytes, const struct nlattr **table,
		       uint16_t max)
{
	struct attrs a = { table, max };

	/* the kernel pads attributes; libmnl would look past the end of a length that is not */
	if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN + MNL_ALIGN(head_bytes) ||
	    nlh->nlmsg_len % MNL_ALIGNTO != 0)
		return -EINVAL;
	return mnl_attr_parse(nlh, (unsigned int)head_bytes, collect, &a) == MNL_CB_OK ? 0
										       : -EINVAL;
}

static int parse_nest(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	struct attrs a = { table, max };

	return mnl_attr_parse_nested(nest, collect, &a) == MNL_CB_OK ? 0 : -EINVAL;
}

/* The least payload is checked, so the mnl getters below never read past an attribute. */
static bool has_bytes(const struct nlattr *attr, size_t bytes)
{
	return attr && mnl_attr_get_payload_len(attr) >= bytes;
}

static int get_ip(int family, const struct nlattr *attr, struct rw_ip *out)
{
	if (family == AF_INET && has_bytes(attr, 4))
		*out = rw_ip4(mnl_attr_get_payload(attr));
	else if (family == AF_INET6 && has_bytes(attr, 16))
		*out = rw_ip6(mnl_attr_get_payload(attr));
	else
		return -EINVAL;
	return 0;
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	size_t len = strlen(text);

	return has_bytes(attr, len) && memcmp(mnl_attr_get_payload(attr), text, len) == 0 &&
	       (mnl_attr_get_payload_len(attr) == len ||
		((const char *)mnl_attr_get_payload(attr))[len] == '\0');
}

/* IFLA_LINKINFO of a VLAN sub-interface. */
static void parse_vlan(const struct nlattr *info, struct nl_link *out)
{
	const struct nlattr *kinds[IFLA_INFO_MAX + 1] = { NULL };
	const struct nlattr *data[IFLA_VLAN_MAX + 1] = { NULL };

	if (parse_nest(info, kinds, IFLA_INFO_MAX) < 0 || !text_is(kinds[IFLA_INFO_KIND], "vlan") ||
	    !kinds[IFLA_INFO_DATA] || parse_nest(kinds[IFLA_INFO_DATA], data, IFLA_VLAN_MAX) < 0)
		return;
	if (has_bytes(data[IFLA_VLAN_ID], 2))
		out->vlan = mnl_attr_get_u16(data[IFLA_VLAN_ID]) & 0xfff;
	/* 802.1ad tags are not ours to write: leave it a link we know nothing about */
	if (has_bytes(data[IFLA_VLAN_PROTOCOL], 2) &&
	    mnl_attr_get_u16(data[IFLA_VLAN_PROTOCOL]) != htons(0x8100))
		out->vlan = 0;
}

int nl_parse_link(const struct nlmsghdr *nlh, struct nl_link *out)
{
	const struct nlattr *tb[IFLA_MAX + 1] = { NULL };
	const struct ifinfomsg *head;

	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    parse_attrs(nlh, sizeof(*head), tb, IFLA_MAX) < 0)
		return -EINVAL;
	head = mnl_nlmsg_get_payload(nlh);
	/* a bridge tells of its ports by link messages of its own family: not the links */
	if (head->ifi_family != AF_UNSPEC || head->ifi_index <= 0)
		return -EINVAL;
	memset(out, 0, sizeof(*out)); /* padding too: mirror.c compares whole structs */
	out->ifindex = head->ifi_index;
	out->up = head->ifi_flags & IFF_UP;
	out->carrier = head->ifi_flags & FLAG_LOWER_UP;
	if (has_bytes(tb[IFLA_MTU], 4))
		out->mtu = mnl_attr_get_u32(tb[IFLA_MTU]);
	if (has_bytes(tb[IFLA_ADDRESS], 6))
		memcpy(out->mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), 6);
	if (tb[IFLA_IFNAME])
		memcpy(out->name, mnl_attr_get_payload(tb[IFLA_IFNAME]),
		       mnl_attr_get_payload_len(tb[IFLA_IFNAME]) < IFNAMSIZ - 1
			       ? mnl_attr_get_payload_len(tb[IFLA_IFNAME])
			       : IFNAMSIZ - 1);
	if (tb[IFLA_LINKINFO])
		parse_vlan(tb[IFLA_LINKINFO], out);
	if (out->vlan && has_bytes(tb[IFLA_LINK], 4))
		out->lower = (int)mnl_attr_get_u32(tb[IFLA_LINK]);
	return 0;
}

int nl_parse_addr(const struct nlmsghdr *nlh, struct nl_addr *out)
{
	const struct nlattr *tb[IFA_MAX + 1] = { NULL };
	const struct ifaddrmsg *head;

	if ((nlh->nlmsg_type != RTM_NEWADDR && nlh->nlmsg_type != RTM_DELADDR) ||
	    parse_attrs(nlh, sizeof(*head), tb, IFA_MAX) < 0)
		return -EINVAL;
	head = mnl_nlmsg_get_payload(nlh);
	out->ifindex = (int)head->ifa_index;
	/* on a point-to-point link IFA_ADDRESS is the other end */
	return get_ip(head->ifa_family, tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], &out->ip);
}

int nl_parse_neigh(const struct nlmsghdr *nlh, struct nl_neigh *out)
{
	const struct nlattr *tb[NDA_MAX + 1] = { NULL };
	const struct ndmsg *head;

	if ((nlh->nlmsg_type != RTM_NEWNEIGH && nlh->nlmsg_type != RTM_DELNEIGH) ||
	    parse_attrs(nlh, sizeof(*head), tb, NDA_MAX) < 0)
		return -EINVAL;
	head = mnl_nlmsg_get_payload(nlh);
	*out = (struct nl_neigh){ .ifindex = head->ndm_ifindex };
	if (get_ip(head->ndm_family, tb[NDA_DST], &out->ip) < 0)
		return -EINVAL;
	if (nlh->nlmsg_type == RTM_DELNEIGH)
		return 0;
	out->failed = head->ndm_state & NUD_FAILED;
	if ((head->ndm_state & NUD_USABLE) && has_bytes(tb[NDA_LLADDR], 6)) {
		out->usable = true;
		memcpy(out->mac, mnl_attr_get_payload(tb[NDA_LLADDR]), 6);
	}
	return 0;
}

/* RTA_VIA: a gateway of another family than the route's, as with IPv4 routes over IPv6 next hops. */
static void parse_via(const struct nlattr *attr, struct rw_ip *out)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);

	if (has_bytes(attr, sizeof(*via) + 16) && via->rtvia_family == AF_INET6)
		*out = rw_ip6(via->rtvia_addr);
	else if (has_bytes(attr, sizeof(*via) + 4) && via->rtvia_family == AF_INET)
		*out = rw_ip4(via->rtvia_addr);
}

int nl_parse_route(const struct nlmsghdr *nlh, struct nl_route *out)
{
	const struct nlattr *tb[RTA_MAX + 1] = { NULL };
	const struct nlattr *metrics[RTAX_MAX + 1] = { NULL };
	const struct rtmsg *head;

	if (nlh->nlmsg_type != RTM_NEWROUTE || parse_attrs(nlh, sizeof(*head), tb, RTA_MAX) < 0)
		return -EINVAL;
	head = mnl_nlmsg_get_payload(nlh);
	*out = (struct nl_route){ .usable = false };
	if (has_bytes(tb[RTA_OIF], 4))
		out->ifindex = (int)mnl_attr_get_u32(tb[RTA_OIF]);
	out->usable = head->rtm_type == RTN_UNICAST && out->ifindex > 0;
	if (tb[RTA_GATEWAY] && get_ip(head->rtm_family, tb[RTA_GATEWAY], &out->gateway) < 0)
		return -EINVAL;
	if (tb[RTA_VIA])
		parse_via(tb[RTA_VIA], &out->gateway);
	if (tb[RTA_METRICS] && parse_nest(tb[RTA_METRICS], metrics, RTAX_MAX) == 0 &&
	    has_bytes(metrics[RTAX_MTU], 4))
		out->mtu = mnl_attr_get_u32(metrics[RTAX_MTU]);
	return 0;
}
