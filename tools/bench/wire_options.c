/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of `rtpwire-bench wire`, checked before anything is opened. Main thread, at start.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>

#include "log.h"
#include "ng.h"
#include "wire.h"

#define RATE_MAX 200000000u
#define DURATION_MAX_S 86400.0

static const char usage[] =
	"Usage: rtpwire-bench wire --port PORT --ng URL --local A[,B] [OPTION]...\n"
	"Sets up calls, sends RTP through the relay and checks everything that arrives.\n\n"
	"  --port PORT        xdp:IFACE, packet:IFACE, pci:ADDRESS, vdev:DRIVER,...,\n"
	"                     memif:role=R,socket=PATH,id=N; twice: two ports\n"
	"  --ng URL           the relay's: unix:PATH, unix-dgram:PATH, udp:HOST:PORT, "
	"tcp:HOST:PORT\n"
	"  --local A[,B]      our address on leg A and leg B; can be repeated\n"
	"  --local-ports N-M  UDP ports of ours (default 10000-59999)\n"
	"  --interfaces A,B   logical interfaces of the relay for the legs (ng: direction)\n"
	"  --calls N          calls, two RTP streams each (default 100)\n"
	"  --call-rate N      packets a second of each stream (default 50)\n"
	"  --rate N           packets a second of all streams instead; max: as fast as it goes\n"
	"  --direction WAY    both (default) or a-to-b\n"
	"  --payload N        payload of a packet, 24 to 1300 bytes (default 160)\n"
	"  --srtp LEGS        legs with SRTP: none (default), a, b or both\n"
	"  --suite NAME       as in SDP (default AES_CM_128_HMAC_SHA1_80)\n"
	"  --duration S       send for so many seconds (default 10)\n"
	"  --search           find the highest rate without loss (RFC 2544, 26.1), up to --rate\n"
	"  --trial S          seconds of each trial of the search (default 10)\n"
	"  --resolution PCT   the search ends at so many percent of the rate (default 1)\n"
	"  --burst N          packets sent at once, up to 64 (default 32)\n"
	"  --cpu N            CPU of the generator\n"
	"  --gateway-mac MAC  where frames go (default: as the kernel's neighbour table says)\n"
	"  --pid PID          tell the CPU time of this process; can be repeated\n"
	"  --keep             do not delete the calls at the end\n"
	"  --json FILE        write all figures there (- = stdout)\n"
	"  --report FILE      write a page with plots there (HTML)\n"
	"  --help\n\n"
	"Exit status: 0 all that was sent arrived once and whole, or the search found a rate;\n"
	"1 packets were lost or wrong, or something failed; 2 wrong usage.\n";

enum option_id {
	OPT_PORT = 256,
	OPT_NG,
	OPT_LOCAL,
	OPT_LOCAL_PORTS,
	OPT_INTERFACES,
	OPT_CALLS,
	OPT_CALL_RATE,
	OPT_RATE,
	OPT_DIRECTION,
	OPT_PAYLOAD,
	OPT_SRTP,
	OPT_SUITE,
	OPT_DURATION,
	OPT_SEARCH,
	OPT_TRIAL,
	OPT_RESOLUTION,
	OPT_BURST,
	OPT_CPU,
	OPT_GATEWAY_MAC,
	OPT_PID,
	OPT_KEEP,
	OPT_JSON,
	OPT_REPORT,
	OPT_HELP
};

/* What only counts once all options are there. */
struct reading {
	struct wire_options *o;
	uint32_t call_rate;
	bool call_rate_set, rate_set, trial_set, duration_set, suite_set, resolution_set;
	uint32_t trial_ms;
};

