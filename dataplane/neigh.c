/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The destination cache behind the adjacency table. Manager thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "hash.h"
#include "log.h"
#include "neigh.h"

#define BUCKETS 65536u
#define ASKS_A_TURN 256u
#define RESCAN_NS 100000000ull /* least time between two scans of all destinations */
#define LINGER_NS 60000000000ull

struct dest {
	struct rw_ip ip; /* family NONE: entry is free */
	uint8_t media;
	uint8_t route; /* enum adj_state as far as the route goes: PENDING leads to a hop */
	uint16_t mtu; /* of the route, bytes; 0 = the link's */
	uint32_t refs;
	uint32_t chain; /* next in the bucket, or in the list of free entries */
	uint32_t newer, older; /* among the destinations without references */
	uint64_t idle_ns; /* since when there is none */
	int32_t ifindex; /* of the way out */
	uint32_t hop; /* NEXTHOP_NONE unless the route leads to one */
	uint32_t hop_next, hop_prev; /* destinations of the same hop */
};

struct neigh {
	struct rw_limits limits;
	struct neigh_kernel kernel;
	bool has_kernel;
	struct adj_view fixed[RW_MEDIA_MAX];
	struct adj *adj; /* ADJ_MAX, shared with workers */
	struct dest *dests; /* ADJ_MAX, mapped lazily; number 0 stays unused */
	struct nexthops *hops;
	uint32_t top; /* entries from here on were never used */
	uint32_t free; /* list of those that are free again */
	uint32_t idle_oldest, idle_newest;
	uint32_t cursor; /* next destination whose route is asked for; 0 = no scan under way */
	bool rescan; /* something changed since the scan began */
	uint64_t scan_ns; /* when the last one began */
	uint64_t full_ns; /* when "table is full" was last said */
	uint32_t buckets[BUCKETS];
};

uint64_t hash_secret;

