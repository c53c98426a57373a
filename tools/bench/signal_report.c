/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Table and JSON of `rtpwire-bench signal` (signal_report.h). Program's only thread.
 */
#include "signal_report.h"

#include "bench.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#define MB 1e6

static const struct {
	double percent;
	const char *name;
} percentiles[] = {
	{ 50, "p50" }, { 90, "p90" }, { 99, "p99" }, { 99.9, "p99_9" }, { 100, "max" }
};

#define PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

static double percentile_us(const struct hdr *h, size_t i)
{
	return (double)hdr_percentile_ns(h, percentiles[i].percent) / 1e3;
}

static double cpu_per_1000(const struct signal_row *row, double seconds)
{
	return row->sum.good ? seconds * 1000 / row->sum.good : 0;
}

static double per_cpu_s(const struct signal_row *row, double seconds)
{
	return seconds > 0 ? row->sum.good / seconds : 0;
}

static double held_bytes(const struct signal_hold *hold, unsigned int i)
{
	return (double)hold->after[i].pss_bytes - (double)hold->before[i].pss_bytes;
}

/* Of all processes, in bytes. */
static double sum_pss(const struct signal_about *about, const struct proc_memory *memory)
{
	double sum = 0;

	for (unsigned int i = 0; i < about->pid_count; i++)
		sum += (double)memory[i].pss_bytes;
	return sum;
}

/* --- text --- */

void signal_print_head(const struct signal_about *about)
{
	printf("%s\nCPU       %s\nengine    %s\n"
	       "calls     %u of offer, answer and delete in each of %u rounds, legs with SRTP: "
	       "%s\n",
	       about->command, about->cpu, about->ng, about->calls, about->rounds, about->srtp);
	fflush(stdout);
}

static void print_errors(const struct calls_result *result)
{
	if (result->errors)
		printf("  ERRORS in %u calls, the first one: %s\n", result->errors,
		       result->first_error);
}

void signal_print_hold(const struct signal_about *about, const struct signal_hold *hold)
{
	double before = sum_pss(about, hold->before), after = sum_pss(about, hold->after);
	double calls = hold->calls ? hold->calls : 1;

	printf("\n%u calls held              PSS before     after   RSS after   bytes a call "
	       "(PSS)\n",
	       hold->calls);
	for (unsigned int i = 0; i < about->pid_count; i++)
		printf("  %-15s %8d %9.1f %9.1f %11.1f %14.0f\n", about->names[i],
		       (int)about->pids[i], (double)hold->before[i].pss_bytes / MB,
		       (double)hold->after[i].pss_bytes / MB, (double)hold->after[i].rss_bytes / MB,
		       held_bytes(hold, i) / calls);
	if (about->pid_count)
		printf("  %-24s %9.1f %9.1f %11s %14.0f\n", "together, MB", before / MB, after / MB,
		       "", (after - before) / calls);
	print_errors(&hold->setup);
	print_errors(&hold->release);
	fflush(stdout);
}

static void print_latency(const struct signal_row *row, enum calls_step step)
{
	const struct hdr *h = &row->sum.latency[step];

	printf("  %-10s", calls_step_name(step));
	for (size_t i = 0; i < PERCENTILES; i++)
		printf(" %9.1f", percentile_us(h, i));
	puts("  us");
}

void signal_print_row(const struct signal_about *about, const struct signal_row *row)
{
	printf("\n%-12s%10s%10s%10s%10s%10s\n", row->window == 1 ? "one by one" : "", "p50", "p90",
	       "p99", "p99.9", "max");
	for (enum calls_step step = 0; step < CALLS_STEPS; step++)
		print_latency(row, step);
	printf("  %.0f calls a second (median of %u rounds, %.0f to %.0f), %u at a time\n",
	       row->median_per_s, row->rounds, row->calls_per_s[0],
	       row->calls_per_s[row->rounds - 1], row->window);
	for (unsigned int i = 0; i < about->pid_count; i++)
		printf("  %s %d: %.4f CPU seconds per 1,000 calls (main thread %.4f), %.0f calls "
		       "per CPU second\n",
		       about->names[i], (int)about->pids[i], cpu_per_1000(row, row->used[i].all_s),
		       cpu_per_1000(row, row->used[i].main_s), per_cpu_s(row, row->used[i].all_s));
	print_errors(&row->sum);
	fflush(stdout);
}

