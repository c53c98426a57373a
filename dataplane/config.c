/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of rtpwire-dataplane. Pure but for group names; main thread, at start.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define MBUFS_MIN 4096u
#define MBUFS_MAX 4194304u
#define CPU_MAX 1023u

enum option_id {
	OPT_PORT = 256,
	OPT_MEDIA,
	OPT_MEDIA_PORTS,
	OPT_WORKERS,
	OPT_SOCKET,
	OPT_SOCKET_MODE,
	OPT_SOCKET_GROUP,
	OPT_NO_HUGEPAGES,
	OPT_POLL,
	OPT_CPUS,
	OPT_MBUFS,
	OPT_LOG_LEVEL,
	OPT_SRTP_ENGINE,
	OPT_SRTP_WINDOW,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "media", required_argument, NULL, OPT_MEDIA },
	{ "media-ports", required_argument, NULL, OPT_MEDIA_PORTS },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "socket-mode", required_argument, NULL, OPT_SOCKET_MODE },
	{ "socket-group", required_argument, NULL, OPT_SOCKET_GROUP },
	{ "no-hugepages", no_argument, NULL, OPT_NO_HUGEPAGES },
	{ "poll", required_argument, NULL, OPT_POLL },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "mbufs", required_argument, NULL, OPT_MBUFS },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "srtp-engine", required_argument, NULL, OPT_SRTP_ENGINE },
	{ "srtp-window", required_argument, NULL, OPT_SRTP_WINDOW },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

const char *config_help(void)
{
	return "usage: rtpwire-dataplane --port BACKEND --media ADDRESS [OPTION...] [-- EAL...]\n"
	       "  --port BACKEND       where packets come and go; may be repeated:\n"
	       "      xdp:IFACE[,queues=N]          a NIC shared with the kernel (usual choice)\n"
	       "      packet:IFACE[,queues=N]       the same by AF_PACKET; runs anywhere, slower\n"
	       "      pci:ADDRESS[,kernel=NAME]     a whole NIC; kernel keeps its share by a TAP\n"
	       "      vdev:DRIVER,...[,kernel=NAME] a DPDK virtual device instead of such a NIC\n"
	       "      memif:role=R,socket=P,id=N    shared memory; null: nothing (no kernel)\n"
	       "  --media ADDRESS      address that media is relayed on; may be repeated\n"
	       "  --media-ports A-B    UDP ports of media (default 8000-48000)\n"
	       "  --workers N          packet threads (default 1)\n"
	       "  --poll MODE          idle workers sleep (adaptive) or not (busy; as for pci)\n"
	       "  --cpus LIST          CPUs to pin workers to, such as 2,4-6\n"
	       "  --no-hugepages       do not use huge pages even if enough are free\n"
	       "  --mbufs N            packet buffers (default: by ports and workers)\n"
	       "  --srtp-engine NAME   auto, ipsec-mb (x86-64) or libsrtp2\n"
	       "  --srtp-window N      packets of the SRTP replay windows, 128 (default) to 960\n"
	       "  --socket PATH        control's (default " RW_DATAPLANE_SOCKET ")\n"
	       "  --socket-mode OCTAL  its permissions (default 0660)\n"
	       "  --socket-group NAME  its group (of user rtpwire, else of nobody)\n"
	       "  --log-level LEVEL    error, warning, info (default) or debug\n"
	       "  --help, --version    what follows -- goes to DPDK unchanged\n";
}

