/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command line: defaults, every option, and one clear message for every mistake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "rtpwire/abi.h"

static char said[8192]; /* what the last parse() wrote to stdout and stderr */

/* Splits line at blanks and parses it, catching the output. */
static int parse(const char *line, struct config *cfg)
{
	char copy[1024], name[] = "rtpwire-control", *argv[64] = { name };
	int argc = 1, rc, fd[2];
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	ssize_t n;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	assert_int_equal(pipe(fd), 0);
	fflush(stdout);
	dup2(fd[1], STDOUT_FILENO);
	dup2(fd[1], STDERR_FILENO);
	rc = config_parse(argc, argv, cfg);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(fd[1]);
	n = read(fd[0], said, sizeof(said) - 1);
	close(fd[0]);
	said[n > 0 ? n : 0] = '\0';
	return rc;
}

static void defaults(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse("", &c), 0);
	assert_string_equal(said, "");
	assert_string_equal(c.dataplane, RW_DATAPLANE_SOCKET);
	assert_int_equal(c.listen_count, 1);
	assert_int_equal(c.listen[0].kind, LISTEN_UNIX);
	assert_string_equal(c.listen[0].path, RW_CONTROL_SOCKET);
	assert_int_equal(c.listen_mode, 0660);
	assert_int_equal(c.interface_count, 0);
	assert_int_equal(c.timeout_s, 60);
	assert_int_equal(c.silent_timeout_s, 3600);
	assert_int_equal(c.offer_timeout_s, 3600);
	assert_int_equal(c.delete_delay_s, 30);
	assert_int_equal(c.max_sessions, 0);
	assert_int_equal(c.tos, 184);
	assert_int_equal(c.log_level, 6);
	assert_false(c.sip_source);
	assert_string_equal(c.user, "");
}

static void every_option(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse("--dataplane /d --listen-mode 666 --listen-group g --timeout 1 "
			       "--silent-timeout=2 --offer-timeout 3 --delete-delay 0 "
			       "--max-sessions 5 --tos 0 --sip-source --user u --log-level 7",
			       &c),
			 0);
	assert_string_equal(c.dataplane, "/d");
	assert_int_equal(c.listen_mode, 0666);
	assert_string_equal(c.listen_group, "g");
	assert_int_equal(c.timeout_s, 1);
	assert_int_equal(c.silent_timeout_s, 2);
	assert_int_equal(c.offer_timeout_s, 3);
	assert_int_equal(c.delete_delay_s, 0);
	assert_int_equal(c.max_sessions, 5);
	assert_int_equal(c.tos, 0);
	assert_true(c.sip_source);
	assert_string_equal(c.user, "u");
	assert_int_equal(c.log_level, 7);
}

static void listeners(void **state)
{
	char text[RW_ENDPOINT_TEXT];
	struct config c;

	(void)state;
	assert_int_equal(
		parse("--listen unix:/a --listen unix-dgram:/b --listen udp:127.0.0.1:2223 "
		      "--listen udp:[::1]:0 --listen tcp:0.0.0.0:65535",
		      &c),
		0);
	assert_int_equal(c.listen_count, 5);
	assert_string_equal(c.listen[0].path, "/a");
	assert_int_equal(c.listen[1].kind, LISTEN_UNIX_DGRAM);
	assert_string_equal(c.listen[1].path, "/b");
	assert_int_equal(c.listen[2].kind, LISTEN_UDP);
	assert_string_equal(rw_endpoint_text(&c.listen[2].at, text), "127.0.0.1:2223");
	assert_string_equal(rw_endpoint_text(&c.listen[3].at, text), "[::1]:0");
	assert_int_equal(c.listen[4].kind, LISTEN_TCP);
	assert_string_equal(rw_endpoint_text(&c.listen[4].at, text), "0.0.0.0:65535");
}