/* --- JSON --- */

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void set_errors(json_t *object, const struct calls_result *result)
{
	set(object, "errors_calls", json_integer(result->errors));
	set(object, "first_error_text",
	    result->errors ? json_string(result->first_error) : json_null());
}

static json_t *hold_json(const struct signal_about *about, const struct signal_hold *hold)
{
	double before = sum_pss(about, hold->before), after = sum_pss(about, hold->after);
	json_t *out = json_object(), *list = json_array();

	for (unsigned int i = 0; i < about->pid_count; i++)
		json_array_append_new(
			list, json_pack("{si ss sI sI sI sI}", "pid", (int)about->pids[i], "name",
					about->names[i], "before_pss_bytes",
					(json_int_t)hold->before[i].pss_bytes, "after_pss_bytes",
					(json_int_t)hold->after[i].pss_bytes, "before_rss_bytes",
					(json_int_t)hold->before[i].rss_bytes, "after_rss_bytes",
					(json_int_t)hold->after[i].rss_bytes));
	set(out, "held_calls", json_integer(hold->calls));
	set(out, "before_pss_bytes", json_integer((json_int_t)before));
	set(out, "after_pss_bytes", json_integer((json_int_t)after));
	set(out, "pss_bytes_per_call", json_real(hold->calls ? (after - before) / hold->calls : 0));
	set(out, "processes", list);
	set_errors(out, hold->setup.errors ? &hold->setup : &hold->release);
	return out;
}

static void set_latencies(json_t *object, const struct signal_row *row)
{
	char key[48];

	for (enum calls_step step = 0; step < CALLS_STEPS; step++) {
		for (size_t i = 0; i < PERCENTILES; i++) {
			snprintf(key, sizeof(key), "%s_%s_us", calls_step_name(step),
				 percentiles[i].name);
			set(object, key, json_real(percentile_us(&row->sum.latency[step], i)));
		}
	}
}

static json_t *row_json(const struct signal_about *about, const struct signal_row *row)
{
	json_t *out = json_object(), *rates = json_array(), *list = json_array();

	for (unsigned int i = 0; i < row->rounds; i++)
		json_array_append_new(rates, json_real(row->calls_per_s[i]));
	for (unsigned int i = 0; i < about->pid_count; i++)
		json_array_append_new(list,
				      json_pack("{si ss sf sf sf}", "pid", (int)about->pids[i],
						"name", about->names[i], "cpu_s_per_1000_calls",
						cpu_per_1000(row, row->used[i].all_s),
						"main_thread_cpu_s_per_1000_calls",
						cpu_per_1000(row, row->used[i].main_s),
						"calls_per_cpu_s",
						per_cpu_s(row, row->used[i].all_s)));
	set(out, "window_calls", json_integer(row->window));
	set(out, "calls_per_s", json_real(row->median_per_s));
	set(out, "rounds_calls_per_s", rates);
	set(out, "good_calls", json_integer(row->sum.good));
	set_errors(out, &row->sum);
	set_latencies(out, row);
	set(out, "processes", list);
	return out;
}

int signal_write_json(const struct signal_about *about, const struct signal_hold *hold,
		      const struct signal_row *rows, unsigned int row_count, FILE *to,
		      const char *path)
{
	json_t *list = json_array(), *all;

	for (unsigned int i = 0; i < row_count; i++)
		json_array_append_new(list, row_json(about, &rows[i]));
	all = json_pack("{ss ss ss ss sI sI so so}", "command", about->command, "cpu", about->cpu,
			"ng", about->ng, "srtp", about->srtp, "round_calls",
			(json_int_t)about->calls, "rounds_count", (json_int_t)about->rounds, "hold",
			hold ? hold_json(about, hold) : json_null(), "windows", list);
	return bench_write_json(all, to, path);
}
