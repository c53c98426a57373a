/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK and the ports, opened as the dataplane opens its own. Main thread.
 */
#ifndef RTPWIRE_BENCH_WIRE_PORT_H
#define RTPWIRE_BENCH_WIRE_PORT_H

#include "adj.h"
#include "worker.h"

#include "wire.h"

/* In a buffer of the transmit pool the UDP payload always begins here: the longest headers fit before it. */
#define WIRE_PAYLOAD_AT 256u

struct rte_mbuf;
struct wire_port;

/* What the generator needs of them. */
struct wire_queues {
	unsigned int port_count, queue_count;
	struct worker_port ports[WORKER_PORTS_MAX];
	struct worker_queue queues[WORKER_QUEUES_MAX];
	struct rte_mempool *tx_pool; /* buffers that nobody but the generator writes to */
};

/* Starts DPDK, opens all ports and waits for their links. 0 and *out, or -1 (said why). o must outlive *out. */
int wire_port_new(const struct wire_options *o, struct wire_port **out);

/* Closes all; NULL is fine. */
void wire_port_free(struct wire_port *wp);

const struct wire_queues *wire_port_queues(const struct wire_port *wp);

/*
 * How frames get from an address of a leg to the relay: the kernel's route and neighbour (asked to resolve it, up to three
 * seconds), --gateway-mac, or memif's peer. 0 and *out, or -1 (said why).
 */
int wire_port_way(struct wire_port *wp, unsigned int leg, const struct rw_ip *local,
		  const struct rw_ip *relay, struct adj_view *out);

/*
 * Hands a frame that is none of ours to the kernel by the port's exception TAP, or one of the TAP's to the NIC. False when
 * the port has none; else the frame is gone. Generator, or main thread while that does not run.
 */
bool wire_bypass(const struct wire_queues *q, unsigned int port, struct rte_mbuf *m);

/* "xdp:eth0, memory without huge pages ..." for the report. */
void wire_port_text(const struct wire_port *wp, char *text, size_t bytes);

#endif