static int refuse(char *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, CONFIG_ERROR_BYTES, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Digits only, at most max. 0 and *out, or -EINVAL; *end is after the digits. */
static int parse_number(const char *text, const char **end, unsigned long max, unsigned long *out)
{
	char *stop;
	unsigned long n;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	n = strtoul(text, &stop, 10);
	if (errno || n > max)
		return -EINVAL;
	*end = stop;
	*out = n;
	return 0;
}

/* A number and nothing else, from min to max. */
static int parse_whole(const char *text, unsigned long min, unsigned long max, unsigned int *out)
{
	const char *end;
	unsigned long n;

	if (parse_number(text, &end, max, &n) < 0 || *end != '\0' || n < min)
		return -EINVAL;
	*out = (unsigned int)n;
	return 0;
}

static int set_port(struct config *c, const char *arg, char *err)
{
	if (c->port_count == WORKER_PORTS_MAX)
		return refuse(err, "--port %s: more than %d ports; leave some out", arg,
			      WORKER_PORTS_MAX);
	if (port_spec_parse(arg, &c->ports[c->port_count], err, CONFIG_ERROR_BYTES) < 0)
		return -EINVAL;
	for (unsigned int i = 0; i < c->port_count; i++)
		if (c->ports[i].subject[0] && c->ports[i].kind != PORT_VDEV &&
		    strcmp(c->ports[i].subject, c->ports[c->port_count].subject) == 0)
			return refuse(err, "--port %s: %s is used by another --port; give it once",
				      arg, c->ports[i].subject);
	c->port_count++;
	return 0;
}

static int set_media(struct config *c, const char *arg, char *err)
{
	struct rw_ip ip;

	if (rw_ip_parse(arg, &ip) < 0)
		return refuse(err, "--media %s: not an IPv4 or IPv6 address; write it in numbers",
			      arg);
	if (rw_ip_is_zero(&ip) || (ip.family == RW_FAMILY_IP4 && ip.bytes[0] >= 224) ||
	    (ip.family == RW_FAMILY_IP6 && ip.bytes[0] == 0xff))
		return refuse(err, "--media %s: not a unicast address; give one of this host", arg);
	if (ip.family == RW_FAMILY_IP6 && ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80)
		return refuse(err, "--media %s: link-local; give a global or unique local address",
			      arg);
	for (unsigned int i = 0; i < c->limits.media_count; i++)
		if (rw_ip_equal(&ip, &c->limits.media[i]))
			return refuse(err, "--media %s: given twice; give it once", arg);
	if (c->limits.media_count == RW_MEDIA_MAX)
		return refuse(err, "--media %s: more than %d addresses; start another dataplane",
			      arg, RW_MEDIA_MAX);
	c->limits.media[c->limits.media_count++] = ip;
	return 0;
}

static int set_media_ports(struct config *c, const char *arg, char *err)
{
	unsigned long min, max;
	const char *end;

	if (parse_number(arg, &end, 65535, &min) < 0 || *end != '-' ||
	    parse_number(end + 1, &end, 65535, &max) < 0 || *end != '\0' || min == 0)
		return refuse(err, "--media-ports %s: write MIN-MAX, both from 1 to 65535", arg);
	if (min > max)
		return refuse(err, "--media-ports %s: %lu is above %lu; write the lower one first",
			      arg, min, max);
	c->limits.port_min = (uint16_t)min;
	c->limits.port_max = (uint16_t)max;
	return 0;
}

static int set_socket(struct config *c, const char *arg, char *err)
{
	if (arg[0] == '\0' || strlen(arg) >= CONFIG_SOCKET_BYTES)
		return refuse(err, "--socket %s: path must have 1 to %zu bytes; choose another",
			      arg, CONFIG_SOCKET_BYTES - 1);
	snprintf(c->socket_path, sizeof(c->socket_path), "%s", arg);
	return 0;
}

static int set_socket_mode(struct config *c, const char *arg, char *err)
{
	char *end;
	unsigned long mode = strtoul(arg, &end, 8);

	if (!isdigit((unsigned char)arg[0]) || *end != '\0' || mode > 0777)
		return refuse(err, "--socket-mode %s: not an octal mode; write one such as 0660",
			      arg);
	c->socket_mode = (mode_t)mode;
	return 0;
}

static int set_socket_group(struct config *c, const char *arg, char *err)
{
	const struct group *g = getgrnam(arg);
	unsigned int gid;

	if (g)
		c->socket_gid = g->gr_gid;
	else if (parse_whole(arg, 0, 0xfffffffeu, &gid) == 0)
		c->socket_gid = gid;
	else
		return refuse(err, "--socket-group %s: no such group; create it with groupadd -r",
			      arg);
	c->socket_group_set = true;
	c->socket_user[0] = '\0';
	return 0;
}

static int set_poll(struct config *c, const char *arg, char *err)
{
	if (strcmp(arg, "adaptive") == 0)
		c->poll = CONFIG_POLL_ADAPTIVE;
	else if (strcmp(arg, "busy") == 0)
		c->poll = CONFIG_POLL_BUSY;
	else
		return refuse(err, "--poll %s: unknown mode; use adaptive or busy", arg);
	return 0;
}

/* "2,4-6" */
static int set_cpus(struct config *c, const char *arg, char *err)
{
	const char *at = arg;
	unsigned long first, last;

	c->cpu_count = 0;
	for (;;) {
		if (parse_number(at, &at, CPU_MAX, &first) < 0)
			break;
		last = first;
		if (*at == '-' && parse_number(at + 1, &at, CPU_MAX, &last) < 0)
			break;
		for (unsigned long cpu = first; cpu <= last; cpu++) {
			if (c->cpu_count == RW_WORKERS_MAX)
				return refuse(err, "--cpus %s: more than %d CPUs; leave some out",
					      arg, RW_WORKERS_MAX);
			c->cpus[c->cpu_count++] = (unsigned int)cpu;
		}
		if (*at == '\0' && first <= last)
			return 0;
		if (*at++ != ',' || first > last)
			break;
	}
	return refuse(err, "--cpus %s: not a list of CPUs; write one such as 2,4-6", arg);
}

static int set_srtp_engine(struct config *c, const char *arg, char *err)
{
	if (srtp_engine_parse(arg, &c->srtp_engine) < 0)
		return refuse(err, "--srtp-engine %s: use auto, ipsec-mb or libsrtp2", arg);
	if (!srtp_engine_suites(c->srtp_engine))
		return refuse(err,
			      "--srtp-engine %s: needs an x86-64 CPU with AES instructions; use "
			      "libsrtp2",
			      arg);
	return 0;
}

static int set_srtp_window(struct config *c, const char *arg, char *err)
{
	if (parse_whole(arg, SRTP_WINDOW_MIN, SRTP_WINDOW_MAX, &c->srtp_window) < 0)
		return refuse(err, "--srtp-window %s: must be a number from %u to %u", arg,
			      SRTP_WINDOW_MIN, SRTP_WINDOW_MAX);
	return 0;
}

static int set_option(struct config *c, int id, const char *arg, char *err)
{
	unsigned int n;

	switch (id) {
	case OPT_PORT:
		return set_port(c, arg, err);
	case OPT_MEDIA:
		return set_media(c, arg, err);
	case OPT_MEDIA_PORTS:
		return set_media_ports(c, arg, err);
	case OPT_WORKERS:
		if (parse_whole(arg, 1, RW_WORKERS_MAX, &n) < 0)
			return refuse(err, "--workers %s: must be a number from 1 to %d", arg,
				      RW_WORKERS_MAX);
		c->limits.workers = (uint16_t)n;
		return 0;
	case OPT_SOCKET:
		return set_socket(c, arg, err);
	case OPT_SOCKET_MODE:
		return set_socket_mode(c, arg, err);
	case OPT_SOCKET_GROUP:
		return set_socket_group(c, arg, err);
	case OPT_NO_HUGEPAGES:
		c->no_hugepages = true;
		return 0;
	case OPT_POLL:
		return set_poll(c, arg, err);
	case OPT_CPUS:
		return set_cpus(c, arg, err);
	case OPT_MBUFS:
		if (parse_whole(arg, MBUFS_MIN, MBUFS_MAX, &c->mbufs) < 0)
			return refuse(err, "--mbufs %s: must be a number from %u to %u", arg,
				      MBUFS_MIN, MBUFS_MAX);
		return 0;
	case OPT_SRTP_ENGINE:
		return set_srtp_engine(c, arg, err);
	case OPT_SRTP_WINDOW:
		return set_srtp_window(c, arg, err);
	case OPT_LOG_LEVEL:
		if (log_level_parse(arg, &c->log_level) < 0)
			return refuse(err, "--log-level %s: use error, warning, info or debug",
				      arg);
		return 0;
	default:
		c->action = id == OPT_HELP ? CONFIG_HELP : CONFIG_VERSION;
		return 0;
	}
}

bool config_kernel_ports(const struct config *c)
{
	return port_traits(c->ports[0].kind)->kernel;
}

bool config_adaptive(const struct config *c)
{
	if (c->poll != CONFIG_POLL_AUTO)
		return c->poll == CONFIG_POLL_ADAPTIVE;
	for (unsigned int i = 0; i < c->port_count; i++)
		if (port_traits(c->ports[i].kind)->busy)
			return false;
	return true;
}

/* What no single option can see. */
static int check_whole(const struct config *c, char *err)
{
	unsigned int ethdevs = c->port_count;

	if (c->port_count == 0)
		return refuse(err, "--port: missing; give one such as --port xdp:eth0");
	if (c->limits.media_count == 0)
		return refuse(err, "--media: missing; give an address such as --media 192.0.2.1");
	for (unsigned int i = 0; i < c->port_count; i++) {
		const struct port_traits *t = port_traits(c->ports[i].kind);

		ethdevs += t->whole;
		if (t->kernel != config_kernel_ports(c))
			return refuse(err,
				      "--port %s: memif and null have no kernel behind them and do "
				      "not mix with other ports; start two dataplanes",
				      c->ports[i].text);
	}
	if (ethdevs > WORKER_PORTS_MAX)
		return refuse(err, "--port: %u ports with their TAPs, at most %d; leave some out",
			      ethdevs, WORKER_PORTS_MAX);
	if (c->limits.workers > c->limits.port_max / 2 - c->limits.port_min / 2 + 1)
		return refuse(err,
			      "--media-ports %u-%u: fewer port pairs than workers (%u); widen it",
			      c->limits.port_min, c->limits.port_max, c->limits.workers);
	return 0;
}

/*
 * The group of the user that rtpwire-control becomes when nobody names one, so that it gets in after every
 * restart of ours. Only root can give files away.
 */
static void set_default_group(struct config *c)
{
	const struct passwd *pw = getpwnam("rtpwire");

	if (geteuid() != 0)
		return;
	if (!pw)
		pw = getpwnam("nobody");
	if (!pw)
		return;
	c->socket_gid = pw->pw_gid;
	snprintf(c->socket_user, sizeof(c->socket_user), "%s", pw->pw_name);
}

static void set_defaults(struct config *c)
{
	*c = (struct config){ .socket_mode = 0660,
			      .log_level = LOG_LEVEL_INFO,
			      .srtp_engine = SRTP_ENGINE_AUTO,
			      .srtp_window = SRTP_WINDOW_MIN };
	c->limits.port_min = RW_PORT_MIN_DEFAULT;
	c->limits.port_max = RW_PORT_MAX_DEFAULT;
	c->limits.workers = 1;
	snprintf(c->socket_path, sizeof(c->socket_path), "%s", RW_DATAPLANE_SOCKET);
	set_default_group(c);
}

int config_parse(int argc, char **argv, struct config *out, char err[static CONFIG_ERROR_BYTES])
{
	int id, parsed = argc;

	set_defaults(out);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0 && parsed == argc)
			parsed = i;
	out->eal_argc = parsed < argc ? argc - parsed - 1 : 0;
	out->eal_argv = argv + argc - out->eal_argc;
	optind = 0; /* a fresh scan, also when called twice */
	opterr = 0;
	while ((id = getopt_long(parsed, argv, "+:", long_options, NULL)) != -1) {
		if (id == ':')
			return refuse(err, "%s: needs a value; see --help", argv[optind - 1]);
		if (id == '?')
			return refuse(err, "%s: unknown option; see --help", argv[optind - 1]);
		if (set_option(out, id, optarg, err) < 0)
			return -EINVAL;
		if (out->action != CONFIG_RUN)
			return 0;
	}
	if (optind < parsed)
		return refuse(err, "%s: not an option; see --help", argv[optind]);
	out->limits.srtp_suites = srtp_engine_suites(out->srtp_engine);
	return check_whole(out, err);
}
