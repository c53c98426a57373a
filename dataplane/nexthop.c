/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of next hops. Manager thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hash.h"
#include "nexthop.h"

#define BUCKETS 16384u
#define HOPS_MAX (ADJ_MAX + 1) /* a destination that moves has two for a moment */
#define SECOND_NS 1000000000ull
#define CONFIRM_NS (30 * SECOND_NS)
#define BACKOFF_MAX_S 4u /* who returns may wait for us to ask */

struct hop {
	struct rw_ip ip; /* family NONE: entry is free */
	int32_t ifindex;
	uint32_t chain; /* next in the bucket, or in the list of free entries */
	uint32_t dests; /* how many destinations point here */
	uint32_t used; /* how many of them are used by flows */
	uint32_t first; /* the caller's list of them */
	uint64_t due_ns; /* when to have the kernel look again */
	uint8_t backoff_s;
	bool usable;
	uint8_t mac[6];
};

struct nexthops {
	struct neigh_kernel kernel;
	struct hop *hops; /* HOPS_MAX, mapped lazily; number 0 stays unused */
	uint32_t top; /* entries above were never used */
	uint32_t free; /* list of those that are free again */
	uint64_t worked_ns;
	uint32_t buckets[BUCKETS];
};

int nexthops_new(const struct neigh_kernel *kernel, struct nexthops **out)
{
	struct nexthops *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->hops = mmap(NULL, HOPS_MAX * sizeof(*h->hops), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (h->hops == MAP_FAILED) {
		free(h);
		return -ENOMEM;
	}
	h->kernel = *kernel;
	h->top = 1;
	*out = h;
	return 0;
}

void nexthops_free(struct nexthops *h)
{
	if (!h)
		return;
	munmap(h->hops, HOPS_MAX * sizeof(*h->hops));
	free(h);
}

static uint32_t *bucket_of(struct nexthops *h, int ifindex, const struct rw_ip *ip)
{
	return &h->buckets[hash_ip(ip, (uint32_t)ifindex) % BUCKETS];
}

static uint32_t find(struct nexthops *h, int ifindex, const struct rw_ip *ip)
{
	uint32_t i = *bucket_of(h, ifindex, ip);

	while (i && (h->hops[i].ifindex != ifindex || !rw_ip_equal(&h->hops[i].ip, ip)))
		i = h->hops[i].chain;
	return i;
}

/* Takes over what the kernel knows. True when frames have to look different now. */
static bool learn(struct hop *hop, const struct nl_neigh *n)
{
	if (hop->usable == n->usable && (!n->usable || memcmp(hop->mac, n->mac, 6) == 0))
		return false;
	hop->usable = n->usable;
	memcpy(hop->mac, n->mac, 6);
	return true;
}

static void fetch(struct nexthops *h, struct hop *hop)
{
	struct nl_neigh n;

	if (h->kernel.neigh(h->kernel.arg, hop->ifindex, &hop->ip, &n) == 0)
		learn(hop, &n);
}

uint32_t nexthop_get(struct nexthops *h, int ifindex, const struct rw_ip *ip)
{
	uint32_t i = find(h, ifindex, ip);
	uint32_t *bucket;

	if (i) {
		h->hops[i].dests++;
		return i;
	}
	i = h->free;
	if (i)
		h->free = h->hops[i].chain;
	else
		i = h->top++;
	bucket = bucket_of(h, ifindex, ip);
	h->hops[i] = (struct hop){
		.ip = *ip, .ifindex = ifindex, .chain = *bucket, .dests = 1, .backoff_s = 1
	};
	*bucket = i;
	fetch(h, &h->hops[i]);
	return i;
}

void nexthop_put(struct nexthops *h, uint32_t i)
{
	struct hop *hop = &h->hops[i];
	uint32_t *at = bucket_of(h, hop->ifindex, &hop->ip);

	if (--hop->dests)
		return;
	while (*at != i)
		at = &h->hops[*at].chain;
	*at = hop->chain;
	*hop = (struct hop){ .chain = h->free };
	h->free = i;
}

/* Has the kernel resolve or confirm a hop and says when to do so next. */
static void resolve(struct nexthops *h, struct hop *hop, uint64_t now_ns)
{
	/* an error means the interface is going: the route changes next, nothing to do here */
	h->kernel.resolve(h->kernel.arg, hop->ifindex, &hop->ip);
	if (hop->usable) {
		hop->due_ns = now_ns + CONFIRM_NS;
		return;
	}
	hop->due_ns = now_ns + hop->backoff_s * SECOND_NS;
	if (hop->backoff_s < BACKOFF_MAX_S)
		hop->backoff_s *= 2;
}

void nexthop_use(struct nexthops *h, uint32_t i, uint64_t now_ns)
{
	struct hop *hop = &h->hops[i];

	if (hop->used++ == 0 && now_ns >= hop->due_ns)
		resolve(h, hop, now_ns);
}

void nexthop_unuse(struct nexthops *h, uint32_t i)
{
	h->hops[i].used--;
}

bool nexthop_mac(const struct nexthops *h, uint32_t i, uint8_t mac[static 6])
{
	memcpy(mac, h->hops[i].mac, 6);
	return h->hops[i].usable;
}

uint32_t *nexthop_dests(struct nexthops *h, uint32_t i)
{
	return &h->hops[i].first;
}

uint32_t nexthop_update(struct nexthops *h, const struct nl_neigh *n, uint64_t now_ns)
{
	uint32_t i = find(h, n->ifindex, &n->ip);
	struct hop *hop = &h->hops[i];

	if (!i)
		return NEXTHOP_NONE;
	if (n->failed && hop->used && hop->due_ns > now_ns + hop->backoff_s * SECOND_NS)
		hop->due_ns = now_ns + hop->backoff_s * SECOND_NS;
	if (hop->usable && !n->usable && !n->failed) {
		/* forgotten, not failed: the old address is good until the kernel knows better */
		hop->due_ns = now_ns;
		if (hop->used)
			resolve(h, hop, now_ns);
		return NEXTHOP_NONE;
	}
	if (!learn(hop, n))
		return NEXTHOP_NONE;
	hop->backoff_s = 1;
	hop->due_ns = now_ns + (hop->usable ? CONFIRM_NS : SECOND_NS);
	return i;
}

void nexthops_work(struct nexthops *h, uint64_t now_ns)
{
	if (now_ns < h->worked_ns + SECOND_NS)
		return;
	h->worked_ns = now_ns;
	for (uint32_t i = 1; i < h->top; i++)
		if (h->hops[i].used && now_ns >= h->hops[i].due_ns)
			resolve(h, &h->hops[i], now_ns);
}

void nexthops_retry(struct nexthops *h, uint64_t now_ns)
{
	for (uint32_t i = 1; i < h->top; i++) {
		struct hop *hop = &h->hops[i];

		if (hop->usable || !hop->dests)
			continue;
		hop->backoff_s = 1;
		hop->due_ns = now_ns;
	}
	h->worked_ns = 0;
}

void nexthops_refetch(struct nexthops *h, uint64_t now_ns, void (*changed)(void *arg, uint32_t hop),
		      void *arg)
{
	struct nl_neigh n;

	for (uint32_t i = 1; i < h->top; i++) {
		struct hop *hop = &h->hops[i];

		if (!hop->dests || h->kernel.neigh(h->kernel.arg, hop->ifindex, &hop->ip, &n) < 0)
			continue;
		n.ifindex = hop->ifindex;
		n.ip = hop->ip;
		if (nexthop_update(h, &n, now_ns))
			changed(arg, i);
	}
}
