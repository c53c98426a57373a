/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's end of the link to the dataplane (rtpwire/hello.h, msg.h): connects again and again, checks all that
 * comes from there, queues commands, matches acknowledgements. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_DPLINK_H
#define RTPWIRE_CONTROL_DPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/hello.h"

struct dplink;
struct ev_loop;

/* Then a command counts as failed for who waits for it: early in the 5 s that a proxy waits, but not for a short want
   of CPU time. */
#define DPLINK_ACK_TIMEOUT_MS 1500u
#define DPLINK_WINDOW 2048u /* commands in the dataplane at a time */

/* Told to the owner of the link, from the event loop. */
struct dplink_ops {
	/* A dataplane has answered and is trusted as far as checked. A snapshot is on its way. */
	void (*up)(void *ctx, const struct rw_welcome *w);
	/* One flow of the snapshot; the spec was checked. */
	void (*flow)(void *ctx, const struct rw_flow_spec *spec);
	/* The snapshot is complete: commands are taken from now on. */
	void (*synced)(void *ctx);
	/* There is room for more commands; called after acknowledgements while few are queued. */
	void (*room)(void *ctx);
	/* The link is gone; every command that somebody waits for was answered -ENOTCONN before. */
	void (*down)(void *ctx);
};

/* Result of a command: 0; -EPROTO refused (reason: enum rw_flow_error, or stale); -ETIMEDOUT; -ENOTCONN. */
typedef void dplink_done(void *arg, int rc, const char *reason);

/* Prepares a link to the socket at path (kept by reference). 0 and *out, or -ENOMEM. */
int dplink_new(struct ev_loop *loop, const char *path, const struct dplink_ops *ops, void *ctx,
	       struct dplink **out);

/* Starts connecting, at once and then with growing pauses, for ever. */
void dplink_start(struct dplink *l);

/* Closes (waiting commands are answered -ENOTCONN, down() is not called) and frees; NULL is fine. */
void dplink_free(struct dplink *l);

/* True between synced() and down(). */
bool dplink_ready(const struct dplink *l);

/* True between up() and synced(). */
bool dplink_syncing(const struct dplink *l);

/* True while the dataplane has let a time limit pass and answered nothing since. */
bool dplink_stalled(const struct dplink *l);

/* Why the last attempt failed: 0 (none did), -ENOENT (nobody there), -EACCES, -ETIMEDOUT, -EPROTO, -EBUSY ... */
int dplink_last_error(const struct dplink *l);

/*
 * Queues a command; seq is filled in. done (may be NULL: then it is sent without a time limit) is called exactly
 * once, later, never from inside this call. 0; -ENOTCONN before synced(); -EAGAIN (only with done) when far too many
 * wait; -ENOMEM.
 */
int dplink_send(struct dplink *l, enum rw_command_type type, const struct rw_flow_spec *spec,
		dplink_done *done, void *arg);

/* A generation higher than all given out or seen before. */
uint64_t dplink_next_generation(struct dplink *l);

/* Facts of the dataplane connected last; NULL before the first. */
const struct rw_welcome *dplink_welcome(const struct dplink *l);

/* Commands not acknowledged yet. */
unsigned int dplink_outstanding(const struct dplink *l);

/* STUN and DTLS packets taken off the punt ring. */
uint64_t dplink_punts(const struct dplink *l);

/* Copies of statistics. False when there are none (not connected, or a number out of range). */
bool dplink_flow_stats(const struct dplink *l, rw_flow_id id, struct rw_flow_stats *out);
bool dplink_worker_stats(const struct dplink *l, unsigned int worker, struct rw_worker_stats *out);

/*
 * The same from the dataplane that went away before this one, until dplink_forget_old(). While nobody has called
 * that, the statistics stay those of the first that went.
 */
bool dplink_old_flow_stats(const struct dplink *l, rw_flow_id id, struct rw_flow_stats *out);
void dplink_forget_old(struct dplink *l);

/* Time of the last packet a flow took, CLOCK_MONOTONIC ns; 0 = never, or not known. Cheap. */
uint64_t dplink_flow_last_ns(const struct dplink *l, rw_flow_id id);

#endif
