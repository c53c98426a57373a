/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens, describes and closes the ports, whatever their backend. Main thread.
 */
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>

#define RX_DESCRIPTORS 2048
#define TX_DESCRIPTORS 2048

static const struct port_ops *const backends[PORT_KIND_MAX] = {
	[PORT_XDP] = &port_xdp_ops,	[PORT_PACKET] = &port_packet_ops,
	[PORT_PCI] = &port_pci_ops,	[PORT_VDEV] = &port_vdev_ops,
	[PORT_MEMIF] = &port_memif_ops, [PORT_NULL] = &port_null_ops,
};

/* One dataplane per interface: an abstract socket is seen by all of a network namespace and no other. */
static int lock_interface(int ifindex)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int len = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "rtpwire/interface/%d",
			   ifindex);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -EIO;
	if (bind(fd, (struct sockaddr *)&addr,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0) {
		close(fd);
		return -EADDRINUSE;
	}
	return fd;
}

int port_claim_interface(const struct ports *ps, struct port *p)
{
	const struct nl_link *link = mirror_link_by_name(ps->mirror, p->spec->subject);

	if (!link) {
		log_error("--port %s: no interface %s here; see ip link", p->spec->text,
			  p->spec->subject);
		return -EINVAL;
	}
	if (!link->up) {
		log_error("--port %s: %s is down; run: ip link set %s up", p->spec->text,
			  p->spec->subject, p->spec->subject);
		return -EINVAL;
	}
	if (link->vlan) {
		const struct nl_link *lower = mirror_link(ps->mirror, link->lower);

		log_error("--port %s: %s is a VLAN of %s; use that one, tags are handled",
			  p->spec->text, p->spec->subject, lower ? lower->name : "another");
		return -EINVAL;
	}
	p->lock_fd = lock_interface(link->ifindex);
	if (p->lock_fd < 0) {
		log_error("--port %s: another dataplane uses %s; stop it first", p->spec->text,
			  p->spec->subject);
		return -EINVAL;
	}
	p->ifindex = link->ifindex;
	p->mtu = link->mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)link->mtu;
	p->buffer_bytes = p->mtu + PORT_FRAME_HEAD_BYTES;
	return 0;
}

void port_unclaim_interface(struct port *p)
{
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	p->lock_fd = -1;
}

static struct port *add_port(struct ports *ps, const struct port_spec *spec,
			     const struct port_ops *ops)
{
	struct port *p;

	if (ps->count == WORKER_PORTS_MAX)
		return NULL;
	p = &ps->port[ps->count++];
	*p = (struct port){ .spec = spec,
			    .ops = ops,
			    .device_count = 1,
			    .queues = spec->queues,
			    .mtu = RTE_ETHER_MTU,
			    .buffer_bytes = RTE_ETHER_MTU + PORT_FRAME_HEAD_BYTES,
			    .bypass_port = -1,
			    .lock_fd = -1,
			    .program_fd = -1 };
	return p;
}

struct port *ports_add_tap(struct ports *ps, struct port *nic)
{
	struct port *tap = add_port(ps, nic->spec, &port_tap_ops);

	if (!tap)
		return NULL;
	tap->tap = true;
	tap->queues = 1;
	tap->mtu = nic->mtu;
	memcpy(tap->mac, nic->mac, sizeof(tap->mac));
	tap->bypass_port = (int16_t)(nic - ps->port);
	nic->bypass_port = (int16_t)(tap - ps->port);
	return tap;
}

/* Each media address must be on a port, else its packets never reach us. */
static int check_media(const struct ports *ps)
{
	const struct rw_limits *lim = &ps->config->limits;

	for (unsigned int i = 0; i < ps->config->port_count; i++)
		if (port_traits(ps->config->ports[i].kind)->whole)
			return 0; /* the address goes onto a TAP that does not exist yet */
	for (unsigned int i = 0; i < lim->media_count; i++) {
		int ifindex = mirror_addr_ifindex(ps->mirror, &lim->media[i]);
		const struct nl_link *link = mirror_link(ps->mirror, ifindex);
		char text[RW_IP_TEXT];

		if (link && port_below(ps, link))
			continue;
		log_error("--media %s: %s%s; add it with: ip address add %s/PREFIX dev %s",
			  rw_ip_text(&lim->media[i], text),
			  link ? "is on an interface that is not a --port: " : "not on this host",
			  link ? link->name : "", text, ps->port[0].spec->subject);
		return -EINVAL;
	}
	return 0;
}

