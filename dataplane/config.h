/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of rtpwire-dataplane, parsed and checked. No DPDK here.
 */
#ifndef RTPWIRE_DATAPLANE_CONFIG_H
#define RTPWIRE_DATAPLANE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#include "rtpwire/flow.h"

#include "log.h"
#include "port_spec.h"
#include "srtp.h"
#include "worker.h"

#define CONFIG_ERROR_BYTES 512
#define CONFIG_SOCKET_BYTES sizeof(((struct sockaddr_un *)NULL)->sun_path)

enum config_poll { CONFIG_POLL_AUTO, CONFIG_POLL_ADAPTIVE, CONFIG_POLL_BUSY };

/* What a run of the program should do. */
enum config_action { CONFIG_RUN, CONFIG_HELP, CONFIG_VERSION };

struct config {
	enum config_action action;
	unsigned int port_count;
	struct port_spec ports[WORKER_PORTS_MAX];
	struct rw_limits limits; /* media addresses, port range, workers */
	char socket_path[CONFIG_SOCKET_BYTES];
	mode_t socket_mode;
	bool socket_group_set; /* socket_gid was asked for */
	gid_t socket_gid; /* if that, or socket_user is not empty */
	char socket_user[32]; /* whose group it is by default; empty: none is set */
	bool no_hugepages;
	enum config_poll poll;
	unsigned int cpu_count; /* 0 = not pinned */
	unsigned int cpus[RW_WORKERS_MAX];
	unsigned int mbufs; /* packet buffers; 0 = automatic */
	enum log_level log_level;
	enum srtp_engine_kind srtp_engine;
	unsigned int srtp_window; /* packets of the replay windows */
	int eal_argc; /* what stood after -- */
	char **eal_argv; /* points into argv */
};

/*
 * Parses argv (which must live as long as *out). 0 and *out; -EINVAL and in err one message that names
 * the option, the problem and the next step.
 */
int config_parse(int argc, char **argv, struct config *out, char err[static CONFIG_ERROR_BYTES]);

/* The text of --help; fits a screen of 24 lines and 80 columns. */
const char *config_help(void);

/* True when all ports are the kernel's (or, false, none of them: config_parse refuses a mixture). */
bool config_kernel_ports(const struct config *c);

/* True when workers should nap while idle. */
bool config_adaptive(const struct config *c);

#endif
