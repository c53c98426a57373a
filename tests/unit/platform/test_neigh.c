/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The destination cache against a kernel of a few lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "log.h"
#include "neigh.h"

#define S 1000000000ull

/* What the kernel would say, and what it was asked. */
struct fake {
	struct nl_route route;
	bool silent; /* routes are not answered at once */
	bool neigh_known;
	uint8_t mac;
	bool ours; /* the way out is one of our ports */
	unsigned int routes, resolves;
	struct rw_ip resolved;
};

static struct fake k;
static uint64_t now_ns;

static struct rw_ip ip(const char *text)
{
	struct rw_ip out;

	assert_int_equal(rw_ip_parse(text, &out), 0);
	return out;
}

static int fake_route(void *arg, const struct rw_ip *dst, const struct rw_ip *src,
		      struct nl_route *out)
{
	(void)arg;
	assert_int_equal(dst->family, src->family);
	k.routes++;
	*out = k.route;
	return k.silent ? -EAGAIN : 0;
}

static int fake_neigh(void *arg, int ifindex, const struct rw_ip *addr, struct nl_neigh *out)
{
	(void)arg;
	*out = (struct nl_neigh){ .ifindex = ifindex, .ip = *addr, .usable = k.neigh_known };
	memset(out->mac, k.mac, 6);
	return 0;
}

static int fake_resolve(void *arg, int ifindex, const struct rw_ip *addr)
{
	(void)arg;
	assert_int_equal(ifindex, k.route.ifindex);
	k.resolves++;
	k.resolved = *addr;
	return 0;
}

static bool fake_egress(void *arg, int ifindex, struct adj_view *out)
{
	(void)arg;
	if (!k.ours)
		return false;
	out->port = (uint8_t)ifindex;
	out->vlan = 9;
	out->mtu = 1500;
	memset(out->src_mac, 0xaa, 6);
	return true;
}

static const struct neigh_kernel kernel = { NULL, fake_route, fake_neigh, fake_resolve,
					    fake_egress };

static int setup(void **state)
{
	struct neigh_config c = { .kernel = &kernel };

	log_level_set(LOG_LEVEL_ERROR);
	c.limits.media_count = 2;
	rw_ip_parse("192.0.2.1", &c.limits.media[0]);
	rw_ip_parse("2001:db8::1", &c.limits.media[1]);
	k = (struct fake){ .route = { .usable = true, .ifindex = 3 }, .ours = true };
	now_ns = 100 * S;
	return neigh_new(&c, (struct neigh **)state);
}

static int teardown(void **state)
{
	neigh_free(*state);
	return 0;
}

static struct adj_view view(const struct neigh *n, uint32_t adj)
{
	struct adj_view v;
	uint32_t version;

	assert_true(adj_read(&neigh_table(n)[adj], &v, &version));
	return v;
}

static uint32_t get(struct neigh *n, const char *text)
{
	struct rw_ip a = ip(text);

	return neigh_get(n, a.family == RW_FAMILY_IP4 ? 0 : 1, &a, now_ns);
}

/* The kernel announces the neighbour on interface 3. */
static void announce(struct neigh *n, const char *text, bool usable, bool failed, uint8_t mac)
{
	struct nl_neigh nb = { .ifindex = 3, .ip = ip(text), .usable = usable, .failed = failed };

	memset(nb.mac, mac, 6);
	neigh_update(n, &nb, now_ns);
}

static void test_resolution(void **state)
{
	struct neigh *n = *state;
	uint32_t a = get(n, "10.0.0.2");

	assert_int_not_equal(a, ADJ_NONE);
	assert_int_equal(view(n, a).state, ADJ_PENDING);
	assert_int_equal(k.resolves, 1);
	announce(n, "10.0.0.2", true, false, 5);
	assert_int_equal(view(n, a).state, ADJ_READY);
	assert_int_equal(view(n, a).port, 3);
	assert_int_equal(view(n, a).vlan, 9);
	assert_int_equal(view(n, a).mtu, 1500);
	assert_int_equal(view(n, a).dst_mac[5], 5);
	assert_int_equal(view(n, a).src_mac[0], 0xaa);
	announce(n, "10.0.0.2", true, false, 6);
	assert_int_equal(view(n, a).dst_mac[0], 6);
	announce(n, "10.0.0.2", false, true, 0);
	assert_int_equal(view(n, a).state, ADJ_PENDING);
}

static void test_known_at_once(void **state)
{
	struct neigh *n = *state;

	k.neigh_known = true;
	k.mac = 7;
	assert_int_equal(view(n, get(n, "2001:db8::2")).state, ADJ_READY);
}

static void test_gateway_is_shared(void **state)
{
	struct neigh *n = *state;
	struct rw_ip gw = ip("10.0.0.254");
	uint32_t a, b;

	k.route.gateway = gw;
	k.route.mtu = 1300;
	a = get(n, "198.51.100.1");
	b = get(n, "198.51.100.2");
	assert_int_not_equal(a, b);
	assert_int_equal(k.resolves, 1);
	assert_true(rw_ip_equal(&k.resolved, &gw));
	announce(n, "10.0.0.254", true, false, 5);
	assert_int_equal(view(n, a).state, ADJ_READY);
	assert_int_equal(view(n, b).state, ADJ_READY);
	assert_int_equal(view(n, b).mtu, 1300);
}

