/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report page (wire_report.h): one file, nothing loaded from elsewhere, well-formed also as XML. Main thread.
 */
#include "wire_report.h"

#include <errno.h>
#include <math.h>

#include "wire_svg.h"

/* Where the curve of the distribution is drawn: "nines" of the percentile. */
#define NINES_STEPS 60u
#define NINES_MOST 6.0

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
	"<meta charset=\"utf-8\"/>\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	"<title>rtpwire-bench wire</title>\n<style>\n"
	"body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
	"color:#1f2328;background:#fff}\n"
	"h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\n"
	"pre{background:#f3f4f6;padding:.7rem;white-space:pre-wrap;word-break:break-all}\n"
	"table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #d8dee4;"
	"text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	"figure{margin:1.2rem 0}svg{width:100%;height:auto}svg text{font-size:11px;fill:#57606a}\n"
	".g{stroke:#d8dee4}.l{fill:none;stroke-width:1.6}.bad{color:#d1242f}.ok{color:#1a7f37}\n"
	"@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}"
	"pre{background:#161b22}td,th{border-color:#30363d}.g{stroke:#30363d}"
	"svg text{fill:#8b949e}}\n"
	"</style>\n</head>\n<body>\n<h1>rtpwire-bench wire</h1>\n";

static void put_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '&':
			fputs("&amp;", to);
			break;
		default:
			if ((unsigned char)*text >= ' ')
				fputc(*text, to);
		}
	}
}

static void put_row(FILE *to, const char *name, const char *value)
{
	fprintf(to, "<tr><th>%s</th><td>", name);
	put_text(to, value);
	fputs("</td></tr>\n", to);
}

static void write_environment(FILE *to, const struct wire_report *r)
{
	const struct wire_options *o = r->options;
	char text[256];

	fputs("<h2>Command</h2>\n<pre>", to);
	put_text(to, o->command);
	fputs("</pre>\n<h2>Environment</h2>\n<table>\n", to);
	put_row(to, "started", r->started);
	put_row(to, "rtpwire", RTPWIRE_VERSION);
	put_row(to, "CPU", r->cpu);
	put_row(to, "system", r->system);
	put_row(to, "port", r->port);
	put_row(to, "relay", r->relay_known ? r->relay_backend : "tells nothing of itself");
	snprintf(text, sizeof(text), "%u, %u streams, set up in %.2f s", o->calls, wire_streams(o),
		 r->setup_s);
	put_row(to, "calls", text);
	snprintf(text, sizeof(text), "%u bytes RTP, bursts of up to %u",
		 WIRE_RTP_BYTES + o->payload_bytes, o->burst);
	put_row(to, "packets", text);
	put_row(to, "SRTP", wire_report_srtp(o, text, sizeof(text)));
	put_row(to, "SRTP engine of the bench", r->engine);
	if (r->relay_known) {
		snprintf(text, sizeof(text),
			 "%.1f packets a turn (64: it has no rest); dropped %llu", r->relay_burst,
			 (unsigned long long)r->relay_drops);
		put_row(to, "relay's counters", text);
	}
	if (r->relay_reasons[0])
		put_row(to, "relay dropped", r->relay_reasons);
	fputs("</table>\n", to);
}

/* --- plots --- */

/* Points of the plot's first lines by what pick() takes from a sample. */
static void plot_samples(FILE *to, const struct wire_result *r, struct svg_plot *p,
			 void (*pick)(const struct wire_sample *s, double *y))
{
	p->x_name = "seconds";
	p->points = r->sample_count;
	for (unsigned int i = 0; i < r->sample_count; i++) {
		double y[SVG_LINES_MAX] = { 0 };

		p->x[i] = r->samples[i].at_s;
		pick(&r->samples[i], y);
		for (unsigned int n = 0; n < p->lines; n++)
			p->line[n].y[i] = y[n];
	}
	svg_write(to, p);
}

static void pick_rates(const struct wire_sample *s, double *y)
{
	y[0] = s->length_s > 0 ? (double)s->sent / s->length_s / 1e6 : 0;
	y[1] = s->length_s > 0 ? (double)s->received / s->length_s / 1e6 : 0;
}

static void pick_missing(const struct wire_sample *s, double *y)
{
	y[0] = s->missing > 0 ? (double)s->missing : 0;
}

static void pick_latency(const struct wire_sample *s, double *y)
{
	y[0] = s->p50_us;
	y[1] = s->p99_us;
	y[2] = s->max_us;
}

static void write_distribution(FILE *to, const struct hdr *h, struct svg_plot *p)
{
	*p = (struct svg_plot){ .title = "One-way latency by percentile",
				.x_name =
					"nines of the percentile (1 = 90 %, 2 = 99 %, 3 = 99.9 %)",
				.y_name = "us",
				.lines = 1,
				.points = NINES_STEPS,
				.line = { { .name = "latency" } } };
	for (unsigned int i = 0; i < NINES_STEPS; i++) {
		p->x[i] = NINES_MOST * i / (NINES_STEPS - 1);
		p->line[0].y[i] = (double)hdr_percentile_ns(h, 100 - 100 * pow(10, -p->x[i])) / 1e3;
	}
	svg_write(to, p);
}

