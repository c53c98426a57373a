/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `rtpwire-bench srtp` measures: subjects that secure or open the packets of a ring. Each lives in a process of its
 * own, because Debian's libsrtp2 gets slower by every context that the process has, and does not free them in sensible
 * time. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_SRTP_SUBJECT_H
#define RTPWIRE_BENCH_SRTP_SUBJECT_H

#include "srtp.h"

#include "bench.h"

#define RING_PACKETS                                                                               \
	1024u /* fit into a second level cache, as packets do that a NIC has just written */
#define PAYLOAD_MAX 1400u

/* What is measured, but for the bursts. */
struct srtp_case {
	unsigned int suite; /* enum rw_srtp_suite */
	enum srtp_direction direction;
	uint32_t contexts;
	uint32_t payload_bytes;
};

/* Number n of all packets is of context order[n % contexts], and its sequence number is n / contexts. */
struct ring_packet {
	uint8_t *data; /* 64-aligned, with room for header, payload and trailer */
	uint32_t context;
	uint16_t len_bytes; /* the subject need not change it */
};

struct ring {
	struct ring_packet packets[RING_PACKETS];
	uint64_t next; /* number of the packet that comes after the ring */
	uint32_t *order; /* contexts, shuffled: calls do not speak in turn */
	const struct srtp_case *what;
	struct srtp *sealer; /* receive: secures the packets */
	struct srtp_context **sealing;
	uint8_t *memory;
};

/* Makes an empty ring. 0 or -ENOMEM, -ENOTSUP when no engine has the suite. The process ends before it is freed. */
int ring_open(struct ring *ring, const struct srtp_case *what);

/* The next RING_PACKETS packets, plain (send) or secured (receive). False when one could not be secured. */
bool ring_fill(struct ring *ring);

/* The master key of a context. */
struct rw_srtp_key ring_key(const struct srtp_case *what, uint32_t context);

struct subject_ops {
	const char *name;
	/* Makes all contexts. 0 and *out; -ENOTSUP: does not have the suite; -ENOMEM. The process ends before it is freed. */
	int (*open)(const struct srtp_case *what, void **out);
	/* Secures or opens count packets (at most 64) together. False when one was not as it should be. */
	bool (*run)(void *subject, const struct ring_packet *packets, unsigned int count);
	/* For people: version and how it works here. */
	void (*details)(void *subject, char *text, size_t bytes);
};

extern const struct subject_ops subject_ipsec_mb; /* our engines */
extern const struct subject_ops subject_libsrtp2;
extern const struct subject_ops subject_plain; /* libsrtp2 of the system, used directly */
extern const struct subject_ops
	subject_raw; /* bursts of ipsec-mb and nothing around them; x86-64 */

#endif
