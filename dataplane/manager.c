/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The manager's loop.
 *
 * How long it sleeps: not at all while there is work; some tens of microseconds while workers owe an
 * answer; a millisecond while flows exist, because workers do not signal and may have learned a
 * peer; else until something happens.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/clock.h"

#include "log.h"
#include "manager.h"

#define EVENTS_A_TURN 8
#define ANSWER_WAIT_NS 30000ull
#define ANSWER_TRIES 1000u /* of that length; then the workers are not waited for so eagerly */
#define FLOWS_WAIT_NS 1000000ull
#define IDLE_WAIT_NS 250000000ull

struct manager {
	struct manager_config config;
	struct shmhost *host;
	int epoll_fd;
	int signal_fd;
	bool stop;
	unsigned int tries; /* sleeps since workers last answered */
};

static void on_attached(void *arg, void *wire)
{
	struct manager *m = arg;

	dispatch_attach(m->config.dispatch, wire);
}

static void on_detached(void *arg)
{
	struct manager *m = arg;

	dispatch_detach(m->config.dispatch);
}

static void on_routes(void *arg)
{
	struct manager *m = arg;

	m->config.links_changed(m->config.links_arg);
	neigh_routes_changed(m->config.neigh);
}

static void on_neigh(void *arg, const struct nl_neigh *n)
{
	struct manager *m = arg;

	neigh_update(m->config.neigh, n, rw_monotonic_ns());
}

static void on_lost(void *arg)
{
	struct manager *m = arg;

	neigh_lost(m->config.neigh, rw_monotonic_ns());
}

static int watch(struct manager *m, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int open_fds(struct manager *m)
{
	sigset_t set;
	int rc;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	m->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->epoll_fd < 0 || m->signal_fd < 0)
		return -errno;
	rc = watch(m, m->signal_fd);
	if (rc == 0)
		rc = watch(m, shmhost_fd(m->host));
	if (rc == 0 && m->config.mirror)
		rc = watch(m, mirror_fd(m->config.mirror));
	return rc;
}

int manager_new(const struct manager_config *config, struct manager **out)
{
	struct manager *m = calloc(1, sizeof(*m));
	struct shmhost_listener host = { m, on_attached, on_detached };
	struct mirror_listener kernel = { m, on_routes, on_neigh, on_lost };
	int rc;

	if (!m)
		return -ENOMEM;
	m->config = *config;
	m->epoll_fd = m->signal_fd = -1;
	rc = shmhost_new(&config->host, &host, &m->host);
	if (rc < 0) {
		free(m);
		return rc;
	}
	rc = open_fds(m);
	if (rc < 0) {
		log_error("manager: cannot wait for events: %s", strerror(-rc));
		manager_free(m);
		return rc;
	}
	if (config->mirror)
		mirror_listen(config->mirror, &kernel);
	*out = m;
	return 0;
}

void manager_free(struct manager *m)
{
	static const struct mirror_listener nobody;

	if (!m)
		return;
	if (m->config.mirror)
		mirror_listen(m->config.mirror, &nobody);
	shmhost_free(m->host);
	if (m->epoll_fd >= 0)
		close(m->epoll_fd);
	if (m->signal_fd >= 0)
		close(m->signal_fd);
	free(m);
}

static bool flows_exist(const struct manager *m)
{
	for (unsigned int w = 0; w < m->config.workers; w++)
		if (m->config.worker_stats[w].flows)
			return true;
	return false;
}

/* Nanoseconds until the loop has to look again by itself. */
static uint64_t sleep_ns(struct manager *m, bool busy, uint64_t now_ns)
{
	uint64_t deadline = shmhost_deadline_ns(m->host);
	uint64_t wait = flows_exist(m) ? FLOWS_WAIT_NS : IDLE_WAIT_NS;

	if (busy)
		return 0;
	if (dispatch_in_flight(m->config.dispatch)) {
		if (m->tries < ANSWER_TRIES) {
			m->tries++;
			return ANSWER_WAIT_NS;
		}
		return FLOWS_WAIT_NS;
	}
	if (deadline <= now_ns)
		return 0;
	return deadline - now_ns < wait ? deadline - now_ns : wait;
}

static void handle_signal(struct manager *m)
{
	struct signalfd_siginfo si;

	if (read(m->signal_fd, &si, sizeof(si)) != sizeof(si))
		return;
	log_info("%s received: stopping", si.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	m->stop = true;
}

/* True when more is waiting than one turn takes. */
static bool turn(struct manager *m, bool kernel_ready, uint64_t now_ns)
{
	struct dispatch_turn t;
	bool more = false;
	int rc;

	if (kernel_ready)
		more |= mirror_read(m->config.mirror);
	more |= neigh_work(m->config.neigh, now_ns);
	rc = dispatch_turn(m->config.dispatch, now_ns, &t);
	if (t.answered)
		shmhost_wake_control(m->host);
	if (rc < 0)
		shmhost_drop_control(m->host, rc == -ETIME ? "it took no event for two seconds"
							   : "it damaged a ring");
	if (t.moved)
		m->tries = 0;
	return more || t.moved;
}

int manager_run(struct manager *m)
{
	struct epoll_event evs[EVENTS_A_TURN];
	bool busy = false;

	/* the default slack of 50 µs would double the shortest sleeps */
	prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
	while (!m->stop) {
		struct timespec ts = { 0, (long)sleep_ns(m, busy, rw_monotonic_ns()) };
		int n = epoll_pwait2(m->epoll_fd, evs, EVENTS_A_TURN, &ts, NULL);
		bool kernel_ready = false;

		if (n < 0 && errno != EINTR) {
			log_error("manager: waiting for events: %m");
			return -EIO;
		}
		for (int i = 0; i < n; i++) {
			if (evs[i].data.fd == m->signal_fd)
				handle_signal(m);
			else if (evs[i].data.fd == shmhost_fd(m->host))
				shmhost_work(m->host, rw_monotonic_ns());
			else
				kernel_ready = true;
		}
		if (n <= 0 && shmhost_deadline_ns(m->host) <= rw_monotonic_ns())
			shmhost_work(m->host, rw_monotonic_ns());
		busy = turn(m, kernel_ready, rw_monotonic_ns());
	}
	return 0;
}
