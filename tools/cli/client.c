/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One request over the UNIX socket of rtpwire-control: a JSON object out, a JSON object back. Program's
 * only thread.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

struct reader {
	int fd;
	double deadline_s; /* CLOCK_MONOTONIC */
	bool timed_out;
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* 0 when fd is ready before the deadline, else -ETIMEDOUT. */
static int wait_ready(int fd, short events, double deadline_s)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	double left_s = deadline_s - now_s();

	while (left_s > 0) {
		if (poll(&pfd, 1, (int)(left_s * 1000) + 1) > 0)
			return 0;
		left_s = deadline_s - now_s();
	}
	return -ETIMEDOUT;
}

static void unreachable(const struct cli *cli, int err)
{
	fprintf(stderr, "rtpwire: cannot reach rtpwire-control at %s: %s\n", cli->socket,
		strerror(err));
	if (err == EACCES || err == EPERM)
		fputs("Run as root, or as a user who may write to the socket.\n", stderr);
	else
		fputs("Start it (rtpwire-control --listen unix:PATH ...), or name its socket with "
		      "--socket PATH.\n",
		      stderr);
}

/* Returns a connected socket, or -1 after a message. */
static int connect_control(const struct cli *cli)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(cli->socket);
	int fd, err = ENAMETOOLONG;

	if (n >= sizeof(a.sun_path)) {
		unreachable(cli, err);
		return -1;
	}
	memcpy(a.sun_path, cli->socket, n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	err = errno;
	unreachable(cli, err);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int send_all(int fd, const char *p, size_t n, double deadline_s)
{
	while (n > 0) {
		ssize_t sent;

		if (wait_ready(fd, POLLOUT, deadline_s) < 0)
			return -ETIMEDOUT;
		sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -EPIPE;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
	return 0;
}

/* json_load_callback_t: control keeps the connection open, so the parser itself finds the reply's end. */
static size_t read_some(void *buffer, size_t bytes, void *data)
{
	struct reader *r = data;
	ssize_t n;

	if (wait_ready(r->fd, POLLIN, r->deadline_s) < 0) {
		r->timed_out = true;
		return (size_t)-1;
	}
	n = recv(r->fd, buffer, bytes, 0);
	return n < 0 ? (size_t)-1 : (size_t)n;
}

static json_t *exchange(const struct cli *cli, int fd, const char *request)
{
	struct reader r = { .fd = fd, .deadline_s = now_s() + cli->timeout_s };
	json_error_t why;
	json_t *reply;

	if (send_all(fd, request, strlen(request), r.deadline_s) < 0) {
		fprintf(stderr, "rtpwire: %s does not take the request\n", cli->socket);
		return NULL;
	}
	reply = json_load_callback(read_some, &r, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &why);
	if (r.timed_out)
		fprintf(stderr, "rtpwire: no answer from %s within %g s (--timeout)\n", cli->socket,
			cli->timeout_s);
	else if (!reply)
		fprintf(stderr, "rtpwire: %s did not answer with JSON (%s); is it rtpwire's?\n",
			cli->socket, why.text);
	return reply;
}

enum cli_exit client_request(const struct cli *cli, json_t *request, json_t **reply)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int fd = -1;

	*reply = NULL;
	json_decref(request);
	if (text)
		fd = connect_control(cli);
	if (fd >= 0) {
		*reply = exchange(cli, fd, text);
		close(fd);
	}
	free(text);
	if (!*reply)
		return CLI_UNREACHABLE;
	return strcmp(value_text(*reply, "result"), "error") == 0 ? CLI_REFUSED : CLI_OK;
}

enum cli_exit client_command(const struct cli *cli, const char *command, const char *key,
			     const char *value, json_t **reply)
{
	json_t *request = json_pack("{ss}", "command", command);

	if (key && json_object_set_new(request, key, json_string(value)) < 0) {
		fputs("rtpwire: the argument is not UTF-8\n", stderr);
		json_decref(request);
		*reply = NULL;
		return CLI_USAGE;
	}
	return client_request(cli, request, reply);
}

enum cli_exit client_finish(const struct cli *cli, enum cli_exit status, json_t *reply)
{
	if (reply && cli->json) {
		json_dumpf(reply, stdout, cli->indent ? JSON_INDENT(2) : JSON_COMPACT);
		putchar('\n');
	}
	if (status == CLI_REFUSED) {
		fputs("rtpwire: refused: ", stderr);
		value_put(value_text(reply, "error-reason"), stderr);
		fputc('\n', stderr);
	}
	json_decref(reply);
	return status;
}
