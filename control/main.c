/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtpwire-control: from options to the event loop. Sockets are opened and the dataplane is greeted
 * with the privileges of the start; nothing from a stranger is read before they are gone.
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "engine.h"
#include "log.h"
#include "ngsock.h"
#include "privs.h"

#define DATAPLANE_WAIT_MS 5000

static void on_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)events;
	log_info("%s: ending; flows go on in the dataplane",
		 signal->signum == SIGTERM ? "SIGTERM" : "SIGINT");
	ev_break(loop, EVBREAK_ALL);
}

/*
 * The dataplane may come back later with a new socket file, and then its mode decides whether we
 * get in. Better said now than when calls fail.
 */
static void check_reconnect(const struct config *cfg, const struct privs *privs)
{
	if (!privs->root || faccessat(AT_FDCWD, cfg->dataplane, R_OK | W_OK, AT_EACCESS) == 0 ||
	    errno != EACCES)
		return;
	log_warning("user %s may not connect to %s: after a restart of the dataplane calls will "
		    "fail; give rtpwire-dataplane --socket-group with a group of that user",
		    privs->user, cfg->dataplane);
}

static void serve(struct ev_loop *loop, struct ngsock *socks, struct engine *eng)
{
	ev_signal term, interrupt;

	ev_signal_init(&term, on_signal, SIGTERM);
	ev_signal_init(&interrupt, on_signal, SIGINT);
	ev_signal_start(loop, &term);
	ev_signal_start(loop, &interrupt);
	ngsock_serve(socks, eng);
	fprintf(stderr, "ready: %s\n",
		ngsock_listeners(socks)); /* at any log level: scripts wait */
	ev_run(loop, 0);
	ev_signal_stop(loop, &term);
	ev_signal_stop(loop, &interrupt);
}

/* All from the listeners to the end of service. Returns the exit status. */
static int run(const struct config *cfg, const struct privs *privs, struct ev_loop *loop)
{
	struct ngsock *socks = NULL;
	struct engine *eng = NULL;
	int status = 1;

	if (ngsock_open(cfg, privs->uid, loop, &socks) != 0)
		goto out;
	if (engine_new(cfg, loop, &eng) != 0) {
		log_error("no memory to start");
		goto out;
	}
	if (engine_wait_ready(eng, DATAPLANE_WAIT_MS) != 0)
		goto out;
	if (privs_drop(privs) != 0)
		goto out;
	check_reconnect(cfg, privs);
	serve(loop, socks, eng);
	status = 0;
out:
	engine_free(eng);
	ngsock_free(socks);
	return status;
}

int main(int argc, char **argv)
{
	struct config cfg;
	struct privs privs;
	struct ev_loop *loop;
	int rc = config_parse(argc, argv, &cfg), status;

	if (rc)
		return rc < 0 ? 2 : 0;
	log_set_level(cfg.log_level);
	signal(SIGPIPE, SIG_IGN);
	if (privs_seal() != 0)
		return 1;
	if (privs_find(cfg.user, &privs) != 0)
		return 2;
	loop = ev_default_loop(EVFLAG_AUTO);
	if (!loop) {
		log_error("no event loop: the kernel gave neither epoll nor poll");
		return 1;
	}
	status = run(&cfg, &privs, loop);
	ev_loop_destroy(loop);
	return status;
}
