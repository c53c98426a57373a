/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ports: what --port asked for, opened as DPDK ethdevs. One file per backend (port_xdp.c,
 * port_packet.c, port_whole.c, port_memif.c) fills one row of the table in port.c. Main thread; the egress
 * map also in the manager.
 */
#ifndef RTPWIRE_DATAPLANE_PORT_H
#define RTPWIRE_DATAPLANE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adj.h"
#include "config.h"
#include "netlink/mirror.h"
#include "worker.h"

/* Ethernet with one tag, and the checksum that some drivers leave on. */
#define PORT_FRAME_HEAD_BYTES 22u

struct rte_mempool;
struct port_ops;

#define PORT_NOTE_BYTES 256
#define PORT_DEVICES_MAX 16
#define PORT_SOCKETS_MAX 64
#define PORT_ARGS_BYTES 384

/* Whether frames can leave and arrive, as the kernel says. */
enum port_link {
	PORT_LINK_NEW, /* not looked at yet, or a TAP that was not up yet */
	PORT_LINK_UP,
	PORT_LINK_NO_CARRIER,
	PORT_LINK_DOWN,
	PORT_LINK_GONE
};

/* One DPDK device of a port. */
struct port_device {
	char name[PORT_TEXT_BYTES + 24];
	uint16_t ethdev; /* DPDK port id, once open */
	bool plugged; /* the virtual device exists */
	bool open, started; /* the ethdev is known, runs */
};

struct port {
	const struct port_spec *spec;
	const struct port_ops *ops;
	unsigned int device_count; /* 1; or more: each has one queue, in order */
	struct port_device devices[PORT_DEVICES_MAX];
	uint16_t queues; /* of each direction */
	uint16_t tx_queues; /* less than that; 0 = as many */
	uint16_t mtu; /* largest IP packet, bytes */
	unsigned int buffer_bytes; /* what a packet buffer has to hold, without DPDK's headroom */
	uint8_t mac[6];
	int ifindex; /* interface whose routes and neighbours are this port's; 0 = none */
	enum port_link link; /* as last said in the log */
	int16_t bypass_port; /* as in struct worker_port */
	bool tap; /* an exception TAP that stands behind bypass_port */
	int lock_fd; /* keeps other dataplanes off the interface; -1 = none */
	int program_fd; /* memfd of the XDP program; -1 = none */
	unsigned int socket_count;
	int sockets
		[PORT_SOCKETS_MAX]; /* the driver's own, one a queue; of several devices in their order */
	char note[PORT_NOTE_BYTES]; /* a limit that applies, for the start-up report, or "" */
};

struct ports {
	const struct config *config;
	struct mirror *mirror; /* NULL for ports without a kernel */
	unsigned int count;
	struct port port[WORKER_PORTS_MAX];
};

/* What a backend does. Each logs what fails. */
struct port_ops {
	const char *driver; /* of the virtual device; NULL = check() names the device */
	/* looks at the system before DPDK starts: fills ifindex, queues, mtu, buffer_bytes. 0, or -EINVAL */
	int (*check)(const struct ports *ps, struct port *p);
	/* writes the arguments of virtual device n; NULL when there is none (PCI) */
	void (*args)(const struct port *p, unsigned int n, char *buf, size_t bytes);
	/* the ethdev of device n has started. 0, or -EIO. NULL = nothing to do */
	int (*ready)(struct ports *ps, struct port *p, unsigned int n);
	/* the ethdev is closed, or was never opened: undoes check and ready. NULL = nothing to do */
	void (*closed)(const struct ports *ps, struct port *p);
};

extern const struct port_ops port_xdp_ops, port_packet_ops, port_pci_ops, port_vdev_ops,
	port_memif_ops, port_null_ops, port_tap_ops;

/*
 * Checks everything that can be checked without DPDK. mirror is NULL for ports without a kernel; it and
 * config must outlive *out. 0, or -EINVAL (logged); ports_close() is due in both cases.
 */
int ports_check(const struct config *config, struct mirror *mirror, struct ports *out);

/* Queues of all ports and directions that are used, and the largest buffer_bytes: what eal_plan() needs. */
unsigned int ports_rings(const struct ports *ps);
unsigned int ports_buffer_bytes(const struct ports *ps);

/* Opens and starts all ports with buffers from pool. 0, or -EIO (logged). After eal_start(). */
int ports_open(struct ports *ps, struct rte_mempool *pool);

/* Stops and closes what is open, removes what was put into the kernel. Can be called at any time. */
void ports_close(struct ports *ps);

/* What a worker sees of the ports: ps->count entries. */
void ports_of_worker(const struct ports *ps, unsigned int worker,
		     struct worker_port out[static WORKER_PORTS_MAX]);

/* The queues that a worker polls, all of them together being all there are. Returns how many. */
unsigned int ports_queues_of_worker(const struct ports *ps, unsigned int worker,
				    struct worker_queue out[static WORKER_QUEUES_MAX]);

/* The port whose interface is link or carries it as a VLAN; NULL = none of ours. */
const struct port *port_below(const struct ports *ps, const struct nl_link *link);

/* struct neigh_kernel's egress; arg is struct ports. */
bool ports_egress(void *arg, int ifindex, struct adj_view *out);

/* Links may have changed: logs what became of the ports' own. arg is struct ports. */
void ports_watch(void *arg);

/* For ports without a kernel: where media address number `media` sends. */
struct adj_view ports_fixed(const struct ports *ps, unsigned int media);

/* For the backends: finds the interface, demands that it is up, and locks it. 0 or -EINVAL (logged). */
int port_claim_interface(const struct ports *ps, struct port *p);
void port_unclaim_interface(struct port *p);

/* For the backends: removes the XDP program that a dataplane which was killed left on the interface. */
void port_xdp_forget(const struct port *p);

/* For the backends: adds the sockets of a domain (AF_XDP, AF_PACKET) that the driver has just opened. port_sockets.c */
void port_find_sockets(const struct ports *ps, struct port *p, int domain);

/* For the backends: a port for the exception TAP of *nic, after it; NULL when there is no room. */
struct port *ports_add_tap(struct ports *ps, struct port *nic);

#endif
