/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtpwire-peer: many RTP streams sent and received by one thread, counted packet by packet. All of it runs
 * on the program's only thread.
 */
#ifndef RTPWIRE_PEER_PEER_H
#define RTPWIRE_PEER_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rtpwire/addr.h"

#include "srtp.h"
#include "wire.h"

#define PEER_STREAMS_MAX 20000u

/* What arrived for one stream on one of its ports (media or RTCP). */
struct arrivals {
	uint64_t received; /* right packets, each counted once */
	uint64_t duplicates;
	uint64_t reordered; /* right packets that came after a higher number */
	uint64_t misdelivered; /* of a stream that is not ours to hear */
	uint64_t corrupt; /* not a byte for byte copy of what a peer sends */
	uint64_t wrong_source; /* right packets, but not from the remote address */
	uint64_t auth_failed; /* SRTP: the tag fits no key */
	uint64_t replayed; /* SRTP: number came before, or is too old to tell */
	uint64_t old_key; /* SRTP: right packets under the key before the last change */
	uint64_t renumbered; /* right packets whose RTP sequence number was shifted */
	uint32_t first_seq, max_seq; /* valid when received > 0 */
	uint8_t *seen; /* bit n: number n was received */
	uint32_t seen_bits;
};

struct stream {
	uint32_t id;
	uint32_t expect; /* id of the stream at the other end */
	enum wire_kind kind;
	bool send;
	bool mux; /* RTCP shares the media port (RFC 5761) */
	struct rw_endpoint local, local_rtcp, remote, remote_rtcp; /* RTCP ones: NONE = no RTCP */
	int fd, rtcp_fd; /* rtcp_fd is -1 with mux and without RTCP */
	int moved_fd, moved_rtcp_fd; /* of the local address before the last move; -1 = none */
	bool renumber; /* shifted sequence numbers are no fault */
	uint32_t ssrc;
	char suite[SECURE_SUITE_TEXT], tx_key[SECURE_KEY_TEXT], rx_key[SECURE_KEY_TEXT];
	struct secure *tx, *rx; /* NULL = plain */

	uint64_t sent, rtcp_sent, send_errors;
	uint32_t number; /* of the next media packet */
	uint32_t rtcp_number;
	uint16_t rtp_seq; /* of the next media packet */
	struct arrivals media, rtcp;
	double jitter_ns; /* RFC 3550 A.8, from arrival and sending times */
	int64_t transit_ns; /* of the last packet */
	int64_t latency_max_ns;
	double latency_sum_ns;
};

struct peer {
	struct stream *streams;
	unsigned int stream_count;
	int epoll_fd;
	int tos;
	uint64_t interval_ns; /* between two packets of one stream */
	uint64_t rtcp_interval_ns; /* 0 = no RTCP */
	uint64_t start_ns; /* CLOCK_MONOTONIC, when sending began */
	uint64_t turn; /* media packets that were due so far, over all streams */
	uint64_t rtcp_turn;
};

/* Sum over all streams, for the progress line and the result. */
struct totals {
	uint64_t sent, rtcp_sent, send_errors, missing, rtcp_missing;
	struct arrivals media, rtcp; /* counters only */
	double jitter_ms, jitter_max_ms, latency_ms, latency_max_ms;
};

/* list.c */

/*
 * Reads streams, one a line: "id=1 expect=2 local=IP:PORT remote=IP:PORT", optionally rtcp=IP:PORT,
 * remote-rtcp=IP:PORT, mux=1, send=0, kind=rtp|udptl, ssrc=N, seq=N, first=N, renumber=1, and
 * srtp=SUITE with tx-key=BASE64 and rx-key=BASE64; "#" starts a comment; "." alone ends the list.
 * 0, or -EINVAL / -ENOMEM after a message on stderr.
 */
int list_read(FILE *in, struct peer *p);

/* Parses "a.b.c.d:port" or "[v6]:port". 0, or -EINVAL and *out untouched. */
int list_endpoint(const char *text, struct rw_endpoint *out);

/* net.c */

/* Opens and binds all sockets. 0, or -errno after a message on stderr. */
int net_open(struct peer *p);

/* Sends all packets due at now_ns (CLOCK_MONOTONIC), at most a burst. True when more are due. */
bool net_send_due(struct peer *p, uint64_t now_ns);

/*
 * Binds a stream to another local address, as a phone that changes its network; what still comes to the one
 * before is received too. rtcp_at is not looked at with mux. 0, or -errno after a message and nothing changed.
 */
int net_move(struct peer *p, struct stream *s, const struct rw_endpoint *at,
	     const struct rw_endpoint *rtcp_at);

/* Reads all that has arrived. */
void net_receive(struct peer *p);

void net_close(struct peer *p);

/* count.c */

/*
 * Books a datagram that came from `from` for s; arrived_ns is CLOCK_REALTIME. p is aligned to 4 and undefined
 * afterwards: SRTP is decrypted in place.
 */
void count_packet(struct stream *s, bool rtcp_port, uint8_t *p, size_t len_bytes,
		  const struct rw_endpoint *from, uint64_t arrived_ns);

/* Numbers between the first and the highest received that did not arrive. */
uint64_t count_missing(const struct arrivals *a);

void count_totals(const struct peer *p, struct totals *t);

/* orders.c */

/*
 * Reads and obeys what stdin has without waiting; at its end *open becomes false and stdin is no longer looked
 * at. True when told to stop.
 */
bool orders_read(struct peer *p, bool *open);

/* report.c */

/* One line "t=1.0 streams=..." on stdout. */
void report_progress(const struct peer *p, double seconds);

/* Writes the JSON result to path ("-" = stdout). 0, or -EIO after a message on stderr. */
int report_write(const struct peer *p, const char *path, double seconds);

#endif
