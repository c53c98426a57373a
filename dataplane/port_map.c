/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How ports look to others: to a worker, and to the adjacencies. No DPDK; main and manager thread.
 */
#include "port.h"

#include <string.h>

const struct port *port_below(const struct ports *ps, const struct nl_link *link)
{
	int below = link->vlan ? link->lower : link->ifindex;

	for (unsigned int i = 0; i < ps->count; i++)
		if (ps->port[i].ifindex == below && below)
			return &ps->port[i];
	return NULL;
}

/* The ethdev of a port's queue, and the queue's number there. */
static uint16_t ethdev_of(const struct port *p, unsigned int queue, uint16_t *number)
{
	bool split = p->device_count > 1;

	*number = split ? 0 : (uint16_t)queue;
	return p->devices[split ? queue : 0].ethdev;
}

void ports_of_worker(const struct ports *ps, unsigned int worker,
		     struct worker_port out[static WORKER_PORTS_MAX])
{
	for (unsigned int i = 0; i < ps->count; i++) {
		const struct port *p = &ps->port[i];
		unsigned int tx_queues = p->tx_queues ? p->tx_queues : p->queues;
		struct worker_port *wp = &out[i];

		*wp = (struct worker_port){ .tx_queue = WORKER_NO_QUEUE,
					    .tx_owner = (uint16_t)(worker % tx_queues),
					    .bypass_port = p->bypass_port,
					    .bypass_all = p->tap,
					    .frame_max = p->mtu + PORT_FRAME_HEAD_BYTES };
		if (worker < tx_queues)
			wp->ethdev = ethdev_of(p, worker, &wp->tx_queue);
	}
}

unsigned int ports_queues_of_worker(const struct ports *ps, unsigned int worker,
				    struct worker_queue out[static WORKER_QUEUES_MAX])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ps->count; i++) {
		const struct port *p = &ps->port[i];
		unsigned int q = worker;

		for (; q < p->queues && n < WORKER_QUEUES_MAX; q += ps->config->limits.workers) {
			out[n].port = (uint8_t)i;
			out[n].ethdev = ethdev_of(p, q, &out[n].queue);
			/* drivers open one socket a queue, in order */
			out[n].fd = p->socket_count == p->queues ? p->sockets[q] : -1;
			n++;
		}
	}
	return n;
}

bool ports_egress(void *arg, int ifindex, struct adj_view *out)
{
	const struct ports *ps = arg;
	const struct nl_link *link = mirror_link(ps->mirror, ifindex);
	const struct port *p = link && link->up && link->carrier ? port_below(ps, link) : NULL;

	if (!p)
		return false;
	out->port = (uint8_t)(p->tap ? p->bypass_port : p - ps->port);
	out->vlan = link->vlan;
	/* an MTU that was raised since is more than buffers and rings were made for */
	out->mtu = link->mtu > p->mtu ? p->mtu : (uint16_t)link->mtu;
	memcpy(out->src_mac, link->mac, sizeof(out->src_mac));
	return true;
}

static enum port_link link_state(const struct nl_link *link)
{
	if (!link)
		return PORT_LINK_GONE;
	if (!link->up)
		return PORT_LINK_DOWN;
	return link->carrier ? PORT_LINK_UP : PORT_LINK_NO_CARRIER;
}

static void say_link(const struct port *p, unsigned int i)
{
	const char *text = p->spec->text;

	if (p->link == PORT_LINK_UP)
		log_info("port %u: %s: interface is up again", i, text);
	else if (p->link == PORT_LINK_NO_CARRIER)
		log_warning("port %u: %s: interface has no carrier: no media until it has", i,
			    text);
	else if (p->link == PORT_LINK_DOWN)
		log_warning("port %u: %s: interface is down: no media until it is up", i, text);
	else
		log_error("port %u: %s: interface is gone: no media by it any more; restart when "
			  "it is back",
			  i, text);
}

void ports_watch(void *arg)
{
	struct ports *ps = arg;

	for (unsigned int i = 0; i < ps->count; i++) {
		struct port *p = &ps->port[i];
		bool is_new = p->link == PORT_LINK_NEW;
		enum port_link now;

		if (!p->ifindex) /* without a kernel, or a NIC that has its TAP for that */
			continue;
		now = link_state(mirror_link(ps->mirror, p->ifindex));
		/* a TAP comes up in steps while we start */
		if (now == p->link || (is_new && p->tap && now != PORT_LINK_UP))
			continue;
		p->link = now;
		if (!is_new || now != PORT_LINK_UP)
			say_link(p, i);
	}
}

struct adj_view ports_fixed(const struct ports *ps, unsigned int media)
{
	unsigned int i = media < ps->count ? media : ps->count - 1;
	const struct port *p = &ps->port[i];
	struct adj_view view;

	memset(&view, 0, sizeof(view));
	view.state = ADJ_READY;
	view.port = (uint8_t)i;
	view.mtu = p->mtu;
	memcpy(view.dst_mac, p->spec->peer_mac, sizeof(view.dst_mac));
	memcpy(view.src_mac, p->mac, sizeof(view.src_mac));
	return view;
}