static int refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int refuse(const char *fmt, ...)
{
	va_list ap;

	fputs("rtpwire-bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

static int read_u32(const char *option, uint32_t min, uint32_t max, uint32_t *out)
{
	return bench_numbers(option, optarg, min, max, out, 1) < 0 ? -1 : 0;
}

/* A decimal number of some unit. */
static int read_real(const char *option, double min, double max, double *out)
{
	char *end;
	double v = strtod(optarg, &end);

	if (!isdigit((unsigned char)optarg[0]) || *end || !(v >= min && v <= max))
		return refuse("%s takes a number from %g to %g, not \"%s\"", option, min, max,
			      optarg);
	*out = v;
	return 0;
}

static int read_ms(const char *option, uint32_t *out)
{
	double s = 0;

	if (read_real(option, 0.1, DURATION_MAX_S, &s) < 0)
		return -1;
	*out = (uint32_t)(s * 1000 + 0.5);
	return 0;
}

static int read_port(struct config *c)
{
	char err[CONFIG_ERROR_BYTES];

	if (c->port_count == WIRE_LEGS)
		return refuse("--port can be given twice at most: for leg A and leg B");
	if (port_spec_parse(optarg, &c->ports[c->port_count], err, sizeof(err)) < 0)
		return refuse("%s", err);
	if (c->ports[c->port_count].kind == PORT_NULL)
		return refuse("--port null: nothing would arrive; write memif:..., xdp:IFACE or "
			      "another");
	c->port_count++;
	return 0;
}

static int read_ng(struct wire_options *o)
{
	struct ng_target target;

	o->ng_url = optarg;
	if (ng_target_read(optarg, &target) == 0)
		return 0;
	return refuse("--ng takes " NG_URL_FORMS ", not \"%s\"", optarg);
}

/* "A" or "A,B". */
static int read_local(struct wire_options *o)
{
	char text[WIRE_LEGS][RW_IP_TEXT] = { "", "" };
	const char *comma = strchr(optarg, ',');
	size_t a = comma ? (size_t)(comma - optarg) : strlen(optarg);
	unsigned int n = o->local_count;

	if (n == WIRE_LOCALS_MAX)
		return refuse("--local can be given %u times at most", WIRE_LOCALS_MAX);
	if (a < RW_IP_TEXT)
		snprintf(text[WIRE_A], RW_IP_TEXT, "%.*s", (int)a, optarg);
	snprintf(text[WIRE_B], RW_IP_TEXT, "%s", comma ? comma + 1 : text[WIRE_A]);
	if (rw_ip_parse(text[WIRE_A], &o->local[WIRE_A][n]) < 0 ||
	    rw_ip_parse(text[WIRE_B], &o->local[WIRE_B][n]) < 0)
		return refuse("--local takes an address, or two with a comma between, not \"%s\"",
			      optarg);
	o->local_count++;
	return 0;
}

static int read_local_ports(struct rw_limits *lim)
{
	unsigned int first, last;
	int used = 0;

	if (sscanf(optarg, "%5u-%5u%n", &first, &last, &used) != 2 || optarg[used] || first == 0 ||
	    first > last || last > 65535)
		return refuse("--local-ports takes two ports such as 10000-59999, not \"%s\"",
			      optarg);
	lim->port_min = (uint16_t)first;
	lim->port_max = (uint16_t)last;
	return 0;
}

static int read_interfaces(struct wire_options *o)
{
	const char *comma = strchr(optarg, ',');
	size_t a = comma ? (size_t)(comma - optarg) : 0, b = comma ? strlen(comma + 1) : 0;

	if (!a || !b || a >= WIRE_NAME_BYTES || b >= WIRE_NAME_BYTES || strchr(comma + 1, ','))
		return refuse("--interfaces takes two names with a comma between, not \"%s\"",
			      optarg);
	snprintf(o->interface[WIRE_A], WIRE_NAME_BYTES, "%.*s", (int)a, optarg);
	snprintf(o->interface[WIRE_B], WIRE_NAME_BYTES, "%s", comma + 1);
	return 0;
}

static int read_rate(struct reading *r)
{
	uint32_t rate;

	r->rate_set = true;
	r->o->rate = 0;
	if (strcmp(optarg, "max") == 0)
		return 0;
	if (read_u32("--rate", 1, RATE_MAX, &rate) < 0)
		return -1;
	r->o->rate = rate;
	return 0;
}

static int read_direction(struct wire_options *o)
{
	o->one_way = strcmp(optarg, "a-to-b") == 0;
	if (o->one_way || strcmp(optarg, "both") == 0)
		return 0;
	return refuse("--direction takes both or a-to-b, not \"%s\"", optarg);
}

static int read_srtp(struct wire_options *o)
{
	bool both = strcmp(optarg, "both") == 0;

	o->srtp[WIRE_A] = both || strcmp(optarg, "a") == 0;
	o->srtp[WIRE_B] = both || strcmp(optarg, "b") == 0;
	if (o->srtp[WIRE_A] || o->srtp[WIRE_B] || strcmp(optarg, "none") == 0)
		return 0;
	return refuse("--srtp takes none, a, b or both, not \"%s\"", optarg);
}

static int read_suite(struct wire_options *o)
{
	for (unsigned int s = 1; s <= RW_SRTP_SDES_LAST; s++) {
		if (strcmp(rw_srtp_suite_info(s)->name, optarg) != 0)
			continue;
		if (!(srtp_engine_suites(SRTP_ENGINE_AUTO) >> s & 1))
			return refuse("--suite %s: no SRTP engine of this machine has it", optarg);
		o->suite = s;
		return 0;
	}
	return refuse("--suite takes a name such as AES_CM_128_HMAC_SHA1_80, not \"%s\"", optarg);
}

static int read_mac(struct wire_options *o)
{
	unsigned int b[6];
	int used = 0;

	if (sscanf(optarg, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &used) != 6 ||
	    optarg[used])
		return refuse("--gateway-mac takes an address like 02:00:00:00:00:01, not \"%s\"",
			      optarg);
	for (unsigned int i = 0; i < 6; i++)
		o->gateway_mac[i] = (uint8_t)b[i];
	o->gateway_set = true;
	return 0;
}

static int read_cpu(struct config *c)
{
	uint32_t cpu;

	if (read_u32("--cpu", 0, 1023, &cpu) < 0)
		return -1;
	c->cpus[0] = cpu;
	c->cpu_count = 1;
	return 0;
}

static int read_payload(struct wire_options *o)
{
	uint32_t bytes;

	if (read_u32("--payload", WIRE_PAYLOAD_MIN, WIRE_PAYLOAD_MAX, &bytes) < 0)
		return -1;
	o->payload_bytes = (uint16_t)bytes;
	return 0;
}

static int apply_traffic(struct reading *r, int opt)
{
	struct wire_options *o = r->o;

	switch (opt) {
	case OPT_CALLS:
		return read_u32("--calls", 1, WIRE_CALLS_MAX, &o->calls);
	case OPT_CALL_RATE:
		r->call_rate_set = true;
		return read_u32("--call-rate", 1, 1000000, &r->call_rate);
	case OPT_RATE:
		return read_rate(r);
	case OPT_DIRECTION:
		return read_direction(o);
	case OPT_PAYLOAD:
		return read_payload(o);
	case OPT_SRTP:
		return read_srtp(o);
	case OPT_SUITE:
		r->suite_set = true;
		return read_suite(o);
	case OPT_DURATION:
		r->duration_set = true;
		return read_ms("--duration", &o->duration_ms);
	case OPT_SEARCH:
		o->search = true;
		return 0;
	case OPT_TRIAL:
		r->trial_set = true;
		return read_ms("--trial", &r->trial_ms);
	case OPT_RESOLUTION:
		r->resolution_set = true;
		return read_real("--resolution", 0.01, 50, &o->resolution);
	default:
		return read_u32("--burst", 1, WIRE_BURST_MAX, &o->burst);
	}
}

static int apply_option(struct reading *r, int opt)
{
	struct wire_options *o = r->o;

	switch (opt) {
	case OPT_PORT:
		return read_port(&o->config);
	case OPT_NG:
		return read_ng(o);
	case OPT_LOCAL:
		return read_local(o);
	case OPT_LOCAL_PORTS:
		return read_local_ports(&o->config.limits);
	case OPT_INTERFACES:
		return read_interfaces(o);
	case OPT_CPU:
		return read_cpu(&o->config);
	case OPT_GATEWAY_MAC:
		return read_mac(o);
	case OPT_PID:
		return proc_list_add(&o->processes, optarg);
	case OPT_KEEP:
		o->keep = true;
		return 0;
	case OPT_JSON:
		o->json = optarg;
		return 0;
	case OPT_REPORT:
		o->report = optarg;
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		return 1;
	case '?':
	case ':':
		fputs("See rtpwire-bench wire --help.\n", stderr);
		return -1;
	default:
		return apply_traffic(r, opt);
	}
}

static const struct option table[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "ng", required_argument, NULL, OPT_NG },
	{ "local", required_argument, NULL, OPT_LOCAL },
	{ "local-ports", required_argument, NULL, OPT_LOCAL_PORTS },
	{ "interfaces", required_argument, NULL, OPT_INTERFACES },
	{ "calls", required_argument, NULL, OPT_CALLS },
	{ "call-rate", required_argument, NULL, OPT_CALL_RATE },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "direction", required_argument, NULL, OPT_DIRECTION },
	{ "payload", required_argument, NULL, OPT_PAYLOAD },
	{ "srtp", required_argument, NULL, OPT_SRTP },
	{ "suite", required_argument, NULL, OPT_SUITE },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "search", no_argument, NULL, OPT_SEARCH },
	{ "trial", required_argument, NULL, OPT_TRIAL },
	{ "resolution", required_argument, NULL, OPT_RESOLUTION },
	{ "burst", required_argument, NULL, OPT_BURST },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "gateway-mac", required_argument, NULL, OPT_GATEWAY_MAC },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "keep", no_argument, NULL, OPT_KEEP },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* --- what no single option can see --- */

