/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtpwire-dataplane: relays RTP packets between ports as control tells it to.
 *
 * The main thread checks everything, starts DPDK, ports and workers, and becomes the manager
 * (manager.c) until a signal ends it. A start that would only half work is refused. Exit status: 0 after a
 * clean stop, 1 when something failed, 2 for a wrong command line.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <rte_mempool.h>

#include "rtpwire/hello.h"

#include "config.h"
#include "eal.h"
#include "log.h"
#include "manager.h"
#include "pool.h"
#include "port.h"
#include "report.h"
#include "srtp_measure.h"
#include "workers.h"

#define EXIT_USAGE 2

/* All that a run consists of, in the order in which it is made. */
struct app {
	struct config config;
	struct mirror *mirror; /* NULL for ports without a kernel */
	struct ports ports;
	struct eal_plan plan;
	bool eal_started;
	struct rte_mempool *pool;
	struct neigh *neigh;
	struct workers *workers;
	struct dispatch *dispatch;
	struct manager *manager;
	struct srtp_cost srtp_cost;
};

/* Signals come to the manager by a descriptor; every thread made from here on has them blocked. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* AF_XDP counts its buffers as locked memory. Without the right to raise the limit, opening says so. */
static void raise_limits(void)
{
	struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &most) < 0)
		log_debug("limit of locked memory stays: %m");
}

static int open_mirror(struct app *a)
{
	int rc;

	if (!config_kernel_ports(&a->config))
		return 0;
	rc = mirror_new(&a->mirror);
	if (rc == 0)
		return 0;
	log_error("netlink: cannot read links and addresses: %s", strerror(-rc));
	return -EIO;
}

static int start_dpdk(struct app *a)
{
	if (eal_plan(&a->config, ports_rings(&a->ports), ports_buffer_bytes(&a->ports), &a->plan) <
	    0)
		return -EINVAL;
	if (eal_start(&a->config, &a->plan) < 0)
		return -EIO;
	a->eal_started = true;
	return pool_new(&a->plan, &a->pool);
}

static int kernel_route(void *arg, const struct rw_ip *dst, const struct rw_ip *src,
			struct nl_route *out)
{
	const struct ports *ps = arg;

	return mirror_route(ps->mirror, dst, src, out);
}

static int kernel_neigh(void *arg, int ifindex, const struct rw_ip *ip, struct nl_neigh *out)
{
	const struct ports *ps = arg;

	return mirror_neigh(ps->mirror, ifindex, ip, out);
}

static int kernel_resolve(void *arg, int ifindex, const struct rw_ip *ip)
{
	const struct ports *ps = arg;

	return mirror_resolve(ps->mirror, ifindex, ip);
}

static int make_neigh(struct app *a)
{
	struct neigh_kernel kernel = { &a->ports, kernel_route, kernel_neigh, kernel_resolve,
				       ports_egress };
	struct neigh_config c = { .limits = a->config.limits };

	if (a->mirror)
		c.kernel = &kernel;
	for (unsigned int m = 0; m < a->config.limits.media_count && !a->mirror; m++)
		c.fixed[m] = ports_fixed(&a->ports, m);
	return neigh_new(&c, &a->neigh);
}

/* The default socket's directory is ours to make; others are the user's. */
static void make_run_directory(const struct config *c)
{
	if (strcmp(c->socket_path, RW_DATAPLANE_SOCKET) == 0 && mkdir("/run/rtpwire", 0755) < 0 &&
	    errno != EEXIST)
		log_warning("cannot make /run/rtpwire: %m");
}

static int make_manager(struct app *a)
{
	char backend[sizeof(((struct rw_welcome *)NULL)->backend)];
	struct manager_config c = {
		.mirror = a->mirror,
		.links_changed = ports_watch,
		.links_arg = &a->ports,
		.neigh = a->neigh,
		.dispatch = a->dispatch,
		.worker_stats = workers_stats(a->workers),
		.workers = a->config.limits.workers,
		.host = { .path = a->config.socket_path,
			  .mode = a->config.socket_mode,
			  .group_set = a->config.socket_group_set,
			  .group_default = a->config.socket_user[0] != '\0',
			  .gid = a->config.socket_gid,
			  .limits = a->config.limits,
			  .backend = report_backend(&a->config, backend, sizeof(backend)),
			  .stats_fd = workers_stats_fd(a->workers) },
	};

	if (getrandom(&c.host.epoch, sizeof(c.host.epoch), 0) != sizeof(c.host.epoch)) {
		log_error("no random number for this run: %m");
		return -EIO;
	}
	make_run_directory(&a->config);
	return manager_new(&c, &a->manager);
}

/* libsrtp2 keeps keys in memory of its own, which nobody can mark: then there is no core dump at all. */
static void forbid_core_dump(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		log_warning("core dumps cannot be forbidden (%m): they would hold SRTP keys");
}

static int measure_srtp(struct app *a)
{
	int rc = srtp_measure(a->config.srtp_engine, &a->srtp_cost);

	if (rc == 0 && strcmp(a->srtp_cost.engine, "libsrtp2") == 0)
		forbid_core_dump();
	else if (rc == -EIO)
		log_error(
			"SRTP engine %s does not open what it has sealed on this CPU; use another "
			"one with --srtp-engine",
			a->srtp_cost.engine);
	else if (rc < 0)
		log_error("SRTP engine does not start: %s; use another one with --srtp-engine",
			  strerror(-rc));
	return rc;
}

static int app_start(struct app *a)
{
	if (measure_srtp(a) < 0)
		return -EIO;
	if (open_mirror(a) < 0 || ports_check(&a->config, a->mirror, &a->ports) < 0)
		return -EIO;
	if (start_dpdk(a) < 0 || ports_open(&a->ports, a->pool) < 0)
		return -EIO;
	if (make_neigh(a) < 0) {
		log_error("not enough memory for the table of destinations");
		return -EIO;
	}
	if (workers_new(&a->ports, a->pool, neigh_table(a->neigh), &a->workers) < 0)
		return -EIO;
	if (dispatch_new(&a->config.limits, workers_rings(a->workers), a->neigh, &a->dispatch) <
	    0) {
		log_error("not enough memory for the commands under way");
		return -EIO;
	}
	if (workers_start(a->workers) < 0 || make_manager(a) < 0)
		return -EIO;
	ports_watch(&a->ports);
	report_start(&a->config, &a->plan, &a->ports, &a->srtp_cost);
	log_info("ready: %s", a->config.socket_path);
	return 0;
}

static void app_stop(struct app *a)
{
	manager_free(a->manager);
	workers_free(a->workers);
	dispatch_free(a->dispatch);
	neigh_free(a->neigh);
	ports_close(&a->ports);
	rte_mempool_free(a->pool);
	if (a->eal_started)
		eal_stop();
	mirror_free(a->mirror);
}

static int run(struct app *a)
{
	int rc;

	block_signals();
	raise_limits();
	rc = app_start(a);
	if (rc == 0)
		rc = manager_run(a->manager);
	app_stop(a);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct app app;
	char err[CONFIG_ERROR_BYTES];

	if (config_parse(argc, argv, &app.config, err) < 0) {
		log_error("%s", err);
		return EXIT_USAGE;
	}
	if (app.config.action == CONFIG_HELP) {
		fputs(config_help(), stdout);
		return EXIT_SUCCESS;
	}
	if (app.config.action == CONFIG_VERSION) {
		puts("rtpwire-dataplane " RTPWIRE_VERSION);
		return EXIT_SUCCESS;
	}
	log_level_set(app.config.log_level);
	return run(&app);
}
