/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ceiling: DPDK's testpmd as a process of its own (pipe.h). Program's only thread.
 *
 * It is told what to do, and asked twice how many packets it has received. It sits at a pseudo terminal, because it keeps
 * its answers back when they go to a pipe.
 */
#include <inttypes.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/clock.h"

#include "pipe.h"

#define TESTPMD "dpdk-testpmd"
#define COMMON "--no-pci", "--no-telemetry", "--log-level=*:error", "-m128", "--vdev=net_ring0"
#define FORWARD                                                                                    \
	"--", "--interactive", "--forward-mode=macswap", "--burst=64", "--total-num-mbufs=8192"
#define HEADER_BYTES 42u /* Ethernet, IPv4, UDP */
#define BURST 64u
#define PATIENCE_MS 20000

struct testpmd {
	pid_t pid;
	int terminal;
	char text[16384]; /* what it has said since the last look */
	size_t used;
};

/* Main thread and worker on the last two CPUs that we may use; the worker on the last one. */
static void lcores(char *text, size_t bytes)
{
	cpu_set_t allowed;
	int last = 0, before = 0;

	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		before = last;
		last = cpu;
	}
	snprintf(text, bytes, "--lcores=0@%d,1@%d", before, last);
}

static void exec_testpmd(void)
{
	const struct sched_param normal = { 0 };
	char cores[48];

	lcores(cores, sizeof(cores));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* both its threads poll: above others they would stop whoever shares a CPU with them */
	sched_setscheduler(0, SCHED_OTHER, &normal);
	if (pipe_has_hugepages())
		execlp(TESTPMD, TESTPMD, "--in-memory", cores, COMMON, FORWARD, NULL);
	else
		execlp(TESTPMD, TESTPMD, "--no-huge", "--no-shconf", cores, COMMON, FORWARD, NULL);
	_exit(127);
}

static int start(struct testpmd *t)
{
	*t = (struct testpmd){ .pid = -1 };
	t->pid = forkpty(&t->terminal, NULL, NULL, NULL);
	if (t->pid == 0)
		exec_testpmd();
	return t->pid < 0 ? -1 : 0;
}

static void end(struct testpmd *t)
{
	int status;

	if (t->pid < 0)
		return;
	close(t->terminal);
	kill(t->pid, SIGKILL); /* it has nothing to clean up */
	waitpid(t->pid, &status, 0);
}

/* Waits until it has said a text; NULL when it ends or is silent for too long. What it said before is forgotten. */
static const char *hear(struct testpmd *t, const char *what)
{
	struct pollfd pfd = { .fd = t->terminal, .events = POLLIN };
	const char *found;
	ssize_t n;

	t->used = 0;
	t->text[0] = 0;
	while (!(found = strstr(t->text, what))) {
		if (t->used >
		    sizeof(t->text) / 2) { /* keep the end: the text may have come in part */
			memmove(t->text, t->text + t->used - 256, 257);
			t->used = 256;
		}
		if (poll(&pfd, 1, PATIENCE_MS) <= 0)
			return NULL;
		n = read(t->terminal, t->text + t->used, sizeof(t->text) - 1 - t->used);
		if (n <= 0)
			return NULL;
		t->used += (size_t)n;
		t->text[t->used] = 0;
	}
	return found;
}

static int tell(const struct testpmd *t, const char *line)
{
	return write(t->terminal, line, strlen(line)) == (ssize_t)strlen(line) ? 0 : -1;
}

/* Packets that it has received so far, and when it said so. 0 or -1. */
static int ask(struct testpmd *t, uint64_t *packets, uint64_t *at_ns)
{
	const char *found;

	if (tell(t, "show port stats 0\n") < 0)
		return -1;
	*at_ns = rw_monotonic_ns();
	found = hear(t, "RX-missed");
	while (found && found > t->text && strncmp(found, "RX-packets:", 11) != 0)
		found--;
	if (!found || sscanf(found, "RX-packets: %" SCNu64, packets) != 1)
		return -1;
	return 0;
}

static int run(struct testpmd *t, uint32_t bytes, double seconds, double *mpps)
{
	struct timespec pause = { (time_t)seconds,
				  (long)((seconds - (double)(time_t)seconds) * 1e9) };
	uint64_t first, last, first_ns, last_ns;
	char line[64];

	snprintf(line, sizeof(line), "set txpkts %u\n", bytes + HEADER_BYTES);
	if (!hear(t, "testpmd> ") || tell(t, line) < 0)
		return -1;
	snprintf(line, sizeof(line), "start tx_first %u\n", PIPE_PACKETS / 2 / BURST);
	if (tell(t, line) < 0 || !hear(t, "packets/burst"))
		return -1;
	if (ask(t, &first, &first_ns) < 0)
		return -1;
	nanosleep(&pause, NULL);
	if (ask(t, &last, &last_ns) < 0 || last <= first)
		return -1;
	*mpps = (double)(last - first) * 1e3 / (double)(last_ns - first_ns);
	return 0;
}

double pipe_ceiling_mpps(uint32_t bytes, double seconds, char *why)
{
	static struct testpmd t;
	double mpps = -1;

	if (start(&t) == 0 && run(&t, bytes, seconds, &mpps) == 0) {
		end(&t);
		return mpps;
	}
	end(&t);
	snprintf(why, PIPE_CEILING_TEXT, "%s",
		 t.used ? "testpmd does not do as told"
			: "no testpmd here (apt-get install dpdk-dev)");
	return -1;
}
