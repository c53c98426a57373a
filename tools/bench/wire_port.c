/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK and the ports (wire_port.h). Main thread.
 */
#include "wire_port.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal.h"
#include "log.h"
#include "netlink/mirror.h"
#include "pool.h"
#include "port.h"

/* What a port's ring holds, and some bursts. */
#define TX_BUFFERS 8192u
#define TX_CACHE 256u
#define LINK_WAIT_MS 5000u
#define NEIGHBOUR_WAIT_MS 3000u
#define STEP_MS 20u
#define ADDRESS_WAIT_MS 30000u
#define PUMP_FRAMES 32u

struct wire_port {
	const struct wire_options *options;
	struct mirror *mirror; /* NULL for ports without a kernel */
	struct ports ports;
	struct eal_plan plan;
	bool eal_started;
	struct rte_mempool *pool;
	struct wire_queues queues;
};

static void wait_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

/* AF_XDP counts its buffers as locked memory. Without the right to raise the limit, opening says so. */
static void raise_limits(void)
{
	struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &most) < 0)
		log_debug("limit of locked memory stays: %m");
}

/* Each address must be the kernel's, or nobody answers the relay's ARP. A whole NIC's is put onto its TAP later. */
static int check_locals(const struct wire_port *wp)
{
	const struct rw_limits *lim = &wp->options->config.limits;
	char text[RW_IP_TEXT];

	for (unsigned int i = 0; i < wp->options->config.port_count; i++)
		if (port_traits(wp->options->config.ports[i].kind)->whole)
			return 0;
	for (unsigned int i = 0; i < lim->media_count && wp->mirror; i++) {
		if (mirror_addr_ifindex(wp->mirror, &lim->media[i]))
			continue;
		log_error("--local %s: not on this host; add it with: ip address add %s/PREFIX dev "
			  "IFACE",
			  rw_ip_text(&lim->media[i], text), text);
		return -1;
	}
	return 0;
}

static int open_mirror(struct wire_port *wp)
{
	int rc;

	if (!config_kernel_ports(&wp->options->config))
		return 0;
	rc = mirror_new(&wp->mirror);
	if (rc == 0)
		return check_locals(wp);
	log_error("netlink: cannot read links and addresses: %s", strerror(-rc));
	return -1;
}

/* The transmit pool's share of memory is planned as if its buffers were the others. */
static int start_dpdk(struct wire_port *wp)
{
	struct config config = wp->options->config;
	unsigned int rings = ports_rings(&wp->ports), buffer = ports_buffer_bytes(&wp->ports);

	if (eal_plan(&config, rings, buffer, &wp->plan) < 0)
		return -1;
	config.mbufs = wp->plan.mbufs + TX_BUFFERS;
	if (eal_plan(&config, rings, buffer, &wp->plan) < 0)
		return -1;
	wp->plan.mbufs -= TX_BUFFERS;
	if (eal_start(&config, &wp->plan) < 0)
		return -1;
	wp->eal_started = true;
	return pool_new(&wp->plan, &wp->pool) < 0 ? -1 : 0;
}

static int make_tx_pool(struct wire_port *wp)
{
	unsigned int room = WIRE_PAYLOAD_AT + WIRE_RTP_BYTES + WIRE_PAYLOAD_MAX + SRTP_TRAILER_MAX;

	wp->queues.tx_pool =
		rte_pktmbuf_pool_create("wire_tx", TX_BUFFERS, TX_CACHE, 0,
					(uint16_t)((room + 63) / 64 * 64), SOCKET_ID_ANY);
	if (wp->queues.tx_pool)
		return 0;
	log_error("no memory for %u packet buffers", TX_BUFFERS);
	return -1;
}

static bool link_is_up(uint16_t ethdev)
{
	struct rte_eth_link link = { .link_status = 0 };

	return rte_eth_link_get_nowait(ethdev, &link) == 0 && link.link_status;
}

static int wait_for_links(const struct wire_port *wp)
{
	for (unsigned int i = 0; i < wp->queues.port_count; i++) {
		unsigned int waited = 0;

		while (!link_is_up(wp->queues.ports[i].ethdev) && waited < LINK_WAIT_MS) {
			wait_ms(STEP_MS);
			waited += STEP_MS;
		}
		if (waited < LINK_WAIT_MS)
			continue;
		log_error("--port %s: no link after %u s; is the other end there?",
			  wp->ports.port[i].spec->text, LINK_WAIT_MS / 1000);
		return -1;
	}
	return 0;
}

bool wire_bypass(const struct wire_queues *q, unsigned int port, struct rte_mbuf *m)
{
	int to = q->ports[port].bypass_port;

	if (to < 0)
		return false;
	if (m->pkt_len > q->ports[to].frame_max ||
	    rte_eth_tx_burst(q->ports[to].ethdev, q->ports[to].tx_queue, &m, 1) == 0)
		rte_pktmbuf_free(m);
	return true;
}

/* While the generator does not run: the kernel's share of a whole NIC goes on, ARP for one. */
static void pump(struct wire_port *wp)
{
	const struct wire_queues *q = &wp->queues;
	struct rte_mbuf *frames[PUMP_FRAMES];

	for (unsigned int i = 0; i < q->queue_count; i++) {
		unsigned int n = rte_eth_rx_burst(q->queues[i].ethdev, q->queues[i].queue, frames,
						  PUMP_FRAMES);

		for (unsigned int k = 0; k < n; k++)
			if (!wire_bypass(q, q->queues[i].port, frames[k]))
				rte_pktmbuf_free(frames[k]);
	}
	while (wp->mirror && mirror_read(wp->mirror))
		;
}