static void *map_lazily(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int neigh_new(const struct neigh_config *config, struct neigh **out)
{
	struct neigh *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	if (getrandom(&hash_secret, sizeof(hash_secret), GRND_NONBLOCK) < 0)
		log_debug("no random number for hashing yet");
	n->limits = config->limits;
	memcpy(n->fixed, config->fixed, sizeof(n->fixed));
	n->top = 1;
	n->adj = map_lazily(ADJ_MAX * sizeof(*n->adj));
	n->dests = map_lazily(ADJ_MAX * sizeof(*n->dests));
	if (config->kernel) {
		n->has_kernel = true;
		n->kernel = *config->kernel;
	}
	if (!n->adj || !n->dests || (n->has_kernel && nexthops_new(&n->kernel, &n->hops) < 0)) {
		neigh_free(n);
		return -ENOMEM;
	}
	*out = n;
	return 0;
}

void neigh_free(struct neigh *n)
{
	if (!n)
		return;
	nexthops_free(n->hops);
	if (n->adj)
		munmap(n->adj, ADJ_MAX * sizeof(*n->adj));
	if (n->dests)
		munmap(n->dests, ADJ_MAX * sizeof(*n->dests));
	free(n);
}

const struct adj *neigh_table(const struct neigh *n)
{
	return n->adj;
}

uint32_t neigh_refs(const struct neigh *n, uint32_t adj)
{
	return n->dests[adj].refs;
}

static uint32_t *bucket_of(struct neigh *n, unsigned int media, const struct rw_ip *ip)
{
	return &n->buckets[hash_ip(ip, media) % BUCKETS];
}

/* The list of destinations without references, oldest first. */
static void idle_push(struct neigh *n, uint32_t i, uint64_t now_ns)
{
	struct dest *d = &n->dests[i];

	d->idle_ns = now_ns;
	d->newer = 0;
	d->older = n->idle_newest;
	if (n->idle_newest)
		n->dests[n->idle_newest].newer = i;
	else
		n->idle_oldest = i;
	n->idle_newest = i;
}

static void idle_remove(struct neigh *n, uint32_t i)
{
	struct dest *d = &n->dests[i];

	if (d->older)
		n->dests[d->older].newer = d->newer;
	else
		n->idle_oldest = d->newer;
	if (d->newer)
		n->dests[d->newer].older = d->older;
	else
		n->idle_newest = d->older;
}

static void hop_leave(struct neigh *n, uint32_t i)
{
	struct dest *d = &n->dests[i];

	if (!d->hop)
		return;
	if (d->hop_prev)
		n->dests[d->hop_prev].hop_next = d->hop_next;
	else
		*nexthop_dests(n->hops, d->hop) = d->hop_next;
	if (d->hop_next)
		n->dests[d->hop_next].hop_prev = d->hop_prev;
	if (d->refs)
		nexthop_unuse(n->hops, d->hop);
	nexthop_put(n->hops, d->hop);
	d->hop = NEXTHOP_NONE;
}

static void hop_join(struct neigh *n, uint32_t i, uint32_t hop, uint64_t now_ns)
{
	struct dest *d = &n->dests[i];
	uint32_t *first = nexthop_dests(n->hops, hop);

	d->hop = hop;
	d->hop_prev = 0;
	d->hop_next = *first;
	if (*first)
		n->dests[*first].hop_prev = i;
	*first = i;
	if (d->refs)
		nexthop_use(n->hops, hop, now_ns);
}

/* Writes what is known about a destination to the table that workers read, if it is news. */
static void publish(struct neigh *n, uint32_t i)
{
	const struct dest *d = &n->dests[i];
	struct adj_view view;

	memset(&view, 0, sizeof(view));
	if (d->route == ADJ_READY) { /* no kernel */
		view = n->fixed[d->media];
		view.state = ADJ_READY;
	} else if (d->route != ADJ_PENDING) {
		view.state = d->route;
	} else if (d->hop && !n->kernel.egress(n->kernel.arg, d->ifindex, &view)) {
		view.state = ADJ_NO_ROUTE;
	} else if (d->hop) {
		if (d->mtu && d->mtu < view.mtu)
			view.mtu = d->mtu;
		view.state = nexthop_mac(n->hops, d->hop, view.dst_mac) ? ADJ_READY : ADJ_PENDING;
	}
	if (memcmp(&view, &n->adj[i].view, sizeof(view)) != 0)
		adj_write(&n->adj[i], &view);
}

static bool is_ours(const struct neigh *n, const struct rw_ip *ip)
{
	for (unsigned int m = 0; m < n->limits.media_count; m++)
		if (rw_ip_equal(ip, &n->limits.media[m]))
			return true;
	return false;
}

/* Follows a route to its next hop. */
static void follow(struct neigh *n, uint32_t i, const struct nl_route *r, uint64_t now_ns)
{
	struct dest *d = &n->dests[i];
	const struct rw_ip *ip = r->gateway.family != RW_FAMILY_NONE ? &r->gateway : &d->ip;
	uint32_t hop;
	struct adj_view view;

	d->mtu = r->mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)r->mtu;
	d->ifindex = r->ifindex;
	if (!r->usable || !n->kernel.egress(n->kernel.arg, r->ifindex, &view)) {
		hop_leave(n, i);
		d->route = ADJ_NO_ROUTE;
		return;
	}
	d->route = ADJ_PENDING;
	hop = nexthop_get(n->hops, r->ifindex, ip);
	if (hop == d->hop) {
		nexthop_put(n->hops, hop);
		return;
	}
	hop_leave(n, i);
	hop_join(n, i, hop, now_ns);
}

/* Asks the kernel how a destination is reached and publishes the answer. */
static void ask(struct neigh *n, uint32_t i, uint64_t now_ns)
{
	struct dest *d = &n->dests[i];
	struct nl_route r;

	if (is_ours(n, &d->ip))
		d->route = ADJ_SELF;
	else if (!n->has_kernel)
		d->route = ADJ_READY;
	else if (n->kernel.route(n->kernel.arg, &d->ip, &n->limits.media[d->media], &r) == 0)
		follow(n, i, &r, now_ns);
	else
		n->rescan = true; /* no answer yet: ask again with the next scan */
	publish(n, i);
}

static void release(struct neigh *n, uint32_t i)
{
	struct dest *d = &n->dests[i];
	uint32_t *at = bucket_of(n, d->media, &d->ip);

	idle_remove(n, i);
	hop_leave(n, i);
	while (*at != i)
		at = &n->dests[*at].chain;
	*at = d->chain;
	*d = (struct dest){ .chain = n->free };
	n->free = i;
}

