/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches the generator during a trial (wire_trial.h). Main thread.
 */
#include "wire_trial.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/clock.h"

#include "log.h"

#define LOOK_MS 100u
#define PROGRESS_MS 1000u

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

bool wire_interrupted(void)
{
	return interrupted;
}

void wire_catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

int wire_result_new(struct wire_result **out)
{
	struct wire_result *r = calloc(1, sizeof(*r));

	if (r) {
		*out = r;
		return 0;
	}
	log_error("not enough memory for a result");
	return -1;
}

void wire_result_free(struct wire_result *r)
{
	free(r);
}

/* --- samples --- */

static void join(struct wire_sample *a, const struct wire_sample *b)
{
	a->at_s = b->at_s;
	a->length_s += b->length_s;
	a->sent += b->sent;
	a->received += b->received;
	a->missing = b->missing;
	a->p50_us = (a->p50_us + b->p50_us) / 2;
	a->p99_us = a->p99_us > b->p99_us ? a->p99_us : b->p99_us;
	a->max_us = a->max_us > b->max_us ? a->max_us : b->max_us;
}

/* A long run gets coarser samples, not more of them. */
static void add_sample(struct wire_result *r, const struct wire_sample *s)
{
	if (r->sample_count == WIRE_SAMPLES_MAX) {
		for (unsigned int i = 0; i < WIRE_SAMPLES_MAX / 2; i++) {
			join(&r->samples[2 * i], &r->samples[2 * i + 1]);
			r->samples[i] = r->samples[2 * i];
		}
		r->sample_count = WIRE_SAMPLES_MAX / 2;
	}
	r->samples[r->sample_count++] = *s;
}

static void look(struct wire_loop *g, struct wire_result *r, double at_s)
{
	struct wire_counts before = r->counts;
	double last_s = r->sample_count ? r->samples[r->sample_count - 1].at_s : 0;
	struct wire_sample s = { .at_s = at_s, .length_s = at_s - last_s };

	memset(&r->part, 0, sizeof(r->part));
	wire_loop_look(g, &r->counts, &r->part);
	s.sent = r->counts.sent - before.sent;
	s.received = r->counts.received - before.received;
	s.missing = (int64_t)(r->counts.sent - r->counts.received);
	if (s.received) {
		s.p50_us = (double)hdr_percentile_ns(&r->part, 50) / 1e3;
		s.p99_us = (double)hdr_percentile_ns(&r->part, 99) / 1e3;
		s.max_us = (double)r->part.max_ns / 1e3;
	}
	hdr_merge(&r->latency, &r->part);
	add_sample(r, &s);
}

/* --- progress --- */

static bool on_terminal;

void wire_progress_end(void)
{
	if (on_terminal)
		fputs("\r\033[K", stderr);
	on_terminal = false;
}

static void progress(const struct wire_result *r, const char *label, double at_s, uint64_t sent,
		     uint64_t received)
{
	const struct wire_sample *s = &r->samples[r->sample_count - 1];
	bool terminal = isatty(STDERR_FILENO);

	fprintf(stderr,
		"%s%s %4.0f s: sent %.3f Mpps, received %.3f Mpps, under way or lost %lld, "
		"latency p50 %.1f p99 %.1f us%s",
		terminal ? "\r\033[K" : "", label, at_s, (double)sent / 1e6, (double)received / 1e6,
		(long long)s->missing, s->p50_us, s->p99_us, terminal ? "" : "\n");
	fflush(stderr);
	on_terminal = terminal;
}

/* --- the end of a trial --- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sum_jitter(const struct wire_flows *f, struct wire_result *r)
{
	uint32_t *all = calloc(f->count, sizeof(*all));

	for (uint32_t i = 0; all && i < f->count; i++)
		all[i] = f->rx[f->tx[i].stream].jitter;
	if (all) {
		qsort(all, f->count, sizeof(*all), compare);
		r->jitter_p50_us = all[f->count / 2] / 16e3;
		r->jitter_p99_us = all[f->count * 99ull / 100] / 16e3;
		r->jitter_max_us = all[f->count - 1] / 16e3;
	}
	free(all);
}

static void sum_streams(const struct wire_flows *f, struct wire_result *r)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const struct wire_tx *t = &f->tx[i];
		const struct wire_rx *x = &f->rx[t->stream];
		uint64_t lost = t->next - x->first - x->received;

		r->streams_with_loss += lost != 0;
		if (lost <= r->worst_lost)
			continue;
		r->worst_lost = lost;
		r->worst_stream = t->stream;
	}
}

static void sum_up(struct wire_loop *g, struct wire_result *r)
{
	const struct wire_counts *c = &r->counts;

	r->send_s = wire_loop_send_s(g);
	r->lost = c->sent - c->received;
	r->faults = c->duplicates + c->too_late + c->wrong_destination + c->wrong_source +
		    c->wrong_payload + c->wrong_checksum + c->srtp_auth_failed + c->srtp_other;
	if (r->send_s > 0) {
		r->sent_pps = (double)c->sent / r->send_s;
		r->received_pps = (double)c->received / r->send_s;
	}
	r->interrupted = wire_interrupted();
}

/* Until the generator has ended. */
static void watch(struct wire_loop *g, struct wire_result *r, const char *label)
{
	uint64_t start_ns = rw_monotonic_ns(), shown_ns = start_ns, now_ns;
	struct wire_counts shown = { 0 };
	bool more = true;

	while (more) {
		struct timespec ts = { .tv_nsec = LOOK_MS * 1000000 };

		nanosleep(&ts, NULL);
		if (wire_interrupted())
			wire_loop_stop(g);
		more = !wire_loop_done(g);
		now_ns = rw_monotonic_ns();
		look(g, r, (double)(now_ns - start_ns) / 1e9);
		if (!label || now_ns - shown_ns < PROGRESS_MS * 1000000ull)
			continue;
		progress(r, label, (double)(now_ns - start_ns) / 1e9,
			 (r->counts.sent - shown.sent) * 1000000000ull / (now_ns - shown_ns),
			 (r->counts.received - shown.received) * 1000000000ull /
				 (now_ns - shown_ns));
		shown = r->counts;
		shown_ns = now_ns;
	}
}

void wire_trial(struct wire_loop *g, const struct wire_flows *f, const struct wire_pace *pace,
		const char *label, struct wire_result *r)
{
	memset(r, 0, sizeof(*r));
	r->asked_pps = pace->rate;
	wire_loop_start(g, pace);
	watch(g, r, label);
	sum_up(g, r);
	sum_streams(f, r);
	sum_jitter(f, r);
}
