/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How ports look to workers and adjacencies, and what is said to nftables. Links are the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "nftdrop.h"
#include "port.h"

static struct nl_link links[] = {
	{ .ifindex = 2, .mtu = 1500, .up = true, .carrier = true, .mac = { 2, 2 }, .name = "eth0" },
	{ .ifindex = 3, .mtu = 9000, .up = true, .carrier = true, .mac = { 3, 3 }, .name = "eth1" },
	{ .ifindex = 4,
	  .lower = 3,
	  .vlan = 100,
	  .mtu = 1400,
	  .up = true,
	  .carrier = true,
	  .mac = { 3, 4 } },
	{ .ifindex = 5, .lower = 3, .vlan = 101, .mtu = 1400, .carrier = true },
	{ .ifindex = 6, .lower = 9, .vlan = 7, .mtu = 1400, .up = true, .carrier = true },
	{ .ifindex = 7,
	  .mtu = 1500,
	  .up = true,
	  .carrier = true,
	  .mac = { 7, 7 },
	  .name = "rtpwire0" },
	{ .ifindex = 8, .mtu = 70000, .up = true, .carrier = true, .name = "big" },
};

/* Stands in for mirror.c. */
const struct nl_link *mirror_link(const struct mirror *m, int ifindex)
{
	(void)m;
	assert_true(ifindex > 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].ifindex == ifindex)
			return &links[i];
	return NULL;
}

static struct config config;

static struct ports two_ports(unsigned int workers, uint16_t queues0, uint16_t queues1)
{
	struct ports ps = { .config = &config, .count = 2 };

	config.limits.workers = (uint16_t)workers;
	for (unsigned int i = 0; i < 2; i++) {
		ps.port[i].device_count = 1;
		ps.port[i].devices[0].ethdev = (uint16_t)(10 + i);
		ps.port[i].ifindex = (int)(2 + i);
		ps.port[i].mtu = 9000;
		ps.port[i].bypass_port = -1;
	}
	ps.port[0].queues = queues0;
	ps.port[1].queues = queues1;
	return ps;
}

static void test_egress(void **state)
{
	struct ports ps = two_ports(1, 1, 1);
	struct adj_view v = { .state = 0 };

	(void)state;
	assert_true(ports_egress(&ps, 2, &v));
	assert_int_equal(v.port, 0);
	assert_int_equal(v.vlan, 0);
	assert_int_equal(v.mtu, 1500);
	assert_int_equal(v.src_mac[1], 2);
	assert_true(ports_egress(&ps, 4, &v));
	assert_int_equal(v.port, 1);
	assert_int_equal(v.vlan, 100);
	assert_int_equal(v.mtu, 1400);
	assert_int_equal(v.src_mac[1], 4);
	assert_false(ports_egress(&ps, 5, &v)); /* down */
	assert_false(ports_egress(&ps, 6, &v)); /* on top of another interface */
	assert_false(ports_egress(&ps, 7, &v)); /* not a port */
	assert_false(ports_egress(&ps, 99, &v)); /* not there */
	ps.port[0].ifindex = 8;
	assert_true(ports_egress(&ps, 8, &v));
	assert_int_equal(v.mtu, 9000); /* raised after the start */
}

static void test_link_goes_and_comes(void **state)
{
	struct ports ps = two_ports(1, 1, 1);
	struct port_spec spec = { .text = "xdp:eth0" };
	struct adj_view v = { .state = 0 };

	(void)state;
	log_level_set(LOG_LEVEL_ERROR);
	ps.port[1].ifindex = 77; /* made after the mirror was read */
	ps.port[1].tap = true;
	ports_watch(&ps);
	assert_int_equal(ps.port[1].link, PORT_LINK_NEW);
	ps.port[1].ifindex = 3;
	ps.port[0].spec = ps.port[1].spec = &spec;
	ports_watch(&ps);
	assert_int_equal(ps.port[0].link, PORT_LINK_UP);
	links[0].carrier = false;
	assert_false(ports_egress(&ps, 2, &v));
	ports_watch(&ps);
	assert_int_equal(ps.port[0].link, PORT_LINK_NO_CARRIER);
	assert_int_equal(ps.port[1].link, PORT_LINK_UP);
	links[0].up = false;
	ports_watch(&ps);
	assert_int_equal(ps.port[0].link, PORT_LINK_DOWN);
	links[0].up = links[0].carrier = true;
	ports_watch(&ps);
	assert_int_equal(ps.port[0].link, PORT_LINK_UP);
	ps.port[0].ifindex = 99;
	ports_watch(&ps);
	assert_int_equal(ps.port[0].link, PORT_LINK_GONE);
}

