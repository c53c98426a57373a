/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line: what is accepted means what it should, what is refused says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define ARGS_MAX 64
#define OK "--port xdp:eth0 --media 192.0.2.1 "

/* Splits line at blanks and parses it. The words live until the next call. */
static int parse(const char *line, struct config *c, char err[static CONFIG_ERROR_BYTES])
{
	static char words[4096];
	static char *argv[ARGS_MAX + 1];
	char *save = NULL;
	int argc = 0;

	snprintf(words, sizeof(words), "rtpwire-dataplane %s", line);
	for (char *w = strtok_r(words, " ", &save); w && argc < ARGS_MAX;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	err[0] = '\0';
	return config_parse(argc, argv, c, err);
}

static struct config good(const char *line)
{
	struct config c;
	char err[CONFIG_ERROR_BYTES];

	if (parse(line, &c, err) < 0)
		fail_msg("'%s' was refused: %s", line, err);
	return c;
}

static void test_defaults(void **state)
{
	struct config c = good(OK);

	(void)state;
	assert_int_equal(c.action, CONFIG_RUN);
	assert_int_equal(c.port_count, 1);
	assert_int_equal(c.ports[0].kind, PORT_XDP);
	assert_string_equal(c.ports[0].subject, "eth0");
	assert_int_equal(c.limits.workers, 1);
	assert_int_equal(c.limits.port_min, 8000);
	assert_int_equal(c.limits.port_max, 48000);
	assert_int_equal(c.limits.media_count, 1);
	assert_true(rw_limits_valid(&c.limits));
	assert_int_equal(c.limits.srtp_suites, srtp_engine_suites(SRTP_ENGINE_AUTO));
	assert_int_equal(c.srtp_window, SRTP_WINDOW_MIN);
	assert_string_equal(c.socket_path, RW_DATAPLANE_SOCKET);
	assert_int_equal(c.socket_mode, 0660);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_false(c.no_hugepages);
	assert_int_equal(c.cpu_count, 0);
	assert_int_equal(c.mbufs, 0);
	assert_true(config_adaptive(&c));
	assert_true(config_kernel_ports(&c));
}

/* Control must be able to come back after a restart of the dataplane when nobody set anything. */
static void test_default_group(void **state)
{
	const struct passwd *pw = getpwnam("rtpwire");
	struct config c = good(OK);

	(void)state;
	if (!pw)
		pw = getpwnam("nobody");
	assert_non_null(pw);
	assert_false(c.socket_group_set);
	if (geteuid() == 0)
		assert_int_equal(c.socket_gid, pw->pw_gid);
	else
		assert_string_equal(c.socket_user, "");
	c = good(OK "--socket-group 7");
	assert_int_equal(c.socket_gid, 7);
	assert_string_equal(c.socket_user, "");
}

static void test_all_options(void **state)
{
	struct config c = good("--port packet:eth0,queues=3 --port xdp:eth1 --media 192.0.2.1 "
			       "--media 2001:db8::1 --media-ports 10000-10999 --workers 4 "
			       "--socket /tmp/s --socket-mode 0600 --socket-group 7 --no-hugepages "
			       "--poll busy --cpus 2,4-6 --mbufs 8192 --log-level debug "
			       "-- --single-file-segments -v");

	(void)state;
	assert_int_equal(c.port_count, 2);
	assert_int_equal(c.ports[0].queues, 3);
	assert_int_equal(c.limits.media[1].family, RW_FAMILY_IP6);
	assert_int_equal(c.limits.port_min, 10000);
	assert_int_equal(c.limits.port_max, 10999);
	assert_int_equal(c.limits.workers, 4);
	assert_string_equal(c.socket_path, "/tmp/s");
	assert_int_equal(c.socket_mode, 0600);
	assert_true(c.socket_group_set);
	assert_int_equal(c.socket_gid, 7);
	assert_true(c.no_hugepages);
	assert_false(config_adaptive(&c));
	assert_int_equal(c.cpu_count, 4);
	assert_int_equal(c.cpus[0], 2);
	assert_int_equal(c.cpus[3], 6);
	assert_int_equal(c.mbufs, 8192);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c.eal_argc, 2);
	assert_string_equal(c.eal_argv[0], "--single-file-segments");
}

