/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The UNIX socket on which control and observers get the shared memories (rtpwire/hello.h). Nobody who
 * connects can make it wait: every socket is non-blocking and a client that says nothing for a second is
 * dropped. No DPDK. Manager thread.
 */
#ifndef RTPWIRE_DATAPLANE_SHMHOST_H
#define RTPWIRE_DATAPLANE_SHMHOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rtpwire/flow.h"

struct shmhost;

struct shmhost_config {
	const char *path; /* of the socket */
	mode_t mode;
	bool group_set;
	bool group_default; /* as group_set, but a refusal by the kernel is no failure */
	gid_t gid; /* of the socket, if one of these */
	struct rw_limits limits;
	uint64_t epoch;
	const char *backend; /* for people: "xdp:eth0" */
	int stats_fd; /* stays the caller's */
};

/* Who hears of control coming and going. Called from inside shmhost_work() and shmhost_close(). */
struct shmhost_listener {
	void *arg;
	void (*attached)(void *arg, void *wire); /* wire is valid until detached() returns */
	void (*detached)(void *arg);
};

/*
 * Listens on config->path, a stale socket file of a dead dataplane is replaced. Everything is copied.
 * 0 and *out; -EADDRINUSE when somebody listens there, -EEXIST when the path is not a socket, or -errno of
 * the call that failed (all of them logged).
 */
int shmhost_new(const struct shmhost_config *config, const struct shmhost_listener *listener,
		struct shmhost **out);

/* Ends all connections and removes the socket file, if it is still the one we made. */
void shmhost_free(struct shmhost *h);

/* A descriptor that is readable when shmhost_work() has something to do. */
int shmhost_fd(const struct shmhost *h);

/* Handles what is there, a bounded amount. now_ns: CLOCK_MONOTONIC. */
void shmhost_work(struct shmhost *h, uint64_t now_ns);

/* When shmhost_work() has to be called although nothing is readable; UINT64_MAX = never. */
uint64_t shmhost_deadline_ns(const struct shmhost *h);

/* Wakes control: events or punts were pushed. Nothing happens when none is connected. */
void shmhost_wake_control(struct shmhost *h);

/* Ends control's session because of what it did. */
void shmhost_drop_control(struct shmhost *h, const char *why);

#endif