static int check_given(const struct reading *r)
{
	const struct wire_options *o = r->o;

	if (!o->config.port_count)
		return refuse("--port is missing; see rtpwire-bench wire --help");
	if (!o->ng_url)
		return refuse("--ng is missing: where the relay takes calls, such as "
			      "unix:/run/rtpwire/ng.sock");
	if (!o->local_count)
		return refuse("--local is missing: addresses that calls are made from");
	if (o->config.port_count == 2 &&
	    config_kernel_ports(&o->config) != port_traits(o->config.ports[1].kind)->kernel)
		return refuse("--port: memif does not go together with the kernel's interfaces");
	if (r->rate_set && r->call_rate_set)
		return refuse("--call-rate and --rate exclude each other");
	if (r->trial_set && !o->search)
		return refuse("--trial is of the search; write --duration, or add --search");
	if (r->duration_set && o->search)
		return refuse("--duration is not of the search; write --trial");
	if (r->resolution_set && !o->search)
		return refuse("--resolution is of the search; add --search");
	if (r->suite_set && !o->srtp[WIRE_A] && !o->srtp[WIRE_B])
		return refuse("--suite is of no use without --srtp a, b or both");
	return 0;
}

static bool known(const struct rw_limits *lim, const struct rw_ip *ip)
{
	for (unsigned int i = 0; i < lim->media_count; i++)
		if (rw_ip_equal(&lim->media[i], ip))
			return true;
	return false;
}