static int check_queues(const struct ports *ps)
{
	unsigned int workers = ps->config->limits.workers, each = 0, devices = 0;

	for (unsigned int i = 0; i < ps->count; i++) {
		each += (ps->port[i].queues + workers - 1) / workers;
		devices += ps->port[i].device_count;
	}
	if (devices > RTE_MAX_ETHPORTS) {
		log_error("--port: %u receive queues that need a device each, at most %d; run: "
			  "ethtool -L IFACE rx N, or leave a port out",
			  devices, RTE_MAX_ETHPORTS);
		return -EINVAL;
	}
	if (each <= WORKER_QUEUES_MAX)
		return 0;
	log_error("--workers %u: too few for the receive queues of the ports (%u for each worker, "
		  "at most %d); give more workers or run: ethtool -L IFACE combined %u",
		  workers, each, WORKER_QUEUES_MAX, workers);
	return -EINVAL;
}

/* DPDK's names of a port's virtual devices. */
static void name_devices(struct port *p, unsigned int i)
{
	for (unsigned int n = 0; n < p->device_count && p->ops->driver; n++)
		snprintf(p->devices[n].name, sizeof(p->devices[n].name), "%s_rtpwire%u%s%.0u",
			 p->ops->driver, i, n ? "_" : "", n);
}

int ports_check(const struct config *config, struct mirror *mirror, struct ports *out)
{
	*out = (struct ports){ .config = config, .mirror = mirror };
	for (unsigned int i = 0; i < config->port_count; i++) {
		const struct port_spec *spec = &config->ports[i];
		struct port *p = add_port(out, spec, backends[spec->kind]);

		if (p->ops->check && p->ops->check(out, p) < 0)
			return -EINVAL;
		name_devices(p, i);
	}
	if (mirror && check_media(out) < 0)
		return -EINVAL;
	return check_queues(out);
}

unsigned int ports_rings(const struct ports *ps)
{
	unsigned int n = 0, workers = ps->config->limits.workers;

	for (unsigned int i = 0; i < ps->count; i++) {
		unsigned int queues = ps->port[i].queues ? ps->port[i].queues : workers;

		n += queues + RTE_MIN(queues, workers);
	}
	return n;
}

unsigned int ports_buffer_bytes(const struct ports *ps)
{
	unsigned int bytes = 0;

	for (unsigned int i = 0; i < ps->count; i++)
		if (ps->port[i].buffer_bytes > bytes)
			bytes = ps->port[i].buffer_bytes;
	return bytes;
}

static int fail(const struct port *p, const char *what, int rc)
{
	log_error("--port %s: %s: %s; more is said with --log-level debug", p->spec->text, what,
		  rte_strerror(rc < 0 ? -rc : rte_errno));
	return -EIO;
}

static int probe(struct port *p, unsigned int n)
{
	struct port_device *d = &p->devices[n];
	char args[PORT_ARGS_BYTES] = "";
	int rc;

	if (p->ops->args) {
		p->ops->args(p, n, args, sizeof(args));
		log_debug("DPDK device %s: %s", d->name, args);
		rc = rte_eal_hotplug_add("vdev", d->name, args);
		if (rc < 0)
			return fail(p, "cannot open the device", rc);
		d->plugged = true;
	}
	rc = rte_eth_dev_get_port_by_name(d->name, &d->ethdev);
	if (rc < 0)
		return fail(p, "DPDK has no such network device", rc);
	d->open = true;
	return 0;
}

/* Only what the hardware verified itself is believed; transmit checksums are always ours. */
static void choose_offloads(const struct port *p, const struct rte_eth_dev_info *info,
			    struct rte_eth_conf *conf)
{
	conf->txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (!port_traits(p->spec->kind)->whole || p->tap)
		return;
	conf->rxmode.offloads = info->rx_offload_capa &
				(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	if (p->queues > 1) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf =
			info->flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
	}
}

static int choose_queues(const struct ports *ps, struct port *p,
			 const struct rte_eth_dev_info *info)
{
	unsigned int most = RTE_MIN(info->max_rx_queues, info->max_tx_queues);
	unsigned int want = p->queues ? p->queues : ps->config->limits.workers;

	if (p->device_count > 1)
		return 0;
	if (p->spec->queues > most && !p->tap) {
		log_error("--port %s: the device has %u queues; write queues=%u or less",
			  p->spec->text, most, most);
		return -EIO;
	}
	p->queues = (uint16_t)RTE_MIN(want, most);
	return 0;
}