/* An entry for a new destination; 0 when all are in use. */
static uint32_t allocate(struct neigh *n, uint64_t now_ns)
{
	uint32_t i;

	if (!n->free && n->top == ADJ_MAX && n->idle_oldest)
		release(n, n->idle_oldest);
	i = n->free;
	if (i) {
		n->free = n->dests[i].chain;
		return i;
	}
	if (n->top < ADJ_MAX)
		return n->top++;
	if (now_ns >= n->full_ns) {
		log_error("all %u destinations are in use: new peers get no media; start a second "
			  "dataplane",
			  ADJ_MAX - 1);
		n->full_ns = now_ns + LINGER_NS;
	}
	return 0;
}

uint32_t neigh_get(struct neigh *n, unsigned int media, const struct rw_ip *ip, uint64_t now_ns)
{
	uint32_t *bucket = bucket_of(n, media, ip);
	uint32_t i = *bucket;
	struct dest *d;

	if (ip->family == RW_FAMILY_NONE || rw_ip_is_zero(ip))
		return ADJ_NONE;
	while (i && (n->dests[i].media != media || !rw_ip_equal(&n->dests[i].ip, ip)))
		i = n->dests[i].chain;
	d = &n->dests[i];
	if (i) {
		if (d->refs++ > 0)
			return i;
		idle_remove(n, i);
		if (d->hop)
			nexthop_use(n->hops, d->hop, now_ns);
		return i;
	}
	i = allocate(n, now_ns);
	if (!i)
		return ADJ_NONE;
	/* allocate() may have changed the bucket */
	n->dests[i] =
		(struct dest){ .ip = *ip, .media = (uint8_t)media, .refs = 1, .chain = *bucket };
	*bucket = i;
	ask(n, i, now_ns);
	return i;
}

void neigh_put(struct neigh *n, uint32_t adj, uint64_t now_ns)
{
	struct dest *d = &n->dests[adj];

	if (adj == ADJ_NONE || --d->refs > 0)
		return;
	if (d->hop)
		nexthop_unuse(n->hops, d->hop);
	idle_push(n, adj, now_ns);
}

void neigh_routes_changed(struct neigh *n)
{
	n->rescan = true;
}

static void hop_changed(void *arg, uint32_t hop)
{
	struct neigh *n = arg;

	for (uint32_t i = *nexthop_dests(n->hops, hop); i; i = n->dests[i].hop_next)
		publish(n, i);
}

void neigh_update(struct neigh *n, const struct nl_neigh *nb, uint64_t now_ns)
{
	uint32_t hop = n->hops ? nexthop_update(n->hops, nb, now_ns) : NEXTHOP_NONE;

	if (hop)
		hop_changed(n, hop);
}

void neigh_lost(struct neigh *n, uint64_t now_ns)
{
	if (n->hops)
		nexthops_refetch(n->hops, now_ns, hop_changed, n);
}

/* True when the scan of all destinations is not through yet. */
static bool scan(struct neigh *n, uint64_t now_ns)
{
	unsigned int asked = 0;

	if (!n->cursor) {
		if (!n->rescan || now_ns < n->scan_ns + RESCAN_NS)
			return false;
		n->rescan = false;
		n->scan_ns = now_ns;
		n->cursor = 1;
	}
	for (; n->cursor < n->top && asked < ASKS_A_TURN; n->cursor++)
		if (n->dests[n->cursor].ip.family != RW_FAMILY_NONE) {
			ask(n, n->cursor, now_ns);
			asked++;
		}
	if (n->cursor < n->top)
		return true;
	n->cursor = 0;
	nexthops_retry(n->hops, now_ns);
	return false;
}

bool neigh_work(struct neigh *n, uint64_t now_ns)
{
	unsigned int freed = 0;
	bool more;

	if (!n->has_kernel)
		return false;
	more = scan(n, now_ns);
	nexthops_work(n->hops, now_ns);
	while (n->idle_oldest && now_ns - n->dests[n->idle_oldest].idle_ns > LINGER_NS &&
	       freed++ < ASKS_A_TURN)
		release(n, n->idle_oldest);
	return more;
}