static void write_plots(FILE *to, const struct wire_result *r)
{
	static struct svg_plot p;

	p = (struct svg_plot){ .title = "Throughput",
			       .y_name = "Mpps",
			       .lines = 2,
			       .line = { { .name = "sent" }, { .name = "received" } } };
	plot_samples(to, r, &p, pick_rates);
	p = (struct svg_plot){ .title = "Loss",
			       .y_name = "packets",
			       .lines = 1,
			       .line = { { .name = "sent and not (yet) received" } } };
	plot_samples(to, r, &p, pick_missing);
	p = (struct svg_plot){ .title = "One-way latency",
			       .y_name = "us",
			       .lines = 3,
			       .line = {
				       { .name = "p50" }, { .name = "p99" }, { .name = "max" } } };
	plot_samples(to, r, &p, pick_latency);
	write_distribution(to, &r->latency, &p);
}

/* --- results --- */

static void put_count(FILE *to, const char *name, uint64_t value, const char *text)
{
	fprintf(to, "<tr><th>%s</th><td class=\"n\">%llu</td><td>%s</td></tr>\n", name,
		(unsigned long long)value, text);
}

static void write_result(FILE *to, const struct wire_result *r)
{
	const struct wire_counts *c = &r->counts;
	bool clean = r->lost == 0 && r->faults == 0;

	fprintf(to,
		"<h2>Result</h2>\n<p class=\"%s\">%.4f Mpps sent, %.4f Mpps received, %llu lost "
		"(%.6f %%), %llu faulty.</p>\n<p>Latency p50 %.1f us, p99 %.1f us, p99.9 %.1f us, "
		"max %.1f us; jitter p50 %.1f us, p99 %.1f us.</p>\n",
		clean ? "ok" : "bad", r->sent_pps / 1e6, r->received_pps / 1e6,
		(unsigned long long)r->lost,
		c->sent ? 100.0 * (double)r->lost / (double)c->sent : 0.0,
		(unsigned long long)r->faults, (double)hdr_percentile_ns(&r->latency, 50) / 1e3,
		(double)hdr_percentile_ns(&r->latency, 99) / 1e3,
		(double)hdr_percentile_ns(&r->latency, 99.9) / 1e3, (double)r->latency.max_ns / 1e3,
		r->jitter_p50_us, r->jitter_p99_us);
	write_plots(to, r);
	fputs("<h2>Counts</h2>\n<table>\n", to);
#define RW_X(name, text) put_count(to, #name, c->name, text);
	WIRE_COUNTS(RW_X)
#undef RW_X
	put_count(to, "lost", r->lost, "sent and not received");
	put_count(to, "streams_with_loss", r->streams_with_loss, "streams that lost packets");
	fputs("</table>\n", to);
}

static void plot_search(FILE *to, const struct wire_search *s)
{
	static struct svg_plot p;

	p = (struct svg_plot){ .title = "Loss by rate",
			       .x_name = "Mpps sent",
			       .y_name = "% lost",
			       .lines = 1,
			       .points = s->count,
			       .dots = true,
			       .line = { { .name = "a trial" } } };
	for (unsigned int i = 0; i < s->count; i++) {
		const struct wire_attempt *t = &s->trials[i];

		p.x[i] = t->sent_pps / 1e6;
		p.line[0].y[i] = t->sent ? 100.0 * (double)t->lost / (double)t->sent : 0;
	}
	svg_write(to, &p);
}

static void write_search(FILE *to, const struct wire_search *s)
{
	if (s->found)
		fprintf(to, "<h2>Search</h2>\n<p><b>%.4f Mpps</b> without loss%s.</p>\n",
			s->best->sent_pps / 1e6, s->slow ? ": all that could be sent" : "");
	else
		fputs("<h2>Search</h2>\n<p class=\"bad\">No rate without loss was found.</p>\n",
		      to);
	plot_search(to, s);
	fputs("<table>\n<tr><th>trial</th><th>asked Mpps</th><th>sent Mpps</th><th>lost</th>"
	      "<th>faulty</th><th>skipped</th><th>p50 us</th><th>p99 us</th><th></th></tr>\n",
	      to);
	for (unsigned int i = 0; i < s->count; i++) {
		const struct wire_attempt *t = &s->trials[i];

		fprintf(to,
			"<tr><td class=\"n\">%u</td><td class=\"n\">%.4f</td><td "
			"class=\"n\">%.4f</td><td class=\"n\">%llu</td><td "
			"class=\"n\">%llu</td><td class=\"n\">%llu</td><td "
			"class=\"n\">%.1f</td><td class=\"n\">%.1f</td><td>%s</td></tr>\n",
			i + 1, (double)t->asked_pps / 1e6, t->sent_pps / 1e6,
			(unsigned long long)t->lost, (unsigned long long)t->faults,
			(unsigned long long)t->skipped, t->p50_us, t->p99_us,
			t->passed ? "passed" : "failed");
	}
	fputs("</table>\n", to);
}

int wire_report_html(const struct wire_report *r)
{
	const char *path = r->options->report;
	FILE *to = fopen(path, "we");
	bool bad = !to;

	if (to) {
		fputs(head, to);
		if (r->search)
			write_search(to, r->search);
		if (r->result)
			write_result(to, r->result);
		write_environment(to, r);
		fputs("</body>\n</html>\n", to);
		bad = ferror(to) != 0;
		bad |= fclose(to) != 0;
	}
	if (bad)
		fprintf(stderr, "rtpwire-bench: --report %s: %s\n", path, strerror(errno));
	return bad ? -1 : 0;
}