static int setup_queues(struct port *p, uint16_t ethdev, uint16_t queues, struct rte_mempool *pool)
{
	uint16_t rx = RX_DESCRIPTORS, tx = TX_DESCRIPTORS;
	int node = rte_eth_dev_socket_id(ethdev);
	unsigned int socket = node < 0 ? (unsigned int)SOCKET_ID_ANY : (unsigned int)node;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(ethdev, &rx, &tx);

	if (rc < 0)
		return fail(p, "ring sizes", rc);
	for (uint16_t q = 0; q < queues; q++) {
		rc = rte_eth_rx_queue_setup(ethdev, q, rx, socket, NULL, pool);
		if (rc < 0)
			return fail(p, "cannot set up a receive queue", rc);
		rc = rte_eth_tx_queue_setup(ethdev, q, tx, socket, NULL);
		if (rc < 0)
			return fail(p, "cannot set up a transmit queue", rc);
	}
	return 0;
}

static int configure(struct ports *ps, struct port *p, uint16_t ethdev, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = { .rxmode = { .mq_mode = RTE_ETH_MQ_RX_NONE } };
	struct rte_eth_dev_info info;
	uint16_t queues;
	int rc = rte_eth_dev_info_get(ethdev, &info);

	if (rc < 0)
		return fail(p, "cannot ask the device what it can do", rc);
	if (choose_queues(ps, p, &info) < 0)
		return -EIO;
	choose_offloads(p, &info, &conf);
	queues = p->device_count > 1 ? 1 : p->queues;
	rc = rte_eth_dev_configure(ethdev, queues, queues, &conf);
	if (rc < 0)
		return fail(p, "cannot configure the device", rc);
	return setup_queues(p, ethdev, queues, pool);
}

static int start(struct ports *ps, struct port *p, unsigned int n, struct rte_mempool *pool)
{
	struct port_device *d = &p->devices[n];
	struct rte_ether_addr mac;
	int rc;

	if (configure(ps, p, d->ethdev, pool) < 0)
		return -EIO;
	rc = rte_eth_dev_start(d->ethdev);
	if (rc < 0)
		return fail(p, "cannot start the device", rc);
	d->started = true;
	rc = rte_eth_macaddr_get(d->ethdev, &mac);
	if (rc < 0)
		return fail(p, "cannot read the link address", rc);
	memcpy(p->mac, mac.addr_bytes, sizeof(p->mac));
	return p->ops->ready ? p->ops->ready(ps, p, n) : 0;
}

int ports_open(struct ports *ps, struct rte_mempool *pool)
{
	/* ready() of a whole NIC adds its TAP to the end of the table */
	for (unsigned int i = 0; i < ps->count; i++) {
		struct port *p = &ps->port[i];

		for (unsigned int n = 0; n < p->device_count; n++)
			if (probe(p, n) < 0 || start(ps, p, n, pool) < 0)
				return -EIO;
		if (p->socket_count && p->socket_count != p->queues)
			log_warning("--port %s: %u sockets for %u queues: idle workers nap",
				    p->spec->text, p->socket_count, p->queues);
	}
	return 0;
}

static void close_device(const struct port *p, struct port_device *d)
{
	if (d->started && rte_eth_dev_stop(d->ethdev) < 0)
		log_warning("--port %s: the device did not stop", p->spec->text);
	d->started = false;
	/* removing a virtual device closes its ethdev too */
	if (d->plugged && rte_eal_hotplug_remove("vdev", d->name) < 0)
		log_warning("--port %s: the device was not removed cleanly", p->spec->text);
	else if (d->open && !d->plugged)
		rte_eth_dev_close(d->ethdev);
	d->open = d->plugged = false;
}

static void close_port(const struct ports *ps, struct port *p)
{
	for (unsigned int n = p->device_count; n > 0; n--)
		close_device(p, &p->devices[n - 1]);
	if (p->ops->closed)
		p->ops->closed(ps, p);
}

void ports_close(struct ports *ps)
{
	while (ps->count)
		close_port(ps, &ps->port[--ps->count]);
}
