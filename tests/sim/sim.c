/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim FOLDER [OUT]: runs every case with the captures in FOLDER and compares. With OUT, what came
 * out is written there as NAME.out.pcap, to look at it.
 *
 * The manager is played too: it resolves each peer that a flow has learned to adjacency 3.
 */
#include <stdlib.h>

#include "pcap.h"
#include "sim.h"

#define START_NS 1000000000000ull
#define LEARNED_ADJ 3u

struct run {
	const struct sim_case *c;
	struct bench *b;
	FILE *in, *want, *out;
	unsigned int next_step, frames;
	int failed;
};

static void complain(struct run *r, const char *what, unsigned long long got,
		     unsigned long long want)
{
	fprintf(stderr, "%s: %s is %llu, should be %llu\n", r->c->name, what, got, want);
	r->failed = 1;
}

static void answer_reports(struct bench *b)
{
	struct report r;

	while (bench_report(b, &r)) {
		if (r.type != REPORT_RESOLVE)
			continue;
		bench_mail(b, MAIL_ADJ, &r.spec, LEARNED_ADJ, 0);
	}
}

static struct rw_srtp_key sim_key(uint8_t byte)
{
	struct rw_srtp_key key = { .suite = byte ? RW_SRTP_AES_CM_128_HMAC_SHA1_80 : RW_SRTP_NONE };

	memset(key.key, byte, 30);
	return key;
}

static void do_step(struct run *r, const struct sim_step *s)
{
	struct rw_flow_spec spec =
		bench_spec(rw_flow_id_make(s->media, s->port), RW_FLOW_NONE, s->peer);

	spec.out_rtp = s->out_rtp;
	spec.out_rtcp = s->out_rtcp;
	spec.kind = s->kind;
	spec.source_policy = s->policy;
	spec.tos = s->tos;
	spec.rx = sim_key(s->rx_key);
	spec.tx = sim_key(s->tx_key);
	spec.generation = s->generation ? s->generation : 1;
	if (rw_flow_spec_check(&spec, &r->b->path.config.limits) != RW_FLOW_ERR_OK)
		complain(r, "number of a step with a bad spec", r->next_step, 0);
	bench_mail(r->b, s->type, &spec, s->adj ? s->adj : 1, 0);
	answer_reports(r->b);
}

static void compare(struct run *r, const struct pkt *p, uint64_t time_ns)
{
	static struct pcap_frame want;

	r->frames++;
	if (r->out)
		pcap_write(r->out, time_ns, p->data, p->len_bytes);
	if (pcap_read(r->want, &want) != 1) {
		complain(r, "number of frames sent", r->frames, r->frames - 1);
		return;
	}
	if (want.time_ns != time_ns)
		complain(r, "time of a frame", time_ns, want.time_ns);
	if (want.bytes != p->len_bytes)
		complain(r, "length of a frame", p->len_bytes, want.bytes);
	else if (memcmp(want.data, p->data, want.bytes) != 0)
		complain(r, "number of the first frame that differs", r->frames, 0);
}

static void feed(struct run *r, const struct pcap_frame *f)
{
	const struct sim_step *s = &r->c->steps[r->next_step];
	struct pkt *p;

	while (r->next_step < SIM_STEPS && s->type &&
	       START_NS + s->at_ms * 1000000u <= f->time_ns) {
		bench_set_time(r->b, START_NS + s->at_ms * 1000000u);
		do_step(r, s++);
		r->next_step++;
	}
	bench_set_time(r->b, f->time_ns);
	p = bench_run(r->b, f->data, f->bytes);
	if (p->exit == EXIT_TX)
		compare(r, p, f->time_ns);
	answer_reports(r->b);
}

static void check_end(struct run *r)
{
	static struct pcap_frame f;

	for (const struct sim_expected *e = r->c->expected; e->name; e++)
		if (e->read(r->b) != e->value)
			complain(r, e->name, e->read(r->b), e->value);
	if (pcap_read(r->want, &f) != 0)
		complain(r, "number of frames sent", r->frames, r->frames + 1);
}

static int open_files(struct run *r, const char *folder, const char *out)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.in.pcap", folder, r->c->name);
	if (pcap_open(path, &r->in) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s.out.pcap", folder, r->c->name);
	if (pcap_open(path, &r->want) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s.out.pcap", out ? out : "", r->c->name);
	return out ? pcap_create(path, &r->out) : 0;
}

static void close_files(struct run *r)
{
	if (r->in)
		fclose(r->in);
	if (r->want)
		fclose(r->want);
	if (r->out)
		fclose(r->out);
}

static int run_case(const struct sim_case *c, const char *folder, const char *out)
{
	struct run r = { .c = c, .b = bench_new(0, 1) };
	static struct pcap_frame f;
	int more = -1;

	if (r.b && open_files(&r, folder, out) == 0) {
		r.b->tailroom_bytes = SRTP_TRAILER_MAX;
		bench_adj_ready(r.b, 1, 0, 1500);
		bench_adj_ready(r.b, 2, 100, 1400);
		bench_adj_ready(r.b, LEARNED_ADJ, 0, 1500);
		while ((more = pcap_read(r.in, &f)) == 1)
			feed(&r, &f);
		check_end(&r);
	}
	if (more < 0) {
		fprintf(stderr, "%s: a capture is missing or damaged; run make_pcaps.py\n",
			c->name);
		r.failed = 1;
	}
	close_files(&r);
	bench_free(r.b);
	printf("%s %s: %u frames out\n", r.failed ? "FAIL" : "ok", c->name, r.frames);
	return r.failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: sim FOLDER [OUT]\n");
		return EXIT_FAILURE;
	}
	for (unsigned int i = 0; i < sim_case_count; i++)
		failed += run_case(&sim_cases[i], argv[1], argc > 2 ? argv[2] : NULL);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
