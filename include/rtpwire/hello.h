/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First words on the dataplane's UNIX socket (SOCK_SEQPACKET): the client sends struct rw_hello, the
 * dataplane answers struct rw_welcome with, if status is OK, file descriptors by SCM_RIGHTS in the
 * order of enum rw_hello_fd (an observer gets RW_FD_STATS alone). The connection then carries nothing
 * more; its end is the end of the session.
 */
#ifndef RTPWIRE_HELLO_H
#define RTPWIRE_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "rtpwire/abi.h"
#include "rtpwire/flow.h"
#include "rtpwire/msg.h"
#include "rtpwire/punt.h"
#include "rtpwire/stats.h"

/* Every struct that stands in shared memory. X(struct name) */
#define RW_SHARED_STRUCTS(X)                                                                       \
	X(rw_flow_spec)                                                                            \
	X(rw_command)                                                                              \
	X(rw_event)                                                                                \
	X(rw_punt)                                                                                 \
	X(rw_wire_header)                                                                          \
	X(rw_ring)                                                                                 \
	X(rw_ssrc_stats)                                                                           \
	X(rw_flow_stats)                                                                           \
	X(rw_worker_stats)                                                                         \
	X(rw_stats_header)                                                                         \
	X(rw_limits)                                                                               \
	X(rw_srtp_key)                                                                             \
	X(rw_srtp_stream)

enum {
#define RW_X(name) +1
	RW_SHARED_STRUCT_COUNT = 0 RW_SHARED_STRUCTS(RW_X)
#undef RW_X
};

enum rw_role {
	RW_ROLE_CONTROL = 1, /* one at a time */
	RW_ROLE_OBSERVER, /* reads statistics */
};

struct rw_hello {
	uint32_t magic; /* RW_ABI_MAGIC */
	uint32_t version; /* RW_ABI_VERSION */
	uint32_t role; /* enum rw_role */
	uint32_t size_count;
	uint32_t sizes[RW_SHARED_STRUCT_COUNT]; /* sizeof of each, in the order of the list */
};

enum rw_welcome_status {
	RW_WELCOME_OK,
	RW_WELCOME_MISMATCH, /* magic, version or a size differs; message has both numbers */
	RW_WELCOME_BUSY, /* another control is connected */
};

enum rw_hello_fd {
	RW_FD_STATS, /* memfd, sealed against size changes and new writers */
	RW_FD_WIRE, /* memfd, sealed against size changes; both sides write */
	RW_FD_COMMANDS, /* eventfd: control writes after pushing commands */
	RW_FD_EVENTS, /* eventfd: dataplane writes after pushing events or punts */
	RW_FD_MAX
};

struct rw_welcome {
	uint32_t magic;
	uint32_t version;
	uint32_t status; /* enum rw_welcome_status */
	uint32_t size_count;
	uint32_t sizes[RW_SHARED_STRUCT_COUNT];
	struct rw_limits limits;
	uint64_t epoch; /* random, new at each start of the dataplane */
	char backend[64]; /* for people: "xdp:eth0", NUL-terminated */
	char message[128]; /* reason when status is not OK, NUL-terminated */
};

/* The table of this build. */
static inline void rw_hello_sizes(uint32_t sizes[static RW_SHARED_STRUCT_COUNT])
{
	static const uint32_t mine[] = {
#define RW_X(name) sizeof(struct name),
		RW_SHARED_STRUCTS(RW_X)
#undef RW_X
	};

	for (size_t i = 0; i < RW_SHARED_STRUCT_COUNT; i++)
		sizes[i] = mine[i];
}

/* Name of the n-th struct of the table; n must be below RW_SHARED_STRUCT_COUNT. */
static inline const char *rw_hello_name(size_t n)
{
	static const char *const names[] = {
#define RW_X(name) #name,
		RW_SHARED_STRUCTS(RW_X)
#undef RW_X
	};

	return names[n];
}

/*
 * Compares a peer's magic, version and table with this build's. 0, or -EPROTO and *why (at most
 * why_bytes, NUL included) says what differs, with both numbers.
 */
static inline int rw_hello_check(uint32_t magic, uint32_t version, uint32_t size_count,
				 const uint32_t sizes[static RW_SHARED_STRUCT_COUNT], char *why,
				 size_t why_bytes)
{
	uint32_t mine[RW_SHARED_STRUCT_COUNT];

	if (magic != RW_ABI_MAGIC) {
		snprintf(why, why_bytes, "magic is %08x, need %08x", magic, RW_ABI_MAGIC);
		return -EPROTO;
	}
	if (version != RW_ABI_VERSION) {
		snprintf(why, why_bytes, "contract version is %u, need %u: upgrade both programs",
			 version, RW_ABI_VERSION);
		return -EPROTO;
	}
	if (size_count != RW_SHARED_STRUCT_COUNT) {
		snprintf(why, why_bytes, "%u shared structs, need %u", size_count,
			 (unsigned int)RW_SHARED_STRUCT_COUNT);
		return -EPROTO;
	}
	rw_hello_sizes(mine);
	for (size_t i = 0; i < RW_SHARED_STRUCT_COUNT; i++) {
		if (sizes[i] == mine[i])
			continue;
		snprintf(why, why_bytes, "sizeof(struct %s) is %u, need %u", rw_hello_name(i),
			 sizes[i], mine[i]);
		return -EPROTO;
	}
	return 0;
}

#endif