static void test_references(void **state)
{
	struct neigh *n = *state;
	struct rw_ip none = { .family = RW_FAMILY_NONE };
	uint32_t a = get(n, "10.0.0.2");

	assert_int_equal(get(n, "10.0.0.2"), a);
	assert_int_equal(neigh_refs(n, a), 2);
	neigh_put(n, a, now_ns);
	neigh_put(n, a, now_ns);
	neigh_put(n, ADJ_NONE, now_ns);
	assert_int_equal(neigh_refs(n, a), 0);
	assert_int_equal(get(n, "10.0.0.2"), a); /* it lingers */
	assert_int_equal(neigh_get(n, 0, &none, now_ns), ADJ_NONE);
	assert_int_equal(get(n, "0.0.0.0"), ADJ_NONE);
}

static void test_linger_ends(void **state)
{
	struct neigh *n = *state;
	uint32_t a = get(n, "10.0.0.2"), b = get(n, "10.0.0.3");

	neigh_put(n, a, now_ns);
	now_ns += 59 * S;
	neigh_work(n, now_ns);
	announce(n, "10.0.0.2", true, false, 5);
	assert_int_equal(view(n, a).state, ADJ_READY); /* still followed */
	now_ns += 2 * S;
	neigh_work(n, now_ns);
	/* the entry is free and the next one gets it, as something else entirely */
	assert_int_equal(get(n, "10.0.0.4"), a);
	assert_int_equal(view(n, a).state, ADJ_PENDING);
	assert_int_equal(neigh_refs(n, b), 1);
}

static void test_confirm_and_backoff(void **state)
{
	struct neigh *n = *state;
	uint32_t a = get(n, "10.0.0.2");
	unsigned int before;

	assert_int_equal(k.resolves, 1);
	/* nobody answers: after 1, 2 and every 4 seconds */
	for (int s = 0; s < 31; s++, now_ns += S)
		neigh_work(n, now_ns);
	assert_int_equal(k.resolves, 9);
	announce(n, "10.0.0.2", true, false, 5);
	before = k.resolves;
	for (int s = 0; s < 61; s++, now_ns += S)
		neigh_work(n, now_ns);
	assert_int_equal(k.resolves, before + 2); /* every 30 seconds while it is used */
	neigh_put(n, a, now_ns);
	before = k.resolves;
	for (int s = 0; s < 40; s++, now_ns += S)
		neigh_work(n, now_ns);
	assert_int_equal(k.resolves, before);
}

static void test_failed_is_retried_soon(void **state)
{
	struct neigh *n = *state;

	get(n, "10.0.0.2");
	announce(n, "10.0.0.2", true, false, 5);
	announce(n, "10.0.0.2", false, true, 0);
	now_ns += 2 * S;
	neigh_work(n, now_ns);
	assert_int_equal(k.resolves, 2);
}

/* The kernel dropped its entry (own link address changed, table full): ask, but keep on sending. */
static void test_forgotten_is_kept(void **state)
{
	struct neigh *n = *state;
	uint32_t a = get(n, "10.0.0.2");

	announce(n, "10.0.0.2", true, false, 5);
	announce(n, "10.0.0.2", false, false, 0);
	assert_int_equal(k.resolves, 2);
	assert_int_equal(view(n, a).state, ADJ_READY);
	assert_int_equal(view(n, a).dst_mac[0], 5);
	announce(n, "10.0.0.2", false, true, 0);
	assert_int_equal(view(n, a).state, ADJ_PENDING);
}

/* After a change of links or routes nobody waits for a timer that was set before. */
static void test_change_ends_backoff(void **state)
{
	struct neigh *n = *state;

	get(n, "10.0.0.2");
	for (int s = 0; s < 20; s++, now_ns += S)
		neigh_work(n, now_ns);
	k.resolves = 0;
	now_ns += S / 2;
	neigh_routes_changed(n);
	while (neigh_work(n, now_ns))
		;
	assert_int_equal(k.resolves, 1);
}

static void test_route_changes(void **state)
{
	struct neigh *n = *state;
	uint32_t a = get(n, "10.0.0.2");

	announce(n, "10.0.0.2", true, false, 5);
	k.route.usable = false;
	neigh_routes_changed(n);
	while (neigh_work(n, now_ns))
		;
	assert_int_equal(view(n, a).state, ADJ_NO_ROUTE);
	/* and back, by a gateway: not before the scans' distance is over */
	k.route = (struct nl_route){ .usable = true, .ifindex = 3, .gateway = ip("10.0.0.254") };
	neigh_routes_changed(n);
	neigh_work(n, now_ns);
	assert_int_equal(view(n, a).state, ADJ_NO_ROUTE);
	now_ns += S;
	neigh_work(n, now_ns);
	assert_int_equal(view(n, a).state, ADJ_PENDING);
	announce(n, "10.0.0.254", true, false, 8);
	assert_int_equal(view(n, a).dst_mac[0], 8);
	announce(n, "10.0.0.2", true, false, 5); /* no longer the next hop */
	assert_int_equal(view(n, a).dst_mac[0], 8);
}

