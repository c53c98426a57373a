/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parent's and child's side of a measuring process (srtp_child.h). Each is a program of one thread.
 */
#include "srtp_child.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtpwire/clock.h"

#define STEP 256u /* packets between two looks at the clock */
#define STEP_SLOW 32u

struct order {
	uint32_t burst;
	uint64_t time_ns;
};

struct hello {
	int status; /* of subject_ops.open */
	char details[sizeof(((struct child *)0)->details)];
};

struct reply {
	bool right; /* all packets were */
	uint64_t packets, ns;
};

/* --- child --- */

/* Time of this thread only, whoever else wants the CPU. Takes a system call. */
static uint64_t used_ns(void)
{
	return rw_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The clock is read once for some packets, so that it hardly counts. */
static bool run_step(const struct subject_ops *ops, void *subject, const struct ring *ring,
		     unsigned int *used, uint32_t burst)
{
	unsigned int end = *used + (ops == &subject_plain ? STEP_SLOW : STEP);

	for (end = end < RING_PACKETS ? end : RING_PACKETS; *used < end;) {
		unsigned int n = end - *used < burst ? end - *used : burst;

		if (!ops->run(subject, ring->packets + *used, n))
			return false;
		*used += n;
	}
	return true;
}

/* used: packets of the ring that were measured already. Filling the ring is not measured. */
static struct reply measure(const struct subject_ops *ops, void *subject, struct ring *ring,
			    unsigned int *used, const struct order *order)
{
	uint64_t end = used_ns() + order->time_ns, start, stop = 0;
	struct reply reply = { .right = true };

	while (reply.right && stop < end) {
		unsigned int before;

		if (*used == RING_PACKETS) {
			reply.right = ring_fill(ring);
			*used = 0;
		}
		before = *used;
		start = used_ns();
		reply.right = reply.right && run_step(ops, subject, ring, used, order->burst);
		stop = used_ns();
		reply.ns += stop - start;
		reply.packets += *used - before;
	}
	return reply;
}

/* Streams are made by their first packets, which must not count. Only engines do that, and fast ones at that. */
static bool warm_up(const struct subject_ops *ops, void *subject, struct ring *ring,
		    unsigned int *used, const struct srtp_case *what)
{
	struct order order = { SRTP_BATCH_MAX, 0 };

	if (ops == &subject_plain)
		return true;
	for (uint32_t done = 0; done < what->contexts;) {
		struct reply reply = measure(ops, subject, ring, used, &order);

		if (!reply.right)
			return false;
		done += (uint32_t)reply.packets;
	}
	return true;
}

static void serve(int socket, const struct subject_ops *ops, const struct srtp_case *what)
{
	static struct ring ring;
	unsigned int used = RING_PACKETS;
	struct hello hello = { 0 };
	struct order order;
	void *subject;

	hello.status = ops->open(what, &subject);
	if (hello.status == 0)
		hello.status = ring_open(&ring, what);
	if (hello.status == 0) {
		ops->details(subject, hello.details, sizeof(hello.details));
		if (!warm_up(ops, subject, &ring, &used, what))
			hello.status = -EBADMSG;
	}
	if (send(socket, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello))
		return;
	while (recv(socket, &order, sizeof(order), 0) == sizeof(order)) {
		struct reply reply = measure(ops, subject, &ring, &used, &order);

		send(socket, &reply, sizeof(reply), MSG_NOSIGNAL);
	}
}

/* --- parent --- */

static int fail(const struct subject_ops *ops, const struct srtp_case *what, const char *why)
{
	fprintf(stderr, "\nrtpwire-bench: %s, %s, %u contexts: %s\n",
		rw_srtp_suite_info(what->suite)->name, ops->name, what->contexts, why);
	return -1;
}

int child_start(struct child *child, const struct subject_ops *ops, const struct srtp_case *what)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(ops, what, strerror(errno));
	fflush(stdout);
	child->ops = ops;
	child->what = *what;
	child->socket = pair[0];
	child->pid = fork();
	if (child->pid == 0) {
		close(pair[0]);
		serve(pair[1], ops, what);
		_exit(0); /* frees nothing: that takes libsrtp2 minutes */
	}
	close(pair[1]);
	if (child->pid > 0)
		return 0;
	close(pair[0]);
	return fail(ops, what, "no process for it");
}

int child_wait(struct child *child)
{
	struct hello hello = { .status = -ENOMEM };

	if (recv(child->socket, &hello, sizeof(hello), 0) == sizeof(hello) && hello.status == 0) {
		memcpy(child->details, hello.details, sizeof(child->details));
		return 0;
	}
	if (hello.status == -ENOTSUP)
		return 1;
	return fail(child->ops, &child->what,
		    hello.status == -EBADMSG ? "a packet was refused" : "no memory for it");
}

int child_measure(const struct child *child, uint32_t burst, uint64_t time_ns, struct sample *out)
{
	struct order order = { burst, time_ns };
	struct reply reply = { 0 };

	if (send(child->socket, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order) ||
	    recv(child->socket, &reply, sizeof(reply), 0) != sizeof(reply)) {
		fputs("\nrtpwire-bench: a measuring process has ended\n", stderr);
		return -1;
	}
	if (!reply.right || reply.packets == 0) {
		fputs("\nrtpwire-bench: a packet was refused while it was measured\n", stderr);
		return -1;
	}
	*out = (struct sample){ reply.packets, (double)reply.ns / (double)reply.packets };
	return 0;
}

void child_end(const struct child *child)
{
	shutdown(child->socket, SHUT_RDWR); /* later children have copies of it */
	close(child->socket);
	waitpid(child->pid, NULL, 0);
}