/* All addresses, each once; the legs have either the same ones or none in common. */
static int gather_locals(struct wire_options *o)
{
	struct rw_limits *lim = &o->config.limits;
	unsigned int a;

	o->same_local = memcmp(o->local[WIRE_A], o->local[WIRE_B], sizeof(o->local[WIRE_A])) == 0;
	for (unsigned int leg = 0; leg < (o->same_local ? 1 : WIRE_LEGS); leg++) {
		for (unsigned int i = 0; i < o->local_count; i++) {
			if (known(lim, &o->local[leg][i]))
				return refuse("--local: an address is there twice; give each once, "
					      "or the same ones for both legs");
			a = lim->media_count++;
			lim->media[a] = o->local[leg][i];
		}
	}
	return 0;
}

static int check_ports(const struct wire_options *o)
{
	const struct rw_limits *lim = &o->config.limits;
	uint32_t first = (lim->port_min + 1u) / 2 * 2, have = (lim->port_max + 1u - first) / 2;
	uint32_t most = have / (o->same_local ? 2 : 1) * o->local_count;

	if (o->calls <= most)
		return 0;
	return refuse("--calls %u: --local and --local-ports are enough for %u calls; give more of "
		      "them",
		      o->calls, most);
}

static int finish(struct reading *r)
{
	struct wire_options *o = r->o;

	if (check_given(r) < 0 || gather_locals(o) < 0 || check_ports(o) < 0)
		return -1;
	o->resolution /= 100;
	if (o->search)
		o->duration_ms = r->trial_ms;
	if (!r->rate_set && !(o->search && !r->call_rate_set))
		o->rate = (uint64_t)r->call_rate * wire_streams(o);
	return 0;
}

int wire_options_read(int argc, char **argv, struct wire_options *out)
{
	struct reading r = { .o = out, .call_rate = 50, .trial_ms = 10000 };
	int opt, rc;

	*out = (struct wire_options){
		.config = { .limits = { .port_min = 10000, .port_max = 59999, .workers = 1 },
			    .poll = CONFIG_POLL_BUSY,
			    .log_level = LOG_LEVEL_WARNING },
		.calls = 100,
		.suite = RW_SRTP_AES_CM_128_HMAC_SHA1_80,
		.payload_bytes = 160,
		.duration_ms = 10000,
		.burst = 32,
		.resolution = 1,
	};
	bench_command_line(argc, argv, out->command, sizeof(out->command));
	optind = 2; /* behind the benchmark's name */
	while ((opt = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		rc = apply_option(&r, opt == 'h' ? OPT_HELP : opt);
		if (rc != 0)
			return rc;
	}
	if (optind < argc)
		return refuse("wire takes no argument \"%s\"", argv[optind]);
	return finish(&r);
}
