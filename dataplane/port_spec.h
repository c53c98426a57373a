/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user typed after --port, taken apart. No DPDK here; port.c opens what this describes.
 */
#ifndef RTPWIRE_DATAPLANE_PORT_SPEC_H
#define RTPWIRE_DATAPLANE_PORT_SPEC_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum port_kind {
	PORT_XDP, /* xdp:IFACE */
	PORT_PACKET, /* packet:IFACE */
	PORT_PCI, /* pci:ADDRESS */
	PORT_VDEV, /* vdev:DEVARGS, stands in for a NIC given whole */
	PORT_MEMIF, /* memif:ARGS */
	PORT_NULL, /* null */
	PORT_KIND_MAX
};

#define PORT_TEXT_BYTES 64
#define PORT_DEVARGS_BYTES 256

struct port_spec {
	enum port_kind kind;
	char text[PORT_TEXT_BYTES]; /* as typed, cut: for people */
	char subject
		[PORT_TEXT_BYTES]; /* interface, PCI address or name of a DPDK driver; "" = none */
	char devargs[PORT_DEVARGS_BYTES]; /* ",key=value..." for the DPDK driver, or "" */
	char kernel[IFNAMSIZ]; /* PCI, VDEV: name of the exception TAP, "" = automatic */
	uint16_t queues; /* 0 = automatic */
	uint8_t peer_mac[6]; /* MEMIF, NULL: where all frames go */
};

/* How a kind behaves, whatever port it is. */
struct port_traits {
	const char *name; /* in front of the colon */
	bool kernel; /* addresses, routes and neighbours are the kernel's */
	bool whole; /* the NIC is ours alone: it needs an exception TAP */
	bool busy; /* --poll busy unless asked otherwise */
};

/* Never NULL; kind must be below PORT_KIND_MAX. */
const struct port_traits *port_traits(enum port_kind kind);

/*
 * Parses one --port argument. 0 and *out; -EINVAL and a message of what is wrong and how to write it
 * in err (err_bytes, NUL included).
 */
int port_spec_parse(const char *text, struct port_spec *out, char *err, size_t err_bytes);

#endif
