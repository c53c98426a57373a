/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search (wire_search.h). Main thread.
 *
 * A trial passes when everything arrived once and whole. When the generator or the port did not take the rate asked for, the
 * rate that was sent counts, and higher ones are not tried.
 */
#include "wire_search.h"

#include <stdlib.h>

#define SENT_ENOUGH 0.99 /* of what was asked for */
#define LOWEST_PPS 10.0

int wire_search_new(struct wire_search **out)
{
	struct wire_search *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	if (wire_result_new(&s->best) < 0 || wire_result_new(&s->last) < 0) {
		wire_search_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void wire_search_free(struct wire_search *s)
{
	if (!s)
		return;
	wire_result_free(s->best);
	wire_result_free(s->last);
	free(s);
}

static void note(struct wire_search *s, bool passed)
{
	const struct wire_result *r = s->last;

	s->trials[s->count++] = (struct wire_attempt){
		.asked_pps = r->asked_pps,
		.sent_pps = r->sent_pps,
		.received_pps = r->received_pps,
		.sent = r->counts.sent,
		.lost = r->lost,
		.faults = r->faults,
		.skipped = r->counts.skipped,
		.waits = r->counts.waits,
		.p50_us = (double)hdr_percentile_ns(&r->latency, 50) / 1e3,
		.p99_us = (double)hdr_percentile_ns(&r->latency, 99) / 1e3,
		.max_us = (double)r->latency.max_ns / 1e3,
		.passed = passed,
	};
}

static void say(const struct wire_attempt *t, unsigned int number)
{
	char asked[32] = "max";

	if (t->asked_pps)
		snprintf(asked, sizeof(asked), "%.4f", (double)t->asked_pps / 1e6);
	wire_progress_end();
	fprintf(stderr, "trial %u: %s Mpps asked, %.4f sent: %llu lost, %llu faulty: %s\n", number,
		asked, t->sent_pps / 1e6, (unsigned long long)t->lost,
		(unsigned long long)t->faults, t->passed ? "passed" : "failed");
}

/* True when it passed. */
static bool try_rate(const struct wire_options *o, struct wire_loop *g, const struct wire_flows *f,
		     struct wire_search *s, double rate)
{
	struct wire_pace pace = { .rate = (uint64_t)rate,
				  .duration_ms = o->duration_ms,
				  .burst = o->burst };
	struct wire_result *r = s->last;
	char label[48];
	bool passed;

	snprintf(label, sizeof(label), "trial %u at %.4f Mpps", s->count + 1, rate / 1e6);
	wire_trial(g, f, &pace, label, r);
	passed = !r->interrupted && r->counts.sent && r->lost == 0 && r->faults == 0;
	note(s, passed);
	say(&s->trials[s->count - 1], s->count);
	if (passed && (!s->found || r->sent_pps > s->best->sent_pps)) {
		s->last = s->best;
		s->best = r;
		s->found = true;
	}
	return passed;
}

static bool was_slow(const struct wire_result *r)
{
	return r->asked_pps == 0 || r->sent_pps < SENT_ENOUGH * (double)r->asked_pps;
}

/* The first trial tells where to begin: at the rate asked for, or what could be sent at all. */
void wire_search_run(const struct wire_options *o, struct wire_loop *g, const struct wire_flows *f,
		     struct wire_search *s)
{
	double low = 0, high;

	if (try_rate(o, g, f, s, (double)o->rate)) {
		s->slow = was_slow(s->best);
		return;
	}
	high = s->last->sent_pps;
	while (high - low > o->resolution * high && high > LOWEST_PPS &&
	       s->count < WIRE_TRIALS_MAX && !wire_interrupted()) {
		double rate = (low + high) / 2;

		if (!try_rate(o, g, f, s, rate)) {
			high = rate;
			continue;
		}
		low = rate;
		s->slow = s->best->asked_pps == (uint64_t)rate && was_slow(s->best);
		if (s->slow)
			return;
	}
}