static void test_backends(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 },
			     all[6] = { 255, 255, 255, 255, 255, 255 };
	struct config c = good("--port pci:0000:3b:00.0,kernel=nic0,queues=2 --media 192.0.2.1");

	(void)state;
	assert_int_equal(c.ports[0].kind, PORT_PCI);
	assert_string_equal(c.ports[0].subject, "0000:3b:00.0");
	assert_string_equal(c.ports[0].kernel, "nic0");
	assert_int_equal(c.ports[0].queues, 2);
	assert_false(config_adaptive(&c));
	c = good("--port pci:3b:00.0 --media 192.0.2.1 --poll adaptive");
	assert_true(config_adaptive(&c));
	c = good("--port vdev:net_af_packet,iface=eth0,framesz=4096,kernel=k --media 192.0.2.1");
	assert_string_equal(c.ports[0].subject, "net_af_packet");
	assert_string_equal(c.ports[0].devargs, ",iface=eth0,framesz=4096");
	assert_string_equal(c.ports[0].kernel, "k");
	c = good("--port memif:role=server,socket=/tmp/m,id=1,peer-mac=02:00:00:00:00:01 "
		 "--media 192.0.2.1");
	assert_string_equal(c.ports[0].devargs, ",role=server,socket=/tmp/m,id=1");
	assert_memory_equal(c.ports[0].peer_mac, mac, 6);
	assert_false(config_kernel_ports(&c));
	c = good("--port null --port null --media 192.0.2.1");
	assert_int_equal(c.ports[1].kind, PORT_NULL);
	assert_memory_equal(c.ports[0].peer_mac, all, 6);
}

static void test_actions(void **state)
{
	(void)state;
	assert_int_equal(good("--help").action, CONFIG_HELP);
	assert_int_equal(good("--version").action, CONFIG_VERSION);
}

/* Lines that are refused, and words that the message must have. */
static const struct {
	const char *line, *words[2];
} refused[] = {
	{ "", { "--port", "missing" } },
	{ "--port xdp:eth0", { "--media", "missing" } },
	{ OK "--bogus", { "--bogus", "unknown option" } },
	{ OK "word", { "word", "not an option" } },
	{ OK "--workers", { "--workers", "needs a value" } },
	{ OK "--workers 0", { "--workers 0", "from 1 to 32" } },
	{ OK "--workers 33", { "--workers 33", "from 1 to 32" } },
	{ OK "--workers 2x", { "--workers 2x", "from 1 to 32" } },
	{ OK "--workers -1", { "--workers -1", "from 1 to 32" } },
	{ OK "--media nonsense", { "--media nonsense", "not an IPv4 or IPv6" } },
	{ OK "--media 0.0.0.0", { "--media 0.0.0.0", "unicast" } },
	{ OK "--media 224.0.0.1", { "--media 224.0.0.1", "unicast" } },
	{ OK "--media ff02::1", { "--media ff02::1", "unicast" } },
	{ OK "--media fe80::1", { "--media fe80::1", "link-local" } },
	{ OK "--media 192.0.2.1", { "--media 192.0.2.1", "twice" } },
	{ OK "--media 1.1.1.1 --media 1.1.1.2 --media 1.1.1.3 --media 1.1.1.4 --media 1.1.1.5 "
	     "--media 1.1.1.6 --media 1.1.1.7 --media 1.1.1.8 --media 1.1.1.9 --media 1.1.1.10 "
	     "--media 1.1.1.11 --media 1.1.1.12 --media 1.1.1.13 --media 1.1.1.14 --media 1.1.1.15 "
	     "--media 1.1.1.16",
	  { "--media 1.1.1.16", "more than 16" } },
	{ OK "--media-ports 8000", { "--media-ports 8000", "MIN-MAX" } },
	{ OK "--media-ports 0-9", { "--media-ports 0-9", "from 1 to 65535" } },
	{ OK "--media-ports 1-65536", { "--media-ports 1-65536", "from 1 to 65535" } },
	{ OK "--media-ports 1-2-3", { "--media-ports 1-2-3", "MIN-MAX" } },
	{ OK "--media-ports 9000-8000", { "--media-ports 9000-8000", "lower one first" } },
	{ OK "--media-ports 8000-8001 --workers 2", { "--media-ports 8000-8001", "workers" } },
	{ OK "--socket-mode 8", { "--socket-mode 8", "octal" } },
	{ OK "--socket-mode 01777", { "--socket-mode 01777", "octal" } },
	{ OK "--socket-group no-such-group", { "--socket-group no-such-group", "groupadd" } },
	{ OK "--poll often", { "--poll often", "adaptive or busy" } },
	{ OK "--cpus x", { "--cpus x", "2,4-6" } },
	{ OK "--cpus 3-1", { "--cpus 3-1", "2,4-6" } },
	{ OK "--cpus 1,", { "--cpus 1,", "2,4-6" } },
	{ OK "--cpus 0-40", { "--cpus 0-40", "more than 32" } },
	{ OK "--mbufs 10", { "--mbufs 10", "from 4096" } },
	{ OK "--log-level loud", { "--log-level loud", "debug" } },
	{ OK "--srtp-engine openssl", { "--srtp-engine openssl", "libsrtp2" } },
	{ OK "--srtp-window 64", { "--srtp-window 64", "from 128 to 960" } },
	{ OK "--srtp-window 961", { "--srtp-window 961", "from 128 to 960" } },
	{ "--port dpdk:eth0", { "--port dpdk:eth0", "unknown backend" } },
	{ "--port xdp", { "--port xdp", "interface name" } },
	{ "--port xdp:", { "--port xdp:", "interface name" } },
	{ "--port xdp:a/b", { "--port xdp:a/b", "interface name" } },
	{ "--port xdp:a-very-long-name", { "--port xdp:a-very", "interface name" } },
	{ "--port xdp:eth0,queues=0", { "queues=0", "from 1 to" } },
	{ "--port xdp:eth0,queues=two", { "queues=two", "from 1 to" } },
	{ "--port xdp:eth0,colour=red", { "colour", "unknown option" } },
	{ "--port xdp:eth0,eth1", { "eth1", "KEY=VALUE" } },
	{ "--port xdp:eth0,kernel=x", { "kernel", "unknown option" } },
	{ "--port xdp:eth0 --port packet:eth0", { "--port packet:eth0", "give it once" } },
	{ "--port pci:eth0", { "--port pci:eth0", "PCI address" } },
	{ "--port pci:3b:00.0,kernel=a/b", { "kernel=a/b", "interface name" } },
	{ "--port vdev:eth0", { "--port vdev:eth0", "driver" } },
	{ "--port memif:", { "--port memif:", "role" } },
	{ "--port memif:role=server", { "--port memif:role=server", "socket=PATH" } },
	{ "--port memif:role=server,socket=/x", { "--port memif", "id=N" } },
	{ "--port memif:role=server,socket=/x,id=1,iface=y", { "iface", "unknown option" } },
	{ "--port null:peer-mac=1:2", { "peer-mac=1:2", "02:00" } },
	{ "--port null --port xdp:eth0 --media 192.0.2.1", { "--port xdp:eth0", "do not mix" } },
	{ "--port null --port null --port null --port null --port null --port null --port null "
	  "--port null --port null",
	  { "--port null", "more than 8" } },
	{ "--port pci:1:0.0 --port pci:1:0.1 --port pci:1:0.2 --port pci:1:0.3 --port pci:1:0.4 "
	  "--media 192.0.2.1",
	  { "--port", "TAPs" } },
};

