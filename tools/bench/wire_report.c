/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text and JSON of `rtpwire-bench wire` (wire_report.h). Main thread.
 */
#include "wire_report.h"

#include <errno.h>

#include <jansson.h>

static const double percents[] = { 50, 90, 99, 99.9, 99.99, 100 };
static const char *const percent_keys[] = { "p50_us",	"p90_us",    "p99_us",
					    "p99_9_us", "p99_99_us", "max_us" };

#define PERCENTS (sizeof(percents) / sizeof(percents[0]))

const char *wire_report_srtp(const struct wire_options *o, char *text, size_t bytes)
{
	const char *legs = o->srtp[WIRE_A] ? (o->srtp[WIRE_B] ? "both legs" : "leg a") : "leg b";

	if (!o->srtp[WIRE_A] && !o->srtp[WIRE_B])
		snprintf(text, bytes, "none");
	else
		snprintf(text, bytes, "%s on %s", rw_srtp_suite_info(o->suite)->name, legs);
	return text;
}

/* --- text --- */

static void print_head(const struct wire_report *r)
{
	const struct wire_options *o = r->options;
	char srtp[96];

	printf("%s\nCPU       %s\nsystem    %s\nport      %s\nrelay     %s at %s\n", o->command,
	       r->cpu, r->system, r->port, r->relay_known ? r->relay_backend : "unknown backend",
	       o->ng_url);
	printf("calls     %u (%u streams), set up in %.2f s; RTP %u bytes; SRTP %s\n", o->calls,
	       wire_streams(o), r->setup_s, WIRE_RTP_BYTES + o->payload_bytes,
	       wire_report_srtp(o, srtp, sizeof(srtp)));
}

static void print_faults(const struct wire_counts *c)
{
#define RW_X(name, text)                                                                           \
	if (c->name)                                                                               \
		printf("          %-17s %12llu  %s\n", #name, (unsigned long long)c->name, text);
	WIRE_COUNTS(RW_X)
#undef RW_X
}

static void print_result(const struct wire_result *r)
{
	printf("sent      %llu packets in %.2f s: %.4f Mpps\nreceived  %.4f Mpps\nlost      %llu "
	       "(%.6f %%), on %u streams\n",
	       (unsigned long long)r->counts.sent, r->send_s, r->sent_pps / 1e6,
	       r->received_pps / 1e6, (unsigned long long)r->lost,
	       r->counts.sent ? 100.0 * (double)r->lost / (double)r->counts.sent : 0,
	       r->streams_with_loss);
	printf("latency  ");
	for (size_t i = 0; i < PERCENTS; i++)
		printf(" %s %.1f", percent_keys[i],
		       (double)hdr_percentile_ns(&r->latency, percents[i]) / 1e3);
	printf("\njitter    p50_us %.1f p99_us %.1f max_us %.1f (RFC 3550, over streams)\ncounts\n",
	       r->jitter_p50_us, r->jitter_p99_us, r->jitter_max_us);
	print_faults(&r->counts);
}

static void print_search(const struct wire_search *s)
{
	printf("%-6s %12s %12s %12s %9s %9s %9s  %s\n", "trial", "asked Mpps", "sent Mpps", "lost",
	       "faults", "p50 us", "p99 us", "result");
	for (unsigned int i = 0; i < s->count; i++) {
		const struct wire_attempt *t = &s->trials[i];

		printf("%-6u %12.4f %12.4f %12llu %9llu %9.1f %9.1f  %s\n", i + 1,
		       (double)t->asked_pps / 1e6, t->sent_pps / 1e6, (unsigned long long)t->lost,
		       (unsigned long long)t->faults, t->p50_us, t->p99_us,
		       t->passed ? "passed" : "failed");
	}
	if (s->found)
		printf("throughput %.4f Mpps without loss%s\n", s->best->sent_pps / 1e6,
		       s->slow ? " (all that could be sent)" : "");
	else
		puts("no rate without loss was found");
}

static void print_relay(const struct wire_report *r)
{
	if (!r->relay_known)
		return;
	printf("relay     %.1f packets a turn (64: it has no rest); dropped %llu%s%s\n",
	       r->relay_burst, (unsigned long long)r->relay_drops, r->relay_reasons[0] ? ": " : "",
	       r->relay_reasons);
}

static double cpu_per_million(const struct wire_report *r, unsigned int i)
{
	return r->cpu_packets ? r->process_cpu_s[i] * 1e6 / (double)r->cpu_packets : 0;
}

static void print_processes(const struct wire_report *r)
{
	for (unsigned int i = 0; i < r->options->processes.count; i++)
		printf("%-17s %.2f CPU s for %llu packets: %.4f s a million\n", r->process_names[i],
		       r->process_cpu_s[i], (unsigned long long)r->cpu_packets,
		       cpu_per_million(r, i));
}

void wire_report_text(const struct wire_report *r)
{
	print_head(r);
	if (r->search)
		print_search(r->search);
	if (r->result)
		print_result(r->result);
	print_relay(r);
	print_processes(r);
}

/* --- JSON --- */

static json_t *number(double v)
{
	return json_real(v);
}

static json_t *count(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *counts_json(const struct wire_counts *c)
{
	json_t *o = json_object();

#define RW_X(name, text) json_object_set_new(o, #name, count(c->name));
	WIRE_COUNTS(RW_X)
#undef RW_X
	return o;
}

static json_t *latency_json(const struct hdr *h)
{
	json_t *o = json_object();

	for (size_t i = 0; i < PERCENTS; i++)
		json_object_set_new(o, percent_keys[i],
				    number((double)hdr_percentile_ns(h, percents[i]) / 1e3));
	return o;
}

static json_t *samples_json(const struct wire_result *r)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < r->sample_count; i++) {
		const struct wire_sample *s = &r->samples[i];

		json_array_append_new(all, json_pack("{sf sf sI sI sI sf sf sf}", "at_s", s->at_s,
						     "length_s", s->length_s, "sent_packets",
						     (json_int_t)s->sent, "received_packets",
						     (json_int_t)s->received, "missing_packets",
						     (json_int_t)s->missing, "p50_us", s->p50_us,
						     "p99_us", s->p99_us, "max_us", s->max_us));
	}
	return all;
}

