/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route netlink messages, put together as the kernel does, and broken ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nlparse.h"

static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };

struct message {
	struct nlmsghdr *nlh;
	char buf[512] __attribute__((aligned(8)));
};

static void *begin(struct message *m, uint16_t type, size_t head_bytes)
{
	m->nlh = mnl_nlmsg_put_header(m->buf);
	m->nlh->nlmsg_type = type;
	return mnl_nlmsg_put_extra_header(m->nlh, head_bytes);
}

static struct rw_ip ip(const char *text)
{
	struct rw_ip out;

	assert_int_equal(rw_ip_parse(text, &out), 0);
	return out;
}

static void put_ip(struct message *m, uint16_t type, const char *text)
{
	struct rw_ip a = ip(text);

	mnl_attr_put(m->nlh, type, a.family == RW_FAMILY_IP4 ? 4 : 16, a.bytes);
}

static void begin_link(struct message *m, int ifindex)
{
	struct ifinfomsg *head = begin(m, RTM_NEWLINK, sizeof(*head));

	head->ifi_index = ifindex;
	head->ifi_flags = IFF_UP | 0x10000; /* IFF_LOWER_UP */
	mnl_attr_put_strz(m->nlh, IFLA_IFNAME, "eth0.100");
	mnl_attr_put_u32(m->nlh, IFLA_MTU, 1400);
	mnl_attr_put(m->nlh, IFLA_ADDRESS, 6, mac);
}