/* The kernel's tables are those of the TAP, frames leave by the NIC. */
static void test_tap(void **state)
{
	struct ports ps = two_ports(1, 1, 1);
	struct worker_port wp[WORKER_PORTS_MAX];
	struct adj_view v = { .state = 0 };

	(void)state;
	ps.port[0].ifindex = 0;
	ps.port[0].bypass_port = 1;
	ps.port[1].tap = true;
	ps.port[1].ifindex = 7;
	ps.port[1].bypass_port = 0;
	assert_true(ports_egress(&ps, 7, &v));
	assert_int_equal(v.port, 0);
	assert_int_equal(v.src_mac[0], 7);
	ports_of_worker(&ps, 0, wp);
	assert_int_equal(wp[0].bypass_port, 1);
	assert_false(wp[0].bypass_all);
	assert_int_equal(wp[1].bypass_port, 0);
	assert_true(wp[1].bypass_all);
}

static void test_queue_for_each_worker(void **state)
{
	struct ports ps = two_ports(2, 2, 2);
	struct worker_port wp[WORKER_PORTS_MAX];
	struct worker_queue wq[WORKER_QUEUES_MAX];

	(void)state;
	for (unsigned int w = 0; w < 2; w++) {
		ports_of_worker(&ps, w, wp);
		assert_int_equal(wp[1].ethdev, 11);
		assert_int_equal(wp[1].tx_queue, w);
		assert_int_equal(ports_queues_of_worker(&ps, w, wq), 2);
		assert_int_equal(wq[1].ethdev, 11);
		assert_int_equal(wq[1].queue, w);
		assert_int_equal(wq[1].port, 1);
	}
}

static void test_more_workers_than_queues(void **state)
{
	struct ports ps = two_ports(3, 1, 2);
	struct worker_port wp[WORKER_PORTS_MAX];
	struct worker_queue wq[WORKER_QUEUES_MAX];

	(void)state;
	assert_int_equal(ports_queues_of_worker(&ps, 2, wq), 0);
	ports_of_worker(&ps, 2, wp);
	assert_int_equal(wp[0].tx_queue, WORKER_NO_QUEUE);
	assert_int_equal(wp[0].tx_owner, 0);
	assert_int_equal(wp[1].tx_owner, 0);
	ports_of_worker(&ps, 1, wp);
	assert_int_equal(wp[0].tx_owner, 0);
	assert_int_equal(wp[1].tx_queue, 1);
	assert_int_equal(ports_queues_of_worker(&ps, 1, wq), 1);
	assert_int_equal(wq[0].ethdev, 11);
	assert_int_equal(wq[0].queue, 1);
}

/* Every queue is polled by exactly one worker, also where each has a device of its own. */
static void test_more_queues_than_workers(void **state)
{
	struct ports ps = two_ports(2, 5, 3);
	struct worker_queue wq[WORKER_QUEUES_MAX];
	unsigned int polled[2][5] = { 0 };

	(void)state;
	ps.port[1].device_count = 3;
	for (unsigned int i = 0; i < 3; i++)
		ps.port[1].devices[i].ethdev = (uint16_t)(20 + i);
	for (unsigned int w = 0; w < 2; w++) {
		unsigned int n = ports_queues_of_worker(&ps, w, wq);

		for (unsigned int i = 0; i < n; i++)
			polled[wq[i].port][wq[i].ethdev < 20 ? wq[i].queue : wq[i].ethdev - 20]++;
	}
	for (int q = 0; q < 5; q++) {
		assert_int_equal(polled[0][q], 1);
		assert_int_equal(polled[1][q], q < 3);
	}
}

