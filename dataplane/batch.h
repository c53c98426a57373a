/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A batch: up to 64 packets on their way through the pipe, as plain pointers. Only rx, handoff and
 * tx know that there is an mbuf behind them. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_BATCH_H
#define RTPWIRE_DATAPLANE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/demux.h"
#include "rtpwire/flow.h"

#define BATCH_MAX 64u

struct flow;
struct srtp_context;

/* How a packet leaves the pipe. */
enum pkt_exit {
	EXIT_NONE, /* still in it */
	EXIT_TX, /* finished frame for out_port */
	EXIT_BYPASS, /* frame as received, for the bypass port of in_port */
	EXIT_HANDOFF, /* worker `owner` has the flow */
	EXIT_FREE, /* dropped (counted with its reason) or punted */
};

/* What the port found out, rx_flags. */
#define PKT_IP_CHECKSUM_GOOD 0x01u
#define PKT_IP_CHECKSUM_BAD 0x02u
#define PKT_UDP_CHECKSUM_BAD 0x04u
#define PKT_VLAN_STRIPPED 0x08u

struct pkt {
	/* set by rx */
	uint8_t *data; /* Ethernet header; all len_bytes lie in one piece */
	void *mbuf; /* for rx, handoff and tx only */
	uint16_t len_bytes;
	uint16_t headroom_bytes; /* writable bytes before data */
	uint16_t tailroom_bytes; /* writable bytes behind the frame */
	uint8_t in_port; /* index of the dataplane's port */
	uint8_t rx_flags; /* PKT_* */

	uint8_t exit; /* enum pkt_exit */

	/* set by parse */
	uint8_t owner; /* worker that has the flow */
	uint16_t payload_at; /* of the UDP payload, from data */
	uint16_t payload_bytes; /* changes where a trailer is taken off or put on */
	uint16_t received_bytes; /* payload_bytes as received */
	rw_flow_id id;
	struct rw_endpoint source;

	/* set by lookup */
	struct flow *in;
	uint32_t in_slot;
	uint8_t class_; /* enum rw_class */

	/* set by unprotect */
	struct srtp_context *opened_by; /* NULL: it came as plain RTP */
	uint64_t srtp_index; /* and under which index */

	/* set by source */
	bool candidate; /* may become the flow's source, if it proves to be media */

	/* set by rtp */
	uint32_t out_slot;
	struct flow *out;

	/* set by egress */
	uint8_t out_port;
};

struct batch {
	unsigned int count; /* packets in pkt[] */
	unsigned int live; /* of them still in the pipe */
	bool secured; /* set by lookup: packets of a flow with a key to receive with are in it */
	bool securing; /* set by rtp: ... to send with */
	uint8_t index[BATCH_MAX]; /* their places in pkt[], in order of arrival */
	struct pkt pkt[BATCH_MAX];
};

/* Puts the next packet into the pipe; the caller fills what rx sets. b->count must be below BATCH_MAX. */
static inline struct pkt *batch_add(struct batch *b)
{
	struct pkt *p = &b->pkt[b->count];

	p->exit = EXIT_NONE;
	p->candidate = false;
	p->opened_by = NULL;
	b->index[b->live++] = (uint8_t)b->count++;
	return p;
}

/* RTP or RTCP, by its first bytes; lookup has been there. */
static inline bool pkt_is_media(const struct pkt *p)
{
	return p->class_ == RW_CLASS_RTP || p->class_ == RW_CLASS_RTCP;
}

static inline void batch_reset(struct batch *b)
{
	b->count = 0;
	b->live = 0;
	b->secured = false;
	b->securing = false;
}

#endif
