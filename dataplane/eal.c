/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the arguments of rte_eal_init(), which users never see. Main thread.
 *
 * Nothing is left in the file system and nothing is shared, so any number of dataplanes run side by
 * side: --in-memory with huge pages, --no-huge --no-shconf without (the two exclude each other).
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include "eal.h"

#define HUGEPAGE_DIR "/sys/kernel/mm/hugepages"

/* Buffers: what a queue's ring and the driver hold, and what is under way in a worker. */
#define MBUFS_PER_RING 4096u
#define MBUFS_PER_WORKER 4096u
#define MBUF_HEAD_BYTES 192u /* struct rte_mbuf and the pool's own header */
#define DPDK_OWN_MB 32u

/* One hand-off ring between two workers, and one for transmit. */
#define RINGS_PAIR_KB 20u

#define ARGS_MAX 64

/* Megabytes in free huge pages of all sizes. */
static unsigned int hugepages_free_mb(void)
{
	DIR *dir = opendir(HUGEPAGE_DIR);
	unsigned long long kb = 0;
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char path[sizeof(HUGEPAGE_DIR) + sizeof(e->d_name) + 16];
		unsigned long long page_kb, pages;
		FILE *f;

		if (sscanf(e->d_name, "hugepages-%llukB", &page_kb) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGE_DIR "/%s/free_hugepages", e->d_name);
		f = fopen(path, "r");
		if (f && fscanf(f, "%llu", &pages) == 1)
			kb += page_kb * pages;
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return (unsigned int)(kb / 1024);
}

/* The CPUs of the workers. -EINVAL when one asked for may not be used. */
static int plan_cpus(const struct config *c, struct eal_plan *p)
{
	cpu_set_t allowed;
	unsigned int usable[CPU_SETSIZE];

	CPU_ZERO(&allowed);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_SET(0, &allowed);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			usable[p->cpu_count++] = cpu;
	for (unsigned int i = 0; i < c->cpu_count; i++) {
		if (CPU_ISSET(c->cpus[i], &allowed))
			continue;
		log_error(
			"--cpus: CPU %u does not exist or is not allowed here; see taskset -pc $$",
			c->cpus[i]);
		return -EINVAL;
	}
	p->pinned = c->cpu_count || !config_adaptive(c);
	/* a busy worker keeps off the first CPU as long as there are others: the manager's place */
	for (unsigned int w = 0; w < c->limits.workers; w++)
		p->cpus[w] =
			c->cpu_count ? c->cpus[w % c->cpu_count] : usable[(w + 1) % p->cpu_count];
	return 0;
}

/* Megabytes that DPDK needs. In small pages no buffer crosses the end of one: the rest of it is lost. */
static unsigned int memory_mb(const struct eal_plan *p, unsigned int workers, bool hugepages)
{
	uint64_t buffer = p->data_room_bytes + MBUF_HEAD_BYTES;

	if (!hugepages)
		buffer = (buffer + EAL_PAGE_BYTES - 1) / EAL_PAGE_BYTES * EAL_PAGE_BYTES;
	return (unsigned int)(buffer * p->mbufs >> 20) + workers * workers * RINGS_PAIR_KB / 1024 +
	       DPDK_OWN_MB;
}

static bool has_xdp(const struct config *c)
{
	for (unsigned int i = 0; i < c->port_count; i++)
		if (c->ports[i].kind == PORT_XDP)
			return true;
	return false;
}

/* A buffer with its head takes whole pages, or what is asked for. */
static void plan_buffers(struct eal_plan *p, unsigned int buffer_bytes)
{
	unsigned int room = buffer_bytes + RTE_PKTMBUF_HEADROOM;
	unsigned int pages = (room + MBUF_HEAD_BYTES + EAL_PAGE_BYTES - 1) / EAL_PAGE_BYTES;

	p->data_room_bytes = RTE_MBUF_DEFAULT_BUF_SIZE;
	if (p->whole_pages)
		p->data_room_bytes = pages * EAL_PAGE_BYTES - MBUF_HEAD_BYTES;
	else if (room > p->data_room_bytes)
		p->data_room_bytes = (room + 63) / 64 * 64;
}

int eal_plan(const struct config *c, unsigned int rings, unsigned int buffer_bytes,
	     struct eal_plan *out)
{
	unsigned int workers = c->limits.workers;

