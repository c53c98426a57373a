/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops: the neighbours that destinations are reached by. Has the kernel resolve those which are
 * in use, confirms them while they are, and tries again when nobody answered. Manager thread.
 */
#ifndef RTPWIRE_DATAPLANE_NEXTHOP_H
#define RTPWIRE_DATAPLANE_NEXTHOP_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/addr.h"

#include "adj.h"
#include "netlink/nlparse.h"

#define NEXTHOP_NONE 0u

/* The kernel as this module and neigh.c ask it; mirror.c stands behind it, tests put their own. */
struct neigh_kernel {
	void *arg;
	/* see mirror_route(), mirror_neigh(), mirror_resolve() */
	int (*route)(void *arg, const struct rw_ip *dst, const struct rw_ip *src,
		     struct nl_route *out);
	int (*neigh)(void *arg, int ifindex, const struct rw_ip *ip, struct nl_neigh *out);
	int (*resolve)(void *arg, int ifindex, const struct rw_ip *ip);
	/* fills port, vlan, mtu and src_mac for frames out of an interface; false: it is not ours */
	bool (*egress)(void *arg, int ifindex, struct adj_view *out);
};

struct nexthops;

/* Makes an empty table; the kernel's ops are copied. 0 and *out, or -ENOMEM. */
int nexthops_new(const struct neigh_kernel *kernel, struct nexthops **out);
void nexthops_free(struct nexthops *h);

/*
 * Finds or makes the next hop and counts one more destination on it. Returns its number (from 1). There
 * is an entry for each destination and one more, so it never runs out.
 */
uint32_t nexthop_get(struct nexthops *h, int ifindex, const struct rw_ip *ip);
/* One destination less; without any the entry is free. */
void nexthop_put(struct nexthops *h, uint32_t hop);

/* A destination of this hop is used by flows from now on, or no longer. */
void nexthop_use(struct nexthops *h, uint32_t hop, uint64_t now_ns);
void nexthop_unuse(struct nexthops *h, uint32_t hop);

/* True and its link address when the hop is resolved. */
bool nexthop_mac(const struct nexthops *h, uint32_t hop, uint8_t mac[static 6]);

/* Head of the caller's list of destinations of this hop. */
uint32_t *nexthop_dests(struct nexthops *h, uint32_t hop);

/*
 * A neighbour is as n says from now on; one that the kernel merely forgot stays until it fails. Returns
 * the hop whose link address changed by that, else NEXTHOP_NONE.
 */
uint32_t nexthop_update(struct nexthops *h, const struct nl_neigh *n, uint64_t now_ns);

/* The network is not as it was: what did not resolve so far is due at once. */
void nexthops_retry(struct nexthops *h, uint64_t now_ns);

/*
 * Timers: at most once a second, has the kernel resolve or confirm what is due. With `all`, asks the
 * kernel for every hop in the table and calls changed(arg, hop) for those that differ.
 */
void nexthops_work(struct nexthops *h, uint64_t now_ns);
void nexthops_refetch(struct nexthops *h, uint64_t now_ns, void (*changed)(void *arg, uint32_t hop),
		      void *arg);

#endif
