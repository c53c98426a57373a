/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire-bench pipe`: packets a second of one worker without a NIC, by what it does with them, size and number of flows;
 * cycles by stage; and testpmd as the ceiling of the same machine. Program's only thread.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipe_report.h"

struct options {
	uint32_t flows[PIPE_LIST_MAX], bytes[PIPE_LIST_MAX];
	unsigned int flows_count, bytes_count;
	uint32_t modes; /* bits of enum pipe_mode; 0 = all */
	uint32_t suites; /* bits of enum rw_srtp_suite; 0 = the two of the field */
	uint32_t families; /* bit 0 IPv4, bit 1 IPv6 */
	uint32_t rounds, time_ms;
	bool ceiling;
	bool one_suite; /* unless others are asked for */
	const char *json;
};

static const char usage[] =
	"Usage: rtpwire-bench pipe [OPTION]...\n"
	"Measures one worker of the dataplane on one core, between ports in memory.\n\n"
	"  --mode NAME     relay, seal (RTP to SRTP), open (SRTP to RTP) or both; can be\n"
	"                  repeated (default all)\n"
	"  --suite NAME    as in SDP; can be repeated (default AES_CM_128_HMAC_SHA1_80 and\n"
	"                  AEAD_AES_128_GCM)\n"
	"  --flows LIST    flows that packets arrive for (default 1,1000,20000)\n"
	"  --bytes LIST    RTP header and payload (default 60,172,1200)\n"
	"  --family 4|6    only IPv4 or IPv6 (default both)\n"
	"  --rounds N      measure each N times, take the median (default 5)\n"
	"  --time MS       of the worker, for so long each time (default 40)\n"
	"  --no-ceiling    leave testpmd out\n"
	"  --quick         172 bytes, IPv4, one suite, one short round: does it work?\n"
	"  --json FILE     write all there (- = stdout)\n"
	"  --help\n\n"
	"Columns: million packets a second, ns and TSC cycles a packet, part of what testpmd's\n"
	"macswap reaches with packets of that size; cycles a packet by stage.\n";

enum {
	OPT_MODE = 1,
	OPT_SUITE,
	OPT_FLOWS,
	OPT_BYTES,
	OPT_FAMILY,
	OPT_ROUNDS,
	OPT_TIME,
	OPT_NO_CEILING,
	OPT_QUICK,
	OPT_JSON
};

static int read_mode(const char *name, uint32_t *bits)
{
	for (unsigned int mode = 0; mode < PIPE_MODES; mode++) {
		if (strcmp(name, pipe_mode_name(mode)) == 0) {
			*bits |= 1u << mode;
			return 0;
		}
	}
	fprintf(stderr, "rtpwire-bench: --mode takes relay, seal, open or both, not \"%s\"\n",
		name);
	return -1;
}

static int read_family(const char *name, uint32_t *bits)
{
	*bits = strcmp(name, "4") == 0 ? 1u : strcmp(name, "6") == 0 ? 2u : 0u;
	if (*bits)
		return 0;
	fprintf(stderr, "rtpwire-bench: --family takes 4 or 6, not \"%s\"\n", name);
	return -1;
}

static int read_list(const char *option, uint32_t min, uint32_t max, uint32_t *list,
		     unsigned int *count)
{
	int n = bench_numbers(option, optarg, min, max, list, PIPE_LIST_MAX);

	if (n < 0)
		return -1;
	*count = (unsigned int)n;
	return 0;
}

static int read_number(const char *option, uint32_t max, uint32_t *out)
{
	return bench_numbers(option, optarg, 1, max, out, 1) < 0 ? -1 : 0;
}

static void be_quick(struct options *o)
{
	o->bytes[0] = 172;
	o->bytes_count = 1;
	o->families = 1;
	o->one_suite = true;
	o->rounds = 1;
	o->time_ms = 5;
}

static int apply_option(void *options, int opt)
{
	struct options *o = options;

	switch (opt) {
	case OPT_MODE:
		return read_mode(optarg, &o->modes);
	case OPT_SUITE:
		return bench_suite(optarg, &o->suites);
	case OPT_FLOWS:
		return read_list("--flows", 1, PIPE_FLOWS_MAX, o->flows, &o->flows_count);
	case OPT_BYTES:
		return read_list("--bytes", PIPE_BYTES_MIN, PIPE_BYTES_MAX, o->bytes,
				 &o->bytes_count);
	case OPT_FAMILY:
		return read_family(optarg, &o->families);
	case OPT_ROUNDS:
		return read_number("--rounds", PIPE_ROUNDS_MAX, &o->rounds);
	case OPT_TIME:
		return read_number("--time", 10000, &o->time_ms);
	case OPT_NO_CEILING:
		o->ceiling = false;
		return 0;
	case OPT_QUICK:
		be_quick(o);
		return 0;
	case OPT_JSON:
		o->json = optarg;
		return 0;
	case 'h':
		fputs(usage, stdout);
		return 1;
	default:
		return -1;
	}
}

/* 0; 1 after --help; -1 after a message. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "mode", required_argument, NULL, OPT_MODE },
		{ "suite", required_argument, NULL, OPT_SUITE },
		{ "flows", required_argument, NULL, OPT_FLOWS },
		{ "bytes", required_argument, NULL, OPT_BYTES },
		{ "family", required_argument, NULL, OPT_FAMILY },
		{ "rounds", required_argument, NULL, OPT_ROUNDS },
		{ "time", required_argument, NULL, OPT_TIME },
		{ "no-ceiling", no_argument, NULL, OPT_NO_CEILING },
		{ "quick", no_argument, NULL, OPT_QUICK },
		{ "json", required_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};

	return bench_options(argc, argv, table, apply_option, o);
}

/* --- running --- */

static void progress(const struct options *o, const struct pipe_result *r)
{
	if (!isatty(STDERR_FILENO) || (o->json && strcmp(o->json, "-") == 0 && isatty(1)))
		return;
	fputs("\r\033[K", stderr);
	if (r)
		fprintf(stderr, "%s, %u bytes, %u flows", pipe_mode_name(r->what.mode),
			r->what.bytes, r->what.flows);
	fflush(stderr);
}

static int run_case(const struct options *o, struct pipe_result *r)
{
	struct pipe *pipe;
	int ret;

	progress(o, r);
	ret = pipe_open(&r->what, &pipe);
	if (ret < 0)
		return -1;
	for (r->rounds = 0; ret == 0 && r->rounds < o->rounds; r->rounds++)
		ret = pipe_measure(pipe, o->time_ms * 1000000u, &r->samples[r->rounds]);
	pipe_close(pipe);
	progress(o, NULL);
	return ret;
}

static int run_sizes(const struct options *o, struct pipe_case what, const double *ceilings)
{
	for (unsigned int b = 0; b < o->bytes_count; b++) {
		for (unsigned int f = 0; f < o->flows_count; f++) {
			struct pipe_result r = { .what = what, .ceiling_mpps = ceilings[b] };

			r.what.bytes = o->bytes[b];
			r.what.flows = o->flows[f];
			if (run_case(o, &r) < 0)
				return -1;
			pipe_report_add(&r);
		}
	}
	return 0;
}

static int run_all(const struct options *o, const double *ceilings)
{
	for (unsigned int mode = 0; mode < PIPE_MODES; mode++) {
		if (o->modes && !(o->modes & 1u << mode))
			continue;
		for (unsigned int suite = 0; suite < RW_SRTP_SUITE_MAX; suite++) {
			if (mode == PIPE_RELAY ? suite != 0 : !(o->suites & ~1u & 1u << suite))
				continue;
			for (unsigned int six = 0; six < 2; six++) {
				struct pipe_case what = { .mode = mode,
							  .suite = suite,
							  .family = six ? RW_FAMILY_IP6
									: RW_FAMILY_IP4 };

				if (o->families & 1u << six && run_sizes(o, what, ceilings) < 0)
					return -1;
			}
		}
	}
	return 0;
}

static void measure_ceilings(const struct options *o, double *ceilings, char *why)
{
	for (unsigned int b = 0; b < o->bytes_count; b++) {
		double values[PIPE_ROUNDS_MAX];
		unsigned int n = o->rounds < 3 ? 1 : 3;

		ceilings[b] = -1;
		for (unsigned int i = 0; i < n && o->ceiling && !*why; i++)
			values[i] = pipe_ceiling_mpps(o->bytes[b], o->rounds < 3 ? 0.2 : 0.5, why);
		if (o->ceiling && !*why)
			ceilings[b] = bench_median(values, n);
	}
}

enum bench_exit bench_pipe(int argc, char **argv)
{
	struct options o = { .flows = { 1, 1000, 20000 },
			     .flows_count = 3,
			     .bytes = { 60, 172, 1200 },
			     .bytes_count = 3,
			     .families = 3,
			     .rounds = 5,
			     .time_ms = 40,
			     .ceiling = true };
	struct pipe_about about = { 0 };
	double ceilings[PIPE_LIST_MAX];
	FILE *json = NULL;
	enum bench_exit status = BENCH_FAILED;
	int ret;

	bench_command_line(argc, argv, about.command, sizeof(about.command));
	ret = read_options(argc, argv, &o);
	if (ret != 0)
		return ret > 0 ? BENCH_OK : BENCH_USAGE;
	if (o.suites && o.modes == 1u << PIPE_RELAY) {
		fputs("rtpwire-bench: --suite is of no use with --mode relay, which has no SRTP\n",
		      stderr);
		return BENCH_USAGE;
	}
	if (!o.suites)
		o.suites = 1u << RW_SRTP_AES_CM_128_HMAC_SHA1_80 |
			   (o.one_suite ? 0u : 1u << RW_SRTP_AEAD_AES_128_GCM);
	if (bench_open_json(o.json, &json) < 0 || pipe_start() < 0)
		return BENCH_FAILED;
	about.rounds = o.rounds;
	about.round_ms = o.time_ms;
	about.hugepages = pipe_has_hugepages();
	about.tsc_hz = pipe_tsc_hz();
	bench_cpu(about.cpu, sizeof(about.cpu));
	measure_ceilings(&o, ceilings, about.no_ceiling);
	pipe_report_start(&about, json != stdout);
	if (run_all(&o, ceilings) == 0)
		status = pipe_report_end(json, o.json) < 0 ? BENCH_FAILED : BENCH_OK;
	if (json && json != stdout)
		fclose(json);
	return status;
}
