/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route netlink messages taken apart into plain structs. Pure; no socket, no DPDK.
 *
 * Every parser takes a message whose nlmsg_len lies inside its buffer (mnl_nlmsg_ok), returns 0 and
 * *out, or -EINVAL when the message is too short, of another type or malformed (then *out is
 * undefined).
 */
#ifndef RTPWIRE_DATAPLANE_NLPARSE_H
#define RTPWIRE_DATAPLANE_NLPARSE_H

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/addr.h"

struct nl_link {
	int ifindex;
	int lower; /* interface that a VLAN sits on, 0 = none */
	uint16_t vlan; /* 802.1Q id; 0 = not a VLAN sub-interface */
	uint32_t mtu; /* bytes */
	bool up; /* IFF_UP */
	bool carrier; /* something is at the other end */
	uint8_t mac[6];
	char name[IFNAMSIZ];
};

struct nl_addr {
	int ifindex;
	struct rw_ip ip;
};

struct nl_neigh {
	int ifindex;
	struct rw_ip ip;
	bool usable; /* mac is valid: reachable, stale, delay, probe, permanent or noarp */
	bool failed; /* the kernel asked and nobody answered */
	uint8_t mac[6];
};

struct nl_route {
	bool usable; /* unicast with an output interface */
	int ifindex; /* of the way out */
	struct rw_ip gateway; /* NONE = destination is on the link */
	uint32_t mtu; /* of the route, bytes; 0 = the link's */
};

int nl_parse_link(const struct nlmsghdr *nlh, struct nl_link *out); /* RTM_NEWLINK, RTM_DELLINK */
int nl_parse_addr(const struct nlmsghdr *nlh, struct nl_addr *out); /* RTM_NEWADDR, RTM_DELADDR */
int nl_parse_neigh(const struct nlmsghdr *nlh, struct nl_neigh *out); /* RTM_NEWNEIGH, ...DEL... */
int nl_parse_route(const struct nlmsghdr *nlh, struct nl_route *out); /* RTM_NEWROUTE */

#endif
