/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start-up report. Main thread.
 */
#include "report.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

static void report_port(const struct ports *ps, unsigned int i)
{
	const struct port *p = &ps->port[i];
	const uint8_t *m = p->mac;
	int node = rte_eth_dev_socket_id(p->devices[0].ethdev);
	char numa[16] = "any";

	if (node >= 0)
		snprintf(numa, sizeof(numa), "%d", node);
	log_info("port %u: %s%s, %u queue%s, MTU %u, address %02x:%02x:%02x:%02x:%02x:%02x, NUMA "
		 "node %s",
		 i, p->spec->text, p->tap ? " (exception TAP)" : "", p->queues,
		 p->queues == 1 ? "" : "s", p->mtu, m[0], m[1], m[2], m[3], m[4], m[5], numa);
	if (p->note[0])
		log_info("port %u: %s", i, p->note);
	if (!p->tap && p->queues < ps->config->limits.workers)
		log_info("port %u: %u queue%s for %u workers: packets are handed over in software",
			 i, p->queues, p->queues == 1 ? "" : "s", ps->config->limits.workers);
	else if (!p->tap && ps->config->limits.workers > 1)
		log_info("port %u: the port does not know our flows: about %u in %u packets are "
			 "handed "
			 "to another worker in software",
			 i, ps->config->limits.workers - 1, ps->config->limits.workers);
}

static void report_workers(const struct config *c, const struct eal_plan *plan)
{
	char cpus[256] = "";
	size_t len = 0;

	for (unsigned int w = 0; plan->pinned && w < c->limits.workers && len < sizeof(cpus); w++)
		len += (size_t)snprintf(cpus + len, sizeof(cpus) - len, "%s%u", w ? "," : "",
					plan->cpus[w]);
	if (plan->pinned)
		log_info("workers: %u, pinned to CPU %s, poll mode %s", c->limits.workers, cpus,
			 config_adaptive(c) ? "adaptive" : "busy");
	else
		log_info("workers: %u, not pinned (%u CPU%s), poll mode %s", c->limits.workers,
			 plan->cpu_count, plan->cpu_count == 1 ? "" : "s",
			 config_adaptive(c) ? "adaptive (idle workers sleep or nap)" : "busy");
	if (!config_adaptive(c) && c->limits.workers >= plan->cpu_count)
		log_warning("%u busy workers and %u CPU%s: they starve each other; give less "
			    "--workers or --poll adaptive",
			    c->limits.workers, plan->cpu_count, plan->cpu_count == 1 ? "" : "s");
}

static void report_memory(const struct config *c, const struct eal_plan *plan)
{
	log_info("memory: %u MB for %u packet buffers of %u bytes, %s", plan->memory_mb,
		 plan->mbufs, plan->data_room_bytes,
		 plan->hugepages ? "huge pages" : "no huge pages");
	if (!plan->hugepages && !c->no_hugepages)
		log_info("memory: %u MB of huge pages free, %u MB needed; they make high packet "
			 "rates "
			 "cheaper: sysctl vm.nr_hugepages=%u",
			 plan->hugepages_free_mb, plan->hugepages_mb, plan->hugepages_mb / 2 + 1);
}

static void report_srtp(const struct config *c, const struct srtp_cost *cost)
{
	log_info("SRTP: %s (%s), AES_CM_128_HMAC_SHA1_80 of 172 bytes: protect %.0f ns, unprotect "
		 "%.0f "
		 "ns a packet; replay window %u packets, %u SSRCs a key",
		 cost->engine, cost->details, cost->protect_ns, cost->unprotect_ns, c->srtp_window,
		 SRTP_STREAMS_MAX);
	if (cost->protect_ns > SRTP_SLOW_NS || cost->unprotect_ns > SRTP_SLOW_NS)
		log_warning("SRTP engine %s is slow here: a worker secures at most about %.0f "
			    "packets a "
			    "second%s",
			    cost->engine, 1e9 / (cost->protect_ns + cost->unprotect_ns),
			    c->srtp_engine == SRTP_ENGINE_LIBSRTP2 ? "; try --srtp-engine auto"
								   : "");
}

static void report_socket(const struct config *c)
{
	const struct group *g = getgrgid(c->socket_gid);
	char number[16];

	if (!c->socket_group_set && !c->socket_user[0]) {
		log_info("control: %s, mode %04o, group as started", c->socket_path,
			 (unsigned int)c->socket_mode);
		return;
	}
	snprintf(number, sizeof(number), "%u", (unsigned int)c->socket_gid);
	log_info("control: %s, mode %04o, group %s%s%s", c->socket_path,
		 (unsigned int)c->socket_mode, g ? g->gr_name : number,
		 c->socket_user[0] ? ", that of rtpwire-control's default user " : "",
		 c->socket_user);
}

void report_start(const struct config *c, const struct eal_plan *plan, const struct ports *ports,
		  const struct srtp_cost *cost)
{
	char list[RW_MEDIA_MAX * RW_IP_TEXT] = "", ip[RW_IP_TEXT];
	size_t len = 0;

	for (unsigned int i = 0; i < ports->count; i++)
		report_port(ports, i);
	report_workers(c, plan);
	report_memory(c, plan);
	for (unsigned int i = 0; i < c->limits.media_count && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					rw_ip_text(&c->limits.media[i], ip));
	log_info("media: %s, UDP ports %u-%u", list, c->limits.port_min, c->limits.port_max);
	report_srtp(c, cost);
	report_socket(c);
	if (!config_kernel_ports(c))
		log_info("routes: none, ports without a kernel send to one fixed link address");
}

const char *report_backend(const struct config *c, char *buf, size_t bytes)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < c->port_count && len < bytes; i++)
		len += (size_t)snprintf(buf + len, bytes - len, "%s%s", i ? "," : "",
					c->ports[i].text);
	return buf;
}