static void put_vlan(struct message *m, const char *kind, uint16_t id, uint16_t protocol)
{
	struct nlattr *info = mnl_attr_nest_start(m->nlh, IFLA_LINKINFO);
	struct nlattr *data;

	mnl_attr_put_strz(m->nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(m->nlh, IFLA_INFO_DATA);
	mnl_attr_put_u16(m->nlh, IFLA_VLAN_ID, id);
	mnl_attr_put_u16(m->nlh, IFLA_VLAN_PROTOCOL, htons(protocol));
	mnl_attr_nest_end(m->nlh, data);
	mnl_attr_nest_end(m->nlh, info);
	mnl_attr_put_u32(m->nlh, IFLA_LINK, 3);
}

static void test_link(void **state)
{
	struct message m;
	struct nl_link l;

	(void)state;
	begin_link(&m, 7);
	put_vlan(&m, "vlan", 100, 0x8100);
	assert_int_equal(nl_parse_link(m.nlh, &l), 0);
	assert_int_equal(l.ifindex, 7);
	assert_int_equal(l.mtu, 1400);
	assert_int_equal(l.vlan, 100);
	assert_int_equal(l.lower, 3);
	assert_true(l.up);
	assert_true(l.carrier);
	assert_memory_equal(l.mac, mac, 6);
	assert_string_equal(l.name, "eth0.100");
}

static void test_link_that_is_no_vlan(void **state)
{
	struct message m;
	struct nl_link l;

	(void)state;
	begin_link(&m, 7);
	put_vlan(&m, "vlan", 100, 0x88a8); /* 802.1ad */
	assert_int_equal(nl_parse_link(m.nlh, &l), 0);
	assert_int_equal(l.vlan, 0);
	assert_int_equal(l.lower, 0);
	begin_link(&m, 7);
	put_vlan(&m, "vlanish", 100, 0x8100);
	assert_int_equal(nl_parse_link(m.nlh, &l), 0);
	assert_int_equal(l.vlan, 0);
}

static void test_link_of_a_bridge(void **state)
{
	struct message m;
	struct nl_link l;
	struct ifinfomsg *head = begin(&m, RTM_DELLINK, sizeof(*head));

	(void)state;
	head->ifi_family = AF_BRIDGE;
	head->ifi_index = 7;
	assert_int_equal(nl_parse_link(m.nlh, &l), -EINVAL);
}

static void test_addr(void **state)
{
	struct message m;
	struct nl_addr a;
	struct ifaddrmsg *head = begin(&m, RTM_NEWADDR, sizeof(*head));
	struct rw_ip local = ip("10.0.0.1"), v6 = ip("2001:db8::1");

	(void)state;
	head->ifa_family = AF_INET;
	head->ifa_index = 4;
	put_ip(&m, IFA_ADDRESS, "10.0.0.2"); /* the other end of a point-to-point link */
	put_ip(&m, IFA_LOCAL, "10.0.0.1");
	assert_int_equal(nl_parse_addr(m.nlh, &a), 0);
	assert_int_equal(a.ifindex, 4);
	assert_true(rw_ip_equal(&a.ip, &local));
	head = begin(&m, RTM_DELADDR, sizeof(*head));
	head->ifa_family = AF_INET6;
	put_ip(&m, IFA_ADDRESS, "2001:db8::1");
	assert_int_equal(nl_parse_addr(m.nlh, &a), 0);
	assert_true(rw_ip_equal(&a.ip, &v6));
	head = begin(&m, RTM_NEWADDR, sizeof(*head));
	head->ifa_family = AF_INET6; /* but the address is too short */
	put_ip(&m, IFA_ADDRESS, "10.0.0.1");
	assert_int_equal(nl_parse_addr(m.nlh, &a), -EINVAL);
}

static struct nl_neigh neigh(uint16_t type, uint16_t nud, bool with_mac)
{
	struct message m;
	struct nl_neigh n;
	struct ndmsg *head = begin(&m, type, sizeof(*head));

	head->ndm_family = AF_INET;
	head->ndm_ifindex = 4;
	head->ndm_state = nud;
	put_ip(&m, NDA_DST, "10.0.0.9");
	if (with_mac)
		mnl_attr_put(m.nlh, NDA_LLADDR, 6, mac);
	assert_int_equal(nl_parse_neigh(m.nlh, &n), 0);
	assert_int_equal(n.ifindex, 4);
	return n;
}

static void test_neigh(void **state)
{
	static const uint16_t usable[] = { NUD_REACHABLE, NUD_STALE,	 NUD_DELAY,
					   NUD_PROBE,	  NUD_PERMANENT, NUD_NOARP };
	struct nl_neigh n;

	(void)state;
	for (size_t i = 0; i < sizeof(usable) / sizeof(usable[0]); i++) {
		n = neigh(RTM_NEWNEIGH, usable[i], true);
		assert_true(n.usable);
		assert_memory_equal(n.mac, mac, 6);
		assert_false(neigh(RTM_NEWNEIGH, usable[i], false).usable);
	}
	assert_false(neigh(RTM_NEWNEIGH, NUD_INCOMPLETE, true).usable);
	n = neigh(RTM_NEWNEIGH, NUD_FAILED, true);
	assert_false(n.usable);
	assert_true(n.failed);
	n = neigh(RTM_DELNEIGH, NUD_REACHABLE, true);
	assert_false(n.usable || n.failed);
}

static void begin_route(struct message *m, uint8_t family, uint8_t type)
{
	struct rtmsg *head = begin(m, RTM_NEWROUTE, sizeof(*head));

	head->rtm_family = family;
	head->rtm_type = type;
	mnl_attr_put_u32(m->nlh, RTA_OIF, 5);
}

static void test_route(void **state)
{
	struct message m;
	struct nl_route r;
	struct nlattr *nest;
	struct rw_ip gw = ip("10.0.0.254");

	(void)state;
	begin_route(&m, AF_INET, RTN_UNICAST);
	put_ip(&m, RTA_GATEWAY, "10.0.0.254");
	nest = mnl_attr_nest_start(m.nlh, RTA_METRICS);
	mnl_attr_put_u32(m.nlh, RTAX_MTU, 1300);
	mnl_attr_nest_end(m.nlh, nest);
	assert_int_equal(nl_parse_route(m.nlh, &r), 0);
	assert_true(r.usable);
	assert_int_equal(r.ifindex, 5);
	assert_int_equal(r.mtu, 1300);
	assert_true(rw_ip_equal(&r.gateway, &gw));
	begin_route(&m, AF_INET, RTN_UNICAST);
	assert_int_equal(nl_parse_route(m.nlh, &r), 0);
	assert_int_equal(r.gateway.family, RW_FAMILY_NONE);
	assert_int_equal(r.mtu, 0);
}

static void test_route_via_other_family(void **state)
{
	struct message m;
	struct nl_route r;
	struct rw_ip gw = ip("fe80::1");
	uint8_t via[18] = { 0 };
	uint16_t family = AF_INET6;

	(void)state;
	memcpy(via, &family, 2);
	memcpy(via + 2, gw.bytes, 16);
	begin_route(&m, AF_INET, RTN_UNICAST);
	mnl_attr_put(m.nlh, RTA_VIA, sizeof(via), via);
	assert_int_equal(nl_parse_route(m.nlh, &r), 0);
	assert_true(rw_ip_equal(&r.gateway, &gw));
	begin_route(&m, AF_INET, RTN_UNICAST);
	mnl_attr_put(m.nlh, RTA_VIA, 4, via); /* cut */
	assert_int_equal(nl_parse_route(m.nlh, &r), 0);
	assert_int_equal(r.gateway.family, RW_FAMILY_NONE);
}

static void test_route_that_leads_nowhere(void **state)
{
	static const uint8_t types[] = { RTN_LOCAL,    RTN_BLACKHOLE, RTN_UNREACHABLE,
					 RTN_PROHIBIT, RTN_BROADCAST, RTN_MULTICAST };
	struct message m;
	struct nl_route r;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin_route(&m, AF_INET, types[i]);
		assert_int_equal(nl_parse_route(m.nlh, &r), 0);
		assert_false(r.usable);
	}
}