static void test_refusals(void **state)
{
	struct config c;
	char err[CONFIG_ERROR_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (parse(refused[i].line, &c, err) != -EINVAL)
			fail_msg("'%s' was accepted", refused[i].line);
		for (int w = 0; w < 2; w++)
			if (!strstr(err, refused[i].words[w]))
				fail_msg("'%s': message '%s' has no '%s'", refused[i].line, err,
					 refused[i].words[w]);
		assert_null(strchr(err, '\n'));
	}
}

static void test_long_arguments(void **state)
{
	char line[1024], err[CONFIG_ERROR_BYTES];
	struct config c;

	(void)state;
	snprintf(line, sizeof(line), OK "--socket /%0200d", 0);
	assert_int_equal(parse(line, &c, err), -EINVAL);
	assert_non_null(strstr(err, "path must have"));
	snprintf(line, sizeof(line), "--port xdp:%0500d", 0);
	assert_int_equal(parse(line, &c, err), -EINVAL);
	assert_non_null(strstr(err, "longer than"));
	snprintf(line, sizeof(line), "--port vdev:net_x,a=%0140d,b=%0140d", 0, 0);
	assert_int_equal(parse(line, &c, err), -EINVAL);
	assert_non_null(strstr(err, "longer than"));
}

static void test_help_fits_a_screen(void **state)
{
	unsigned int lines = 0, column = 0;

	(void)state;
	for (const char *p = config_help(); *p; p++) {
		column = *p == '\n' ? 0 : column + 1;
		lines += *p == '\n';
		assert_in_range(column, 0, 80);
	}
	assert_in_range(lines, 10, 24);
}

/* The engine decides which suites control may ask for. */
static void test_srtp(void **state)
{
	struct config c = good(OK "--srtp-engine libsrtp2 --srtp-window 512");

	(void)state;
	assert_int_equal(c.srtp_engine, SRTP_ENGINE_LIBSRTP2);
	assert_int_equal(c.srtp_window, 512);
	assert_int_equal(c.limits.srtp_suites, srtp_engine_suites(SRTP_ENGINE_LIBSRTP2));
	assert_int_equal(c.limits.srtp_suites >> RW_SRTP_F8_128_HMAC_SHA1_80 & 1, 0);
	assert_int_equal(c.limits.srtp_suites >> RW_SRTP_AES_CM_128_HMAC_SHA1_80 & 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),       cmocka_unit_test(test_srtp),
		cmocka_unit_test(test_all_options),    cmocka_unit_test(test_backends),
		cmocka_unit_test(test_actions),	       cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_long_arguments), cmocka_unit_test(test_help_fits_a_screen),
		cmocka_unit_test(test_default_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