static json_t *result_json(const struct wire_result *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "asked_pps", count(r->asked_pps));
	json_object_set_new(o, "send_s", number(r->send_s));
	json_object_set_new(o, "sent_pps", number(r->sent_pps));
	json_object_set_new(o, "received_pps", number(r->received_pps));
	json_object_set_new(o, "lost_packets", count(r->lost));
	json_object_set_new(o, "faults_packets", count(r->faults));
	json_object_set_new(o, "streams_with_loss_count", count(r->streams_with_loss));
	json_object_set_new(o, "worst_stream", count(r->worst_stream));
	json_object_set_new(o, "worst_stream_lost_packets", count(r->worst_lost));
	json_object_set_new(o, "interrupted", json_boolean(r->interrupted));
	json_object_set_new(o, "counts", counts_json(&r->counts));
	json_object_set_new(o, "latency", latency_json(&r->latency));
	json_object_set_new(o, "jitter",
			    json_pack("{sf sf sf}", "p50_us", r->jitter_p50_us, "p99_us",
				      r->jitter_p99_us, "max_us", r->jitter_max_us));
	json_object_set_new(o, "samples", samples_json(r));
	return o;
}

static json_t *search_json(const struct wire_search *s)
{
	json_t *trials = json_array();

	for (unsigned int i = 0; i < s->count; i++) {
		const struct wire_attempt *t = &s->trials[i];

		json_array_append_new(
			trials,
			json_pack("{sI sf sf sI sI sI sI sI sf sf sf sb}", "asked_pps",
				  (json_int_t)t->asked_pps, "sent_pps", t->sent_pps, "received_pps",
				  t->received_pps, "sent_packets", (json_int_t)t->sent,
				  "lost_packets", (json_int_t)t->lost, "faults_packets",
				  (json_int_t)t->faults, "skipped_packets", (json_int_t)t->skipped,
				  "waits_count", (json_int_t)t->waits, "p50_us", t->p50_us,
				  "p99_us", t->p99_us, "max_us", t->max_us, "passed", t->passed));
	}
	return json_pack("{sb sf sb so}", "found", s->found, "throughput_pps",
			 s->found ? s->best->sent_pps : 0.0, "limited_by_sending", s->slow,
			 "trials", trials);
}

static json_t *relay_json(const struct wire_report *r)
{
	if (!r->relay_known)
		return json_null();
	return json_pack("{ss sI ss sf}", "backend", r->relay_backend, "dropped_packets",
			 (json_int_t)r->relay_drops, "drop_reasons", r->relay_reasons,
			 "packets_per_turn", r->relay_burst);
}

static json_t *processes_json(const struct wire_report *r)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < r->options->processes.count; i++)
		json_array_append_new(
			all, json_pack("{si ss sf sf}", "pid", (int)r->options->processes.pids[i],
				       "name", r->process_names[i], "cpu_s", r->process_cpu_s[i],
				       "cpu_s_per_million_packets", cpu_per_million(r, i)));
	return all;
}

static json_t *report_json(const struct wire_report *r)
{
	const struct wire_options *o = r->options;
	char srtp[96];
	json_t *j = json_object();

	json_object_set_new(j, "command", json_string(o->command));
	json_object_set_new(j, "version", json_string(RTPWIRE_VERSION));
	json_object_set_new(j, "started", json_string(r->started));
	json_object_set_new(j, "cpu", json_string(r->cpu));
	json_object_set_new(j, "system", json_string(r->system));
	json_object_set_new(j, "port", json_string(r->port));
	json_object_set_new(j, "srtp", json_string(wire_report_srtp(o, srtp, sizeof(srtp))));
	json_object_set_new(j, "srtp_engine", json_string(r->engine));
	json_object_set_new(j, "calls_count", count(o->calls));
	json_object_set_new(j, "streams_count", count(wire_streams(o)));
	json_object_set_new(j, "setup_s", number(r->setup_s));
	json_object_set_new(j, "rtp_bytes", count(WIRE_RTP_BYTES + o->payload_bytes));
	json_object_set_new(j, "burst_packets", count(o->burst));
	json_object_set_new(j, "relay", relay_json(r));
	json_object_set_new(j, "processes", processes_json(r));
	json_object_set_new(j, "cpu_packets", count(r->cpu_packets));
	json_object_set_new(j, "result", r->result ? result_json(r->result) : json_null());
	json_object_set_new(j, "search", r->search ? search_json(r->search) : json_null());
	return j;
}

int wire_report_json(const struct wire_report *r)
{
	const char *path = r->options->json;
	bool to_stdout = strcmp(path, "-") == 0;
	FILE *to = to_stdout ? stdout : fopen(path, "we");
	json_t *j = report_json(r);
	int rc = !to || json_dumpf(j, to, JSON_INDENT(1)) < 0 || fputc('\n', to) == EOF ? -1 : 0;

	if (to && (to_stdout ? fflush(to) : fclose(to)) != 0)
		rc = -1;
	if (rc < 0)
		fprintf(stderr, "rtpwire-bench: --json %s: %s\n", path, strerror(errno));
	json_decref(j);
	return rc;
}
