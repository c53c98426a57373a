/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stream listeners: framing, order, errors, ends.
 */
#include "ngsock_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void unix_bare_in_one_write(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	assert_string_equal(hear(fd), ""); /* it stays open */
	say(fd, "{\"command\":\"ping\"}");
	assert_string_equal(hear(fd), "{\"result\":\"pong\"}");
	close(fd);
	turn();
	assert_int_equal(server->conn_count, 0);
}

static void unix_cookies_and_pipelining(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, "1_1 " PING "1_2 {\"command\":\"ping\"}" PING "\n");
	assert_string_equal(hear(fd), "1_1 " PONG "1_2 {\"result\":\"pong\"}" PONG);
	close(fd);
}

static void byte_by_byte(void **state)
{
	static const char text[] = "c1 " PING PING "c2 {\"command\":\"echo\",\"text\":\"a}b\"}";
	static const char reply[] = "c1 " PONG PONG "c2 {\"text\":\"a}b\",\"result\":\"ok\"}";
	int fd;

	(void)state;
	start_inet(LISTEN_TCP, "127.0.0.1");
	fd = client_inet(SOCK_STREAM, "127.0.0.1");
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		say(fd, (char[]){ text[i], '\0' });
	hear_all(fd, sizeof(reply) - 1);
	assert_string_equal(got, reply);
	close(fd);
}

static void tcp_over_ipv6(void **state)
{
	int fd;

	(void)state;
	start_inet(LISTEN_TCP, "::1");
	fd = client_inet(SOCK_STREAM, "::1");
	say(fd, "c " PING);
	assert_string_equal(hear(fd), "c " PONG);
	close(fd);
}

static void messages_of_hundreds_of_kilobytes(void **state)
{
	enum { N = 900000 };
	char *text = malloc(N + 64);
	size_t n;
	int fd;

	(void)state;
	start_inet(LISTEN_TCP, "127.0.0.1");
	fd = client_inet(SOCK_STREAM, "127.0.0.1");
	n = (size_t)sprintf(text, "c d7:command4:echo4:text%d:", N);
	memset(text + n, 'y', N);
	text[n + N] = 'e';
	say_all(fd, text, n + N + 1);
	hear_all(fd, strlen("c d4:text900000:6:result2:oke") + N);
	assert_memory_equal(got, "c d4:text900000:yyy", 19);
	say(fd, "d " PING);
	assert_string_equal(hear(fd), "d " PONG);
	free(text);
	close(fd);
}

static void garbage_gets_one_error_and_the_end(void **state)
{
	static const struct {
		const char *text, *reply;
	} rows[] = {
		{ "hello\n", "d6:result5:error12:error-reason22:Invalid NG data formate" },
		{ "GET / HTTP/1.1\r\n\r\n",
		  "GET d6:result5:error12:error-reason22:Invalid NG data formate" },
		{ "c \n", "c d6:result5:error12:error-reason25:Invalid data (no payload)e" },
		{ "d1:xz",
		  "d6:result5:error12:error-reason35:Could not decode bencode dictionarye" },
		{ "7 d3:abce" PING,
		  "7 d6:result5:error12:error-reason35:Could not decode bencode dictionarye" },
		{ "j {]",
		  "j {\"result\":\"error\",\"error-reason\":\"Failed to parse JSON document\"}" },
	};

	(void)state;
	start_inet(LISTEN_TCP, "127.0.0.1");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = client_inet(SOCK_STREAM, "127.0.0.1");

		say(fd, rows[i].text);
		assert_string_equal(hear(fd), rows[i].reply);
		assert_string_equal(hear(fd), "EOF");
		close(fd);
	}
	turn();
	assert_int_equal(server->conn_count, 0);
}

static void an_error_with_sound_framing_does_not_end_the_stream(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, "de");
	assert_non_null(strstr(hear(fd), "no key \"command\""));
	say(fd, "d7:command3:whoe");
	assert_non_null(strstr(hear(fd), "Unrecognized command"));
	say(fd, PING);
	assert_string_equal(hear(fd), PONG);
	close(fd);
}

static void half_closed_streams_are_answered(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, "1 " LATER "2 " PING);
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(fd), "2 " PONG);
	assert_string_equal(hear(fd), "");
	ng_reply_error(fake_later[0], "x");
	assert_string_equal(hear(fd), "1 d6:result5:error12:error-reason1:xe");
	assert_string_equal(hear(fd), "EOF");
	close(fd);
	fd = client_unix(SOCK_STREAM);
	say(fd, "d7:comm");
	shutdown(fd, SHUT_WR);
	assert_non_null(strstr(hear(fd), "Could not decode bencode dictionary"));
	assert_string_equal(hear(fd), "EOF");
	close(fd);
}

static void bare_replies_come_in_order(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, LATER PING "c " PING);
	assert_string_equal(hear(fd), ""); /* ping must not overtake */
	ng_reply_error(fake_later[0], "x");
	assert_string_equal(hear(fd), "d6:result5:error12:error-reason1:xe" PONG "c " PONG);
	close(fd);
}

static void a_client_may_go_before_its_answer(void **state)
{
	int fd;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	say(fd, "1 " LATER);
	close(fd);
	turn();
	assert_int_equal(fake_later_count, 1);
	ng_reply_error(fake_later[0], "x");
	turn();
	assert_int_equal(server->conn_count, 0);
	fd = client_unix(SOCK_STREAM);
	say(fd, "1 " LATER); /* the answer was kept */
	assert_string_equal(hear(fd), "1 d6:result5:error12:error-reason1:xe");
	say(fd, "2 " LATER); /* left in work: teardown frees it */
	close(fd);
}

static void repeats_over_two_unix_streams_are_joined(void **state)
{
	int fd, other;

	(void)state;
	start(unix_spec(LISTEN_UNIX));
	fd = client_unix(SOCK_STREAM);
	other = client_unix(SOCK_STREAM);
	say(fd, "1 " LATER);
	say(other, "1 " LATER);
	assert_int_equal(fake_later_count, 1);
	close(fd);
	ng_reply_error(fake_later[0], "x");
	assert_string_equal(hear(other), "1 d6:result5:error12:error-reason1:xe");
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unix_bare_in_one_write),
		TEST(unix_cookies_and_pipelining),
		TEST(byte_by_byte),
		TEST(tcp_over_ipv6),
		TEST(messages_of_hundreds_of_kilobytes),
		TEST(garbage_gets_one_error_and_the_end),
		TEST(an_error_with_sound_framing_does_not_end_the_stream),
		TEST(half_closed_streams_are_answered),
		TEST(bare_replies_come_in_order),
		TEST(a_client_may_go_before_its_answer),
		TEST(repeats_over_two_unix_streams_are_joined),
	};

	return run_group(tests, sizeof(tests) / sizeof(tests[0]));
}
