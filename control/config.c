/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command line of rtpwire-control. Every option is one row: name, what reads its value. Control's
 * only thread, at start.
 */
#include "config.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtpwire/abi.h"

#define DAY_S 86400

static const char help_text[] =
	"Usage: rtpwire-control [OPTION]...\n"
	"Serves SIP proxies (ng protocol) and programs their calls into rtpwire-dataplane.\n"
	"\n"
	"Proxies:\n"
	"  --listen URL          unix:PATH, unix-dgram:PATH, udp:ADDRESS:PORT, tcp:ADDRESS:PORT;\n"
	"                        repeatable (unix:" RW_CONTROL_SOCKET ")\n"
	"  --listen-mode OCTAL   permissions of UNIX sockets (0660)\n"
	"  --listen-group GROUP  their group (kamailio, if there is one)\n"
	"Media:\n"
	"  --dataplane PATH      socket of rtpwire-dataplane (" RW_DATAPLANE_SOCKET ")\n"
	"  --interface [NAME/]ADDRESS[!ADVERTISED]  repeatable (all media addresses)\n"
	"  --tos N               TOS byte of media sent, 0-255 (184)\n"
	"  --sip-source          take media addresses from received-from, not from SDP\n"
	"Calls:\n"
	"  --max-sessions N      refuse more new calls; 0 = only ports limit (0)\n"
	"  --timeout S           end a call without packets (60)\n"
	"  --silent-timeout S    the same, all media on hold (3600)\n"
	"  --offer-timeout S     end a call without an answer (3600)\n"
	"  --delete-delay S      go on relaying after a delete (30)\n"
	"Process:\n"
	"  --user NAME           run as this user when started by root (rtpwire, else nobody)\n"
	"  --log-level N         3 errors, 4 warnings, 6 information, 7 debugging (6)\n"
	"  --help, --version\n";

struct row {
	const char *name;
	int (*set)(struct config *cfg, const struct row *row, const char *text);
	size_t offset; /* of the member, for the plain kinds */
	unsigned int min, max; /* numbers: both included; texts: max = bytes with the NUL */
};

/* The one message about a wrong option. */
__attribute__((format(printf, 1, 2))) static int wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("rtpwire-control: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -EINVAL;
}

static int set_number(struct config *cfg, const struct row *row, const char *text)
{
	unsigned long v;
	char *end;

	v = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || v < row->min || v > row->max)
		return wrong("--%s %s: need a number from %u to %u", row->name, text, row->min,
			     row->max);
	*(unsigned int *)((char *)cfg + row->offset) = (unsigned int)v;
	return 0;
}

static int set_text(struct config *cfg, const struct row *row, const char *text)
{
	if (!*text || strlen(text) >= row->max)
		return wrong("--%s %s: need 1 to %u characters", row->name, text, row->max - 1);
	strcpy((char *)cfg + row->offset, text);
	return 0;
}

static int set_mode(struct config *cfg, const struct row *row, const char *text)
{
	unsigned long v;
	char *end;

	v = strtoul(text, &end, 8);
	if (!isdigit((unsigned char)text[0]) || *end || v > 0777)
		return wrong("--%s %s: need octal permissions such as 0660", row->name, text);
	cfg->listen_mode = (unsigned int)v;
	return 0;
}

static int set_sip_source(struct config *cfg, const struct row *row, const char *text)
{
	(void)row;
	(void)text;
	cfg->sip_source = true;
	return 0;
}

/* "127.0.0.1:2223" or "[::1]:2223". 0 or -EINVAL. */
static int parse_endpoint(const char *text, struct rw_endpoint *out)
{
	const char *colon = strrchr(text, ':');
	char ip[RW_IP_TEXT + 2], *start = ip, *end;
	size_t n = colon ? (size_t)(colon - text) : 0;
	unsigned long port;

	if (n == 0 || n >= sizeof(ip) || !isdigit((unsigned char)colon[1]))
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > 65535)
		return -EINVAL;
	memcpy(ip, text, n);
	ip[n] = '\0';
	if (ip[0] == '[') {
		if (ip[n - 1] != ']')
			return -EINVAL;
		ip[n - 1] = '\0';
		start++;
	}
	*out = (struct rw_endpoint){ .port_be = htons((uint16_t)port) };
	if (rw_ip_parse(start, &out->ip) != 0)
		return -EINVAL;
	return (out->ip.family == RW_FAMILY_IP6) == (start != ip) ? 0 : -EINVAL;
}

static int set_listen(struct config *cfg, const struct row *row, const char *text)
{
	static const struct {
		const char *prefix;
		enum listen_kind kind;
	} kinds[] = {
		{ "unix:", LISTEN_UNIX },
		{ "unix-dgram:", LISTEN_UNIX_DGRAM },
		{ "udp:", LISTEN_UDP },
		{ "tcp:", LISTEN_TCP },
	};
	struct listen_spec *l = &cfg->listen[cfg->listen_count];
	const char *rest = NULL;

	if (cfg->listen_count == CONFIG_LISTEN_MAX)
		return wrong("--%s %s: at most %u of them", row->name, text, CONFIG_LISTEN_MAX);
	for (size_t i = 0; !rest && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
			continue;
		l->kind = kinds[i].kind;
		rest = text + strlen(kinds[i].prefix);
	}
	if (!rest)
		return wrong("--%s %s: begin with unix:, unix-dgram:, udp: or tcp:", row->name,
			     text);
	cfg->listen_count++;
	if (l->kind == LISTEN_UDP || l->kind == LISTEN_TCP) {
		if (parse_endpoint(rest, &l->at) != 0)
			return wrong("--%s %s: need ADDRESS:PORT or [IPV6]:PORT", row->name, text);
		return 0;
	}
	if (!*rest || strlen(rest) >= sizeof(l->path))
		return wrong("--%s %s: need a path of 1 to %zu characters", row->name, text,
			     sizeof(l->path) - 1);
	strcpy(l->path, rest);
	return 0;
}

