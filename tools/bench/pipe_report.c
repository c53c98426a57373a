/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Table and JSON of `rtpwire-bench pipe` (pipe_report.h). Program's only thread.
 */
#include "pipe_report.h"

#include <jansson.h>

static const char *const modes[PIPE_MODES] = { "relay", "seal", "open", "both" };

static const struct pipe_about *about;
static bool table;
static json_t *rows;

const char *pipe_mode_name(enum pipe_mode mode)
{
	return modes[mode];
}

static const char *suite_name(const struct pipe_case *what)
{
	return what->suite ? rw_srtp_suite_info(what->suite)->name : "-";
}

void pipe_report_start(const struct pipe_about *about_run, bool print_table)
{
	about = about_run;
	table = print_table;
	rows = json_array();
	if (!table)
		return;
	printf("%s\nCPU      %s, TSC %.2f GHz, %s pages\n"
	       "worker   one, bursts of 64; medians of %u rounds of %g ms of its time\n"
	       "testpmd  %s\n\n",
	       about->command, about->cpu, (double)about->tsc_hz / 1e9,
	       about->hugepages ? "huge" : "small", about->rounds, about->round_ms,
	       *about->no_ceiling ? about->no_ceiling
				  : "macswap, bursts of 64, a port in memory of the same kind");
	printf("%-5s %-23s IP bytes flows |   Mpps      ns  cycles testpmd |", "mode", "suite");
	for (const char *const *name = pipe_stages(); *name; name++)
		printf(" %9s", *name);
	putchar('\n');
}

/* Median over rounds of what was used for one packet. */
static double per_packet(const struct pipe_result *r, int stage)
{
	double values[PIPE_ROUNDS_MAX];

	for (unsigned int i = 0; i < r->rounds; i++) {
		const struct pipe_sample *s = &r->samples[i];

		values[i] = stage < 0 ? s->cycles : s->stage_cycles[stage];
	}
	return bench_median(values, r->rounds);
}

static void print_row(const struct pipe_result *r, double cycles)
{
	double ns = cycles * 1e9 / (double)about->tsc_hz;

	printf("%-5s %-23s  %c %5u %5u | %6.2f %7.1f %7.1f ", modes[r->what.mode],
	       suite_name(&r->what), r->what.family == RW_FAMILY_IP4 ? '4' : '6', r->what.bytes,
	       r->what.flows, 1e3 / ns, ns, cycles);
	if (r->ceiling_mpps > 0)
		printf("%7.2f |", 1e3 / ns / r->ceiling_mpps);
	else
		printf("%7s |", "-");
	for (int i = 0; pipe_stages()[i]; i++)
		printf(" %9.1f", per_packet(r, i));
	putchar('\n');
	fflush(stdout);
}

void pipe_report_add(const struct pipe_result *r)
{
	double cycles = per_packet(r, -1), ns = cycles * 1e9 / (double)about->tsc_hz;
	json_t *stages = json_object(), *rounds = json_array();

	if (table)
		print_row(r, cycles);
	for (int i = 0; pipe_stages()[i]; i++)
		json_object_set_new(stages, pipe_stages()[i], json_real(per_packet(r, i)));
	for (unsigned int i = 0; i < r->rounds; i++)
		json_array_append_new(rounds, json_real(r->samples[i].cycles * 1e9 /
							(double)about->tsc_hz));
	json_array_append_new(
		rows, json_pack("{ss ss sI sI sI sf sf sf so so so}", "mode", modes[r->what.mode],
				"suite", suite_name(&r->what), "ip_version",
				(json_int_t)(r->what.family == RW_FAMILY_IP4 ? 4 : 6), "rtp_bytes",
				(json_int_t)r->what.bytes, "flows_count", (json_int_t)r->what.flows,
				"rate_mpps", 1e3 / ns, "packet_ns", ns, "packet_cycles", cycles,
				"testpmd_mpps",
				r->ceiling_mpps > 0 ? json_real(r->ceiling_mpps) : json_null(),
				"stage_cycles", stages, "rounds_packet_ns", rounds));
}

int pipe_report_end(FILE *json, const char *path)
{
	json_t *all =
		json_pack("{ss ss sb sI sI sf ss so}", "command", about->command, "cpu", about->cpu,
			  "huge_pages", about->hugepages, "tsc_hz", (json_int_t)about->tsc_hz,
			  "rounds_count", (json_int_t)about->rounds, "round_ms", about->round_ms,
			  "testpmd_absent_because", about->no_ceiling, "rows", rows);

	return bench_write_json(all, json, path);
}