static void test_not_our_way_out(void **state)
{
	struct neigh *n = *state;

	k.ours = false;
	assert_int_equal(view(n, get(n, "10.0.0.2")).state, ADJ_NO_ROUTE);
	k.ours = true;
	k.route.usable = false;
	assert_int_equal(view(n, get(n, "10.0.0.3")).state, ADJ_NO_ROUTE);
	assert_int_equal(k.resolves, 0);
}

static void test_own_address(void **state)
{
	struct neigh *n = *state;

	assert_int_equal(view(n, get(n, "192.0.2.1")).state, ADJ_SELF);
	assert_int_equal(k.routes, 0);
}

static void test_kernel_answers_late(void **state)
{
	struct neigh *n = *state;
	uint32_t a;

	k.silent = true;
	a = get(n, "10.0.0.2");
	assert_int_equal(view(n, a).state, ADJ_PENDING);
	k.silent = false;
	k.neigh_known = true;
	now_ns += S;
	neigh_work(n, now_ns);
	assert_int_equal(view(n, a).state, ADJ_READY);
}

static void test_lost_announcements(void **state)
{
	struct neigh *n = *state;
	uint32_t a = get(n, "10.0.0.2");

	k.neigh_known = true;
	k.mac = 4;
	neigh_lost(n, now_ns);
	assert_int_equal(view(n, a).state, ADJ_READY);
	assert_int_equal(view(n, a).dst_mac[0], 4);
}

static void test_scan_is_bounded(void **state)
{
	struct neigh *n = *state;
	unsigned int before, turns = 1;

	for (uint32_t i = 0; i < 1000; i++) {
		struct rw_ip a = rw_ip4((const uint8_t[4]){ 10, 1, (uint8_t)(i >> 8), (uint8_t)i });

		neigh_get(n, 0, &a, now_ns);
	}
	before = k.routes;
	neigh_routes_changed(n);
	while (neigh_work(n, now_ns))
		turns++;
	assert_int_equal(k.routes - before, 1000);
	assert_int_equal(turns, 4);
}

/* More destinations than entries: those in use stay, unused ones make room. */
static void test_full(void **state)
{
	struct neigh *n = *state;
	struct rw_ip a = { .family = RW_FAMILY_IP4 };
	uint32_t first = 0, adj;

	for (uint32_t i = 1; i < ADJ_MAX; i++) {
		uint32_t be = htonl(0x0b000000 + i);

		memcpy(a.bytes, &be, 4);
		adj = neigh_get(n, 0, &a, now_ns);
		assert_int_not_equal(adj, ADJ_NONE);
		first = first ? first : adj;
	}
	log_level_set(LOG_LEVEL_ERROR);
	assert_int_equal(get(n, "10.0.0.2"), ADJ_NONE);
	/* all of them move to other next hops: each takes the new one before it leaves the old */
	k.route.ifindex = 4;
	neigh_routes_changed(n);
	while (neigh_work(n, now_ns))
		;
	assert_int_equal(view(n, first).port, 4);
	neigh_put(n, first, now_ns);
	assert_int_equal(get(n, "10.0.0.2"), first);
}

static void test_without_kernel(void **state)
{
	struct neigh_config c = { .limits = { .media_count = 1 } };
	struct neigh *n;

	(void)state;
	c.limits.media[0] = ip("192.0.2.1");
	c.fixed[0].port = 1;
	c.fixed[0].mtu = 1500;
	memset(c.fixed[0].dst_mac, 0xff, 6);
	assert_int_equal(neigh_new(&c, &n), 0);
	assert_int_equal(view(n, get(n, "10.0.0.2")).state, ADJ_READY);
	assert_int_equal(view(n, get(n, "10.0.0.2")).port, 1);
	assert_int_equal(view(n, get(n, "192.0.2.1")).state, ADJ_SELF);
	neigh_routes_changed(n);
	assert_false(neigh_work(n, now_ns));
	neigh_free(n);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_resolution),
		CASE(test_known_at_once),
		CASE(test_gateway_is_shared),
		CASE(test_references),
		CASE(test_linger_ends),
		CASE(test_confirm_and_backoff),
		CASE(test_failed_is_retried_soon),
		CASE(test_forgotten_is_kept),
		CASE(test_change_ends_backoff),
		CASE(test_route_changes),
		CASE(test_not_our_way_out),
		CASE(test_own_address),
		CASE(test_kernel_answers_late),
		CASE(test_lost_announcements),
		CASE(test_scan_is_bounded),
		CASE(test_full),
		cmocka_unit_test(test_without_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