/* Every length and every single byte changed: must not read outside (run under ASan). */
static void torture(const struct message *m)
{
	for (uint32_t len = sizeof(struct nlmsghdr); len <= m->nlh->nlmsg_len; len++)
		for (uint32_t at = sizeof(struct nlmsghdr); at < len; at++) {
			struct nlmsghdr *copy = malloc(len);
			union {
				struct nl_link l;
				struct nl_addr a;
				struct nl_neigh n;
				struct nl_route r;
			} out;

			assert_non_null(copy);
			memcpy(copy, m->nlh, len);
			copy->nlmsg_len = len;
			((uint8_t *)copy)[at] ^= 0xff;
			(void)nl_parse_link(copy, &out.l);
			(void)nl_parse_addr(copy, &out.a);
			(void)nl_parse_neigh(copy, &out.n);
			(void)nl_parse_route(copy, &out.r);
			free(copy);
		}
}

static void test_broken(void **state)
{
	struct message m;
	struct nl_link l;
	struct nl_route r;
	struct ndmsg *head;

	(void)state;
	begin_link(&m, 7);
	put_vlan(&m, "vlan", 100, 0x8100);
	torture(&m);
	assert_int_equal(nl_parse_route(m.nlh, &r), -EINVAL);
	m.nlh->nlmsg_len = sizeof(struct nlmsghdr) + 4;
	assert_int_equal(nl_parse_link(m.nlh, &l), -EINVAL);
	begin_route(&m, AF_INET, RTN_UNICAST);
	put_ip(&m, RTA_GATEWAY, "10.0.0.254");
	torture(&m);
	head = begin(&m, RTM_NEWNEIGH, sizeof(*head));
	head->ndm_family = AF_INET6;
	put_ip(&m, NDA_DST, "fe80::1");
	mnl_attr_put(m.nlh, NDA_LLADDR, 6, mac);
	torture(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_link_that_is_no_vlan),
		cmocka_unit_test(test_link_of_a_bridge),
		cmocka_unit_test(test_addr),
		cmocka_unit_test(test_neigh),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_route_via_other_family),
		cmocka_unit_test(test_route_that_leads_nowhere),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