	*out = (struct eal_plan){ .mbufs = c->mbufs, .whole_pages = has_xdp(c) };
	if (!out->mbufs)
		out->mbufs = rings * MBUFS_PER_RING + workers * MBUFS_PER_WORKER;
	plan_buffers(out, buffer_bytes);
	out->hugepages_free_mb = hugepages_free_mb();
	out->hugepages_mb = memory_mb(out, workers, true);
	out->hugepages = !c->no_hugepages && out->hugepages_free_mb >= out->hugepages_mb;
	out->memory_mb = out->hugepages ? out->hugepages_mb : memory_mb(out, workers, false);
	return plan_cpus(c, out);
}

/* Arguments are collected in one place and stay valid for the life of the program, as DPDK asks. */
struct args {
	int count;
	char *v[ARGS_MAX + 1];
	char *given[ARGS_MAX + 1]; /* to DPDK, which changes the array */
};

static int add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int add(struct args *a, const char *fmt, ...)
{
	va_list ap;
	int rc;

	if (a->count == ARGS_MAX)
		return -E2BIG;
	va_start(ap, fmt);
	rc = vasprintf(&a->v[a->count], fmt, ap);
	va_end(ap);
	if (rc < 0)
		return -ENOMEM;
	a->count++;
	return 0;
}

/* "0@(0-1),1@1": the manager floats, a worker is pinned or floats. */
static int add_lcores(struct args *a, const struct config *c, const struct eal_plan *p)
{
	cpu_set_t allowed;
	char all[4096] = "", list[8192];
	size_t len = 0;

	CPU_ZERO(&allowed);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_SET(0, &allowed);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE && len < sizeof(all) - 8; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%u",
						len ? "," : "", cpu);
	len = (size_t)snprintf(list, sizeof(list), "0@(%s)", all);
	for (unsigned int w = 0; w < c->limits.workers && len < sizeof(list); w++) {
		if (p->pinned)
			len += (size_t)snprintf(list + len, sizeof(list) - len, ",%u@%u",
						EAL_WORKER_LCORE(w), p->cpus[w]);
		else
			len += (size_t)snprintf(list + len, sizeof(list) - len, ",%u@(%s)",
						EAL_WORKER_LCORE(w), all);
	}
	return len < sizeof(list) ? add(a, "--lcores=%s", list) : -E2BIG;
}

static int add_devices(struct args *a, const struct config *c)
{
	bool pci = false;
	int rc = 0;

	for (unsigned int i = 0; i < c->port_count && rc == 0; i++) {
		if (c->ports[i].kind != PORT_PCI)
			continue;
		pci = true;
		rc = add(a, "--allow=%s", c->ports[i].subject);
	}
	return rc < 0 || pci ? rc : add(a, "--no-pci");
}

static int build(struct args *a, const struct config *c, const struct eal_plan *p)
{
	int rc = add(a, "rtpwire-dataplane");

	if (rc == 0)
		rc = p->hugepages ? add(a, "--in-memory") : add(a, "--no-huge");
	if (rc == 0 && !p->hugepages)
		rc = add(a, "--no-shconf");
	if (rc == 0)
		rc = add(a, "-m%u", p->memory_mb);
	if (rc == 0)
		rc = add(a, "--iova-mode=va");
	if (rc == 0)
		rc = add(a, "--no-telemetry");
	if (rc == 0)
		rc = add(a, "--log-level=*:%s", c->log_level == LOG_LEVEL_DEBUG ? "info" : "error");
	if (rc == 0)
		rc = add_lcores(a, c, p);
	if (rc == 0)
		rc = add_devices(a, c);
	for (int i = 0; i < c->eal_argc && rc == 0; i++)
		rc = add(a, "%s", c->eal_argv[i]);
	return rc;
}

/* Drivers are plugins, loaded after --log-level was looked at. */
static void set_driver_log(const struct config *c)
{
	bool debug = c->log_level == LOG_LEVEL_DEBUG;

	rte_log_set_level_pattern("pmd.*", debug ? RTE_LOG_INFO : RTE_LOG_ERR);
	/* it complains of kernel features that we do not use */
	if (!debug)
		rte_log_set_level_pattern("pmd.net.tap", RTE_LOG_CRIT);
}

int eal_start(const struct config *c, const struct eal_plan *plan)
{
	static struct args args;
	int rc = build(&args, c, plan);

	if (rc < 0) {
		log_error("DPDK: too many arguments; leave some of those after -- out");
		return -EIO;
	}
	for (int i = 0; i < args.count; i++)
		log_debug("DPDK argument: %s", args.v[i]);
	memcpy(args.given, args.v, sizeof(args.v));
	if (rte_eal_init(args.count, args.given) < 0) {
		log_error("DPDK does not start: %s; more is said with --log-level debug%s",
			  rte_strerror(rte_errno),
			  c->eal_argc ? "; check the arguments after --" : "");
		return -EIO;
	}
	set_driver_log(c);
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}
