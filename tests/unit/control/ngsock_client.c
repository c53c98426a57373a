/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See ngsock_client.h.
 */
#include "ngsock_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

char dir[] = "/tmp/rtpwire-ngsock.XXXXXX";
char path[64];
struct config cfg;
struct ev_loop *loop;
struct ngsock *server;
char got[GOT_BYTES];

/* Turns the loop until it is quiet. */
void turn(void)
{
	for (int i = 0; i < 20; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

void start(struct listen_spec spec)
{
	cfg = (struct config){ .listen = { spec }, .listen_count = 1, .listen_mode = 0600 };
	assert_int_equal(ngsock_open(&cfg, geteuid(), loop, &server), 0);
	ngsock_serve(server, NULL);
}

struct listen_spec unix_spec(enum listen_kind kind)
{
	struct listen_spec spec = { .kind = kind };

	strcpy(spec.path, path);
	return spec;
}

void start_inet(enum listen_kind kind, const char *address)
{
	struct listen_spec spec = { .kind = kind };

	assert_int_equal(rw_ip_parse(address, &spec.at.ip), 0);
	start(spec);
}

int setup(void **state)
{
	(void)state;
	loop = ev_loop_new(EVFLAG_AUTO);
	server = NULL;
	fake_count = 0;
	fake_later_count = 0;
	log_set_level(LOG_CRIT);
	return loop ? 0 : -1;
}

int teardown(void **state)
{
	(void)state;
	ngsock_free(server);
	ev_loop_destroy(loop);
	return access(path, F_OK) == 0 ? -1 : 0; /* the socket file is gone */
}

int set_nonblocking(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

struct sockaddr_un unix_address(const char *at)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strcpy(un.sun_path, at);
	return un;
}

int client_unix(int type)
{
	struct sockaddr_un at = unix_address(path);
	int fd = set_nonblocking(socket(AF_UNIX, type, 0));

	assert_int_equal(connect(fd, (void *)&at, sizeof(at)), 0);
	turn();
	return fd;
}

/*
 * A client of the listener, on the port that the kernel chose for it; to may differ from what was
 * bound.
 */
int client_inet(int type, const char *to)
{
	const char *port = strrchr(ngsock_listeners(server), ':') + 1;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = in.sin_port };
	const int on = 1; /* each say() is a segment of its own */
	bool v6 = strchr(to, ':');
	int fd = socket(v6 ? AF_INET6 : AF_INET, type, 0);

	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, to,
				   v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr),
			 1);
	assert_int_equal(connect(fd, v6 ? (void *)&in6 : (void *)&in,
				 v6 ? sizeof(in6) : sizeof(in)),
			 0);
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	turn();
	return set_nonblocking(fd);
}

void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

/* What can be read now, in one read; "" for nothing, "EOF" at the end. */
const char *hear(int fd)
{
	ssize_t n;

	turn();
	n = recv(fd, got, sizeof(got) - 1, 0);
	if (n == 0)
		return "EOF";
	got[n > 0 ? n : 0] = '\0';
	return got;
}

/* Sends all of text, turning the server as often as needed. */
void say_all(int fd, const char *text, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t sent = send(fd, text + at, n - at, MSG_NOSIGNAL);

		assert_true(sent > 0 || errno == EAGAIN);
		at += sent > 0 ? (size_t)sent : 0;
		turn();
	}
}

/* Reads until n bytes came. */
void hear_all(int fd, size_t n)
{
	size_t at = 0;

	while (at < n) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t r;

		turn();
		if (poll(&p, 1, 10) == 0)
			continue;
		r = recv(fd, got + at, sizeof(got) - at - 1, 0);
		assert_true(r > 0);
		at += (size_t)r;
	}
	assert_int_equal(at, n);
	got[at] = '\0';
}

int run_group(const struct CMUnitTest *tests, size_t count)
{
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/ng.sock", dir);
	failed = _cmocka_run_group_tests("ngsock", tests, count, NULL, NULL);
	rmdir(dir);
	return failed;
}
