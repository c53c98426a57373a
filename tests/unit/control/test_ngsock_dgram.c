/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagram listeners, and repeats: a datagram sent twice acts once.
 */
#include "ngsock_client.h"

#include <stdio.h>
#include <unistd.h>

static void repeats_act_once(void **state)
{
	int fd, other;

	(void)state;
	start_inet(LISTEN_UDP, "127.0.0.1");
	fd = client_inet(SOCK_DGRAM, "127.0.0.1");
	other = client_inet(SOCK_DGRAM, "127.0.0.1");
	say(fd, "1 " COUNT);
	say(fd, "1 " COUNT);
	assert_string_equal(hear(fd), "1 d1:ni1e6:result2:oke");
	assert_string_equal(hear(fd), "1 d1:ni1e6:result2:oke");
	say(other, "1 " COUNT); /* another source with the same cookie */
	assert_string_equal(hear(other), "1 d1:ni2e6:result2:oke");
	say(fd, "1 {\"command\":\"count\"}"); /* same cookie, another body */
	assert_string_equal(hear(fd), "1 {\"n\":3,\"result\":\"ok\"}");
	say(fd, "2 " LATER);
	say(fd, "2 " LATER);
	assert_int_equal(fake_later_count, 1);
	assert_string_equal(hear(fd), "");
	ng_reply_error(fake_later[0], "x");
	assert_string_equal(hear(fd), "2 d6:result5:error12:error-reason1:xe");
	assert_string_equal(hear(fd), "2 d6:result5:error12:error-reason1:xe");
	assert_string_equal(hear(fd), "");
	close(fd);
	close(other);
}

static void udp_needs_a_cookie(void **state)
{
	static const char *const silent[] = { "", " ", (" " PING), PING, "x" };
	int fd;

	(void)state;
	start_inet(LISTEN_UDP, "127.0.0.1");
	fd = client_inet(SOCK_DGRAM, "127.0.0.1");
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		say(fd, silent[i]);
		assert_string_equal(hear(fd), "");
	}
	say(fd, "1 ");
	assert_string_equal(hear(fd),
			    "1 d6:result5:error12:error-reason25:Invalid data (no payload)e");
	say(fd, "2 x");
	assert_string_equal(hear(fd),
			    "2 d6:result5:error12:error-reason22:Invalid NG data formate");
	say(fd, "3 d3:abc");
	assert_non_null(strstr(hear(fd), "Could not decode bencode dictionary"));
	close(fd);
}

/* A connected client only hears the address it asked. */
static void udp_answers_from_the_address_asked(void **state)
{
	int fd;

	(void)state;
	start_inet(LISTEN_UDP, "0.0.0.0");
	fd = client_inet(SOCK_DGRAM, "127.0.0.77");
	say(fd, "1 " PING);
	assert_string_equal(hear(fd), "1 " PONG);
	close(fd);
}

static void udp_over_ipv6(void **state)
{
	int fd;

	(void)state;
	start_inet(LISTEN_UDP, "::");
	assert_non_null(strstr(ngsock_listeners(server), "udp:[::]:"));
	fd = client_inet(SOCK_DGRAM, "::1");
	say(fd, "1 " PING);
	assert_string_equal(hear(fd), "1 " PONG);
	close(fd);
}

static void long_udp_replies_are_trimmed(void **state)
{
	int fd;

	(void)state;
	start_inet(LISTEN_UDP, "127.0.0.1");
	fd = client_inet(SOCK_DGRAM, "127.0.0.1");
	say(fd, "cookie d7:command5:calls5:counti10000ee");
	assert_in_range(strlen(hear(fd)), 30000, DATAGRAM_REPLY_MAX);
	assert_non_null(strstr(got, "7:warning"));
	say(fd, "cookie d7:command4:echo5:bytesi65474ee"); /* exactly what fits */
	assert_int_equal(strlen(hear(fd)), 65507);
	say(fd, "cookie d7:command4:echo5:bytesi65475ee");
	assert_non_null(strstr(hear(fd), "Reply is too long for a datagram"));
	close(fd);
}

static void unix_datagrams(void **state)
{
	struct sockaddr_un mine;
	char own[80];
	int fd, unbound;

	(void)state;
	start(unix_spec(LISTEN_UNIX_DGRAM));
	snprintf(own, sizeof(own), "%s/client", dir);
	mine = unix_address(own);
	fd = set_nonblocking(socket(AF_UNIX, SOCK_DGRAM, 0));
	assert_int_equal(bind(fd, (void *)&mine, sizeof(mine)), 0);
	mine = unix_address(path);
	assert_int_equal(connect(fd, (void *)&mine, sizeof(mine)), 0);
	say(fd, "1 " PING);
	assert_string_equal(hear(fd), "1 " PONG);
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	say(fd, "{\"command\":\"ping\"}");
	assert_string_equal(hear(fd), "{\"result\":\"pong\"}");
	unbound = client_unix(SOCK_DGRAM);
	say(unbound, "1 " COUNT);
	assert_string_equal(hear(unbound), "");
	assert_int_equal(fake_count, 0);
	close(unbound);
	close(fd);
	unlink(own);
	fd = set_nonblocking(socket(AF_UNIX, SOCK_DGRAM, 0));
	assert_int_equal(bind(fd, (void *)&mine, sizeof(sa_family_t)), 0); /* abstract name */
	assert_int_equal(connect(fd, (void *)&mine, sizeof(mine)), 0);
	say(fd, "1 " PING);
	assert_string_equal(hear(fd), "1 " PONG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(repeats_act_once),
		TEST(udp_needs_a_cookie),
		TEST(udp_answers_from_the_address_asked),
		TEST(udp_over_ipv6),
		TEST(long_udp_replies_are_trimmed),
		TEST(unix_datagrams),
	};

	return run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
