/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pci:ADDRESS and vdev:DEVARGS: a NIC that is ours alone, and the exception TAP that carries the kernel's
 * share of it. The TAP has the NIC's link address, so the kernel's ARP, ND and ICMP fit both; addresses,
 * routes and neighbours are those of the TAP. Main thread.
 */
#include "port.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

static int pci_check(const struct ports *ps, struct port *p)
{
	(void)ps;
	snprintf(p->devices[0].name, sizeof(p->devices[0].name), "%s", p->spec->subject);
	return 0;
}

/* The driver is found by the name's beginning. */
static int vdev_check(const struct ports *ps, struct port *p)
{
	snprintf(p->devices[0].name, sizeof(p->devices[0].name), "%s_rtpwire%u", p->spec->subject,
		 (unsigned int)(p - ps->port));
	return 0;
}

static void vdev_args(const struct port *p, unsigned int n, char *buf, size_t bytes)
{
	(void)n;
	snprintf(buf, bytes, "%s", p->spec->devargs[0] ? p->spec->devargs + 1 : "");
}

/* The kernel needs multicast for IPv6 neighbours; where a filter cannot be opened, take everything. */
static void open_filters(struct port *p)
{
	if (rte_eth_allmulticast_enable(p->devices[0].ethdev) == 0)
		return;
	if (rte_eth_promiscuous_enable(p->devices[0].ethdev) < 0)
		snprintf(p->note, sizeof(p->note),
			 "multicast cannot be switched on: IPv6 neighbours may not resolve");
}

static int whole_ready(struct ports *ps, struct port *p, unsigned int n)
{
	struct port *tap;
	uint16_t mtu;

	(void)n;
	open_filters(p);
	if (rte_eth_dev_get_mtu(p->devices[0].ethdev, &mtu) == 0)
		p->mtu = mtu;
	tap = ports_add_tap(ps, p);
	if (!tap) {
		log_error("--port %s: no room for its TAP; leave another --port out",
			  p->spec->text);
		return -EIO;
	}
	snprintf(tap->devices[0].name, sizeof(tap->devices[0].name), "net_tap_rtpwire%d",
		 tap->bypass_port);
	return 0;
}

/* Name of the kernel's interface for a TAP port. */
static const char *tap_iface(const struct port *p, char buf[static IFNAMSIZ])
{
	if (p->spec->kernel[0])
		snprintf(buf, IFNAMSIZ, "%s", p->spec->kernel);
	else
		snprintf(buf, IFNAMSIZ, "rtpwire%d", p->bypass_port);
	return buf;
}

static void tap_args(const struct port *p, unsigned int n, char *buf, size_t bytes)
{
	char iface[IFNAMSIZ];

	(void)n;
	snprintf(buf, bytes, "iface=%s,mac=%02x:%02x:%02x:%02x:%02x:%02x", tap_iface(p, iface),
		 p->mac[0], p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
}

static int tap_ready(struct ports *ps, struct port *p, unsigned int n)
{
	char iface[IFNAMSIZ];

	(void)ps;
	(void)n;
	p->ifindex = (int)if_nametoindex(tap_iface(p, iface));
	if (!p->ifindex) {
		log_error("--port %s: its TAP %s did not appear: %m", p->spec->text, iface);
		return -EIO;
	}
	if (rte_eth_dev_set_mtu(p->devices[0].ethdev, p->mtu) < 0)
		log_warning("--port %s: %s keeps its own MTU", p->spec->text, iface);
	snprintf(p->note, sizeof(p->note),
		 "the kernel's share goes through %s: put addresses there", iface);
	return 0;
}

const struct port_ops port_pci_ops = { NULL, pci_check, NULL, whole_ready, NULL };
const struct port_ops port_vdev_ops = { NULL, vdev_check, vdev_args, whole_ready, NULL };
const struct port_ops port_tap_ops = { NULL, NULL, tap_args, tap_ready, NULL };