static void interfaces(void **state)
{
	char text[RW_IP_TEXT];
	struct config c;

	(void)state;
	assert_int_equal(parse("--interface 192.0.2.1 --interface pub/192.0.2.1!203.0.113.1 "
			       "--interface pub/2001:db8::1 --interface 2001:db8::2!2001:db8::3",
			       &c),
			 0);
	assert_int_equal(c.interface_count, 4);
	assert_string_equal(c.interfaces[0].name, "default");
	assert_string_equal(rw_ip_text(&c.interfaces[0].advertised, text), "192.0.2.1");
	assert_string_equal(c.interfaces[1].name, "pub");
	assert_string_equal(rw_ip_text(&c.interfaces[1].address, text), "192.0.2.1");
	assert_string_equal(rw_ip_text(&c.interfaces[1].advertised, text), "203.0.113.1");
	assert_string_equal(c.interfaces[2].name, "pub");
	assert_string_equal(rw_ip_text(&c.interfaces[3].advertised, text), "2001:db8::3");
}

static void help_and_version(void **state)
{
	struct config c;
	unsigned int lines = 0;

	(void)state;
	assert_int_equal(parse("--version", &c), 1);
	assert_string_equal(said, "rtpwire-control " RTPWIRE_VERSION "\n");
	assert_int_equal(parse("--help", &c), 1);
	for (const char *p = said; (p = strchr(p, '\n')); p++)
		lines++;
	assert_in_range(lines, 10, 25); /* one screen */
	for (const char *p = said, *end; (end = strchr(p, '\n')); p = end + 1)
		assert_in_range(end - p, 0, 95);
	assert_non_null(strstr(said, "--interface [NAME/]ADDRESS[!ADVERTISED]"));
}

static void mistakes_have_one_message_that_names_them(void **state)
{
	static const struct {
		const char *line, *needle;
	} rows[] = {
		{ "--timeout 0", "--timeout 0: need a number from 1 to" },
		{ "--timeout -1", "--timeout -1" },
		{ "--timeout 1s", "--timeout 1s" },
		{ "--timeout 99999999999999999999", "need a number" },
		{ "--tos 256", "from 0 to 255" },
		{ "--log-level 8", "from 0 to 7" },
		{ "--listen-mode 999", "octal" },
		{ "--listen-mode 1777", "octal" },
		{ "--listen http:127.0.0.1:80", "begin with unix:" },
		{ "--listen udp:2223", "ADDRESS:PORT" },
		{ "--listen udp:127.0.0.1", "ADDRESS:PORT" },
		{ "--listen udp:127.0.0.1:65536", "ADDRESS:PORT" },
		{ "--listen udp:127.0.0.1:", "ADDRESS:PORT" },
		{ "--listen udp:::1:2223", "ADDRESS:PORT" },
		{ "--listen udp:[::1:2223", "ADDRESS:PORT" },
		{ "--listen udp:[127.0.0.1]:2223", "ADDRESS:PORT" },
		{ "--listen tcp:localhost:2223", "ADDRESS:PORT" },
		{ "--listen unix:", "need a path" },
		{ "--listen "
		  "unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
		  "01234567890123456789012345678901234567890",
		  "need a path" },
		{ "--interface eth0", "numeric addresses" },
		{ "--interface pub/", "numeric addresses" },
		{ "--interface /192.0.2.1", "a name has" },
		{ "--interface a,b/192.0.2.1", "a name has" },
		{ "--interface 01234567890123456789012345678901/192.0.2.1", "a name has" },
		{ "--interface 192.0.2.1!", "numeric addresses" },
		{ "--interface 192.0.2.1!2001:db8::1", "same family" },
		{ "--interface 0.0.0.0", "real address" },
		{ "--interface 192.0.2.1 --interface default/192.0.2.1", "given twice" },
		{ "--frobnicate", "--frobnicate: no such option" },
		{ "-x", "-x: no such option" },
		{ "--timeout", "--timeout: needs a value" },
		{ "--sip-source=1", "takes no value" },
		{ "now", "now: options only" },
		{ "--dataplane=", "need 1 to" },
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].line, &c), -EINVAL);
		assert_ptr_equal(strstr(said, "rtpwire-control: "), said);
		assert_non_null(strstr(said, rows[i].needle));
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	}
}

static void too_many(void **state)
{
	char line[1024] = "";
	struct config c;

	(void)state;
	for (int i = 0; i <= CONFIG_LISTEN_MAX; i++)
		strcat(line, "--listen unix:/a ");
	assert_int_equal(parse(line, &c), -EINVAL);
	assert_non_null(strstr(said, "at most 16"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_option),
		cmocka_unit_test(listeners),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(mistakes_have_one_message_that_names_them),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
