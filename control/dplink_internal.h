/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by dplink.c (commands, events), dplink_connect.c (handshake) and their tests. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_DPLINK_INTERNAL_H
#define RTPWIRE_CONTROL_DPLINK_INTERNAL_H

#include <ev.h>

#include "rtpwire/shm.h"

#include "dplink.h"

#define DPLINK_HELLO_TIMEOUT_S 2.0 /* from connect to the welcome */
#define DPLINK_SNAPSHOT_TIMEOUT_S 5.0 /* without any event */
#define DPLINK_RETRY_MIN_S 0.1
#define DPLINK_RETRY_MAX_S 2.0
#define DPLINK_WAITING_MAX                                                                         \
	200000u /* commands in control: only a dataplane that hangs lets them pile up */
#define DPLINK_FLIGHT_SLOTS (2 * DPLINK_WINDOW) /* power of two */

enum dplink_state {
	DPLINK_DOWN, /* waiting for the next attempt */
	DPLINK_HELLO, /* hello sent */
	DPLINK_SNAPSHOT, /* up() called, SNAPSHOT sent */
	DPLINK_READY,
};

/* One command, from dplink_send() to its ACK. */
struct dplink_command {
	struct dplink_command *next; /* in the queue towards the ring */
	struct dplink_command *newer, *older; /* all that somebody waits for, by age */
	dplink_done *done; /* NULL: nobody waits (any more) */
	void *arg;
	double sent_at; /* CLOCK_MONOTONIC, seconds */
	struct rw_command msg;
};

/* Statistics of a dataplane; map NULL: none. */
struct dplink_stats {
	const void *map;
	size_t bytes;
	struct rw_stats_header header; /* checked copy */
	struct rw_limits limits;
};

struct dplink {
	struct ev_loop *loop;
	const char *path;
	const struct dplink_ops *ops;
	void *ctx;
	enum dplink_state state;
	bool stalled; /* a command has timed out, and no ACK came since */
	int last_error;
	double retry_s;

	int sock, command_fd, event_fd; /* -1: closed */
	ev_io sock_io, event_io;
	ev_prepare prepare;
	bool ring_bell; /* commands were pushed since the last write to command_fd */
	ev_timer timer; /* DOWN: next attempt; HELLO, SNAPSHOT: time limit; READY: oldest command */
	void *wire;
	size_t wire_bytes;
	struct dplink_stats stats, old_stats;
	struct rw_welcome welcome;
	bool welcomed; /* once in this life */

	struct dplink_command *queue_head, *queue_tail; /* not in the ring yet */
	unsigned int queued;
	struct dplink_command *flight[DPLINK_FLIGHT_SLOTS]; /* by seq */
	unsigned int in_flight;
	struct dplink_command *oldest, *newest; /* by age */
	uint64_t next_seq;
	uint64_t generation;
	uint64_t punts;
};

/* dplink_connect.c: begins an attempt; ends in dplink_established() or dplink_fail(). */
void dplink_connect(struct dplink *l);

/* dplink_connect.c: closes and unmaps everything of the connection. */
void dplink_close(struct dplink *l);

/* dplink_connect.c: saves the statistics from dplink_close(), for dplink_old_flow_stats(). */
void dplink_keep_stats(struct dplink *l);

/* dplink.c: the handshake is done and all memory attached. */
void dplink_established(struct dplink *l);

/* dplink.c: ends an attempt or a connection for this reason, and plans the next. */
void dplink_fail(struct dplink *l, int error, const char *why);

/* dplink.c: one event from the dataplane, any bytes. 0, or -EPROTO when it is nonsense. */
int dplink_event(struct dplink *l, const struct rw_event *ev);

#endif
