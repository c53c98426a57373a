/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What bounds clients (their number, descriptors, slowness), and opening and closing of listeners.
 */
#include "ngsock_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_longest_idle_client_makes_room(void **state)
{
	int fds[NGSOCK_CLIENTS_MAX + 1];

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	for (int i = 0; i < NGSOCK_CLIENTS_MAX; i++)
		fds[i] = client_unix(SOCK_STREAM);
	say(fds[0], "1 " LATER); /* has something in work */
	say(fds[1], "1 " PING); /* was active just now */
	fds[NGSOCK_CLIENTS_MAX] = client_unix(SOCK_STREAM);
	assert_int_equal(server->conn_count, NGSOCK_CLIENTS_MAX);
	assert_string_equal(hear(fds[2]), "EOF");
	assert_string_equal(hear(fds[1]), "1 " PONG);
	say(fds[NGSOCK_CLIENTS_MAX], PING);
	assert_string_equal(hear(fds[NGSOCK_CLIENTS_MAX]), PONG);
	for (int i = 0; i <= NGSOCK_CLIENTS_MAX; i++)
		close(fds[i]);
}

static void out_of_descriptors_is_survived(void **state)
{
	struct rlimit before, tight;
	int fds[64], n = 0, fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = before;
	tight.rlim_cur = (rlim_t)fd + 20;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	while (n < 64 && (fds[n] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0) {
		struct sockaddr_un at = unix_address(path);

		/* not accepted yet: all descriptors go to clients */
		assert_int_equal(connect(fds[n], (void *)&at, sizeof(at)), 0);
		n++;
	}
	assert_in_range(n, 5, 30);
	turn(); /* the idle one had to go for the first of them */
	assert_string_equal(hear(fd), "EOF");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	close(fd);
	stream_sweep(server, ev_now(loop)); /* the timer's work: accepts again */
	fd = client_unix(SOCK_STREAM);
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	close(fd);
}

static void slow_readers_are_paused_and_then_cut_off(void **state)
{
	static const char ask[] = "d7:command4:echo5:bytesi100000ee";
	int fd;
	ssize_t n = 1;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	for (int i = 0; i < 100000 && n > 0; i++) {
		n = send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL);
		turn();
	}
	assert_int_equal(errno, EAGAIN); /* no more is taken from it */
	assert_int_equal(server->conn_count, 1);
	assert_true(TAILQ_FIRST(&server->conns)->out_size < (2u << 20));
	stream_sweep(server, ev_now(loop) + 9);
	assert_int_equal(server->conn_count, 1);
	stream_sweep(server, ev_now(loop) + 11);
	assert_int_equal(server->conn_count, 0);
	close(fd);
}

static void a_reader_that_comes_back_gets_everything(void **state)
{
	static const char ask[] = "d7:command4:echo5:bytesi100000ee";
	size_t asked = 0, heard = 0;
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	while (asked < 200 && send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) > 0) {
		asked++;
		turn();
	}
	assert_in_range(asked, 10, 200);
	shutdown(fd, SHUT_WR);
	while (strcmp(hear(fd), "EOF") != 0)
		heard += strlen(got);
	assert_int_equal(heard, asked * strlen("d4:text100000:6:result2:oke") + asked * 100000);
	close(fd);
}

static void unfinished_requests_end(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, "c {\"command\":");
	stream_sweep(server, ev_now(loop) + 9);
	assert_string_equal(hear(fd), "");
	stream_sweep(server, ev_now(loop) + 11);
	assert_string_equal(hear(fd), "c {\"result\":\"error\","
				      "\"error-reason\":\"Failed to parse JSON document\"}");
	assert_string_equal(hear(fd), "EOF");
	close(fd);
	fd = client_unix(SOCK_STREAM); /* idle between messages is no offence */
	say(fd, PING "\n");
	assert_string_equal(hear(fd), PONG);
	stream_sweep(server, ev_now(loop) + 1000);
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	close(fd);
}

static void socket_files(void **state)
{
	struct ngsock *second = NULL;
	struct sockaddr_un at;
	struct config again;
	struct stat st;
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ngsock_open(&cfg, geteuid(), loop, &second), -EADDRINUSE);
	assert_null(second);
	again = cfg;
	again.listen[0].kind = LISTEN_UNIX_DGRAM; /* live, of the other type */
	assert_int_equal(ngsock_open(&again, geteuid(), loop, &second), -EADDRINUSE);
	fd = client_unix(SOCK_STREAM); /* the first one is unharmed */
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	close(fd);
	ngsock_free(server);
	server = NULL;
	assert_int_equal(access(path, F_OK), -1);
	/* what a killed process leaves */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	at = unix_address(path);
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	close(fd);
	start(unix_spec(LISTEN_UNIX));
	unlink(path); /* a successor's file must survive our end */
	assert_int_equal(mkdir(path, 0700), 0);
	ngsock_free(server);
	server = NULL;
	assert_int_equal(ngsock_open(&cfg, geteuid(), loop, &second), -EINVAL); /* no socket */
	assert_int_equal(rmdir(path), 0);
}

static void open_failures(void **state)
{
	struct config c = { .listen_count = 1, .listen_mode = 0600 };
	struct ngsock *second = NULL;

	(void)state;
	snprintf(c.listen[0].path, sizeof(c.listen[0].path), "%s/missing/sock", dir);
	assert_int_equal(ngsock_open(&c, geteuid(), loop, &second), -EIO);
	strcpy(c.listen[0].path, path);
	strcpy(c.listen_group, "no-such-group-here");
	assert_int_equal(ngsock_open(&c, geteuid(), loop, &second), -EINVAL);
	start_inet(LISTEN_TCP, "127.0.0.1");
	c = cfg;
	c.listen[0].at.port_be = htons((uint16_t)atoi(strrchr(ngsock_listeners(server), ':') + 1));
	assert_int_equal(ngsock_open(&c, geteuid(), loop, &second), -EADDRINUSE);
	assert_null(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_longest_idle_client_makes_room),
		TEST(out_of_descriptors_is_survived),
		TEST(slow_readers_are_paused_and_then_cut_off),
		TEST(a_reader_that_comes_back_gets_everything),
		TEST(unfinished_requests_end),
		TEST(socket_files),
		TEST(open_failures),
	};

	return run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