/* An exception TAP is new: somebody has to give it the addresses. */
static int wait_for_addresses(struct wire_port *wp)
{
	const struct rw_limits *lim = &wp->options->config.limits;
	unsigned int waited = 0, found = 0;
	char text[RW_IP_TEXT];

	while (wp->mirror && found < lim->media_count) {
		if (mirror_addr_ifindex(wp->mirror, &lim->media[found])) {
			found++;
			continue;
		}
		if (waited == 0)
			log_warning("--local %s: not on this host yet; %s",
				    rw_ip_text(&lim->media[found], text),
				    wp->ports.port[wp->ports.count - 1].note);
		if (waited >= ADDRESS_WAIT_MS) {
			log_error("--local %s: not on this host after %u s",
				  rw_ip_text(&lim->media[found], text), ADDRESS_WAIT_MS / 1000);
			return -1;
		}
		pump(wp);
		wait_ms(STEP_MS);
		waited += STEP_MS;
	}
	return 0;
}

static int open_ports(struct wire_port *wp)
{
	struct wire_queues *q = &wp->queues;

	if (open_mirror(wp) < 0 || ports_check(&wp->options->config, wp->mirror, &wp->ports) < 0)
		return -1;
	if (start_dpdk(wp) < 0 || make_tx_pool(wp) < 0 || ports_open(&wp->ports, wp->pool) < 0)
		return -1;
	q->port_count = wp->ports.count;
	ports_of_worker(&wp->ports, 0, q->ports);
	q->queue_count = ports_queues_of_worker(&wp->ports, 0, q->queues);
	return wait_for_links(wp) < 0 ? -1 : wait_for_addresses(wp);
}

/* DPDK's threads inherit that no signal is theirs. */
int wire_port_new(const struct wire_options *o, struct wire_port **out)
{
	struct wire_port *wp = calloc(1, sizeof(*wp));
	sigset_t all, before;
	int rc;

	if (!wp)
		return -1;
	wp->options = o;
	raise_limits();
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = open_ports(wp);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc < 0) {
		wire_port_free(wp);
		return -1;
	}
	*out = wp;
	return 0;
}

void wire_port_free(struct wire_port *wp)
{
	if (!wp)
		return;
	ports_close(&wp->ports);
	rte_mempool_free(wp->queues.tx_pool);
	rte_mempool_free(wp->pool);
	if (wp->eal_started)
		eal_stop();
	mirror_free(wp->mirror);
	free(wp);
}

const struct wire_queues *wire_port_queues(const struct wire_port *wp)
{
	return &wp->queues;
}

/* Has the kernel find out the neighbour's link address. 0, or -1 when nobody answers. */
static int resolve(struct wire_port *wp, int ifindex, const struct rw_ip *hop,
		   uint8_t mac[static 6])
{
	for (unsigned int waited = 0; waited < NEIGHBOUR_WAIT_MS; waited += STEP_MS) {
		struct nl_neigh n = { 0 };

		if (mirror_neigh(wp->mirror, ifindex, hop, &n) == 0 && n.usable) {
			memcpy(mac, n.mac, 6);
			return 0;
		}
		if (waited % 1000 == 0)
			mirror_resolve(wp->mirror, ifindex, hop);
		pump(wp);
		wait_ms(STEP_MS);
	}
	return -1;
}

static int kernel_way(struct wire_port *wp, const struct rw_ip *local, const struct rw_ip *relay,
		      struct adj_view *out)
{
	struct nl_route route = { 0 };
	char from[RW_IP_TEXT], to[RW_IP_TEXT];

	rw_ip_text(local, from);
	rw_ip_text(relay, to);
	if (mirror_route(wp->mirror, relay, local, &route) < 0 || !route.usable ||
	    !ports_egress(&wp->ports, route.ifindex, out)) {
		log_error("no route from %s to the relay's %s by a --port; see: ip route get %s "
			  "from %s",
			  from, to, to, from);
		return -1;
	}
	if (wp->options->gateway_set) {
		memcpy(out->dst_mac, wp->options->gateway_mac, 6);
		return 0;
	}
	if (resolve(wp, route.ifindex, route.gateway.family ? &route.gateway : relay,
		    out->dst_mac) == 0)
		return 0;
	log_error(
		"the relay's %s does not answer ARP or ND here; see ip neigh, or use --gateway-mac",
		to);
	return -1;
}

/* One port serves both legs; of two the first serves leg A. */
static void fixed_way(const struct wire_port *wp, unsigned int leg, struct adj_view *out)
{
	unsigned int n = wp->options->config.port_count;

	*out = ports_fixed(&wp->ports, n > 1 ? leg : 0);
	if (wp->options->gateway_set)
		memcpy(out->dst_mac, wp->options->gateway_mac, 6);
}

int wire_port_way(struct wire_port *wp, unsigned int leg, const struct rw_ip *local,
		  const struct rw_ip *relay, struct adj_view *out)
{
	memset(out, 0, sizeof(*out));
	if (wp->mirror && kernel_way(wp, local, relay, out) < 0)
		return -1;
	if (!wp->mirror)
		fixed_way(wp, leg, out);
	out->state = ADJ_READY;
	return 0;
}

void wire_port_text(const struct wire_port *wp, char *text, size_t bytes)
{
	size_t used = 0;

	for (unsigned int i = 0; i < wp->options->config.port_count && used < bytes; i++) {
		const struct port *p = &wp->ports.port[i];

		used += (size_t)snprintf(text + used, bytes - used, "%s%s%s%s%s", i ? ", " : "",
					 p->spec->text, p->note[0] ? " (" : "", p->note,
					 p->note[0] ? ")" : "");
	}
	if (used < bytes)
		snprintf(text + used, bytes - used, "; memory %u MB%s", wp->plan.memory_mb,
			 wp->plan.hugepages ? " in huge pages" : ", no huge pages");
}
