/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's view of the network: links and addresses are kept up to date, routes and neighbours are
 * asked for one by one. Manager thread (main thread before it starts).
 *
 * Two sockets: one for questions, whose answers the kernel queues before sendto() returns, and one
 * for notifications. Neither ever blocks.
 */
#ifndef RTPWIRE_DATAPLANE_MIRROR_H
#define RTPWIRE_DATAPLANE_MIRROR_H

#include <stdbool.h>

#include "rtpwire/addr.h"

#include "nlparse.h"

struct mirror;

/* Who hears of changes. Called from inside mirror_read(). */
struct mirror_listener {
	void *arg;
	/* a route, rule, address or link is not as before: all routes are to be asked for again */
	void (*routes)(void *arg);
	void (*neigh)(void *arg, const struct nl_neigh *n);
	/* notifications were lost: all neighbours are to be asked for again as well */
	void (*lost)(void *arg);
};

/* Opens the sockets and reads links and addresses. 0 and *out, or -errno of the call that failed. */
int mirror_new(struct mirror **out);
void mirror_free(struct mirror *m);

/* The listener is copied; without one, changes update links and addresses only. */
void mirror_listen(struct mirror *m, const struct mirror_listener *l);

/* The socket to wait on (readable). */
int mirror_fd(const struct mirror *m);

/* Reads notifications, a bounded number. True when there may be more. */
bool mirror_read(struct mirror *m);

/* A link; NULL when there is none. Valid until the next call of mirror_read(). */
const struct nl_link *mirror_link(const struct mirror *m, int ifindex);
const struct nl_link *mirror_link_by_name(const struct mirror *m, const char *name);

/* Index of the interface that has an address; 0 = none. */
int mirror_addr_ifindex(const struct mirror *m, const struct rw_ip *ip);

/*
 * Asks for the route to dst, from src first (policy routing), without it when the kernel refuses
 * src. 0 and *out (usable false: there is none); -EAGAIN when the kernel did not answer at once.
 */
int mirror_route(struct mirror *m, const struct rw_ip *dst, const struct rw_ip *src,
		 struct nl_route *out);

/* Asks for a neighbour. 0 and *out (unknown ones are neither usable nor failed); -EAGAIN as above. */
int mirror_neigh(struct mirror *m, int ifindex, const struct rw_ip *ip, struct nl_neigh *out);

/* Has the kernel resolve or confirm a neighbour. 0, or -errno as the kernel answered. */
int mirror_resolve(struct mirror *m, int ifindex, const struct rw_ip *ip);

#endif
