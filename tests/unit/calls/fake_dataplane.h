/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A dataplane for tests: the real socket, memories and rings on the test's own event loop, and flows in a table
 * instead of workers. It can lie, refuse, keep silent, die and come back.
 */
#ifndef RTPWIRE_TESTS_FAKE_DATAPLANE_H
#define RTPWIRE_TESTS_FAKE_DATAPLANE_H

#include <ev.h>

#include "rtpwire/hello.h"
#include "rtpwire/shm.h"

#define FAKE_FLOWS_MAX 4096

/* What is wrong with the handshake. */
enum fake_lie {
	FAKE_HONEST,
	FAKE_SIZES, /* a sizeof in the welcome */
	FAKE_SHORT, /* the welcome is cut */
	FAKE_LIMITS, /* ports in the wrong order */
	FAKE_BUSY,
	FAKE_MISMATCH,
	FAKE_NO_FDS,
	FAKE_FEW_FDS,
	FAKE_MANY_FDS, /* surplus ones have to be closed: honest otherwise */
	FAKE_UNSEALED_STATS,
	FAKE_UNSEALED_WIRE,
	FAKE_SMALL_WIRE,
	FAKE_STATS_MAGIC,
	FAKE_STATS_OFFSET,
	FAKE_WIRE_MAGIC,
	FAKE_TEXT, /* backend without an end */
	FAKE_MUTE, /* no welcome at all */
	FAKE_HANG_UP,
	FAKE_LIES
};

struct fake {
	struct ev_loop *loop;
	char path[64];
	enum fake_lie lie;
	struct rw_limits limits;
	uint64_t epoch;

	/* behaviour */
	bool silent; /* commands are taken, not answered */
	bool asleep; /* commands are not even taken */
	unsigned int refuse_at; /* the n-th SET from now is refused; 0: none */
	unsigned int stale_at;

	/* seen */
	unsigned int hellos, sets, dels, snapshots, refused;
	rw_flow_id set_ids[FAKE_FLOWS_MAX]; /* of the SETs, in their order, the first ones */
	struct rw_flow_spec flows[FAKE_FLOWS_MAX];
	unsigned int flow_count;

	/* the connection */
	int listen_fd, sock, command_fd, event_fd;
	ev_io listen_io, sock_io, command_io;
	char *wire, *stats;
	size_t stats_bytes;
	uint64_t unanswered[FAKE_FLOWS_MAX]; /* seqs kept back while silent */
	unsigned int unanswered_count;
};

/* Starts listening in a new place. */
void fake_start(struct fake *f, struct ev_loop *loop);

/* Closes the connection and the listening socket, as a killed dataplane does; flows are lost. */
void fake_die(struct fake *f);

/* Listens again under the same path, with another epoch. */
void fake_rise(struct fake *f);

/* Ends the connection only. */
void fake_hang_up(struct fake *f);

/* Dies and removes the socket file. */
void fake_end(struct fake *f);

/* Puts an event into the ring and wakes control up. */
void fake_event(struct fake *f, const struct rw_event *ev);

/* Puts n punted packets into their ring and wakes control up. */
void fake_punts(struct fake *f, unsigned int n);

/* Answers what was kept back. */
void fake_answer_all(struct fake *f);

/* A flow by local port; NULL when there is none. */
const struct rw_flow_spec *fake_flow(const struct fake *f, unsigned int media, unsigned int port);

/* Statistics of a flow, to be written by the test. */
struct rw_flow_stats *fake_stats(struct fake *f, rw_flow_id id);

/* Runs the loop until *done or ms are over. True when done. */
bool run_until(struct ev_loop *loop, const bool *done, unsigned int ms);
void run_for(struct ev_loop *loop, unsigned int ms);

#endif
