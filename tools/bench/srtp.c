/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire-bench srtp`: what a packet costs, by suite, engine, number of contexts and size of bursts, beside the same
 * packets through libsrtp2 alone and through bare ipsec-mb. Program's only thread; each subject has a process.
 */
#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "srtp_report.h"

#define SLOW_CONTEXTS 5000u /* from there on libsrtp2 on NSS takes minutes to be measured */

struct options {
	uint32_t contexts[LIST_MAX], bursts[LIST_MAX];
	unsigned int context_count, burst_count;
	uint32_t payload_bytes, rounds, time_ms;
	uint32_t suites; /* bits; 0 = all */
	uint32_t engines; /* bits of enum subject; 0 = all */
	bool slow;
	const char *json;
};

static const struct subject_ops *ops_of(enum subject subject)
{
	switch (subject) {
#ifdef RTPWIRE_IPSEC_MB
	case SUBJECT_IPSEC_MB:
		return &subject_ipsec_mb;
	case SUBJECT_RAW:
		return &subject_raw;
#endif
	case SUBJECT_LIBSRTP2:
		return &subject_libsrtp2;
	case SUBJECT_PLAIN:
		return &subject_plain;
	default:
		return NULL; /* this machine has no ipsec-mb */
	}
}

static const char usage[] =
	"Usage: rtpwire-bench srtp [OPTION]...\n"
	"Measures what SRTP costs for each packet, by suite and engine.\n\n"
	"  --contexts LIST  keys in turn, one packet each (default 1000,20000)\n"
	"  --burst LIST     packets at once, up to 64 (default 64,1)\n"
	"  --bytes N        payload of a packet (default 160)\n"
	"  --suite NAME     only this one, as in SDP; can be repeated\n"
	"  --engine NAME    only ipsec-mb or libsrtp2\n"
	"  --rounds N       measure each N times, take the median (default 5)\n"
	"  --time MS        for so long each time (default 10)\n"
	"  --all            also what takes minutes: libsrtp2 with many contexts for every suite\n"
	"  --quick          100 keys, one short round: does it work?\n"
	"  --json FILE      write all samples there (- = stdout)\n"
	"  --help\n\n"
	"Columns: ns a packet, million packets a second, our time as a multiple of bare ipsec-mb\n"
	"bursts, how many times faster than libsrtp2 of this system with as many contexts.\n";

/* --- options --- */

enum {
	OPT_CONTEXTS = 1,
	OPT_BURST,
	OPT_BYTES,
	OPT_SUITE,
	OPT_ENGINE,
	OPT_ROUNDS,
	OPT_TIME,
	OPT_ALL,
	OPT_QUICK,
	OPT_JSON
};

static int read_engine(const char *name, uint32_t *bits)
{
	enum srtp_engine_kind kind;

	if (srtp_engine_parse(name, &kind) < 0 || kind == SRTP_ENGINE_AUTO) {
		fprintf(stderr, "rtpwire-bench: --engine takes ipsec-mb or libsrtp2, not \"%s\"\n",
			name);
		return -1;
	}
	if (srtp_engine_suites(kind) == 0) {
		fprintf(stderr, "rtpwire-bench: this machine has no engine %s\n", name);
		return -1;
	}
	*bits |= 1u << (kind == SRTP_ENGINE_IPSEC_MB ? SUBJECT_IPSEC_MB : SUBJECT_LIBSRTP2);
	return 0;
}

static int read_list(const char *option, uint32_t max, uint32_t *list, unsigned int *count)
{
	int n = bench_numbers(option, optarg, 1, max, list, LIST_MAX);

	if (n < 0)
		return -1;
	*count = (unsigned int)n;
	return 0;
}

static int read_number(const char *option, uint32_t min, uint32_t max, uint32_t *out)
{
	return bench_numbers(option, optarg, min, max, out, 1) < 0 ? -1 : 0;
}

static int apply_option(void *options, int opt)
{
	struct options *o = options;

	switch (opt) {
	case OPT_CONTEXTS:
		return read_list("--contexts", 1000000, o->contexts, &o->context_count);
	case OPT_BURST:
		return read_list("--burst", SRTP_BATCH_MAX, o->bursts, &o->burst_count);
	case OPT_BYTES:
		return read_number("--bytes", 1, PAYLOAD_MAX, &o->payload_bytes);
	case OPT_SUITE:
		return bench_suite(optarg, &o->suites);
	case OPT_ENGINE:
		return read_engine(optarg, &o->engines);
	case OPT_ROUNDS:
		return read_number("--rounds", 1, ROUNDS_MAX, &o->rounds);
	case OPT_TIME:
		return read_number("--time", 1, 10000, &o->time_ms);
	case OPT_ALL:
		o->slow = true;
		return 0;
	case OPT_QUICK:
		o->contexts[0] = 100;
		o->context_count = 1;
		o->rounds = 1;
		o->time_ms = 1;
		return 0;
	case OPT_JSON:
		o->json = optarg;
		return 0;
	case 'h':
		fputs(usage, stdout);
		return 1;
	default:
		fputs("See rtpwire-bench srtp --help.\n", stderr);
		return -1;
	}
}

/* 0; 1 when --help was served; -1 after a message. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = { { "contexts", required_argument, NULL,
						 OPT_CONTEXTS },
					       { "burst", required_argument, NULL, OPT_BURST },
					       { "bytes", required_argument, NULL, OPT_BYTES },
					       { "suite", required_argument, NULL, OPT_SUITE },
					       { "engine", required_argument, NULL, OPT_ENGINE },
					       { "rounds", required_argument, NULL, OPT_ROUNDS },
					       { "time", required_argument, NULL, OPT_TIME },
					       { "all", no_argument, NULL, OPT_ALL },
					       { "quick", no_argument, NULL, OPT_QUICK },
					       { "json", required_argument, NULL, OPT_JSON },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };

	return bench_options(argc, argv, table, apply_option, o);
}

/* --- measuring --- */

/* The children of one suite and number of contexts: by subject and direction. */
struct group {
	struct child children[SUBJECTS][2];
	bool started[SUBJECTS][2];
	bool ready[SUBJECTS][2]; /* and has the suite */
};

static void progress(const struct options *o, const char *format, unsigned int contexts,
		     const char *suite)
{
	if (!isatty(STDERR_FILENO) || (o->json && strcmp(o->json, "-") == 0 && isatty(1)))
		return;
	fputs("\r\033[K", stderr);
	if (suite)
		fprintf(stderr, format, contexts, suite);
	fflush(stderr);
}

static bool wanted(const struct options *o, const struct result *r, enum subject subject)
{
	bool all = o->slow || r->contexts <= SLOW_CONTEXTS;

	if (!ops_of(subject))
		return false;
	if (o->engines && !(o->engines & 1u << subject) && !(subject == SUBJECT_PLAIN) &&
	    !(subject == SUBJECT_RAW && o->engines & 1u << SUBJECT_IPSEC_MB))
		return false;
	if (report_has_bursts(subject) || all)
		return true;
	return subject == SUBJECT_PLAIN && r->suite == RW_SRTP_AES_CM_128_HMAC_SHA1_80;
}

/* They get their contexts at the same time: for libsrtp2 with many of them that takes some ten seconds. */
static int start_group(const struct options *o, const struct result *r, struct group *g)
{
	for (unsigned int i = 0; i < SUBJECTS * 2; i++) {
		struct srtp_case what = { r->suite, (enum srtp_direction)(i % 2), r->contexts,
					  o->payload_bytes };

		if (!wanted(o, r, i / 2))
			continue;
		if (child_start(&g->children[i / 2][i % 2], ops_of(i / 2), &what) < 0)
			return -1;
		g->started[i / 2][i % 2] = true;
	}
	for (unsigned int i = 0; i < SUBJECTS * 2; i++) {
		int ret = g->started[i / 2][i % 2] ? child_wait(&g->children[i / 2][i % 2]) : 1;

		if (ret < 0)
			return -1;
		g->ready[i / 2][i % 2] = ret == 0;
	}
	return 0;
}

static int measure_once(const struct options *o, struct result *r, const struct group *g,
			unsigned int burst)
{
	for (unsigned int i = 0; i < SUBJECTS * 2; i++) {
		unsigned int s = i / 2, d = i % 2;
		struct cell *cell = &r->cells[s][d][burst];
		struct sample sample;

		if (!g->ready[s][d] || (burst && !report_has_bursts(s)))
			continue;
		if (child_measure(&g->children[s][d], r->bursts[burst], o->time_ms * 1000000u,
				  &sample) < 0)
			return -1;
		cell->ns[cell->rounds++] = sample.ns;
		cell->packets += sample.packets;
	}
	return 0;
}

/* Subjects take turns, so that whatever else the machine does meets all of them. */
static int measure_group(const struct options *o, struct result *r, const struct group *g)
{
	for (unsigned int round = 0; round < o->rounds; round++)
		for (unsigned int burst = 0; burst < r->burst_count; burst++)
			if (measure_once(o, r, g, burst) < 0)
				return -1;
	for (unsigned int i = 0; i < SUBJECTS * 2 * r->burst_count; i++) {
		struct cell *cell = &r->cells[i / 2 % SUBJECTS][i % 2][i / 2 / SUBJECTS];

		if (cell->rounds)
			cell->median = bench_median(cell->ns, cell->rounds);
	}
	return 0;
}

static int run_result(const struct options *o, struct result *r)
{
	struct group g = { 0 };
	int ret;

	progress(o, "%u contexts, %s", r->contexts, rw_srtp_suite_info(r->suite)->name);
	ret = start_group(o, r, &g);
	if (ret == 0)
		ret = measure_group(o, r, &g);
	for (unsigned int i = 0; i < SUBJECTS * 2; i++)
		if (g.started[i / 2][i % 2])
			child_end(&g.children[i / 2][i % 2]);
	progress(o, NULL, 0, NULL);
	return ret;
}

/* Versions and details of the engines, from a child that has them. */
static void describe(enum subject subject, char *text, size_t bytes)
{
	struct srtp_case what = { RW_SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_SEND, 1, 160 };
	struct child child;

	snprintf(text, bytes, "not on this machine");
	if (!ops_of(subject) || child_start(&child, ops_of(subject), &what) < 0)
		return;
	if (child_wait(&child) == 0)
		snprintf(text, bytes, "%s", child.details);
	child_end(&child);
}

static int run_all(const struct options *o, bool table)
{
	static struct result result;

	for (unsigned int i = 0; i < o->context_count; i++) {
		for (unsigned int suite = 1; suite < RW_SRTP_SUITE_MAX; suite++) {
			if (o->suites && !(o->suites & 1u << suite))
				continue;
			memset(&result, 0, sizeof(result));
			result.suite = suite;
			result.contexts = o->contexts[i];
			result.burst_count = o->burst_count;
			memcpy(result.bursts, o->bursts, sizeof(result.bursts));
			if (run_result(o, &result) < 0)
				return -1;
			if (table)
				report_result(&result);
			report_json_add(&result);
		}
	}
	return 0;
}

static void describe_all(const struct options *o, struct about *about)
{
	about->payload_bytes = o->payload_bytes;
	about->rounds = o->rounds;
	about->round_ms = o->time_ms;
	bench_cpu(about->cpu, sizeof(about->cpu));
	describe(SUBJECT_IPSEC_MB, about->ipsec_mb, sizeof(about->ipsec_mb));
	describe(SUBJECT_RAW, about->raw, sizeof(about->raw));
	describe(SUBJECT_LIBSRTP2, about->libsrtp2, sizeof(about->libsrtp2));
}

/* Measures all and reports; json may be NULL. */
static enum bench_exit run_and_report(const struct options *o, struct about *about, FILE *json)
{
	bool table = json != stdout;

	describe_all(o, about);
	if (table)
		report_head(about);
	if (run_all(o, table) < 0)
		return BENCH_FAILED;
	if (table)
		report_foot();
	return json && report_json_write(about, json, o->json) < 0 ? BENCH_FAILED : BENCH_OK;
}

enum bench_exit bench_srtp(int argc, char **argv)
{
	struct options o = { .contexts = { 1000, 20000 },
			     .context_count = 2,
			     .bursts = { 64, 1 },
			     .burst_count = 2,
			     .payload_bytes = 160,
			     .rounds = 5,
			     .time_ms = 10 };
	struct about about = { 0 };
	FILE *json = NULL;
	enum bench_exit status;
	int ret;

	bench_command_line(argc, argv, about.command, sizeof(about.command));
	ret = read_options(argc, argv, &o);
	if (ret != 0)
		return ret > 0 ? BENCH_OK : BENCH_USAGE;
	if (bench_open_json(o.json, &json) < 0)
		return BENCH_FAILED;
	status = run_and_report(&o, &about, json);
	if (json && json != stdout)
		fclose(json);
	return status;
}
