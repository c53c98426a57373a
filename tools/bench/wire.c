/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire-bench wire`: calls through a real relay, RTP from a DPDK port, everything that arrives checked. Main thread:
 * sets up, watches, reports. One more thread, the generator's lcore, sends and receives (wire_loop.c).
 */
#include "wire.h"

#include <sys/utsname.h>
#include <time.h>

#include "log.h"
#include "wire_report.h"

/* Before anything counts each stream sends so many packets at this rate: the relay's neighbours get resolved, and everything is
 * touched once. */
#define WARM_UP_ROUNDS 6u
#define WARM_UP_PPS 100000u

/* All that a run consists of, in the order in which it is made. */
struct run {
	struct wire_options options;
	struct wire_port *port;
	struct wire_calls *calls;
	struct wire_flows *flows;
	struct wire_loop *loop;
	struct wire_result *result;
	struct wire_search *search;
	struct wire_relay before, after;
	struct proc_cpu cpu_before[PROC_PIDS_MAX], cpu_after[PROC_PIDS_MAX];
	struct wire_report report;
};

static int open_all(struct run *r)
{
	const struct wire_options *o = &r->options;

	if (wire_result_new(&r->result) < 0 || (o->search && wire_search_new(&r->search) < 0))
		return -1;
	if (wire_port_new(o, &r->port) < 0 || wire_calls_new(o, &r->calls) < 0)
		return -1;
	if (wire_flows_new(o, wire_calls_all(r->calls), r->port, &r->flows) < 0)
		return -1;
	return wire_loop_new(r->flows, wire_port_queues(r->port), &r->loop);
}

static void close_all(struct run *r)
{
	wire_loop_free(r->loop);
	wire_flows_free(r->flows);
	wire_calls_free(r->calls);
	wire_port_free(r->port);
	wire_search_free(r->search);
	wire_result_free(r->result);
}

/* 0 once a round came back whole. */
static int warm_up(struct run *r)
{
	uint32_t streams = wire_streams(&r->options);
	struct wire_pace pace = { .rate = WARM_UP_PPS,
				  .packets = streams,
				  .duration_ms = 60000,
				  .burst = r->options.burst };

	for (unsigned int i = 0; i < WARM_UP_ROUNDS && !wire_interrupted(); i++) {
		wire_trial(r->loop, r->flows, &pace, NULL, r->result);
		if (r->result->counts.sent == streams && r->result->lost == 0)
			return 0;
	}
	if (wire_interrupted())
		return -1;
	log_error("of one packet for each of %u streams %llu did not come back (%llu arrived, but "
		  "wrong); see rtpwire stats for what the relay dropped",
		  streams, (unsigned long long)r->result->lost,
		  (unsigned long long)r->result->faults);
	return r->result->counts.received ? 0 : -1;
}

/* 0, or -1: the CPU time of a process could not be read. */
static int measure(struct run *r)
{
	const struct wire_options *o = &r->options;
	struct wire_pace pace = { .rate = o->rate,
				  .packets = o->rate * o->duration_ms / 1000,
				  .duration_ms = o->duration_ms + 1000,
				  .burst = o->burst };

	wire_calls_relay(r->calls, &r->before);
	if (proc_list_cpu(&o->processes, r->cpu_before) < 0)
		return -1;
	if (o->search) {
		wire_search_run(o, r->loop, r->flows, r->search);
	} else {
		if (!o->rate)
			pace.duration_ms = o->duration_ms;
		wire_trial(r->loop, r->flows, &pace, "running", r->result);
	}
	wire_progress_end();
	if (proc_list_cpu(&o->processes, r->cpu_after) < 0)
		return -1;
	wire_calls_relay(r->calls, &r->after);
	return 0;
}

static void describe_relay(const struct run *r, struct wire_report *report)
{
	uint64_t turns = r->after.busy_turns - r->before.busy_turns;

	report->relay_known = r->before.known && r->after.known;
	if (!report->relay_known)
		return;
	report->relay_drops = wire_relay_drops(&r->before, &r->after, report->relay_reasons,
					       sizeof(report->relay_reasons));
	report->relay_burst =
		turns ? (double)(r->after.rx_packets - r->before.rx_packets) / (double)turns : 0;
	snprintf(report->relay_backend, sizeof(report->relay_backend), "%s", r->after.backend);
}

/* CPU time of the relay's processes, and the packets that it relayed meanwhile. */
static void describe_cpu(const struct run *r, struct wire_report *report)
{
	const struct proc_list *list = &r->options.processes;

	for (unsigned int i = 0; i < list->count; i++) {
		proc_name(list->pids[i], report->process_names[i],
			  sizeof(report->process_names[i]));
		report->process_cpu_s[i] = r->cpu_after[i].all_s - r->cpu_before[i].all_s;
	}
	report->cpu_packets = r->search ? 0 : r->result->counts.received;
	for (unsigned int i = 0; r->search && i < r->search->count; i++)
		report->cpu_packets += r->search->trials[i].sent - r->search->trials[i].lost;
}

static void describe(struct run *r)
{
	struct wire_report *report = &r->report;
	struct utsname u;

	report->options = &r->options;
	report->search = r->search;
	report->result = r->result;
	if (r->search)
		report->result = r->search->found ? r->search->best : NULL;
	bench_cpu(report->cpu, sizeof(report->cpu));
	if (uname(&u) == 0)
		snprintf(report->system, sizeof(report->system), "%.64s %.64s %.64s", u.sysname,
			 u.release, u.machine);
	wire_port_text(r->port, report->port, sizeof(report->port));
	snprintf(report->engine, sizeof(report->engine), "%s", wire_flows_engine(r->flows));
	report->setup_s = wire_calls_setup_s(r->calls);
	describe_relay(r, report);
	describe_cpu(r, report);
}

static int show(const struct wire_report *report)
{
	const struct wire_options *o = report->options;
	int rc = 0;

	if (!o->json || strcmp(o->json, "-") != 0)
		wire_report_text(report);
	if (o->json)
		rc = wire_report_json(report);
	if (o->report && wire_report_html(report) < 0)
		rc = -1;
	return rc;
}

static bool is_good(const struct run *r)
{
	if (r->search)
		return r->search->found && !wire_interrupted();
	return r->result->counts.received && r->result->lost == 0 && r->result->faults == 0 &&
	       !r->result->interrupted;
}

static void note_start(struct wire_report *report)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(report->started, sizeof(report->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

enum bench_exit bench_wire(int argc, char **argv)
{
	static struct run r;
	enum bench_exit status = BENCH_FAILED;
	int rc = wire_options_read(argc, argv, &r.options);

	if (rc != 0)
		return rc < 0 ? BENCH_USAGE : BENCH_OK;
	log_program_set("rtpwire-bench");
	log_level_set(r.options.config.log_level);
	wire_catch_signals();
	note_start(&r.report);
	if (open_all(&r) == 0 && warm_up(&r) == 0 && measure(&r) == 0) {
		describe(&r);
		if (show(&r.report) == 0 && is_good(&r))
			status = BENCH_OK;
	}
	close_all(&r);
	return status;
}
