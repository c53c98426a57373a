/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire-bench signal`: how fast an ng engine sets calls up and ends them, in calls per second, latency, CPU time and
 * memory. Any engine will do. Program's only thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "signal_report.h"

#define REPLY_TIMEOUT_MS 5000u
#define WARM_CALLS 50u
#define SETTLE_MS 300 /* until memory is looked at */
#define ROWS_MAX 2u

struct options {
	const char *ng, *address, *srtp_name, *json;
	struct ng_target target;
	enum calls_srtp srtp;
	uint32_t calls, window, rounds, hold, pause_s;
	struct proc_list processes;
};

static const char usage[] =
	"Usage: rtpwire-bench signal --ng URL [OPTION]...\n"
	"Sets calls up and ends them (offer, answer, delete) through any ng engine, without "
	"media.\n\n"
	"  --ng URL        unix:PATH, unix-dgram:PATH, udp:ADDRESS:PORT or tcp:ADDRESS:PORT\n"
	"  --calls N       calls of a round (default 1000)\n"
	"  --window N      calls at a time, beside one by one (default 16; 1: only one by one)\n"
	"  --rounds N      measure so often, take the median (default 5)\n"
	"  --pause S       seconds between rounds, for engines whose ports rest (default 0)\n"
	"  --srtp LEGS     SDES on none, one or both legs (default both)\n"
	"  --hold N        first hold N calls open and tell the memory of --pid (default 0: no)\n"
	"  --pid PID       tell CPU time and memory of this process; can be repeated\n"
	"  --address IP    of the parties in SDP (default 192.0.2.1); nothing is sent there\n"
	"  --json FILE     write all results there (- = stdout)\n"
	"  --quick         --calls 200 --rounds 2 --hold 100 and no pause: seconds, for a test\n"
	"  --help\n\n"
	"Each call must bring the right SDP; one that does not is an error, and the exit status "
	"1.\n";

/* --- options --- */

enum {
	OPT_NG = 1,
	OPT_CALLS,
	OPT_WINDOW,
	OPT_ROUNDS,
	OPT_PAUSE,
	OPT_SRTP,
	OPT_HOLD,
	OPT_PID,
	OPT_ADDRESS,
	OPT_JSON,
	OPT_QUICK
};

static int read_number(const char *option, uint32_t min, uint32_t max, uint32_t *out)
{
	return bench_numbers(option, optarg, min, max, out, 1) < 0 ? -1 : 0;
}

static int wrong(const char *option, const char *takes)
{
	fprintf(stderr, "rtpwire-bench: %s takes %s, not \"%s\"\n", option, takes, optarg);
	return -1;
}

static int read_srtp(struct options *o)
{
	static const char *const names[] = { "none", "one", "both" };

	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(optarg, names[i]) == 0) {
			o->srtp = (enum calls_srtp)i;
			o->srtp_name = names[i];
			return 0;
		}
	}
	return wrong("--srtp", "none, one or both");
}

static int read_address(struct options *o)
{
	struct in6_addr any;

	o->address = optarg;
	if (inet_pton(AF_INET, optarg, &any) == 1 || inet_pton(AF_INET6, optarg, &any) == 1)
		return 0;
	return wrong("--address", "an IPv4 or IPv6 address");
}

static int apply_option(void *options, int opt)
{
	struct options *o = options;

	switch (opt) {
	case OPT_NG:
		o->ng = optarg;
		return ng_target_read(optarg, &o->target) < 0 ? wrong("--ng", NG_URL_FORMS) : 0;
	case OPT_CALLS:
		return read_number("--calls", 1, 10000000, &o->calls);
	case OPT_WINDOW:
		return read_number("--window", 1, NG_WINDOW_MAX, &o->window);
	case OPT_ROUNDS:
		return read_number("--rounds", 1, SIGNAL_ROUNDS_MAX, &o->rounds);
	case OPT_PAUSE:
		return read_number("--pause", 0, 3600, &o->pause_s);
	case OPT_SRTP:
		return read_srtp(o);
	case OPT_HOLD:
		return read_number("--hold", 0, 10000000, &o->hold);
	case OPT_PID:
		return proc_list_add(&o->processes, optarg);
	case OPT_ADDRESS:
		return read_address(o);
	case OPT_JSON:
		o->json = optarg;
		return 0;
	case OPT_QUICK:
		o->calls = 200;
		o->rounds = 2;
		o->hold = 100;
		o->pause_s = 0;
		return 0;
	case 'h':
		fputs(usage, stdout);
		return 1;
	default:
		fputs("See rtpwire-bench signal --help.\n", stderr);
		return -1;
	}
}

/* 0; 1 when --help was served; -1 after a message. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = { { "ng", required_argument, NULL, OPT_NG },
					       { "calls", required_argument, NULL, OPT_CALLS },
					       { "window", required_argument, NULL, OPT_WINDOW },
					       { "rounds", required_argument, NULL, OPT_ROUNDS },
					       { "pause", required_argument, NULL, OPT_PAUSE },
					       { "srtp", required_argument, NULL, OPT_SRTP },
					       { "hold", required_argument, NULL, OPT_HOLD },
					       { "pid", required_argument, NULL, OPT_PID },
					       { "address", required_argument, NULL, OPT_ADDRESS },
					       { "json", required_argument, NULL, OPT_JSON },
					       { "quick", no_argument, NULL, OPT_QUICK },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };
	int ret = bench_options(argc, argv, table, apply_option, o);

	if (ret != 0 || o->ng)
		return ret;
	fputs("rtpwire-bench: --ng URL is missing; see rtpwire-bench signal --help\n", stderr);
	return -1;
}

/* --- measuring --- */

struct session {
	const struct options *o;
	struct ng *ng;
	unsigned int batches; /* so that no call-id comes twice */
	struct signal_about about;
	struct signal_hold hold;
	struct signal_row rows[ROWS_MAX];
	unsigned int row_count;
};

static void sleep_ms(unsigned int ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* A negative errno to a message. */
static int gone(const struct session *s, int err)
{
	fprintf(stderr, "rtpwire-bench: engine %s: %s\n", s->o->ng,
		err == -EPROTO ? "does not speak ng" : strerror(-err));
	return -1;
}

/* 0, or -1 after a message. */
static int run_steps(const struct session *s, unsigned int batch, unsigned int window,
		     uint32_t calls, enum calls_step first, enum calls_step last,
		     struct calls_result *result)
{
	struct calls_plan plan = { s->o->address, s->o->srtp, batch, window, calls, first, last };
	int ret = calls_run(s->ng, &plan, result);

	return ret < 0 ? gone(s, ret) : 0;
}

static int read_memory(const struct session *s, struct proc_memory *out)
{
	for (unsigned int i = 0; i < s->o->processes.count; i++) {
		int ret = proc_memory(s->o->processes.pids[i], &out[i]);

		if (ret < 0) {
			fprintf(stderr, "rtpwire-bench: cannot read the memory of --pid %d: %s\n",
				(int)s->o->processes.pids[i], strerror(-ret));
			return -1;
		}
	}
	return 0;
}

static int run_hold(struct session *s)
{
	const struct options *o = s->o;
	struct signal_hold *h = &s->hold;
	unsigned int batch = s->batches++;

	if (o->hold == 0)
		return 0;
	if (read_memory(s, h->before) < 0 ||
	    run_steps(s, batch, o->window, o->hold, CALLS_OFFER, CALLS_ANSWER, &h->setup) < 0)
		return -1;
	h->calls = h->setup.good;
	sleep_ms(SETTLE_MS);
	if (read_memory(s, h->after) < 0)
		return -1;
	return run_steps(s, batch, o->window, o->hold, CALLS_DELETE, CALLS_DELETE, &h->release);
}

static void add_round(const struct session *s, struct signal_row *row,
		      const struct calls_result *result, const struct proc_cpu *before,
		      const struct proc_cpu *after)
{
	struct calls_result *sum = &row->sum;

	for (unsigned int i = 0; i < s->o->processes.count; i++) {
		row->used[i].all_s += after[i].all_s - before[i].all_s;
		row->used[i].main_s += after[i].main_s - before[i].main_s;
	}
	for (enum calls_step step = 0; step < CALLS_STEPS; step++)
		hdr_merge(&sum->latency[step], &result->latency[step]);
	if (!sum->errors)
		memcpy(sum->first_error, result->first_error, sizeof(sum->first_error));
	sum->errors += result->errors;
	sum->good += result->good;
	sum->elapsed_ns += result->elapsed_ns;
	row->calls_per_s[row->rounds++] = result->good * 1e9 / (double)result->elapsed_ns;
}

static int run_round(struct session *s, struct signal_row *row)
{
	struct proc_cpu before[PROC_PIDS_MAX], after[PROC_PIDS_MAX];
	static struct calls_result result; /* too large for a stack */

	memset(&result, 0, sizeof(result));
	if (proc_list_cpu(&s->o->processes, before) < 0 ||
	    run_steps(s, s->batches++, row->window, s->o->calls, CALLS_OFFER, CALLS_DELETE,
		      &result) < 0 ||
	    proc_list_cpu(&s->o->processes, after) < 0)
		return -1;
	add_round(s, row, &result, before, after);
	return 0;
}

/* The engine's first calls fill its pools and caches. */
static int warm_up(struct session *s)
{
	static struct calls_result ignored;

	return run_steps(s, s->batches++, s->o->window, WARM_CALLS, CALLS_OFFER, CALLS_DELETE,
			 &ignored);
}

/* Windows take turns, so that whatever else the machine does meets both. */
static int run_rounds(struct session *s)
{
	s->rows[s->row_count++].window = 1;
	if (s->o->window > 1)
		s->rows[s->row_count++].window = s->o->window;
	for (unsigned int i = 0; i < s->o->rounds * s->row_count; i++) {
		if (i || s->o->hold)
			sleep_ms(s->o->pause_s * 1000);
		if (run_round(s, &s->rows[i % s->row_count]) < 0)
			return -1;
	}
	for (unsigned int i = 0; i < s->row_count; i++)
		s->rows[i].median_per_s = bench_median(s->rows[i].calls_per_s, s->rows[i].rounds);
	return 0;
}

static void describe(struct session *s)
{
	const struct options *o = s->o;
	struct signal_about *a = &s->about;

	bench_cpu(a->cpu, sizeof(a->cpu));
	a->ng = o->ng;
	a->srtp = o->srtp_name;
	a->calls = o->calls;
	a->rounds = o->rounds;
	a->pid_count = o->processes.count;
	memcpy(a->pids, o->processes.pids, sizeof(a->pids));
	for (unsigned int i = 0; i < o->processes.count; i++)
		proc_name(o->processes.pids[i], a->names[i], sizeof(a->names[i]));
}

static bool had_errors(const struct session *s)
{
	uint32_t errors = s->hold.setup.errors + s->hold.release.errors;

	for (unsigned int i = 0; i < s->row_count; i++)
		errors += s->rows[i].sum.errors;
	return errors > 0;
}

/* Measures all and reports; json may be NULL. */
static enum bench_exit run_and_report(struct session *s, FILE *json)
{
	const struct options *o = s->o;
	bool table = json != stdout;

	describe(s);
	if (table)
		signal_print_head(&s->about);
	if (run_hold(s) < 0)
		return BENCH_FAILED;
	if (table && o->hold)
		signal_print_hold(&s->about, &s->hold);
	if (warm_up(s) < 0 || run_rounds(s) < 0)
		return BENCH_FAILED;
	for (unsigned int i = 0; i < s->row_count && table; i++)
		signal_print_row(&s->about, &s->rows[i]);
	if (json && signal_write_json(&s->about, o->hold ? &s->hold : NULL, s->rows, s->row_count,
				      json, o->json) < 0)
		return BENCH_FAILED;
	return had_errors(s) ? BENCH_FAILED : BENCH_OK;
}

/* Connects and runs; json may be NULL. */
static enum bench_exit connect_and_run(struct session *s, FILE *json)
{
	enum bench_exit status;
	int ret = ng_open(&s->o->target, s->o->window, REPLY_TIMEOUT_MS, &s->ng);

	if (ret < 0) {
		gone(s, ret);
		return BENCH_FAILED;
	}
	status = run_and_report(s, json);
	ng_close(s->ng);
	return status;
}

enum bench_exit bench_signal(int argc, char **argv)
{
	struct options o = { .address = "192.0.2.1",
			     .srtp = CALLS_SRTP_BOTH,
			     .srtp_name = "both",
			     .calls = 1000,
			     .window = 16,
			     .rounds = 5 };
	static struct session s;
	enum bench_exit status;
	FILE *json = NULL;
	int ret;

	bench_command_line(argc, argv, s.about.command, sizeof(s.about.command));
	ret = read_options(argc, argv, &o);
	if (ret != 0)
		return ret > 0 ? BENCH_OK : BENCH_USAGE;
	s.o = &o;
	if (bench_open_json(o.json, &json) < 0)
		return BENCH_FAILED;
	status = connect_and_run(&s, json);
	if (json && json != stdout)
		fclose(json);
	return status;
}