static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	}
	return n > 0 && n < CONFIG_NAME_BYTES;
}

static bool interface_known(const struct config *cfg, const struct interface_spec *spec)
{
	for (unsigned int i = 0; i < cfg->interface_count; i++) {
		if (strcmp(cfg->interfaces[i].name, spec->name) == 0 &&
		    rw_ip_equal(&cfg->interfaces[i].address, &spec->address))
			return true;
	}
	return false;
}

static int set_interface(struct config *cfg, const struct row *row, const char *text)
{
	char copy[128], *address, *advertised;
	struct interface_spec spec = { .name = "default" };

	if (cfg->interface_count == CONFIG_INTERFACE_MAX)
		return wrong("--%s %s: at most %u of them", row->name, text, CONFIG_INTERFACE_MAX);
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return wrong("--%s %s: too long", row->name, text);
	address = strchr(copy, '/');
	if (address) {
		*address++ = '\0';
		if (!name_ok(copy))
			return wrong("--%s %s: a name has 1 to %u letters, digits, - _ .",
				     row->name, text, CONFIG_NAME_BYTES - 1);
		strcpy(spec.name, copy);
	} else {
		address = copy;
	}
	advertised = strchr(address, '!');
	if (advertised)
		*advertised++ = '\0';
	if (rw_ip_parse(address, &spec.address) != 0 ||
	    rw_ip_parse(advertised ? advertised : address, &spec.advertised) != 0)
		return wrong("--%s %s: need [NAME/]ADDRESS[!ADVERTISED] with numeric addresses",
			     row->name, text);
	if (spec.address.family != spec.advertised.family || rw_ip_is_zero(&spec.address))
		return wrong("--%s %s: need a real address, advertised in the same family",
			     row->name, text);
	if (interface_known(cfg, &spec))
		return wrong("--%s %s: given twice", row->name, text);
	cfg->interfaces[cfg->interface_count++] = spec;
	return 0;
}

#define NUMBER(name, member, min, max)                                                             \
	{                                                                                          \
		name, set_number, offsetof(struct config, member), min, max                        \
	}
#define TEXT(name, member)                                                                         \
	{                                                                                          \
		name, set_text, offsetof(struct config, member), 0,                                \
			sizeof(((struct config *)0)->member)                                       \
	}

static const struct row rows[] = {
	TEXT("dataplane", dataplane),
	{ "listen", set_listen, 0, 0, 0 },
	{ "listen-mode", set_mode, 0, 0, 0 },
	TEXT("listen-group", listen_group),
	{ "interface", set_interface, 0, 0, 0 },
	NUMBER("timeout", timeout_s, 1, 7 * DAY_S),
	NUMBER("silent-timeout", silent_timeout_s, 1, 7 * DAY_S),
	NUMBER("offer-timeout", offer_timeout_s, 1, 7 * DAY_S),
	NUMBER("delete-delay", delete_delay_s, 0, 7 * DAY_S),
	NUMBER("max-sessions", max_sessions, 0, 10000000),
	NUMBER("tos", tos, 0, 255),
	{ "sip-source", set_sip_source, 0, 0, 0 },
	TEXT("user", user),
	NUMBER("log-level", log_level, 0, 7),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define OPT_HELP ((int)ROWS + 256)
#define OPT_VERSION ((int)ROWS + 257)

static void getopt_rows(struct option out[static ROWS + 3])
{
	memset(out, 0, (ROWS + 3) * sizeof(*out));
	for (size_t i = 0; i < ROWS; i++) {
		out[i].name = rows[i].name;
		out[i].has_arg = rows[i].set == set_sip_source ? no_argument : required_argument;
		out[i].val = (int)i + 256;
	}
	out[ROWS] = (struct option){ "help", no_argument, NULL, OPT_HELP };
	out[ROWS + 1] = (struct option){ "version", no_argument, NULL, OPT_VERSION };
}

/* One option as getopt_long() gave it. */
static int take(struct config *cfg, int option, char **argv)
{
	switch (option) {
	case OPT_HELP:
		fputs(help_text, stdout);
		return 1;
	case OPT_VERSION:
		puts("rtpwire-control " RTPWIRE_VERSION);
		return 1;
	case ':':
		return wrong("%s: needs a value; see --help", argv[optind - 1]);
	case '?':
		return wrong("%s: no such option, or it takes no value; see --help",
			     argv[optind - 1]);
	default:
		option -= 256;
		return rows[option].set(cfg, &rows[option], optarg);
	}
}

int config_parse(int argc, char **argv, struct config *cfg)
{
	struct option options[ROWS + 3];
	int option, rc;

	*cfg = (struct config){
		.dataplane = RW_DATAPLANE_SOCKET,
		.listen_mode = 0660,
		.timeout_s = 60,
		.silent_timeout_s = 3600,
		.offer_timeout_s = 3600,
		.delete_delay_s = 30,
		.tos = 184,
		.log_level = 6,
	};
	getopt_rows(options);
	opterr = 0;
	optind = 0; /* glibc: start anew, so that tests can parse more than once */
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		rc = take(cfg, option, argv);
		if (rc)
			return rc < 0 ? -EINVAL : 1;
	}
	if (optind < argc)
		return wrong("%s: options only, no such word; see --help", argv[optind]);
	if (cfg->listen_count == 0)
		snprintf(cfg->listen[cfg->listen_count++].path, sizeof(cfg->listen[0].path), "%s",
			 RW_CONTROL_SOCKET);
	return 0;
}
