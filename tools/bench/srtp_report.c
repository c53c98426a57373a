/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Table and JSON of `rtpwire-bench srtp` (srtp_report.h). Program's only thread.
 */
#include "srtp_report.h"

#include <jansson.h>

static const char *const names[SUBJECTS] = { "ipsec-mb", "(raw)", "libsrtp2", "(libsrtp2 alone)" };
static const char *const directions[2] = { "protect", "unprotect" };

bool report_has_bursts(enum subject subject)
{
	return subject == SUBJECT_IPSEC_MB || subject == SUBJECT_RAW;
}

const char *report_subject_name(enum subject subject)
{
	return names[subject];
}

void report_head(const struct about *about)
{
	printf("%s\nCPU       %s\nipsec-mb  %s: %s\nlibsrtp2  %s\n"
	       "packets   RTP, 12 + %u bytes; each context has one in turn; medians of %u rounds "
	       "of "
	       "%g ms of CPU time\n",
	       about->command, about->cpu, about->raw, about->ipsec_mb, about->libsrtp2,
	       about->payload_bytes, about->rounds, about->round_ms);
}

/* ns of the same packets by another subject, or 0. */
static double beside(const struct result *r, enum subject subject, unsigned int direction,
		     unsigned int burst)
{
	return r->cells[subject][direction][report_has_bursts(subject) ? burst : 0].median;
}

static void print_ratio(double of, double to, const char *format)
{
	char text[32];

	snprintf(text, sizeof(text), format, to > 0 ? of / to : 0);
	printf(" %9s", of > 0 && to > 0 ? text : "-");
}

static void print_half(const struct result *r, enum subject subject, unsigned int direction,
		       unsigned int burst)
{
	double ns = beside(r, subject, direction, burst);

	printf("  | %9.1f %7.3f", ns, 1e3 / ns);
	print_ratio(ns, subject == SUBJECT_IPSEC_MB ? beside(r, SUBJECT_RAW, direction, burst) : 0,
		    "%.2f");
	print_ratio(subject == SUBJECT_PLAIN ? 0 : beside(r, SUBJECT_PLAIN, direction, burst), ns,
		    "%.1fx");
}

static void print_row(const struct result *r, enum subject subject, unsigned int burst)
{
	char size[16];

	if (r->cells[subject][SRTP_SEND][burst].rounds == 0)
		return;
	snprintf(size, sizeof(size), "%u", r->bursts[burst]);
	printf("%-24s %5s %-16s", rw_srtp_suite_info(r->suite)->name,
	       report_has_bursts(subject) ? size : "any", names[subject]);
	print_half(r, subject, SRTP_SEND, burst);
	print_half(r, subject, SRTP_RECEIVE, burst);
	putchar('\n');
}

static void print_title(const struct result *r)
{
	static uint32_t last;

	if (last == r->contexts)
		return;
	last = r->contexts;
	printf("\n%u contexts\n%-47s  | %s: ns    Mpps    of raw  libsrtp2  | %s: ns  Mpps    of "
	       "raw  libsrtp2\n",
	       r->contexts, "suite                    burst engine", directions[0], directions[1]);
}

void report_result(const struct result *r)
{
	print_title(r);
	for (unsigned int burst = 0; burst < r->burst_count; burst++)
		for (unsigned int s = 0; s < SUBJECTS; s++)
			print_row(r, s, burst);
	fflush(stdout);
}

void report_foot(void)
{
	puts("\nof raw: our time divided by that of ipsec-mb's bursts alone, (raw).\n"
	     "libsrtp2: how many times faster than libsrtp2 of the system, used directly with as "
	     "many contexts,\n"
	     "(libsrtp2 alone). \"-\": one of the two has not the suite, or was left out: libsrtp2 "
	     "with many\n"
	     "contexts takes minutes (--all measures it).");
}

/* --- JSON --- */

static json_t *rows;

static json_t *cell_json(const struct cell *cell)
{
	json_t *samples = json_array();

	for (unsigned int i = 0; i < cell->rounds; i++)
		json_array_append_new(samples, json_real(cell->ns[i]));
	return json_pack("{sf sI so}", "packet_ns", cell->median, "packets_count",
			 (json_int_t)cell->packets, "rounds_packet_ns", samples);
}

static void add_row(const struct result *r, enum subject subject, unsigned int burst)
{
	const struct cell *send = &r->cells[subject][SRTP_SEND][burst];
	const struct cell *receive = &r->cells[subject][SRTP_RECEIVE][burst];
	json_t *row;

	if (send->rounds == 0)
		return;
	row = json_pack("{ss ss sI so so so}", "suite", rw_srtp_suite_info(r->suite)->name,
			"subject", names[subject], "contexts_count", (json_int_t)r->contexts,
			"burst_packets",
			report_has_bursts(subject) ? json_integer(r->bursts[burst]) : json_null(),
			directions[0], cell_json(send), directions[1], cell_json(receive));
	json_array_append_new(rows, row);
}

void report_json_add(const struct result *r)
{
	if (!rows)
		rows = json_array();
	for (unsigned int s = 0; s < SUBJECTS; s++)
		for (unsigned int burst = 0; burst < r->burst_count; burst++)
			add_row(r, s, burst);
}

int report_json_write(const struct about *about, FILE *to, const char *path)
{
	json_t *all =
		json_pack("{ss ss ss ss ss sI so}", "command", about->command, "cpu", about->cpu,
			  "ipsec-mb version", about->raw, "ipsec-mb", about->ipsec_mb, "libsrtp2",
			  about->libsrtp2, "payload_bytes", (json_int_t)about->payload_bytes,
			  "rows", rows ? rows : json_array());

	rows = NULL;
	return bench_write_json(all, to, path);
}