/* Fewer transmit than receive queues, each pair of them a device. */
static void test_split_port_sends(void **state)
{
	struct ports ps = two_ports(3, 3, 1);
	struct worker_port wp[WORKER_PORTS_MAX];

	(void)state;
	ps.port[0].device_count = 3;
	ps.port[0].tx_queues = 2;
	for (unsigned int i = 0; i < 3; i++)
		ps.port[0].devices[i].ethdev = (uint16_t)(20 + i);
	ports_of_worker(&ps, 1, wp);
	assert_int_equal(wp[0].ethdev, 21);
	assert_int_equal(wp[0].tx_queue, 0);
	ports_of_worker(&ps, 2, wp);
	assert_int_equal(wp[0].tx_queue, WORKER_NO_QUEUE);
	assert_int_equal(wp[0].tx_owner, 0);
}

static void test_fixed(void **state)
{
	static const struct port_spec spec = { .peer_mac = { 9, 9, 9, 9, 9, 9 } };
	struct ports ps = two_ports(1, 1, 1);

	(void)state;
	ps.port[0].spec = ps.port[1].spec = &spec;
	ps.port[1].mtu = 1400;
	ps.port[1].mac[0] = 4;
	ps.port[0].ifindex = ps.port[1].ifindex = 0;
	ports_watch(&ps); /* such ports have no mirror that could be asked */
	assert_int_equal(ports_fixed(&ps, 0).port, 0);
	assert_int_equal(ports_fixed(&ps, 1).port, 1);
	assert_int_equal(ports_fixed(&ps, 5).port, 1); /* the last one takes the rest */
	assert_int_equal(ports_fixed(&ps, 5).mtu, 1400);
	assert_int_equal(ports_fixed(&ps, 5).src_mac[0], 4);
	assert_int_equal(ports_fixed(&ps, 0).dst_mac[3], 9);
}

static void test_nftables_text(void **state)
{
	struct rw_limits lim = { .port_min = 8000, .port_max = 9000, .media_count = 3 };
	char buf[NFTDROP_TEXT_BYTES];

	(void)state;
	rw_ip_parse("192.0.2.1", &lim.media[0]);
	rw_ip_parse("2001:db8::1", &lim.media[1]);
	rw_ip_parse("192.0.2.2", &lim.media[2]);
	assert_string_equal(nftdrop_text("eth-0.5", &lim, buf),
			    "add table inet rtpwire_eth.2d0.2e5\n"
			    "delete table inet rtpwire_eth.2d0.2e5\n"
			    "add table inet rtpwire_eth.2d0.2e5\n"
			    "add chain inet rtpwire_eth.2d0.2e5 media "
			    "{ type filter hook prerouting priority raw; }\n"
			    "add rule inet rtpwire_eth.2d0.2e5 media ip daddr "
			    "{ 192.0.2.1, 192.0.2.2 } udp dport 8000-9000 drop\n"
			    "add rule inet rtpwire_eth.2d0.2e5 media ip6 daddr "
			    "{ 2001:db8::1 } udp dport 8000-9000 drop\n");
	lim.media_count = 1;
	assert_null(strstr(nftdrop_text("eth0", &lim, buf), "ip6"));
	/* the longest there can be fits */
	lim.media_count = RW_MEDIA_MAX;
	for (unsigned int i = 0; i < RW_MEDIA_MAX; i++)
		rw_ip_parse("2001:db8:1111:2222:3333:4444:5555:6666", &lim.media[i]);
	assert_non_null(strstr(nftdrop_text("---------------", &lim, buf), "drop\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_egress),
		cmocka_unit_test(test_link_goes_and_comes),
		cmocka_unit_test(test_tap),
		cmocka_unit_test(test_queue_for_each_worker),
		cmocka_unit_test(test_more_workers_than_queues),
		cmocka_unit_test(test_more_queues_than_workers),
		cmocka_unit_test(test_split_port_sends),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_nftables_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
